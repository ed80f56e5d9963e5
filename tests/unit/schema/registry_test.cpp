#include "schema_fixture.hpp"

#include <cormorant/schema/registry.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <cstddef>
#include <exception>

namespace cormorant::test {
namespace {

boost::asio::awaitable<void> append_later(std::string& log, std::string text) {
    co_await boost::asio::post(boost::asio::use_awaitable);
    log += text;
}

class hook_actions : public testing::Test {
protected:
    hook_actions() {
        functions.add_hook("plain", [this](document const& spec) {
            return hook_handler([this, text = std::string(spec.at("text").as_string())](hook_args&) { log += text; });
        });
        functions.add_hook("later", [this](document const& spec) {
            return hook_handler(
                [this, text = std::string(spec.at("text").as_string())](hook_args&) { return append_later(log, text); });
        });
        functions.add_hook(
            "fail", [](document const&) { return hook_handler([](hook_args&) { throw error(errc::hook_failed, "stop"); }); });
    }

    void run(hook_handler const& handler) {
        before_find_args args(subject, filter, options);
        if (handler.plain()) {
            handler.plain()(args);
            return;
        }
        boost::asio::io_context loop;
        std::exception_ptr failure;
        boost::asio::co_spawn(loop, handler.coroutine()(args), [&](std::exception_ptr e) { failure = e; });
        loop.run();
        if (failure) {
            std::rethrow_exception(failure);
        }
    }

    function_registry functions;
    std::string log;
    // Hooks get a reference to their model, which these never use.
    std::byte anchor{};
    model& subject = *static_cast<model*>(static_cast<void*>(&anchor));
    document filter;
    find_options options;
};

TEST_F(hook_actions, of_a_list_run_in_order_without_a_coroutine_when_all_are_plain) {
    auto const handler = functions.make_hook(arr(doc("action", "plain", "text", "a"), doc("action", "plain", "text", "b")));
    EXPECT_TRUE(handler.plain());
    run(handler);
    EXPECT_EQ(log, "ab");
}

TEST_F(hook_actions, of_a_list_wait_for_each_other) {
    auto const handler = functions.make_hook(
        arr(doc("action", "plain", "text", "a"), doc("action", "later", "text", "b"), doc("action", "plain", "text", "c")));
    EXPECT_FALSE(handler.plain());
    run(handler);
    EXPECT_EQ(log, "abc");
}

TEST_F(hook_actions, that_fail_end_the_list) {
    auto const handler =
        functions.make_hook(arr(doc("action", "later", "text", "a"), doc("action", "fail"), doc("action", "plain", "text", "c")));
    EXPECT_EQ(caught([&] { run(handler); }).code(), errc::hook_failed);
    EXPECT_EQ(log, "a");
}

TEST_F(hook_actions, that_run_in_batches_cannot_be_listed) {
    functions.add_hook(
        "batch", [](document const&) { return hook_handler::make_batch(std::make_shared<hook_handler::batch_function>()); });
    EXPECT_EQ(caught([&] { functions.make_hook(arr(doc("action", "batch"))); }).code(), errc::definition);
}

TEST(function_registry, names_what_it_does_not_know) {
    function_registry const functions;
    auto const e = caught([&] { functions.make_getter(doc("$fn", "upper")); });
    EXPECT_EQ(e.code(), errc::definition);
    EXPECT_NE(e.message().find("getter 'upper'"), std::string::npos);
    EXPECT_EQ(caught([&] { functions.make_default(doc("fn", "now")); }).code(), errc::definition);
    EXPECT_EQ(caught([&] { functions.make_hook("afterFind"); }).code(), errc::definition);
}

TEST(function_registry, knows_the_time_and_new_ids) {
    function_registry const functions;
    document data;
    default_context context("v", data, nullptr);
    EXPECT_TRUE(functions.make_default(doc("$fn", "now"))(context).is_date());
    auto const make = functions.make_default(doc("$fn", "objectId"));
    EXPECT_NE(make(context), make(context));
}

} // namespace
} // namespace cormorant::test
