// Whole operations on the memory store: model, pipeline, store, event loop.

#include "sample.hpp"

#include <benchmark/benchmark.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <exception>

namespace {

namespace orm = cormorant;

boost::asio::awaitable<void> find_by_id_loop(benchmark::State& state) {
    auto db = orm::connection(orm::make_memory_store());
    auto m = co_await db.add(orm::model_definition("things").field("_id", orm::integer()).field("name", orm::string()));
    auto const size = state.range(0);
    for (std::int64_t first = 0; first < size; first += 1000) {
        orm::documents batch;
        for (std::int64_t i = first; i < std::min(size, first + 1000); ++i)
            batch.push_back(orm::doc("_id", i, "name", "a name"));
        co_await m.insert(std::move(batch));
    }
    std::int64_t i = 0;
    for (auto _ : state) {
        auto found = co_await m.find_by_id(i);
        if (!found)
            throw orm::error(orm::errc::not_found);
        i = (i + 7919) % size;
    }
}

void memory_find_by_id(benchmark::State& state) {
    boost::asio::io_context loop(1);
    std::exception_ptr failure;
    boost::asio::co_spawn(loop, find_by_id_loop(state), [&failure](std::exception_ptr e) { failure = e; });
    loop.run();
    if (failure)
        state.SkipWithError("failed");
}
BENCHMARK(memory_find_by_id)->Arg(1'000)->Arg(1'000'000);

} // namespace
