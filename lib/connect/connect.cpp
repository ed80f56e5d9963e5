#include "connect/shared_stores.hpp"
#include "store/deliver.hpp"

#include <cormorant/connect.hpp>

#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/system_executor.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <fmt/format.h>

#include <cstdlib>

namespace cormorant {

namespace asio = boost::asio;

namespace {

constexpr std::string_view memory_scheme = "memory://";
constexpr std::string_view mongo_scheme = "mongodb://";
constexpr std::string_view mongo_srv_scheme = "mongodb+srv://";

std::string uri_or_default(std::string uri) {
    if (!uri.empty())
        return uri;
    char const* const from_environment = std::getenv("MONGO_DSN");
    if (from_environment == nullptr || *from_environment == '\0')
        throw error(errc::bad_uri, "there is no connection string, and the environment variable MONGO_DSN is not set");
    return from_environment;
}

/// The stores of `connect_cached`. Connections keep it alive: they may end after the variables of the program.
std::shared_ptr<detail::shared_stores> const& cached_stores() {
    static auto const stores = std::make_shared<detail::shared_stores>();
    return stores;
}

/// The store of a folder reads all of it when it is made: on a thread of the system's executor, so that the caller's goes on.
asio::awaitable<std::shared_ptr<store>> open_elsewhere(std::string uri, connect_options options, bool cached) {
    using signature = void(std::exception_ptr, std::shared_ptr<store>);
    auto const open = [](std::string const& from, connect_options const& how, bool share) {
        return share ? cached_stores()->get(from, [&] { return make_store(from, how); }) : make_store(from, how);
    };
    if (!uri.starts_with(memory_scheme) || options.memory().with_uri(uri).folder().empty())
        co_return open(uri, options, cached);
    co_return co_await asio::async_initiate<asio::use_awaitable_t<> const, signature>(
        [open](asio::any_completion_handler<signature> handler, std::string from, connect_options how, bool share) {
            auto pending = std::make_shared<detail::pending_handler<asio::any_completion_handler<signature>>>(std::move(handler));
            asio::post(asio::system_executor(), [open, pending, from = std::move(from), how = std::move(how), share] {
                std::exception_ptr failure;
                std::shared_ptr<store> made;
                try {
                    made = open(from, how, share);
                } catch (...) {
                    failure = std::current_exception();
                }
                pending->finish([failure, made](asio::any_completion_handler<signature> h) { std::move(h)(failure, made); });
            });
        },
        asio::use_awaitable, std::move(uri), std::move(options), cached);
}

asio::awaitable<connection> connect_to(std::shared_ptr<store> s, connect_options options) {
    if (options.ping() && s->capabilities().commands) {
        command_op ping;
        ping.command = doc("ping", 1);
        call_options how;
        try {
            (void)co_await s->async_run(std::move(ping), std::move(how), asio::use_awaitable);
        } catch (error& e) {
            e.details().operation = "connect";
            e.details().is_write = false; // a ping changes nothing
            throw;
        }
    }
    co_return connection(std::move(s), options.connection());
}

} // namespace

std::shared_ptr<store> make_store(std::string_view uri, connect_options const& options) {
    if (uri.starts_with(memory_scheme))
        return make_memory_store(options.memory().with_uri(uri));
    if (uri.starts_with(mongo_scheme) || uri.starts_with(mongo_srv_scheme))
        return make_mongo_store(uri, options.mongo());
    // What comes before :// is all that is shown: the rest may hold a password.
    auto const scheme = uri.substr(0, uri.find("://"));
    if (scheme.size() == uri.size())
        throw error(errc::bad_uri, "a connection string begins with mongodb://, mongodb+srv:// or memory://");
    throw error(errc::bad_uri,
        fmt::format("a connection string begins with mongodb://, mongodb+srv:// or memory://, not with {}://", scheme));
}

asio::awaitable<connection> connect(std::string uri, connect_options options) {
    auto s = co_await open_elsewhere(uri_or_default(std::move(uri)), options, false);
    connection made = co_await connect_to(std::move(s), std::move(options));
    co_return made;
}

asio::awaitable<connection> connect_cached(std::string uri, connect_options options) {
    auto s = co_await open_elsewhere(uri_or_default(std::move(uri)), options, true);
    connection made = co_await connect_to(std::move(s), std::move(options));
    co_return made;
}

} // namespace cormorant
