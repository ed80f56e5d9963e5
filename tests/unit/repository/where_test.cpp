#include "repository/where.hpp"

#include <cormorant/bson/json.hpp>
#include <cormorant/error/error.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cormorant {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

std::shared_ptr<schema const> users() {
    return schema::compile(model_definition("user")
                               .field("name", string())
                               .field("age", integer())
                               .field("tags", array_of(string()))
                               .field("address", object().field("city", string()))
                               .field("settings", object())
                               .field("extra", any()));
}

struct translation {
    char const* name;
    char const* where;
    char const* filter;
};

class WhereTranslation : public ::testing::TestWithParam<translation> {};

TEST_P(WhereTranslation, GivesOneFilter) {
    auto const compiled = detail::compile_where(nullptr, parse_json_document(GetParam().where));
    EXPECT_EQ(to_string(compiled.filter), to_string(parse_json_document(GetParam().filter)));
}

constexpr translation translations[] = {
    {"nothing", R"({})", R"({})"},
    {"bare_value", R"({"a": 1})", R"({"a": {"$eq": 1}})"},
    {"bare_null", R"({"a": null})", R"({"a": {"$eq": null}})"},
    {"bare_list", R"({"a": [1, 2]})", R"({"a": {"$eq": [1, 2]}})"},
    {"bare_object", R"({"a": {"x": 1}})", R"({"a": {"$eq": {"x": 1}}})"},
    {"bare_empty_object", R"({"a": {}})", R"({"a": {"$eq": {}}})"},
    {"bare_expression", R"({"a": {"$regularExpression": {"pattern": "^x", "options": "i"}}})",
        R"({"a": {"$regex": {"$regularExpression": {"pattern": "^x", "options": "i"}}}})"},
    {"comparisons", R"({"a": {"eq": 1}, "b": {"neq": 2}, "c": {"gt": 3, "lt": 4}, "d": {"gte": 5, "lte": 6}})",
        R"({"a": {"$eq": 1}, "b": {"$ne": 2}, "c": {"$gt": 3, "$lt": 4}, "d": {"$gte": 5, "$lte": 6}})"},
    {"lists", R"({"a": {"inq": [1, null]}, "b": {"nin": []}})", R"({"a": {"$in": [1, null]}, "b": {"$nin": []}})"},
    {"range", R"({"a": {"between": [1, 9]}})", R"({"a": {"$gte": 1, "$lte": 9}})"},
    {"operators_that_meet", R"({"a": {"gte": 3, "between": [1, 9]}})",
        R"({"a": {"$gte": 3, "$lte": 9}, "$and": [{"a": {"$gte": 1}}]})"},
    {"presence", R"({"a": {"exists": false}})", R"({"a": {"$exists": false}})"},
    {"nested_path", R"({"a.b.0.c": {"gt": 1}})", R"({"a.b.0.c": {"$gt": 1}})"},
    {"pattern", R"({"a": {"like": "x%"}})", R"({"a": {"$regex": {"$regularExpression": {"pattern": "\\Ax", "options": "s"}}}})"},
    {"pattern_without_case", R"({"a": {"ilike": "%x"}})",
        R"({"a": {"$regex": {"$regularExpression": {"pattern": "x\\z", "options": "is"}}}})"},
    {"opposite_patterns", R"({"a": {"nlike": "x", "nilike": "y"}})",
        R"({"a": {"$not": {"$regularExpression": {"pattern": "\\Ax\\z", "options": "s"}}},
            "$and": [{"a": {"$not": {"$regularExpression": {"pattern": "\\Ay\\z", "options": "is"}}}}]})"},
    {"expression", R"({"a": {"regexp": "x+", "flags": "mi"}})",
        R"({"a": {"$regex": {"$regularExpression": {"pattern": "x+", "options": "im"}}}})"},
    {"expression_with_flags_of_its_own",
        R"({"a": {"regexp": {"$regularExpression": {"pattern": "x", "options": "i"}}, "flags": "is"}})",
        R"({"a": {"$regex": {"$regularExpression": {"pattern": "x", "options": "is"}}}})"},
    {"expression_with_null_for_flags", R"({"a": {"regexp": "x", "flags": null}})",
        R"({"a": {"$regex": {"$regularExpression": {"pattern": "x", "options": ""}}}})"},
    {"conjunction", R"({"and": [{"a": 1}, {"a": 2}], "b": 3})",
        R"({"b": {"$eq": 3}, "$and": [{"a": {"$eq": 1}}, {"a": {"$eq": 2}}]})"},
    {"disjunction", R"({"or": [{"a": 1}, {"and": [{"b": 2}]}]})",
        R"({"$or": [{"a": {"$eq": 1}}, {"$and": [{"b": {"$eq": 2}}]}]})"},
    {"neither", R"({"nor": [{"a": 1}]})", R"({"$nor": [{"a": {"$eq": 1}}]})"},
    {"conjunction_of_nothing", R"({"and": []})", R"({})"},
    {"disjunction_of_nothing", R"({"or": [], "a": 1})", R"({"a": {"$eq": 1}, "$and": [{"$nor": [{}]}]})"},
    {"neither_of_nothing", R"({"nor": []})", R"({})"},
    {"operators_of_the_store_in_a_value", R"({"a": {"eq": {"$gt": 1}}})", R"({"a": {"$eq": {"$gt": 1}}})"},
};
INSTANTIATE_TEST_SUITE_P(
    All, WhereTranslation, ::testing::ValuesIn(translations), [](auto const& p) { return std::string(p.param.name); });

struct refusal {
    char const* name;
    char const* where;
    char const* path;
};

class WhereRefusal : public ::testing::TestWithParam<refusal> {};

TEST_P(WhereRefusal, NamesTheProperty) {
    auto const model = users();
    try {
        (void)detail::compile_where(model.get(), parse_json_document(GetParam().where));
        FAIL() << "was taken";
    } catch (error const& e) {
        EXPECT_EQ(e.code(), errc::invalid_argument);
        EXPECT_EQ(e.details().path, GetParam().path) << e.what();
    }
}

constexpr refusal refusals[] = {
    {"unknown_property", R"({"nmae": "x"})", "nmae"},
    {"unknown_property_below", R"({"or": [{"address": {"eq": 1}}, {"age.years": 1}]})", "age.years"},
    {"unknown_operator", R"({"age": {"foo": 1}})", "age"},
    {"unknown_operator_beside_known", R"({"extra": {"gt": 1, "foo": 1}})", "extra"},
    {"operator_of_the_store", R"({"extra": {"$gt": 1}})", "extra"},
    {"operator_of_the_store_in_a_list", R"({"extra": {"inq": [{"$gt": 1}]}})", "extra"},
    {"word_of_the_store", R"({"$where": "true"})", "$where"},
    {"dollar_in_a_path", R"({"name.$gt": 1})", "name.$gt"},
    {"empty_path", R"({"": 1})", ""},
    {"path_with_a_hole", R"({"address..city": 1})", "address..city"},
    {"list_wanted", R"({"age": {"inq": 1}})", "age"},
    {"list_wanted_not_null", R"({"age": {"nin": null}})", "age"},
    {"two_bounds_wanted", R"({"age": {"between": [1]}})", "age"},
    {"truth_wanted", R"({"age": {"exists": 1}})", "age"},
    {"text_wanted", R"({"name": {"like": 5}})", "name"},
    {"expression_wanted", R"({"name": {"regexp": 5}})", "name"},
    {"expression_is_no_value", R"({"name": {"eq": {"$regularExpression": {"pattern": "x", "options": ""}}}})", "name"},
    {"flags_without_expression", R"({"name": {"like": "x", "flags": "i"}})", "name"},
    {"unknown_flag", R"({"name": {"regexp": "x", "flags": "g"}})", "name"},
    {"flags_are_text", R"({"name": {"regexp": "x", "flags": 1}})", "name"},
    {"conditions_in_a_list", R"({"or": {"age": 1}})", "or"},
    {"conditions_are_objects", R"({"and": [5]})", "and"},
    {"no_value", R"({"age": {"$undefined": true}})", "age"},
};
INSTANTIATE_TEST_SUITE_P(
    All, WhereRefusal, ::testing::ValuesIn(refusals), [](auto const& p) { return std::string(p.param.name); });

TEST(Where, KnowsWhatTheModelDeclares) {
    auto const model = users();
    for (char const* path : {"_id", "name", "tags", "tags.0", "address", "address.city", "settings.any.thing", "extra.x.y"})
        EXPECT_NO_THROW((void)detail::compile_where(model.get(), doc(path, 1))) << path;
    EXPECT_THROW((void)detail::compile_where(model.get(), doc("other", 1)), error);
    auto const open = schema::compile(model_definition("open").extra_keys(extra_keys::allow));
    EXPECT_NO_THROW((void)detail::compile_where(open.get(), doc("other.path", 1)));
}

TEST(Where, TellsObjectsFromOperatorsByTheType) {
    auto const model = users();
    EXPECT_EQ(detail::compile_where(model.get(), doc("address", doc("city", "x"))).filter,
        doc("address", doc("$eq", doc("city", "x"))));
    EXPECT_THROW((void)detail::compile_where(model.get(), doc("name", doc("city", "x"))), error);
    EXPECT_THROW((void)detail::compile_where(model.get(), doc("tags", doc("city", "x"))), error);
}

TEST(Where, RemembersItsExpressions) {
    auto const compiled =
        detail::compile_where(nullptr, doc("or", arr(doc("a", doc("regexp", "x(")), doc("b", doc("like", "y%")))));
    ASSERT_THAT(compiled.patterns, SizeIs(1));
    EXPECT_EQ(compiled.patterns[0].path, "a");
    EXPECT_EQ(compiled.patterns[0].text, "x(");
    EXPECT_THAT(detail::compile_where(nullptr, doc("a", 1)).patterns, IsEmpty());
}

struct pattern_case {
    char const* pattern;
    char const* expression;
};

class Like : public ::testing::TestWithParam<pattern_case> {};

TEST_P(Like, BecomesAnExpression) {
    EXPECT_EQ(detail::like_expression(GetParam().pattern), GetParam().expression);
}

constexpr pattern_case patterns[] = {
    {"", R"(\A\z)"},
    {"abc", R"(\Aabc\z)"},
    {"a%", R"(\Aa)"},
    {"%a", R"(a\z)"},
    {"%a%", "a"},
    {"%", ""},
    {"%%", ""},
    {"a%b", R"(\Aa.*b\z)"},
    {"a%%b", R"(\Aa.*b\z)"},
    {"_", R"(\A.\z)"},
    {"_%", R"(\A.)"},
    {"%_", R"(.\z)"},
    {"100\\%", R"(\A100%\z)"},
    {"a\\_b", R"(\Aa_b\z)"},
    {"a\\\\b", R"(\Aa\\b\z)"},
    {"a\\b", R"(\Aab\z)"},
    {"end\\", R"(\Aend\\\z)"},
    {"%\\%%", "%"},
    {".*", R"(\A\.\*\z)"},
    {".%*", R"(\A\..*\*\z)"},
    {"(a|b)[c]{2}^$?+", R"(\A\(a\|b\)\[c\]\{2\}\^\$\?\+\z)"},
    {"п%", R"(\Aп)"},
};
INSTANTIATE_TEST_SUITE_P(All, Like, ::testing::ValuesIn(patterns));

TEST(EqualTo, TakesNoValueForAnOperator) {
    EXPECT_EQ(detail::equal_to(7), value(7));
    EXPECT_EQ(detail::equal_to(doc("$gt", "")), value(doc("$eq", doc("$gt", ""))));
}

} // namespace
} // namespace cormorant
