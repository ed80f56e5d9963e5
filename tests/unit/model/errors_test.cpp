#include "fixture.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace cormorant {
namespace {

namespace asio = boost::asio;
using ::testing::ElementsAre;
using testing::failure_of;
using ::testing::IsEmpty;
using testing::run;

class Errors : public testing::ModelTest {
protected:
    model items = add(model_definition("items").field("n", number()));

    static void fail(hook_args&) { throw error(errc::unauthorized, "no"); }
};

TEST_F(Errors, InABeforeHookKeepTheWriteFromBeingSent) {
    items.hook("beforePut", "guard", fail, required);
    items.hook(
        "beforePut", "later", [this](hook_args&) { log.push_back("later"); }, required);
    auto const e = failure_of(items.insert(document()));
    EXPECT_EQ(e.code(), errc::unauthorized);
    EXPECT_EQ(e.details().model, "items");
    EXPECT_EQ(e.details().operation, "insert");
    EXPECT_EQ(e.details().hook, "beforePut_guard");
    EXPECT_TRUE(e.details().is_write);
    EXPECT_EQ(e.details().what_happened, outcome::not_sent);
    EXPECT_THAT(store->calls, IsEmpty());
    EXPECT_THAT(log, IsEmpty());
}

TEST_F(Errors, InAnAfterHookLeaveTheWriteApplied) {
    items.hook("afterRemove", "audit", fail, required);
    auto const e = failure_of(items.remove(all));
    EXPECT_EQ(e.details().hook, "afterRemove_audit");
    EXPECT_EQ(e.details().what_happened, outcome::applied);
    EXPECT_EQ(store->calls.size(), 1u);
}

TEST_F(Errors, OfReadsAreNoWrites) {
    items.hook("afterFind", "x", fail, required);
    EXPECT_FALSE(failure_of(items.find()).details().is_write);
}

TEST_F(Errors, OfTheStoreKeepWhatItSaysAndSkipAfterHooks) {
    items.hook(
        "afterUpdate", "x", [this](hook_args&) { log.push_back("x"); }, required);
    store->answer = [](operation&) -> reply {
        diagnostics d;
        d.what_happened = outcome::maybe_applied;
        d.server_code = 91;
        throw error(errc::network, "gone", std::move(d));
    };
    auto const e = failure_of(items.update(all, doc("$set", doc("n", 1))));
    EXPECT_EQ(e.code(), errc::network);
    EXPECT_EQ(e.details().server_code, 91);
    EXPECT_EQ(e.details().what_happened, outcome::maybe_applied);
    EXPECT_EQ(e.details().model, "items");
    EXPECT_EQ(e.details().operation, "update");
    EXPECT_THAT(log, IsEmpty());
}

TEST_F(Errors, OfAnInnerOperationNameItAndTheHookAroundIt) {
    auto notes = add(model_definition("notes").field("text", string().required()));
    items.hook(
        "afterInsert", "note",
        [](after_insert_args& a) -> asio::awaitable<void> {
            auto other = a.model.connection().model("notes");
            co_await other.insert(document());
        },
        required);
    auto const e = failure_of(items.insert(document()));
    EXPECT_EQ(e.code(), errc::required);
    EXPECT_EQ(e.details().model, "notes");
    EXPECT_EQ(e.details().hook, "afterInsert_note");
    EXPECT_EQ(e.details().what_happened, outcome::applied) << "of the call that the caller made";
}

TEST_F(Errors, OfOtherTypesStayNested) {
    items.hook(
        "beforeFind", "x", [](hook_args&) { throw std::domain_error("odd"); }, required);
    try {
        run(items.find());
        FAIL() << "no error";
    } catch (error const& e) {
        EXPECT_EQ(e.code(), errc::hook_failed);
        EXPECT_EQ(e.details().model, "items");
        EXPECT_THROW(std::rethrow_if_nested(e), std::domain_error);
    }
}

TEST_F(Errors, OfAModelWithoutConnection) {
    model const lone(model_definition("lone"));
    EXPECT_FALSE(lone.connected());
    auto const e = failure_of(lone.find());
    EXPECT_EQ(e.code(), errc::not_connected);
    EXPECT_EQ(e.details().model, "lone");
    EXPECT_EQ(failure_of(lone.insert(document())).code(), errc::not_connected);
    EXPECT_EQ(failure_of(lone.remove_all()).code(), errc::not_connected);
    EXPECT_EQ(failure_of(lone.create_indexes()).code(), errc::not_connected);
    EXPECT_EQ(failure_of(lone.aggregate(array())).code(), errc::not_connected);
    EXPECT_THROW((void)lone.connection(), error);
}

/// Starts `work` and cancels it as soon as nothing else is to do.
template <class T>
std::exception_ptr cancelled(asio::awaitable<T> work) {
    asio::io_context loop;
    asio::cancellation_signal signal;
    std::exception_ptr failure;
    asio::co_spawn(loop, std::move(work),
        asio::bind_cancellation_slot(signal.slot(), [&](std::exception_ptr e, auto&&...) { failure = e; }));
    loop.poll();
    EXPECT_EQ(failure, nullptr) << "it had ended before";
    loop.restart();
    signal.emit(asio::cancellation_type::terminal);
    loop.run();
    return failure;
}

TEST_F(Errors, CancellationEndsAStoreCall) {
    store->never_answers = true;
    try {
        std::rethrow_exception(cancelled(items.find()));
    } catch (error const& e) {
        EXPECT_EQ(e.code(), errc::cancelled);
        EXPECT_EQ(e.details().model, "items");
    }
    EXPECT_EQ(store->calls.size(), 1u);
}

TEST_F(Errors, CancellationEndsAWaitingHook) {
    items.hook(
        "beforeInsert", "slow",
        [](hook_args&) -> asio::awaitable<void> {
            asio::steady_timer forever(co_await asio::this_coro::executor, asio::steady_timer::time_point::max());
            co_await forever.async_wait(asio::use_awaitable);
        },
        required);
    try {
        std::rethrow_exception(cancelled(items.insert(document())));
    } catch (error const& e) {
        EXPECT_EQ(e.code(), errc::cancelled);
        EXPECT_EQ(e.details().operation, "insert");
        EXPECT_TRUE(e.details().is_write);
        EXPECT_EQ(e.details().what_happened, outcome::not_sent);
    }
    EXPECT_THAT(store->calls, IsEmpty());
}

} // namespace
} // namespace cormorant
