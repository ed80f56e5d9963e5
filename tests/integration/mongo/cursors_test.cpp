// Answers in batches, and many operations at once.

#include "fixture.hpp"

#include <boost/asio/bind_executor.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/thread_pool.hpp>

#include <atomic>
#include <thread>

namespace cormorant::testing {
namespace {

using mongo_cursors = mongo_test;

std::int64_t get_more_count(document const& status) {
    return status.at("metrics").as_document().at("commands").as_document().at("getMore").as_document().at("total").as_int64();
}

TEST_F(mongo_cursors, a_large_answer_comes_in_batches_of_the_size_asked_for) {
    fill("c", 1000, 100);
    auto op = find_in("c");
    op.batch_size = 300;
    auto const statistics = std::make_shared<call_statistics>();
    call_options options;
    options.statistics = statistics;
    auto c = run_op(op, options);
    std::vector<std::size_t> sizes;
    for (;;) {
        auto const b = run(c.async_next(asio::use_awaitable));
        if (b.empty())
            break;
        EXPECT_TRUE(b.is_raw());
        sizes.push_back(b.size());
    }
    EXPECT_EQ(sizes, (std::vector<std::size_t>{300, 300, 300, 100}));
    EXPECT_EQ(statistics->round_trips, 4);
    EXPECT_EQ(statistics->documents, 1000);
    EXPECT_EQ(statistics->attempts, 4);
    EXPECT_GT(statistics->served.count(), 0);
    EXPECT_TRUE(run(c.async_next(asio::use_awaitable)).empty()) << "the end stays the end";
}

TEST_F(mongo_cursors, the_next_batch_is_asked_for_only_on_demand) {
    fill("c", 100);
    auto op = find_in("c");
    op.batch_size = 10;
    auto const before = get_more_count(server_status());
    auto c = run_op(op);
    run(c.async_next(asio::use_awaitable));
    EXPECT_EQ(get_more_count(server_status()), before);
    run(c.async_next(asio::use_awaitable));
    EXPECT_EQ(get_more_count(server_status()), before + 1);
}

TEST_F(mongo_cursors, documents_of_many_megabytes_arrive_whole) {
    fill("c", 6, 5 * 1024 * 1024);
    auto const found = find_all(find_in("c"));
    ASSERT_EQ(found.size(), 6U);
    for (auto const& d : found)
        EXPECT_EQ(d.at("text").as_string().size(), 5U * 1024 * 1024);
}

TEST_F(mongo_cursors, a_cursor_that_is_left_early_is_killed_and_its_client_is_free_again) {
    fill("c", 1000);
    auto const small = make_store(mongo_options().max_pool_size(1));
    for (int i = 0; i < 5; ++i) {
        auto op = find_in("c");
        op.batch_size = 2;
        auto c = run_on(*small, op);
        EXPECT_EQ(run(c.async_next(asio::use_awaitable)).size(), 2U);
        // Destroyed here: the next find needs the only client.
    }
    count_op count;
    count.collection = "c";
    EXPECT_EQ(run_on(*small, count), 1000);
    command_op current;
    current.database = "admin";
    current.command = doc("aggregate", 1, "pipeline",
        arr(doc("$currentOp", doc("idleCursors", true)), doc("$match", doc("type", "idleCursor", "ns", database_ + ".c"))),
        "cursor", document());
    while (!run_op(current).at("cursor").as_document().at("firstBatch").as_array().empty()) { // it is told a moment later
    }
}

TEST_F(mongo_cursors, an_open_cursor_keeps_its_client_and_others_time_out) {
    if (fast_lane_is_on())
        GTEST_SKIP() << "the fast lane keeps only the session";
    fill("c", 10);
    auto const small = make_store(mongo_options().max_pool_size(1).wait_queue_timeout(std::chrono::milliseconds(50)));
    auto op = find_in("c");
    op.batch_size = 2;
    auto c = run_on(*small, op);
    auto const e = failure_on(*small, find_in("c"));
    EXPECT_EQ(e.code(), errc::pool_timeout);
    EXPECT_EQ(e.details().slow_phase, phase::queue);
    c.close();
    EXPECT_EQ(run(drain(run_on(*small, find_in("c")))).size(), 10U);
}

TEST_F(mongo_cursors, open_cursors_take_no_connection_of_the_fast_lane) {
    if (!fast_lane_is_on())
        GTEST_SKIP() << "libmongoc's cursors keep their client";
    fill("c", 10);
    auto const small = make_store(mongo_options().max_pool_size(1).wait_queue_timeout(std::chrono::milliseconds(500)));
    auto op = find_in("c");
    op.batch_size = 2;
    std::vector<cursor> open;
    for (int i = 0; i < 20; ++i)
        open.push_back(run_on(*small, op));
    for (auto& c : open)
        EXPECT_EQ(run(drain(std::move(c))).size(), 10U);
}

TEST_F(mongo_cursors, a_cursor_that_the_server_forgot_is_an_error_and_then_over) {
    fill("c", 10);
    auto op = find_in("c");
    op.batch_size = 2;
    auto c = run_op(op);
    run(c.async_next(asio::use_awaitable));
    drop_collection_op drop;
    drop.collection = "c";
    run_op(drop);
    try {
        run(c.async_next(asio::use_awaitable));
        FAIL() << "the cursor was killed by the drop";
    } catch (error const& e) {
        EXPECT_TRUE(e.code() == errc::cursor_not_found || e.code() == errc::server) << e.what();
    }
    EXPECT_TRUE(run(c.async_next(asio::use_awaitable)).empty());
}

asio::awaitable<void> find_one(std::shared_ptr<store> s, int id, std::atomic<int>& found) {
    auto op = find_in("c", doc("_id", id));
    auto c = co_await s->async_run(op, call_options(), asio::use_awaitable);
    auto docs = co_await drain(std::move(c));
    if (docs.size() == 1 && docs[0].at("_id") == value(id))
        ++found;
}

TEST_F(mongo_cursors, many_operations_share_a_pool_of_fewer_clients) {
    fill("c", 64);
    auto const before = server_status().at("connections").as_document().at("current").as_int64();
    std::atomic<int> found = 0;
    asio::io_context loop;
    for (int round = 0; round < 4; ++round)
        for (int i = 0; i < 64; ++i)
            asio::co_spawn(loop, find_one(store_, i, found), asio::detached);
    loop.run();
    EXPECT_EQ(found, 256);
    auto const after = server_status().at("connections").as_document().at("current").as_int64();
    EXPECT_LE(after - before, 16);
}

TEST_F(mongo_cursors, completions_come_through_the_executor_of_the_handler) {
    fill("c", 64);
    std::atomic<int> found = 0;
    asio::thread_pool threads(3);
    for (int i = 0; i < 64; ++i)
        asio::co_spawn(asio::make_strand(threads), find_one(store_, i, found), asio::detached);
    asio::io_context loop;
    for (int i = 0; i < 64; ++i)
        asio::co_spawn(loop, find_one(store_, i, found), asio::detached);
    std::thread second([&] { loop.run(); });
    loop.run();
    second.join();
    threads.join();
    EXPECT_EQ(found, 128);
}

TEST_F(mongo_cursors, a_completion_is_never_called_from_within_the_call_and_runs_where_it_belongs) {
    fill("c", 1);
    asio::io_context loop;
    bool called = false;
    std::thread::id where;
    store_->async_run(find_in("c"), call_options(), asio::bind_executor(loop, [&](std::exception_ptr e, cursor) {
        EXPECT_FALSE(e);
        called = true;
        where = std::this_thread::get_id();
    }));
    store_->async_run(
        find_in(""), call_options(), asio::bind_executor(loop, [&](std::exception_ptr e, cursor) { EXPECT_TRUE(e); }));
    EXPECT_FALSE(called);
    loop.run();
    EXPECT_TRUE(called);
    EXPECT_EQ(where, std::this_thread::get_id());
}

} // namespace
} // namespace cormorant::testing
