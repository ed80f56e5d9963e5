#pragma once

/// One client of libmongoc, on the fiber of its worker.

#include "bson/spare_memory.hpp"
#include "mongo/session.hpp"
#include "mongo/settings.hpp"
#include "mongo/stream.hpp"

#include <cormorant/bson/bson.hpp>

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace cormorant::detail {

/// A command of the server. Its documents (of an insert) may be apart from it, one after the other, as the wire protocol has
/// them.
struct command {
    command() = default;
    explicit command(bson_buffer b) noexcept : body(std::move(b)) {}
    command(command&&) noexcept = default;
    command& operator=(command&&) noexcept = default;
    ~command() { give_buffer(std::move(documents)); }

    bson_buffer body;
    /// The member `documents`; none when empty.
    bson_buffer documents;
};

/// How libmongoc is to treat a command.
enum class command_mode {
    /// Any server that the read preference allows; the read concern of the connection string.
    read,
    /// The primary; the write concern of the connection string.
    write,
    /// As it is.
    raw,
};

/// What accompanies a command.
struct command_options {
    command_mode mode = command_mode::read;
    mongoc_read_prefs_t const* read_preferences = nullptr;
    std::span<std::byte const> read_concern;
    std::span<std::byte const> write_concern;
    std::optional<std::chrono::milliseconds> max_time;
    /// 0: libmongoc selects one.
    std::uint32_t server = 0;
    /// Makes the write one that can be sent twice.
    std::optional<std::int64_t> transaction_number;
    /// False for unacknowledged writes.
    bool in_session = true;
    /// In a session of the caller's, instead of the client's.
    session_part const* session = nullptr;
};

/// What came of a command.
struct answer {
    /// The server answered, if only with an error; else `code` and `message` say why not.
    bool replied = false;
    bson_buffer reply;
    /// The code of a reply that is an error, 0 otherwise.
    int server_code = 0;
    errc code = errc();
    std::string message;
    /// The server may have got the command.
    bool sent = false;
    std::uint32_t server = 0;
    phase where = phase::none;
};

/// A connection to a server that nobody reads from or writes to.
struct server_socket {
    /// Not open when it could not be had.
    unique_descriptor descriptor;
    /// `host:port`
    std::string address;
    /// `{id: UUID}`
    bson_buffer session;
    /// A standalone server or the primary of a replica set.
    bool takes_writes = false;
    /// The server tells a repeated write by its number.
    bool numbers_writes = false;
};

/// A client that connects on demand.
///
/// Every member but the constructor has to run on the fiber that is attached to the lane. After an answer that leaves the client
/// in doubt
/// (`usable()` is false) it has to be retired: libmongoc would sleep before its next command.
class client {
public:
    client(mongo_settings const& settings, std::shared_ptr<lane> where, std::shared_ptr<lookup_count> lookups);

    /// Connects, authenticates and learns what the server can do: any server, or the primary.
    answer open(mongoc_read_mode_t which);
    /// Takes the connection of `open` away from libmongoc, with the session that was used on it. The client is of no use after
    /// that.
    server_socket hand_over();
    answer run(std::string const& database, command const& what, command_options const& options);
    /// Waits until libmongoc may look for servers again, so that `run` can be tried once more after an error.
    /// False when the wait was interrupted.
    bool recover(steady_clock::time_point expiry);
    /// Ends it; a usable client says goodbye to the server.
    void retire() noexcept;

    bool usable() const noexcept { return usable_ && !lane_->lost() && !lane_->interrupted(); }
    /// The session that its commands use; none when the server knows no such thing.
    server_session session() const;
    /// `host:port` of the server of an answer; empty when it is not known.
    std::string const& address_of(answer const& a) const;
    /// For `command_options::server`; 0: no such server is known.
    std::uint32_t server_at(std::string_view address) const;
    /// The number for the next retryable write; nothing when the server knows no such thing.
    std::optional<std::int64_t> next_transaction_number() noexcept;
    bool numbers_writes() const noexcept { return can_retry_writes_; }

private:
    bool selectable(command_options const& options) const;
    void classify(answer& a, bson_error_t const& why);
    bson_buffer session_id() const;
    void remember_server(std::uint32_t id);

    std::shared_ptr<lane> lane_;
    bool direct_;
    stream_source source_;
    native::client client_;
    native::session session_;
    std::int64_t transaction_number_ = 0;
    bool can_retry_writes_ = false;
    std::string type_;
    std::string address_;
    /// `host:port` of those that it has sent commands to.
    std::map<std::uint32_t, std::string> servers_;
    bool usable_ = true;
};

} // namespace cormorant::detail
