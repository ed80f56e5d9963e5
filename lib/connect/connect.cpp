#include "connect/shared_stores.hpp"
#include "mongo/seed_list.hpp"
#include "store/deliver.hpp"

#include <cormorant/connect.hpp>

#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/cancellation_type.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/system_executor.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <fmt/format.h>

#include <atomic>
#include <cstdlib>
#include <functional>

namespace cormorant {

namespace asio = boost::asio;

namespace {

constexpr std::string_view memory_scheme = "memory://";
using detail::mongo_scheme;
using detail::mongo_srv_scheme;

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

/// What blocks runs on a thread of the system's executor, so that the caller's goes on. A cancellation ends the wait, not the
/// work.
template <class Result>
asio::awaitable<Result> elsewhere(std::function<Result()> work) {
    using signature = void(std::exception_ptr, Result);
    using handler_type = asio::any_completion_handler<signature>;
    auto const begin = [](handler_type handler, std::function<Result()> f) {
        struct state {
            explicit state(handler_type h) : pending(std::move(h)) {}
            void finish(std::exception_ptr failure, Result made) {
                if (!finished.exchange(true))
                    pending.finish(
                        [failure, made = std::move(made)](handler_type h) mutable { std::move(h)(failure, std::move(made)); });
            }
            detail::pending_handler<handler_type> pending;
            std::atomic<bool> finished = false;
        };
        auto const shared = std::make_shared<state>(std::move(handler));
        if (auto slot = shared->pending.cancellation_slot(); slot.is_connected())
            slot.assign([waiting = std::weak_ptr(shared)](asio::cancellation_type type) {
                auto const s = waiting.lock();
                if (s && type != asio::cancellation_type::none)
                    s->finish(std::make_exception_ptr(error(errc::cancelled, "cancelled while it was connecting")), Result());
            });
        asio::post(asio::system_executor(), [shared, f = std::move(f)] {
            try {
                shared->finish(nullptr, f());
            } catch (...) {
                shared->finish(std::current_exception(), Result());
            }
        });
    };
    return asio::async_initiate<asio::use_awaitable_t<> const, signature>(begin, asio::use_awaitable, std::move(work));
}

/// The store of a folder reads all of it when it is made.
asio::awaitable<std::shared_ptr<store>> open_store(std::string uri, connect_options options, bool cached) {
    auto const reads_folder = uri.starts_with(memory_scheme) && !options.memory().with_uri(uri).folder().empty();
    std::function<std::shared_ptr<store>()> open = [uri = std::move(uri), options = std::move(options), cached] {
        return cached ? cached_stores()->get(uri, [&] { return make_store(uri, options); }) : make_store(uri, options);
    };
    if (!reads_folder)
        co_return open();
    co_return co_await elsewhere(std::move(open));
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

asio::awaitable<std::string> resolve_connection_string(std::string uri) {
    if (!uri.starts_with(mongo_srv_scheme))
        co_return uri;
    std::function<std::string()> look_up = [uri = std::move(uri)] { return detail::list_hosts(uri); };
    co_return co_await elsewhere(std::move(look_up));
}

namespace {

asio::awaitable<connection> connect_with(std::string uri, connect_options options, bool cached) {
    auto resolved = co_await resolve_connection_string(uri_or_default(std::move(uri)));
    auto s = co_await open_store(std::move(resolved), options, cached);
    connection made = co_await connect_to(std::move(s), std::move(options));
    co_return made;
}

} // namespace

asio::awaitable<connection> connect(std::string uri, connect_options options) {
    return connect_with(std::move(uri), std::move(options), false);
}

asio::awaitable<connection> connect_cached(std::string uri, connect_options options) {
    return connect_with(std::move(uri), std::move(options), true);
}

} // namespace cormorant
