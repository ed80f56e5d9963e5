#pragma once

/// The options of the operations of a model, built fluently:
/// \code
/// find_options().sort("created", -1).limit(10).fields("title", "author.name")
/// \endcode
/// An option that an operation does not have does not compile. Every class can also be filled from a document
/// (`merge`), with the names that MongoDB and mongolayer use: `{sort: {created: -1}, limit: 10, maxSize: 100000, hooks: [...]}`.

#include <cormorant/bson/value.hpp>
#include <cormorant/operation/context.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cormorant {

class trace;
class session;
struct call_scope;

/// A hook that a call asks for: `"afterFind_author"`, or `"author.afterFind_image"` for a hook of the model that the relationship
/// `author` leads to.
struct hook_request {
    hook_request(char const* hook) : name(hook) {}
    hook_request(std::string hook) : name(std::move(hook)) {}
    hook_request(std::string hook, document arguments) : name(std::move(hook)), args(std::move(arguments)) {}

    std::string name;
    /// What the hook finds in `hook_args::args`; nothing when none were given.
    std::optional<document> args;

    friend bool operator==(hook_request const&, hook_request const&) = default;
};
using hook_requests = std::vector<hook_request>;

/// From `["afterFind_author", {name: "afterFind_tags", args: {...}}]`. Throws `errc::invalid_argument` naming what does not fit.
hook_requests parse_hook_requests(value const& list);
/// As `[{name[, args]}]`.
array to_array(hook_requests const& requests);

/// What the options of all operations have in common, and what hooks see of the options of an operation that they do not know.
class operation_options {
public:
    /// The hooks that the call asks for. Nothing: the default hooks of the model run. Empty: only the required ones.
    std::optional<hook_requests> hooks_value;
    /// Handed down to every hook, those of populated models included.
    context context_value;
    /// Passed on to the store as they are, in the server's words: `{comment: "x", arrayFilters: [...]}`.
    document options_value;
    /// Keys of the application's own, for its hooks.
    document custom;
    std::optional<std::chrono::steady_clock::time_point> deadline_value;
    std::shared_ptr<cormorant::trace> trace_value;
    std::shared_ptr<cormorant::session> session_value;
    /// The operation within which this one runs, see `inside`.
    std::shared_ptr<call_scope> scope_value;
    document read_preference_value;
    document read_concern_value;
    document write_concern_value;

    virtual ~operation_options() = default;
    operation_options() = default;
    operation_options(operation_options const&) = default;
    operation_options(operation_options&&) = default;
    operation_options& operator=(operation_options const&) = default;
    operation_options& operator=(operation_options&&) = default;

    /// Sets one option by its name in documents; a name that this operation does not have goes to `custom`.
    /// Throws `errc::invalid_argument` naming option and value when the type does not fit.
    void set(std::string_view name, value const& v);
    /// `set` for every key.
    void merge(document const& more);
    /// The options under their names in documents; those that are as in the beginning are left out. `hooks` as `[{name[,
    /// args]}]`.
    virtual document to_document() const;
    /// Takes what this operation has as an option of its own out of `options_value` and sets it: `options: {multi: true}` is
    /// `multi: true`. What remains are fields of the server's command. Called when the operation for the store is built.
    /// Throws as `set`.
    void lift_options();

protected:
    /// Sets an option that the operation has. False when it has none of that name.
    virtual bool set_own(std::string_view name, value const& v);
};

/// The fluent setters that all options have. Each returns the object, so that calls chain.
template <class Derived>
class basic_options : public operation_options {
public:
    /// Hooks for this call, in order; `hooks()` asks for none and so switches the default hooks off.
    template <class... Requests>
    Derived& hooks(Requests&&... requests) {
        if (!hooks_value)
            hooks_value.emplace();
        (hooks_value->push_back(hook_request(std::forward<Requests>(requests))), ...);
        return self();
    }
    Derived& hooks(hook_requests requests) {
        hooks_value = std::move(requests);
        return self();
    }
    Derived& context(cormorant::context c) {
        context_value = std::move(c);
        return self();
    }
    /// Everything must be over at this time: hooks, population, waiting for a connection, retries.
    Derived& deadline(std::chrono::steady_clock::time_point t) {
        deadline_value = t;
        return self();
    }
    Derived& timeout(std::chrono::steady_clock::duration d) { return deadline(std::chrono::steady_clock::now() + d); }
    /// Records the operation as a tree of hooks, store calls and population levels.
    Derived& trace(std::shared_ptr<cormorant::trace> t) {
        trace_value = std::move(t);
        return self();
    }
    Derived& session(std::shared_ptr<cormorant::session> s) {
        session_value = std::move(s);
        return self();
    }
    /// Makes the call a part of the operation that has these options, for calls from within a hook:
    /// `find_options().inside(args.common)`. It shares that operation's context, deadline, session, read preference and concern,
    /// trace and population budget.
    Derived& inside(operation_options& outer) {
        context_value = outer.context_value.share();
        deadline_value = outer.deadline_value;
        session_value = outer.session_value;
        trace_value = outer.trace_value;
        scope_value = outer.scope_value;
        read_preference_value = outer.read_preference_value;
        read_concern_value = outer.read_concern_value;
        return self();
    }
    /// Passed on to the store as they are.
    Derived& options(document o) {
        options_value = std::move(o);
        return self();
    }
    Derived& read_preference(document d) {
        read_preference_value = std::move(d);
        return self();
    }
    Derived& read_concern(document d) {
        read_concern_value = std::move(d);
        return self();
    }
    Derived& write_concern(document d) {
        write_concern_value = std::move(d);
        return self();
    }

private:
    Derived& self() noexcept { return static_cast<Derived&>(*this); }
};

/// Options of `find`, `find_one` and `find_by_id`.
class find_options : public basic_options<find_options> {
public:
    document fields_value;
    document sort_value;
    std::int64_t skip_value = 0;
    std::int64_t limit_value = 0;
    /// Documents drawn at random, see `random`.
    std::optional<std::int64_t> random_value;
    bool shuffle = false;
    std::int64_t max_size_value = 0;
    bool cast_docs_value = true;
    bool trim_value = true;
    bool count_value = false;
    /// See `per`.
    std::string per_value;
    document collation_value;
    std::optional<value> hint_value;
    std::int32_t batch_size_value = 0;
    /// See `loader`. Nothing: as the connection says.
    std::optional<bool> loader_value;

    /// What to read: `{title: 1, "author.name": 1}`. A virtual or relationship that is named brings the fields and hooks it
    /// needs.
    find_options& fields(document f) {
        fields_value = std::move(f);
        return *this;
    }
    /// Includes these: `fields("title", "author.name")`.
    template <class... Names>
        requires(sizeof...(Names) > 0 && (std::is_convertible_v<Names const&, std::string_view> && ...))
    find_options& fields(Names const&... names) {
        (fields_value.set(std::string_view(names), 1), ...);
        return *this;
    }
    find_options& sort(document s) {
        sort_value = std::move(s);
        return *this;
    }
    /// Adds a key: 1 ascending, -1 descending.
    find_options& sort(std::string_view path, int direction) {
        sort_value.set(path, direction);
        return *this;
    }
    find_options& skip(std::int64_t n) {
        skip_value = n;
        return *this;
    }
    /// 0: no limit.
    find_options& limit(std::int64_t n) {
        limit_value = n;
        return *this;
    }
    /// `skip` and `limit` count anew for each value at this path: `find_options().per("author_id").sort("created", -1).limit(3)`
    /// gives the three newest posts of each author, grouped by author in no particular order. The store gets an aggregation with
    /// `$setWindowFields`. Excludes `random` and `hint`.
    find_options& per(std::string path) {
        per_value = std::move(path);
        return *this;
    }
    /// `n` documents drawn at random among those that match. Excludes `limit` and `skip`.
    find_options& random(std::int64_t n) {
        random_value = n;
        return *this;
    }
    /// The result in random order (drawn after everything else).
    find_options& sort_random() {
        shuffle = true;
        return *this;
    }
    /// Refuses a result whose JSON text is longer, in bytes, with `errc::limit_exceeded`. 0: no bound.
    find_options& max_size(std::int64_t bytes) {
        max_size_value = bytes;
        return *this;
    }
    /// False: virtuals that `fields` names are evaluated to plain keys, and the result holds what `fields` names, nothing else.
    find_options& cast_docs(bool on) {
        cast_docs_value = on;
        return *this;
    }
    /// False: with `cast_docs(false)` keys that were read on behalf of virtuals and relationships stay in the result. Related
    /// documents are read like this: the outermost find trims the whole tree.
    find_options& trim(bool on) {
        trim_value = on;
        return *this;
    }
    /// Also counts what matches without `limit` and `skip`: see `model::find_and_count`.
    find_options& count(bool on) {
        count_value = on;
        return *this;
    }
    find_options& collation(document c) {
        collation_value = std::move(c);
        return *this;
    }
    /// An index by name or by keys.
    find_options& hint(value index) {
        hint_value = std::move(index);
        return *this;
    }
    find_options& batch_size(std::int32_t n) {
        batch_size_value = n;
        return *this;
    }
    /// Whether finds by id that ask for the same and are issued in the same turn of one executor become one find of all their ids.
    /// Each call keeps its hooks, its deadline, its cancellation and its answer. Those of a transaction are sent alone. Default:
    /// `connection_options::loader`.
    find_options& loader(bool on) {
        loader_value = on;
        return *this;
    }

    document to_document() const override;

protected:
    bool set_own(std::string_view name, value const& v) override;
};

/// Options of `count`.
class count_options : public basic_options<count_options> {
public:
    document collation_value;
    std::optional<value> hint_value;
    std::int64_t skip_value = 0;
    std::int64_t limit_value = 0;

    count_options& collation(document c) {
        collation_value = std::move(c);
        return *this;
    }
    count_options& skip(std::int64_t n) {
        skip_value = n;
        return *this;
    }
    count_options& limit(std::int64_t n) {
        limit_value = n;
        return *this;
    }
    /// An index by name or by keys.
    count_options& hint(value index) {
        hint_value = std::move(index);
        return *this;
    }

    document to_document() const override;

protected:
    bool set_own(std::string_view name, value const& v) override;
};

/// Options of `insert`.
class insert_options : public basic_options<insert_options> {
public:
    bool strip_empty_value = true;
    bool ordered_value = true;

    /// Removes `""`, `[]` and `{}` at every depth before validation. Default true.
    insert_options& strip_empty(bool on) {
        strip_empty_value = on;
        return *this;
    }
    /// False: a document that the store refuses does not keep the others from being written.
    insert_options& ordered(bool on) {
        ordered_value = on;
        return *this;
    }

    document to_document() const override;

protected:
    bool set_own(std::string_view name, value const& v) override;
};

/// Options of `save`.
class save_options : public basic_options<save_options> {
public:
    bool strip_empty_value = true;

    save_options& strip_empty(bool on) {
        strip_empty_value = on;
        return *this;
    }

    document to_document() const override;

protected:
    bool set_own(std::string_view name, value const& v) override;
};

/// Options of `update`.
class update_options : public basic_options<update_options> {
public:
    bool strip_empty_value = true;
    bool multi_value = false;
    bool upsert_value = false;
    array array_filters_value;
    document collation_value;
    std::optional<value> hint_value;

    update_options& strip_empty(bool on) {
        strip_empty_value = on;
        return *this;
    }
    /// Changes all documents that match, not only the first. Operator updates only.
    update_options& multi(bool on) {
        multi_value = on;
        return *this;
    }
    /// Inserts when nothing matches.
    update_options& upsert(bool on) {
        upsert_value = on;
        return *this;
    }
    update_options& array_filters(array filters) {
        array_filters_value = std::move(filters);
        return *this;
    }
    update_options& collation(document c) {
        collation_value = std::move(c);
        return *this;
    }
    /// An index by name or by keys.
    update_options& hint(value index) {
        hint_value = std::move(index);
        return *this;
    }

    document to_document() const override;

protected:
    bool set_own(std::string_view name, value const& v) override;
};

/// Options of `remove`.
class remove_options : public basic_options<remove_options> {
public:
    bool just_one_value = false;
    document collation_value;
    std::optional<value> hint_value;

    /// Removes the first document that matches only.
    remove_options& just_one(bool on) {
        just_one_value = on;
        return *this;
    }
    remove_options& collation(document c) {
        collation_value = std::move(c);
        return *this;
    }
    /// An index by name or by keys.
    remove_options& hint(value index) {
        hint_value = std::move(index);
        return *this;
    }

    document to_document() const override;

protected:
    bool set_own(std::string_view name, value const& v) override;
};

/// Options of `aggregate`.
class aggregate_options : public basic_options<aggregate_options> {
public:
    std::int64_t max_size_value = 0;
    bool cast_docs_value = false;
    std::vector<std::string> virtuals_value;
    document collation_value;
    std::optional<value> hint_value;
    std::int32_t batch_size_value = 0;

    aggregate_options& max_size(std::int64_t bytes) {
        max_size_value = bytes;
        return *this;
    }
    aggregate_options& cast_docs(bool on) {
        cast_docs_value = on;
        return *this;
    }
    /// Virtuals to evaluate on each document of the answer.
    template <class... Names>
    aggregate_options& virtuals(Names const&... names) {
        (virtuals_value.emplace_back(names), ...);
        return *this;
    }
    aggregate_options& collation(document c) {
        collation_value = std::move(c);
        return *this;
    }
    /// An index by name or by keys.
    aggregate_options& hint(value index) {
        hint_value = std::move(index);
        return *this;
    }
    aggregate_options& batch_size(std::int32_t n) {
        batch_size_value = n;
        return *this;
    }

    document to_document() const override;

protected:
    bool set_own(std::string_view name, value const& v) override;
};

} // namespace cormorant
