#include <cormorant/bson/json.hpp>
#include <cormorant/error/error.hpp>
#include <cormorant/operation/options.hpp>

#include <gtest/gtest.h>

#include <string>

namespace cormorant {
namespace {

document json(char const* text) {
    return parse_json_document(text);
}

template <class F>
error caught(F&& f) {
    try {
        f();
    } catch (error const& e) {
        return e;
    }
    ADD_FAILURE() << "nothing was thrown";
    return error(errc::cancelled);
}

template <class Options>
document round_trip(char const* text) {
    Options options;
    options.merge(json(text));
    return options.to_document();
}

TEST(options, that_were_merged_are_given_back_under_their_names) {
    auto const find =
        R"({"hooks": [{"name": "afterFind_a"}, {"name": "x.y_z", "args": {"n": 1}}], "context": {"k": "v"}, "options": {"comment": "c"},
        "readPreference": {"mode": "nearest"}, "readConcern": {"level": "local"}, "writeConcern": {"w": 1}, "mine": {"x": 1},
        "fields": {"a": 1}, "castDocs": false, "sort": {"a": -1}, "skip": 1, "limit": 2, "random": 3, "maxSize": 4, "count": true,
        "collation": {"locale": "de"}, "hint": "a_1", "batchSize": 5, "loader": false})";
    EXPECT_EQ(to_string(round_trip<find_options>(find)), to_string(json(find)));
    EXPECT_EQ(round_trip<count_options>(R"({"collation": {"locale": "de"}, "hint": {"a": 1}, "skip": 1, "limit": 2})"),
        json(R"({"collation": {"locale": "de"}, "hint": {"a": 1}, "skip": 1, "limit": 2})"));
    EXPECT_EQ(round_trip<insert_options>(R"({"stripEmpty": false, "ordered": false})"),
        json(R"({"stripEmpty": false, "ordered": false})"));
    EXPECT_EQ(
        round_trip<update_options>(
            R"({"stripEmpty": false, "multi": true, "upsert": true, "arrayFilters": [{"a.b": 1}], "collation": {"locale": "de"}, "hint": "h"})"),
        json(
            R"({"stripEmpty": false, "multi": true, "upsert": true, "arrayFilters": [{"a.b": 1}], "collation": {"locale": "de"}, "hint": "h"})"));
    EXPECT_EQ(round_trip<remove_options>(R"({"justOne": true, "hint": "h"})"), json(R"({"justOne": true, "hint": "h"})"));
    EXPECT_EQ(
        round_trip<aggregate_options>(R"({"maxSize": 9, "castDocs": true, "virtuals": ["a", "b"], "hint": "h", "batchSize": 2})"),
        json(R"({"maxSize": 9, "castDocs": true, "virtuals": ["a", "b"], "hint": "h", "batchSize": 2})"));
}

TEST(options, as_in_the_beginning_say_only_what_hooks_rely_on) {
    EXPECT_EQ(find_options().to_document(), json(R"({"context": {}, "options": {}, "fields": {}, "castDocs": true})"));
    EXPECT_EQ(save_options().to_document(), json(R"({"options": {"upsert": true}})"));
    EXPECT_EQ(count_options().to_document(), document());
    EXPECT_EQ(insert_options().to_document(), document());
    EXPECT_EQ(update_options().to_document(), document());
    EXPECT_EQ(remove_options().to_document(), document());
    EXPECT_EQ(aggregate_options().to_document(), document());
}

TEST(options, of_the_application_are_kept_for_its_hooks) {
    find_options options;
    options.set("mine", doc("x", 1));
    EXPECT_EQ(options.custom, doc("mine", doc("x", 1)));
    // An option of another operation is none here.
    options.set("multi", true);
    EXPECT_EQ(options.custom.size(), 2U);
}

TEST(options, have_short_forms) {
    find_options options;
    options.merge(json(
        R"({"sort": "random", "fields": ["a", "b.c"], "readPreference": "secondary", "readConcern": "majority", "writeConcern": 2, "hooks": ["beforeFind_a"]})"));
    EXPECT_TRUE(options.shuffle);
    EXPECT_EQ(options.fields_value, doc("a", 1, "b.c", 1));
    EXPECT_EQ(options.read_preference_value, doc("mode", "secondary"));
    EXPECT_EQ(options.read_concern_value, doc("level", "majority"));
    EXPECT_EQ(options.write_concern_value, doc("w", 2));
    EXPECT_EQ(options.hooks_value, hook_requests{"beforeFind_a"});
    EXPECT_EQ(options.to_document().at("sort"), value("random"));
    options.set("sort", doc("a", 1));
    EXPECT_FALSE(options.shuffle);
}

TEST(options, with_an_empty_list_of_hooks_ask_for_none) {
    find_options options;
    EXPECT_FALSE(options.hooks_value.has_value());
    options.set("hooks", array());
    ASSERT_TRUE(options.hooks_value.has_value());
    EXPECT_TRUE(options.hooks_value->empty());
    EXPECT_EQ(options.to_document().at("hooks"), value(array()));
}

TEST(options, with_a_timeout_have_a_deadline) {
    find_options options;
    auto const before = std::chrono::steady_clock::now();
    options.set("timeoutMS", 60'000);
    ASSERT_TRUE(options.deadline_value.has_value());
    EXPECT_GE(*options.deadline_value, before + std::chrono::seconds(60));
    options.set("timeoutMS", 0);
    EXPECT_FALSE(options.deadline_value.has_value());
}

constexpr auto case_name = [](auto const& test) { return std::string(test.param.name); };

struct bad_option {
    char const* name;
    char const* text;
    char const* path;
};

class bad_options : public testing::TestWithParam<bad_option> {};

TEST_P(bad_options, are_invalid_arguments_that_name_option_and_value) {
    find_options options;
    auto const e = caught([&] { options.merge(json(GetParam().text)); });
    EXPECT_EQ(e.code(), errc::invalid_argument);
    EXPECT_EQ(e.details().path, GetParam().path);
    EXPECT_FALSE(e.details().value.empty());
}

INSTANTIATE_TEST_SUITE_P(options, bad_options,
    testing::Values(bad_option{"limit_text", R"({"limit": "5"})", "limit"},
        bad_option{"limit_negative", R"({"limit": -1})", "limit"}, bad_option{"limit_fraction", R"({"limit": 1.5})", "limit"},
        bad_option{"batch_size_too_great", R"({"batchSize": 5000000000})", "batchSize"},
        bad_option{"cast_docs", R"({"castDocs": 1})", "castDocs"}, bad_option{"sort", R"({"sort": "a"})", "sort"},
        bad_option{"fields", R"({"fields": [1]})", "fields"}, bad_option{"hint", R"({"hint": 1})", "hint"},
        bad_option{"context", R"({"context": 1})", "context"}, bad_option{"options", R"({"options": []})", "options"},
        bad_option{"hooks", R"({"hooks": "afterFind_a"})", "hooks"}, bad_option{"hook", R"({"hooks": [5]})", "hooks"},
        bad_option{"hook_without_name", R"({"hooks": [{"args": {}}]})", "hooks"},
        bad_option{"hook_with_other_keys", R"({"hooks": [{"name": "a", "arg": {}}]})", "hooks"},
        bad_option{"hook_arguments", R"({"hooks": [{"name": "a", "args": 1}]})", "hooks.args"}),
    case_name);

TEST(lifted_options, take_effect_as_if_they_were_given_directly) {
    update_options update;
    update.set("options", json(R"({"multi": true, "upsert": true, "arrayFilters": [{"x": 1}], "comment": "c"})"));
    update.lift_options();
    EXPECT_TRUE(update.multi_value);
    EXPECT_TRUE(update.upsert_value);
    EXPECT_EQ(update.array_filters_value, arr(doc("x", 1)));
    EXPECT_EQ(update.options_value, doc("comment", "c"));

    find_options find;
    find.set("options",
        json(
            R"({"limit": 1, "skip": 2, "sort": {"a": 1}, "projection": {"a": 1}, "allowDiskUse": true, "readConcern": "local"})"));
    find.lift_options();
    EXPECT_EQ(find.limit_value, 1);
    EXPECT_EQ(find.skip_value, 2);
    EXPECT_EQ(find.sort_value, doc("a", 1));
    EXPECT_EQ(find.fields_value, doc("a", 1));
    EXPECT_EQ(find.read_concern_value, doc("level", "local"));
    EXPECT_EQ(find.options_value, doc("allowDiskUse", true));

    insert_options insert;
    insert.set("options", doc("ordered", false));
    insert.lift_options();
    EXPECT_FALSE(insert.ordered_value);
}

TEST(lifted_options, of_an_aggregation_may_be_given_without_options_around_them) {
    aggregate_options aggregate;
    aggregate.merge(json(R"({"allowDiskUse": true, "options": {"let": {"a": 1}, "hint": "h"}})"));
    aggregate.set("maxTimeMS", 5);
    aggregate.lift_options();
    EXPECT_EQ(aggregate.options_value, json(R"({"let": {"a": 1}, "maxTimeMS": 5})"));
    EXPECT_EQ(aggregate.hint_value, value("h"));
}

TEST(lifted_options, do_not_reach_hooks_and_context) {
    find_options find;
    find.set("options", json(R"({"hooks": ["a"], "context": {"k": 1}, "options": {"x": 1}})"));
    auto const before = find.options_value;
    find.lift_options();
    EXPECT_EQ(find.options_value, before);
    EXPECT_FALSE(find.hooks_value.has_value());
    EXPECT_TRUE(find.context_value.values().empty());
}

TEST(lifted_options, of_a_save_cannot_switch_off_what_a_save_is) {
    save_options save;
    save.set("options", doc("upsert", false));
    EXPECT_EQ(caught([&] { save.lift_options(); }).code(), errc::invalid_argument);
}

TEST(context, copies_share_what_is_set_later) {
    context first;
    first.share();
    auto const second = first;
    first.set("k", 1).put(std::string("user"));
    EXPECT_EQ(second.at("k"), value(1));
    ASSERT_NE(second.get<std::string>(), nullptr);
    EXPECT_EQ(*second.get<std::string>(), "user");
    EXPECT_EQ(second.get<int>(), nullptr);
    EXPECT_TRUE(first.erase("k"));
    EXPECT_EQ(second.find("k"), nullptr);
}

TEST(context, an_empty_one_has_nothing) {
    context c;
    EXPECT_EQ(c.find("k"), nullptr);
    EXPECT_FALSE(c.erase("k"));
    EXPECT_TRUE(c.values().empty());
    EXPECT_EQ(c.get<int>(), nullptr);
    auto const e = caught([&] { c.at("k"); });
    EXPECT_EQ(e.code(), errc::not_found);
    EXPECT_EQ(e.details().path, "k");
}

} // namespace
} // namespace cormorant
