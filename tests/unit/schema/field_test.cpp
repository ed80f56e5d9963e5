#include "schema_fixture.hpp"

namespace cormorant::test {
namespace {

struct type_case {
    char const* name;
    field_definition field;
    std::vector<char const*> good;
    std::vector<std::pair<char const*, char const*>> bad; // value, "path rule"
};

class every_type : public testing::TestWithParam<type_case> {};

TEST_P(every_type, takes_what_fits_and_refuses_all_else) {
    auto const s = with_field(GetParam().field);
    for (auto const* const text : GetParam().good) {
        EXPECT_EQ(wrong(*s, doc("v", parse_json(text)), {.strip_empty = false}), strings()) << text;
    }
    for (auto const& [text, expected] : GetParam().bad) {
        EXPECT_EQ(wrong(*s, doc("v", parse_json(text)), {.strip_empty = false}), strings{expected}) << text;
    }
}

TEST_P(every_type, takes_null_at_the_top_of_a_document) {
    EXPECT_EQ(wrong(*with_field(GetParam().field), doc("v", nullptr)), strings());
}

auto is_even(value const& v) {
    return v.as_int64() % 2 == 0;
}

INSTANTIATE_TEST_SUITE_P(schema, every_type,
    testing::Values(type_case{"any", any(), {"1", "\"a\"", "{}", "[]", R"({"$oid": "000000000000000000000001"})"}, {}},
        type_case{"string", string(), {R"("")", R"("text")"},
            {{"5", "v type"}, {"true", "v type"}, {"{}", "v type"}, {"[\"a\"]", "v type"}}},
        type_case{"string_length_in_characters", string().min_length(2).max_length(3), {R"("ab")", R"("äöü")", R"("日本語")"},
            {{R"("ä")", "v min_length"}, {R"("abcd")", "v max_length"}}},
        type_case{
            "string_one_of", string().one_of("open", "shut"), {R"("open")"}, {{R"("ajar")", "v one_of"}, {R"("")", "v one_of"}}},
        type_case{"string_pattern", string().pattern("^[a-z-]+$"), {R"("a-b")"},
            {{R"("A b")", "v pattern"}, {R"("a\nb")", "v pattern"}}},
        type_case{"string_pattern_anywhere", string().pattern("b+"), {R"("abbc")"}, {{R"("ac")", "v pattern"}}},
        type_case{"string_pattern_ends_are_those_of_the_text", string().pattern("^a$"), {R"("a")"},
            {{R"("a\n")", "v pattern"}, {R"("x\na\ny")", "v pattern"}}},
        type_case{"string_pattern_lines", string().pattern("^a$", "m"), {R"("x\na\ny")"}, {{R"("xa")", "v pattern"}}},
        type_case{"string_pattern_ignores_case", string().pattern("^AB$", "i"), {R"("ab")"}, {{R"("abc")", "v pattern"}}},
        type_case{"string_pattern_dot", string().pattern("a.b"), {R"("axb")"}, {{R"("a\nb")", "v pattern"}}},
        type_case{"string_pattern_dot_all", string().pattern("a.b", "s"), {R"("a\nb")"}, {{R"("ab")", "v pattern"}}},
        type_case{"number", number(), {"1", "1.5", R"({"$numberLong": "7"})", R"({"$numberDecimal": "1.5"})"},
            {{R"("1")", "v type"}, {"true", "v type"}}},
        type_case{"number_bounds", number().min(0).max(1.5), {"0", "1.5", R"({"$numberDecimal": "1.5"})"},
            {{"-0.1", "v min"}, {"1.6", "v max"}, {R"({"$numberDouble": "NaN"})", "v min"}}},
        type_case{"number_one_of", number().one_of(1, 2.5), {"1.0", "2.5"}, {{"2", "v one_of"}}},
        type_case{"integer", integer(), {"1", "2.0", R"({"$numberLong": "5000000000"})"},
            {{"1.5", "v type"}, {"1e30", "v type"}, {R"("1")", "v type"}}},
        type_case{"integer_bounds", integer().min(1).max(3), {"1", "3"}, {{"0", "v min"}, {"4", "v max"}}},
        type_case{"boolean", boolean(), {"true", "false"}, {{"0", "v type"}, {R"("true")", "v type"}}},
        type_case{"date", date().min(datetime(std::chrono::milliseconds(1000))).max(datetime(std::chrono::milliseconds(2000))),
            {R"({"$date": {"$numberLong": "1000"}})"},
            {{R"({"$date": {"$numberLong": "999"}})", "v min"}, {R"({"$date": {"$numberLong": "2001"}})", "v max"},
                {R"("2020-01-01")", "v type"}, {"1000", "v type"}}},
        type_case{"object_id", id(), {R"({"$oid": "000000000000000000000001"})"}, {{R"("000000000000000000000001")", "v type"}}},
        type_case{"decimal", decimal(), {R"({"$numberDecimal": "1.5"})"}, {{"1.5", "v type"}}},
        type_case{"binary", binary_data().max_length(2), {R"({"$binary": {"base64": "AAA=", "subType": "00"}})"},
            {{R"({"$binary": {"base64": "AAAA", "subType": "00"}})", "v max_length"}, {R"("AAA=")", "v type"}}},
        type_case{"object", object(), {"{}", R"({"x": [1]})"},
            {{"[]", "v type"}, {"5", "v type"}, {R"({"$oid": "000000000000000000000001"})", "v type"}}},
        type_case{"object_with_keys", object().field("n", number()).field("k", string().required()),
            {R"({"k": "a"})", R"({"k": "a", "n": 1, "more": true})"},
            {{R"({"n": 1})", "v.k required"}, {R"({"k": "a", "n": "1"})", "v.n type"}, {R"({"k": null})", "v.k type"}}},
        type_case{"object_refusing", object().field("n", number()).extra_keys(extra_keys::refuse), {"{}", R"({"n": 1})"},
            {{R"({"m": 1})", "v.m unknown_field"}}},
        type_case{"array", array_of(), {"[]", R"([1, "a", null])"}, {{R"({"0": "a"})", "v type"}, {R"("a")", "v type"}}},
        type_case{"array_of_strings", array_of(string().max_length(1)).min_items(1).max_items(2), {R"(["a"])", R"(["a", "b"])"},
            {{"[]", "v min_items"}, {R"(["a", "b", "c"])", "v max_items"}, {R"(["a", 5])", "v.1 type"},
                {R"(["ab"])", "v.0 max_length"}, {"[null]", "v.0 type"}}},
        type_case{"array_of_objects", array_of(object().field("k", string().required())), {R"([{"k": "a"}])"},
            {{R"([{"k": "a"}, {"z": 1}])", "v.1.k required"}}},
        type_case{"array_of_arrays", array_of(array_of(integer())), {"[[1], []]"}, {{"[[1], [2, \"3\"]]", "v.1.1 type"}}},
        type_case{
            "map", map_of(number()), {"{}", R"({"a": 1, "b": 2})"}, {{R"({"a": 1, "b": "2"})", "v.b type"}, {"[]", "v type"}}},
        type_case{"map_of_objects", map_of(object().field("title", string().required())),
            {R"({"en": {"title": "a", "more": 1}})"},
            {{R"({"en": {"title": 5}})", "v.en.title type"}, {R"({"en": {"title": "a"}, "fr": {}})", "v.fr.title required"}}},
        type_case{"check_by_bool", integer().check("even", is_even), {"4"}, {{"5", "v even"}, {R"("4")", "v type"}}},
        type_case{"check_by_message",
            string().check("no_x",
                [](value const& v) -> std::
                                       optional<std::string> {
                                           return v.as_string().find('x') == std::string_view::npos
                                                      ? std::nullopt
                                                      : std::optional<std::string>("must not have an x");
                                       }),
            {R"("a")"}, {{R"("axa")", "v no_x"}}}),
    case_name);

TEST(field, all_violations_are_collected_in_the_order_of_keys_and_required_fields_last) {
    auto const s = schema::compile(
        model_definition("items")
            .field("a", string())
            .field("b", array_of(object().field("k", string().required()).field("n", integer().min(0).max(9).one_of(1, 2))))
            .field("c", number().required())
            .field("d", date().required()));
    EXPECT_EQ(wrong(*s, json(R"({"zzz": 1, "b": [{"n": -1}, 5, {"k": 1, "n": "x"}], "a": 7, "_id": "text"})")),
        (strings{"zzz unknown_field", "b.0.n min", "b.0.n one_of", "b.0.k required", "b.1 type", "b.2.k type", "b.2.n type",
            "a type", "_id type", "c required", "d required"}));
}

TEST(field, a_violation_tells_value_and_reason) {
    std::vector<violation> found;
    auto data = json(R"({"v": "abcdef"})");
    with_field(string().max_length(3))->prepare_for_write(data, {}, found);
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0].code, errc::validation);
    EXPECT_EQ(found[0].message, "must have at most 3 characters, has 6");
    EXPECT_EQ(found[0].value, "\"abcdef\"");
}

TEST(field, codes_tell_validation_unknown_fields_and_required_fields_apart) {
    auto const s = schema::compile(model_definition("items").field("a", string()).field("b", string().required()));
    std::vector<violation> found;
    auto data = json(R"({"a": 1, "x": 1})");
    s->prepare_for_write(data, {}, found);
    ASSERT_EQ(found.size(), 3U);
    EXPECT_EQ(found[0].code, errc::validation);
    EXPECT_EQ(found[1].code, errc::unknown_field);
    EXPECT_EQ(found[2].code, errc::required);
}

TEST(field, inner_required_and_inner_extra_keys_are_validation_errors) {
    std::vector<violation> found;
    auto data = json(R"({"v": {"x": 1}})");
    with_field(object().field("k", string().required()).extra_keys(extra_keys::refuse))->prepare_for_write(data, {}, found);
    ASSERT_EQ(found.size(), 2U);
    EXPECT_EQ(found[0].code, errc::validation);
    EXPECT_EQ(found[1].code, errc::validation);
}

TEST(field, a_check_is_not_asked_about_a_value_that_breaks_other_rules) {
    int asked = 0;
    auto const s = with_field(string().max_length(2).check("count", [&asked](value const&) { return ++asked > 0; }));
    EXPECT_EQ(wrong(*s, json(R"({"v": "abc"})")), strings{"v max_length"});
    EXPECT_EQ(asked, 0);
    EXPECT_EQ(wrong(*s, json(R"({"v": "ab"})")), strings());
    EXPECT_EQ(asked, 1);
}

TEST(field, a_pattern_that_would_take_for_ever_refuses_the_value) {
    auto const s = with_field(string().pattern("^(a*)*(b*)*(a*)*(b*)*(a*)*(b*)*c$"));
    EXPECT_EQ(wrong(*s, doc("v", std::string(400, 'a') + "d")), strings{"v pattern"});
}

struct bad_rule {
    char const* name;
    field_definition field;
    char const* path;
};

class bad_rules : public testing::TestWithParam<bad_rule> {};

TEST_P(bad_rules, are_definition_errors_that_name_the_field) {
    auto const e = caught([&] { with_field(GetParam().field); });
    EXPECT_EQ(e.code(), errc::definition);
    EXPECT_EQ(e.details().model, "items");
    EXPECT_EQ(e.details().path, GetParam().path);
}

INSTANTIATE_TEST_SUITE_P(schema, bad_rules,
    testing::Values(bad_rule{"length_bounds_crossed", string().min_length(3).max_length(2), "v"},
        bad_rule{"value_bounds_crossed", number().min(3).max(2), "v"}, bad_rule{"negative_size", string().max_length(-1), "v"},
        bad_rule{"pattern_syntax", string().pattern("("), "v"}, bad_rule{"pattern_option", string().pattern("a", "q"), "v"},
        bad_rule{"inside_of_an_object", object().field("k", array_of(string().pattern("["))), "v.k.$"},
        bad_rule{"inside_of_a_map", map_of(number().min(2).max(1)), "v.~"},
        bad_rule{"persist_inside_of_an_object", object().field("k", string().persist(false)), "v.k"},
        bad_rule{"empty_key", object().field("", string()), "v"}),
    case_name);

TEST(field, items_cannot_be_required_or_have_defaults) {
    EXPECT_EQ(caught([] { array_of(string().required()); }).code(), errc::definition);
    EXPECT_EQ(caught([] { map_of(string().default_value("a")); }).code(), errc::definition);
}

TEST(field, a_key_that_is_declared_again_replaces_the_first) {
    EXPECT_EQ(wrong(*with_field(object().field("k", string()).field("k", number())), json(R"({"v": {"k": 1}})")), strings());
}

} // namespace
} // namespace cormorant::test
