#pragma once

/// From a connection string to a connection.

#include <cormorant/memory/memory_store.hpp>
#include <cormorant/model/connection.hpp>
#include <cormorant/mongo/mongo_store.hpp>

#include <boost/asio/awaitable.hpp>

#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace cormorant {

/// How `connect` makes its store.
class connect_options {
public:
    connect_options() = default;
    connect_options& mongo(mongo_options o) {
        mongo_ = std::move(o);
        return *this;
    }
    connect_options& memory(memory_options o) {
        memory_ = std::move(o);
        return *this;
    }
    connect_options& connection(connection_options o) {
        connection_ = std::move(o);
        return *this;
    }
    /// False: the first operation is the first to notice that the server cannot be reached. Default true.
    connect_options& ping(bool on) {
        ping_ = on;
        return *this;
    }

    mongo_options const& mongo() const noexcept { return mongo_; }
    memory_options const& memory() const noexcept { return memory_; }
    connection_options const& connection() const noexcept { return connection_; }
    bool ping() const noexcept { return ping_; }

private:
    mongo_options mongo_;
    memory_options memory_;
    connection_options connection_;
    bool ping_ = true;
};

/// Connects and makes sure that the server answers.
///
/// `uri`: `mongodb://[user:password@]host[:port],.../database[?options]`, `mongodb+srv://...` (see `resolve_connection_string`),
/// `memory://[name]` for a new, empty database in memory, or `memory:///folder[?sync=true&snapshot_size=bytes&name=name]` for one
/// that lasts in a folder (see `memory_options`). Empty: the environment variable `MONGO_DSN`. A database must be named. Throws
/// `errc::bad_uri` in one line that never shows a password, `errc::unsupported` when the library was built without MongoDB,
/// `errc::bad_file` for a folder that cannot be used, and what the network throws.
boost::asio::awaitable<connection> connect(std::string uri = {}, connect_options options = {});

/// `connect`, but all calls with the same `uri` share one store: in the whole process, as long as one of their connections is
/// open. Each call gives a connection of its own, without models. Closing it ends nothing that the others do: the store is closed
/// with the last of them, and the next call makes a new one. The options of the call that makes the store count. Thread safety:
/// may be called from any thread.
boost::asio::awaitable<connection> connect_cached(std::string uri = {}, connect_options options = {});

/// The connection string with `mongodb://` that a `mongodb+srv://` one stands for, as DNS has it now: with the hosts of the SRV
/// record, `replicaSet` and `authSource` of the TXT record where the string has none, and `tls=true` unless it says otherwise.
/// `srvMaxHosts` and `srvServiceName` are heeded. All other strings come back as they are.
///
/// For what cannot wait, `make_store` and datasources; `connect` does it by itself. Names are looked up on another thread, by the
/// system's resolver, which sets the time that it takes; a cancellation (all types) ends the wait with `errc::cancelled`. The
/// records are read once: a sharded cluster that gets other routers later is not noticed. Throws `errc::bad_uri` for what breaks
/// the rules (a host of another domain, a TXT record with other options) and `errc::connect` when there is no such record.
/// Source:
/// https://github.com/mongodb/specifications/blob/master/source/initial-dns-seedlist-discovery/initial-dns-seedlist-discovery.md
boost::asio::awaitable<std::string> resolve_connection_string(std::string uri);

/// The store for a connection string, without talking to it. Throws as `connect`, and `errc::unsupported` for `mongodb+srv`: the
/// hosts have to be looked up first.
std::shared_ptr<store> make_store(std::string_view uri, connect_options const& options = {});

} // namespace cormorant
