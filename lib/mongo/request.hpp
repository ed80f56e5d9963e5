#pragma once

/// An operation as the server sees it, and what came of it. Bytes only: requests are made and results are read on the caller's
/// thread.

#include "mongo/client.hpp"
#include "mongo/session.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cormorant::detail {

/// What is kept for an open cursor: the client or the session that has it. 0: nothing.
using lease_id = std::uint64_t;

/// Keeps what open cursors need. Thread safety: any thread.
class cursor_keeper {
public:
    virtual ~cursor_keeper() = default;
    /// Gives back what was kept and kills the cursor, in the background.
    virtual void release(lease_id lease, std::int64_t cursor, std::string database, std::string collection) = 0;
};

/// An open cursor and who keeps what it needs. Its end kills the cursor, in the background.
/// Thread safety: as a standard container.
class cursor_lease {
public:
    cursor_lease() noexcept = default;
    cursor_lease(std::weak_ptr<cursor_keeper> owner, lease_id id, std::int64_t cursor, std::string database,
        std::string collection, bool plain) noexcept
        : owner_(std::move(owner)), id_(id), cursor_(cursor), database_(std::move(database)), collection_(std::move(collection)),
          plain_(plain) {}
    cursor_lease(cursor_lease&& other) noexcept { swap(other); }
    cursor_lease& operator=(cursor_lease&& other) noexcept {
        cursor_lease(std::move(other)).swap(*this);
        return *this;
    }
    ~cursor_lease();

    explicit operator bool() const noexcept { return id_ != 0; }
    lease_id id() const noexcept { return id_; }
    std::int64_t cursor() const noexcept { return cursor_; }
    std::string const& database() const noexcept { return database_; }
    std::string const& collection() const noexcept { return collection_; }
    /// `request::plain` of the request that opened it.
    bool plain() const noexcept { return plain_; }
    /// Somebody else has taken care of it.
    void forget() noexcept { id_ = 0; }
    void swap(cursor_lease& other) noexcept {
        std::swap(owner_, other.owner_);
        std::swap(id_, other.id_);
        std::swap(cursor_, other.cursor_);
        std::swap(database_, other.database_);
        std::swap(collection_, other.collection_);
        std::swap(plain_, other.plain_);
    }

private:
    std::weak_ptr<cursor_keeper> owner_;
    lease_id id_ = 0;
    std::int64_t cursor_ = 0;
    std::string database_;
    std::string collection_;
    bool plain_ = false;
};

struct request {
    std::string database;
    /// Sent one after the other.
    std::vector<command> commands;
    command_mode mode = command_mode::read;
    native::read_preferences read_preferences;
    bson_buffer read_concern;
    bson_buffer write_concern;
    std::optional<steady_clock::time_point> deadline;
    /// Sent with the time that is left as `maxTimeMS`.
    bool bounded = true;
    /// Sending it twice does no harm.
    bool repeatable = false;
    /// The server can tell a repetition by its transaction number.
    bool numbered = false;
    /// The commands after one with write errors are not sent.
    bool ordered = true;
    /// The server answers (write concern 0: it does not).
    bool acknowledged = true;
    /// The answer may be an open cursor, which keeps its client (`result::lease`).
    bool cursor = false;
    /// The rest of the answer is fetched at once.
    bool collect = false;
    /// For `getMore`: what is kept for the cursor.
    lease_id lease = 0;
    /// `host:port` of the server that is told to end something; else it is the one that `mode` says.
    std::string server;
    /// The server can carry it out on any connection to the primary, so the fast lane may serve it; of a `getMore`: that is where
    /// its cursor is kept.
    bool plain = false;
    /// In a session of the caller's: concerns and all else that the session says are settled here.
    std::optional<session_part> session;
};

struct result {
    /// One for each command that was answered, and with `collect` for each batch.
    std::vector<answer> answers;
    /// Why there are not more of them; `errc()` when the last one says so itself.
    errc code = errc();
    std::string message;
    /// The command without an answer may have reached the server.
    bool sent = false;
    /// An attempt before the last one may have been carried out, and no answer says whether it was.
    bool in_doubt = false;
    phase where = phase::none;
    int attempts = 0;
    int round_trips = 0;
    std::chrono::nanoseconds queued{0};
    std::chrono::nanoseconds served{0};
    phase_times times;
    /// Set when the last answer has an open cursor.
    cursor_lease lease;
};

/// `maxTimeMS` for what has to be over then: at least 1 ms, as 0 means no limit, and at most what the server takes.
std::chrono::milliseconds time_left(steady_clock::time_point deadline) noexcept;
/// The id in `cursor: {id}` of a reply; 0 when there is none.
std::int64_t cursor_id_of(bson_buffer const& reply);
/// The collection in `cursor: {ns: "db.collection"}` of a reply.
std::string cursor_collection_of(bson_buffer const& reply);
bool has_write_errors(bson_buffer const& reply);
bool has_label(bson_buffer const& reply, std::string_view label);
/// The code of a reply with `ok: 0`, 0 of one with `ok: 1`; nothing when it has no `ok`, and so is no reply at all.
std::optional<int> code_of(bson_buffer const& reply);
/// The text of a reply that is an error.
std::string message_of(bson_buffer const& reply);
/// `{getMore: id, collection, batchSize}`
command make_get_more(std::int64_t id, std::string_view collection, std::int32_t batch_size);
command make_kill_cursors(std::int64_t id, std::string_view collection);
/// `{endSessions: [...]}` makes the server forget them; for as many of them as it takes at once.
command make_end_of_sessions(std::span<server_session const> sessions);
/// `{killSessions: [...]}`, which ends what the server does for these sessions (`{id: UUID}` each), and their cursors; then
/// `{endSessions: [...]}`.
std::vector<command> make_ending_commands(std::span<bson_buffer const> sessions);

} // namespace cormorant::detail
