// What goes wrong between here and the server: fail points, deadlines, cancellation.

#include "fixture.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>

namespace cormorant::testing {
namespace {

using namespace std::chrono_literals;

class mongo_failures : public mongo_test {
protected:
    /// Starts `op`, cancels it after `delay` and answers its error and how long it took.
    template <class Op>
    std::pair<std::optional<error>, std::chrono::nanoseconds> cancel_after(Op op, std::chrono::nanoseconds delay) {
        asio::io_context loop;
        asio::cancellation_signal signal;
        std::optional<error> result;
        auto const begin = std::chrono::steady_clock::now();
        auto end = begin;
        store_->async_run(std::move(op), call_options(),
            asio::bind_cancellation_slot(signal.slot(), asio::bind_executor(loop, [&](std::exception_ptr e, auto) {
                end = std::chrono::steady_clock::now();
                try {
                    if (e)
                        std::rethrow_exception(e);
                } catch (error const& why) {
                    result = why;
                }
            })));
        asio::steady_timer timer(loop, delay);
        timer.async_wait([&](boost::system::error_code) { signal.emit(asio::cancellation_type::terminal); });
        loop.run();
        return std::pair(result, end - begin);
    }
    void expect_working() {
        EXPECT_EQ(count_all("c"), 1);
        EXPECT_EQ(find_all(find_in("c")).size(), 1U);
    }
    void SetUp() override { run_op(insert_of("c", docs_of({doc("_id", 1)}))); }
    static find_op slow_find() { return find_in("c", doc("$where", "sleep(3000) || true")); }
};

TEST_F(mongo_failures, a_read_is_sent_again_when_the_connection_breaks) {
    fail_point(doc("times", 1), doc("failCommands", arr("find"), "closeConnection", true));
    call_options options;
    options.statistics = std::make_shared<call_statistics>();
    EXPECT_EQ(run(drain(run_op(find_in("c"), options))).size(), 1U);
    EXPECT_EQ(options.statistics->attempts, 2);
}

TEST_F(mongo_failures, a_read_is_sent_again_once_only) {
    fail_point(doc("times", 2), doc("failCommands", arr("find"), "closeConnection", true));
    auto const e = failure_of(find_in("c"));
    EXPECT_EQ(e.code(), errc::network);
    EXPECT_EQ(e.details().attempts, 2);
    EXPECT_TRUE(e.code() == condition::network);
    expect_working();
}

TEST_F(mongo_failures, a_read_is_not_sent_again_when_the_connection_string_forbids_it) {
    auto const strict = make_store(mongo_options(), "retryReads=false");
    fail_point(doc("times", 1), doc("failCommands", arr("find"), "closeConnection", true));
    EXPECT_EQ(failure_on(*strict, find_in("c")).code(), errc::network);
    EXPECT_EQ(run(drain(run_on(*strict, find_in("c")))).size(), 1U);
}

TEST_F(mongo_failures, a_read_is_sent_again_when_the_server_is_not_the_primary) {
    fail_point(doc("times", 1), doc("failCommands", arr("find"), "errorCode", 10107));
    EXPECT_EQ(find_all(find_in("c")).size(), 1U);
}

TEST_F(mongo_failures, a_write_of_one_document_is_sent_again_with_the_same_number) {
    fail_point(doc("times", 1), doc("failCommands", arr("insert"), "closeConnection", true));
    EXPECT_EQ(run_op(insert_of("c", docs_of({doc("_id", 2)}))).inserted_count, 1);
    EXPECT_EQ(count_all("c"), 2);
    // This one is carried out before the connection breaks: the repetition must not find a duplicate.
    fail_point(doc("times", 1), doc("failCommands", arr("insert"), "writeConcernError",
                                    doc("code", 91, "errmsg", "shutting down", "errorLabels", arr("RetryableWriteError"))));
    EXPECT_EQ(run_op(insert_of("c", docs_of({doc("_id", 3)}))).inserted_count, 1);
    EXPECT_EQ(count_all("c"), 3);
}

TEST_F(mongo_failures, a_write_of_one_document_is_sent_again_when_the_server_is_not_the_primary) {
    fail_point(doc("times", 1),
        doc("failCommands", arr("findAndModify"), "errorCode", 10107, "errorLabels", arr("RetryableWriteError")));
    find_and_modify_op op;
    op.collection = "c";
    op.filter = doc("_id", 1);
    op.update = doc("$inc", doc("n", 1));
    op.return_new = true;
    EXPECT_EQ(run_op(op), doc("_id", 1, "n", 1));
}

TEST_F(mongo_failures, a_write_of_many_documents_is_not_sent_again_and_may_have_been_applied) {
    fail_point(doc("times", 1), doc("failCommands", arr("update"), "closeConnection", true));
    update_op op;
    op.collection = "c";
    op.update = doc("$set", doc("n", 1));
    op.multi = true;
    auto const e = failure_of(op);
    EXPECT_EQ(e.code(), errc::network);
    EXPECT_TRUE(e.details().is_write);
    EXPECT_EQ(e.details().what_happened, outcome::maybe_applied);
    EXPECT_EQ(e.details().attempts, 1);
    expect_working();
}

TEST_F(mongo_failures, a_write_is_not_sent_again_when_the_connection_string_forbids_it) {
    auto const strict = make_store(mongo_options(), "retryWrites=false");
    fail_point(doc("times", 1), doc("failCommands", arr("insert"), "closeConnection", true));
    EXPECT_EQ(failure_on(*strict, insert_of("c", docs_of({doc("_id", 2)}))).code(), errc::network);
}

TEST_F(mongo_failures, codes_of_the_server_have_their_own_errors) {
    struct row {
        int server_code;
        errc expected;
    };
    for (auto const& [server_code, expected] :
        {row{112, errc::write_conflict}, row{50, errc::server_timeout}, row{13, errc::server}}) {
        fail_point(doc("times", 1), doc("failCommands", arr("update"), "errorCode", server_code));
        update_op op;
        op.collection = "c";
        op.update = doc("$set", doc("n", 1));
        auto const e = failure_of(op);
        EXPECT_EQ(e.code(), expected);
        EXPECT_EQ(e.details().server_code, server_code);
    }
}

TEST_F(mongo_failures, a_deadline_ends_an_operation_in_time) {
    call_options options;
    auto const begin = std::chrono::steady_clock::now();
    options.deadline = begin + 150ms;
    auto const e = failure_of(slow_find(), options);
    EXPECT_LT(std::chrono::steady_clock::now() - begin, 1s);
    EXPECT_EQ(e.code(), errc::deadline);
    EXPECT_EQ(e.details().slow_phase, phase::server);
    EXPECT_TRUE(e.code() == condition::timeout);
    expect_working();
}

TEST_F(mongo_failures, a_deadline_is_sent_to_the_server_too) {
    fail_point("alwaysOn", doc("failCommands", arr("find"), "blockConnection", true, "blockTimeMS", 1));
    call_options options;
    options.deadline = std::chrono::steady_clock::now() + 20s;
    EXPECT_EQ(run(drain(run_op(find_in("c"), options))).size(), 1U);
    run_op(insert_of("c", docs_of({doc("_id", 2)})), options);
    update_op update;
    update.collection = "c";
    update.update = doc("$set", doc("n", 1));
    EXPECT_EQ(run_op(update, options).matched_count, 1);
}

TEST_F(mongo_failures, a_deadline_that_has_passed_sends_nothing) {
    call_options options;
    options.deadline = std::chrono::steady_clock::now() - 1ms;
    auto const e = failure_of(insert_of("c", docs_of({doc("_id", 2)})), options);
    EXPECT_EQ(e.code(), errc::deadline);
    EXPECT_EQ(e.details().what_happened, outcome::not_sent);
    expect_working();
}

TEST_F(mongo_failures, cancellation_ends_an_operation_at_once_and_the_next_one_succeeds) {
    auto const [e, time] = cancel_after(slow_find(), 100ms);
    ASSERT_TRUE(e);
    EXPECT_EQ(e->code(), errc::cancelled);
    EXPECT_LT(time, 1s);
    expect_working();
}

TEST_F(mongo_failures, cancellation_at_any_moment_leaves_the_store_working) {
    for (auto delay = 0us; delay < 1500us; delay += 37us) {
        auto const [e, time] = cancel_after(find_in("c"), delay);
        if (e) {
            EXPECT_EQ(e->code(), errc::cancelled);
        }
    }
    expect_working();
    // With a new client each time: resolve, connect, hello.
    for (auto delay = 0us; delay < 4000us; delay += 211us) {
        store_ = make_store();
        cancel_after(find_in("c"), delay);
        expect_working();
    }
}

TEST_F(mongo_failures, a_cancelled_write_says_whether_it_may_have_been_sent) {
    fail_point("alwaysOn", doc("failCommands", arr("insert"), "blockConnection", true, "blockTimeMS", 1000));
    auto const [sent, time] = cancel_after(insert_of("c", docs_of({doc("_id", 2)})), 300ms);
    ASSERT_TRUE(sent);
    EXPECT_EQ(sent->details().what_happened, outcome::maybe_applied);
    auto const [unsent, none] = cancel_after(insert_of("c", docs_of({doc("_id", 3)})), 0ms);
    ASSERT_TRUE(unsent);
    EXPECT_EQ(unsent->code(), errc::cancelled);
}

TEST_F(mongo_failures, partial_cancellation_is_not_obeyed) {
    asio::io_context loop;
    asio::cancellation_signal signal;
    bool succeeded = false;
    store_->async_run(find_in("c"), call_options(),
        asio::bind_cancellation_slot(
            signal.slot(), asio::bind_executor(loop, [&](std::exception_ptr e, cursor) { succeeded = e == nullptr; })));
    signal.emit(asio::cancellation_type::partial);
    loop.run();
    EXPECT_TRUE(succeeded);
}

TEST_F(mongo_failures, cancellation_of_a_cursor_closes_it) {
    fill("many", 100);
    fail_point("alwaysOn", doc("failCommands", arr("getMore"), "blockConnection", true, "blockTimeMS", 1000));
    auto op = find_in("many");
    op.batch_size = 10;
    auto c = run_op(op);
    run(c.async_next(asio::use_awaitable));
    asio::io_context loop;
    asio::cancellation_signal signal;
    std::exception_ptr failed;
    c.async_next(
        asio::bind_cancellation_slot(signal.slot(), asio::bind_executor(loop, [&](std::exception_ptr e, batch) { failed = e; })));
    asio::steady_timer timer(loop, 100ms);
    timer.async_wait([&](boost::system::error_code) { signal.emit(asio::cancellation_type::total); });
    loop.run();
    try {
        std::rethrow_exception(failed);
    } catch (error const& e) {
        EXPECT_EQ(e.code(), errc::cancelled);
    }
    EXPECT_TRUE(run(c.async_next(asio::use_awaitable)).empty());
}

} // namespace
} // namespace cormorant::testing
