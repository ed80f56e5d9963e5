#pragma once

/// The thread that libmongoc runs on, and the traffic on it: requests, clients, leases.

#include "mongo/call.hpp"
#include "mongo/forgotten.hpp"
#include "mongo/pool_logic.hpp"
#include "mongo/retry.hpp"
#include "mongo/worker.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <atomic>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <thread>
#include <vector>

namespace cormorant::detail {

/// What the driver knows of a call that it serves.
class ticket {
public:
    explicit ticket(std::shared_ptr<call> c) : call_(std::move(c)), what_(call_->what), result_(call_->outcome) {}

private:
    friend class driver;
    enum class state { queued, pausing, running, finished };

    std::shared_ptr<call> call_;
    request& what_;
    result& result_;
    state state_ = state::queued;
    retry_logic retry_;
    std::size_t position_ = 0;
    steady_clock::time_point started_;
    steady_clock::time_point queued_at_;
    std::optional<boost::asio::steady_timer> deadline_;
    std::optional<boost::asio::steady_timer> pause_;
    request_id request_ = 0;
    std::shared_ptr<worker> serving_;
};

/// A connection that was made for somebody else, or why there is none.
struct socket_offer {
    server_socket socket;
    answer why;
    phase_times times;
};

/// Everything that lives on the driver thread.
///
/// Thread safety: `start`, `cancel`, `release`, `forget`, `tell`, `open_socket`, `post` and `close` may be called from any
/// thread; none of them waits. All else happens on the driver thread. Its owner is `driver_thread`.
class driver final : public cursor_keeper, public std::enable_shared_from_this<driver> {
public:
    explicit driver(mongo_settings settings);

    mongo_settings const& settings() const noexcept { return settings_; }
    boost::asio::io_context& context() noexcept { return context_; }

    void start(std::shared_ptr<call> c);
    /// Ends it with `errc::cancelled`, unless it is over.
    void cancel(std::shared_ptr<call> const& c);
    void release(lease_id lease, std::int64_t cursor, std::string database, std::string collection) override;
    /// A connection broke under this session, and nobody uses it any more.
    void forget(server_session session);
    /// Has that server (`host:port`) carry out what nobody waits for.
    void tell(std::string server, std::string database, std::vector<command> commands);
    /// Connects to the primary, authenticates, and gives the connection away. `done` is called on the driver thread, once.
    void open_socket(std::function<void(socket_offer)> done);
    /// The driver thread as the home of calls whose own cannot be found out; it runs until the last such call is gone. Nothing
    /// when it has ended already. Their answers must not be delivered in place.
    std::optional<home> guest_home();
    /// Runs `f` on the driver thread; false when the driver has ended, and `f` will not run.
    bool post(std::function<void()> f);
    /// What a request that waits for a connection waits for. On the driver thread only.
    waiting_for waited_for() const;
    /// Ends all requests with `errc::cancelled`, then all clients, then calls `done`.
    void close(std::function<void()> done);

    /// The thread's work; returns after `close`.
    void run();
    /// True when a name lookup is still under way, which the end of the io_context would wait for.
    bool has_lookups() const noexcept { return lookups_->load() != 0; }

private:
    struct lease {
        client_id client;
        std::shared_ptr<worker> holder;
        std::uint32_t server;
    };
    enum class verdict { finished, again };

    void begin(std::shared_ptr<ticket> const& t);
    void enqueue(std::shared_ptr<ticket> const& t);
    void pause(std::shared_ptr<ticket> const& t, std::chrono::milliseconds time);
    void end_early(std::shared_ptr<ticket> const& t, errc why);
    void finish(std::shared_ptr<ticket> const& t);
    void fail(std::shared_ptr<ticket> const& t, errc code, std::string message, phase where);

    void apply(pool_actions const& actions);
    void open(client_id id);
    void opened(client_id id, answer const& a, bool usable);
    void forget_session(server_session const& session);
    void arm_forget_timer();
    void tell_of_forgotten();
    void say_goodbye();
    void give_away(std::shared_ptr<worker> const& w, answer const& a, bool usable, std::function<void(socket_offer)> done);
    void gone(client_id id);
    void put_back(client_id id, bool usable);
    void refuse(request_id id, refuse_request::reason why);
    void arm_pool_timer();

    void serve(std::shared_ptr<ticket> const& t, client_id id, worker& w, client& c);
    verdict perform(ticket& t, worker& w, client& c);
    void note(ticket& t, answer a);
    answer send(ticket& t, client& c);
    answer send_numbered(ticket& t, worker& w, client& c);
    bool follow_cursor(ticket& t, client& c);
    command_options options_of(ticket const& t) const;
    void keep_lease(ticket& t, client_id id, worker& w, bool usable);
    void end_lease(lease_id id, bool usable);

    void shut();
    void end_when_drained();

    mongo_settings settings_;
    std::shared_ptr<lookup_count> lookups_ = std::make_shared<lookup_count>(0);

    boost::asio::io_context context_{1};
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{context_.get_executor()};
    boost::asio::steady_timer pool_timer_{context_};
    steady_clock::time_point pool_timer_at_ = steady_clock::time_point::max();

    pool_logic pool_;
    std::map<client_id, std::shared_ptr<worker>> workers_;
    std::map<request_id, std::shared_ptr<ticket>> waiting_;
    std::map<call const*, std::shared_ptr<ticket>> live_;
    /// Those that connect for `open_socket`.
    std::set<std::shared_ptr<worker>> openers_;
    std::map<lease_id, lease> leases_;
    request_id next_request_ = 1;
    lease_id next_lease_ = 1;
    /// Why the last client could not connect.
    failed_connection connect_error_;
    bool closing_ = false;
    std::vector<std::function<void()>> when_closed_;
    forgotten_sessions forgotten_;
    boost::asio::steady_timer forget_timer_{context_};

    std::atomic<int> guests_ = 0;
    std::mutex mutex_;
    bool accepting_ = true; // guarded by mutex_
};

/// Owns the thread. Its end closes the driver and waits until every request has been answered and every fiber has returned; what
/// may take longer (a name lookup that cannot be interrupted) is left to the thread, which then owns the driver alone.
class driver_thread {
public:
    explicit driver_thread(mongo_settings settings);
    driver_thread(driver_thread const&) = delete;
    driver_thread& operator=(driver_thread const&) = delete;
    ~driver_thread();

    std::shared_ptr<driver> const& get() const noexcept { return driver_; }

private:
    std::shared_ptr<driver> driver_;
    std::future<void> drained_;
    std::thread thread_;
};

} // namespace cormorant::detail
