#include "mongo/forgotten.hpp"
#include "mongo/request.hpp"

#include <cormorant/bson/value.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

namespace cormorant::detail {
namespace {

using namespace std::chrono_literals;
using time = steady_clock::time_point;

constexpr time never = time::max();

class ForgottenSessions : public ::testing::Test {
protected:
    static bson_buffer id(int n) { return encode(doc("id", n)); }

    static server_session session(int n, std::vector<std::string> servers) {
        server_session s;
        s.id = id(n);
        s.servers = std::move(servers);
        return s;
    }
    void forget(int n) { all.add(session(n, {"a:1"}), now); }
    void wait_until(steady_clock::duration since_begin) { now = begin + since_begin; }
    /// The numbers that the server is told of.
    std::vector<int> tell() { return numbers(all.take_due(now)); }
    static std::vector<int> numbers(std::vector<farewell> const& told) {
        std::vector<int> found;
        for (auto const& f : told)
            for (auto const& i : f.sessions)
                found.push_back(static_cast<int>(bson_view(i).find("id")->as_int32()));
        std::ranges::sort(found);
        return found;
    }

    time const begin{1h};
    time now = begin;
    forgotten_sessions all;
};

using numbers_of = std::vector<int>;

TEST_F(ForgottenSessions, are_told_of_a_few_times_at_growing_distances) {
    EXPECT_EQ(all.due(), never);
    forget(1);
    std::vector<steady_clock::duration> told;
    while (all.due() != never) {
        ASSERT_LT(told.size(), 10U);
        now = all.due() - 1ns;
        EXPECT_EQ(tell(), numbers_of());
        now = all.due();
        EXPECT_EQ(tell(), numbers_of(1, 1));
        EXPECT_EQ(tell(), numbers_of()) << "once";
        told.push_back(now - begin);
    }
    ASSERT_EQ(told.size(), forgotten_sessions::times.size());
    EXPECT_EQ(told.front(), 500ms);
    for (std::size_t i = 2; i < told.size(); ++i)
        EXPECT_GT(told[i] - told[i - 1], told[i - 1] - told[i - 2]);
}

TEST_F(ForgottenSessions, have_times_of_their_own_and_are_told_of_together) {
    forget(1);
    wait_until(100ms);
    forget(2);
    wait_until(1s);
    forget(3);
    EXPECT_EQ(tell(), (numbers_of{1, 2}));
    EXPECT_EQ(all.due(), begin + 1500ms);
    wait_until(3s);
    EXPECT_EQ(tell(), (numbers_of{1, 3})) << "the second time of the one, the first of the other";
    wait_until(3100ms);
    EXPECT_EQ(tell(), (numbers_of{2}));
    wait_until(4s);
    EXPECT_EQ(tell(), (numbers_of{3}));
}

TEST_F(ForgottenSessions, are_told_of_once_when_nobody_could_for_long) {
    forget(1);
    wait_until(2s);
    forget(2);
    wait_until(14s); // past two of the times of the first, and of the second
    EXPECT_EQ(tell(), (numbers_of{1, 2}));
    EXPECT_EQ(all.due(), begin + 15s);
    wait_until(16s);
    EXPECT_EQ(tell(), (numbers_of{1}));
    wait_until(10min);
    EXPECT_EQ(tell(), (numbers_of{1, 2}));
    EXPECT_EQ(all.due(), never);
}

TEST_F(ForgottenSessions, are_all_told_of_at_the_end_whatever_the_time) {
    forget(1);
    wait_until(1s);
    EXPECT_EQ(tell(), (numbers_of{1}));
    forget(2);
    EXPECT_EQ(numbers(all.take_all()), (numbers_of{1, 2}));
    EXPECT_EQ(all.due(), never);
    EXPECT_EQ(numbers(all.take_all()), numbers_of());
}

TEST_F(ForgottenSessions, are_bounded_and_new_ones_go_before_those_that_were_told_of) {
    int const most = static_cast<int>(forgotten_sessions::most);
    for (int i = 0; i < most + 5; ++i)
        forget(i);
    wait_until(500ms);
    EXPECT_EQ(tell().size(), forgotten_sessions::most);
    for (int i = 0; i < most; ++i)
        forget(most + i);
    wait_until(1s);
    EXPECT_EQ(tell().front(), most) << "there is room for them although the others are told of again";
    wait_until(3s);
    EXPECT_EQ(tell().front(), 0);
    EXPECT_LE(all.take_all().size(), forgotten_sessions::times.size() * forgotten_sessions::most);
}

TEST_F(ForgottenSessions, that_no_server_has_heard_of_are_none) {
    all.add(server_session(), now);
    all.add(session(1, {}), now);
    EXPECT_EQ(all.due(), never);
}

TEST_F(ForgottenSessions, are_told_of_to_each_server_that_they_were_used_on) {
    all.add(session(1, {"a:1", "b:2"}), now);
    all.add(session(2, {"b:2"}), now);
    wait_until(500ms);
    auto const expect_all = [](std::vector<farewell> const& told) {
        ASSERT_EQ(told.size(), 2U);
        EXPECT_EQ(told[0].server, "a:1");
        EXPECT_EQ(numbers({told[0]}), numbers_of(1, 1));
        EXPECT_EQ(told[1].server, "b:2");
        EXPECT_EQ(numbers({told[1]}), (numbers_of{1, 2}));
    };
    expect_all(all.take_due(now));
    expect_all(all.take_all());
}

TEST(EndOfSessions, names_as_many_as_the_server_takes_at_once) {
    for (auto const& [given, named] : {std::pair(std::size_t(3), 3U), std::pair(std::size_t(10'001), 10'000U)}) {
        std::vector<server_session> const all(given, make_session());
        auto const told = make_end_of_sessions(all);
        auto const ids = bson_view(told.body).find("endSessions")->as_array();
        EXPECT_EQ(std::ranges::distance(ids.begin(), ids.end()), named);
    }
}

TEST(ServerSession, knows_each_of_its_servers_once) {
    server_session s;
    for (auto const* server : {"a:1", "b:2", "a:1"})
        s.used_on(server);
    EXPECT_EQ(s.servers, (std::vector<std::string>{"a:1", "b:2"}));
}

} // namespace
} // namespace cormorant::detail
