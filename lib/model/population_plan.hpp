#pragma once

/// The decisions of population, without I/O: which references documents hold, what a related find is asked for, and who can see
/// it.

#include "model/id_list.hpp"
#include "model/state.hpp"

#include <cormorant/bson/path.hpp>
#include <cormorant/operation/options.hpp>
#include <cormorant/pipeline/call_scope.hpp>
#include <cormorant/schema/schema.hpp>

#include <boost/unordered/unordered_flat_map.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cormorant::detail {

/// The error for a bound of `population_limits`. `path`: the relationships that lead to where it was exceeded.
[[noreturn]] void throw_population_limit(std::string_view what, std::int64_t bound, std::string const& path);

/// A relationship to populate, and how its documents are to be read.
struct related_request {
    relation_definition const* relation = nullptr;
    /// The name of the model that has the relationship.
    std::string_view source;
    /// Nothing: the default hooks of the related model.
    std::optional<hook_requests> hooks;
    /// Empty: everything.
    document fields;
    bool cast_docs = true;
    bool trim = true;
    /// A reference that leads nowhere leaves null, or an empty list.
    bool marks_missing = false;
    /// \name Which of the related documents are meant. `skip` and `limit` count for each document that is populated when the
    /// related ones refer to it (`inverse`), else for all of them together; a limit of 0 is none.
    /// @{
    document filter;
    document sort;
    std::int64_t skip = 0;
    std::int64_t limit = 0;
    /// @}
};

/// What the call of a relationship's hook asks for. `args` are the hook's own (`fields`, `hooks`, `castDocs`, `filter`, `sort`,
/// `skip`, `limit`), `nested` what the call addressed to hooks behind the relationship. Throws `errc::invalid_argument` for
/// arguments that are something else.
related_request request_of(schema const& s, relation_definition const& relation, find_options const& options,
    document const* args, hook_requests const* nested);
/// Whether one find can serve both, when it is for the same model.
bool same_find(related_request const& a, related_request const& b);
/// Whether no hook of the user's, and no query log, can see in which order the related documents are read, at any level.
bool is_hidden(connection_state const& on, related_request const& request);

/// By what the related documents are found.
struct join_key {
    /// The name of their key in documents.
    std::string key;
    /// The key that holds the name of the model which they refer to; empty: none does.
    std::string discriminator;
};
/// Throws `errc::definition` when the relationship goes through one of the related model that does not lead back.
join_key join_key_of(related_request const& request, schema const& target);
/// Makes sure that `fields` reads the key. True: it has to be taken out again after the join.
bool read_join_key(document& fields, join_key const& join, schema const& target);
/// `{KEY: {$in: ids}}` with the discriminator and the filter of the request.
document filter_of(related_request const& request, join_key const& join, array ids);

/// One find of a related model; several relationships may share it.
struct related_find {
    related_find(std::shared_ptr<model_state> t, related_request const& r)
        : target(std::move(t)), schema(target->compiled()->schema), request(&r), join(join_key_of(r, *schema)) {}

    std::vector<std::size_t> relations; // positions in the list of what is populated
    std::shared_ptr<model_state> target;
    std::shared_ptr<cormorant::schema const> schema;
    related_request const* request;
    join_key join;
    bool drops_key = false; // it was read for the join alone
};
/// The relationships that lead to the documents of a find, `"author.image"`, `"author+editor"`.
std::string path_of(call_scope const& scope, std::vector<related_request> const& requests, related_find const& find);
/// The options of a find that populates one or `several` documents of the operation `outer`. Sets `find.drops_key`.
find_options options_of(operation_options& outer, call_scope const& scope, related_find& find, std::string path, bool several);

/// Relationships that are populated together: those from one position up to `last`.
struct population_stage {
    std::size_t last;
    /// Their finds may be in flight at the same time: nobody can see the order.
    bool hidden;
};
population_stage next_stage(connection_state const& on, std::vector<related_request> const& requests, std::size_t first);

/// The finds for the relationships of a stage, and which of them a reference leads to. `Find` is a `related_find`.
template <class Find>
class find_list {
public:
    find_list(connection_state const& on, std::vector<related_request> const& requests, std::size_t first, std::size_t last)
        : on_(on), requests_(requests), first_(first), routes_(last - first) {}

    /// The find for a reference of relationship `r`; null when there is no such model.
    Find* find(std::size_t r, std::string_view model) {
        related_request const& request = requests_[r];
        std::string_view const name = model.empty() ? std::string_view(request.relation->model) : model;
        auto& known = routes_[r - first_];
        auto const route = std::ranges::find(known, name, [](auto const& k) { return std::string_view(k.first); });
        if (route != known.end())
            return route->second;
        Find* const made = open(r, request, name);
        known.emplace_back(name, made);
        return made;
    }

    std::deque<Find>& all() noexcept { return finds_; }

private:
    Find* open(std::size_t r, related_request const& request, std::string_view name) {
        auto target = on_.find_related(name);
        if (!target)
            return nullptr;
        auto same = std::ranges::find_if(
            finds_, [&](related_find const& f) { return f.target == target && same_find(*f.request, request); });
        if (same == finds_.end())
            same = finds_.emplace(finds_.end(), std::move(target), request);
        if (same->relations.empty() || same->relations.back() != r)
            same->relations.push_back(r);
        return &*same;
    }

    connection_state const& on_;
    std::vector<related_request> const& requests_;
    std::size_t first_;
    std::deque<Find> finds_;                                         // stay where they are
    std::vector<std::vector<std::pair<std::string, Find*>>> routes_; // of each relationship, by the name of the model
};

/// One value that refers to a document.
struct reference {
    value const* key;
    /// The model, when the reference names it itself.
    std::string_view model;
};

/// Calls `f(reference)` for each reference that the document holds, in order. Null refers to nothing.
template <class F>
void for_each_reference(document const& d, relation_definition const& relation, F&& f) {
    std::string_view model;
    bool const several = relation.polymorphic && !relation.inverse;
    bool const typed = several && relation.discriminator.empty();
    if (several && !typed) {
        value const* const named = get_path(d, relation.discriminator);
        if (named == nullptr || !named->is_string() || named->as_string().empty())
            return;
        model = named->as_string();
    }
    auto const visit = [&](value const& v) {
        if (!typed) {
            if (!v.is_null())
                f(reference(&v, model));
            return;
        }
        auto const* const reference_of = v.if_document();
        auto const* const key = reference_of == nullptr ? nullptr : reference_of->find("id");
        auto const* const name = reference_of == nullptr ? nullptr : reference_of->find("modelName");
        if (key != nullptr && !key->is_null() && name != nullptr && name->is_string() && !name->as_string().empty())
            f(reference(key, name->as_string()));
    };
    value const* const held = get_path(d, relation.left_key);
    if (held == nullptr)
        return;
    bool const list_wanted = relation.kind != cardinality::single && !relation.inverse;
    if (auto const* list = held->if_array(); list != nullptr && list_wanted) {
        for (value const& v : *list)
            visit(v);
    } else if (!list_wanted || relation.kind == cardinality::multiple) { // of a set what is no list counts as an empty one
        visit(*held);
    }
}

struct value_pointer_hash {
    std::size_t operator()(value const* v) const noexcept { return hash_value(*v); }
};
struct value_pointer_equal {
    bool operator()(value const* a, value const* b) const noexcept {
        auto const* const left = a->if_object_id();
        auto const* const right = b->if_object_id();
        return left != nullptr && right != nullptr ? *left == *right : *a == *b;
    }
};

/// The keys that a find asks for, each once, in the order of their first appearance. The values must outlive it.
class reference_set {
public:
    static constexpr std::size_t max_chunk_ids = 100'000; // a server handles long lists badly
    static constexpr std::size_t max_chunk_bytes = max_listed_bytes;

    /// Answers the number of the key among those of the set.
    std::size_t add(value const& key) {
        auto const [place, is_new] = numbers_.try_emplace(&key, static_cast<std::uint32_t>(keys_.size()));
        if (is_new)
            keys_.push_back(&key);
        return place->second;
    }
    std::optional<std::size_t> find(value const& key) const {
        auto const found = numbers_.find(&key);
        return found == numbers_.end() ? std::nullopt : std::optional<std::size_t>(found->second);
    }
    std::size_t size() const noexcept { return keys_.size(); }
    /// Lists for `$in`, one or more.
    std::vector<array> take_chunks() const;

private:
    boost::unordered_flat_map<value const*, std::uint32_t, value_pointer_hash, value_pointer_equal> numbers_;
    std::vector<value const*> keys_;
};

/// Where the documents are that have the keys of a set, in their order.
class key_index {
public:
    key_index() = default;
    key_index(documents const& docs, std::string_view key, reference_set const& wanted);
    /// By the number of the key; of several the last one.
    std::optional<std::size_t> find(std::size_t number) const {
        auto const last = chains_[number].last;
        return last == none ? std::nullopt : std::optional<std::size_t>(entries_[last].position);
    }
    /// Calls `f(position)` for each.
    template <class F>
    void for_each(std::size_t number, F&& f) const {
        for (auto i = chains_[number].first; i != none; i = entries_[i].next)
            f(std::size_t{entries_[i].position});
    }

private:
    static constexpr std::uint32_t none = static_cast<std::uint32_t>(-1);
    struct entry {
        std::uint32_t position;
        std::uint32_t next;
    };
    struct chain {
        std::uint32_t first = none;
        std::uint32_t last = none;
    };
    std::vector<chain> chains_; // of each key
    std::vector<entry> entries_;
};

} // namespace cormorant::detail
