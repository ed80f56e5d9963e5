#pragma once

/// The fiber of one client.

#include "mongo/client.hpp"

#include <boost/asio/spawn.hpp>

#include <deque>
#include <functional>
#include <memory>
#include <utility>

namespace cormorant::detail {

/// How long a client may take for what nobody waits for: to kill a cursor, to say goodbye to its server.
inline constexpr std::chrono::seconds farewell_time(1);

/// A fiber that has a client and does jobs with it, one after the other.
///
/// It ends by itself when the client is of no further use, when its connection breaks while it has nothing to do, and after
/// `stop`. Thread safety: the driver thread only.
class worker : public std::enable_shared_from_this<worker> {
public:
    using job = std::function<void(client&)>;
    struct callbacks {
        /// The client is connected, or is not (and the fiber is about to end).
        std::function<void(answer const&, bool usable)> opened;
        /// The idle client broke.
        std::function<void()> lost;
        /// The fiber has ended.
        std::function<void()> gone;
    };

    /// Connects to a server of that kind.
    worker(boost::asio::io_context& context, mongo_settings const& settings, std::shared_ptr<lookup_count> lookups,
        mongoc_read_mode_t which);

    void start(callbacks report);
    /// Makes it busy, until `rest`.
    void submit(job work);
    void rest() noexcept { busy_ = false; }
    bool connecting() const noexcept { return connecting_; }
    bool idle() const noexcept { return !connecting_ && !busy_; }
    /// Ends it after the job that it is at; connecting ends at once.
    void stop();
    /// Ends the waits of the job that it is at.
    void interrupt() { lane_->interrupt(); }
    std::shared_ptr<lane> const& where() const noexcept { return lane_; }
    /// Where the time went while it connected; nothing when that has been asked before.
    phase_times take_connect_times() noexcept { return std::exchange(connect_times_, phase_times()); }

private:
    void spawn();
    void run(client& c);
    void retire(client& c);

    boost::asio::io_context& context_;
    mongo_settings const& settings_;
    std::shared_ptr<lookup_count> lookups_;
    mongoc_read_mode_t which_;
    std::shared_ptr<lane> lane_;
    callbacks report_;
    std::deque<job> jobs_;
    bool busy_ = false;
    bool stopping_ = false;
    bool connecting_ = true;
    phase_times connect_times_;
};

} // namespace cormorant::detail
