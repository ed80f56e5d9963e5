#pragma once

/// The store that speaks to MongoDB.

#include <cormorant/store/store.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace cormorant {

/// What the connection string cannot say, or says for everyone. Members of the connection string win: `maxPoolSize`, `minPoolSize`, `waitQueueTimeoutMS`,
/// `maxIdleTimeMS`, `connectTimeoutMS`, `serverSelectionTimeoutMS`, `socketTimeoutMS`, `retryReads`, `retryWrites`, `tls...`.
class mongo_options {
public:
    mongo_options() = default;
#define CORMORANT_OPTION(type, name, initial)                                                                                     \
public:                                                                                                                           \
    mongo_options& name(type v)& {                                                                                                \
        name##_ = std::move(v);                                                                                                   \
        return *this;                                                                                                             \
    }                                                                                                                             \
    mongo_options&& name(type v)&& {                                                                                              \
        name##_ = std::move(v);                                                                                                   \
        return std::move(*this);                                                                                                  \
    }                                                                                                                             \
    type const& name() const noexcept { return name##_; }                                                                         \
                                                                                                                                  \
private:                                                                                                                          \
    type name##_ = initial;

    /// Connections of the fast lane at most, for all execution contexts together; and as many clients of libmongoc. Default 16.
    CORMORANT_OPTION(std::size_t, max_pool_size, 16)
    /// Connections that are kept even when idle. Default 0.
    CORMORANT_OPTION(std::size_t, min_pool_size, 0)
    /// Clients that may be connecting at the same time. Default 2.
    CORMORANT_OPTION(std::size_t, max_connecting, 2)
    /// How long an operation waits for a client. Default 10 s.
    CORMORANT_OPTION(std::chrono::milliseconds, wait_queue_timeout, std::chrono::seconds(10))
    /// An idle client is closed after this time. Default 10 min.
    CORMORANT_OPTION(std::chrono::milliseconds, max_idle_time, std::chrono::minutes(10))
    /// One TCP connect and handshake. Default 5 s.
    CORMORANT_OPTION(std::chrono::milliseconds, connect_timeout, std::chrono::seconds(5))
    /// Finding a suitable server. Default 5 s.
    CORMORANT_OPTION(std::chrono::milliseconds, server_selection_timeout, std::chrono::seconds(5))
    /// Plain operations (find, aggregate, count, distinct, insert, update, remove, find_and_modify, at the primary, acknowledged) are
    /// carried out on the caller's own execution context, without the driver thread. Default true. It has no effect on connections with
    /// TLS or compression, nor for callers whose executor is not one of Asio's `io_context` or `thread_pool` (or a strand on them).
    CORMORANT_OPTION(bool, fast_lane, true)
    /// The name that the server logs. Default `"cormorant"`.
    CORMORANT_OPTION(std::string, app_name, "cormorant")
#undef CORMORANT_OPTION
};

/// A store for `mongodb://[user:password@]host[:port],.../database[?options]`. Nothing is connected yet: the first operation connects.
///
/// Plain operations use sockets on the execution context of the handler (`mongo_options::fast_lane`). For all else the store owns one
/// driver thread, on which nothing of the user's runs: libmongoc runs there on fibers, one for each pooled client; its log messages are
/// dropped, in the whole process. A cursor of the fast lane keeps a session, one of the driver thread keeps its client, until its end
/// or until it is closed.
/// Throws `errc::bad_uri` when the string is malformed, has an unknown option, names no database or asks for something that would block
/// (GSSAPI, MONGODB-AWS, `loadBalanced`), `errc::unsupported` for `mongodb+srv`, `errc::bad_file` for certificates that cannot be read
/// and `errc::invalid_argument` for sizes of the pool that make no sense. Reads the files that the TLS options name.
///
/// Reads are sent a second time when the connection breaks or the server is not the primary any more (`retryReads`). So are inserts and
/// writes of one document on a replica set, where the server knows them again (`retryWrites`); no other write is.
/// The end of the last reference ends what is in flight with `errc::cancelled` and waits until the driver is done with its part. What is
/// in flight on a context that ends first is destroyed with the context, its handlers uncalled, as Asio does with its own operations.
/// `async_close` completes when every context has let go of its calls: one that nobody runs delays it.
std::shared_ptr<store> make_mongo_store(std::string_view uri, mongo_options options = mongo_options());

} // namespace cormorant
