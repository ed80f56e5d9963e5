// Whole operations on the memory store: model, pipeline, store, event loop; and what a journal costs.
//
// `memory_insert`, arguments mode and writers: 0 memory alone, 1 a folder without sync, 2 a folder with sync. The folder is
// CORMORANT_BENCHMARK_FOLDER or a temporary one: the medium decides what a sync costs.

#include "sample.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <benchmark/benchmark.h>
#include <unistd.h>

#include <cstdlib>
#include <exception>
#include <filesystem>
#include <string>

namespace {

namespace orm = cormorant;

boost::asio::awaitable<orm::model> filled(orm::connection& db, std::int64_t size) {
    auto m = co_await db.add(orm::model_definition("things")
                                 .field("_id", orm::integer())
                                 .field("name", orm::string())
                                 .field("key", orm::integer())
                                 .index(orm::doc("key", 1)));
    for (std::int64_t first = 0; first < size; first += 1000) {
        orm::documents batch;
        for (std::int64_t i = first; i < std::min(size, first + 1000); ++i)
            batch.push_back(orm::doc("_id", i, "name", "a name", "key", size - i));
        co_await m.insert(std::move(batch));
    }
    co_return m;
}

boost::asio::awaitable<void> find_by_id_loop(benchmark::State& state) {
    auto db = orm::connection(orm::make_memory_store());
    auto const size = state.range(0);
    auto m = co_await filled(db, size);
    std::int64_t i = 0;
    for (auto _ : state) {
        auto found = co_await m.find_by_id(i);
        if (!found)
            throw orm::error(orm::errc::not_found);
        i = (i + 7919) % size;
    }
}

boost::asio::awaitable<void> find_by_index_loop(benchmark::State& state) {
    auto db = orm::connection(orm::make_memory_store());
    auto const size = state.range(0);
    auto m = co_await filled(db, size);
    std::int64_t i = 0;
    for (auto _ : state) {
        auto const filter = orm::doc("key", i + 1);
        auto found = co_await m.find_one(filter);
        if (!found)
            throw orm::error(orm::errc::not_found);
        i = (i + 7919) % size;
    }
}

/// All documents of a collection with two indexes.
boost::asio::awaitable<void> fill_loop(benchmark::State& state) {
    for (auto _ : state) {
        auto db = orm::connection(orm::make_memory_store());
        (void)co_await filled(db, state.range(0));
    }
    state.SetItemsProcessed(state.iterations() * state.range(0));
}

void run_loop(benchmark::State& state, boost::asio::awaitable<void> work) {
    boost::asio::io_context loop(1);
    std::exception_ptr failure;
    boost::asio::co_spawn(loop, std::move(work), [&failure](std::exception_ptr e) { failure = e; });
    loop.run();
    if (failure)
        state.SkipWithError("failed");
}

void memory_find_by_id(benchmark::State& state) {
    run_loop(state, find_by_id_loop(state));
}
BENCHMARK(memory_find_by_id)->RangeMultiplier(10)->Range(1'000, 1'000'000);

void memory_find_by_index(benchmark::State& state) {
    run_loop(state, find_by_index_loop(state));
}
BENCHMARK(memory_find_by_index)->RangeMultiplier(10)->Range(1'000, 1'000'000);

void memory_fill(benchmark::State& state) {
    run_loop(state, fill_loop(state));
}
BENCHMARK(memory_fill)->RangeMultiplier(10)->Range(1'000, 1'000'000)->Unit(benchmark::kMillisecond);

/// A folder that goes with the object.
struct benchmark_folder {
    benchmark_folder() {
        char const* const given = std::getenv("CORMORANT_BENCHMARK_FOLDER");
        std::filesystem::path const base = given != nullptr ? given : std::filesystem::temp_directory_path();
        path = base / ("cormorant-benchmark-" + std::to_string(::getpid()));
        std::filesystem::remove_all(path);
    }
    ~benchmark_folder() {
        std::error_code ignored;
        std::filesystem::remove_all(path, ignored);
    }
    std::filesystem::path path;
};

boost::asio::awaitable<void> insert_some(orm::store& s, std::int64_t first, std::int64_t count) {
    for (std::int64_t i = 0; i != count; ++i) {
        orm::insert_op op;
        op.collection = "things";
        op.docs.push_back(orm::doc("_id", first + i, "name", "a name", "text", std::string(200, 'x')));
        (void)co_await s.async_run(std::move(op), orm::call_options(), boost::asio::use_awaitable);
    }
}

void memory_insert(benchmark::State& state) {
    constexpr std::int64_t operations = 640; // in one iteration; 64 divides it
    auto const mode = state.range(0);
    auto const writers = state.range(1);
    benchmark_folder const folder;
    orm::memory_options options;
    if (mode != 0)
        options.folder(folder.path).sync(mode == 2);
    auto const s = orm::make_memory_store(options);
    std::int64_t next = 0;
    std::exception_ptr failure;
    for (auto _ : state) {
        boost::asio::io_context loop(1);
        for (std::int64_t w = 0; w != writers; ++w) {
            boost::asio::co_spawn(loop, insert_some(*s, next, operations / writers),
                [&failure](std::exception_ptr e) { failure = e ? e : failure; });
            next += operations / writers;
        }
        loop.run();
    }
    if (failure)
        state.SkipWithError("failed");
    state.SetItemsProcessed(state.iterations() * operations);
}
BENCHMARK(memory_insert)
    ->ArgNames({"mode", "writers"})
    ->ArgsProduct({{0, 1, 2}, {1, 64}})
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);

} // namespace
