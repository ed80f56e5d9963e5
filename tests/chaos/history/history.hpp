#pragma once

/// What clients saw while they worked side by side, and what cannot have happened.
///
/// Every key has a version, which each write raises by one, and the name of who wrote it. So what an operation has seen tells whose
/// writes it followed, and anomalies show without any knowledge of the store.

#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

namespace cormorant::testing {

/// A key with a version of it: the value that `by` wrote.
struct observation {
    std::int32_t key = 0;
    /// 0: as it was in the beginning.
    std::int64_t version = 0;
    std::string by;
};

/// What one client did at once: a write, a transaction, a read.
struct history_event {
    enum class result { committed, aborted, unknown };

    std::string name;
    result outcome = result::aborted;
    /// All that it read was of one moment.
    bool snapshot = true;
    std::vector<observation> reads;
    std::vector<observation> writes;
    /// Where it began and ended in the order of all beginnings and ends.
    std::int64_t begun = 0;
    std::int64_t ended = 0;
};

/// Takes events from any thread.
class history {
public:
    std::int64_t now();
    void add(history_event e);
    std::vector<history_event> take();

private:
    std::mutex mutex_;
    std::int64_t clock_ = 0;
    std::vector<history_event> events_;
};

/// The anomalies of a history, a sentence each, none when all is well:
/// - lost update: two committed events wrote the same version of a key; or one wrote another version than the one after what it
///   read; or a version between others was written by nobody;
/// - dirty read: something was read that no committed event wrote;
/// - fractured read: of a transaction's writes one was seen and another one was not;
/// - stale read: something was read that had been replaced before the reader began.
std::vector<std::string> anomalies_of(std::vector<history_event> const& events);

} // namespace cormorant::testing
