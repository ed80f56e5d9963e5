// A service on one thread: countries and subdivisions over HTTP.
//
//     atlas_server [URI] [--port N]
//
// With memory:// (default) the data is imported first; a server's database is used as the atlas left it, and filled when it is empty.

#include "import.hpp"
#include "server.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>

#include <fmt/core.h>

#include <charconv>
#include <csignal>
#include <cstdio>
#include <exception>
#include <string>

namespace {

struct arguments {
    std::string uri = "memory://atlas";
    unsigned short port = 8080;
};

arguments parse(int argc, char** argv) {
    arguments result;
    for (int i = 1; i < argc; ++i) {
        std::string const a = argv[i];
        if (a == "--port" && i + 1 < argc) {
            std::string const n = argv[++i];
            auto const [end, ec] = std::from_chars(n.data(), n.data() + n.size(), result.port);
            if (ec != std::errc() || end != n.data() + n.size())
                throw orm::error(orm::errc::invalid_argument, "--port takes a number from 0 to 65535, not " + n);
        } else if (a.starts_with("-")) {
            throw orm::error(orm::errc::invalid_argument, "unknown option " + a + " (usage: atlas_server [URI] [--port N])");
        } else {
            result.uri = a;
        }
    }
    return result;
}

boost::asio::awaitable<void> run(boost::asio::io_context& loop, arguments args) {
    auto db = co_await orm::connect(args.uri);
    auto m = co_await atlas::define_models(db, atlas::definitions_folder());
    if (co_await m.country.count() == 0)
        co_await atlas::import_iso_codes(m, atlas::iso_codes_folder(), true);

    atlas::server http(loop, m, args.port);
    boost::asio::signal_set signals(loop, SIGINT, SIGTERM);
    signals.async_wait([&http](boost::system::error_code ec, int) {
        if (!ec)
            http.stop();
    });
    fmt::print("listening on http://127.0.0.1:{}\n", http.port());
    std::fflush(stdout);
    co_await http.serve();
    co_await db.close();
    fmt::print("stopped\n");
}

} // namespace

int main(int argc, char** argv) {
    try {
        auto const args = parse(argc, argv);
        boost::asio::io_context loop(1);
        std::exception_ptr failure;
        boost::asio::co_spawn(loop, run(loop, args), [&failure](std::exception_ptr e) { failure = e; });
        loop.run();
        if (failure)
            std::rethrow_exception(failure);
        return 0;
    } catch (std::exception const& e) {
        fmt::print(stderr, "atlas_server: {}\n", e.what());
        return 1;
    }
}
