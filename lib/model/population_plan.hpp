#pragma once

/// The decisions of population, without I/O: which references documents hold, what a related find is asked for, and who can see
/// it.

#include "model/state.hpp"

#include <cormorant/bson/path.hpp>
#include <cormorant/operation/options.hpp>
#include <cormorant/pipeline/call_scope.hpp>
#include <cormorant/schema/schema.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

namespace cormorant::detail {

/// The error for a bound of `population_limits`. `path`: the relationships that lead to where it was exceeded.
[[noreturn]] void throw_population_limit(std::string_view what, std::int64_t bound, std::string const& path);

/// A relationship to populate, and how its documents are to be read.
struct related_request {
    relation_definition const* relation = nullptr;
    /// Nothing: the default hooks of the related model.
    std::optional<hook_requests> hooks;
    /// Empty: everything.
    document fields;
    bool cast_docs = true;
    bool trim = true;
    /// The key by which documents are joined was excluded: it is read, and not answered.
    bool hides_key = false;
    /// A reference that leads nowhere leaves null, or an empty list.
    bool marks_missing = false;
};

/// What the call of a relationship's hook asks for. `args` are the hook's own (`fields`, `hooks`, `castDocs`), `nested` what the
/// call addressed to hooks behind the relationship. Throws `errc::invalid_argument` for arguments that are something else.
related_request request_of(schema const& s, relation_definition const& relation, find_options const& options,
    document const* args, hook_requests const* nested);
/// An inclusion gets the key by which documents are joined.
document with_right_key(document fields, relation_definition const& relation);
/// Whether one find can serve both, when it is for the same model.
bool same_find(related_request const& a, related_request const& b);
/// Whether no hook of the user's, and no query log, can see in which order the related documents are read, at any level.
bool is_hidden(connection_state const& on, related_request const& request);

/// One find of a related model; several relationships may share it.
struct related_find {
    std::vector<std::size_t> relations; // positions in the list of what is populated
    std::shared_ptr<model_state> target;
    related_request const* request = nullptr;
};

/// Relationships that are populated together: those from one position up to `last`.
struct population_stage {
    std::size_t last;
    /// Their finds may be in flight at the same time: nobody can see the order.
    bool hidden;
};
population_stage next_stage(connection_state const& on, std::vector<related_request> const& requests, std::size_t first);

/// The find, among `finds` or new at their end, that reads documents of this model for the relationship at position `r`. Null:
/// the model is not on the connection.
template <class Find>
Find* find_for(std::vector<Find>& finds, connection_state const& on, std::vector<related_request> const& requests, std::size_t r,
    std::string_view model) {
    auto found = std::ranges::find_if(finds, [&](related_find const& f) {
        return f.target->name == model && (f.request == &requests[r] || same_find(*f.request, requests[r]));
    });
    if (found == finds.end()) {
        auto target = on.find(model);
        if (!target)
            return nullptr;
        Find added;
        added.target = std::move(target);
        added.request = &requests[r];
        finds.push_back(std::move(added));
        found = std::prev(finds.end());
    }
    if (found->relations.empty() || found->relations.back() != r)
        found->relations.push_back(r);
    return &*found;
}

/// The relationships that lead to the documents of a find, `"author.image"`, `"author+editor"`.
std::string path_of(call_scope const& scope, std::vector<related_request> const& requests, related_find const& find);
/// The options of a find that populates documents of the operation `outer`.
find_options options_of(operation_options& outer, call_scope const& scope, related_find const& find, std::string path);

/// One value that refers to a document.
struct reference {
    value const* key;
    /// The model, when the reference names it itself.
    std::string_view model;
};

/// Calls `f(reference)` for each reference that the document holds, in order. Null refers to nothing.
template <class F>
void for_each_reference(document const& d, relation_definition const& relation, F&& f) {
    auto const visit = [&](value const& v) {
        if (!relation.polymorphic) {
            if (!v.is_null())
                f(reference(&v, std::string_view()));
            return;
        }
        auto const* const typed = v.if_document();
        auto const* const key = typed == nullptr ? nullptr : typed->find("id");
        auto const* const model = typed == nullptr ? nullptr : typed->find("modelName");
        if (key != nullptr && !key->is_null() && model != nullptr && model->is_string() && !model->as_string().empty())
            f(reference(key, model->as_string()));
    };
    value const* const held = get_path(d, relation.left_key);
    if (held == nullptr)
        return;
    if (auto const* list = held->if_array(); list != nullptr && relation.kind == cardinality::multiple) {
        for (value const& v : *list)
            visit(v);
    } else {
        visit(*held);
    }
}

struct value_pointer_hash {
    std::size_t operator()(value const* v) const noexcept { return hash_value(*v); }
};
struct value_pointer_equal {
    bool operator()(value const* a, value const* b) const noexcept { return *a == *b; }
};

/// The keys that a find asks for, each once, in the order of their first appearance. The values must outlive it.
class reference_set {
public:
    // A command may have 16 MB, and a server handles long lists badly.
    static constexpr std::size_t max_chunk_ids = 100'000;
    static constexpr std::size_t max_chunk_bytes = 8 * 1024 * 1024;

    void add(value const& key) {
        if (seen_.insert(&key).second)
            keys_.push_back(&key);
    }
    std::size_t size() const noexcept { return keys_.size(); }
    /// Lists for `$in`, one or more.
    std::vector<array> take_chunks() const;

private:
    std::unordered_set<value const*, value_pointer_hash, value_pointer_equal> seen_;
    std::vector<value const*> keys_;
};

/// Where the document with a key is. Of several the last one counts. The documents must outlive it, unchanged.
class key_index {
public:
    key_index() = default;
    key_index(documents const& docs, std::string_view key);
    std::optional<std::size_t> find(value const& key) const {
        auto const found = places_.find(&key);
        return found == places_.end() ? std::nullopt : std::optional(found->second);
    }

private:
    std::unordered_map<value const*, std::size_t, value_pointer_hash, value_pointer_equal> places_;
};

} // namespace cormorant::detail
