#pragma once

/// The types of hooks, and what each of them is given.

#include <cormorant/operation/operations.hpp>
#include <cormorant/operation/options.hpp>

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace cormorant {

class model;

/// The places of the pipeline at which hooks run.
///
/// find: beforeFind, beforeFilter, afterFind. count: beforeCount, beforeFilter, afterCount. insert: beforeInsert, beforePut (each
/// document), beforeWrite, afterPut (each document), afterInsert. save: beforeSave, beforePut, beforeWrite, afterPut, afterSave.
/// update: beforeUpdate, beforeFilter, beforeWrite, afterUpdate. remove: beforeRemove, beforeFilter, afterRemove. aggregate:
/// beforeAggregate, afterAggregate.
enum class hook_type : std::uint8_t {
    before_find,
    after_find,
    before_count,
    after_count,
    before_insert,
    after_insert,
    before_save,
    after_save,
    before_update,
    after_update,
    before_remove,
    after_remove,
    before_aggregate,
    after_aggregate,
    before_filter,
    before_put,
    after_put,
    before_write,
};
inline constexpr std::size_t hook_type_count = 18;

/// `"beforeFind"`, as definitions and calls name the type.
std::string_view to_string(hook_type) noexcept;
std::optional<hook_type> parse_hook_type(std::string_view name) noexcept;

/// The operations that run hooks; the names are those of `default_hooks` in definitions.
enum class operation_kind : std::uint8_t { find, count, insert, save, update, remove, aggregate };
std::string_view to_string(operation_kind) noexcept;
std::optional<operation_kind> parse_operation_kind(std::string_view name) noexcept;

/// What every hook is given. The references live as long as the hook runs, across its suspensions.
struct hook_args {
    hook_args(hook_type t, operation_kind op, cormorant::model& m, operation_options& o) noexcept
        : type(t), operation(op), model(m), common(o), context(o.context_value) {}
    hook_args(hook_args const&) = delete;
    hook_args& operator=(hook_args const&) = delete;

    hook_type type;
    /// The operation that runs the hook: a `beforeFilter` hook runs for find, count, update and remove.
    operation_kind operation;
    /// The model of the operation; through it a hook reaches other models: `args.model.connection()`.
    cormorant::model& model;
    /// The options of the operation, whatever it is.
    operation_options& common;
    /// Shared by all hooks of the call, those of populated models included.
    cormorant::context& context;
    /// What the caller gave this hook, or nothing.
    document const* args = nullptr;
    /// The name of the hook that runs, without its type.
    std::string_view hook;

protected:
    ~hook_args() = default;
};

/// beforeFind: may change filter and options.
struct before_find_args : hook_args {
    static constexpr auto types = std::array{hook_type::before_find};
    before_find_args(cormorant::model& m, document& f, find_options& o) noexcept
        : hook_args(hook_type::before_find, operation_kind::find, m, o), filter(f), options(o) {}
    document& filter;
    find_options& options;
};

/// afterFind: may change, add and remove documents. They are plain documents: virtuals come later.
struct after_find_args : hook_args {
    static constexpr auto types = std::array{hook_type::after_find};
    after_find_args(cormorant::model& m, document& f, find_options& o, documents& d, std::optional<std::int64_t>& c) noexcept
        : hook_args(hook_type::after_find, operation_kind::find, m, o), filter(f), options(o), docs(d), count(c) {}
    document& filter;
    find_options& options;
    documents& docs;
    /// Only when the call counts.
    std::optional<std::int64_t>& count;
};

/// beforeFilter: runs for find, count, update and remove; the place for rules that no query may skip.
struct filter_args : hook_args {
    static constexpr auto types = std::array{hook_type::before_filter};
    filter_args(operation_kind op, cormorant::model& m, document& f, operation_options& o) noexcept
        : hook_args(hook_type::before_filter, op, m, o), filter(f), options(o) {}
    document& filter;
    operation_options& options;
};

struct before_count_args : hook_args {
    static constexpr auto types = std::array{hook_type::before_count};
    before_count_args(cormorant::model& m, document& f, count_options& o) noexcept
        : hook_args(hook_type::before_count, operation_kind::count, m, o), filter(f), options(o) {}
    document& filter;
    count_options& options;
};

struct after_count_args : hook_args {
    static constexpr auto types = std::array{hook_type::after_count};
    after_count_args(cormorant::model& m, document& f, count_options& o, std::int64_t& c) noexcept
        : hook_args(hook_type::after_count, operation_kind::count, m, o), filter(f), options(o), count(c) {}
    document& filter;
    count_options& options;
    std::int64_t& count;
};

/// beforeInsert: the documents as the caller gave them, before defaults and validation.
struct before_insert_args : hook_args {
    static constexpr auto types = std::array{hook_type::before_insert};
    before_insert_args(cormorant::model& m, documents& d, insert_options& o) noexcept
        : hook_args(hook_type::before_insert, operation_kind::insert, m, o), docs(d), options(o) {}
    documents& docs;
    insert_options& options;
};

struct after_insert_args : hook_args {
    static constexpr auto types = std::array{hook_type::after_insert};
    after_insert_args(cormorant::model& m, documents& d, insert_options& o, insert_result& r) noexcept
        : hook_args(hook_type::after_insert, operation_kind::insert, m, o), docs(d), options(o), result(r) {}
    documents& docs;
    insert_options& options;
    insert_result& result;
};

struct before_save_args : hook_args {
    static constexpr auto types = std::array{hook_type::before_save};
    before_save_args(cormorant::model& m, document& d, save_options& o) noexcept
        : hook_args(hook_type::before_save, operation_kind::save, m, o), doc(d), options(o) {}
    document& doc;
    save_options& options;
};

struct after_save_args : hook_args {
    static constexpr auto types = std::array{hook_type::after_save};
    after_save_args(cormorant::model& m, document& d, save_options& o, update_result& r) noexcept
        : hook_args(hook_type::after_save, operation_kind::save, m, o), doc(d), options(o), result(r) {}
    document& doc;
    save_options& options;
    update_result& result;
};

/// beforePut and afterPut: one call for each document that insert or save writes.
struct put_args : hook_args {
    static constexpr auto types = std::array{hook_type::before_put, hook_type::after_put};
    put_args(hook_type t, operation_kind op, cormorant::model& m, document& d, operation_options& o) noexcept
        : hook_args(t, op, m, o), doc(d), options(o) {}
    document& doc;
    operation_options& options;
};

/// beforeWrite: runs for insert, save and update, with the data as they will be sent: complete, transformed and validated. The
/// place for rules about what is stored; what a hook changes here is not checked again.
struct write_args : hook_args {
    static constexpr auto types = std::array{hook_type::before_write};
    write_args(operation_kind op, cormorant::model& m, std::span<document> docs, operation_options& o) noexcept
        : hook_args(hook_type::before_write, op, m, o), written(docs), options(o) {}
    write_args(cormorant::model& m, document& filter, value& delta, update_options& o) noexcept
        : hook_args(hook_type::before_write, operation_kind::update, m, o), options(o), update_filter(&filter),
          update_delta(&delta), how(&o) {}
    /// Of insert and save.
    std::span<document> written;
    operation_options& options;
    /// \name Of update; null for the others.
    /// @{
    document* update_filter = nullptr;
    value* update_delta = nullptr;
    cormorant::update_options* how = nullptr;
    /// @}
};

/// beforeUpdate: `delta` is a document of operators, a whole document, or an array (pipeline).
struct before_update_args : hook_args {
    static constexpr auto types = std::array{hook_type::before_update};
    before_update_args(cormorant::model& m, document& f, value& d, update_options& o) noexcept
        : hook_args(hook_type::before_update, operation_kind::update, m, o), filter(f), delta(d), options(o) {}
    document& filter;
    value& delta;
    update_options& options;
};

struct after_update_args : hook_args {
    static constexpr auto types = std::array{hook_type::after_update};
    after_update_args(cormorant::model& m, document& f, value& d, update_options& o, update_result& r) noexcept
        : hook_args(hook_type::after_update, operation_kind::update, m, o), filter(f), delta(d), options(o), result(r) {}
    document& filter;
    value& delta;
    update_options& options;
    update_result& result;
};

struct before_remove_args : hook_args {
    static constexpr auto types = std::array{hook_type::before_remove};
    before_remove_args(cormorant::model& m, document& f, remove_options& o) noexcept
        : hook_args(hook_type::before_remove, operation_kind::remove, m, o), filter(f), options(o) {}
    document& filter;
    remove_options& options;
};

struct after_remove_args : hook_args {
    static constexpr auto types = std::array{hook_type::after_remove};
    after_remove_args(cormorant::model& m, document& f, remove_options& o, remove_result& r) noexcept
        : hook_args(hook_type::after_remove, operation_kind::remove, m, o), filter(f), options(o), result(r) {}
    document& filter;
    remove_options& options;
    remove_result& result;
};

struct before_aggregate_args : hook_args {
    static constexpr auto types = std::array{hook_type::before_aggregate};
    before_aggregate_args(cormorant::model& m, array& p, aggregate_options& o) noexcept
        : hook_args(hook_type::before_aggregate, operation_kind::aggregate, m, o), pipeline(p), options(o) {}
    array& pipeline;
    aggregate_options& options;
};

struct after_aggregate_args : hook_args {
    static constexpr auto types = std::array{hook_type::after_aggregate};
    after_aggregate_args(cormorant::model& m, array& p, aggregate_options& o, documents& d) noexcept
        : hook_args(hook_type::after_aggregate, operation_kind::aggregate, m, o), pipeline(p), options(o), docs(d) {}
    array& pipeline;
    aggregate_options& options;
    documents& docs;
};

/// Calls `f` with the arguments as what they are: `visit(args, [](auto& a) { if constexpr (requires { a.filter; }) ...; })`.
template <class F>
decltype(auto) visit(hook_args& a, F&& f) {
    switch (a.type) {
    case hook_type::before_find:
        return f(static_cast<before_find_args&>(a));
    case hook_type::after_find:
        return f(static_cast<after_find_args&>(a));
    case hook_type::before_count:
        return f(static_cast<before_count_args&>(a));
    case hook_type::after_count:
        return f(static_cast<after_count_args&>(a));
    case hook_type::before_insert:
        return f(static_cast<before_insert_args&>(a));
    case hook_type::after_insert:
        return f(static_cast<after_insert_args&>(a));
    case hook_type::before_save:
        return f(static_cast<before_save_args&>(a));
    case hook_type::after_save:
        return f(static_cast<after_save_args&>(a));
    case hook_type::before_update:
        return f(static_cast<before_update_args&>(a));
    case hook_type::after_update:
        return f(static_cast<after_update_args&>(a));
    case hook_type::before_remove:
        return f(static_cast<before_remove_args&>(a));
    case hook_type::after_remove:
        return f(static_cast<after_remove_args&>(a));
    case hook_type::before_aggregate:
        return f(static_cast<before_aggregate_args&>(a));
    case hook_type::after_aggregate:
        return f(static_cast<after_aggregate_args&>(a));
    case hook_type::before_filter:
        return f(static_cast<filter_args&>(a));
    case hook_type::before_write:
        return f(static_cast<write_args&>(a));
    case hook_type::before_put:
    case hook_type::after_put:
        break;
    }
    return f(static_cast<put_args&>(a));
}

} // namespace cormorant
