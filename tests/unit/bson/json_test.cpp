#include "expect_error.hpp"

#include <cormorant/bson/json.hpp>

#include <gtest/gtest.h>

namespace cormorant::test {
namespace {

struct good_entry {
    char const* text;
    char const* canonical;
};

class GoodJson : public testing::TestWithParam<good_entry> {};

TEST_P(GoodJson, IsRead) {
    EXPECT_EQ(to_json(parse_json(GetParam().text), json_mode::canonical), GetParam().canonical);
}

INSTANTIATE_TEST_SUITE_P(Plain, GoodJson,
    testing::Values(good_entry{"null", "null"}, good_entry{" true ", "true"}, good_entry{"false", "false"},
        good_entry{"\"x\"", "\"x\""}, good_entry{"[]", "[]"}, good_entry{"{}", "{}"},
        good_entry{"\t[ 1 , {\"a\" : [ ] } ]\n", R"([{"$numberInt":"1"},{"a":[]}])"}, good_entry{"0", R"({"$numberInt":"0"})"},
        good_entry{"-0", R"({"$numberInt":"0"})"}, good_entry{"2147483647", R"({"$numberInt":"2147483647"})"},
        good_entry{"2147483648", R"({"$numberLong":"2147483648"})"}, good_entry{"-2147483648", R"({"$numberInt":"-2147483648"})"},
        good_entry{"-2147483649", R"({"$numberLong":"-2147483649"})"},
        good_entry{"9223372036854775807", R"({"$numberLong":"9223372036854775807"})"},
        good_entry{"9223372036854775808", R"({"$numberDouble":"9223372036854776000.0"})"},
        good_entry{"-9223372036854775809", R"({"$numberDouble":"-9223372036854776000.0"})"},
        good_entry{"123456789012345678901234567890", R"({"$numberDouble":"1.2345678901234568e+29"})"},
        good_entry{"1.0", R"({"$numberDouble":"1.0"})"}, good_entry{"1e2", R"({"$numberDouble":"100.0"})"},
        good_entry{"-1.5E-3", R"({"$numberDouble":"-0.0015"})"},
        good_entry{R"("\u00e4\ud83d\ude00\/\"")", "\"\u00e4\U0001F600/\\\"\""},
        good_entry{R"({"$numberLong":"5"})", R"({"$numberLong":"5"})"}));

INSTANTIATE_TEST_SUITE_P(Extended, GoodJson,
    testing::Values(good_entry{R"({"$date":"2020-01-02T03:04:05.678Z"})", R"({"$date":{"$numberLong":"1577934245678"}})"},
        good_entry{R"({"$date":"2020-01-02T05:04:05.678+0200"})", R"({"$date":{"$numberLong":"1577934245678"}})"},
        good_entry{R"({"$date":{"$numberLong":"-5"}})", R"({"$date":{"$numberLong":"-5"}})"},
        good_entry{R"({"$date":5})", R"({"$date":{"$numberLong":"5"}})"},
        good_entry{R"({"$binary":"//8=","$type":"5"})", R"({"$binary":{"base64":"//8=","subType":"05"}})"},
        good_entry{R"({"$type":"80","$binary":"//8="})", R"({"$binary":{"base64":"//8=","subType":"80"}})"},
        good_entry{R"({"$binary":{"subType":"4","base64":"AA"}})", R"({"$binary":{"base64":"AA==","subType":"04"}})"},
        good_entry{R"({"$uuid":"73ffd264-44b3-4c69-90e8-e7d1dfc035d4"})",
            R"({"$binary":{"base64":"c//SZESzTGmQ6OfR38A11A==","subType":"04"}})"},
        good_entry{R"({"$regularExpression":{"pattern":"a","options":"xi"}})",
            R"({"$regularExpression":{"pattern":"a","options":"ix"}})"},
        good_entry{"{\"$regularExpression\":{\"pattern\":\"a\",\"options\":\"x\xdc\x87i\"}}", // sorted by bytes it is no UTF-8
            "{\"$regularExpression\":{\"pattern\":\"a\",\"options\":\"x\xdc\x87i\"}}"},
        good_entry{R"({"$code":"f","$scope":{"x":{"$oid":"56e1fc72e0c917e9c4714161"}}})",
            R"({"$code":"f","$scope":{"x":{"$oid":"56e1fc72e0c917e9c4714161"}}})"},
        good_entry{R"({"$scope":{},"$code":"f"})", R"({"$code":"f","$scope":{}})"},
        good_entry{R"({"$numberDouble":"-1.5e2"})", R"({"$numberDouble":"-150.0"})"},
        good_entry{R"({"$numberDecimal":"1.20"})", R"({"$numberDecimal":"1.20"})"},
        // Operators of queries, and references by convention, are ordinary documents.
        good_entry{R"({"$gt":1})", R"({"$gt":{"$numberInt":"1"}})"}, good_entry{R"({"$type":"string"})", R"({"$type":"string"})"},
        good_entry{R"({"$regex":"a","$options":"i"})", R"({"$regex":"a","$options":"i"})"},
        good_entry{R"({"$scope":{}})", R"({"$scope":{}})"},
        good_entry{R"({"$ref":"c","$id":{"$oid":"56e1fc72e0c917e9c4714161"}})",
            R"({"$ref":"c","$id":{"$oid":"56e1fc72e0c917e9c4714161"}})"}));

struct bad_entry {
    char const* text;
    char const* reason;
};

class BadJson : public testing::TestWithParam<bad_entry> {};

TEST_P(BadJson, IsRefusedWithAReason) {
    EXPECT_ERROR(parse_json(GetParam().text), bad_json, GetParam().reason);
}

INSTANTIATE_TEST_SUITE_P(Syntax, BadJson,
    testing::Values(bad_entry{"", "no value"}, bad_entry{"  ", "no value"}, bad_entry{"{", ""}, bad_entry{"[1,", ""},
        bad_entry{"[1,]", ""}, bad_entry{"[1 2]", ""}, bad_entry{"{\"a\"}", ""}, bad_entry{"{\"a\":1,}", ""},
        bad_entry{"{a:1}", ""}, bad_entry{"'a'", ""}, bad_entry{"\"a", ""}, bad_entry{"nul", ""}, bad_entry{"nullx", ""},
        bad_entry{"[null\f 1]", ""}, bad_entry{"{\"a\": null\f \"b\"", ""}, bad_entry{"nulL", ""}, bad_entry{"True", ""},
        bad_entry{"truex", ""}, bad_entry{"01", ""}, bad_entry{"1.", ""}, bad_entry{".5", ""}, bad_entry{"+1", ""},
        bad_entry{"1e", ""}, bad_entry{"0x1", ""}, bad_entry{"1x", ""}, bad_entry{"-", ""}, bad_entry{"1e400", ""},
        bad_entry{"NaN", ""}, bad_entry{"\"\\x\"", ""}, bad_entry{"\"\\u12\"", ""}, bad_entry{"\"\\ud800\"", ""},
        bad_entry{"\"\n\"", ""}, bad_entry{"\"\xff\"", ""}, bad_entry{"1 2", "at offset"},
        bad_entry{"1,2", "more than one value"}, bad_entry{"1]", ""}, bad_entry{"1] [2", "follows"},
        bad_entry{"1],[2", "follows"}, bad_entry{"[1]]", ""}, bad_entry{"{} {}", ""}, bad_entry{"]", ""}, bad_entry{"}", ""},
        bad_entry{"[}", ""}, bad_entry{"[1}", ""}, bad_entry{"{\"a\":1]", ""}, bad_entry{"{\"a\":}", ""}, bad_entry{"{,}", ""},
        bad_entry{"[,]", ""}, bad_entry{",", ""}, bad_entry{"/*x*/1", ""},
        bad_entry{R"({"a":1,"b":2,"a":3})", R"(the key "a" occurs twice)"},
        bad_entry{R"({"a":{"b":1,"\u0062":2}})", R"(the key "b" occurs twice)"}, bad_entry{R"({"a\u0000":1})", "NUL"}));

INSTANTIATE_TEST_SUITE_P(Extended, BadJson,
    testing::Values(bad_entry{R"({"$oid":"x"})", R"({"$oid":"x"} must be {"$oid": "24 hex)"},
        bad_entry{R"({"$oid":5})", "24 hex"}, bad_entry{R"({"$oid":"56e1fc72e0c917e9c4714161","x":1})", "24 hex"},
        bad_entry{R"({"$date":"yesterday"})", "ISO 8601"}, bad_entry{R"({"$date":1.5})", "ISO 8601"},
        bad_entry{R"({"$date":{"$numberDouble":"1"}})", "ISO 8601"}, bad_entry{R"({"$numberInt":"2147483648"})", "fits"},
        bad_entry{R"({"$numberInt":5})", "fits"}, bad_entry{R"({"$numberInt":""})", "fits"},
        bad_entry{R"({"$numberLong":"1.0"})", "fits"}, bad_entry{R"({"$numberLong":"9223372036854775808"})", "fits"},
        bad_entry{R"({"$numberLong":" 1"})", "fits"}, bad_entry{R"({"$numberDouble":"nan"})", "NaN"},
        bad_entry{R"({"$numberDouble":"inf"})", "NaN"}, bad_entry{R"({"$numberDouble":""})", "NaN"},
        bad_entry{R"({"$numberDouble":"1x"})", "NaN"}, bad_entry{R"({"$numberDecimal":"x"})", "34 digits"},
        bad_entry{R"({"$binary":"?","$type":"00"})", "base64"}, bad_entry{R"({"$binary":"AAAA"})", "base64"},
        bad_entry{R"({"$binary":{"base64":"AAAA"}})", "base64"},
        bad_entry{R"({"$binary":{"base64":"AAAA","subType":"100"}})", "base64"},
        bad_entry{R"({"$binary":{"base64":"AAAA","subType":"x"}})", "base64"},
        bad_entry{R"({"$binary":{"base64":"AAA==","subType":"0"}})", "base64"},
        bad_entry{R"({"$binary":{"base64":"AB==","subType":"0"}})", "base64"},
        bad_entry{R"({"$binary":{"base64":"A","subType":"0"}})", "base64"},
        bad_entry{R"({"$binary":{"base64":"AAAA","subType":"0","x":1}})", "base64"},
        bad_entry{R"({"$uuid":"73ffd26444b34c6990e8e7d1dfc035d4"})", "8-4-4"},
        bad_entry{R"({"$uuid":"73ffd264-44b3-4c69-90e8-e7d1dfc035dg"})", "8-4-4"},
        bad_entry{R"({"$uuid":"73ffd264-44b3-4c69-90e8-e7d1dfc035d+"})", "8-4-4"},
        bad_entry{R"({"$regularExpression":"a"})", "pattern"}, bad_entry{R"({"$regularExpression":{"pattern":"a"}})", "pattern"},
        bad_entry{R"({"$regularExpression":{"pattern":"a\u0000","options":""}})", "pattern"},
        bad_entry{R"({"$timestamp":{"t":1}})", "increment"}, bad_entry{R"({"$timestamp":{"t":-1,"i":0}})", "increment"},
        bad_entry{R"({"$timestamp":{"t":4294967296,"i":0}})", "increment"},
        bad_entry{R"({"$timestamp":{"t":1.0,"i":0}})", "increment"}, bad_entry{R"({"$code":1})", "$code"},
        bad_entry{R"({"$code":"a","$scope":1})", "$scope"}, bad_entry{R"({"$code":"a","x":1})", "$code"},
        bad_entry{R"({"$symbol":1})", "$symbol"}, bad_entry{R"({"$dbPointer":"x"})", "namespace"},
        bad_entry{R"({"$dbPointer":{"$ref":"a","$id":"x"}})", "namespace"}, bad_entry{R"({"$undefined":false})", "true"},
        bad_entry{R"({"$minKey":2})", "the number 1"}, bad_entry{R"({"$maxKey":"1"})", "the number 1"}));

TEST(ParseJson, EmptyDocumentsWithinAndAtTheTop) {
    EXPECT_EQ(parse_json(R"({"a":{},"b":[{}]})"), value(doc("a", doc(), "b", arr(doc()))));
}

TEST(ParseJson, NamesTheOffset) {
    EXPECT_ERROR(parse_json(R"({"a": tru})"), bad_json, "at offset 6");
    EXPECT_ERROR(parse_json("[1, 2, x]"), bad_json, "at offset 7");
}

TEST(ParseJson, SaysWhatIsWrongInPlainWords) {
    EXPECT_ERROR(parse_json(R"({"name": "x" "code": 1})"), bad_json,
        "comma, colon or bracket is missing, or one is too many, at offset 13");
    EXPECT_ERROR(parse_json("{\"a"), bad_json, "a string has no closing quote");
    EXPECT_ERROR(parse_json(R"({"a": yes})"), bad_json, "missing, or one is too many, at offset 6");
    EXPECT_ERROR(parse_json(R"({"a": tru})"), bad_json, "a word that JSON does not know, at offset 6");
    EXPECT_ERROR(parse_json("[012]"), bad_json, "what looks like a number is none, or too large, at offset 1");
    EXPECT_ERROR(parse_json("\"\n\""), bad_json, "a control character that is not escaped");
    EXPECT_ERROR(parse_json("\"\xff\""), bad_json, "the text is not UTF-8");
    EXPECT_ERROR(parse_json(R"("\x")"), bad_json, "an escape that JSON does not know");
}

TEST(ParseJson, PlainDialectLeavesDollarKeysAlone) {
    auto const text = R"({"$oid":"56e1fc72e0c917e9c4714161","$date":5})";
    EXPECT_EQ(parse_json(text, json_dialect::plain), value(doc("$oid", "56e1fc72e0c917e9c4714161", "$date", 5)));
    EXPECT_EQ(parse_json_document(R"({"a":{"$numberLong":"x"}})", json_dialect::plain), doc("a", doc("$numberLong", "x")));
}

TEST(ParseJson, DepthIsBounded) {
    auto const nested = [](std::size_t levels) { return std::string(levels, '[') + std::string(levels, ']'); };
    EXPECT_NO_THROW(parse_json(nested(200)));
    EXPECT_ERROR(parse_json(nested(201)), bad_json, "more than 200 levels");
    EXPECT_ERROR(parse_json(nested(100'000)), bad_json, "");
    EXPECT_ERROR(parse_json(std::string(100'000, '[')), bad_json, "");
    std::string objects;
    for (int i = 0; i < 201; ++i) {
        objects += "{\"a\":";
    }
    EXPECT_ERROR(parse_json(objects + "1" + std::string(201, '}')), bad_json, "more than 200 levels");
}

TEST(ParseJson, DocumentHasToBeAnObject) {
    EXPECT_EQ(parse_json_document(R"({"a":1})"), doc("a", 1));
    EXPECT_ERROR(parse_json_document("[1]"), bad_json, "expected an object, got [1]");
    EXPECT_ERROR(parse_json_document(R"({"$oid":"56e1fc72e0c917e9c4714161"})"), bad_json, "expected an object");
}

TEST(ParseJson, ReadsTextOfAnySizeFromABufferWithoutPadding) {
    for (std::size_t size = 0; size < 300; ++size) {
        std::string const text = "{\"k\":\"" + std::string(size, 'a') + "\"}";
        std::vector<char> const exact(text.begin(), text.end()); // AddressSanitizer sees a read beyond it
        EXPECT_EQ(parse_json(std::string_view(exact.data(), exact.size())), value(doc("k", std::string(size, 'a'))));
    }
}

TEST(ParseJson, TruncatedTextIsAnError) {
    std::string const text = R"({"a":[1,2.5,"x\u00e4"],"b":{"$oid":"56e1fc72e0c917e9c4714161"},"c":null,"d":true})";
    EXPECT_NO_THROW(parse_json(text));
    for (std::size_t size = 0; size < text.size(); ++size) {
        std::vector<char> const cut(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(size));
        EXPECT_ERROR(parse_json(std::string_view(cut.data(), cut.size())), bad_json, "bad JSON");
    }
}

TEST(ParseJson, ChangedBytesAreErrorsOrOtherValues) {
    std::string const text = R"({"a":[1,2.5,"x\u00e4"],"b":{"$date":{"$numberLong":"5"}},"c":null,"d":true})";
    for (std::size_t i = 0; i < text.size(); ++i) {
        for (char const c : std::string_view("\0\"\\{}[],:0x\xff ", 14)) {
            auto changed = text;
            changed[i] = c;
            try {
                auto const v = parse_json(changed);
                EXPECT_TRUE(identical(parse_json(to_json(v, json_mode::canonical)), v)) << changed;
            } catch (error const& e) {
                EXPECT_EQ(e.code(), errc::bad_json) << changed << ": " << e.what();
            }
        }
    }
}

struct double_entry {
    double number;
    char const* canonical;
    char const* plain;
};

class JsonDouble : public testing::TestWithParam<double_entry> {};

// The plain column is what JSON.stringify gives.
TEST_P(JsonDouble, IsTheShortestThatReadsBack) {
    auto const& p = GetParam();
    EXPECT_EQ(to_json(p.number, json_mode::plain), p.plain);
    EXPECT_EQ(to_json(p.number, json_mode::relaxed), p.canonical);
    EXPECT_EQ(to_json(p.number, json_mode::canonical), std::string(R"({"$numberDouble":")") + p.canonical + "\"}");
}

INSTANTIATE_TEST_SUITE_P(Table, JsonDouble,
    testing::Values(double_entry{0.1, "0.1", "0.1"}, double_entry{100000, "100000.0", "100000"},
        double_entry{123456, "123456.0", "123456"}, double_entry{1e20, "100000000000000000000.0", "100000000000000000000"},
        double_entry{1e21, "1e+21", "1e+21"}, double_entry{1.5e300, "1.5e+300", "1.5e+300"},
        double_entry{0.000001, "0.000001", "0.000001"}, double_entry{1e-7, "1e-7", "1e-7"},
        double_entry{-1.25e-10, "-1.25e-10", "-1.25e-10"}, double_entry{123.456, "123.456", "123.456"},
        double_entry{-0.5, "-0.5", "-0.5"}, double_entry{5e-324, "5e-324", "5e-324"},
        double_entry{1.7976931348623157e308, "1.7976931348623157e+308", "1.7976931348623157e+308"},
        double_entry{9007199254740993.0, "9007199254740992.0", "9007199254740992"}));

TEST(ToJson, EscapesWhatJsonRequires) {
    EXPECT_EQ(to_json(std::string_view("\"\\/\b\f\n\r\t\x01\x1f\x7f\0", 12)), R"("\"\\/\b\f\n\r\t\u0001\u001f)"
                                                                              "\x7f"
                                                                              R"(\u0000")");
    EXPECT_EQ(to_json(doc("k\"", 1)), R"({"k\"":1})");
}

TEST(ToJson, IndentsOnDemand) {
    EXPECT_EQ(to_json(doc("a", 1, "b", arr(1, doc()), "c", arr()), json_mode::relaxed, 2),
        "{\n  \"a\": 1,\n  \"b\": [\n    1,\n    {}\n  ],\n  \"c\": []\n}");
}

TEST(ToJson, AppendsToText) {
    std::string text = "x=";
    append_json(text, value(1));
    append_json(text, doc("a", 1L), json_mode::canonical);
    append_json(text, arr(object_id()), json_mode::plain);
    EXPECT_EQ(text, R"(x=1{"a":{"$numberLong":"1"}}["000000000000000000000000"])");
}

TEST(Shorten, CutsLongTextBetweenCharacters) {
    EXPECT_EQ(shorten("abc", 10), "\"abc\"");
    EXPECT_EQ(shorten("abcdefghijkl", 5), "\"abcd...");
    EXPECT_EQ(shorten("\u00e4\u00e4\u00e4\u00e4", 4), "\"\u00e4...");
}

} // namespace
} // namespace cormorant::test
