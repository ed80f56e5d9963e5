// Find by _id on a real server (MONGO_DSN), with 1 and with 64 operations in flight, beside libmongoc blocking in the same run.
//
// Counters: `cpu_us` is the processor time of this process for one operation; the server has its own.

#include "sample.hpp"

#include <benchmark/benchmark.h>
#include <mongoc/mongoc.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <atomic>
#include <cstdlib>
#include <ctime>
#include <exception>
#include <string>
#include <thread>
#include <vector>

namespace {

namespace orm = cormorant;

constexpr int documents = 1000;
constexpr int operations = 1920; // in one iteration; 64 and 16 divide it

std::string uri() {
    char const* const dsn = std::getenv("MONGO_DSN");
    std::string text = dsn ? dsn : "mongodb://127.0.0.1:27017/";
    auto const query = text.find('?');
    auto base = text.substr(0, query);
    auto const slash = base.find('/', base.find("://") + 3);
    base = slash == std::string::npos ? base + "/" : base.substr(0, slash + 1);
    return base + "cormorant_benchmark" + (query == std::string::npos ? "" : text.substr(query));
}

double cpu_seconds() {
    timespec t{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
}

void report(benchmark::State& state, double cpu) {
    auto const n = static_cast<double>(state.iterations()) * operations;
    state.counters["cpu_us"] = cpu / n * 1e6;
    state.SetItemsProcessed(state.iterations() * operations);
}

// The model without its data.
boost::asio::awaitable<orm::model> attach(orm::connection db) {
    co_return co_await db.add(sample::definition().field("_id", orm::integer()));
}

// Numbers as ids, so that both sides ask for the same.
boost::asio::awaitable<void> fill(orm::connection db) {
    auto m = co_await attach(db);
    co_await m.remove_all();
    orm::documents docs;
    for (int i = 0; i < documents; ++i) {
        auto d = sample::make_document(i);
        d.set("_id", i);
        docs.push_back(std::move(d));
    }
    co_await m.insert(std::move(docs));
    co_await db.close();
}

boost::asio::awaitable<void> find_some(orm::model m, int first, int count) {
    for (int i = 0; i < count; ++i)
        if (!co_await m.find_by_id((first + i * 7) % documents))
            throw orm::error(orm::errc::not_found);
}

void run_all(boost::asio::io_context& loop, std::vector<boost::asio::awaitable<void>> work) {
    std::exception_ptr failure;
    for (auto& w : work)
        boost::asio::co_spawn(loop, std::move(w), [&failure](std::exception_ptr e) { failure = e ? e : failure; });
    loop.restart();
    loop.run();
    if (failure)
        std::rethrow_exception(failure);
}

std::vector<boost::asio::awaitable<void>> only(boost::asio::awaitable<void> one) {
    std::vector<boost::asio::awaitable<void>> result;
    result.push_back(std::move(one));
    return result;
}

// Whatever benchmark runs first fills the collection.
void fill_once() {
    static bool const filled = [] {
        boost::asio::io_context loop(1);
        run_all(loop, only(fill(orm::connection(orm::make_mongo_store(uri())))));
        return true;
    }();
    static_cast<void>(filled);
}

boost::asio::awaitable<void> attach_to(orm::connection db, orm::model& out) { out = co_await attach(db); }
boost::asio::awaitable<void> close(orm::connection db) { co_await db.close(); }

void cormorant_find_by_id(benchmark::State& state) {
    auto const in_flight = static_cast<int>(state.range(0));
    try {
        fill_once();
        boost::asio::io_context loop(1);
        auto db = orm::connection(orm::make_mongo_store(uri()));
        orm::model m;
        run_all(loop, only(attach_to(db, m)));
        auto const before = cpu_seconds();
        for (auto _ : state) {
            std::vector<boost::asio::awaitable<void>> work;
            for (int k = 0; k < in_flight; ++k)
                work.push_back(find_some(m, k * 31, operations / in_flight));
            run_all(loop, std::move(work));
        }
        report(state, cpu_seconds() - before);
        run_all(loop, only(close(db)));
    } catch (std::exception const& e) {
        state.SkipWithError(e.what());
    }
}
BENCHMARK(cormorant_find_by_id)->Arg(1)->Arg(64)->UseRealTime()->Unit(benchmark::kMillisecond);

// One client for each thread, kept: the floor of the official driver.
bool blocking_find(mongoc_collection_t* collection, int id) {
    bson_t filter = BSON_INITIALIZER;
    BSON_APPEND_INT32(&filter, "_id", id);
    bson_t opts = BSON_INITIALIZER;
    BSON_APPEND_INT64(&opts, "limit", 1);
    mongoc_cursor_t* const cursor = mongoc_collection_find_with_opts(collection, &filter, &opts, nullptr);
    bson_t const* found = nullptr;
    bool const ok = mongoc_cursor_next(cursor, &found);
    mongoc_cursor_destroy(cursor);
    bson_destroy(&opts);
    bson_destroy(&filter);
    return ok;
}

void libmongoc_find_by_id(benchmark::State& state) {
    auto const threads = static_cast<int>(state.range(0));
    try {
        fill_once();
    } catch (std::exception const& e) {
        state.SkipWithError(e.what());
        return;
    }
    mongoc_init();
    mongoc_uri_t* const address = mongoc_uri_new(uri().c_str());
    mongoc_client_pool_t* const pool = mongoc_client_pool_new(address);
    mongoc_client_pool_max_size(pool, static_cast<std::uint32_t>(threads));
    auto const before = cpu_seconds();
    std::atomic<bool> failed = false;
    for (auto _ : state) {
        std::vector<std::thread> workers;
        for (int k = 0; k < threads; ++k)
            workers.emplace_back([&, k] {
                mongoc_client_t* const client = mongoc_client_pool_pop(pool);
                mongoc_collection_t* const collection = mongoc_client_get_collection(client, "cormorant_benchmark", "orders");
                for (int i = 0; i < operations / threads; ++i)
                    if (!blocking_find(collection, (k * 31 + i * 7) % documents))
                        failed = true;
                mongoc_collection_destroy(collection);
                mongoc_client_pool_push(pool, client);
            });
        for (auto& w : workers)
            w.join();
    }
    report(state, cpu_seconds() - before);
    if (failed)
        state.SkipWithError("a document was not found");
    mongoc_client_pool_destroy(pool);
    mongoc_uri_destroy(address);
}
BENCHMARK(libmongoc_find_by_id)->Arg(1)->Arg(16)->UseRealTime()->Unit(benchmark::kMillisecond);

} // namespace
