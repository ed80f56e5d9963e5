#pragma once

/// The store that speaks to MongoDB.

#include <cormorant/store/store.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace cormorant {

/// What the connection string cannot say, or says for everyone. Members of the connection string win: `maxPoolSize`,
/// `minPoolSize`, `waitQueueTimeoutMS`, `maxIdleTimeMS`, `connectTimeoutMS`, `serverSelectionTimeoutMS`, `socketTimeoutMS`,
/// `retryReads`, `retryWrites`, `tls...`.
class mongo_options {
public:
    mongo_options() = default;
    /// Connections of the fast lane at most, for all execution contexts together; and as many clients of libmongoc. Default 16.
    mongo_options& max_pool_size(std::size_t n) {
        max_pool_size_ = n;
        return *this;
    }
    /// Connections that are kept even when idle. Default 0.
    mongo_options& min_pool_size(std::size_t n) {
        min_pool_size_ = n;
        return *this;
    }
    /// Clients that may be connecting at the same time. Default 2.
    mongo_options& max_connecting(std::size_t n) {
        max_connecting_ = n;
        return *this;
    }
    /// How long an operation waits for a client. Default 10 s.
    mongo_options& wait_queue_timeout(std::chrono::milliseconds t) {
        wait_queue_timeout_ = t;
        return *this;
    }
    /// An idle client is closed after this time. Default 10 min.
    mongo_options& max_idle_time(std::chrono::milliseconds t) {
        max_idle_time_ = t;
        return *this;
    }
    /// One TCP connect and handshake. Default 5 s.
    mongo_options& connect_timeout(std::chrono::milliseconds t) {
        connect_timeout_ = t;
        return *this;
    }
    /// Finding a suitable server. Default 5 s.
    mongo_options& server_selection_timeout(std::chrono::milliseconds t) {
        server_selection_timeout_ = t;
        return *this;
    }
    /// Plain operations (find, aggregate, count, distinct, insert, update, remove, find_and_modify, at the primary, acknowledged) are
    /// carried out on the caller's own execution context, without the driver thread. Default true. It has no effect on connections with
    /// TLS or compression, nor for callers whose executor is not one of Asio's `io_context` or `thread_pool` (or a strand on them).
    mongo_options& fast_lane(bool on) {
        fast_lane_ = on;
        return *this;
    }
    /// The name that the server logs. Default `"cormorant"`.
    mongo_options& app_name(std::string name) {
        app_name_ = std::move(name);
        return *this;
    }

    std::size_t max_pool_size() const noexcept { return max_pool_size_; }
    std::size_t min_pool_size() const noexcept { return min_pool_size_; }
    std::size_t max_connecting() const noexcept { return max_connecting_; }
    std::chrono::milliseconds wait_queue_timeout() const noexcept { return wait_queue_timeout_; }
    std::chrono::milliseconds max_idle_time() const noexcept { return max_idle_time_; }
    std::chrono::milliseconds connect_timeout() const noexcept { return connect_timeout_; }
    std::chrono::milliseconds server_selection_timeout() const noexcept { return server_selection_timeout_; }
    bool fast_lane() const noexcept { return fast_lane_; }
    std::string const& app_name() const noexcept { return app_name_; }

private:
    std::size_t max_pool_size_ = 16;
    std::size_t min_pool_size_ = 0;
    std::size_t max_connecting_ = 2;
    std::chrono::milliseconds wait_queue_timeout_ = std::chrono::seconds(10);
    std::chrono::milliseconds max_idle_time_ = std::chrono::minutes(10);
    std::chrono::milliseconds connect_timeout_ = std::chrono::seconds(5);
    std::chrono::milliseconds server_selection_timeout_ = std::chrono::seconds(5);
    bool fast_lane_ = true;
    std::string app_name_ = "cormorant";
};

/// A store for `mongodb://[user:password@]host[:port],.../database[?options]`. Nothing is connected yet: the first operation
/// connects.
///
/// Plain operations use sockets on the execution context of the handler (`mongo_options::fast_lane`). For all else the store owns one
/// driver thread, on which nothing of the user's runs: libmongoc runs there on fibers, one for each pooled client; its log messages are
/// dropped, in the whole process. A cursor of the fast lane keeps a session, one of the driver thread keeps its client, until its end
/// or until it is closed.
/// Throws `errc::bad_uri` when the string is malformed, has an unknown option, names no database or asks for something that would block
/// (GSSAPI, MONGODB-AWS, `loadBalanced`), `errc::unsupported` for `mongodb+srv` (see `resolve_connection_string`) and in a library that was built
/// without MongoDB, `errc::bad_file` for certificates that cannot be read
/// and `errc::invalid_argument` for sizes of the pool that make no sense. Reads the files that the TLS options name.
///
/// Reads are sent a second time when the connection breaks or the server is not the primary any more (`retryReads`). So are inserts and
/// writes of one document on a replica set, where the server knows them again (`retryWrites`); no other write is.
/// The end of the last reference ends what is in flight with `errc::cancelled` and waits until the driver is done with its part. What is
/// in flight on a context that ends first is destroyed with the context, its handlers uncalled, as Asio does with its own operations.
/// `async_close` completes when every context has let go of its calls: one that nobody runs delays it.
std::shared_ptr<store> make_mongo_store(std::string_view uri, mongo_options options = mongo_options());

} // namespace cormorant
