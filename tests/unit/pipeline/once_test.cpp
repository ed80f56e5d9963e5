#include "coroutine.hpp"

#include <cormorant/pipeline/once.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <vector>

namespace cormorant {
namespace {

namespace asio = boost::asio;

/// Work that takes some turns of the loop and notes what it does.
struct worker {
    int begun = 0;
    int ended = 0;
    int failures = 0;

    asio::awaitable<void> work() {
        ++begun;
        for (int i = 0; i < 3; ++i)
            co_await asio::post(asio::use_awaitable);
        if (failures-- > 0)
            throw std::runtime_error("no");
        ++ended;
    }
    std::function<asio::awaitable<void>()> function() {
        return [this] { return work(); };
    }
};

std::string outcome_of(std::exception_ptr failure) {
    try {
        if (failure)
            std::rethrow_exception(failure);
        return "done";
    } catch (std::exception const& e) {
        return e.what();
    }
}

class Once : public ::testing::Test {
protected:
    once_task task;
    worker w;
    asio::io_context loop;
    std::vector<std::string> outcomes;

    void start() {
        asio::co_spawn(loop, task.run(w.function()), [this](std::exception_ptr e) { outcomes.push_back(outcome_of(e)); });
    }
};

TEST_F(Once, IsDoneByOneForAll) {
    for (int i = 0; i < 3; ++i)
        start();
    EXPECT_FALSE(task.done());
    loop.run();
    EXPECT_EQ(w.begun, 1);
    EXPECT_EQ(outcomes, std::vector<std::string>(3, "done"));
    EXPECT_TRUE(task.done());
    testing::run(task.run(w.function()));
    EXPECT_EQ(w.begun, 1);
}

TEST_F(Once, IsTriedInTurnByThoseWhoWaitWhenItFails) {
    w.failures = 1;
    for (int i = 0; i < 3; ++i)
        start();
    loop.run();
    EXPECT_EQ(w.begun, 2);
    EXPECT_EQ(outcomes, (std::vector<std::string>{"no", "done", "done"}));
}

TEST_F(Once, CanBeDoneAgain) {
    start();
    loop.run();
    task.reset();
    testing::run(task.run(w.function()));
    EXPECT_EQ(w.ended, 2);
}

TEST_F(Once, LetsThoseWhoWaitGo) {
    start();
    asio::cancellation_signal signal;
    asio::co_spawn(loop, task.run(w.function()), asio::bind_cancellation_slot(signal.slot(), [this](std::exception_ptr e) {
        outcomes.push_back(e ? "cancelled" : "done");
    }));
    loop.poll_one();
    loop.poll_one();
    signal.emit(asio::cancellation_type::terminal);
    loop.run();
    EXPECT_EQ(outcomes, (std::vector<std::string>{"cancelled", "done"}));
    EXPECT_EQ(w.begun, 1);
}

TEST_F(Once, IsTakenOverFromACallerWhoIsCancelled) {
    asio::cancellation_signal signal;
    asio::co_spawn(loop, task.run(w.function()), asio::bind_cancellation_slot(signal.slot(), [this](std::exception_ptr e) {
        outcomes.push_back(e ? "cancelled" : "done");
    }));
    start();
    loop.poll_one();
    loop.poll_one();
    signal.emit(asio::cancellation_type::terminal);
    loop.run();
    EXPECT_EQ(outcomes, (std::vector<std::string>{"cancelled", "done"}));
    EXPECT_EQ(w.begun, 2);
    EXPECT_EQ(w.ended, 1);
}

} // namespace
} // namespace cormorant
