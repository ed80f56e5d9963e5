// A replica set loses its primary again and again, by `kill -9` and by stepping down, under 64 writers with majority write
// concern, and transactions among them: no write that was acknowledged is lost, none is applied twice, every failure says what is
// true, and a transaction is there as a whole or not at all.
//
// CORMORANT_FAILOVER_ROUNDS: how often (default 2; the long form is 10).

#include "coroutine.hpp"
#include "descriptors.hpp"
#include "replica_set.hpp"

#include <cormorant/cormorant.hpp>
#include <cormorant/mongo/mongo_store.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <map>
#include <set>
#include <thread>
#include <vector>

namespace cormorant::testing {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using clock = std::chrono::steady_clock;

constexpr int writers = 64;
constexpr int transactors = 16;

/// What one writer was told.
struct account {
    std::set<std::int64_t> acknowledged;
    std::set<std::int64_t> not_sent;
    std::int64_t in_doubt = 0;
    /// Of its counter.
    std::int64_t counted = 0;
    std::int64_t counts_in_doubt = 0;
    std::map<std::string, int> errors;
    /// The longest time without a success.
    clock::duration gap{0};
    clock::time_point last = clock::now();
};

call_options majority() {
    call_options options;
    options.write_concern = doc("w", "majority");
    options.deadline = clock::now() + 25s;
    return options;
}

void note_error(account& a, error const& e) {
    ++a.errors[fmt::format("{} {}", to_string(static_cast<errc>(e.code().value())), to_string(e.details().what_happened))];
}

asio::awaitable<void> write(
    std::shared_ptr<store> s, int writer, account& a, std::atomic<bool> const& stop, std::atomic<int>& successes) {
    auto const succeed = [&] {
        auto const now = clock::now();
        a.gap = std::max(a.gap, now - a.last);
        a.last = now;
        ++successes;
    };
    for (std::int64_t n = 0; !stop; ++n) {
        std::int64_t const id = writer * 1'000'000 + n;
        insert_op insert;
        insert.collection = "log";
        insert.docs.push_back(doc("_id", id));
        try {
            co_await s->async_run(std::move(insert), majority(), asio::use_awaitable);
            a.acknowledged.insert(id);
            succeed();
        } catch (error const& e) {
            note_error(a, e);
            if (e.details().what_happened == outcome::not_sent)
                a.not_sent.insert(id);
            else
                ++a.in_doubt;
        }
        update_op count;
        count.collection = "counters";
        count.filter = doc("_id", writer);
        count.update = doc("$inc", doc("n", 1));
        try {
            co_await s->async_run(std::move(count), majority(), asio::use_awaitable);
            ++a.counted;
            succeed();
        } catch (error const& e) {
            note_error(a, e);
            if (e.details().what_happened != outcome::not_sent)
                ++a.counts_in_doubt;
        }
    }
}

/// What one of those was told that write in transactions.
struct transfers {
    std::set<std::int64_t> committed;
    std::set<std::int64_t> in_doubt;
    std::set<std::int64_t> failed;
    std::int64_t attempts = 0;
    std::map<std::string, int> errors;
};

struct collections {
    connection db;
    model left;
    model right;
    model ledger;
};

// A document in each of two collections, and one more in an account of one's own.
asio::awaitable<void> transact(collections c, int who, transfers& t, std::atomic<bool> const& stop) {
    for (std::int64_t n = 0; !stop; ++n) {
        std::int64_t const id = (who + 1) * 1'000'000 + n;
        auto const options = transaction_options().timeout(25s).write_concern(doc("w", "majority"));
        try {
            co_await c.db.transaction(
                [&](transaction& tx) -> asio::awaitable<void> {
                    ++t.attempts;
                    auto one = doc("_id", id);
                    co_await tx.with(c.left).insert(one);
                    co_await tx.with(c.right).insert(one);
                    auto more = doc("$inc", doc("n", 1));
                    co_await tx.with(c.ledger).update(doc("_id", who), std::move(more));
                },
                options);
            t.committed.insert(id);
        } catch (error const& e) {
            bool const doubt =
                e.details().operation == commit_transaction_op::name && e.details().what_happened != outcome::not_sent;
            (doubt ? t.in_doubt : t.failed).insert(id);
            ++t.errors[fmt::format(
                "{} {} {}", e.details().operation, to_string(static_cast<errc>(e.code().value())), doubt ? "in doubt" : "")];
        }
    }
}

asio::awaitable<documents> all_of(store& s, std::string collection) {
    find_op op;
    op.collection = std::move(collection);
    call_options options;
    options.read_concern = doc("level", "majority");
    auto c = co_await s.async_run(std::move(op), std::move(options), asio::use_awaitable);
    documents all;
    for (;;) {
        auto b = co_await c.async_next(asio::use_awaitable);
        if (b.empty())
            co_return all;
        std::move(b).append_to(all, storage());
    }
}

std::set<std::int64_t> ids_of(store& s, std::string collection) {
    std::set<std::int64_t> ids;
    for (auto const& d : run(all_of(s, std::move(collection))))
        ids.insert(d.at("_id").as_int64());
    return ids;
}

void check_transfers(store& s, std::vector<transfers> const& made) {
    auto const left = ids_of(s, "left");
    EXPECT_EQ(left, ids_of(s, "right")) << "half of a transaction is there";
    std::map<std::int64_t, std::int64_t> ledger;
    for (auto const& d : run(all_of(s, "ledger")))
        ledger[d.at("_id").as_int64()] = d.at("n").as_int64();

    std::size_t committed = 0;
    std::size_t in_doubt = 0;
    std::size_t failed = 0;
    std::int64_t attempts = 0;
    std::size_t lost = 0;
    std::size_t untrue = 0;
    std::map<std::string, int> errors;
    for (std::size_t i = 0; i < made.size(); ++i) {
        auto const& t = made[i];
        committed += t.committed.size();
        in_doubt += t.in_doubt.size();
        failed += t.failed.size();
        attempts += t.attempts;
        std::int64_t there = 0;
        for (auto const id : t.committed)
            lost += !left.contains(id);
        for (auto const id : t.failed)
            untrue += left.contains(id);
        for (auto const* some : {&t.committed, &t.in_doubt})
            there += std::ranges::count_if(*some, [&](std::int64_t id) { return left.contains(id); });
        EXPECT_EQ(ledger[static_cast<std::int64_t>(i)], there) << "the account of " << i << " is not that of its documents";
        for (auto const& [what, n] : t.errors)
            errors[what] += n;
    }
    fmt::print(
        "{} transactions committed in {} attempts, {} in doubt, {} failed, {} lost, {} said to have failed that are there\n",
        committed, attempts, in_doubt, failed, lost, untrue);
    for (auto const& [what, n] : errors)
        fmt::print("  {} x {}\n", n, what);
    EXPECT_GT(committed, 100U);
    EXPECT_EQ(lost, 0U);
    EXPECT_EQ(untrue, 0U);
}

TEST(failover, loses_no_acknowledged_write_and_applies_none_twice) {
    if (!replica_set::available())
        GTEST_SKIP() << "CORMORANT_MONGOD names no program (tools/with-mongod sets it)";
    char const* const given = std::getenv("CORMORANT_FAILOVER_ROUNDS");
    int const rounds = given == nullptr ? 2 : std::atoi(given);
    replica_set servers;
    auto const s = make_mongo_store(
        servers.uri("failover", "serverSelectionTimeoutMS=20000"), mongo_options().max_pool_size(writers + transactors));
    insert_op counters;
    counters.collection = "counters";
    for (int i = 0; i < writers; ++i)
        counters.docs.push_back(doc("_id", i, "n", 0));
    run(s->async_run(std::move(counters), majority(), asio::use_awaitable));

    connection const db(s);
    auto const numbered = [&](char const* name) {
        return run(db.add(model_definition(name).field("_id", integer()).field("n", integer())));
    };
    collections const all{db, numbered("left"), numbered("right"), numbered("ledger")};
    auto const durable = insert_options().write_concern(doc("w", "majority"));
    for (auto const& each : {all.left, all.right, all.ledger}) // collections are there before, as in an application
        for (int i = 0; i < transactors; ++i)
            run(each.insert(doc("_id", i, "n", 0), durable));

    std::vector<transfers> made(transactors);
    std::vector<account> accounts(writers);
    std::atomic<bool> stop = false;
    std::atomic<int> successes = 0;
    asio::io_context loop(1);
    for (int i = 0; i < writers; ++i)
        asio::co_spawn(loop, write(s, i, accounts[static_cast<std::size_t>(i)], stop, successes), [](std::exception_ptr e) {
            if (e)
                std::rethrow_exception(e);
        });
    for (int i = 0; i < transactors; ++i)
        asio::co_spawn(loop, transact(all, i, made[static_cast<std::size_t>(i)], stop), [](std::exception_ptr e) {
            if (e)
                std::rethrow_exception(e);
        });
    std::thread thread([&] { loop.run(); });

    std::vector<long> recoveries;
    for (int round = 0; round < rounds; ++round) {
        soon([&, first = successes.load()] { return successes > first + 500; }, 10s);
        bool const kill = round % 2 == 0;
        auto const primary = servers.await_primary();
        auto const begin = clock::now();
        if (kill)
            servers.kill(primary);
        else
            servers.step_down(5);
        auto const lost_at = clock::now();
        // What was answered before the end may still be on its way.
        soon([&, first = successes.load()] { return successes > first + writers; }, 60s);
        auto const recovery =
            std::chrono::duration_cast<std::chrono::milliseconds>(clock::now() - (kill ? begin : lost_at)).count();
        recoveries.push_back(static_cast<long>(recovery));
        fmt::print(stderr, "round {}: {} of member {}, writing again after {} ms\n", round + 1, kill ? "kill -9" : "step-down",
            primary, recovery);
        if (kill) {
            servers.restart(primary);
            servers.await_members(3);
        }
    }
    stop = true;
    thread.join();

    std::set<std::int64_t> found;
    for (auto const& d : run(all_of(*s, "log")))
        EXPECT_TRUE(found.insert(d.at("_id").as_int64()).second);
    std::map<std::int64_t, std::int64_t> counted;
    for (auto const& d : run(all_of(*s, "counters")))
        counted[d.at("_id").as_int64()] = d.at("n").as_int64();

    std::size_t acknowledged = 0;
    std::size_t lost = 0;
    std::size_t untrue = 0;
    std::int64_t in_doubt = 0;
    std::int64_t twice = 0;
    clock::duration gap{0};
    std::map<std::string, int> errors;
    for (int i = 0; i < writers; ++i) {
        auto const& a = accounts[static_cast<std::size_t>(i)];
        acknowledged += a.acknowledged.size() + static_cast<std::size_t>(a.counted);
        in_doubt += a.in_doubt + a.counts_in_doubt;
        for (auto const id : a.acknowledged)
            lost += !found.contains(id);
        for (auto const id : a.not_sent)
            untrue += found.contains(id);
        lost += counted[i] < a.counted ? static_cast<std::size_t>(a.counted - counted[i]) : 0;
        twice += std::max<std::int64_t>(0, counted[i] - a.counted - a.counts_in_doubt);
        gap = std::max(gap, a.gap);
        for (auto const& [what, n] : a.errors)
            errors[what] += n;
    }
    fmt::print("{} writes acknowledged, {} in doubt, {} lost, {} applied twice, {} said not to be sent that were; the longest "
               "wait {} ms\n",
        acknowledged, in_doubt, lost, twice, untrue, std::chrono::duration_cast<std::chrono::milliseconds>(gap).count());
    for (auto const& [what, n] : errors)
        fmt::print("  {} x {}\n", n, what);
    std::ranges::sort(recoveries);
    fmt::print("recovery: least {} ms, middle {} ms, most {} ms\n", recoveries.front(), recoveries[recoveries.size() / 2],
        recoveries.back());
    EXPECT_GT(acknowledged, 1000U);
    EXPECT_EQ(lost, 0U);
    EXPECT_EQ(twice, 0);
    EXPECT_EQ(untrue, 0U);
    check_transfers(*s, made);
}

} // namespace
} // namespace cormorant::testing
