// The atlas: countries, their subdivisions and their currencies, from Debian's iso-codes.
//
//     atlas [URI] [--trace]
//
// URI is memory:// (default) or mongodb://host/database. The collections countries, subdivisions and currencies of that database are
// emptied first.

#include "import.hpp"
#include "steps.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <fmt/core.h>

#include <chrono>
#include <cstdio>
#include <exception>
#include <string>

namespace {

struct arguments {
    std::string uri = "memory://atlas";
    bool trace = false;
};

arguments parse(int argc, char** argv) {
    arguments result;
    for (int i = 1; i < argc; ++i) {
        std::string const a = argv[i];
        if (a == "--trace")
            result.trace = true;
        else if (a.starts_with("-"))
            throw orm::error(orm::errc::invalid_argument, "unknown option " + a + " (usage: atlas [URI] [--trace])");
        else
            result.uri = a;
    }
    return result;
}

boost::asio::awaitable<void> run(arguments args) {
    using clock = std::chrono::steady_clock;
    atlas::report out(args.trace);
    auto db = co_await orm::connect(args.uri);
    out.heading(fmt::format("1. Models, on the {} store", db.store()->kind()));
    auto m = co_await atlas::define_models(db, atlas::definitions_folder());
    out.say("country from a JSON file, subdivision from the fluent builder, currency from a struct");
    co_await m.subdivision.remove_all();
    co_await m.country.remove_all();
    co_await m.currencies.untyped().remove_all();

    out.heading("2. Import");
    auto const start = clock::now();
    auto const imported = co_await atlas::import_iso_codes(m, atlas::iso_codes_folder(), false);
    auto const took = std::chrono::duration_cast<std::chrono::milliseconds>(clock::now() - start);
    out.say(fmt::format("{} countries, {} subdivisions and {} currencies in {} ms", imported.countries, imported.subdivisions,
        imported.currencies, took.count()));

    co_await atlas::step_3_query(m, out);
    co_await atlas::step_4_populate(m, out);
    co_await atlas::step_5_hooks(m, out);
    co_await atlas::step_6_refuse(m, out);
    co_await atlas::step_7_remove(m, out);
    co_await db.close();
}

} // namespace

int main(int argc, char** argv) {
    try {
        auto const args = parse(argc, argv);
        boost::asio::io_context loop(1);
        std::exception_ptr failure;
        boost::asio::co_spawn(loop, run(args), [&failure](std::exception_ptr e) { failure = e; });
        loop.run();
        if (failure)
            std::rethrow_exception(failure);
        return 0;
    } catch (std::exception const& e) {
        fmt::print(stderr, "atlas: {}\n", e.what());
        return 1;
    }
}
