// One deadline for all that an operation causes.

#include "coroutine.hpp"

#include <cormorant/cormorant.hpp>

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <gtest/gtest.h>

#include <chrono>

namespace cormorant {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using testing::run;

asio::awaitable<void> forever() {
    asio::steady_timer timer(co_await asio::this_coro::executor, 1h);
    co_await timer.async_wait(asio::use_awaitable);
}

asio::awaitable<void> wait_in_hook(hook_args&) {
    co_await forever();
}

class Deadlines : public ::testing::Test {
protected:
    template <class T>
    static error late(asio::awaitable<T> work) {
        auto const begin = std::chrono::steady_clock::now();
        try {
            run(std::move(work));
        } catch (error const& e) {
            EXPECT_EQ(e.code(), errc::deadline) << e.what();
            EXPECT_LT(std::chrono::steady_clock::now() - begin, 5s);
            return e;
        }
        ADD_FAILURE() << "it was in time";
        return error(errc::definition);
    }
    model add(model_definition d) { return run(db.add(std::move(d))); }

    connection db = connection(make_memory_store(), connection_options().timeout(30ms));
};

TEST_F(Deadlines, OfAConnectionHoldForOperationsThatAreGivenNone) {
    auto items = add(model_definition("items").field("n", integer()));
    items.hook("beforeFind", "wait", wait_in_hook, required);
    auto const e = late(items.find());
    EXPECT_EQ(e.details().hook, "beforeFind_wait");
    EXPECT_EQ(e.details().slow_phase, phase::hooks);
    EXPECT_GE(e.details().times[phase::hooks], 25ms);
    EXPECT_EQ(e.details().model, "items");
}

TEST_F(Deadlines, OfAConnectionCanBeTakenOff) {
    auto items = add(model_definition("items").field("n", integer()));
    items.hook(
        "beforeFind", "wait",
        [](before_find_args& a) -> asio::awaitable<void> {
            EXPECT_EQ(a.options.deadline_value, std::chrono::steady_clock::time_point::max());
            asio::steady_timer timer(co_await asio::this_coro::executor, 60ms);
            co_await timer.async_wait(asio::use_awaitable);
        },
        required);
    EXPECT_TRUE(run(items.find(document(), find_options().deadline(std::chrono::steady_clock::time_point::max()))).empty());
}

TEST_F(Deadlines, HaveToBePositive) {
    EXPECT_THROW(connection_options().timeout(0ms), error);
    EXPECT_THROW(connection_options().timeout(-1ms), error);
}

TEST_F(Deadlines, AfterTheWriteSayThatItWasApplied) {
    auto items = add(model_definition("items").field("n", integer()));
    items.hook("afterPut", "wait", wait_in_hook, required);
    auto const e = late(items.insert(doc("n", 1)));
    EXPECT_EQ(e.details().what_happened, outcome::applied);
    EXPECT_EQ(run(items.count()), 1);
}

TEST_F(Deadlines, BeforeTheWriteSayThatNothingWasSent) {
    auto items = add(model_definition("items").field("n", integer()));
    items.hook("beforePut", "wait", wait_in_hook, required);
    auto const e = late(items.insert(doc("n", 1)));
    EXPECT_EQ(e.details().what_happened, outcome::not_sent);
    EXPECT_EQ(run(items.count()), 0);
}

TEST_F(Deadlines, HoldForTheRulesOfAModel) {
    auto items = add(
        model_definition("items").field("n", integer().check("waits", [](value const&, rule_context) -> asio::awaitable<bool> {
            co_await forever();
            co_return true;
        })));
    auto const e = late(items.insert(doc("n", 1)));
    EXPECT_EQ(e.details().slow_phase, phase::hooks);
    EXPECT_EQ(e.details().what_happened, outcome::not_sent);
}

TEST_F(Deadlines, HoldForEveryLevelOfPopulation) {
    add(model_definition("image").field("n", integer()));
    add(model_definition("author").relation(single("image")));
    auto post = add(model_definition("post").relation(single("author")));
    auto const image = run(db.model("image").insert(doc("n", 1)));
    auto const author = run(db.model("author").insert(doc("image_id", image.at("_id"))));
    run(post.insert(doc("author_id", author.at("_id"))));
    db.model("image").hook("beforeFind", "wait", wait_in_hook, required);
    auto const e = late(
        post.find(document(), find_options().hooks(hook_request("afterFind_author"), hook_request("author.afterFind_image"))));
    EXPECT_EQ(e.details().slow_phase, phase::hooks);
    EXPECT_EQ(e.details().model, "image") << "the innermost one says where it was";
}

TEST_F(Deadlines, ThatPassWhileAHookComputesLetNothingBeSent) {
    auto items = add(model_definition("items").field("n", integer()));
    items.hook(
        "beforePut", "compute",
        [](put_args&) {
            auto const until = std::chrono::steady_clock::now() + 40ms;
            while (std::chrono::steady_clock::now() < until) {
            }
        },
        required);
    auto const e = late(items.insert(doc("n", 1)));
    EXPECT_EQ(e.details().slow_phase, phase::hooks);
    EXPECT_EQ(e.details().what_happened, outcome::not_sent);
    EXPECT_EQ(run(items.count()), 0);
}

} // namespace
} // namespace cormorant
