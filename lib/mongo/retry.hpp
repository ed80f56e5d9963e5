#pragma once

/// Decides whether a request is sent a second time. It does nothing itself: what came of a command goes in, a verdict comes out.
/// Sources: https://github.com/mongodb/specifications/blob/master/source/retryable-reads/retryable-reads.md and
/// https://github.com/mongodb/specifications/blob/master/source/retryable-writes/retryable-writes.md

#include "mongo/client.hpp"

#include <chrono>

namespace cormorant::detail {

/// What may be done with a request.
struct retry_rules {
    /// Sending it twice does no harm.
    bool repeatable = false;
    /// The server can tell a repetition by its number.
    bool numbered = false;
    /// Only one connection, or one server, can carry it out.
    bool pinned = false;
};

enum class retry_verdict {
    /// The answer is the one to report.
    accept,
    /// Once more, at once, on another connection.
    repeat,
    /// Once more when servers have been looked for again.
    look_again,
    /// There is no answer, and there will be none.
    give_up,
};

/// Of a write that was sent twice, the attempt to report: the second, unless it says that it did not get as far as the first.
enum class attempt { first, second };
attempt attempt_to_report(answer const& second) noexcept;

/// Whether the server may have done what was asked although this is no success: nothing came back, or an error that may have come
/// in the middle of it.
bool leaves_doubt(answer const& a);

/// The attempts of one command. Thread safety: as a standard container.
class retry_logic {
public:
    /// `may_look_again`: there is time left for it.
    retry_verdict judge(answer const& a, retry_rules rules, bool may_look_again);

    bool repeated() const noexcept { return repeated_; }
    /// The next command has its own attempts.
    void begin_next() noexcept { repeated_ = false; }

private:
    bool repeated_ = false;
};

} // namespace cormorant::detail
