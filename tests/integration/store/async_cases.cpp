#include "suite.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/thread_pool.hpp>

#include <chrono>
#include <future>
#include <optional>
#include <thread>

namespace cormorant::testing {
namespace {

constexpr std::string_view three = R"([{"_id": 1}, {"_id": 2}, {"_id": 3}])";

awaitable<void> a_deadline_in_the_past_sends_nothing(store_fixture& f) {
    call_options late;
    late.deadline = std::chrono::steady_clock::now() - std::chrono::seconds(1);
    error const read = co_await f.refused(find_of(document()), late);
    EXPECT_EQ(read.code(), errc::deadline);
    EXPECT_EQ(read.code(), condition::timeout);
    insert_op op;
    op.collection = "c";
    op.docs = json_documents(three);
    error const write = co_await f.refused(std::move(op), late);
    EXPECT_EQ(write.code(), errc::deadline);
    EXPECT_EQ(write.details().what_happened, outcome::not_sent);
    EXPECT_TRUE(write.details().is_write);
    EXPECT_TRUE((co_await f.contents("c")).empty());
}

/// Starts an operation on the executor of the coroutine, cancels it at once, and waits for its end.
awaitable<std::exception_ptr> cancelled_at_once(store& s, insert_op op) {
    auto const executor = co_await asio::this_coro::executor;
    asio::cancellation_signal signal;
    std::exception_ptr failure;
    asio::steady_timer done(executor, asio::steady_timer::time_point::max());
    s.async_run(std::move(op), call_options(),
        asio::bind_cancellation_slot(
            signal.slot(), asio::bind_executor(executor, [&](std::exception_ptr e, insert_result const&) {
                failure = e;
                done.cancel();
            })));
    signal.emit(asio::cancellation_type::terminal);
    try {
        co_await done.async_wait(use_awaitable);
    } catch (boost::system::system_error const&) {
    }
    co_return failure;
}

awaitable<void> a_cancelled_operation_says_whether_it_was_sent(store_fixture& f) {
    co_await f.insert("c", three);
    insert_op op;
    op.collection = "c";
    op.docs = documents(1, doc("_id", 4));
    std::exception_ptr const failure = co_await cancelled_at_once(f.store(), std::move(op));
    // A server that had answered by then is believed.
    bool sent = !failure;
    try {
        if (failure)
            std::rethrow_exception(failure);
    } catch (error const& e) {
        EXPECT_EQ(e.code(), errc::cancelled);
        EXPECT_TRUE(e.details().is_write);
        sent = e.details().what_happened != outcome::not_sent;
    }
    // A thread of the store's own may have been faster; a store without one has not begun yet.
    EXPECT_TRUE(f.is_mongo() || !sent);
    auto const stored = (co_await f.contents("c")).size();
    if (!sent) {
        EXPECT_EQ(stored, 3u);
    } else if (!failure) {
        EXPECT_EQ(stored, 4u);
    }
}

awaitable<void> statistics_are_counted(store_fixture& f) {
    co_await f.insert("c", three);
    call_options options;
    options.statistics = std::make_shared<call_statistics>();
    auto const statistics = options.statistics;
    count_op op;
    op.collection = "c";
    co_await f.run(std::move(op), std::move(options));
    EXPECT_EQ(statistics->round_trips, 1);
    EXPECT_EQ(statistics->attempts, 1);
    EXPECT_GE(statistics->served.count(), 0);
}

/// What an operation started with this executor tells about its completion.
struct completion_place {
    bool within_the_call = false;
    bool on_the_executor = false;
};

template <class Executor>
completion_place run_on(store& s, Executor executor) {
    std::promise<completion_place> told;
    auto result = told.get_future();
    asio::post(executor, [&] {
        auto const returned = std::make_shared<std::atomic<bool>>(false);
        auto const starter = std::this_thread::get_id();
        count_op op;
        op.collection = "c";
        s.async_run(std::move(op), call_options(),
            asio::bind_executor(executor, [&, returned, starter, executor](std::exception_ptr, std::int64_t) {
                completion_place place;
                place.within_the_call = !*returned && std::this_thread::get_id() == starter;
                if constexpr (requires { executor.running_in_this_thread(); })
                    place.on_the_executor = executor.running_in_this_thread();
                told.set_value(place);
            }));
        *returned = true;
    });
    return result.get();
}

void expect_later_and_there(completion_place place) {
    EXPECT_FALSE(place.within_the_call);
    EXPECT_TRUE(place.on_the_executor);
}

awaitable<void> completion_comes_later_on_the_executor_of_the_handler(store_fixture& f) {
    asio::thread_pool pool(2);
    expect_later_and_there(run_on(f.store(), pool.get_executor()));
    expect_later_and_there(run_on(f.store(), asio::make_strand(pool.get_executor())));
    asio::io_context loop;
    auto const busy = asio::make_work_guard(loop);
    std::thread thread([&] { loop.run(); });
    expect_later_and_there(run_on(f.store(), loop.get_executor()));
    expect_later_and_there(run_on(f.store(), asio::make_strand(loop)));
    loop.stop();
    thread.join();
    co_return;
}

awaitable<void> a_handler_without_an_executor_is_called_too(store_fixture& f) {
    std::promise<std::int64_t> told;
    count_op op;
    op.collection = "c";
    f.store().async_run(std::move(op), call_options(), [&](std::exception_ptr, std::int64_t n) { told.set_value(n); });
    EXPECT_EQ(told.get_future().get(), 0);
    co_return;
}

awaitable<void> insert_one(store_fixture& f, int id) {
    co_await f.insert("c", documents(1, doc("_id", id)));
}

awaitable<void> operations_run_side_by_side(store_fixture& f) {
    auto const executor = co_await asio::this_coro::executor;
    int running = 0;
    asio::steady_timer done(executor, asio::steady_timer::time_point::max());
    for (int i = 0; i < 50; ++i) {
        ++running;
        asio::co_spawn(executor, insert_one(f, i), [&](std::exception_ptr e) {
            EXPECT_FALSE(e);
            if (--running == 0)
                done.cancel();
        });
    }
    try {
        co_await done.async_wait(use_awaitable);
    } catch (boost::system::system_error const&) {
    }
    EXPECT_EQ((co_await f.contents("c")).size(), 50u);
}

awaitable<void> a_session_of_another_store_is_refused(store_fixture& f) {
    struct foreign : session {};
    call_options options;
    options.session = std::make_shared<foreign>();
    error const e = co_await f.refused(find_of(document()), std::move(options));
    EXPECT_TRUE(e.code() == errc::unsupported || e.code() == errc::invalid_argument) << e.what();
}

constexpr store_case cases[] = {
    {"a_deadline_in_the_past_sends_nothing", a_deadline_in_the_past_sends_nothing},
    {"a_cancelled_operation_says_whether_it_was_sent", a_cancelled_operation_says_whether_it_was_sent},
    {"statistics_are_counted", statistics_are_counted},
    {"completion_comes_later_on_the_executor_of_the_handler", completion_comes_later_on_the_executor_of_the_handler},
    {"a_handler_without_an_executor_is_called_too", a_handler_without_an_executor_is_called_too},
    {"operations_run_side_by_side", operations_run_side_by_side},
    {"a_session_of_another_store_is_refused", a_session_of_another_store_is_refused},
};

} // namespace

std::span<store_case const> async_cases() {
    return cases;
}

} // namespace cormorant::testing
