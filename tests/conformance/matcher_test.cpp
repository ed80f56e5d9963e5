#include "matcher.hpp"

#include <cormorant/bson/json.hpp>

#include <gtest/gtest.h>

#include <ostream>
#include <string>
#include <vector>

namespace conformance {
namespace {

using cormorant::parse_json;

/// The path of the difference, `-` when there is none.
std::string differs_at(std::string_view got, std::string_view expected, match_rules rules = match_rules()) {
    auto const answer = parse_json(got);
    auto const found = matcher(rules).match(&answer, parse_json(expected));
    return found ? found->path : "-";
}

struct comparison {
    char const* name;
    char const* got;
    char const* expected;
    char const* differs_at;
};
void PrintTo(comparison const& c, std::ostream* out) {
    *out << c.name;
}

class Matching : public testing::TestWithParam<comparison> {};

TEST_P(Matching, finds_the_first_difference) {
    EXPECT_EQ(differs_at(GetParam().got, GetParam().expected), GetParam().differs_at);
}

INSTANTIATE_TEST_SUITE_P(Table, Matching,
    testing::Values(comparison{"equal_scalars", R"("a")", R"("a")", "-"}, comparison{"other_scalar", R"("a")", R"("b")", ""},
        comparison{"number_is_no_text", R"(1)", R"("1")", ""},
        comparison{"numbers_by_value", R"({"$numberLong":"2"})", "2.0", "-"},
        comparison{"dates_as_instants", R"({"$date":"2020-01-01T01:00:00+01:00"})", R"({"$date":"2020-01-01T00:00:00Z"})", "-"},
        comparison{"order_of_keys_is_free", R"({"a":1,"b":{"c":2,"d":3}})", R"({"b":{"d":3,"c":2},"a":1})", "-"},
        comparison{"missing_key", R"({"a":1})", R"({"a":1,"b":2})", "b"},
        comparison{"surplus_key", R"({"a":{"x":1,"y":2}})", R"({"a":{"x":1}})", "a.y"},
        comparison{"undefined_is_no_key", R"({"a":{"$undefined":true}})", R"({})", "-"},
        comparison{"null_is_a_value", R"({"a":null})", R"({})", "a"},
        comparison{"order_of_elements_counts", R"([1,2])", R"([2,1])", "0"},
        comparison{"missing_element", R"({"l":[1]})", R"({"l":[1,2]})", "l.1"},
        comparison{"surplus_element", R"({"l":[1,2,3]})", R"({"l":[1,2]})", "l.2"},
        comparison{"path_goes_through_arrays", R"({"l":[{"a":1},{"a":2}]})", R"({"l":[{"a":1},{"a":3}]})", "l.1.a"},
        comparison{"object_is_no_array", R"({})", R"([])", ""}));

INSTANTIATE_TEST_SUITE_P(Operators, Matching,
    testing::Values(comparison{"type_object_id", R"({"$oid":"0123456789abcdef01234567"})", R"({"$$type":"objectId"})", "-"},
        comparison{"type_string", R"("0123456789abcdef01234567")", R"({"$$type":"objectId"})", ""},
        comparison{"type_int_by_value", R"(2.0)", R"({"$$type":"int"})", "-"},
        comparison{"type_int", R"(2.5)", R"({"$$type":"int"})", ""},
        comparison{"type_double", R"(2)", R"({"$$type":"double"})", "-"},
        comparison{"type_date", R"({"$date":"2020-01-01T00:00:00Z"})", R"({"$$type":"date"})", "-"},
        comparison{"type_any_needs_a_value", R"({})", R"({"a":{"$$type":"any"}})", "a"},
        comparison{"type_any_takes_null", R"({"a":null})", R"({"a":{"$$type":"any"}})", "-"},
        comparison{"absent", R"({"a":1})", R"({"a":1,"b":{"$$absent":true}})", "-"},
        comparison{"absent_but_there", R"({"a":1})", R"({"a":{"$$absent":true}})", "a"},
        comparison{"contains", R"({"a":1,"b":2})", R"({"$$contains":{"b":2}})", "-"},
        comparison{"contains_is_deep_equality", R"({"b":{"c":1,"d":2}})", R"({"$$contains":{"b":{"c":1}}})", "b.d"},
        comparison{"contains_missing", R"({"a":1})", R"({"$$contains":{"b":2}})", "b"},
        comparison{"unordered", R"([3,1,2])", R"({"$$unordered":[1,2,3]})", "-"},
        comparison{"unordered_counts_duplicates", R"([1,1,2])", R"({"$$unordered":[1,2,2]})", ""},
        comparison{"unordered_length", R"([1])", R"({"$$unordered":[1,1]})", ""},
        // The first expectation fits both elements, so it has to leave the one that the second needs.
        comparison{
            "unordered_looks_for_an_assignment", R"([1,"a"])", R"({"$$unordered":[{"$$type":"any"},{"$$type":"int"}]})", "-"},
        comparison{"capture_and_ref", R"({"a":7,"b":7})", R"({"a":{"$$capture":"x"},"b":{"$$ref":"x"}})", "-"},
        comparison{"ref_differs", R"({"a":7,"b":8})", R"({"a":{"$$capture":"x"},"b":{"$$ref":"x"}})", "b"},
        comparison{"capture_of_nothing", R"({})", R"({"a":{"$$capture":"x"}})", "a"},
        comparison{"operators_together", R"({"a":7})", R"({"a":{"$$type":"string","$$capture":"x"}})", "a"}));

TEST(Matcher, takes_nothing_for_an_absent_answer) {
    matcher m;
    EXPECT_FALSE(m.match(nullptr, parse_json(R"({"$$absent":true})")));
    EXPECT_TRUE(m.match(nullptr, parse_json("null")));
    value const nothing{cormorant::undefined()};
    EXPECT_FALSE(m.match(&nothing, parse_json(R"({"$$absent":true})")));
}

TEST(Matcher, puts_captured_values_into_arguments_at_any_depth) {
    matcher m;
    auto const answer = parse_json(R"({"_id":{"$oid":"0123456789abcdef01234567"}})");
    ASSERT_FALSE(m.match(&answer, parse_json(R"({"_id":{"$$capture":"id"}})")));
    EXPECT_EQ(m.resolve(parse_json(R"({"filter":{"_id":{"$in":[{"$$ref":"id"}]}}})")),
        parse_json(R"({"filter":{"_id":{"$in":[{"$oid":"0123456789abcdef01234567"}]}}})"));
}

TEST(Matcher, captures_survive_from_match_to_match) {
    matcher m;
    value const first = 1;
    value const second = 2;
    ASSERT_FALSE(m.match(&first, parse_json(R"({"$$capture":"n"})")));
    EXPECT_TRUE(m.match(&second, parse_json(R"({"$$ref":"n"})")));
    EXPECT_FALSE(m.match(&first, parse_json(R"({"$$ref":"n"})")));
}

TEST(Matcher, unordered_elements_bind_names_only_where_they_are_placed) {
    matcher m;
    auto const answer = parse_json(R"([{"k":2,"v":"two"},{"k":1,"v":"one"}])");
    ASSERT_FALSE(
        m.match(&answer, parse_json(R"({"$$unordered":[{"k":1,"v":{"$$capture":"a"}},{"k":2,"v":{"$$capture":"b"}}]})")));
    EXPECT_EQ(m.resolve(parse_json(R"([{"$$ref":"a"},{"$$ref":"b"}])")), parse_json(R"(["one","two"])"));
}

TEST(Matcher, unifies_names_when_the_suite_says_so) {
    match_rules rules;
    rules.unify_names = true;
    EXPECT_EQ(differs_at(R"({"a":1,"b":1})", R"({"a":{"$$ref":"x"},"b":{"$$capture":"x"}})", rules), "-");
    EXPECT_EQ(differs_at(R"({"a":1,"b":2})", R"({"a":{"$$ref":"x"},"b":{"$$capture":"x"}})", rules), "b");
}

TEST(Matcher, takes_null_for_absent_when_the_suite_says_so) {
    match_rules rules;
    rules.null_is_absent = true;
    EXPECT_EQ(differs_at(R"({"a":null})", R"({})", rules), "-");
    EXPECT_EQ(differs_at(R"({})", R"({"a":null})", rules), "-");
    EXPECT_EQ(differs_at(R"({"a":1})", R"({"a":null})", rules), "a");
}

TEST(Matcher, says_what_was_expected_and_what_came) {
    auto const answer = parse_json(R"({"rows":[{"k":1}]})");
    auto const found = matcher().match(&answer, parse_json(R"({"rows":[{"k":"one"}]})"));
    ASSERT_TRUE(found);
    EXPECT_EQ(to_string(*found), R"(rows.0.k: expected "one", got 1)");
}

class BadExpectation : public testing::TestWithParam<char const*> {};

TEST_P(BadExpectation, is_the_fault_of_the_case) {
    auto const answer = parse_json("{}");
    EXPECT_THROW(matcher().match(&answer, parse_json(GetParam())), bad_case);
}

INSTANTIATE_TEST_SUITE_P(Table, BadExpectation,
    testing::Values(R"({"$$colour":"red"})", R"({"$$type":"colour"})", R"({"$$type":1})", R"({"$$absent":false})",
        R"({"$$contains":1})", R"({"$$unordered":{}})", R"({"$$ref":"never captured"})", R"({"$$type":"any","b":1})"));

TEST(Matcher, refuses_an_unknown_reference_in_arguments) {
    EXPECT_THROW(matcher().resolve(parse_json(R"({"$$ref":"x"})")), bad_case);
}

} // namespace
} // namespace conformance
