// Transactions when something goes wrong between here and the server, and what they leave there.

#include "counter.hpp"
#include "labels.hpp"

#include <cormorant/model/transaction.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <string_view>

namespace cormorant::testing {
namespace {

using namespace std::chrono_literals;

class mongo_transactions : public counter_test {
protected:
    void SetUp() override {
        counter_test::SetUp();
        in_.session = store_->make_session();
        in_.session->start_transaction();
    }
    /// Waits for what happens in the background.
    void expect_no_open_transaction() {
        auto const until = std::chrono::steady_clock::now() + 10s;
        while (open_transactions() != 0 && std::chrono::steady_clock::now() < until) {
        }
        EXPECT_EQ(open_transactions(), 0);
    }
    error failure_in(operation op) {
        return std::visit([&](auto& o) { return failure_of(std::move(o), in_); }, op);
    }

    call_options in_;
};

TEST_F(mongo_transactions, a_broken_connection_makes_the_transaction_transient) {
    for (auto const& when : {"update", "find"}) {
        SCOPED_TRACE(when);
        run_op(find_in("c"), in_);
        fail_point(doc("times", 1), doc("failCommands", arr(when), "closeConnection", true));
        auto const e = failure_in(when == std::string_view("update") ? operation(add_one()) : operation(find_in("c")));
        EXPECT_EQ(e.code(), errc::network) << e.what();
        EXPECT_TRUE(has_label(e, "TransientTransactionError"));
        EXPECT_EQ(e.details().attempts, 1) << "a statement of a transaction is not sent again";
        run_op(abort_transaction_op(), in_);
        in_.session->start_transaction();
    }
    EXPECT_EQ(n(), 0);
    expect_no_open_transaction();
}

TEST_F(mongo_transactions, a_commit_is_sent_again_when_the_connection_breaks) {
    run_op(add_one(), in_);
    fail_point(doc("times", 1), doc("failCommands", arr("commitTransaction"), "closeConnection", true));
    call_options counted = in_;
    counted.statistics = std::make_shared<call_statistics>();
    run_op(commit_transaction_op(), counted);
    EXPECT_EQ(counted.statistics->attempts, 2);
    EXPECT_EQ(n(), 1);
}

TEST_F(mongo_transactions, a_commit_of_unknown_result_may_be_done_again) {
    run_op(add_one(), in_);
    fail_point(doc("times", 2), doc("failCommands", arr("commitTransaction"), "closeConnection", true));
    auto const e = failure_in(commit_transaction_op());
    EXPECT_EQ(e.code(), errc::network) << e.what();
    EXPECT_TRUE(has_label(e, "UnknownTransactionCommitResult"));
    EXPECT_FALSE(has_label(e, "TransientTransactionError"));
    EXPECT_EQ(e.details().what_happened, outcome::maybe_applied);
    run_op(commit_transaction_op(), in_);
    EXPECT_EQ(n(), 1) << "once";
}

TEST_F(mongo_transactions, a_write_concern_that_is_not_met_leaves_the_commit_unknown) {
    run_op(add_one(), in_);
    auto const concern = doc("code", 64, "errmsg", "waiting for replication timed out");
    fail_point(doc("times", 1), doc("failCommands", arr("commitTransaction"), "writeConcernError", concern));
    auto const e = failure_in(commit_transaction_op());
    EXPECT_EQ(e.code(), errc::write_concern) << e.what();
    EXPECT_TRUE(has_label(e, "UnknownTransactionCommitResult"));
    EXPECT_EQ(e.details().what_happened, outcome::applied);
    EXPECT_EQ(n(), 1);
}

TEST_F(mongo_transactions, an_abort_does_not_fail) {
    run_op(add_one(), in_);
    fail_point(doc("times", 2), doc("failCommands", arr("abortTransaction"), "closeConnection", true));
    run_op(abort_transaction_op(), in_);
    EXPECT_EQ(in_.session->state(), transaction_state::aborted);
    EXPECT_EQ(n(), 0);
    in_.session->end(); // which says it once more
    expect_no_open_transaction();
}

TEST_F(mongo_transactions, labels_of_the_server_are_kept) {
    fail_point(doc("times", 1),
        doc("failCommands", arr("update"), "errorCode", 112, "errorLabels", arr("TransientTransactionError", "Another")));
    auto const e = failure_in(add_one());
    EXPECT_EQ(e.code(), errc::write_conflict);
    EXPECT_TRUE(has_label(e, "TransientTransactionError"));
    EXPECT_TRUE(has_label(e, "Another"));
}

TEST_F(mongo_transactions, sessions_are_used_again_and_ended_with_the_store) {
    auto const command = [&](std::string database, document d) {
        command_op op;
        op.database = std::move(database);
        op.command = std::move(d);
        return run_op(std::move(op));
    };
    // The server tells its collection of sessions about those that are used, and those that have ended, when it is told to.
    auto const known = [&] {
        command("admin", doc("refreshLogicalSessionCacheNow", 1));
        auto const found =
            command("config", doc("aggregate", "system.sessions", "pipeline", arr(doc("$count", "n")), "cursor", document()));
        auto const first = found.at("cursor").as_document().at("firstBatch").as_array();
        return first.empty() ? 0 : first[0].as_document().at("n").as_int64();
    };
    auto const transaction_on = [&](store& s) {
        call_options in;
        in.session = s.make_session();
        in.session->start_transaction();
        run_on(s, add_one(), in);
        run_on(s, commit_transaction_op(), in);
    };
    auto const before = known();
    auto const other = make_store();
    run_on(*other, find_in("c"));
    transaction_on(*other);
    auto const used = known();
    EXPECT_GT(used, before);
    for (int i = 0; i < 20; ++i)
        transaction_on(*other);
    EXPECT_LE(known(), used + 2) << "a client more, not a session for each";
    run(other->async_close(asio::use_awaitable));
    auto const until = std::chrono::steady_clock::now() + 5s;
    while (known() > before + 1 && std::chrono::steady_clock::now() < until) {
    }
    EXPECT_LE(known(), before + 1);
    EXPECT_EQ(n(), 21);
}

// --- the whole of it -----------------------------------------------------------------------------------------------------

asio::awaitable<void> add_in_transaction(connection db, int& bodies) {
    co_await db.transaction([&](transaction& tx) -> asio::awaitable<void> {
        ++bodies;
        auto delta = doc("$inc", doc("n", 1));
        co_await tx.model("thing").update(doc("_id", 1), std::move(delta));
    });
}

TEST_F(mongo_transactions, are_run_again_until_they_are_committed) {
    connection db(store_);
    db.attach(model_definition("thing").collection("c").field("_id", integer()).field("n", integer()));
    struct row {
        char const* name;
        document what;
        int times;
        int bodies;
    };
    auto const transient = arr("TransientTransactionError");
    std::vector<row> const rows = {
        {"update breaks", doc("failCommands", arr("update"), "closeConnection", true), 1, 2},
        {"update conflicts", doc("failCommands", arr("update"), "errorCode", 112, "errorLabels", transient), 3, 4},
        {"commit breaks", doc("failCommands", arr("commitTransaction"), "closeConnection", true), 3, 1},
        {"commit is transient", doc("failCommands", arr("commitTransaction"), "errorCode", 112, "errorLabels", transient), 1, 2},
        {"commit is shut down",
            doc("failCommands", arr("commitTransaction"), "errorCode", 91, "errorLabels", arr("RetryableWriteError")), 1, 1},
        {"abort breaks too", doc("failCommands", arr("update", "abortTransaction"), "closeConnection", true), 2, 2},
    };
    std::int64_t expected = 0;
    for (row const& r : rows) {
        SCOPED_TRACE(r.name);
        fail_point(doc("times", r.times), r.what);
        int bodies = 0;
        run(add_in_transaction(db, bodies));
        EXPECT_EQ(bodies, r.bodies);
        fail_point("off", document());
        EXPECT_EQ(n(), ++expected) << "exactly once";
    }
    in_.session->end();
    expect_no_open_transaction();
}

TEST_F(mongo_transactions, a_cancelled_one_is_aborted_in_the_background) {
    connection db(store_);
    db.attach(model_definition("thing").collection("c").field("_id", integer()).field("n", integer()));
    asio::io_context loop;
    asio::cancellation_signal signal;
    std::exception_ptr failure;
    auto body = [](connection on, asio::cancellation_signal& cancel) -> asio::awaitable<void> {
        co_await on.transaction([&](transaction& tx) -> asio::awaitable<void> {
            auto delta = doc("$inc", doc("n", 1));
            co_await tx.model("thing").update(doc("_id", 1), std::move(delta));
            asio::steady_timer later(co_await asio::this_coro::executor, 50ms);
            later.async_wait([&](boost::system::error_code) { cancel.emit(asio::cancellation_type::terminal); });
            auto slow = doc("$where", "sleep(3000) || true");
            (void)co_await tx.model("thing").find(std::move(slow));
        });
    };
    auto const begun = std::chrono::steady_clock::now();
    asio::co_spawn(
        loop, body(db, signal), asio::bind_cancellation_slot(signal.slot(), [&](std::exception_ptr e) { failure = e; }));
    loop.run();
    EXPECT_LT(std::chrono::steady_clock::now() - begun, 2s);
    EXPECT_TRUE(failure);
    expect_no_open_transaction();
    EXPECT_EQ(n(), 0);
}

TEST_F(mongo_transactions, reads_of_a_session_wait_for_what_it_has_seen) {
    in_.session->end();
    call_options in;
    in.session = store_->make_session();
    run_op(add_one(), in);
    auto const after_write = in.session->operation_time();
    ASSERT_TRUE(after_write);
    // A time that the server cannot come to by itself: the read has to wait for it, to its deadline.
    timestamp future = *after_write;
    future.increment += 1000;
    in.session->advance_operation_time(future);
    in.deadline = std::chrono::steady_clock::now() + 500ms;
    auto const e = failure_of(find_in("c"), in);
    EXPECT_TRUE(e.code() == errc::deadline || e.code() == errc::server) << e.what();

    call_options plain;
    plain.session = store_->make_session(session_options().causal_consistency(false));
    plain.session->advance_operation_time(future);
    run_op(find_in("c"), plain);
}

} // namespace
} // namespace cormorant::testing
