#include "connect/shared_stores.hpp"

#include <cormorant/connect.hpp>

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

std::shared_ptr<store> make_memory_store_of(std::string_view uri, memory_options options) {
    std::string_view const name = uri.substr(memory_scheme.size());
    if (name.find_first_of("/?@:") != std::string_view::npos)
        throw error(errc::bad_uri, fmt::format("\"{}\": after memory:// only the name of a database may follow", uri));
    if (!name.empty())
        options.database(std::string(name));
    return make_memory_store(std::move(options));
}

/// The stores of `connect_cached`. Connections keep it alive: they may end after the variables of the program.
std::shared_ptr<detail::shared_stores> const& cached_stores() {
    static auto const stores = std::make_shared<detail::shared_stores>();
    return stores;
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
        return make_memory_store_of(uri, options.memory());
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
    auto s = make_store(uri_or_default(std::move(uri)), options);
    connection made = co_await connect_to(std::move(s), std::move(options));
    co_return made;
}

asio::awaitable<connection> connect_cached(std::string uri, connect_options options) {
    std::string const key = uri_or_default(std::move(uri));
    auto s = cached_stores()->get(key, [&] { return make_store(key, options); });
    connection made = co_await connect_to(std::move(s), std::move(options));
    co_return made;
}

} // namespace cormorant
