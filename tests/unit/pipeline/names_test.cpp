#include <cormorant/pipeline/hook.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>

namespace cormorant {
namespace {

TEST(HookTypeNames, AreDistinctAndAreReadBack) {
    std::set<std::string_view> names;
    for (std::size_t i = 0; i < hook_type_count; ++i) {
        auto const type = static_cast<hook_type>(i);
        names.insert(to_string(type));
        EXPECT_EQ(parse_hook_type(to_string(type)), type);
    }
    EXPECT_EQ(names.size(), hook_type_count);
    EXPECT_EQ(to_string(hook_type::before_find), "beforeFind");
    EXPECT_EQ(to_string(hook_type::after_put), "afterPut");
    EXPECT_EQ(parse_hook_type("beforefind"), std::nullopt);
    EXPECT_EQ(parse_hook_type(""), std::nullopt);
}

TEST(OperationKindNames, AreReadBack) {
    for (auto const kind : {operation_kind::find, operation_kind::count, operation_kind::insert, operation_kind::save,
             operation_kind::update, operation_kind::remove, operation_kind::aggregate})
        EXPECT_EQ(parse_operation_kind(to_string(kind)), kind);
    EXPECT_EQ(parse_operation_kind("findById"), std::nullopt);
}

struct bad_hook {
    char const* name;
    char const* type;
    char const* hook;
    hook_handler handler;
    char const* message;
};

class BadHookDefinition : public ::testing::TestWithParam<bad_hook> {};

TEST_P(BadHookDefinition, IsRefusedNamingTheMistake) {
    try {
        hook_definition const made(GetParam().type, GetParam().hook, GetParam().handler);
        FAIL() << "accepted";
    } catch (error const& e) {
        EXPECT_EQ(e.code(), errc::definition);
        EXPECT_THAT(e.message(), ::testing::HasSubstr(GetParam().message));
    }
}

INSTANTIATE_TEST_SUITE_P(All, BadHookDefinition,
    ::testing::Values(bad_hook{"unknown_type", "beforeFnd", "x", [](hook_args&) {}, "no hook type \"beforeFnd\""},
        bad_hook{"no_name", "beforeFind", "", [](hook_args&) {}, "no name"},
        bad_hook{"arguments_of_another_type", "beforeFind", "x", [](after_find_args&) {},
            "does not take the arguments of beforeFind"}),
    [](auto const& row) { return std::string(row.param.name); });

TEST(HookDefinition, OfPutTakesBothPutTypes) {
    EXPECT_NO_THROW(hook_definition("beforePut", "x", [](put_args&) {}));
    EXPECT_NO_THROW(hook_definition("afterPut", "x", [](put_args&) {}));
    EXPECT_NO_THROW(hook_definition("afterRemove", "x", [](hook_args&) {}));
}

} // namespace
} // namespace cormorant
