#pragma once

/// Decides which client serves which request, and when clients are opened and closed. It does nothing itself: events go in,
/// actions come out.

#include <boost/container/small_vector.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <variant>
#include <vector>

namespace cormorant::detail {

using pool_clock = std::chrono::steady_clock;
using client_id = std::uint64_t;
using request_id = std::uint64_t;

struct pool_limits {
    std::size_t max_size = 16;
    std::size_t min_size = 0;
    std::size_t max_connecting = 2;
    /// How long a request waits for a client while others use them all.
    std::chrono::milliseconds queue_timeout{10'000};
    /// How long a request waits while no client can be connected.
    std::chrono::milliseconds connect_patience{5'000};
    /// The pause after a client could not be connected.
    std::chrono::milliseconds retry_pause{500};
    std::chrono::milliseconds idle_time{600'000};
};

/// Make a client and report `connected` or `connect_failed`.
struct open_client {
    client_id client;
    friend bool operator==(open_client const&, open_client const&) = default;
};
/// Let the request have this client until `released`.
struct grant_client {
    client_id client;
    request_id request;
    friend bool operator==(grant_client const&, grant_client const&) = default;
};
/// End an idle client; it is forgotten already.
struct close_client {
    client_id client;
    friend bool operator==(close_client const&, close_client const&) = default;
};
/// The request gets no client.
struct refuse_request {
    enum class reason { queue_timeout, unreachable, fatal, closed };
    request_id request;
    reason why;
    friend bool operator==(refuse_request const&, refuse_request const&) = default;
};
using pool_action = std::variant<open_client, grant_client, close_client, refuse_request>;
/// Nearly always one.
using pool_actions = boost::container::small_vector<pool_action, 2>;

/// What a failed connection says about the next one.
enum class connect_failure {
    /// The next attempt may succeed.
    transient,
    /// It will fail as well (credentials, certificates): nobody needs to wait.
    fatal,
};

/// Requests are served in order of their arrival. Idle clients are used last in, first out, so that surplus ones expire.
///
/// Thread safety: as a standard container.
class pool_logic {
public:
    explicit pool_logic(pool_limits limits) noexcept : limits_(limits) {}

    pool_actions acquire(request_id request, pool_clock::time_point now);
    /// The request does not want a client any more. No effect when it has one.
    pool_actions abandon(request_id request, pool_clock::time_point now);
    pool_actions connected(client_id client, pool_clock::time_point now);
    pool_actions connect_failed(client_id client, connect_failure how, pool_clock::time_point now);
    /// A granted client comes back; false: it is of no further use (and ended by its owner).
    pool_actions released(client_id client, bool usable, pool_clock::time_point now);
    /// An idle client broke (and is ended by its owner).
    pool_actions lost(client_id client, pool_clock::time_point now);
    /// Time has passed.
    pool_actions tick(pool_clock::time_point now);
    /// Refuses every request from now on and closes what is idle. Granted and connecting clients are dropped as they come back.
    pool_actions close();

    /// When `tick` has something to do; `max()`: never.
    pool_clock::time_point next_tick() const noexcept;

    std::size_t size() const noexcept { return clients_.size(); }
    std::size_t idle() const noexcept { return idle_.size(); }
    std::size_t connecting() const noexcept { return connecting_; }
    std::size_t waiting() const noexcept { return waiting_.size(); }
    bool closed() const noexcept { return closed_; }

private:
    enum class state { connecting, idle, granted };
    struct waiter {
        request_id request;
        pool_clock::time_point since;
    };
    struct idle_entry {
        client_id client;
        pool_clock::time_point since;
    };

    void forget(client_id client);
    bool make_idle(client_id client, pool_clock::time_point now);
    /// Brings requests, idle clients and new clients together.
    void balance(pool_actions& out, pool_clock::time_point now);
    void expire_waiters(pool_actions& out, pool_clock::time_point now);
    void refuse_all(pool_actions& out, refuse_request::reason why);
    /// There is no client but those that try to connect, in vain so far.
    bool unreachable() const noexcept { return failing_ && clients_.size() == connecting_; }
    std::chrono::milliseconds patience() const noexcept;
    /// Somebody waits, or the minimum is not reached.
    bool wants_more() const noexcept { return waiting_.size() > connecting_ || (used_ && clients_.size() < limits_.min_size); }
    bool has_room() const noexcept { return clients_.size() < limits_.max_size && connecting_ < limits_.max_connecting; }

    pool_limits limits_;
    std::map<client_id, state> clients_;
    std::vector<idle_entry> idle_; // oldest first
    std::deque<waiter> waiting_;
    std::size_t connecting_ = 0;
    client_id next_client_ = 1;
    /// No attempt to connect has succeeded since one failed.
    bool failing_ = false;
    pool_clock::time_point not_before_{};
    bool used_ = false;
    bool closed_ = false;
};

} // namespace cormorant::detail
