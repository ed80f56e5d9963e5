// What the model layer adds: validation, and the dispatch of hooks.

#include "sample.hpp"

#include <benchmark/benchmark.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <exception>

namespace {

namespace orm = cormorant;

void validate_a_document(benchmark::State& state) {
    auto const schema = orm::schema::compile(sample::definition());
    auto const original = sample::make_document(3);
    std::vector<orm::violation> violations;
    for (auto _ : state) {
        state.PauseTiming();
        orm::document doc = original;
        state.ResumeTiming();
        schema->prepare_for_write(doc, orm::prepare_options(), violations);
    }
    if (!violations.empty())
        state.SkipWithError("the sample must be valid");
}
BENCHMARK(validate_a_document);

// One coroutine runs all iterations, so that only the operation is measured.
template <class F>
void drive(benchmark::State& state, F body) {
    boost::asio::io_context loop(1);
    std::exception_ptr failure;
    boost::asio::co_spawn(loop, body(state), [&failure](std::exception_ptr e) { failure = e; });
    loop.run();
    if (failure)
        state.SkipWithError("failed");
}

boost::asio::awaitable<void> count_with_hooks(benchmark::State& state, int plain, int coroutines) {
    auto db = orm::connection(orm::make_memory_store());
    auto m = co_await db.add(orm::model_definition("things").field("n", orm::integer()));
    std::int64_t calls = 0;
    for (int i = 0; i < plain; ++i)
        m.hook("beforeFilter", "plain" + std::to_string(i), [&calls](orm::filter_args&) { ++calls; }, orm::required);
    for (int i = 0; i < coroutines; ++i)
        m.hook("beforeFilter", "waiting" + std::to_string(i),
            [&calls](orm::filter_args&) -> boost::asio::awaitable<void> {
                ++calls;
                co_return;
            },
            orm::required);
    for (auto _ : state)
        benchmark::DoNotOptimize(co_await m.count());
    if (calls != state.iterations() * (plain + coroutines))
        state.SkipWithError("hooks were lost");
}

// The differences between these, divided by 100, are the cost of one hook.
void count_without_hooks(benchmark::State& state) {
    drive(state, [](benchmark::State& s) { return count_with_hooks(s, 0, 0); });
}
BENCHMARK(count_without_hooks);
void count_with_100_plain_hooks(benchmark::State& state) {
    drive(state, [](benchmark::State& s) { return count_with_hooks(s, 100, 0); });
}
BENCHMARK(count_with_100_plain_hooks);
void count_with_100_coroutine_hooks(benchmark::State& state) {
    drive(state, [](benchmark::State& s) { return count_with_hooks(s, 0, 100); });
}
BENCHMARK(count_with_100_coroutine_hooks);

} // namespace
