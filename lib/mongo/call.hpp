#pragma once

/// An operation under way, whoever carries it out: the driver or the fast lane.

#include "mongo/home.hpp"
#include "mongo/pool_logic.hpp"
#include "mongo/request.hpp"

#include <memory>
#include <optional>

namespace cormorant::detail {

/// How an answer gets to the caller.
enum class delivery {
    /// Later: this may be any thread, and any moment.
    posted,
    /// Now, if the handler runs on any thread of the caller's context: this is one, with nothing else to do.
    in_place,
};

/// A request, its result and who waits for it. While it is under way it belongs to who carries it out.
class call : public std::enable_shared_from_this<call> {
public:
    call(request&& r, std::optional<home>&& h) : what(std::move(r)), caller(std::move(h)) {}
    call(call const&) = delete;
    call& operator=(call const&) = delete;
    virtual ~call() = default;

    /// Hands `outcome` to the caller. Called once; never when the caller's context ends first.
    virtual void complete(delivery how) = 0;
    /// Completes it with an error, later.
    void fail(errc code, std::string message, phase where);

    request what;
    result outcome;
    std::optional<home> const caller;
};

/// Why an operation was ended before its answer came: `errc::cancelled`, `errc::deadline`, or `errc::network` for a server that
/// hangs.
std::string describe_interruption(errc why);

/// A connection that could not be made.
struct failed_connection {
    answer why;
    phase_times times;
};

/// The result of a request that gets no connection; `last` says why the last one could not be made.
void describe_refusal(result& r, refuse_request::reason why, failed_connection const& last, pool_limits const& limits);

/// What somebody who waits for a connection waits for: that one is made, or that one becomes free (`phase::queue`).
struct waiting_for {
    phase where = phase::queue;
    /// Of the connection that is being made.
    phase_times times;
};

/// Adds the time that a request was without a connection. `connecting`: where the time went while its connection was made.
void count_wait(result& r, std::chrono::nanoseconds waited, phase_times const& connecting);

/// What a connection that could not be made says about the next one.
connect_failure failure_kind(answer const& a) noexcept;

} // namespace cormorant::detail
