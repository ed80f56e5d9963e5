#include "coroutine.hpp"
#include "model/together.hpp"

#include <cormorant/error/error.hpp>

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace cormorant::detail {
namespace {

namespace asio = boost::asio;
using ::testing::ElementsAre;
using testing::run;

using notes = std::vector<std::string>;

asio::awaitable<void> step(notes& log, std::string name) {
    log.push_back(name + " begins");
    co_await asio::post(co_await asio::this_coro::executor, asio::use_awaitable);
    log.push_back(name + " ends");
}

asio::awaitable<void> fail() {
    co_await asio::post(co_await asio::this_coro::executor, asio::use_awaitable);
    throw error(errc::server, "no");
}

asio::awaitable<void> wait_for_ever(notes& log) {
    asio::steady_timer timer(co_await asio::this_coro::executor, asio::steady_timer::time_point::max());
    try {
        co_await timer.async_wait(asio::use_awaitable);
    } catch (boost::system::system_error const&) {
        log.push_back("cancelled");
        throw;
    }
}

TEST(RunTogether, HasAllTasksInFlight) {
    notes log;
    std::vector<asio::awaitable<void>> tasks;
    tasks.push_back(step(log, "a"));
    tasks.push_back(step(log, "b"));
    run(run_together(std::move(tasks)));
    EXPECT_THAT(log, ElementsAre("a begins", "b begins", "a ends", "b ends"));
}

TEST(RunTogether, CancelsTheOthersWhenOneFailsAndWaitsForThem) {
    notes log;
    std::vector<asio::awaitable<void>> tasks;
    tasks.push_back(wait_for_ever(log));
    tasks.push_back(fail());
    tasks.push_back(wait_for_ever(log));
    try {
        run(run_together(std::move(tasks)));
        FAIL() << "no error";
    } catch (error const& e) {
        EXPECT_EQ(e.code(), errc::server) << "the cause, not the cancellations";
    }
    EXPECT_THAT(log, ElementsAre("cancelled", "cancelled"));
}

TEST(RunTogether, RunsASingleTask) {
    notes log;
    std::vector<asio::awaitable<void>> tasks;
    tasks.push_back(step(log, "a"));
    run(run_together(std::move(tasks)));
    EXPECT_EQ(log.size(), 2u);
}

} // namespace
} // namespace cormorant::detail
