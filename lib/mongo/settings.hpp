#pragma once

/// What a connection string and `mongo_options` say, checked.

#include "mongo/native.hpp"
#include "mongo/pool_logic.hpp"
#include "mongo/transport.hpp"

#include <cormorant/bson/bson.hpp>
#include <cormorant/mongo/mongo_store.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace cormorant::detail {

struct mongo_settings {
    /// As libmongoc is to see it: without retries and sleeps of its own.
    native::uri uri;
    std::string database;
    pool_limits pool;
    std::chrono::milliseconds connect_timeout{0};
    std::chrono::milliseconds selection_timeout{0};
    /// One server, whatever it is.
    bool direct = false;
    /// How long an answer may take.
    std::chrono::milliseconds socket_timeout{0};
    /// Plain operations may go past libmongoc.
    bool fast_lane = true;
    /// Reads go to the primary unless their options say otherwise.
    bool reads_primary = true;
    /// `{level}` and `{w, j, wtimeout}` of the connection string; empty when it says nothing.
    bson_buffer read_concern;
    bson_buffer write_concern;
    bool retry_reads = true;
    bool retry_writes = true;
    std::optional<tls_settings> tls;
};

/// Throws `errc::bad_uri` in one line that repeats no credentials, `errc::unsupported` for `mongodb+srv` and `errc::bad_file` for
/// certificates that cannot be read. Reads the files of the TLS options; connects to nothing.
mongo_settings parse_settings(std::string_view connection_string, mongo_options const& options);

} // namespace cormorant::detail
