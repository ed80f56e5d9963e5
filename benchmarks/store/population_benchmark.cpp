// Populating by finds with $in, as the library does it, beside one aggregation with $lookup, on a real server (MONGO_DSN).
//
// Arguments: documents that refer, documents that they refer to. Both ways give the same documents. `cpu_us` is the processor
// time of this process for one call; the time is that of the call, with the server's.

#include "sample.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <benchmark/benchmark.h>

#include <cstdlib>
#include <ctime>
#include <exception>
#include <string>

namespace {

namespace orm = cormorant;

double cpu_seconds() {
    timespec t{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
}

struct library {
    orm::connection db;
    orm::model books;
};

boost::asio::awaitable<library> fill(std::int64_t books, std::int64_t authors) {
    char const* const dsn = std::getenv("MONGO_DSN");
    library l;
    l.db = co_await orm::connect(dsn != nullptr ? dsn : "mongodb://127.0.0.1:27017/cormorant_benchmark");
    orm::drop_database_op drop;
    co_await l.db.store()->async_run(drop, orm::call_options(), boost::asio::use_awaitable);
    auto const author =
        co_await l.db.add(orm::model_definition("author").field("_id", orm::integer()).field("bio", orm::string()));
    l.books = co_await l.db.add(orm::model_definition("book")
                                    .field("_id", orm::integer())
                                    .field("author_id", orm::integer())
                                    .field("text", orm::string())
                                    .relation(orm::single("author")));
    orm::documents docs;
    for (std::int64_t i = 0; i < authors; ++i)
        docs.push_back(orm::doc("_id", i, "bio", std::string(400, 'b')));
    co_await author.insert(std::move(docs));
    docs.clear();
    for (std::int64_t i = 0; i < books; ++i)
        docs.push_back(orm::doc("_id", i, "author_id", i % authors, "text", std::string(400, 't')));
    co_await l.books.insert(std::move(docs));
    co_return l;
}

boost::asio::awaitable<orm::documents> by_finds(library const& l) {
    auto options = orm::find_options().hooks("afterFind_author").batch_size(10'001);
    co_return co_await l.books.find(orm::doc(), std::move(options));
}

boost::asio::awaitable<orm::documents> by_lookup(library const& l) {
    auto stages = orm::arr(
        orm::doc("$lookup", orm::doc("from", "author", "localField", "author_id", "foreignField", "_id", "as", "author")),
        orm::doc("$set", orm::doc("author", orm::doc("$first", "$author"))));
    auto options = orm::aggregate_options().batch_size(10'001);
    co_return co_await l.books.aggregate(std::move(stages), std::move(options));
}

template <class Way>
boost::asio::awaitable<void> measure(benchmark::State& state, Way way) {
    auto const l = co_await fill(state.range(0), state.range(1));
    double const before = cpu_seconds();
    for (auto _ : state) {
        auto const found = co_await way(l);
        if (found.size() != static_cast<std::size_t>(state.range(0)) ||
            found.back().at("author").as_document().at("bio").as_string().size() != 400)
            throw orm::error(orm::errc::not_found);
    }
    state.counters["cpu_us"] = (cpu_seconds() - before) * 1e6 / static_cast<double>(state.iterations());
    co_await l.db.close();
}

template <class Way>
void drive(benchmark::State& state, Way way) {
    boost::asio::io_context loop(1);
    std::exception_ptr failure;
    boost::asio::co_spawn(loop, measure(state, way), [&failure](std::exception_ptr e) { failure = e; });
    loop.run();
    if (failure)
        state.SkipWithError("failed");
}

void populate_by_finds(benchmark::State& state) {
    drive(state, by_finds);
}
void populate_by_lookup(benchmark::State& state) {
    drive(state, by_lookup);
}

void sizes(benchmark::internal::Benchmark* b) {
    b->ArgNames({"documents", "related"})->UseRealTime()->Unit(benchmark::kMicrosecond);
    b->Args({1, 1})->Args({10, 1})->Args({10, 10})->Args({100, 10})->Args({100, 100})->Args({1000, 10})->Args({1000, 1000});
}
BENCHMARK(populate_by_finds)->Apply(sizes);
BENCHMARK(populate_by_lookup)->Apply(sizes);

} // namespace
