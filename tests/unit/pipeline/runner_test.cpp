#include "coroutine.hpp"

#include <cormorant/bson/json.hpp>
#include <cormorant/model/model.hpp>
#include <cormorant/pipeline/runner.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace cormorant {
namespace {

namespace asio = boost::asio;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::run;

/// What runs, in the order in which it happens.
using happenings = std::vector<std::string>;

class Runner : public ::testing::Test {
protected:
    happenings log;
    model nobody;
    document filter;
    find_options options;
    hook_registry registry;

    struct single final : hook_subject {
        explicit single(hook_args& a) : arguments(a) {}
        std::size_t size() const noexcept override { return 1; }
        hook_args& args(std::size_t) override { return arguments; }
        hook_args& arguments;
    };

    void add(hook_definition hook) { registry.add(std::move(hook)); }
    void add_plain(std::string name) {
        add(hook_definition(
            "beforeFind", name, [this, name](before_find_args&) { log.push_back(name); }, true));
    }
    void add_coroutine(std::string name) { add(hook_definition("beforeFind", name, coroutine_hook{&log, name}, true)); }
    struct coroutine_hook {
        happenings* log;
        std::string name;
        static asio::awaitable<void> body(happenings* out, std::string text) {
            out->push_back(text + " begins");
            co_await asio::post(co_await asio::this_coro::executor, asio::use_awaitable);
            out->push_back(text + " ends");
        }
        asio::awaitable<void> operator()(before_find_args&) const { return body(log, name); }
    };

    /// Runs all required hooks; true when no coroutine was needed.
    bool run_hooks() {
        hook_plan const plan(std::make_shared<hook_registry>(registry), {});
        before_find_args args(nobody, filter, options);
        single subject(args);
        hook_stage stage(plan.of(hook_type::before_find), subject);
        if (stage.run())
            return true;
        run(stage.finish());
        return false;
    }
};

TEST_F(Runner, RunsPlainHooksWithoutACoroutine) {
    add_plain("a");
    add_plain("b");
    EXPECT_TRUE(run_hooks());
    EXPECT_THAT(log, ElementsAre("a", "b"));
}

TEST_F(Runner, WithoutHooksIsDoneAtOnce) {
    EXPECT_TRUE(run_hooks());
    EXPECT_THAT(log, IsEmpty());
}

TEST_F(Runner, RunsPlainAndWaitingHooksStrictlyInOrder) {
    add_plain("a");
    add_coroutine("b");
    add_plain("c");
    add_coroutine("d");
    add_plain("e");
    EXPECT_FALSE(run_hooks());
    EXPECT_THAT(log, ElementsAre("a", "b begins", "b ends", "c", "d begins", "d ends", "e"));
}

TEST_F(Runner, GivesAHookItsNameAndArguments) {
    add(hook_definition("beforeFind", "x", [this](hook_args& a) {
        log.push_back(std::string(a.hook));
        log.push_back(a.args == nullptr ? "none" : to_json(*a.args));
    }));
    hook_requests requests;
    requests.push_back(hook_request("beforeFind_x", doc("n", 1)));
    requests.push_back("beforeFind_x");
    hook_plan const plan(std::make_shared<hook_registry>(registry), std::move(requests));
    before_find_args args(nobody, filter, options);
    single subject(args);
    hook_stage stage(plan.of(hook_type::before_find), subject);
    EXPECT_TRUE(stage.run());
    EXPECT_THAT(log, ElementsAre("x", R"({"n":1})", "x", "none"));
}

TEST_F(Runner, RunsAHookForAllDocumentsBeforeTheNextHook) {
    struct many final : hook_subject {
        many(model& m, documents& d, insert_options& o) : self(m), docs(d), options(o) {}
        std::size_t size() const noexcept override { return docs.size(); }
        hook_args& args(std::size_t i) override {
            return current.emplace(hook_type::before_put, operation_kind::insert, self, docs[i], options);
        }
        model& self;
        documents& docs;
        insert_options& options;
        std::optional<put_args> current;
    };
    auto const note = [this](char const* name) {
        return [this, name](put_args& a) { log.push_back(name + std::to_string(a.doc.at("n").as_int32())); };
    };
    registry.add(hook_definition("beforePut", "a", note("a"), true));
    registry.add(hook_definition(
        "beforePut", "b",
        [this](put_args& a) -> asio::awaitable<void> {
            log.push_back("b" + std::to_string(a.doc.at("n").as_int32()));
            co_return;
        },
        true));
    registry.add(hook_definition("beforePut", "c", note("c"), true));
    hook_plan const plan(std::make_shared<hook_registry>(registry), {});
    insert_options inserting;
    documents docs;
    docs.push_back(doc("n", 1));
    docs.push_back(doc("n", 2));

    many subject(nobody, docs, inserting);
    hook_stage stage(plan.of(hook_type::before_put), subject);
    EXPECT_FALSE(stage.run());
    run(stage.finish());
    EXPECT_THAT(log, ElementsAre("a1", "a2", "b1", "b2", "c1", "c2"));

    log.clear();
    docs.clear();
    many nothing(nobody, docs, inserting);
    hook_stage empty(plan.of(hook_type::before_put), nothing);
    EXPECT_TRUE(empty.run());
    EXPECT_THAT(log, IsEmpty());
}

TEST_F(Runner, RunsAdjacentHooksOfOneBatchInOneCall) {
    auto const batch = std::make_shared<hook_handler::batch_function>(
        [this](hook_args&, std::span<hook_call const> calls) -> asio::awaitable<void> {
            std::string text = "batch";
            for (hook_call const& c : calls)
                text += " " + std::string(c.name) + (c.nested == nullptr ? "" : "+" + c.nested->front().name);
            log.push_back(text);
            co_return;
        });
    for (char const* name : {"x", "y", "z"})
        add(hook_definition("beforeFind", name, hook_handler::make_batch(batch)));
    add(hook_definition("beforeFind", "user", [this](hook_args&) { log.push_back("user"); }));

    hook_requests requests;
    for (char const* name : {"beforeFind_x", "beforeFind_y", "beforeFind_user", "beforeFind_z", "y.afterFind_deep"})
        requests.push_back(name);
    hook_plan const plan(std::make_shared<hook_registry>(registry), std::move(requests));
    before_find_args args(nobody, filter, options);
    single subject(args);
    hook_stage stage(plan.of(hook_type::before_find), subject);
    EXPECT_FALSE(stage.run());
    run(stage.finish());
    EXPECT_THAT(log, ElementsAre("batch x y+afterFind_deep", "user", "batch z"));
}

// --- errors ----------------------------------------------------------------------------------------------------------

TEST_F(Runner, StopsAtTheFirstErrorAndNamesTheHook) {
    add_plain("a");
    add(hook_definition(
        "beforeFind", "bad", [](hook_args&) { throw std::runtime_error("no tea"); }, true));
    add_plain("c");
    try {
        run_hooks();
        FAIL() << "no error";
    } catch (error const& e) {
        EXPECT_EQ(e.code(), errc::hook_failed);
        EXPECT_EQ(e.details().hook, "beforeFind_bad");
        EXPECT_THAT(e.message(), HasSubstr("no tea"));
        EXPECT_THROW(std::rethrow_if_nested(e), std::runtime_error) << "the original is nested in it";
    }
    EXPECT_THAT(log, ElementsAre("a"));
}

TEST_F(Runner, KeepsTheCodeOfAnErrorOfTheLibrary) {
    add_coroutine("a");
    add(hook_definition(
        "beforeFind", "guard",
        [](hook_args&) -> asio::awaitable<void> {
            throw error(errc::unauthorized, "not yours");
            co_return;
        },
        true));
    add_plain("c");
    try {
        run_hooks();
        FAIL() << "no error";
    } catch (error const& e) {
        EXPECT_EQ(e.code(), errc::unauthorized);
        EXPECT_EQ(e.details().hook, "beforeFind_guard");
        EXPECT_EQ(e.message(), "not yours");
    }
    EXPECT_THAT(log, ElementsAre("a begins", "a ends"));
}

TEST_F(Runner, ReportsWhatIsNoException) {
    add(hook_definition(
        "beforeFind", "odd", [](hook_args&) { throw 7; }, true));
    try {
        run_hooks();
        FAIL() << "no error";
    } catch (error const& e) {
        EXPECT_EQ(e.code(), errc::hook_failed);
        EXPECT_THROW(std::rethrow_if_nested(e), int);
    }
}

TEST_F(Runner, LetsCancellationThrough) {
    add(hook_definition(
        "beforeFind", "cancelled", [](hook_args&) { throw boost::system::system_error(asio::error::operation_aborted); }, true));
    try {
        run_hooks();
        FAIL() << "no error";
    } catch (boost::system::system_error const& e) {
        EXPECT_EQ(e.code(), asio::error::operation_aborted);
        EXPECT_EQ(dynamic_cast<error const*>(&e), nullptr);
    }
}

TEST_F(Runner, CancelsAWaitingHookAtTheDeadline) {
    bool cancelled = false;
    add(hook_definition(
        "beforeFind", "slow",
        [&cancelled](hook_args&) -> asio::awaitable<void> {
            asio::steady_timer forever(co_await asio::this_coro::executor, asio::steady_timer::time_point::max());
            try {
                co_await forever.async_wait(asio::use_awaitable);
            } catch (boost::system::system_error const&) {
                cancelled = true;
                throw;
            }
        },
        true));
    options.deadline(std::chrono::steady_clock::now());
    try {
        run_hooks();
        FAIL() << "no error";
    } catch (error const& e) {
        EXPECT_EQ(e.code(), errc::deadline);
        EXPECT_EQ(e.details().hook, "beforeFind_slow");
    }
    EXPECT_TRUE(cancelled);
}

TEST_F(Runner, HooksInTimeAreNotTouchedByADeadline) {
    add_coroutine("a");
    add(hook_definition(
        "beforeFind", "bad",
        [](hook_args&) -> asio::awaitable<void> {
            throw error(errc::disallowed, "no");
            co_return;
        },
        true));
    options.timeout(std::chrono::hours(1));
    try {
        run_hooks();
        FAIL() << "no error";
    } catch (error const& e) {
        EXPECT_EQ(e.code(), errc::disallowed);
    }
    EXPECT_THAT(log, ElementsAre("a begins", "a ends"));
}

TEST_F(Runner, RecordsHooksBelowTheOperation) {
    auto const t = std::make_shared<trace>();
    options.trace(t);
    options.scope_value = std::make_shared<call_scope>();
    options.scope_value->span = t->begin(span_kind::call, "posts.find", trace::no_parent);
    std::size_t seen_inside = trace::no_parent;
    add(hook_definition(
        "beforeFind", "outer", [&](hook_args& a) { seen_inside = a.common.scope_value->span; }, true));
    add_coroutine("second");
    run_hooks();
    ASSERT_EQ(t->spans().size(), 3u);
    EXPECT_EQ(t->spans()[1].name, "beforeFind_outer");
    EXPECT_EQ(t->spans()[1].kind, span_kind::hook);
    EXPECT_EQ(t->spans()[1].parent, 0u);
    EXPECT_EQ(seen_inside, 1u) << "operations that a hook starts go below the hook";
    EXPECT_EQ(t->spans()[2].name, "beforeFind_second");
    EXPECT_EQ(options.scope_value->span, 0u);
}

} // namespace
} // namespace cormorant
