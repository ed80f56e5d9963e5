// Many clients at once on each store, and a check of all that they saw. CORMORANT_HISTORY_ROUNDS makes it longer.

#include "../../integration/model/fixture.hpp"
#include "history.hpp"

#include <cormorant/model/transaction.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/thread_pool.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <mutex>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace cormorant::testing {
namespace {

namespace asio = boost::asio;
using asio::awaitable;
using result = history_event::result;

constexpr std::int32_t keys = 6;
constexpr std::int64_t money = 100;

int rounds() {
    char const* const text = std::getenv("CORMORANT_HISTORY_ROUNDS");
    return text == nullptr ? 12 : std::atoi(text);
}

model_definition key_definition() {
    return model_definition("key")
        .field("_id", integer())
        .field("version", integer())
        .field("by", string())
        .field("balance", integer());
}

observation seen(document const& d) {
    observation o;
    o.key = d.at("_id").as_int32();
    o.version = d.at("version").as_int64();
    o.by = d.at("by").as_string();
    return o;
}

observation written(std::int32_t key, std::int64_t version, std::string by) {
    observation o;
    o.key = key;
    o.version = version;
    o.by = std::move(by);
    return o;
}

awaitable<void> fill(model m) {
    documents all;
    for (std::int32_t i = 0; i < keys; ++i)
        all.push_back(doc("_id", i, "version", 0, "by", "nobody", "balance", money));
    co_await m.insert(std::move(all));
}

/// What the clients share, and the number of one.
struct client {
    history& seen_by_all;
    connection db;
    model all;
    int number;
    std::minstd_rand chance;

    std::int32_t any_key() { return static_cast<std::int32_t>(chance() % keys); }
    history_event begin(int round, std::string_view what) {
        history_event e;
        e.name = fmt::format("{}-{}-{}", what, number, round);
        e.begun = seen_by_all.now();
        return e;
    }
    void end(history_event e) {
        e.ended = seen_by_all.now();
        seen_by_all.add(std::move(e));
    }
};

/// Counts with find_and_modify.
awaitable<void> count_up(client& c, int round) {
    auto e = c.begin(round, "count");
    auto delta = doc("$inc", doc("version", 1), "$set", doc("by", e.name));
    auto const key = c.any_key();
    auto const after = co_await c.all.find_and_update(doc("_id", key), std::move(delta));
    e.writes.push_back(seen(after.value()));
    e.outcome = result::committed;
    c.end(std::move(e));
}

/// Reads, then writes if the version is still the one that it read.
awaitable<void> write_if_unchanged(client& c, int round) {
    auto e = c.begin(round, "versioned");
    auto const key = c.any_key();
    auto const before = seen((co_await c.all.find_by_id(key)).value());
    auto delta = doc("$set", doc("version", before.version + 1, "by", e.name));
    auto const done = co_await c.all.update(doc("_id", key, "version", before.version), std::move(delta));
    e.reads.push_back(before);
    if (done.modified_count == 1) {
        e.writes.push_back(written(key, before.version + 1, e.name));
        e.outcome = result::committed;
    }
    c.end(std::move(e));
}

struct changed_its_mind {};

/// Moves money from one key to another in a transaction. Sometimes it thinks better of it when both are written.
awaitable<void> transfer(client& c, int round) {
    auto e = c.begin(round, "transfer");
    auto const from = c.any_key();
    auto const to = (from + 1 + static_cast<std::int32_t>(c.chance() % (keys - 1))) % keys;
    bool const fails = c.chance() % 8 == 0;
    try {
        co_await c.db.transaction([&](transaction& tx) -> awaitable<void> {
            auto& event = tx.keep(e);
            auto const mine = tx.with(c.all);
            auto const name = fmt::format("{}/{}", event.name, tx.attempt());
            for (auto const& [key, amount] : {std::pair(from, -1), std::pair(to, 1)}) {
                auto const d = (co_await mine.find_by_id(key)).value();
                auto const before = seen(d);
                event.reads.push_back(before);
                auto delta =
                    doc("$set", doc("version", before.version + 1, "by", name, "balance", d.at("balance").as_int64() + amount));
                co_await mine.update(doc("_id", key), std::move(delta));
                event.writes.push_back(written(key, before.version + 1, name));
            }
            if (fails)
                throw changed_its_mind();
        });
        e.outcome = result::committed;
    } catch (changed_its_mind const&) {
        e.outcome = result::aborted;
    }
    c.end(std::move(e));
}

/// Reads all keys one by one in a transaction, or all at once outside.
awaitable<void> look(client& c, int round) {
    auto e = c.begin(round, "look");
    std::int64_t sum = 0;
    e.snapshot = c.chance() % 2 == 0;
    if (e.snapshot) {
        co_await c.db.transaction([&](transaction& tx) -> awaitable<void> {
            auto& event = tx.keep(e);
            auto& total = tx.keep(sum);
            for (std::int32_t key = 0; key < keys; ++key) {
                auto const d = (co_await tx.with(c.all).find_by_id(key)).value();
                event.reads.push_back(seen(d));
                total += d.at("balance").as_int64();
            }
        });
        EXPECT_EQ(sum, keys * money) << e.name;
    } else {
        auto const found = co_await c.all.find();
        for (document const& d : found)
            e.reads.push_back(seen(d));
    }
    e.outcome = result::committed;
    c.end(std::move(e));
}

using step = awaitable<void> (*)(client&, int);

awaitable<void> work(history& shared, connection db, model all, int number, step what) {
    client c{shared, db, all, number, std::minstd_rand(static_cast<unsigned>(number) + 1)};
    for (int round = 0; round < rounds(); ++round)
        co_await what(c, round);
}

class Histories : public OnEachStore {};

TEST_P(Histories, hold_no_lost_update_no_dirty_read_and_no_fractured_read) {
    if (!store->capabilities().transactions)
        GTEST_SKIP() << "the store has no transactions";
    auto const all = run(db.add(key_definition()));
    run(fill(all));
    history shared;
    std::mutex mutex;
    std::vector<std::string> failures;
    {
        asio::thread_pool threads(2);
        int number = 0;
        for (int i = 0; i < 4; ++i)
            for (step const what : {count_up, write_if_unchanged, transfer, look})
                asio::co_spawn(threads, work(shared, db, all, number++, what), [&](std::exception_ptr e) {
                    try {
                        if (e)
                            std::rethrow_exception(e);
                    } catch (std::exception const& failure) {
                        std::lock_guard const lock(mutex);
                        failures.push_back(failure.what());
                    }
                });
        threads.join();
    }
    EXPECT_THAT(failures, ::testing::IsEmpty());

    history_event last;
    last.name = "the last look";
    last.outcome = result::committed;
    last.begun = shared.now();
    std::int64_t sum = 0;
    auto const found = run(all.find());
    for (document const& d : found) {
        last.reads.push_back(seen(d));
        sum += d.at("balance").as_int64();
    }
    last.ended = shared.now();
    shared.add(std::move(last));
    EXPECT_EQ(sum, keys * money);

    auto const events = shared.take();
    auto const committed =
        std::count_if(events.begin(), events.end(), [](history_event const& e) { return e.outcome == result::committed; });
    std::cout << GetParam() << ": " << events.size() << " events, " << committed << " committed\n";
    EXPECT_GT(committed, rounds());
    EXPECT_THAT(anomalies_of(events), ::testing::IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(stores, Histories, ::testing::ValuesIn(store_kinds()), store_name);

} // namespace
} // namespace cormorant::testing
