/// What is the memory store's own: the rest is in the suite that runs on all stores (tests/integration/store).

#include "coroutine.hpp"

#include <cormorant/bson/json.hpp>
#include <cormorant/memory/memory_store.hpp>

#include <boost/asio/bind_executor.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <future>

namespace cormorant {
namespace {

namespace asio = boost::asio;
using asio::awaitable;
using asio::use_awaitable;
using cormorant::testing::run;

template <class Op>
awaitable<reply_of<Op>> run_on(store& s, Op op) {
    co_return co_await s.async_run(std::move(op), call_options(), use_awaitable);
}

template <class Op>
awaitable<errc> failure_of(store& s, Op op) {
    try {
        (void)co_await s.async_run(std::move(op), call_options(), use_awaitable);
    } catch (error const& e) {
        co_return static_cast<errc>(e.code().value());
    }
    co_return errc();
}

awaitable<void> fill(store& s, int n) {
    insert_op op;
    op.collection = "c";
    for (int i = 0; i < n; ++i)
        op.docs.push_back(doc("_id", i, "a", i % 10));
    co_await run_on(s, std::move(op));
}

find_op find_all(std::int32_t batch_size) {
    find_op op;
    op.collection = "c";
    op.batch_size = batch_size;
    return op;
}

class memory_store_test : public ::testing::Test {
protected:
    std::shared_ptr<store> store_ = make_memory_store(memory_options().database("blog"));
};

TEST_F(memory_store_test, says_what_it_is) {
    EXPECT_EQ(store_->kind(), "memory");
    EXPECT_EQ(store_->database(), "blog");
    EXPECT_TRUE(store_->capabilities().views);
    EXPECT_TRUE(store_->capabilities().collation);
    EXPECT_TRUE(store_->capabilities().transactions);
}

TEST_F(memory_store_test, refuses_options_that_make_no_sense) {
    EXPECT_THROW(make_memory_store(memory_options().batch_size(0)), error);
    EXPECT_THROW(make_memory_store(memory_options().database("")), error);
}

awaitable<void> read_while_writing(store& s) {
    co_await fill(s, 5);
    cursor c = co_await run_on(s, find_all(2));
    remove_op remove;
    remove.collection = "c";
    remove.filter = doc("_id", doc("$gt", 1));
    co_await run_on(s, std::move(remove));
    update_op update;
    update.collection = "c";
    update.update = doc("$set", doc("a", "changed"));
    update.multi = true;
    co_await run_on(s, std::move(update));
    int seen = 0;
    for (;;) {
        batch b = co_await c.async_next(use_awaitable);
        if (b.empty())
            break;
        for (document const& d : std::move(b).take_documents()) {
            EXPECT_EQ(d, doc("_id", seen, "a", seen % 10));
            ++seen;
        }
    }
    EXPECT_EQ(seen, 5);
}

TEST_F(memory_store_test, a_cursor_sees_the_moment_it_was_opened) {
    run(read_while_writing(*store_));
}

awaitable<void> read_what_is_at_hand(store& s) {
    co_await fill(s, 3);
    cursor c = co_await run_on(s, find_all(2));
    auto const first = c.ready();
    EXPECT_TRUE(first && first->size() == 2);
    EXPECT_FALSE(c.ready()) << "the next batch has to be asked for";
    batch const last = co_await c.async_next(use_awaitable);
    EXPECT_EQ(last.size(), 1u);
    auto const end = c.ready();
    EXPECT_TRUE(end && end->empty());
}

TEST_F(memory_store_test, a_cursor_has_its_first_batch_and_its_end_at_hand) {
    run(read_what_is_at_hand(*store_));
}

awaitable<void> read_from_outliving_cursor(std::shared_ptr<store> s) {
    co_await fill(*s, 3);
    cursor c = co_await run_on(*s, find_all(2));
    s.reset();
    batch b = co_await c.async_next(use_awaitable);
    EXPECT_EQ(b.size(), 2u);
    b = co_await c.async_next(use_awaitable);
    EXPECT_EQ(b.size(), 1u);
}

TEST_F(memory_store_test, a_cursor_keeps_its_data_alive) {
    run(read_from_outliving_cursor(std::move(store_)));
}

awaitable<document> explain(store& s, std::string_view find) {
    command_op op;
    op.command = doc("explain", parse_json_document(find), "verbosity", "executionStats");
    co_return co_await run_on(s, std::move(op));
}

awaitable<void> expect_plan(
    store& s, std::string_view find, std::string_view plan, std::int64_t examined, std::int64_t returned) {
    document const answer = co_await explain(s, find);
    EXPECT_EQ(to_json(answer.at("queryPlanner").as_document().at("winningPlan")), plan) << find;
    EXPECT_EQ(answer.at("executionStats").as_document().at("totalDocsExamined"), value(examined)) << find;
    EXPECT_EQ(answer.at("executionStats").as_document().at("nReturned"), value(returned)) << find;
}

awaitable<void> explain_some(store& s) {
    co_await fill(s, 1000);
    create_indexes_op indexes;
    indexes.collection = "c";
    indexes.indexes.resize(1);
    indexes.indexes[0].keys = doc("a", 1);
    co_await run_on(s, std::move(indexes));
    co_await expect_plan(s, R"({"find": "c", "filter": {"b": 1}})", R"({"stage":"COLLSCAN","direction":"forward"})", 1000, 0);
    co_await expect_plan(s, R"({"find": "c", "filter": {"_id": 7}})", R"({"stage":"IDHACK","direction":"forward"})", 1, 1);
    co_await expect_plan(s, R"({"find": "c", "filter": {"a": 7}})",
        R"({"stage":"IXSCAN","indexName":"a_1","keyPattern":{"a":1},"direction":"forward"})", 100, 100);
    co_await expect_plan(s, R"({"find": "c", "filter": {"a": {"$lt": 2}}, "limit": 5})",
        R"({"stage":"IXSCAN","indexName":"a_1","keyPattern":{"a":1},"direction":"forward"})", 5, 5);
    co_await expect_plan(s, R"({"find": "c", "filter": {}, "sort": {"_id": -1}, "limit": 3})",
        R"({"stage":"IXSCAN","indexName":"_id_","keyPattern":{"_id":1},"direction":"backward"})", 3, 3);
    co_await expect_plan(s, R"({"find": "c", "filter": {"a": 7}, "sort": {"b": 1}})",
        R"({"stage":"SORT","sortPattern":{"b":1},"inputStage":{"stage":"IXSCAN","indexName":"a_1","keyPattern":{"a":1},"direction":"forward"}})",
        100, 100);
    co_await expect_plan(s, R"({"count": "c", "query": {"a": 7}})",
        R"({"stage":"IXSCAN","indexName":"a_1","keyPattern":{"a":1},"direction":"forward"})", 100, 100);
}

TEST_F(memory_store_test, explains_what_it_looks_at) {
    run(explain_some(*store_));
}

awaitable<void> ask_for_more_than_there_is(store& s) {
    command_op command;
    command.command = doc("serverStatus", 1);
    EXPECT_EQ(co_await failure_of(s, std::move(command)), errc::unsupported);
    find_op find = find_all(0);
    find.extra = doc("returnKey", true);
    EXPECT_EQ(co_await failure_of(s, std::move(find)), errc::unsupported);
    create_indexes_op indexes;
    indexes.collection = "c";
    indexes.indexes.resize(1);
    indexes.indexes[0].keys = doc("a", "hashed");
    EXPECT_EQ(co_await failure_of(s, std::move(indexes)), errc::unsupported);
    create_collection_op create;
    create.collection = "c";
    create.options = doc("capped", true, "size", 1000);
    EXPECT_EQ(co_await failure_of(s, std::move(create)), errc::unsupported);
    aggregate_op elsewhere;
    elsewhere.collection = "c";
    elsewhere.pipeline = arr(doc("$out", doc("db", "elsewhere", "coll", "c")));
    EXPECT_EQ(co_await failure_of(s, std::move(elsewhere)), errc::unsupported);
}

TEST_F(memory_store_test, what_it_lacks_is_unsupported) {
    run(ask_for_more_than_there_is(*store_));
}

awaitable<void> use_after_close(store& s) {
    co_await fill(s, 3);
    cursor c = co_await run_on(s, find_all(1));
    co_await s.async_close(use_awaitable);
    EXPECT_EQ(co_await failure_of(s, find_all(0)), errc::not_connected);
    bool refused = false;
    try {
        (void)co_await c.async_next(use_awaitable);
    } catch (error const& e) {
        refused = e.code() == errc::not_connected;
    }
    EXPECT_TRUE(refused);
    co_await s.async_close(use_awaitable);
}

TEST_F(memory_store_test, a_closed_store_is_not_connected) {
    run(use_after_close(*store_));
}

TEST_F(memory_store_test, closing_cancels_what_waits_for_its_turn) {
    asio::io_context loop;
    std::exception_ptr failure;
    store_->async_run(
        find_all(0), call_options(), asio::bind_executor(loop, [&](std::exception_ptr e, cursor const&) { failure = e; }));
    store_->async_close(asio::bind_executor(loop, [](std::exception_ptr) {}));
    loop.run();
    ASSERT_TRUE(failure);
    try {
        std::rethrow_exception(failure);
    } catch (error const& e) {
        EXPECT_EQ(e.code(), errc::cancelled);
        EXPECT_EQ(e.details().what_happened, outcome::not_sent);
    }
}

/// An executor that Asio does not know: it runs in place what is sent to it.
struct foreign_executor {
    asio::thread_pool::executor_type inner;
    template <class F>
    void execute(F&& f) const {
        inner.execute(std::forward<F>(f));
    }
    asio::execution_context& query(asio::execution::context_t) const noexcept {
        return asio::query(inner, asio::execution::context);
    }
    static constexpr asio::execution::blocking_t query(asio::execution::blocking_t) noexcept {
        return asio::execution::blocking.possibly;
    }
    friend bool operator==(foreign_executor const&, foreign_executor const&) noexcept = default;
};

TEST_F(memory_store_test, completes_on_executors_of_all_kinds) {
    // Never destroyed: a thread of the system executor brings the completion here, and nothing tells when it is on its way out.
    static auto& pool = *new asio::thread_pool(1);
    foreign_executor const executor{pool.get_executor()};
    std::promise<bool> on_pool;
    executor.execute([&] {
        count_op op;
        op.collection = "c";
        store_->async_run(std::move(op), call_options(), asio::bind_executor(executor, [&](std::exception_ptr, std::int64_t) {
            on_pool.set_value(executor.inner.running_in_this_thread());
        }));
    });
    EXPECT_TRUE(on_pool.get_future().get());
}

/// Each thread increments one counter in a document of all and inserts documents of its own.
awaitable<void> work_hard(store& s, int thread, int rounds) {
    for (int i = 0; i < rounds; ++i) {
        update_op update;
        update.collection = "c";
        update.filter = doc("_id", "counter");
        update.update = doc("$inc", doc("n", 1));
        update.upsert = true;
        co_await run_on(s, std::move(update));
        insert_op insert;
        insert.collection = "c";
        insert.docs.push_back(doc("thread", thread, "i", i, "tags", arr(i % 3, i % 5)));
        co_await run_on(s, std::move(insert));
        find_op find;
        find.collection = "c";
        find.filter = doc("tags", i % 5);
        find.sort = doc("i", -1);
        find.limit = 20;
        find.batch_size = 7;
        cursor c = co_await run_on(s, std::move(find));
        for (;;) {
            batch const b = co_await c.async_next(use_awaitable);
            if (b.empty())
                break;
        }
        if (i % 10 == 3) {
            create_indexes_op indexes;
            indexes.collection = "c";
            indexes.indexes.resize(1);
            indexes.indexes[0].keys = doc("tags", 1);
            co_await run_on(s, std::move(indexes));
        }
        if (i % 10 == 8) {
            aggregate_op aggregate;
            aggregate.collection = "c";
            aggregate.pipeline = arr(doc("$match", doc("thread", thread)),
                doc("$lookup", doc("from", "c", "localField", "i", "foreignField", "thread", "as", "x")), doc("$count", "n"));
            (void)co_await run_on(s, std::move(aggregate));
        }
    }
}

awaitable<std::optional<document>> counter(store& s) {
    find_and_modify_op op;
    op.collection = "c";
    op.filter = doc("_id", "counter");
    op.remove = true;
    co_return co_await run_on(s, std::move(op));
}

TEST_F(memory_store_test, is_safe_from_many_threads) {
    constexpr int threads = 4;
    constexpr int rounds = 50;
    asio::thread_pool pool(threads);
    std::vector<std::future<void>> all;
    for (int i = 0; i < threads; ++i)
        all.push_back(asio::co_spawn(pool, work_hard(*store_, i, rounds), asio::use_future));
    for (auto& one : all)
        one.get();
    auto const n = run(counter(*store_));
    ASSERT_TRUE(n);
    EXPECT_EQ(n->at("n"), value(threads * rounds));
}

awaitable<void> replace_again_and_again(store& s, std::atomic<bool>& done) {
    for (int i = 0; i != 40; ++i) {
        aggregate_op op;
        op.collection = "c";
        op.pipeline = arr(doc("$limit", i % 2 == 0 ? 30 : 60), doc("$out", "replaced"));
        co_await run_on(s, std::move(op));
    }
    done = true;
}

awaitable<void> look_at_the_replaced(store& s, std::atomic<bool> const& done) {
    while (!done) {
        count_op all;
        all.collection = "replaced";
        auto const n = co_await run_on(s, std::move(all));
        EXPECT_TRUE(n == 0 || n == 30 || n == 60) << n;
    }
}

TEST_F(memory_store_test, out_replaces_in_one_step_for_those_who_read) {
    run(fill(*store_, 60));
    std::atomic<bool> done = false;
    asio::thread_pool pool(2);
    auto writes = asio::co_spawn(pool, replace_again_and_again(*store_, done), asio::use_future);
    auto reads = asio::co_spawn(pool, look_at_the_replaced(*store_, done), asio::use_future);
    writes.get();
    reads.get();
}

awaitable<error> failed_merge(store& s) {
    try {
        aggregate_op op;
        op.collection = "c";
        op.pipeline = arr(doc("$merge", doc("into", "merged", "whenMatched", "fail")));
        co_await run_on(s, std::move(op));
    } catch (error const& e) {
        co_return e;
    }
    co_return error(errc::invalid_argument, "was not refused");
}

awaitable<void> merge_what_is_there_in_part(store& s) {
    co_await fill(s, 5);
    insert_op there;
    there.collection = "merged";
    there.docs.push_back(doc("_id", 3));
    co_await run_on(s, std::move(there));
    error const e = co_await failed_merge(s);
    EXPECT_EQ(e.code(), errc::duplicate_key);
    EXPECT_EQ(e.details().written, 4);
    EXPECT_EQ(e.details().what_happened, outcome::applied);
    EXPECT_TRUE(e.details().is_write);
}

TEST_F(memory_store_test, a_failed_merge_tells_what_it_wrote) {
    run(merge_what_is_there_in_part(*store_));
}

} // namespace
} // namespace cormorant
