#pragma once

/// The definition of the store interface: cases that every store passes.
///
/// A case is a coroutine that gets a store whose database is empty. Tables of rows hold what differs in data only.

#include <cormorant/bson/json.hpp>
#include <cormorant/error/error.hpp>
#include <cormorant/operation/operations.hpp>
#include <cormorant/store/store.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <ostream>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cormorant::testing {

namespace asio = boost::asio;
using asio::awaitable;
using asio::use_awaitable;

/// A document, an array, documents from Extended JSON.
document json(std::string_view text);
array json_array(std::string_view text);
documents json_documents(std::string_view text);
/// Canonical Extended JSON: equal texts are identical values.
std::string text_of(documents const& docs);
std::string text_of(document const& d);
std::string text_of(value const& v);

/// A store with an empty database, and the few things that almost every case does.
class store_fixture {
public:
    explicit store_fixture(std::shared_ptr<cormorant::store> s) : store_(std::move(s)) {}

    cormorant::store& store() const noexcept { return *store_; }
    bool is_mongo() const { return store_->kind() == "mongodb"; }

    template <class Op>
    awaitable<reply_of<Op>> run(Op op) {
        return run(std::move(op), call_options());
    }
    template <class Op>
    awaitable<reply_of<Op>> run(Op op, call_options options) {
        co_return co_await store_->async_run(std::move(op), std::move(options), use_awaitable);
    }
    /// Runs an operation that must fail and answers its error. An answer is a failure of the test.
    template <class Op>
    awaitable<error> refused(Op op) {
        return refused(std::move(op), call_options());
    }
    template <class Op>
    awaitable<error> refused(Op op, call_options options) {
        try {
            auto answer = co_await store_->async_run(std::move(op), std::move(options), use_awaitable);
            if constexpr (std::is_same_v<decltype(answer), cursor>)
                (void)co_await drain(std::move(answer));
        } catch (error const& e) {
            co_return e;
        }
        ADD_FAILURE() << Op::name << " was not refused";
        co_return error(errc::invalid_argument, "was not refused");
    }

    awaitable<documents> drain(cursor c);
    awaitable<documents> all(find_op op);
    awaitable<documents> all(aggregate_op op);
    /// The documents of a collection by `_id`.
    awaitable<documents> contents(std::string collection);
    awaitable<insert_result> insert(std::string collection, documents docs);
    awaitable<insert_result> insert(std::string collection, std::string_view json);
    /// Drops everything.
    awaitable<void> clear();

private:
    std::shared_ptr<cormorant::store> store_;
};

/// Operations on the collection `c`, for cases that differ in few members.
find_op find_of(document filter);
update_op update_of(document filter, value update);
remove_op remove_of(document filter);
index_model index_of(document keys);
index_model index_of(document keys, document options);
create_indexes_op indexes_of(std::vector<index_model> indexes);

struct store_case {
    std::string_view name;
    awaitable<void> (*run)(store_fixture&);
};

std::span<store_case const> read_cases();
std::span<store_case const> write_cases();
/// Of pipelines that write.
std::span<store_case const> output_cases();
std::span<store_case const> index_cases();
std::span<store_case const> text_cases();
std::span<store_case const> admin_cases();
std::span<store_case const> async_cases();
/// Skipped for a store that says that it has no transactions.
std::span<store_case const> transaction_cases();

// --- rows
// --------------------------------------------------------------------------------------------------------------------------
// Their expected answers are those of MongoDB 6.0.5. A code that is not 0 says that the server refuses it.

/// A filter on `people` finds documents with these ids (sorted).
struct filter_row {
    char const* name;
    char const* filter;
    char const* ids;
    int code;
};
/// An update of one document gives another one.
struct update_row {
    char const* name;
    char const* document;
    char const* filter;
    char const* update;
    char const* array_filters;
    char const* result;
    int modified;
    int code;
};
/// A pipeline on `sales` (and `other`) gives these documents.
struct pipeline_row {
    char const* name;
    char const* pipeline;
    char const* result;
    int code;
};
/// A find on `people`, sorted by id, gives these documents.
struct projection_row {
    char const* name;
    char const* filter;
    char const* projection;
    char const* result;
    int code;
};
/// A find on `articles`, which has a text index on `t` (weight 3) and `b`, gives these documents.
struct text_row {
    char const* name;
    char const* filter;
    char const* projection;
    char const* order;
    char const* result;
    int code;
};
/// Indexes of `c`, created one after the other, are listed like this (without that on `_id`).
struct text_index_row {
    char const* name;
    char const* specifications;
    char const* result;
    int code;
};
/// A find on `people` gives the documents in this order.
struct sort_row {
    char const* name;
    char const* order;
    char const* ids;
    int code;
};

/// What a failed test says of its case or row.
template <class T>
    requires requires(T const& t) { std::string_view(t.name); }
void PrintTo(T const& t, std::ostream* out) {
    *out << t.name;
}

std::span<filter_row const> filter_rows();
std::span<update_row const> update_rows();
std::span<pipeline_row const> pipeline_rows();
/// Of `$setWindowFields`.
std::span<pipeline_row const> window_rows();
std::span<text_row const> text_rows();
/// On `articles`.
std::span<pipeline_row const> text_pipeline_rows();
std::span<text_index_row const> text_index_rows();
std::string_view articles();
std::span<projection_row const> projection_rows();
std::span<sort_row const> sort_rows();
std::string_view people();
std::string_view sales();
std::string_view other();

} // namespace cormorant::testing
