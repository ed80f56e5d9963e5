#include "mongo/pool_logic.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cormorant::detail {

void PrintTo(pool_action const& a, std::ostream* out) {
    if (auto const* o = std::get_if<open_client>(&a))
        *out << "open " << o->client;
    else if (auto const* g = std::get_if<grant_client>(&a))
        *out << "grant " << g->client << " to " << g->request;
    else if (auto const* c = std::get_if<close_client>(&a))
        *out << "close " << c->client;
    else if (auto const* r = std::get_if<refuse_request>(&a))
        *out << "refuse " << r->request << " because " << static_cast<int>(r->why);
}

namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using reason = refuse_request::reason;

class pool_test : public ::testing::Test {
protected:
    static pool_limits limits() {
        pool_limits l;
        l.max_size = 3;
        l.max_connecting = 2;
        l.queue_timeout = 1000ms;
        l.connect_patience = 400ms;
        l.retry_pause = 100ms;
        l.idle_time = 5000ms;
        return l;
    }
    static pool_action open(client_id c) { return open_client{c}; }
    static pool_action grant(client_id c, request_id r) { return grant_client{c, r}; }
    static pool_action close(client_id c) { return close_client{c}; }
    static pool_action refuse(request_id r, reason why) { return refuse_request{r, why}; }

    /// A pool with this many idle clients.
    void connect(std::size_t count) {
        for (request_id r = 1000; r < 1000 + count; ++r)
            for (auto const& action : pool_.acquire(r, now_))
                if (auto const* o = std::get_if<open_client>(&action))
                    connecting_.push_back(o->client);
        std::vector<client_id> granted;
        while (!connecting_.empty()) {
            auto const next = connecting_.front();
            connecting_.erase(connecting_.begin());
            for (auto const& action : pool_.connected(next, now_)) {
                if (auto const* g = std::get_if<grant_client>(&action))
                    granted.push_back(g->client);
                else if (auto const* o = std::get_if<open_client>(&action))
                    connecting_.push_back(o->client);
            }
        }
        for (auto const c : granted)
            pool_.released(c, true, now_);
        ASSERT_EQ(pool_.idle(), count);
    }

    pool_clock::time_point now_ = pool_clock::time_point(1h);
    pool_logic pool_{limits()};
    std::vector<client_id> connecting_;
};

TEST_F(pool_test, a_request_opens_a_client_and_gets_it) {
    EXPECT_THAT(pool_.acquire(1, now_), ElementsAre(open(1)));
    EXPECT_THAT(pool_.connected(1, now_), ElementsAre(grant(1, 1)));
    EXPECT_THAT(pool_.released(1, true, now_), IsEmpty());
    EXPECT_THAT(pool_.acquire(2, now_), ElementsAre(grant(1, 2)));
}

TEST_F(pool_test, no_more_clients_connect_at_once_than_the_limit) {
    EXPECT_THAT(pool_.acquire(1, now_), ElementsAre(open(1)));
    EXPECT_THAT(pool_.acquire(2, now_), ElementsAre(open(2)));
    EXPECT_THAT(pool_.acquire(3, now_), IsEmpty());
    EXPECT_THAT(pool_.connected(1, now_), ElementsAre(grant(1, 1), open(3)));
}

TEST_F(pool_test, it_does_not_grow_beyond_its_limit_and_serves_in_order) {
    connect(3);
    for (request_id r = 1; r <= 3; ++r)
        pool_.acquire(r, now_);
    EXPECT_THAT(pool_.acquire(4, now_), IsEmpty());
    EXPECT_THAT(pool_.acquire(5, now_), IsEmpty());
    EXPECT_THAT(pool_.released(2, true, now_), ElementsAre(grant(2, 4)));
    EXPECT_THAT(pool_.released(1, true, now_), ElementsAre(grant(1, 5)));
}

TEST_F(pool_test, the_client_that_was_used_last_is_used_first) {
    connect(2);
    pool_.acquire(1, now_); // gets 2
    EXPECT_THAT(pool_.released(2, true, now_), IsEmpty());
    EXPECT_THAT(pool_.acquire(2, now_), ElementsAre(grant(2, 2)));
}

TEST_F(pool_test, a_client_of_no_further_use_is_replaced_when_somebody_waits) {
    connect(3);
    for (request_id r = 1; r <= 4; ++r)
        pool_.acquire(r, now_);
    EXPECT_THAT(pool_.released(1, false, now_), ElementsAre(open(4)));
    EXPECT_EQ(pool_.size(), 3U);
    EXPECT_THAT(pool_.connected(4, now_), ElementsAre(grant(4, 4)));
}

TEST_F(pool_test, a_request_waits_no_longer_than_the_queue_timeout) {
    connect(3);
    for (request_id r = 1; r <= 3; ++r)
        pool_.acquire(r, now_);
    pool_.acquire(4, now_);
    pool_.acquire(5, now_ + 10ms);
    EXPECT_EQ(pool_.next_tick(), now_ + 1000ms);
    EXPECT_THAT(pool_.tick(now_ + 999ms), IsEmpty());
    EXPECT_THAT(pool_.tick(now_ + 1000ms), ElementsAre(refuse(4, reason::queue_timeout)));
    EXPECT_EQ(pool_.next_tick(), now_ + 1010ms);
}

TEST_F(pool_test, an_abandoned_request_is_forgotten) {
    pool_.acquire(1, now_);
    pool_.acquire(2, now_);
    pool_.abandon(1, now_);
    EXPECT_THAT(pool_.connected(1, now_), ElementsAre(grant(1, 2)));
    EXPECT_THAT(pool_.connected(2, now_), IsEmpty());
    EXPECT_EQ(pool_.idle(), 1U);
}

TEST_F(pool_test, after_a_failed_connection_it_pauses_and_tries_again) {
    pool_.acquire(1, now_);
    EXPECT_THAT(pool_.connect_failed(1, connect_failure::transient, now_), IsEmpty());
    EXPECT_EQ(pool_.size(), 0U);
    EXPECT_EQ(pool_.next_tick(), now_ + 100ms);
    EXPECT_THAT(pool_.tick(now_ + 99ms), IsEmpty());
    EXPECT_THAT(pool_.tick(now_ + 100ms), ElementsAre(open(2)));
    EXPECT_THAT(pool_.connected(2, now_ + 110ms), ElementsAre(grant(2, 1)));
}

TEST_F(pool_test, requests_do_not_wait_for_ever_for_a_server_that_is_unreachable) {
    pool_.acquire(1, now_);
    pool_.connect_failed(1, connect_failure::transient, now_ + 50ms);
    pool_.acquire(2, now_ + 200ms);
    pool_.tick(now_ + 200ms);
    EXPECT_THAT(pool_.connect_failed(2, connect_failure::transient, now_ + 401ms), ElementsAre(refuse(1, reason::unreachable)));
    EXPECT_EQ(pool_.waiting(), 1U);
    EXPECT_LE(pool_.next_tick(), now_ + 600ms);
}

TEST_F(pool_test, a_failed_connection_does_not_hurt_those_who_wait_for_a_working_client) {
    connect(1);
    pool_.acquire(1, now_);
    pool_.acquire(2, now_);
    EXPECT_THAT(pool_.connect_failed(2, connect_failure::transient, now_), IsEmpty());
    EXPECT_THAT(pool_.tick(now_ + 500ms), ElementsAre(open(3)));
    EXPECT_THAT(pool_.tick(now_ + 1000ms), ElementsAre(refuse(2, reason::queue_timeout)));
}

TEST_F(pool_test, bad_credentials_are_told_to_all_who_wait_at_once) {
    pool_.acquire(1, now_);
    pool_.acquire(2, now_);
    EXPECT_THAT(
        pool_.connect_failed(1, connect_failure::fatal, now_), ElementsAre(refuse(1, reason::fatal), refuse(2, reason::fatal)));
}

TEST_F(pool_test, idle_clients_expire_down_to_the_minimum) {
    auto l = limits();
    l.min_size = 1;
    pool_ = pool_logic(l);
    connect(3);
    EXPECT_EQ(pool_.next_tick(), now_ + 5000ms);
    EXPECT_EQ(pool_.tick(now_ + 5000ms).size(), 2U);
    EXPECT_EQ(pool_.idle(), 1U);
    EXPECT_EQ(pool_.next_tick(), pool_clock::time_point::max());
}

TEST_F(pool_test, the_minimum_is_kept_from_the_first_request_on) {
    auto l = limits();
    l.min_size = 2;
    pool_ = pool_logic(l);
    EXPECT_THAT(pool_.tick(now_), IsEmpty());
    EXPECT_THAT(pool_.acquire(1, now_), ElementsAre(open(1), open(2)));
    pool_.connected(1, now_);
    pool_.connected(2, now_);
    EXPECT_THAT(pool_.lost(2, now_), ElementsAre(open(3)));
}

TEST_F(pool_test, a_lost_idle_client_is_not_given_out) {
    connect(2);
    EXPECT_THAT(pool_.lost(2, now_), IsEmpty());
    EXPECT_THAT(pool_.acquire(1, now_), ElementsAre(grant(1, 1)));
    EXPECT_THAT(pool_.acquire(2, now_), ElementsAre(open(3)));
}

TEST_F(pool_test, close_refuses_those_who_wait_and_closes_what_is_idle_now_or_later) {
    connect(2);
    pool_.acquire(1, now_);
    pool_.acquire(2, now_);
    pool_.acquire(3, now_);
    pool_.released(1, true, now_); // granted to 3
    pool_.acquire(4, now_);
    EXPECT_THAT(pool_.close(), ElementsAre(refuse(4, reason::closed)));
    EXPECT_THAT(pool_.acquire(5, now_), ElementsAre(refuse(5, reason::closed)));
    EXPECT_THAT(pool_.released(1, true, now_), ElementsAre(close(1)));
    EXPECT_THAT(pool_.released(2, false, now_), IsEmpty());
    EXPECT_THAT(pool_.connected(3, now_), ElementsAre(close(3)));
    EXPECT_EQ(pool_.size(), 0U);
    EXPECT_EQ(pool_.next_tick(), pool_clock::time_point::max());
}

TEST_F(pool_test, the_pool_is_back_to_its_count_after_any_mixture_of_events) {
    // Every request ends, whatever happens to its client.
    std::uint64_t seed = 42;
    auto const random = [&](std::uint64_t n) {
        seed = seed * 6364136223846793005U + 1442695040888963407U;
        return (seed >> 33) % n;
    };
    std::vector<client_id> granted;
    std::size_t served = 0;
    std::size_t refused = 0;
    auto const obey = [&](pool_actions const& actions) {
        for (auto const& a : actions) {
            if (auto const* o = std::get_if<open_client>(&a))
                connecting_.push_back(o->client);
            else if (auto const* g = std::get_if<grant_client>(&a)) {
                granted.push_back(g->client);
                ++served;
            } else if (std::holds_alternative<refuse_request>(a))
                ++refused;
        }
        ASSERT_LE(pool_.size(), 3U);
        ASSERT_LE(pool_.connecting(), 2U);
    };
    auto const take = [&](std::vector<client_id>& from) {
        auto const i = static_cast<std::ptrdiff_t>(random(from.size()));
        auto const c = from[static_cast<std::size_t>(i)];
        from.erase(from.begin() + i);
        return c;
    };
    std::size_t requested = 0;
    for (int i = 0; i < 5000; ++i) {
        now_ += 20ms;
        switch (random(5)) {
        case 0:
            obey(pool_.acquire(++requested, now_));
            break;
        case 1:
            if (!connecting_.empty())
                obey(pool_.connected(take(connecting_), now_));
            break;
        case 2:
            if (!connecting_.empty())
                obey(pool_.connect_failed(take(connecting_), connect_failure::transient, now_));
            break;
        case 3:
            if (!granted.empty())
                obey(pool_.released(take(granted), random(2) == 0, now_));
            break;
        default:
            obey(pool_.tick(now_));
            break;
        }
    }
    obey(pool_.close());
    while (!connecting_.empty())
        obey(pool_.connected(take(connecting_), now_));
    while (!granted.empty())
        obey(pool_.released(take(granted), true, now_));
    EXPECT_EQ(pool_.size(), 0U);
    EXPECT_EQ(served + refused, requested);
}

} // namespace
} // namespace cormorant::detail
