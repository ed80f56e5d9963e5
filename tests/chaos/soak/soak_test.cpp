// Full load for a long time: memory and descriptors stay as they are, and so do the server's cursors.
//
// CORMORANT_SOAK_SECONDS: how long (default 5; the long form is 300).

#include "coroutine.hpp"
#include "descriptors.hpp"
#include "mongod.hpp"
#include "sanitizers.hpp"

#include <cormorant/cormorant.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <vector>

namespace cormorant::testing {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using clock = std::chrono::steady_clock;

constexpr int workers = 32;

asio::awaitable<void> define(connection db) {
    co_await db.add(model_definition("author").field("name", string()));
    auto post = co_await db.add(model_definition("post")
                                    .field("title", string().required())
                                    .field("worker", integer())
                                    .field("n", integer())
                                    .relation(single("author")));
    auto ann = co_await db.model("author").insert(doc("name", "Ann"));
    documents some;
    for (int i = 0; i < 200; ++i)
        some.push_back(doc("title", "kept", "worker", -1, "n", i, "author_id", ann.at("_id")));
    co_await post.insert(std::move(some));
}

/// All operations, one after the other; it leaves as many documents as it found. Some are late or cancelled by their deadline.
asio::awaitable<void> work(connection db, int worker, bool const& stop, long& operations, long& late) {
    auto const post = db.model("post");
    for (int n = 0; !stop; ++n) {
        auto const mine = doc("worker", worker, "n", n);
        try {
            co_await post.insert(doc("title", "mine", "worker", worker, "n", n));
            co_await post.update(mine, doc("$set", doc("title", "changed")));
            co_await post.find_one(mine);
            co_await post.find(doc("worker", -1), find_options().hooks("afterFind_author").limit(20).batch_size(10));
            co_await post.count(doc("worker", worker));
            operations += 5;
        } catch (error const& e) {
            ADD_FAILURE() << e.what();
        }
        try {
            co_await post.find(
                doc("worker", -1), find_options().batch_size(10).timeout(std::chrono::microseconds(300 + 100 * (n % 30))));
            ++operations;
        } catch (error const& e) {
            EXPECT_TRUE(e.code() == condition::timeout) << e.what();
            ++late;
        }
        co_await post.remove(mine);
        ++operations;
    }
}

struct sample {
    long memory;
    int descriptors;
};

/// Takes a sample after each step until the time is over, then tells the workers to stop.
asio::awaitable<void> watch(clock::time_point end, std::chrono::milliseconds step, std::vector<sample>& samples, bool& stop) {
    asio::steady_timer timer(co_await asio::this_coro::executor);
    while (clock::now() < end) {
        timer.expires_after(step);
        co_await timer.async_wait(asio::use_awaitable);
        samples.push_back(sample{resident_kib(), open_descriptors()});
    }
    stop = true;
}

void soak(connection db, std::chrono::seconds time) {
    run(define(db));
    bool stop = false;
    long operations = 0;
    long late = 0;
    std::vector<sample> samples;
    auto const begin = clock::now();
    asio::io_context loop(1);
    auto const rethrow = [](std::exception_ptr e) {
        if (e)
            std::rethrow_exception(e);
    };
    for (int i = 0; i < workers; ++i)
        asio::co_spawn(loop, work(db, i, stop, operations, late), rethrow);
    asio::co_spawn(loop, watch(begin + time, std::max<std::chrono::milliseconds>(250ms, time / 20), samples, stop), rethrow);
    loop.run();
    auto const seconds = std::chrono::duration<double>(clock::now() - begin).count();
    // The first quarter is for caches to fill.
    auto const settled = samples.size() / 4;
    auto const by_memory = [](sample const& a, sample const& b) { return a.memory < b.memory; };
    auto const [least, most] =
        std::minmax_element(samples.begin() + static_cast<std::ptrdiff_t>(settled), samples.end(), by_memory);
    int descriptors = 0;
    for (auto const& s : samples)
        descriptors = std::max(descriptors, s.descriptors);
    fmt::print("{}: {:.0f} s, {} operations ({:.0f} each second), {} late; memory {} KiB at first, {} KiB settled, {} to {} KiB "
               "since then, {} "
               "KiB in the end; at most {} descriptors, {} in the end\n",
        db.store()->kind(), seconds, operations, static_cast<double>(operations) / seconds, late, samples.front().memory,
        samples[settled].memory, least->memory, most->memory, samples.back().memory, descriptors, samples.back().descriptors);
    // A leak of a hundred bytes for each operation would be more.
    auto const allowed = samples[settled].memory / 10 + 4096;
    if (!with_address_sanitizer) { // which keeps what was given back
        EXPECT_LE(samples.back().memory, samples[settled].memory + allowed);
    }
    EXPECT_LE(samples.back().descriptors, samples[settled].descriptors + 8);
    EXPECT_EQ(run(db.model("post").count()), 200);
}

std::chrono::seconds soak_time() {
    char const* const given = std::getenv("CORMORANT_SOAK_SECONDS");
    return std::chrono::seconds(given == nullptr ? 5 : std::atoi(given));
}

TEST(soak, of_the_server_leaves_memory_and_descriptors_as_they_are) {
    auto const direct = make_mongo_store(test_dsn(test_database("soak")));
    auto const status = [&] {
        command_op op;
        op.database = "admin";
        op.command = doc("serverStatus", 1);
        return run(direct->async_run(std::move(op), call_options(), asio::use_awaitable));
    };
    auto const cursors = [&] {
        return status().at("metrics").as_document().at("cursor").as_document().at("open").as_document().at("total").as_int64();
    };
    auto const before = cursors();
    int const descriptors = open_descriptors();
    {
        connection const db(make_mongo_store(test_dsn(test_database("soak"))));
        soak(db, soak_time());
        run(db.model("post").count());
        EXPECT_TRUE(soon([&] { return cursors() <= before; }, 100s))
            << cursors() << " cursors are open, before there were " << before;
        run(db.close());
    }
    EXPECT_TRUE(soon([&] { return open_descriptors() <= descriptors; }, 5s));
    run(direct->async_run(drop_database_op(), call_options(), asio::use_awaitable));
}

TEST(soak, of_the_memory_store_leaves_memory_as_it_is) {
    soak(connection(make_memory_store()), soak_time() / 5 + 1s);
}

} // namespace
} // namespace cormorant::testing
