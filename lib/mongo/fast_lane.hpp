#pragma once

/// Plain operations on the callers' own execution contexts: one write and one read each, without libmongoc and without its
/// thread.

#include "mongo/call_book.hpp"
#include "mongo/driver.hpp"
#include "mongo/fast_connection.hpp"
#include "mongo/forgotten.hpp"
#include "mongo/retry.hpp"

#include <boost/container/small_vector.hpp>
#include <boost/intrusive/list.hpp>

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

namespace cormorant::detail {

class fast_lane;

/// A call that the fast lane can carry out.
class fast_call : public bookable_call, public boost::intrusive::list_base_hook<> {
public:
    using bookable_call::bookable_call;

private:
    friend class fast_lane;
    enum class state { made, queued, granted, running, finished, passed_on };

    std::shared_ptr<fast_call> shared() { return std::static_pointer_cast<fast_call>(shared_from_this()); }

    // Guarded by the mutex of the lane.
    state state_ = state::made;
    /// Keeps it alive while the lane knows it.
    std::shared_ptr<fast_call> keep_;
    /// Why it was interrupted.
    errc ended_by_ = errc();
    /// When the lane interrupts it.
    steady_clock::time_point expiry_ = steady_clock::time_point::max();
    steady_clock::time_point queued_at_;
    steady_clock::time_point granted_at_;

    // Of whoever carries it out at the moment.
    std::shared_ptr<fast_lane> lane_;
    fast_connection* connection_ = nullptr;
    /// The connection has been idle, so the server may have closed it.
    bool in_doubt_ = false;
    std::size_t position_ = 0;
    retry_logic retry_;
    /// Of a write that the server can tell again, and of a cursor; otherwise the connection's is used.
    server_session session_;
    /// That has the cursor.
    std::string server_;
    std::optional<std::int64_t> number_;
    /// Of a write that is sent a second time.
    std::optional<answer> first_;
};

/// The connections of a store that are not libmongoc's, and the calls that use them.
///
/// The driver makes the connections and looks for the primary; each is used on the execution context of one call after the other,
/// and moves between contexts as needed: so one limit holds for all of them. What must happen at a time (deadlines, limits of the
/// queue) is looked after on the driver thread, so that a call that is in time arms no timer. Thread safety: any thread. No
/// function waits, and nothing of the user's runs while the mutex is held.
class fast_lane final : public cursor_keeper, public home_guest, public std::enable_shared_from_this<fast_lane> {
public:
    /// It is one of those whom `homes` tells. `book`: for the calls that the driver has to serve. `ends`: the sessions of
    /// callers, which it ends with its own.
    fast_lane(std::shared_ptr<driver> control, std::shared_ptr<known_homes> homes, std::shared_ptr<call_book> book,
        std::shared_ptr<session_pool> ends);

    /// Whether the request is one for this lane.
    static bool serves(request const& r, mongo_settings const& settings) noexcept;

    /// The call has to have a home.
    void start(std::shared_ptr<fast_call> c);
    /// Ends it with `errc::cancelled`, unless it is over.
    void cancel(std::shared_ptr<fast_call> const& c);
    void release(lease_id lease, std::int64_t cursor, std::string database, std::string collection) override;
    /// A connection broke under this session, and nobody uses it any more.
    void forget(server_session session);
    /// Ends all calls with `errc::cancelled`, closes all connections, then calls `done`. A call that is on a context which nobody
    /// runs delays it until that context is run or destroyed.
    void close(std::function<void()> done);

    void leave(boost::asio::execution_context& home) noexcept override;

private:
    struct lease {
        server_session session;
        /// Not one of the caller's.
        bool own = true;
        std::string address;
    };
    struct errand {
        std::string server;
        std::string database;
        std::vector<command> commands;
        bson_buffer session;
    };
    /// Decided under the mutex, done without it.
    struct later {
        boost::container::small_vector<std::shared_ptr<fast_call>, 2> begun;
        boost::container::small_vector<client_id, 2> opened;
        std::vector<std::shared_ptr<fast_call>> passed_on;
        std::vector<std::function<void()>> drained;
    };
    using guard = std::unique_lock<std::mutex>;

    // With the mutex held.
    void enqueue(fast_call& c, steady_clock::time_point now, boost::asio::execution_context* here, later& todo);
    void apply(pool_actions const& actions, steady_clock::time_point now, boost::asio::execution_context* here, later& todo);
    void grant(grant_client const& g, steady_clock::time_point now, boost::asio::execution_context* here, later& todo);
    /// Whether the call goes on when its connection breaks.
    bool is_sent_again(fast_call const& c) const noexcept;
    std::shared_ptr<fast_call> finish(fast_call& c, later& todo);
    void put_back(fast_call& c, bool usable, steady_clock::time_point now, boost::asio::execution_context* here, later& todo);
    void interrupt(fast_call& c, errc why);
    void forget_generation(std::uint64_t generation, steady_clock::time_point now, later& todo);
    void keep_lease(fast_call& c, std::int64_t cursor, bool usable, steady_clock::time_point now);
    void keep_session(server_session s);
    void run_errands(fast_connection& on, steady_clock::time_point now);
    void run(errand&& e, fast_connection& on);
    void forget_session(server_session const& session);
    void spoil_session(fast_call& c);
    void say_goodbye();
    void arm(steady_clock::time_point when);
    bool accept(fast_call& c, answer&& a);
    fast_connection* idle_connection() noexcept;

    // Without it.
    void carry_out(later&& todo);
    void offered(client_id id, socket_offer offer);
    void end_queued(std::shared_ptr<fast_call> const& c, errc why, waiting_for wait);
    void start_timer();
    void tick();

    void end_unsent(std::shared_ptr<fast_call> c, guard& lock, later&& todo, delivery how);
    void hand_back(std::shared_ptr<fast_call> c, guard& lock, later&& todo, delivery how);

    // By whoever has the call's connection.
    void begin_granted(std::shared_ptr<fast_call> c);
    void begin(std::shared_ptr<fast_call> c, delivery how);
    void send(std::shared_ptr<fast_call> c, delivery how);
    command_addition addition_of(fast_call& c);
    void write_on(std::shared_ptr<fast_call> c);
    void read_on(std::shared_ptr<fast_call> c);
    void take(std::shared_ptr<fast_call> c, boost::system::error_code ec, std::size_t count);
    void lost(std::shared_ptr<fast_call> c, std::string message, delivery how);
    void settle(std::shared_ptr<fast_call> c, answer&& a, bool usable, delivery how);

    std::shared_ptr<driver> const control_;
    std::shared_ptr<known_homes> const homes_;
    std::shared_ptr<call_book> const book_;
    std::shared_ptr<session_pool> const ended_with_me_;
    mongo_settings const& settings_;

    std::mutex mutex_;
    pool_logic pool_;
    std::map<client_id, std::unique_ptr<fast_connection>> connections_;
    /// Those that the driver is making, and the generation that they will belong to.
    std::map<client_id, std::uint64_t> opening_;
    boost::intrusive::list<fast_call> live_;
    /// Connections of an older generation go to a server that may not be the primary any more.
    std::uint64_t generation_ = 1;
    std::map<lease_id, lease> leases_;
    lease_id next_lease_ = 1;
    std::vector<server_session> sessions_;
    /// To be done by the next connection that is free.
    std::vector<errand> errands_;
    forgotten_sessions forgotten_;
    failed_connection connect_error_;
    /// The server is of a kind that only the driver can talk to.
    bool passes_on_ = false;
    bool closing_ = false;
    std::vector<std::function<void()>> when_drained_;
    steady_clock::time_point armed_at_ = steady_clock::time_point::max();

    /// On the driver thread only.
    boost::asio::steady_timer timer_;
};

} // namespace cormorant::detail
