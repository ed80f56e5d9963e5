// Servers of a set that are not the primary, or not any more: who is cancelled leaves no cursor there, and who reads there in a
// session sees what it has written.

#include "coroutine.hpp"
#include "descriptors.hpp"
#include "replica_set.hpp"

#include <cormorant/cormorant.hpp>
#include <cormorant/mongo/mongo_store.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace cormorant::testing {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;

constexpr std::size_t members = 3;
/// A server is told for the last time after a minute.
constexpr auto patience = 100s;

/// Shared by all tests of a parameter: whether the fast lane is on.
class set_of_three : public ::testing::TestWithParam<bool> {
protected:
    static void SetUpTestSuite() {
        if (replica_set::available())
            set_ = std::make_unique<replica_set>(members);
    }
    static void TearDownTestSuite() { set_.reset(); }
    void SetUp() override {
        if (set_ == nullptr)
            GTEST_SKIP() << "CORMORANT_MONGOD names no program (tools/with-mongod sets it)";
        store_ = make_mongo_store(set_->uri("members"), mongo_options().fast_lane(GetParam()));
        remove_op clear;
        clear.collection = "c";
        run_op(std::move(clear));
        insert_op docs;
        docs.collection = "c";
        for (int i = 0; i < 10; ++i)
            docs.docs.push_back(doc("_id", i));
        call_options everywhere;
        everywhere.write_concern = doc("w", static_cast<int>(members));
        run_op(std::move(docs), std::move(everywhere));
    }

    template <class Op>
    reply_of<Op> run_op(Op op, call_options options = call_options()) {
        return run(store_->async_run(std::move(op), std::move(options), asio::use_awaitable));
    }

    /// How many operations and cursors of a kind a server is at.
    static std::size_t operations_at(std::size_t member, document const& filter) {
        auto all = arr(doc("$currentOp", doc("idleCursors", true, "allUsers", true)), doc("$match", filter));
        auto const reply = set_->ask(member, doc("aggregate", 1, "pipeline", std::move(all), "cursor", document()));
        return reply.at("cursor").as_document().at("firstBatch").as_array().size();
    }
    static std::size_t operations(document const& filter) {
        std::size_t count = 0;
        for (std::size_t i = 0; i < members; ++i)
            count += operations_at(i, filter);
        return count;
    }
    static document idle_cursor() { return doc("type", "idleCursor", "ns", "members.c"); }
    static std::size_t open_cursors() { return operations(idle_cursor()); }

    /// Servers that have done such a command keep the answer back.
    static void hold_answers(char const* command) {
        configure(point, "alwaysOn", doc("ns", "members.c", "commands", arr(command)));
    }
    static void let_go() { configure(point, "off"); }
    static void configure(char const* fail_point, char const* mode, document data = document()) {
        for (std::size_t i = 0; i < members; ++i)
            set_->ask(i, doc("configureFailPoint", fail_point, "mode", mode, "data", data));
    }

    /// Reads until the answer to `command` is kept back, does `meanwhile`, and cancels.
    template <class F>
    void cancel_while_held(char const* command, document preference, std::shared_ptr<session> in, F meanwhile) {
        asio::io_context loop;
        asio::cancellation_signal signal;
        std::exception_ptr failure;
        auto read = std::string_view(command) == "getMore"
                        ? read_on(run(begin_to_read(store_, std::move(preference), std::move(in))))
                        : begin_in_vain(store_, std::move(preference), std::move(in));
        hold_answers(command);
        asio::co_spawn(
            loop, std::move(read), asio::bind_cancellation_slot(signal.slot(), [&](std::exception_ptr e) { failure = e; }));
        EXPECT_TRUE(soon(
            [&] {
                loop.poll();
                return operations(doc("failpointMsg", point)) == 1;
            },
            10s));
        meanwhile();
        signal.emit(asio::cancellation_type::terminal);
        loop.restart();
        loop.run();
        let_go();
        EXPECT_TRUE(failure) << "it was answered";
    }

    static asio::awaitable<cursor> begin_to_read(std::shared_ptr<store> s, document preference, std::shared_ptr<session> in) {
        find_op op;
        op.collection = "c";
        op.batch_size = 2;
        call_options options;
        options.read_preference = std::move(preference);
        options.session = std::move(in);
        co_return co_await s->async_run(std::move(op), std::move(options), asio::use_awaitable);
    }

    static std::unique_ptr<replica_set> set_;
    std::shared_ptr<store> store_;

private:
    static constexpr char const* point = "waitAfterCommandFinishesExecution";

    static asio::awaitable<void> begin_in_vain(std::shared_ptr<store> s, document preference, std::shared_ptr<session> in) {
        (void)co_await begin_to_read(std::move(s), std::move(preference), std::move(in));
    }
    static asio::awaitable<void> read_on(cursor c) {
        for (bool more = true; more;) {
            auto const b = co_await c.async_next(asio::use_awaitable);
            more = !b.empty();
        }
    }
};

std::unique_ptr<replica_set> set_of_three::set_;

TEST_P(set_of_three, keeps_no_cursor_at_a_secondary_when_the_read_was_cancelled) {
    for (bool const in_session : {false, true})
        for (auto const* command : {"find", "getMore"}) {
            SCOPED_TRACE(fmt::format("{}{}", command, in_session ? " in a session" : ""));
            auto in = in_session ? store_->make_session() : nullptr;
            cancel_while_held(command, doc("mode", "secondary"), in, [] {
                EXPECT_EQ(open_cursors(), 1U);
                EXPECT_EQ(operations_at(set_->await_primary(), idle_cursor()), 0U);
            });
            in.reset();
            EXPECT_TRUE(soon([&] { return open_cursors() == 0; }, patience)) << open_cursors() << " stay open";
        }
}

asio::awaitable<void> count_found(asio::awaitable<cursor> opening, std::optional<std::size_t>& found) {
    auto c = co_await std::move(opening);
    std::size_t count = 0;
    for (bool more = true; more;) {
        auto const b = co_await c.async_next(asio::use_awaitable);
        more = !b.empty();
        count += b.size();
    }
    found = count;
}

TEST_P(set_of_three, lets_a_session_see_at_a_secondary_what_it_has_written_at_the_primary) {
    constexpr char const* nothing_is_applied = "rsSyncApplyStop";
    call_options in;
    in.session = store_->make_session();
    configure(nothing_is_applied, "alwaysOn");
    remove_op all;
    all.collection = "c";
    in.write_concern = doc("w", 1);
    run_op(std::move(all), in);

    asio::io_context loop;
    std::optional<std::size_t> mine;
    std::optional<std::size_t> of_others;
    auto const failed = [](std::exception_ptr e) {
        if (e)
            std::rethrow_exception(e);
    };
    asio::co_spawn(loop, count_found(begin_to_read(store_, doc("mode", "secondary"), in.session), mine), failed);
    asio::co_spawn(loop, count_found(begin_to_read(store_, doc("mode", "secondary"), nullptr), of_others), failed);
    EXPECT_TRUE(soon(
        [&] {
            loop.poll();
            return of_others.has_value() && operations(doc("type", "op", "command.find", "c")) == 1;
        },
        10s));
    EXPECT_EQ(of_others, 10U) << "the secondary has not heard of it yet";
    EXPECT_FALSE(mine) << "it does not wait for what it has written";
    configure(nothing_is_applied, "off");
    loop.restart();
    loop.run();
    EXPECT_EQ(mine, 0U);
}

TEST_P(set_of_three, keeps_no_cursor_at_the_server_that_has_been_the_primary) {
    auto read_on = run(begin_to_read(store_, document(), nullptr));
    cancel_while_held("find", document(), nullptr, [] {
        EXPECT_EQ(open_cursors(), 2U);
        set_->step_down(20);
    });
    auto const count = [&] {
        count_op op;
        op.collection = "c";
        return run_op(std::move(op));
    };
    EXPECT_EQ(count(), 10); // by a connection to the new primary
    { auto const left_early = std::move(read_on); }
    EXPECT_EQ(count(), 10);
    EXPECT_TRUE(soon([&] { return open_cursors() == 0; }, patience)) << open_cursors() << " stay open";
}

std::string lane_name(::testing::TestParamInfo<bool> const& lane) {
    return lane.param ? "fast_lane" : "driver_thread";
}

INSTANTIATE_TEST_SUITE_P(failover, set_of_three, ::testing::Bool(), lane_name);

} // namespace
} // namespace cormorant::testing
