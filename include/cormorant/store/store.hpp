#pragma once

/// The one seam between models and data: an operation goes in, an answer comes out, nothing blocks.

#include <cormorant/error/error.hpp>
#include <cormorant/operation/operations.hpp>
#include <cormorant/store/cursor.hpp>
#include <cormorant/store/session.hpp>

#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/associator.hpp>
#include <boost/asio/async_result.hpp>

#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>

namespace cormorant {

/// The answer to any operation. `reply_of<Op>` says which alternative an operation gives.
using reply = std::variant<std::monostate, cursor, insert_result, update_result, remove_result, std::int64_t, std::optional<document>,
    array, documents, document>;

namespace detail {
template <class Op>
struct reply_type {
    using type = std::monostate;
};
template <>
struct reply_type<find_op> {
    using type = cursor;
};
template <>
struct reply_type<aggregate_op> {
    using type = cursor;
};
template <>
struct reply_type<count_op> {
    using type = std::int64_t;
};
template <>
struct reply_type<insert_op> {
    using type = insert_result;
};
template <>
struct reply_type<update_op> {
    using type = update_result;
};
template <>
struct reply_type<remove_op> {
    using type = remove_result;
};
/// The document before (or, with `return_new`, after) the change; nothing when none matched.
template <>
struct reply_type<find_and_modify_op> {
    using type = std::optional<document>;
};
template <>
struct reply_type<distinct_op> {
    using type = array;
};
/// The names of the indexes.
template <>
struct reply_type<create_indexes_op> {
    using type = array;
};
template <>
struct reply_type<list_indexes_op> {
    using type = documents;
};
template <>
struct reply_type<list_collections_op> {
    using type = documents;
};
/// The server's reply.
template <>
struct reply_type<command_op> {
    using type = document;
};

// Takes the one alternative out of a reply; executor, allocator and cancellation slot are those of the inner handler.
template <class Result, class Handler>
struct narrowing_handler {
    explicit narrowing_handler(Handler h) : inner(std::move(h)) {}
    void operator()(std::exception_ptr error, reply r) {
        if (error)
            std::move(inner)(error, Result());
        else
            std::move(inner)(nullptr, std::get<Result>(std::move(r)));
    }
    Handler inner;
};
} // namespace detail

template <class Op>
using reply_of = typename detail::reply_type<Op>::type;

/// Counted by a store while it works on an operation and its cursor. Read it when the operation has completed.
struct call_statistics {
    /// Messages that were sent to the data and answered, `getMore` included.
    int round_trips = 0;
    /// Tries, more than one when something was retried.
    int attempts = 0;
    std::chrono::nanoseconds queued{0};
    std::chrono::nanoseconds served{0};
    /// Where the time went, as far as the store knows.
    phase_times times;
    std::int64_t documents = 0;
};

/// What accompanies an operation.
struct call_options {
    call_options() = default;
    /// When it must be over; a store ends it with `errc::deadline` then.
    std::optional<std::chrono::steady_clock::time_point> deadline;
    /// `{mode: "secondaryPreferred", tags: [...], maxStalenessSeconds: n}`; empty: as the connection string says.
    document read_preference;
    document read_concern;
    document write_concern;
    /// One of `make_session` of the same store. In a transaction the read concern and the write concern are the transaction's.
    std::shared_ptr<cormorant::session> session;
    /// Filled when given; kept alive by the operation and its cursor.
    std::shared_ptr<call_statistics> statistics;
};

/// What a store can do beyond the basic operations, so that callers may ask before they try.
struct store_capabilities {
    /// `make_session` works, and its sessions have transactions, as far as the server has them (a standalone one has none).
    bool transactions = false;
    bool change_streams = false;
    bool text_search = false;
    bool collation = false;
    bool views = true;
    bool commands = false;
};

/// A database, asynchronously.
///
/// Implementations (MongoDB, memory, yours) provide `start` and `close`; callers use the templates with any completion token:
/// \code
/// cursor c = co_await store->async_run(op, options, asio::use_awaitable);
/// \endcode
/// Completion: through the associated executor of the handler, never from within the initiating call.
/// Cancellation: the slot of the handler; `terminal` and `total` are honoured at every wait. An operation that was not sent completes
/// with `errc::cancelled` and `outcome::not_sent`; one that was sent with `outcome::maybe_applied`.
/// Thread safety: all members may be called from any thread.
class store {
public:
    using completion = boost::asio::any_completion_handler<void(std::exception_ptr, reply)>;
    using close_completion = boost::asio::any_completion_handler<void(std::exception_ptr)>;

    virtual ~store() = default;

    /// `"mongodb"`, `"memory"`, ...
    virtual std::string_view kind() const noexcept = 0;
    /// The name of the database.
    virtual std::string_view database() const noexcept = 0;
    virtual store_capabilities capabilities() const noexcept = 0;

    /// A session that nobody else has. It may outlive the store, and is of no use then. Throws `errc::unsupported` when the store
    /// has none.
    virtual std::shared_ptr<session> make_session(session_options options = {});

    /// Runs `op`; exactly one call of `done` follows. Errors are `cormorant::error`s. The operation is owned by the call.
    virtual void start(operation op, call_options options, completion done) = 0;
    /// Ends what is in flight with `errc::cancelled`, gives back every connection, then completes. Later operations complete
    /// with `errc::not_connected`. May be called more than once.
    virtual void start_close(close_completion done) = 0;

    /// Runs one operation; completes with `void(std::exception_ptr, reply_of<Op>)`, or `void(std::exception_ptr)`-like with a
    /// `std::monostate` for operations without an answer.
    template <class Op, class CompletionToken>
    auto async_run(Op op, call_options options, CompletionToken&& token) {
        static_assert(std::is_constructible_v<operation, Op>, "store::async_run takes one of the operations of operations.hpp");
        using result = reply_of<Op>;
        return boost::asio::async_initiate<CompletionToken, void(std::exception_ptr, result)>(
            [this](auto handler, Op o, call_options c) {
                start(operation(std::move(o)), std::move(c), completion(detail::narrowing_handler<result, decltype(handler)>(std::move(handler))));
            },
            token, std::move(op), std::move(options));
    }

    template <class CompletionToken>
    auto async_close(CompletionToken&& token) {
        return boost::asio::async_initiate<CompletionToken, void(std::exception_ptr)>(
            [this](close_completion done) { start_close(std::move(done)); }, token);
    }
};

} // namespace cormorant

template <template <class, class> class Associator, class Result, class Handler, class Candidate>
struct boost::asio::associator<Associator, cormorant::detail::narrowing_handler<Result, Handler>, Candidate>
    : Associator<Handler, Candidate> {
    static auto get(cormorant::detail::narrowing_handler<Result, Handler> const& h) noexcept {
        return Associator<Handler, Candidate>::get(h.inner);
    }
    static auto get(cormorant::detail::narrowing_handler<Result, Handler> const& h, Candidate const& c) noexcept {
        return Associator<Handler, Candidate>::get(h.inner, c);
    }
};
