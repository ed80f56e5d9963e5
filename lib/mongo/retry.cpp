#include "mongo/retry.hpp"

#include "mongo/errors.hpp"
#include "mongo/request.hpp"

namespace cormorant::detail {
namespace {

bool is_worth_repeating(answer const& a, retry_rules rules) {
    if (rules.pinned)
        return false;
    if (a.replied)
        return (rules.repeatable && is_retryable_read_error(a.server_code)) ||
               (rules.numbered && has_label(a.reply, "RetryableWriteError"));
    if (a.code != errc::network)
        return false;
    // Not sent: the connection broke while nobody used it.
    return !a.sent || rules.repeatable || rules.numbered;
}

} // namespace

attempt attempt_to_report(answer const& second) noexcept {
    // "If the second attempt fails before it is sent, or its error has the label NoWritesPerformed, the first error is raised."
    bool const got_further = second.replied ? !has_label(second.reply, "NoWritesPerformed") : second.sent;
    return got_further ? attempt::second : attempt::first;
}

bool leaves_doubt(answer const& a) {
    if (!a.replied)
        return a.sent;
    return a.server_code != 0 && (is_interruption(a.server_code) || has_label(a.reply, "RetryableWriteError"));
}

retry_verdict retry_logic::judge(answer const& a, retry_rules rules, bool may_look_again) {
    bool const looking = a.code == errc::connect || a.code == errc::server_selection;
    if (!a.replied && !a.sent && looking && !rules.pinned)
        return may_look_again ? retry_verdict::look_again : retry_verdict::give_up;
    if (!repeated_ && is_worth_repeating(a, rules)) {
        repeated_ = true;
        return retry_verdict::repeat;
    }
    return a.replied ? retry_verdict::accept : retry_verdict::give_up;
}

} // namespace cormorant::detail
