#include "mongo/call.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace cormorant::detail {

void call::fail(errc code, std::string message, phase where) {
    outcome.code = code;
    outcome.message = std::move(message);
    outcome.where = where;
    complete(delivery::posted);
}

std::string describe_interruption(errc why) {
    switch (why) {
    case errc::deadline:
        return "the deadline passed";
    case errc::network:
        return "the server did not answer in time";
    default:
        return "the operation was cancelled";
    }
}

void count_wait(result& r, std::chrono::nanoseconds waited, phase_times const& connecting) {
    r.queued += waited;
    // Others may have waited for the same connection before: this one's share of it is no longer than its own wait.
    auto const total = connecting.total();
    double const share = total > waited ? static_cast<double>(waited.count()) / static_cast<double>(total.count()) : 1.0;
    auto rest = waited;
    for (auto const p : {phase::resolve, phase::connect, phase::tls, phase::authentication, phase::selection, phase::server}) {
        auto const spent = connecting[p];
        if (spent.count() == 0)
            continue;
        std::chrono::nanoseconds const part(static_cast<std::int64_t>(static_cast<double>(spent.count()) * share));
        r.times.add(p == phase::server ? phase::selection : p, part); // a server that is asked who it is
        rest -= part;
    }
    r.times.add(phase::queue, std::max(rest, std::chrono::nanoseconds(0)));
}

void describe_refusal(result& r, refuse_request::reason why, failed_connection const& failed, pool_limits const& limits) {
    auto const& last = failed.why;
    switch (why) {
    case refuse_request::reason::queue_timeout:
        r.code = errc::pool_timeout;
        r.message = fmt::format("no client of the pool became free within {} ms", limits.queue_timeout.count());
        r.where = phase::queue;
        return;
    case refuse_request::reason::closed:
        r.code = errc::cancelled;
        r.message = "the store was closed";
        r.where = phase::queue;
        return;
    case refuse_request::reason::unreachable:
    case refuse_request::reason::fatal:
        break;
    }
    auto const code = last.replied ? errc::server : last.code;
    r.code = code == errc::network ? errc::connect : code;
    r.message = last.message;
    r.where = last.where;
}

connect_failure failure_kind(answer const& a) noexcept {
    bool const fatal = a.code == errc::authentication || a.code == errc::tls || a.replied;
    return fatal ? connect_failure::fatal : connect_failure::transient;
}

} // namespace cormorant::detail
