#include "schema_fixture.hpp"

#include <cormorant/schema/conversion.hpp>

namespace cormorant::test {
namespace {

struct value_case {
    char const* type;
    char const* given;
    char const* result; // null: cannot be converted
};

class converted_values : public testing::TestWithParam<value_case> {};

TEST_P(converted_values, have_the_type_or_are_refused) {
    auto const& [type, given, result] = GetParam();
    if (result != nullptr) {
        EXPECT_TRUE(identical(convert_value(parse_json(given), type), parse_json(result)))
            << given << " to " << type << " gave " << convert_value(parse_json(given), type);
        return;
    }
    auto const e = caught([&] { convert_value(parse_json(given), type); });
    EXPECT_EQ(e.code(), errc::type_mismatch) << given;
    EXPECT_NE(e.message().find(type), std::string::npos);
}

INSTANTIATE_TEST_SUITE_P(conversion, converted_values,
    testing::Values(value_case{"number", R"("10")", "10"}, value_case{"number", R"("-100")", "-100"},
        value_case{"number", R"("10.5")", "10.5"}, value_case{"number", R"("5000000000")", "5000000000"},
        value_case{"number", R"("1e3")", "1000.0"}, value_case{"number", "5", "5"}, value_case{"number", "null", "null"},
        value_case{"number", R"("foo")", nullptr}, value_case{"number", R"("")", nullptr},
        value_case{"number", R"("1x")", nullptr}, value_case{"number", R"("inf")", nullptr},
        value_case{"number", "true", nullptr}, value_case{"number", "{}", nullptr}, value_case{"boolean", R"("true")", "true"},
        value_case{"boolean", R"("yes")", "true"}, value_case{"boolean", R"("1")", "true"}, value_case{"boolean", "0", "false"},
        value_case{"boolean", R"("no")", "false"}, value_case{"boolean", "false", "false"},
        value_case{"boolean", R"("x")", nullptr}, value_case{"boolean", "2", nullptr},
        value_case{"date", "1577934245000", R"({"$date": "2020-01-02T03:04:05Z"})"},
        value_case{"date", R"("1577934245000")", R"({"$date": "2020-01-02T03:04:05Z"})"},
        value_case{"date", R"("-1")", R"({"$date": {"$numberLong": "-1"}})"},
        value_case{"date", R"("2020-01-02T03:04:05.000Z")", R"({"$date": "2020-01-02T03:04:05Z"})"},
        value_case{"date", R"("2020-01-02")", R"({"$date": "2020-01-02T00:00:00Z"})"},
        value_case{"date", R"({"$date": "2020-01-02T03:04:05Z"})", R"({"$date": "2020-01-02T03:04:05Z"})"},
        value_case{"date", R"("foo")", nullptr}, value_case{"date", "true", nullptr},
        value_case{"objectid", R"("0000000000000000000000a1")", R"({"$oid": "0000000000000000000000a1"})"},
        value_case{"objectid", R"({"$oid": "0000000000000000000000a1"})", R"({"$oid": "0000000000000000000000a1"})"},
        value_case{"objectid", R"("foo")", nullptr}, value_case{"string", R"("a")", R"("a")"},
        value_case{"string", "5", R"("5")"}, value_case{"string", "true", R"("true")"},
        value_case{"string", R"({"$oid": "0000000000000000000000a1"})", R"("0000000000000000000000a1")"},
        value_case{"string", "[]", nullptr}, value_case{"decimal", R"("1.50")", R"({"$numberDecimal": "1.50"})"},
        value_case{"decimal", "2", R"({"$numberDecimal": "2"})"}, value_case{"decimal", R"("x")", nullptr}));

TEST(convert_value, refuses_unknown_types) {
    EXPECT_EQ(caught([] { convert_value("a", "text"); }).code(), errc::invalid_argument);
}

shared_schema items() {
    return schema::compile(
        model_definition("items")
            .field("num", number())
            .field("whole", integer())
            .field("bool", boolean())
            .field("when", date())
            .field("ref", id())
            .field("any", any())
            .field("free", object())
            .field("nums", array_of(number()))
            .field("grid", array_of(array_of(number())))
            .field("rows", array_of(object().field("n", number()).field("deep", object().field("b", boolean()))))
            .field("o", object()
                            .field("n", number())
                            .field("l", array_of(number()))
                            .field("x", any())
                            .field("in", object().field("d", date())))
            .field("idx", map_of(object().field("n", number()).field("b", boolean())))
            .field("refs", array_of(id())));
}

TEST(convert_schema, lists_the_convertible_paths_flat_and_nested) {
    auto const s = items();
    EXPECT_EQ(s->convert_schema(),
        json(
            R"({"_id": "objectid", "num": "number", "whole": "number", "bool": "boolean", "when": "date", "ref": "objectid", "nums": "number", "grid": "number",
        "rows.n": "number", "rows.deep.b": "boolean", "o.n": "number", "o.l": "number", "o.in.d": "date", "idx.~.n": "number", "idx.~.b": "boolean", "refs": "objectid"})"));
    EXPECT_EQ(s->nested_convert_schema().at("rows"), value(doc("n", "number", "deep", doc("b", "boolean"))));
    EXPECT_EQ(s->nested_convert_schema().at("idx"), value(doc("~", doc("n", "number", "b", "boolean"))));
}

struct document_case {
    char const* name;
    char const* given;
    char const* result;
};

class converted_documents : public testing::TestWithParam<document_case> {};

TEST_P(converted_documents, are_the_same_by_flat_and_nested_schemas) {
    auto const s = items();
    auto const& p = GetParam();
    EXPECT_EQ(to_string(string_convert(json(p.given), s->convert_schema())), to_string(json(p.result)));
    EXPECT_EQ(to_string(string_convert(json(p.given), s->nested_convert_schema())), to_string(json(p.result)));
}

INSTANTIATE_TEST_SUITE_P(conversion, converted_documents,
    testing::Values(document_case{"scalars", R"({"num": "3", "bool": "false", "any": "5", "free": {"n": "5"}, "other": "10"})",
                        R"({"num": 3, "bool": false, "any": "5", "free": {"n": "5"}, "other": "10"})"},
        document_case{"arrays",
            R"({"nums": ["3", "4"], "grid": [["1"], []], "rows": [{"n": "1"}, {"n": "2", "deep": {"b": "yes"}}, {}]})",
            R"({"nums": [3, 4], "grid": [[1], []], "rows": [{"n": 1}, {"n": 2, "deep": {"b": true}}, {}]})"},
        document_case{"free_keys",
            R"({"idx": {"5": {"n": "2"}, "a": {"n": "1", "b": "true"}, "num": {"b": "no"}}, "idxaxn": "5"})",
            R"({"idx": {"5": {"n": 2}, "a": {"n": 1, "b": true}, "num": {"b": false}}, "idxaxn": "5"})"},
        document_case{"null_stays", R"({"num": null, "o": null, "nums": [null]})", R"({"num": null, "o": null, "nums": [null]})"},
        document_case{"what_is_no_object_stays", R"({"o": "text"})", R"({"o": "text"})"},
        document_case{"operators",
            R"({"num": {"$in": ["1"], "$nin": ["3", "4"], "$exists": "true", "$ne": "12", "$gt": "5", "$lte": "11"}})",
            R"({"num": {"$in": [1], "$nin": [3, 4], "$exists": true, "$ne": 12, "$gt": 5, "$lte": 11}})"},
        document_case{"negation", R"({"num": {"$not": {"$gt": "5"}}, "nums": {"$size": "2"}})",
            R"({"num": {"$not": {"$gt": 5}}, "nums": {"$size": 2}})"},
        document_case{"dotted_paths",
            R"({"o.n": "4", "rows.n": "5", "rows.0.deep.b": "true", "idx.en.n": "7", "o.l": {"$all": ["1", "2"]}})",
            R"({"o.n": 4, "rows.n": 5, "rows.0.deep.b": true, "idx.en.n": 7, "o.l": {"$all": [1, 2]}})"},
        document_case{"logic",
            R"({"$or": [{"num": "1"}, {"$and": [{"rows": {"$elemMatch": {"n": {"$lt": "5"}}}}, {"nums": {"$elemMatch": {"$gt": "5"}}}]}]})",
            R"({"$or": [{"num": 1}, {"$and": [{"rows": {"$elemMatch": {"n": {"$lt": 5}}}}, {"nums": {"$elemMatch": {"$gt": 5}}}]}]})"},
        document_case{"all_of_objects", R"({"rows": {"$all": [{"n": "10"}, {"$elemMatch": {"n": "5"}}]}})",
            R"({"rows": {"$all": [{"n": 10}, {"$elemMatch": {"n": 5}}]}})"}),
    case_name);

TEST(string_convert, names_the_path_of_what_cannot_be_converted) {
    auto const e = caught([] { string_convert(json(R"({"rows": [{}, {"deep": {"b": "x"}}]})"), items()->convert_schema()); });
    EXPECT_EQ(e.code(), errc::type_mismatch);
    EXPECT_EQ(e.details().path, "rows.1.deep.b");
    EXPECT_EQ(e.details().value, "\"x\"");
}

TEST(string_convert, refuses_operators_that_it_does_not_know) {
    auto const e = caught([] { string_convert(json(R"({"num": {"$mod": ["4", "0"]}})"), items()->convert_schema()); });
    EXPECT_EQ(e.code(), errc::invalid_argument);
    EXPECT_EQ(e.details().path, "num");
}

TEST(string_convert, refuses_a_schema_that_is_none) {
    EXPECT_EQ(caught([] { string_convert({}, doc("a", 5)); }).code(), errc::invalid_argument);
    EXPECT_EQ(caught([] { string_convert({}, doc("a", "text")); }).code(), errc::invalid_argument);
}

TEST(test_id, has_the_bytes_of_the_text) {
    EXPECT_EQ(test_id("foo").to_string(), "666f6f000000000000000000");
    EXPECT_EQ(test_id("").to_string(), "000000000000000000000000");
    EXPECT_EQ(test_id("abcdefghijkl").to_string(), "6162636465666768696a6b6c");
    EXPECT_EQ(caught([] { test_id("toolongstring"); }).code(), errc::invalid_argument);
}

TEST(json_form, makes_text_of_ids_and_dates_at_every_depth) {
    EXPECT_EQ(json_form(doc("l", arr(object_id(), doc("d", datetime())), "n", 1)),
        value(doc("l", arr("000000000000000000000000", doc("d", "1970-01-01T00:00:00.000Z")), "n", 1)));
}

} // namespace
} // namespace cormorant::test
