#include <cormorant/pipeline/registry.hpp>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace cormorant {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

hook_definition hook(char const* type, char const* name, bool is_required = false) {
    return hook_definition(
        type, name, [](hook_args&) {}, is_required);
}

/// afterFind: a, b, must (required), last (required); beforeFind: a.
std::shared_ptr<hook_registry const> some_hooks() {
    auto registry = std::make_shared<hook_registry>();
    registry->add(hook("afterFind", "a"));
    registry->add(hook("afterFind", "must", true));
    registry->add(hook("afterFind", "b"));
    registry->add(hook("afterFind", "last", true));
    registry->add(hook("beforeFind", "a"));
    return registry;
}

std::vector<std::string> names(hook_plan const& plan, hook_type type) {
    std::vector<std::string> result;
    for (planned_hook const& p : plan.of(type))
        result.push_back(p.hook->name);
    return result;
}

TEST(HookRegistry, ReplacesAHookOfTheSameTypeAndNameAtItsPlace) {
    hook_registry registry;
    registry.add(hook("afterFind", "a"));
    registry.add(hook("afterFind", "b"));
    registry.add(hook("afterFind", "a", true));
    registry.add(hook("beforeFind", "a"));

    ASSERT_EQ(registry.of(hook_type::after_find).size(), 2u);
    EXPECT_EQ(registry.of(hook_type::after_find)[0].name, "a");
    EXPECT_TRUE(registry.of(hook_type::after_find)[0].required);
    EXPECT_FALSE(registry.find(hook_type::before_find, "a")->required);
    EXPECT_EQ(registry.find(hook_type::before_find, "b"), nullptr);
}

struct order_case {
    char const* name;
    std::vector<char const*> asked;
    std::vector<std::string> run;
};

class HookOrder : public ::testing::TestWithParam<order_case> {};

TEST_P(HookOrder, IsAskedForThenRequired) {
    hook_requests requests;
    for (char const* name : GetParam().asked)
        requests.push_back(name);
    hook_plan const plan(some_hooks(), requests);
    EXPECT_EQ(names(plan, hook_type::after_find), GetParam().run);
}

INSTANTIATE_TEST_SUITE_P(All, HookOrder,
    ::testing::Values(order_case{"nothing_asked", {}, {"must", "last"}},
        order_case{"in_the_order_given", {"afterFind_b", "afterFind_a"}, {"b", "a", "must", "last"}},
        order_case{"asked_twice_runs_twice", {"afterFind_a", "afterFind_a"}, {"a", "a", "must", "last"}},
        order_case{"required_runs_once_where_asked", {"afterFind_last", "afterFind_a"}, {"last", "a", "must"}},
        order_case{"other_types_do_not_count", {"beforeFind_a", "beforeSave_nope"}, {"must", "last"}},
        order_case{"hooks_of_related_models_do_not_count", {"author.afterFind_a"}, {"must", "last"}}),
    [](auto const& row) { return std::string(row.param.name); });

TEST(HookPlan, ReportsAnUnknownHookOnlyForTypesThatRun) {
    hook_requests requests;
    requests.push_back("afterFind_nope");
    hook_plan const plan(some_hooks(), requests);
    EXPECT_NO_THROW(plan.check(std::array{hook_type::before_find, hook_type::after_save}));
    try {
        plan.check(std::array{hook_type::before_find, hook_type::after_find});
        FAIL() << "accepted";
    } catch (error const& e) {
        EXPECT_EQ(e.code(), errc::invalid_argument);
        EXPECT_THAT(e.message(), HasSubstr("afterFind_nope"));
    }
}

TEST(HookPlan, GivesArgumentsToTheirRequestOnly) {
    hook_requests requests;
    requests.push_back(hook_request("afterFind_a", doc("n", 1)));
    requests.push_back("afterFind_b");
    hook_plan const plan(some_hooks(), std::move(requests));
    auto const run = plan.of(hook_type::after_find);
    ASSERT_NE(run[0].args, nullptr);
    EXPECT_EQ(*run[0].args, doc("n", 1));
    EXPECT_EQ(run[1].args, nullptr);
    EXPECT_EQ(run[2].args, nullptr);
}

TEST(HookPlan, HandsRequestsBelowAHookToIt) {
    hook_requests requests;
    requests.push_back("afterFind_a");
    requests.push_back("a.afterFind_image");
    requests.push_back(hook_request("a.image.beforeFind_x", doc("n", 1)));
    requests.push_back("must.afterFind_deep");
    hook_plan const plan(some_hooks(), std::move(requests));
    auto const run = plan.of(hook_type::after_find);
    ASSERT_NE(run[0].nested, nullptr);
    ASSERT_EQ(run[0].nested->size(), 2u);
    EXPECT_EQ((*run[0].nested)[0], hook_request("afterFind_image"));
    EXPECT_EQ((*run[0].nested)[1], hook_request("image.beforeFind_x", doc("n", 1)));
    ASSERT_NE(run[1].nested, nullptr) << "a required hook gets them too";
    EXPECT_EQ(run[1].nested->front().name, "afterFind_deep");
    EXPECT_EQ(run[2].nested, nullptr);
}

TEST(HookPlan, KnowsWhichTypesRunAndWhoseHooksTheyAre) {
    auto registry = std::make_shared<hook_registry>();
    hook_definition internal = hook("afterFind", "author", true);
    internal.internal = true;
    registry->add(std::move(internal));
    registry->add(hook_definition(
        "beforeFind", "slow", [](hook_args&) -> boost::asio::awaitable<void> { co_return; }, true));
    hook_plan const plan(registry, {});
    constexpr hook_types before = std::array{hook_type::before_find};
    constexpr hook_types after = std::array{hook_type::after_find};
    EXPECT_TRUE(plan.types().intersects(before | after));
    EXPECT_TRUE(plan.user_types().intersects(before));
    EXPECT_FALSE(plan.user_types().intersects(after));
    EXPECT_TRUE(plan.waiting_types().intersects(before));
    EXPECT_FALSE(plan.types().contains(hook_type::after_save));
}

struct request_case {
    char const* text;
    std::optional<hook_type> type;
    char const* name;
    char const* nested;
};

TEST(ParseRequest, TellsHooksFromHooksBehindRelationships) {
    for (request_case const& c : {
             request_case{"afterFind_author", hook_type::after_find, "author", ""},
             request_case{"beforeFilter_a.b", hook_type::before_filter, "a.b", ""},
             request_case{"author.afterFind_image", std::nullopt, "author", "afterFind_image"},
             request_case{"my_author.image.afterFind_x", std::nullopt, "my_author", "image.afterFind_x"},
         }) {
        auto const parsed = parse_request(c.text);
        EXPECT_EQ(parsed.type, c.type) << c.text;
        EXPECT_EQ(parsed.name, c.name) << c.text;
        EXPECT_EQ(parsed.nested, c.nested) << c.text;
    }
    for (char const* text : {"", "author", "afterFnd_author", ".afterFind_x", "author."})
        EXPECT_THROW((void)parse_request(text), error) << text;
}

TEST(PlanCache, CompilesAListOnce) {
    plan_cache cache(some_hooks());
    hook_requests requests;
    requests.push_back("afterFind_a");
    auto const first = cache.plan(requests);
    EXPECT_EQ(cache.plan(hook_requests(requests)), first);
    requests.push_back("afterFind_b");
    EXPECT_NE(cache.plan(requests), first);
    EXPECT_THAT(names(*cache.plan(requests), hook_type::after_find), ElementsAre("a", "b", "must", "last"));
}

TEST(PlanCache, KeepsNoListsWithArguments) {
    plan_cache cache(some_hooks());
    hook_requests requests;
    requests.push_back(hook_request("afterFind_a", doc("n", 1)));
    EXPECT_NE(cache.plan(requests), cache.plan(requests));
}

TEST(PlanCache, StaysBoundedWhenListsAreMadeUp) {
    plan_cache cache(some_hooks());
    auto const kept = cache.plan({});
    for (int i = 0; i < 1000; ++i) {
        hook_requests requests;
        requests.push_back(fmt::format("beforeSave_{}", i));
        EXPECT_THAT(names(*cache.plan(requests), hook_type::after_find), ElementsAre("must", "last"));
    }
    EXPECT_THAT(names(*kept, hook_type::before_find), IsEmpty()) << "plans in use live on";
}

} // namespace
} // namespace cormorant
