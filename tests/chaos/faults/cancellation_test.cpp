// Every operation, cancelled at its first, second, third, ... wait until it completes: it ends at once, says what is true of the
// data, and leaves nothing behind.

#include "faults.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/steady_timer.hpp>

#include <fmt/format.h>

#include <functional>
#include <vector>

namespace cormorant::testing {
namespace {

using namespace std::chrono_literals;

/// A server that has no time kills what it kept for a cancelled operation when it is told of that for the last time.
constexpr auto patience = 100s;

enum class plane { memory, fast_lane, driver_thread };

struct models {
    model author;
    model post;
};

/// An operation of a model. `changed` says how often its write can be seen.
struct cancelled_case {
    char const* name;
    std::function<asio::awaitable<void>(models)> run;
    std::function<asio::awaitable<int>(models)> changed;
    bool writes = true;
};

asio::awaitable<void> pause(hook_args&) {
    asio::steady_timer timer(co_await asio::this_coro::executor, 1ms);
    co_await timer.async_wait(asio::use_awaitable);
}

asio::awaitable<int> count_of(model m, document filter) {
    auto const n = co_await m.count(std::move(filter));
    co_return static_cast<int>(n);
}

template <class Call>
std::function<asio::awaitable<void>(models)> of(Call call) {
    return call;
}

find_options with_all() {
    return find_options().hooks("beforeFind_pause", "beforeFilter_pause", "afterFind_author", "afterFind_pause").batch_size(2);
}

std::vector<cancelled_case> const& cases() {
    auto const unchanged = [](models) -> asio::awaitable<int> { co_return 0; };
    static std::vector<cancelled_case> const all = {
        {"find", of([](models m) -> asio::awaitable<void> { co_await m.post.find(document(), with_all()); }), unchanged, false},
        {"find_and_count", of([](models m) -> asio::awaitable<void> { co_await m.post.find_and_count(document(), with_all()); }),
            unchanged, false},
        {"find at random", of([](models m) -> asio::awaitable<void> { co_await m.post.find(document(), with_all().random(3)); }),
            unchanged, false},
        {"count", of([](models m) -> asio::awaitable<void> {
             co_await m.post.count(doc("n", doc("$gte", 0)), count_options().hooks("beforeCount_pause", "afterCount_pause"));
         }),
            unchanged, false},
        {"aggregate", of([](models m) -> asio::awaitable<void> {
             array stages;
             stages.push_back(doc("$match", doc("n", doc("$gte", 0))));
             co_await m.post.aggregate(
                 std::move(stages), aggregate_options().hooks("beforeAggregate_pause", "afterAggregate_pause").batch_size(2));
         }),
            unchanged, false},
        {"insert", of([](models m) -> asio::awaitable<void> {
             co_await m.post.insert(doc("n", 1000), insert_options().hooks("beforePut_pause", "afterPut_pause"));
         }),
            [](models m) { return count_of(m.post, doc("n", 1000)); }},
        {"save", of([](models m) -> asio::awaitable<void> {
             co_await m.post.save(doc("_id", 2, "n", 1000), save_options().hooks("beforeSave_pause", "afterSave_pause"));
         }),
            [](models m) { return count_of(m.post, doc("n", 1000)); }},
        {"update", of([](models m) -> asio::awaitable<void> {
             co_await m.post.update(doc("_id", 3), doc("$inc", doc("n", 1000)),
                 update_options().hooks("beforeUpdate_pause", "beforeFilter_pause", "afterUpdate_pause"));
         }),
            [](models m) { return count_of(m.post, doc("n", 1003)); }},
        {"find_and_update", of([](models m) -> asio::awaitable<void> {
             co_await m.post.find_and_update(
                 doc("_id", 3), doc("$inc", doc("n", 1000)), update_options().hooks("afterUpdate_pause"));
         }),
            [](models m) { return count_of(m.post, doc("n", 1003)); }},
        {"remove", of([](models m) -> asio::awaitable<void> {
             co_await m.post.remove(doc("_id", 4), remove_options().hooks("beforeRemove_pause", "afterRemove_pause"));
         }),
            [](models m) -> asio::awaitable<int> { co_return 1 - co_await count_of(m.post, doc("_id", 4)); }},
    };
    return all;
}

constexpr int marked = 999; // the document that says whether a transaction has happened

/// The operation as the second one of a transaction.
asio::awaitable<void> in_transaction(connection db, models m, std::function<asio::awaitable<void>(models)> operation) {
    co_await db.transaction([&](transaction& tx) -> asio::awaitable<void> {
        models mine(tx.with(m.author), tx.with(m.post));
        auto mark = doc("_id", marked, "n", -1);
        co_await mine.post.insert(std::move(mark));
        co_await operation(mine);
    });
}

asio::awaitable<models> define(connection db) {
    auto author = co_await db.add(model_definition("author").field("name", string()));
    auto post = co_await db.add(model_definition("post").field("_id", any()).field("n", integer()).relation(single("author")));
    for (auto const* type :
        {"beforeFind", "beforeFilter", "afterFind", "beforeCount", "afterCount", "beforeAggregate", "afterAggregate", "beforePut",
            "afterPut", "beforeSave", "afterSave", "beforeUpdate", "afterUpdate", "beforeRemove", "afterRemove"})
        post.hook(type, "pause", pause);
    models result(author, post);
    co_return result;
}

asio::awaitable<void> fill(connection db, models m) {
    co_await db.drop_collection("post");
    co_await db.drop_collection("author");
    documents authors;
    documents posts;
    for (int i = 0; i < 7; ++i) {
        auto const id = object_id::generate();
        authors.push_back(doc("_id", id, "name", "a"));
        posts.push_back(doc("_id", i, "n", i, "author_id", id));
    }
    co_await m.author.insert(std::move(authors));
    co_await m.post.insert(std::move(posts));
}

struct ending {
    std::exception_ptr failure;
    bool over = false;
    std::chrono::steady_clock::time_point at;
};

class cancellation : public ::testing::TestWithParam<plane> {
protected:
    void SetUp() override {
        if (GetParam() == plane::memory) {
            db_ = connection(make_memory_store());
            return;
        }
        direct_ = make_mongo_store(test_dsn(test_database("cancellation")));
        // One connection: what an operation does not give back the next one misses.
        auto const options = mongo_options()
                                 .fast_lane(GetParam() == plane::fast_lane)
                                 .max_pool_size(1)
                                 .wait_queue_timeout(3s)
                                 .app_name("cancellation");
        db_ = connection(make_mongo_store(test_dsn(test_database("cancellation")), options));
    }
    void TearDown() override {
        if (direct_)
            run(direct_->async_run(drop_database_op(), call_options(), asio::use_awaitable));
    }
    document status() {
        command_op op;
        op.database = "admin";
        op.command = doc("serverStatus", 1);
        return run(direct_->async_run(std::move(op), call_options(), asio::use_awaitable));
    }
    std::int64_t open_cursors() {
        if (!direct_)
            return 0;
        return status().at("metrics").as_document().at("cursor").as_document().at("open").as_document().at("total").as_int64();
    }

    std::int64_t open_transactions() {
        return direct_ ? status().at("transactions").as_document().at("currentOpen").as_int64() : 0;
    }
    /// Those that the server knows and that have not been ended.
    std::int64_t open_sessions() {
        command_op refresh;
        refresh.database = "admin";
        refresh.command = doc("refreshLogicalSessionCacheNow", 1);
        run(direct_->async_run(std::move(refresh), call_options(), asio::use_awaitable));
        return status().at("logicalSessionRecordCache").as_document().at("activeSessionsCount").as_int64();
    }

    /// Starts the operation and cancels it when the loop has run `steps` handlers. True when it completed before.
    bool cancelled_after(cancelled_case const& c, models m, int steps, std::optional<error>& failed) {
        asio::io_context loop;
        asio::cancellation_signal signal;
        ending end;
        asio::co_spawn(loop, c.run(m), asio::bind_cancellation_slot(signal.slot(), [&](std::exception_ptr e) {
            end.failure = e;
            end.over = true;
            end.at = std::chrono::steady_clock::now();
        }));
        for (int i = 0; i < steps && !end.over; ++i)
            loop.run_one();
        bool const completed = end.over;
        auto const emitted = std::chrono::steady_clock::now();
        if (!completed)
            signal.emit(asio::cancellation_type::terminal);
        loop.run();
        try {
            if (end.failure)
                std::rethrow_exception(end.failure);
        } catch (error const& e) {
            failed = e;
            EXPECT_EQ(e.code(), errc::cancelled) << e.what();
        } catch (std::exception const& e) {
            // Cancelled before the operation had begun: that is the coroutine's own.
            EXPECT_LE(steps, 1) << e.what();
            failed = error(errc::cancelled);
        }
        EXPECT_TRUE(end.over);
        EXPECT_LT(end.at - emitted, 1s) << "it did not end at once";
        return completed;
    }

    connection db_;
    std::shared_ptr<store> direct_;
};

TEST_P(cancellation, at_every_wait_ends_the_operation_and_leaves_nothing_behind) {
    auto const m = run(define(db_));
    for (auto const& c : cases()) {
        run(fill(db_, m));
        auto const cursors = open_cursors();
        int const descriptors = open_descriptors();
        int waits = 0;
        int in_doubt = 0;
        for (int steps = 0;; ++steps) {
            ASSERT_LT(steps, 500) << c.name;
            SCOPED_TRACE(fmt::format("{}, cancelled after {} steps", c.name, steps));
            std::optional<error> failed;
            bool const completed = cancelled_after(c, m, steps, failed);
            // The next operation has the connection, and sees data that agree with what was said.
            int const changed = run(c.changed(m));
            if (failed && c.writes && failed->details().is_write) {
                auto const what = failed->details().what_happened;
                if (what != outcome::maybe_applied) {
                    EXPECT_EQ(changed, what == outcome::applied ? 1 : 0) << failed->what();
                }
                in_doubt += what == outcome::maybe_applied;
            }
            if (!failed && c.writes) {
                EXPECT_EQ(changed, 1);
            }
            if (completed)
                break;
            ++waits;
            if (c.writes)
                run(fill(db_, m));
        }
        fmt::print("{:20} {:3} waits, {} of them in doubt\n", c.name, waits, in_doubt);
        EXPECT_GE(waits, 2) << c.name;
        EXPECT_TRUE(soon([&] { return open_cursors() <= cursors; }, patience))
            << c.name << ": " << open_cursors() << " cursors are open, before there were " << cursors;
        EXPECT_TRUE(soon([&] { return open_descriptors() <= descriptors + 2; }, patience)) << c.name;
    }
}

TEST_P(cancellation, of_a_transaction_at_every_wait_leaves_all_of_it_or_nothing) {
    auto const m = run(define(db_));
    // What brings the data back does not wait for the connection that tells the server of what it is to end.
    connection const other = direct_ ? connection(direct_) : db_;
    auto const others = direct_ ? run(define(other)) : m;
    for (auto const& c : cases()) {
        run(fill(other, others));
        auto const cursors = open_cursors();
        auto const transactions = open_transactions();
        auto const sessions = direct_ ? open_sessions() : 0;
        int const descriptors = open_descriptors();
        cancelled_case const whole{c.name, [&](models all) { return in_transaction(db_, all, c.run); }, c.changed};
        int waits = 0;
        int in_doubt = 0;
        for (int steps = 0;; ++steps) {
            ASSERT_LT(steps, 500) << c.name;
            SCOPED_TRACE(fmt::format("{} in a transaction, cancelled after {} steps", c.name, steps));
            std::optional<error> failed;
            bool const completed = cancelled_after(whole, m, steps, failed);
            EXPECT_TRUE(soon([&] { return open_transactions() <= transactions; }, patience)) << "it stays open";
            int const happened = run(count_of(m.post, doc("_id", marked)));
            EXPECT_EQ(run(c.changed(m)), c.writes ? happened : 0) << "half of it has happened";
            bool const committing = failed && failed->details().operation == "commit_transaction" &&
                                    failed->details().what_happened == outcome::maybe_applied;
            if (!committing) {
                EXPECT_EQ(happened, failed ? 0 : 1) << (failed ? failed->what() : "it succeeded");
            }
            in_doubt += committing;
            if (completed)
                break;
            ++waits;
            if (happened != 0)
                run(fill(other, others));
        }
        fmt::print("{:20} {:3} waits of a transaction, {} of them in doubt\n", c.name, waits, in_doubt);
        EXPECT_GE(waits, 5) << c.name;
        EXPECT_TRUE(soon([&] { return open_cursors() <= cursors; }, patience))
            << c.name << ": " << open_cursors() << " cursors are open, before there were " << cursors;
        EXPECT_TRUE(soon([&] { return !direct_ || open_sessions() <= sessions + 4; }, patience))
            << c.name << ": " << sessions << " sessions before, " << open_sessions() << " after";
        EXPECT_TRUE(soon([&] { return open_descriptors() <= descriptors + 2; }, patience)) << c.name;
    }
}

/// Somebody else is faster, twice.
asio::awaitable<void> lose_twice(connection db, models m, int n) {
    co_await db.transaction([&](transaction& tx) -> asio::awaitable<void> {
        auto const mine = tx.with(m.post);
        co_await mine.find_by_id(3);
        if (tx.attempt() < 3) {
            auto change = doc("$inc", doc("n", 1));
            co_await m.post.update(doc("_id", 3), std::move(change));
        }
        auto change = doc("$set", doc("n", n)); // not what it is already: that would be no conflict
        co_await mine.update(doc("_id", 3), std::move(change));
    });
}

TEST_P(cancellation, of_a_transaction_between_its_attempts_is_said_as_within_them) {
    auto const m = run(define(db_));
    run(fill(db_, m));
    auto const transactions = open_transactions();
    int steps = 0;
    cancelled_case const again{"again", [&](models all) { return lose_twice(db_, all, 1000 * (steps + 1)); }, {}};
    std::optional<error> failed;
    while (!cancelled_after(again, m, steps, failed)) {
        ASSERT_LT(++steps, 200);
        EXPECT_TRUE(soon([&] { return open_transactions() <= transactions; }, patience));
    }
    EXPECT_GE(steps, 10);
    auto const found = run(m.post.find_by_id(3));
    EXPECT_EQ(found->at("n").as_int64(), 1000 * (steps + 1));
}

TEST_P(cancellation, of_a_cursor_leaves_nothing_behind) {
    auto const m = run(define(db_));
    run(fill(db_, m));
    auto const cursors = open_cursors();
    auto const read = [](std::shared_ptr<store> s) -> asio::awaitable<void> {
        find_op op;
        op.collection = "post";
        op.batch_size = 2;
        auto c = co_await s->async_run(std::move(op), call_options(), asio::use_awaitable);
        while (!(co_await c.async_next(asio::use_awaitable)).empty()) {
        }
    };
    cancelled_case const c{"cursor", [&](models) { return read(db_.store()); }, {}, false};
    int steps = 0;
    std::optional<error> failed;
    while (!cancelled_after(c, m, steps, failed)) {
        ASSERT_LT(++steps, 200);
        EXPECT_EQ(run(m.post.count()), 7);
    }
    EXPECT_GE(steps, 4);
    EXPECT_TRUE(soon([&] { return open_cursors() <= cursors; }, patience))
        << open_cursors() << " cursors are open, before there were " << cursors;
}

TEST_P(cancellation, leaves_no_session_behind) {
    if (GetParam() == plane::memory)
        GTEST_SKIP() << "it has none";
    auto const m = run(define(db_));
    run(fill(db_, m));
    auto const before = open_sessions();
    constexpr int rounds = 20;
    for (int i = 0; i < rounds; ++i) {
        std::optional<error> failed;
        cancelled_after(cases().front(), m, 6 + i % 3, failed);
        EXPECT_EQ(run(m.post.count()), 7);
    }
    // Those of the connections that are open at the moment; 20 would be a leak.
    EXPECT_TRUE(soon([&] { return open_sessions() <= before + 4; }, patience))
        << before << " sessions before, " << open_sessions() << " after";
}

std::string plane_name(::testing::TestParamInfo<plane> const& info) {
    constexpr std::string_view names[] = {"memory", "fast_lane", "driver_thread"};
    return std::string(names[static_cast<std::size_t>(info.param)]);
}

INSTANTIATE_TEST_SUITE_P(
    stores, cancellation, ::testing::Values(plane::memory, plane::fast_lane, plane::driver_thread), plane_name);

} // namespace
} // namespace cormorant::testing
