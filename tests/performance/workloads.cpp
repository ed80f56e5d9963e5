// performance_workloads NAME: does one thing a fixed number of times, in a function of the name `measured`, for valgrind to
// count. Without NAME: prints the names.

#include "sample.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <map>
#include <string>

namespace {

namespace orm = cormorant;
namespace asio = boost::asio;

constexpr int repetitions = 200;

/// What the optimiser may not leave out.
std::size_t volatile result = 0;

} // namespace

// The counter is on while this function runs.
extern "C" [[gnu::noipa]] void measured(void (*work)(void*), void* state) {
    work(state);
    result = result + 1;
}

namespace {

template <class F>
void count(F f) {
    f(); // what is allocated once is not counted
    measured([](void* state) { (*static_cast<F*>(state))(); }, &f);
}

void encode_document() {
    auto const d = sample::make_document(3);
    count([&] {
        for (int i = 0; i < repetitions; ++i)
            result = result + orm::encode(d).size();
    });
}

void decode_document() {
    auto const bytes = orm::encode(sample::make_document(3));
    count([&] {
        for (int i = 0; i < repetitions; ++i)
            result = result + orm::decode_bson(bytes).size();
    });
}

void decode_struct() {
    auto const bytes = orm::encode(sample::make_document(3));
    count([&] {
        for (int i = 0; i < repetitions; ++i)
            result = result + orm::decode<sample::order>(orm::bson_view(bytes)).lines.size();
    });
}

void validate_document() {
    auto const schema = orm::schema::compile(sample::definition());
    auto const d = sample::make_document(3);
    count([&] {
        std::vector<orm::violation> violations;
        for (int i = 0; i < repetitions; ++i) {
            auto copy = d;
            schema->prepare_for_write(copy, orm::prepare_options(), violations);
        }
        result = result + violations.size();
    });
}

/// Runs a coroutine to its end.
void run(asio::awaitable<void> work) {
    asio::io_context loop(1);
    std::exception_ptr failure;
    asio::co_spawn(loop, std::move(work), [&](std::exception_ptr e) { failure = e; });
    loop.run();
    if (failure)
        std::rethrow_exception(failure);
}

asio::awaitable<void> make_model(orm::connection db, orm::model& m) {
    m = co_await db.add(sample::definition()
                            .field("_id", orm::integer())
                            .hook(
                                "beforeFilter", "watch", [](orm::filter_args&) {}, orm::required));
    for (int i = 0; i < 100; ++i) {
        auto d = sample::make_document(i);
        d.set("_id", i);
        co_await m.insert(std::move(d));
    }
}

asio::awaitable<void> find_some(orm::model m) {
    for (int i = 0; i < repetitions; ++i)
        result = result + (co_await m.find_by_id(i % 100)).value().size();
}

asio::awaitable<void> insert_and_remove(orm::model m) {
    for (int i = 0; i < repetitions / 10; ++i) {
        auto d = sample::make_document(i);
        d.set("_id", 1000 + i);
        co_await m.insert(std::move(d));
    }
    co_await m.remove(orm::doc("_id", orm::doc("$gte", 1000)), orm::remove_options());
}

template <class F>
void with_model(F f) {
    orm::connection const db(orm::make_memory_store());
    orm::model m;
    run(make_model(db, m));
    count([&] { run(f(m)); });
}

void find_by_id() {
    with_model(find_some);
}

void insert_one() {
    with_model(insert_and_remove);
}

std::map<std::string, void (*)()> const workloads = {
    {"encode_document", encode_document},
    {"decode_document", decode_document},
    {"decode_struct", decode_struct},
    {"validate_document", validate_document},
    {"find_by_id", find_by_id},
    {"insert_one", insert_one},
};

} // namespace

int main(int argc, char** argv) {
    if (argc < 2) {
        for (auto const& [name, work] : workloads)
            std::puts(name.c_str());
        return EXIT_SUCCESS;
    }
    auto const it = workloads.find(argv[1]);
    if (it == workloads.end()) {
        std::fprintf(stderr, "no workload %s\n", argv[1]);
        return EXIT_FAILURE;
    }
    it->second();
    return EXIT_SUCCESS;
}
