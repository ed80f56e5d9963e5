#pragma once

/// Decides what becomes of a transaction after an error, without I/O and without a clock.
/// Source: https://github.com/mongodb/specifications/blob/master/source/transactions-convenient-api/transactions-convenient-api.md

#include <cormorant/error/error.hpp>

#include <chrono>
#include <string_view>

namespace cormorant::detail {

bool has_label(error const& e, std::string_view label) noexcept;

/// The attempts of one transaction. Thread safety: as a standard container.
class transaction_retry {
public:
    using time_point = std::chrono::steady_clock::time_point;
    enum class step {
        /// The error is the caller's.
        give_up,
        /// The body once more, after `pause`.
        run_again,
        /// The commit once more, at once.
        commit_again,
    };

    /// Nothing is tried again after `until`, nor after `max_attempts` beginnings of the body (0: as many as there is time for).
    transaction_retry(time_point until, int max_attempts) noexcept : until_(until), max_attempts_(max_attempts) {}

    int attempts() const noexcept { return attempts_; }
    void begin() noexcept { ++attempts_; }

    step after_body(error const& e, time_point now) const noexcept;
    step after_commit(error const& e, time_point now) const noexcept;
    /// How long to wait before the body is begun once more. `chance`: from 0 to 1, so that those who were in each other's way part.
    std::chrono::microseconds pause(double chance) const noexcept;

private:
    bool may_run_again(time_point now) const noexcept;

    time_point until_;
    int max_attempts_;
    int attempts_ = 0;
};

} // namespace cormorant::detail
