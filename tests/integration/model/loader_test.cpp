#include "counting_store.hpp"
#include "fixture.hpp"

#include <cormorant/model/transaction.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/this_coro.hpp>

#include <atomic>
#include <thread>
#include <vector>

namespace cormorant {
namespace {

namespace asio = boost::asio;
using testing::run;

class Loader : public testing::OnEachStore {
protected:
    static constexpr int size = 300;

    Loader() {
        counted = std::make_shared<testing::counting_store>(store);
        db = connection(counted, connection_options().loader(true));
        items = run(db.add(model_definition("items").field("_id", integer()).field("n", number())));
        documents docs;
        for (int i = 0; i < size; ++i)
            docs.push_back(doc("_id", i, "n", 2 * i));
        run(items.insert(std::move(docs)));
        counted->take_queries();
    }

    std::shared_ptr<testing::counting_store> counted;
    model items;
};

asio::awaitable<void> check(model items, int id, int size, std::atomic<int>& right) {
    auto const found = co_await items.find_by_id(id);
    if (found.has_value() == (id < size) && (!found || found->at("n") == 2 * id))
        ++right;
}

/// Finds that follow each other, as those of a handler of requests.
asio::awaitable<void> check_some(model items, int first, int count, int size, std::atomic<int>& right) {
    for (int i = 0; i < count; ++i)
        co_await check(items, (first + i * 7) % (size + 20), size, right);
}

TEST_P(Loader, OneQueryForTheCallsOfATurn) {
    std::atomic<int> right = 0;
    asio::io_context loop;
    for (int i = 0; i < size + 5; ++i)
        asio::co_spawn(loop, check(items, i, size, right), asio::detached);
    loop.run();
    EXPECT_EQ(right, size + 5);
    EXPECT_EQ(counted->take_queries(), 1);
}

TEST_P(Loader, CallsThatWereAnsweredTogetherAskTogetherAgain) {
    std::atomic<int> right = 0;
    asio::io_context loop;
    for (int i = 0; i < 64; ++i)
        asio::co_spawn(loop, check_some(items, i * 3, 10, size, right), asio::detached);
    loop.run();
    EXPECT_EQ(right, 640);
    EXPECT_EQ(counted->take_queries(), 10);
}

TEST_P(Loader, ServesSeveralContextsThreadsAndStrands) {
    std::atomic<int> right = 0;
    std::atomic<int> calls = 0;
    asio::io_context shared;
    asio::io_context own;
    std::vector<asio::strand<asio::io_context::executor_type>> strands;
    for (int i = 0; i < 4; ++i)
        strands.push_back(asio::make_strand(shared));
    for (int i = 0; i < 64; ++i) {
        asio::any_io_executor const on = i % 4 == 0   ? asio::any_io_executor(own.get_executor())
                                         : i % 4 == 1 ? asio::any_io_executor(shared.get_executor())
                                                      : asio::any_io_executor(strands[static_cast<std::size_t>(i / 4 % 4)]);
        asio::co_spawn(on, check_some(items, i * 5, 20, size, right), asio::detached);
        calls += 20;
    }
    std::vector<std::thread> threads;
    for (int i = 0; i < 3; ++i)
        threads.emplace_back([&] { shared.run(); });
    threads.emplace_back([&] { own.run(); });
    for (std::thread& t : threads)
        t.join();
    EXPECT_EQ(right, calls);
    EXPECT_LT(counted->take_queries(), calls);
}

TEST_P(Loader, SurvivesCancellationsAmongManyThreads) {
    std::atomic<int> ended = 0;
    asio::io_context loop;
    std::vector<asio::strand<asio::io_context::executor_type>> strands;
    for (int i = 0; i < 8; ++i)
        strands.push_back(asio::make_strand(loop));
    std::vector<asio::cancellation_signal> signals(200);
    for (std::size_t i = 0; i < signals.size(); ++i) {
        auto const& strand = strands[i % strands.size()];
        auto const options = i % 3 == 0 ? find_options().timeout(std::chrono::microseconds(i * 20)) : find_options();
        asio::co_spawn(strand, items.find_by_id(static_cast<int>(i), options),
            asio::bind_cancellation_slot(signals[i].slot(), [&ended](std::exception_ptr, std::optional<document>) { ++ended; }));
        if (i % 2 == 0)
            asio::post(strand, [&signals, i] { signals[i].emit(asio::cancellation_type::terminal); });
    }
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i)
        threads.emplace_back([&] { loop.run(); });
    for (std::thread& t : threads)
        t.join();
    EXPECT_EQ(ended, 200);
}

asio::awaitable<void> make_collection_without_case(std::shared_ptr<cormorant::store> s) {
    create_collection_op op;
    op.collection = "users";
    op.options = doc("collation", doc("locale", "en", "strength", 2));
    call_options how;
    co_await s->async_run(std::move(op), std::move(how), asio::use_awaitable);
}

asio::awaitable<void> keep_found(model users, std::string id, std::atomic<int>& found) {
    found += (co_await users.find_by_id(std::move(id))).has_value();
}

TEST_P(Loader, FindsWhatTheCollationOfTheCollectionFinds) {
    if (store->kind() == "memory")
        GTEST_SKIP() << "its collections have no collation";
    run(make_collection_without_case(store));
    auto const users = run(db.add(model_definition("users").field("_id", string())));
    run(users.insert(docs(doc("_id", "Ann"), doc("_id", "Bob"))));
    std::atomic<int> found = 0;
    asio::io_context loop;
    for (auto const* id : {"ANN", "Ann", "bob", "nobody"})
        asio::co_spawn(loop, keep_found(users, id, found), asio::detached);
    loop.run();
    EXPECT_EQ(found, 3);
}

asio::awaitable<void> keep_n(model items, int id, double& n) {
    auto const found = co_await items.find_by_id(id);
    n = found->at("n").as_double();
}

// The same find of the same turn, inside of a transaction and outside.
asio::awaitable<void> find_inside_and_outside(connection db, model items, double& inside, double& outside) {
    co_await db.transaction([&](transaction& tx) -> asio::awaitable<void> {
        auto const mine = tx.with(items);
        auto change = doc("$set", doc("n", 1000));
        co_await mine.update(doc("_id", 1), std::move(change));
        auto const executor = co_await asio::this_coro::executor;
        asio::co_spawn(executor, keep_n(items, 1, outside), asio::detached);
        co_await keep_n(mine, 1, inside);
        asio::steady_timer later(executor);
        while (outside == 0) { // before the commit
            later.expires_after(std::chrono::milliseconds(1));
            co_await later.async_wait(asio::use_awaitable);
        }
    });
}

TEST_P(Loader, ATransactionSeesItsOwnViewAndNobodyElseDoes) {
    double inside = 0;
    double outside = 0;
    run(find_inside_and_outside(db, items, inside, outside));
    EXPECT_EQ(inside, 1000);
    EXPECT_EQ(outside, 2);
}

asio::awaitable<void> find_twice_at_once(connection db, model items, int& refused) {
    co_await db.transaction([&](transaction& tx) -> asio::awaitable<void> {
        auto const mine = tx.with(items);
        auto const executor = co_await asio::this_coro::executor;
        auto const count = [&refused](std::exception_ptr e, std::optional<document>) { refused += e != nullptr; };
        for (int i = 0; i < 2; ++i)
            asio::co_spawn(executor, mine.find_by_id(i), count);
        asio::steady_timer later(executor, std::chrono::milliseconds(100));
        co_await later.async_wait(asio::use_awaitable);
    });
}

TEST_P(Loader, OperationsOfATransactionAreRefusedAtTheSameTimeAllTheSame) {
    int refused = 0;
    run(find_twice_at_once(db, items, refused));
    EXPECT_EQ(refused, 1) << "as without the loader";
}

INSTANTIATE_TEST_SUITE_P(stores, Loader, ::testing::ValuesIn(testing::store_kinds()), testing::store_name);

} // namespace
} // namespace cormorant
