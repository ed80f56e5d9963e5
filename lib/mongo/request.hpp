#pragma once

/// An operation as the server sees it, and what came of it. Bytes only: requests are made and results are read on the caller's
/// thread.

#include "mongo/client.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cormorant::detail {

class driver;

/// A client that is kept for an open cursor. 0: none.
using lease_id = std::uint64_t;

/// An open cursor and the client that has it. Its end gives the client back and kills the cursor, in the background.
/// Thread safety: as a standard container.
class cursor_lease {
public:
    cursor_lease() noexcept = default;
    cursor_lease(
        std::weak_ptr<driver> owner, lease_id id, std::int64_t cursor, std::string database, std::string collection) noexcept
        : owner_(std::move(owner)), id_(id), cursor_(cursor), database_(std::move(database)), collection_(std::move(collection)) {
    }
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
    /// Somebody else has taken care of it.
    void forget() noexcept { id_ = 0; }
    void swap(cursor_lease& other) noexcept {
        std::swap(owner_, other.owner_);
        std::swap(id_, other.id_);
        std::swap(cursor_, other.cursor_);
        std::swap(database_, other.database_);
        std::swap(collection_, other.collection_);
    }

private:
    std::weak_ptr<driver> owner_;
    lease_id id_ = 0;
    std::int64_t cursor_ = 0;
    std::string database_;
    std::string collection_;
};

struct request {
    std::string database;
    /// Sent one after the other.
    std::vector<bson_buffer> commands;
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
    /// For `getMore`: the client that has the cursor.
    lease_id lease = 0;
};

struct result {
    /// One for each command that was answered, and with `collect` for each batch.
    std::vector<answer> answers;
    /// Why there are not more of them; `errc()` when the last one says so itself.
    errc code = errc();
    std::string message;
    /// The command without an answer may have reached the server.
    bool sent = false;
    phase where = phase::none;
    int attempts = 0;
    int round_trips = 0;
    std::chrono::nanoseconds queued{0};
    std::chrono::nanoseconds served{0};
    /// Set when the last answer has an open cursor.
    cursor_lease lease;
};

/// The id in `cursor: {id}` of a reply; 0 when there is none.
std::int64_t cursor_id_of(bson_buffer const& reply);
/// The collection in `cursor: {ns: "db.collection"}` of a reply.
std::string cursor_collection_of(bson_buffer const& reply);
bool has_write_errors(bson_buffer const& reply);
bool has_label(bson_buffer const& reply, std::string_view label);
/// `{getMore: id, collection, batchSize}`
bson_buffer make_get_more(std::int64_t id, std::string_view collection, std::int32_t batch_size);
bson_buffer make_kill_cursors(std::int64_t id, std::string_view collection);

} // namespace cormorant::detail
