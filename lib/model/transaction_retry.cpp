#include "model/transaction_retry.hpp"

#include <algorithm>
#include <cmath>

namespace cormorant::detail {

using namespace std::chrono_literals;

bool has_label(error const& e, std::string_view label) noexcept {
    auto const& labels = e.details().server_labels;
    return std::find(labels.begin(), labels.end(), label) != labels.end();
}

bool transaction_retry::may_run_again(time_point now) const noexcept {
    return now < until_ && (max_attempts_ == 0 || attempts_ < max_attempts_);
}

transaction_retry::step transaction_retry::after_body(error const& e, time_point now) const noexcept {
    return has_label(e, "TransientTransactionError") && may_run_again(now) ? step::run_again : step::give_up;
}

transaction_retry::step transaction_retry::after_commit(error const& e, time_point now) const noexcept {
    constexpr int max_time_expired = 50;
    if (has_label(e, "UnknownTransactionCommitResult") && e.details().server_code != max_time_expired && now < until_)
        return step::commit_again;
    return after_body(e, now);
}

std::chrono::microseconds transaction_retry::pause(double chance) const noexcept {
    constexpr std::chrono::duration<double, std::micro> first = 5ms;
    constexpr std::chrono::duration<double, std::micro> most = 500ms;
    auto const longest = std::min(most, first * std::pow(1.5, std::min(attempts_ - 1, 32)));
    return std::chrono::duration_cast<std::chrono::microseconds>(longest * chance);
}

} // namespace cormorant::detail
