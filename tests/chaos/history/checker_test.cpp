// The checker finds what it is there for.

#include "history.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cormorant::testing {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;
using result = history_event::result;

/// Events one after the other in time; `reads` and `writes` as key, version, by.
class told {
public:
    told& event(std::string name, std::vector<observation> reads, std::vector<observation> writes, result outcome = result::committed) {
        history_event e;
        e.name = std::move(name);
        e.outcome = outcome;
        e.reads = std::move(reads);
        e.writes = std::move(writes);
        e.begun = ++clock_;
        e.ended = ++clock_;
        events_.push_back(std::move(e));
        return *this;
    }
    /// The last one began before all others.
    told& early() {
        events_.back().begun = 0;
        return *this;
    }
    told& no_snapshot() {
        events_.back().snapshot = false;
        return *this;
    }
    std::vector<std::string> anomalies() const { return anomalies_of(events_); }

private:
    std::vector<history_event> events_;
    std::int64_t clock_ = 0;
};

TEST(History, a_good_one_has_no_anomalies) {
    told h;
    h.event("a", {{1, 0, ""}, {2, 0, ""}}, {{1, 1, "a"}, {2, 1, "a"}});
    h.event("b", {{1, 1, "a"}}, {{1, 2, "b"}});
    h.event("failed", {{1, 2, "b"}}, {{1, 3, "failed"}}, result::aborted);
    h.event("c", {{1, 2, "b"}}, {{1, 3, "c"}});
    h.event("reader", {{1, 3, "c"}, {2, 1, "a"}}, {});
    EXPECT_THAT(h.anomalies(), IsEmpty());
}

TEST(History, a_lost_update_is_found) {
    told h;
    h.event("a", {{1, 0, ""}}, {{1, 1, "a"}});
    h.event("b", {{1, 0, ""}}, {{1, 1, "b"}}).early();
    EXPECT_THAT(h.anomalies(), ElementsAre("lost update: a and b both wrote version 1 of key 1"));
}

TEST(History, a_vanished_update_is_found) {
    told h;
    h.event("a", {}, {{1, 1, "a"}});
    h.event("b", {}, {{1, 3, "b"}});
    EXPECT_THAT(h.anomalies(), ElementsAre(StartsWith("lost update: nobody wrote version 2 of key 1")));
}

TEST(History, a_write_over_what_was_not_read_is_found) {
    told h;
    h.event("a", {}, {{1, 1, "a"}});
    h.event("b", {{1, 0, ""}}, {{1, 2, "b"}}).early();
    EXPECT_THAT(h.anomalies(), ElementsAre("lost update: b read version 0 of key 1 and wrote 2"));
}

TEST(History, a_dirty_read_is_found) {
    told h;
    h.event("a", {}, {{1, 1, "a"}}, result::aborted);
    h.event("reader", {{1, 1, "a"}}, {});
    EXPECT_THAT(h.anomalies(), ElementsAre(StartsWith("dirty read: reader read version 1 of key 1")));

    told other_attempt;
    other_attempt.event("a", {}, {{1, 1, "a/2"}});
    other_attempt.event("reader", {{1, 1, "a/1"}}, {});
    EXPECT_THAT(other_attempt.anomalies(), Contains(HasSubstr("dirty read")));
}

TEST(History, a_fractured_read_is_found) {
    told h;
    h.event("a", {}, {{1, 1, "a"}, {2, 1, "a"}});
    h.event("reader", {{1, 1, "a"}, {2, 0, ""}}, {}).early();
    EXPECT_THAT(h.anomalies(), ElementsAre(StartsWith("fractured read: reader saw what a wrote to key 1")));
    h.no_snapshot();
    EXPECT_THAT(h.anomalies(), IsEmpty()) << "one that did not promise a moment";
}

TEST(History, a_stale_read_is_found) {
    told h;
    h.event("a", {}, {{1, 1, "a"}});
    h.event("reader", {{1, 0, ""}}, {});
    EXPECT_THAT(h.anomalies(), ElementsAre(StartsWith("stale read: reader read version 0 of key 1")));
}

TEST(History, what_is_not_known_may_have_happened) {
    told h;
    h.event("a", {}, {{1, 1, "a"}}, result::unknown);
    h.event("reader", {{1, 1, "a"}}, {});
    EXPECT_THAT(h.anomalies(), IsEmpty());
}

} // namespace
} // namespace cormorant::testing
