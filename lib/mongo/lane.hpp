#pragma once

/// Where the fiber of one client waits.

#include <cormorant/error/error.hpp>

#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/spawn.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <string>

namespace cormorant::detail {

using steady_clock = std::chrono::steady_clock;

/// Why a wait ended.
enum class wake { ready, timed_out, interrupted };

/// The fiber's parking place, and what is known of the job that it is at.
///
/// All sockets of a client report here (`notify`), and every callback that libmongoc makes waits here. The fiber resumes only on
/// the driver thread: libmongoc holds locks of the thread across its callbacks.
/// Thread safety: the driver thread only. The lane outlives the handlers that refer to it, so it is always shared.
class lane : public std::enable_shared_from_this<lane> {
public:
    explicit lane(boost::asio::io_context& context) : context_(context), timer_(context) {}

    boost::asio::io_context& context() noexcept { return context_; }

    /// From now on waits suspend this fiber; none when null.
    void attach(boost::asio::yield_context* fiber) noexcept { fiber_ = fiber; }
    bool attached() const noexcept { return fiber_ != nullptr; }

    /// Waits until `ready()` or `expiry`, or until the job is interrupted.
    template <class Ready>
    wake wait(Ready ready, steady_clock::time_point expiry) {
        while (!ready()) {
            if (interrupted_)
                return wake::interrupted;
            if (steady_clock::now() >= expiry)
                return wake::timed_out;
            arm(expiry);
            park();
        }
        return wake::ready;
    }
    /// Waits for what will happen soon whatever comes, the end of a socket operation that was cancelled.
    template <class Ready>
    void wait_out(Ready ready) {
        while (!ready())
            park();
    }
    /// Something that a wait may be interested in has happened. Resumes the fiber before it returns: for handlers of the
    /// io_context, which have nothing left to do.
    void notify();
    /// The same for all other callers, another fiber for instance.
    void notify_later();

    /// A new job: forgets the one before.
    void begin() noexcept {
        interrupted_ = false;
        times_ = phase_times();
        phase_ = phase::none;
        begin_command();
    }
    /// The next command of the same job.
    void begin_command() noexcept;
    /// Ends every wait of the job, this one and later ones.
    void interrupt();
    bool interrupted() const noexcept { return interrupted_; }

    /// The phase that the job is in, for diagnostics.
    phase where() const noexcept { return phase_; }
    void enter(phase p) noexcept;
    /// How long the job has been in each phase so far.
    phase_times times() const noexcept;

    /// The command of the job is about to be written / may have reached the server.
    void command_started(std::uint32_t server) noexcept;
    bool command_is_next() const noexcept { return started_ && !sent_; }
    bool command_started() const noexcept { return started_; }
    void set_sent(bool sent) noexcept { sent_ = sent; }
    bool sent() const noexcept { return sent_; }
    /// The server that the command went to.
    std::uint32_t server() const noexcept { return server_; }

    /// A connection failed during this command; the first one to do so is remembered.
    void connection_failed(errc why, std::string message);
    bool failed() const noexcept { return failure_ != errc(); }
    errc failure() const noexcept { return failure_; }
    std::string const& failure_message() const noexcept { return failure_message_; }

    /// The server closed a connection of this client, which is better replaced now.
    void connection_lost() noexcept { lost_ = true; }
    bool lost() const noexcept { return lost_; }

    /// libmongoc looked at its servers.
    void scanned() noexcept { last_scan_ = steady_clock::now(); }
    steady_clock::time_point last_scan() const noexcept { return last_scan_; }

    /// No more waits: the timer lets go of the lane.
    void retire() { timer_.cancel(); }

private:
    void park();
    void arm(steady_clock::time_point expiry);
    void start_timer();

    boost::asio::io_context& context_;
    boost::asio::yield_context* fiber_ = nullptr;
    std::optional<boost::asio::any_completion_handler<void()>> parked_;

    // One timer that is left running from wait to wait, since most waits end long before: it is moved only to an earlier time.
    boost::asio::steady_timer timer_;
    bool armed_ = false;
    steady_clock::time_point expiry_;

    bool lost_ = false;
    bool interrupted_ = false;
    bool started_ = false;
    bool sent_ = false;
    std::uint32_t server_ = 0;
    phase phase_ = phase::none;
    steady_clock::time_point entered_;
    phase_times times_;
    errc failure_ = errc();
    std::string failure_message_;
    steady_clock::time_point last_scan_;
};

/// Interrupts the job of a lane that takes longer than this object lives.
class time_limit {
public:
    time_limit(std::shared_ptr<lane> where, std::chrono::milliseconds time);
    time_limit(time_limit const&) = delete;
    time_limit& operator=(time_limit const&) = delete;

private:
    boost::asio::steady_timer timer_;
};

} // namespace cormorant::detail
