#include "mongo/call.hpp"

#include <fmt/format.h>

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

void describe_refusal(result& r, refuse_request::reason why, answer const& last, pool_limits const& limits) {
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
