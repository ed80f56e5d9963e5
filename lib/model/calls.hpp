#pragma once

/// The descriptions of the seven operations (see engine.hpp).

#include "model/engine.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace cormorant::detail {

/// Throws `errc::limit_exceeded` when the documents are longer than `bound` bytes as a JSON array; `cast`: in the JSON form of
/// the model.
void check_json_size(schema const& s, documents& docs, bool cast, std::int64_t bound);

/// `{_id: id}`; the text of an object id becomes one where the definition wants that. Throws `errc::invalid_argument`.
document make_id_filter(schema const& s, value id);

/// What most descriptions have in common.
template <operation_kind Kind, class Options>
struct basic_call {
    static constexpr operation_kind kind = Kind;
    Options options;

    explicit basic_call(Options&& o) noexcept : options(std::move(o)) {}
    void prepare(call_frame&) {}
    std::size_t calls(hook_type) const noexcept { return 1; }
    void suppose_completed(call_frame&) {}
    void shape(call_frame&) {}
};

struct find_call : basic_call<operation_kind::find, find_options> {
    using basic_call::basic_call;
    static constexpr std::array before = {hook_type::before_find, hook_type::before_filter};
    static constexpr std::array after = {hook_type::after_find};
    using argument_types = std::variant<std::monostate, before_find_args, filter_args, after_find_args>;

    document filter;
    /// What the filter is made of, for `find_by_id`.
    std::optional<value> id;
    /// What is asked of the store, in the names of the model: known when there are others.
    document shown;
    /// The caller wants the documents as the store gives them, when nothing has to look at them.
    bool prefers_batches = false;

    void prepare(call_frame& frame);
    hook_args& bind(argument_types& to, hook_type type, call_frame& frame, std::size_t position);
    std::vector<operation> requests(call_frame& frame);
    boost::asio::awaitable<void> execute(call_frame& frame);
    bool accept(batch next);
    void accept(std::int64_t n) { count = n; }
    void shape(call_frame& frame);

    void give(documents& answer) { answer = std::move(docs); }
    void give(std::optional<document>& answer);
    void give(counted_documents& answer);
    void give(std::vector<batch>& answer);
    void give(counted_batches& answer);

protected:
    documents docs;
    bool has_whole_documents = false; // not what a projection left of them
    std::shared_ptr<connection_state::query_log const> logger;

private:
    find_op request(call_frame& frame);
    count_op counting(find_op const& op) const;
    aggregate_op drawing(call_frame const& frame, find_op op) const;
    aggregate_op counted_anew(call_frame const& frame, find_op op) const;
    boost::asio::awaitable<void> execute_in_steps(call_frame& frame);
    boost::asio::awaitable<void> send(call_frame& frame, find_op op);
    void log(call_frame& frame) const;

    document asked_fields; // as the caller gave them
    read_plan plan;
    bool planned_cast = true;
    bool keeps_batches = false;
    std::int64_t limit = 0; // of what is sent
    std::int64_t received = 0;
    population_limits bounds; // of a find that populates another one's documents

    std::vector<batch> batches;
    storage arena;
    std::optional<std::int64_t> count;

    std::chrono::steady_clock::time_point begun;
    std::chrono::steady_clock::time_point sent;
    std::chrono::steady_clock::time_point answered;
};

/// What a find does with documents that it has read, done with documents that the caller has.
struct populate_call : find_call {
    populate_call(documents&& of_caller, find_options&& o) : find_call(std::move(o)) {
        docs = std::move(of_caller);
        has_whole_documents = true;
    }
    static constexpr std::array<hook_type, 0> before = {};

    boost::asio::awaitable<void> execute(call_frame& frame);
};

struct count_call : basic_call<operation_kind::count, count_options> {
    using basic_call::basic_call;
    static constexpr std::array before = {hook_type::before_count, hook_type::before_filter};
    static constexpr std::array after = {hook_type::after_count};
    using argument_types = std::variant<std::monostate, before_count_args, filter_args, after_count_args>;

    document filter;

    hook_args& bind(argument_types& to, hook_type type, call_frame& frame, std::size_t position);
    count_op request(call_frame& frame);
    boost::asio::awaitable<void> execute(call_frame& frame) { return send_request(frame, *this); }
    void accept(std::int64_t n) { count = n; }
    void give(std::int64_t& answer) { answer = count; }

private:
    std::int64_t count = 0;
};

struct insert_call : basic_call<operation_kind::insert, insert_options> {
    using basic_call::basic_call;
    static constexpr std::array before = {hook_type::before_insert, hook_type::before_put};
    static constexpr std::array ready = {hook_type::before_write};
    static constexpr std::array after = {hook_type::after_put, hook_type::after_insert};
    using argument_types = std::variant<std::monostate, before_insert_args, put_args, write_args, after_insert_args>;

    documents docs;

    void prepare(call_frame& frame);
    hook_args& bind(argument_types& to, hook_type type, call_frame& frame, std::size_t position);
    std::size_t calls(hook_type type) const noexcept;
    preparation complete(call_frame& frame);
    insert_op request(call_frame& frame);
    boost::asio::awaitable<void> execute(call_frame& frame);
    void accept(insert_result r);
    void shape(call_frame& frame);
    void give(documents& answer) { answer = std::move(docs); }
    void give(document& answer);
    void give(inserted_documents& answer);

private:
    shared_documents sent;
    insert_result result;
    std::string_view key_name;
};

struct save_call : basic_call<operation_kind::save, save_options> {
    using basic_call::basic_call;
    static constexpr std::array before = {hook_type::before_save, hook_type::before_put};
    static constexpr std::array ready = {hook_type::before_write};
    static constexpr std::array after = {hook_type::after_put, hook_type::after_save};
    using argument_types = std::variant<std::monostate, before_save_args, put_args, write_args, after_save_args>;

    document doc;

    void prepare(call_frame& frame);
    hook_args& bind(argument_types& to, hook_type type, call_frame& frame, std::size_t position);
    preparation complete(call_frame& frame);
    void suppose_completed(call_frame& frame);
    std::variant<insert_op, update_op> request(call_frame& frame);
    boost::asio::awaitable<void> execute(call_frame& frame);
    void accept(update_result r) { result = std::move(r); }
    void accept(insert_result r);
    void shape(call_frame& frame);
    void give(document& answer) { answer = std::move(doc); }
    void give(saved_document& answer);

private:
    update_result result;
    std::string_view key_name;
};

struct update_call : basic_call<operation_kind::update, update_options> {
    using basic_call::basic_call;
    static constexpr std::array before = {hook_type::before_update, hook_type::before_filter};
    static constexpr std::array ready = {hook_type::before_write};
    static constexpr std::array after = {hook_type::after_update};
    using argument_types = std::variant<std::monostate, before_update_args, filter_args, write_args, after_update_args>;

    document filter;
    /// The caller said `all`.
    bool everything = false;
    value delta;
    /// The caller wants the document as it is afterwards.
    bool answers_document = false;

    void prepare(call_frame& frame);
    hook_args& bind(argument_types& to, hook_type type, call_frame& frame, std::size_t position);
    preparation complete(call_frame& frame);
    std::variant<update_op, find_and_modify_op> request(call_frame& frame);
    boost::asio::awaitable<void> execute(call_frame& frame);
    void accept(update_result r) { result = std::move(r); }
    void accept(std::optional<document> changed);
    void give(update_result& answer) { answer = std::move(result); }
    void give(std::optional<document>& answer) { answer = std::move(doc); }

private:
    update_kind form = update_kind::operators;
    update_result result;
    std::optional<document> doc;
};

struct remove_call : basic_call<operation_kind::remove, remove_options> {
    using basic_call::basic_call;
    static constexpr std::array before = {hook_type::before_remove, hook_type::before_filter};
    static constexpr std::array after = {hook_type::after_remove};
    using argument_types = std::variant<std::monostate, before_remove_args, filter_args, after_remove_args>;

    document filter;
    /// The caller said `all`.
    bool everything = false;

    void prepare(call_frame& frame);
    hook_args& bind(argument_types& to, hook_type type, call_frame& frame, std::size_t position);
    remove_op request(call_frame& frame);
    boost::asio::awaitable<void> execute(call_frame& frame) { return send_request(frame, *this); }
    void accept(remove_result r) { result = r; }
    void give(remove_result& answer) { answer = result; }

private:
    remove_result result;
};

struct aggregate_call : basic_call<operation_kind::aggregate, aggregate_options> {
    using basic_call::basic_call;
    static constexpr std::array before = {hook_type::before_aggregate};
    static constexpr std::array after = {hook_type::after_aggregate};
    using argument_types = std::variant<std::monostate, before_aggregate_args, after_aggregate_args>;

    array pipeline;

    hook_args& bind(argument_types& to, hook_type type, call_frame& frame, std::size_t position);
    aggregate_op request(call_frame& frame);
    boost::asio::awaitable<void> execute(call_frame& frame) { return send_request(frame, *this); }
    bool accept(batch next);
    void shape(call_frame& frame);
    void give(documents& answer) { answer = std::move(docs); }

private:
    storage arena;
    documents docs;
};

} // namespace cormorant::detail
