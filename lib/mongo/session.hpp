#pragma once

/// Sessions of the caller's: what the commands of one carry, and the pool that their ids come from.
/// Sources: https://github.com/mongodb/specifications/blob/master/source/sessions/driver-sessions.md,
/// https://github.com/mongodb/specifications/blob/master/source/causal-consistency/causal-consistency.md and
/// https://github.com/mongodb/specifications/blob/master/source/transactions/transactions.md

#include "store/session_claim.hpp"

#include <cormorant/bson/bson.hpp>
#include <cormorant/store/session.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace cormorant::detail {

using std::chrono::steady_clock;

/// A logical session of the server, used by one command at a time.
struct server_session {
    /// `{id: UUID}`; empty: there is none.
    bson_buffer id;
    std::int64_t last_number = 0;
    steady_clock::time_point last_use;
    /// `host:port` of those that have heard of it.
    std::vector<std::string> servers;

    explicit operator bool() const noexcept { return !id.empty(); }
    /// A command of it is about to be sent there, or has been.
    void used_on(std::string const& server);
};

/// A session that no server has heard of.
server_session make_session();

/// The server forgets a session after 30 minutes; one that is about to be forgotten is not used any more.
inline constexpr std::chrono::minutes session_lifetime{29};

/// The sessions of the server that sessions of callers have had, for the next ones. Thread safety: any thread.
class session_pool {
public:
    server_session take();
    void give(server_session s);
    /// Those that are to be ended with the store. Later ones are dropped.
    std::vector<server_session> close();

private:
    std::mutex mutex_;
    std::vector<server_session> resting_;
    bool closed_ = false;
};

/// The session of the server behind one of a caller's. Thread safety: any thread.
class lent_session {
public:
    explicit lent_session(std::shared_ptr<session_pool> from) : pool_(std::move(from)), session_(pool_->take()) {}
    lent_session(lent_session const&) = delete;
    lent_session& operator=(lent_session const&) = delete;
    ~lent_session();

    bson_buffer const& id() const noexcept { return session_.id; }
    /// For a retryable write or a transaction.
    std::int64_t next_number();
    /// It is about to be used.
    void touch();
    void used_on(std::string const& server);
    /// A connection broke under a command of it: the server may be at it still, so nobody else is to use it. `forget` is given
    /// it when nobody uses it at all.
    void spoil(std::function<void(server_session)> forget);

private:
    std::shared_ptr<session_pool> pool_;
    std::mutex mutex_;
    server_session session_;
    /// Set when it is spoilt.
    std::function<void(server_session)> forget_;
};

/// What a request carries because of its session.
struct session_part {
    std::shared_ptr<lent_session> session;
    /// The number of its transaction, if it belongs to one.
    std::optional<std::int64_t> transaction;
    /// It is the first one of its transaction.
    bool starts = false;
    /// It commits or aborts.
    bool ends = false;
    /// `$clusterTime`, unless it is empty.
    bson_buffer cluster_time;
    /// The write concern of a commit that is sent a second time.
    bson_buffer second_write_concern;
};

/// A session of a caller's.
class mongo_session final : public session {
public:
    /// `farewell` aborts a transaction, in the background.
    using abort_function = std::function<void(session_part)>;
    mongo_session(std::shared_ptr<session_pool> pool, session_options options, abort_function farewell)
        : session(options), pool_(std::move(pool)), farewell_(std::move(farewell)) {}
    ~mongo_session() override { end(); }

    bool is_of(std::shared_ptr<session_pool> const& pool) const noexcept { return pool_ == pool; }
    /// For an operation that has this claim.
    session_part part_of(session_claim const& claim);
    /// Of the reply to one: `operationTime` and `$clusterTime`.
    void follow(bson_buffer const& reply);
    /// The server has answered a commit or an abort.
    void transaction_ended() noexcept;

private:
    void release(bool in_transaction) noexcept override;

    std::shared_ptr<session_pool> const pool_;
    abort_function const farewell_;
    std::mutex mutex_;
    /// None before the first operation.
    std::shared_ptr<lent_session> lent_;
    /// Of `session_claim::number`.
    std::uint64_t transaction_ = 0;
    std::int64_t number_ = 0;
    /// The server may have it open.
    bool open_ = false;
};

} // namespace cormorant::detail
