// Writes to a store that lasts, in several coroutines at once, and says what was acknowledged, until it is killed.
//
//     journal_writer CONNECTION_STRING SEED

#include "script.hpp"

#include <cormorant/connect.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <map>

namespace orm = cormorant;
namespace asio = boost::asio;
using namespace cormorant::testing;

namespace {

void say(std::string const& line) {
    if (::write(STDOUT_FILENO, line.data(), line.size()) != static_cast<ssize_t>(line.size()))
        std::exit(2);
}

struct known {
    int version = 0;
    int last_version = 0;
};

asio::awaitable<void> write_on(std::shared_ptr<orm::store> store, int writer, unsigned seed, std::map<int, known> documents) {
    std::mt19937 random(seed + static_cast<unsigned>(writer));
    for (;;) {
        int const id = writer * keys_of_writer + std::uniform_int_distribution(0, keys_of_writer - 1)(random);
        auto& state = documents[id];
        step const s = next_step(random, id, state.version, state.last_version);
        say(begun_line(writer, s));
        auto op = operation_of(s);
        orm::call_options options;
        if (auto* insert = std::get_if<orm::insert_op>(&op))
            (void)co_await store->async_run(std::move(*insert), options, asio::use_awaitable);
        else if (auto* update = std::get_if<orm::update_op>(&op))
            (void)co_await store->async_run(std::move(*update), options, asio::use_awaitable);
        else
            (void)co_await store->async_run(std::move(std::get<orm::remove_op>(op)), options, asio::use_awaitable);
        say(ended_line(writer));
        state = {s.what == step::kind::remove ? 0 : s.version, s.version};
    }
}

asio::awaitable<void> work(asio::io_context& loop, std::string uri, unsigned seed) {
    auto store = (co_await orm::connect(std::move(uri))).store();
    auto const create = indexes();
    (void)co_await store->async_run(create, orm::call_options(), asio::use_awaitable);
    orm::find_op all;
    all.collection = "c";
    all.batch_size = 10000;
    auto found = co_await store->async_run(std::move(all), orm::call_options(), asio::use_awaitable);
    auto batch = co_await found.async_next(asio::use_awaitable);
    std::map<int, known> documents;
    for (orm::document const& d : std::move(batch).take_documents()) {
        int const version = static_cast<int>(d.at("version").as_int64());
        documents[static_cast<int>(d.at("_id").as_int64())] = {version, version};
    }
    // Versions of documents that are gone are not known: each run begins higher than the last one ended.
    int const first = static_cast<int>(seed % 100000) * 1000;
    for (int id = 0; id != writers * keys_of_writer; ++id)
        documents[id].last_version = std::max(documents[id].last_version, first);
    for (int w = 0; w != writers; ++w) {
        asio::co_spawn(loop, write_on(store, w, seed, documents), [](std::exception_ptr failure) {
            if (failure)
                std::rethrow_exception(failure);
        });
    }
}

} // namespace

int main(int count, char** arguments) {
    if (count != 3)
        return 2;
    try {
        asio::io_context loop(1);
        auto const seed = static_cast<unsigned>(std::strtoul(arguments[2], nullptr, 10));
        asio::co_spawn(loop, work(loop, arguments[1], seed), [](std::exception_ptr failure) {
            if (failure)
                std::rethrow_exception(failure);
        });
        loop.run();
    } catch (std::exception const& e) {
        std::fprintf(stderr, "journal_writer: %s\n", e.what());
        return 1;
    }
}
