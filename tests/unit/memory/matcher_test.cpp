#include "query_cases.hpp"

#include <memory/match/matcher.hpp>

namespace cormorant::memory {
namespace {

struct match_case {
    char const* document;
    char const* filter;
    char const* expected;
};

TEST(Matcher, AnswersAsTheServer) {
    constexpr match_case cases[] = {
        {R"({"a": [[1, 2]]})", R"({"a.0": 1})", R"(false)"},
        {R"({"a": [5]})", R"({"a.0.b": null})", R"(false)"},
        {R"({"a": [5]})", R"({"a.b": null})", R"(false)"},
        {R"({"a": []})", R"({"a.b": null})", R"(false)"},
        {R"({"a": []})", R"({"a.b": {"$exists": false}})", R"(true)"},
        {R"({"a": [{"b": 1}, {}]})", R"({"a.b": null})", R"(true)"},
        {R"({})", R"({"a": {"$gt": {"$minKey": 1}}})", R"(true)"},
        {R"({})", R"({"a": {"$gte": {"$minKey": 1}}})", R"(true)"},
        {R"({})", R"({"a": {"$lt": {"$maxKey": 1}}})", R"(true)"},
        {R"({})", R"({"a": {"$gte": null}})", R"(true)"},
        {R"({})", R"({"a": {"$in": [null]}})", R"(true)"},
        {R"({"a": [1, 2]})", R"({"a": {"$comment": "x"}})", R"(error 2)"},
        {R"({"a": 1})", R"({"a": {"$not": {}}})", R"(error 2)"},
        {R"({"a": 1})", R"({"a": {"$not": 5}})", R"(error 2)"},
        {R"({"a": 1})", R"({"a": {"$foo": 5}})", R"(error 2)"},
        {R"({"a": 1})", R"({"$foo": 5})", R"(error 2)"},
        {R"({"a": 1})", R"({"a": {"$gt": 1, "b": 2}})", R"(error 2)"},
        {R"({"a": 1})", R"({"$and": []})", R"(error 2)"},
        {R"({"a": 1})", R"({"$and": 5})", R"(error 2)"},
        {R"({"a": 1})", R"({"$and": [5]})", R"(error 2)"},
        {R"({"a": 1})", R"({"a": {"$ne": {"$regularExpression": {"pattern": "x", "options": ""}}}})", R"(error 2)"},
        {R"({"a": 1})", R"({"a": {"$gt": {"$regularExpression": {"pattern": "x", "options": ""}}}})", R"(error 2)"},
        {R"({"a": 1})", R"({"a": {"$in": 5}})", R"(error 2)"},
        {R"({"a": 1})", R"({"a": {"$in": [{"$gt": 1}]}})", R"(error 2)"},
        {R"({"a": 1})", R"({"a": {"$size": -1}})", R"(error 2)"},
        {R"({"a": 1})", R"({"a": {"$size": "x"}})", R"(error 2)"},
        {R"({"a": 1})", R"({"a": {"$size": 1.5}})", R"(error 2)"},
        {R"({"a": 1})", R"({"a": {"$size": 2.0}})", R"(false)"},
        {R"({"a": 1})", R"({"a": {"$mod": [0, 1]}})", R"(error 2)"},
        {R"({"a": 1})", R"({"a": {"$mod": [1]}})", R"(error 2)"},
        {R"({"a": 1})", R"({"a": {"$mod": []}})", R"(error 2)"},
        {R"({"a": 1})", R"({"a": {"$mod": [1, 2, 3]}})", R"(error 2)"},
        {R"({"a": 1})", R"({"a": {"$mod": ["a", 2]}})", R"(error 2)"},
        {R"({"a": 1})", R"({"a": {"$mod": [2, "a"]}})", R"(error 2)"},
        {R"({"a": 1})", R"({"a": {"$mod": 5}})", R"(error 2)"},
        {R"({"a": 4.9})", R"({"a": {"$mod": [4.9, 0.5]}})", R"(true)"},
        {R"({"a": 1})", R"({"a": {"$all": 5}})", R"(error 2)"},
        {R"({"a": 1})", R"({"a": {"$all": []}})", R"(false)"},
        {R"({"a": [{"b": 1}]})", R"({"a": {"$all": [{"$elemMatch": {"b": 1}}, 5]}})", R"(error 2)"},
        {R"({"a": [{"b": 1}]})", R"({"a": {"$all": [5, {"$elemMatch": {"b": 1}}]}})", R"(error 2)"},
        {R"({"a": [{"b": 1}]})", R"({"a": {"$all": [{"$gt": 1}]}})", R"(error 2)"},
        {R"({"a": 1})", R"({"a": {"$elemMatch": 5}})", R"(error 2)"},
        {R"({"a": [[1]]})", R"({"a": {"$elemMatch": {"0": 1}}})", R"(true)"},
        {R"({"a": [{}]})", R"({"a": {"$elemMatch": {}}})", R"(true)"},
        {R"({"a": 1})", R"({"a": {"$type": "foo"}})", R"(error 2)"},
        {R"({"a": 1})", R"({"a": {"$type": 99}})", R"(error 2)"},
        {R"({"a": 1})", R"({"a": {"$type": []}})", R"(error 9)"},
        {R"({"a": 1})", R"({"a": {"$type": null}})", R"(error 14)"},
        {R"({"a": 1})", R"({"a": {"$type": 0}})", R"(error 2)"},
        {R"({"a": 1})", R"({"a": {"$type": 16.5}})", R"(error 2)"},
        {R"({"a": 1})", R"({"a": {"$regex": "("}})", R"(error 51091)"},
        {R"({"a": 1})", R"({"a": {"$regex": 5}})", R"(error 2)"},
        {R"({"a": 1})", R"({"a": {"$options": "i"}})", R"(error 2)"},
        {R"({"a": 1})", R"({"a": {"$regex": "a", "$options": "q"}})", R"(error 51108)"},
        {R"({"a": 1})", R"({"a": {"$regex": {"$regularExpression": {"pattern": "a", "options": "i"}}, "$options": "m"}})",
            R"(error 51075)"},
        {R"({"a": 1})", R"({"a": {"$regex": "a", "$options": 5}})", R"(error 2)"},
        {R"({"a": 1})", R"({"a": {"$bitsAllSet": -1}})", R"(error 9)"},
        {R"({"a": 1})", R"({"a": {"$bitsAllSet": 1.5}})", R"(error 9)"},
        {R"({"a": 1})", R"({"a": {"$bitsAllSet": "x"}})", R"(error 2)"},
        {R"({"a": 1})", R"({"a": {"$bitsAllSet": [-1]}})", R"(error 2)"},
        {R"({"a": 1})", R"({"a": {"$bitsAllSet": ["x"]}})", R"(error 2)"},
        {R"({"a": -1})", R"({"a": {"$bitsAllSet": [100]}})", R"(true)"},
        {R"({"a": 1.5})", R"({"a": {"$bitsAllSet": [0]}})", R"(false)"},
        {R"({"a": 1})", R"({"a": {"$bitsAllSet": {"$numberDecimal": "1"}}})", R"(true)"},
        {R"({"a": {"$numberDecimal": "1"}})", R"({"a": {"$bitsAllSet": 1}})", R"(true)"},
        {R"({"a": true})", R"({"a": {"$bitsAllSet": 1}})", R"(false)"},
        {R"({"a": {"$binary": {"base64": "AQI=", "subType": "00"}}})", R"({"a": {"$bitsAllSet": [0, 9]}})", R"(true)"},
        {R"({"a": {"$binary": {"base64": "AQI=", "subType": "00"}}})",
            R"({"a": {"$bitsAllSet": {"$binary": {"base64": "AQ==", "subType": "00"}}}})", R"(true)"},
        {R"({"a": {"$binary": {"base64": "AQI=", "subType": "00"}}})", R"({"a": {"$bitsAllClear": [500]}})", R"(true)"},
        {R"({"a": 1})", R"({"$expr": {"$foo": 1}})", R"(error 168)"},
        {R"({"a": [{"b": 1}]})", R"({"a": {"$elemMatch": {"$expr": {"$eq": ["$b", 1]}}}})", R"(error 2)"},
        {R"({"a": 1})", R"({"a": {"$nin": 5}})", R"(error 2)"},
        {R"({"a": 1})", R"({"$comment": 5})", R"(true)"},
        {R"({"a": 1})", R"({"$nor": []})", R"(error 2)"},
        {R"({"a": "x\ny"})", R"({"a": {"$regularExpression": {"pattern": "^y", "options": ""}}})", R"(false)"},
        {R"({"a": "x\n"})", R"({"a": {"$regularExpression": {"pattern": "x$", "options": ""}}})", R"(true)"},
        {R"({"a": "x\ny"})", R"({"a": {"$regularExpression": {"pattern": "x.y", "options": ""}}})", R"(false)"},
        {R"({"a": "É"})", R"({"a": {"$regularExpression": {"pattern": "\u00e9", "options": "i"}}})", R"(true)"},
        {R"({"a": "éx"})", R"({"a": {"$regularExpression": {"pattern": "^.x", "options": ""}}})", R"(true)"},
        {R"({"a": "éx"})", R"({"a": {"$regularExpression": {"pattern": "^\\wx", "options": ""}}})", R"(false)"},
        {R"({"a": {"$ref": "x", "$id": 1}})", R"({"a": {"$ref": "x", "$id": 1}})", R"(true)"},
        {R"({"a": {"b": 1}})", R"({"a": {"$eq": {"$gt": 1}}})", R"(false)"},
        {R"({"a": 1})", R"({"a": {"$exists": null}})", R"(false)"},
        {R"({"a": 1})", R"({"": 1})", R"(false)"},
        {R"({"a": 1})", R"({"a.": 1})", R"(false)"},
        {R"({"a": 1})", R"({"a..b": 1})", R"(false)"},
        {R"({"a": [[{"b": 1}]]})", R"({"a.b": 1})", R"(false)"},
        {R"({"a": [[{"b": 1}]]})", R"({"a.0.b": 1})", R"(true)"},
        {R"({"a": [{"b": 1}]})", R"({"a.0.b": 1})", R"(true)"},
        {R"({"a": [{"0": 7}]})", R"({"a.0": 7})", R"(true)"},
        {R"({"a": [{"0": 7}]})", R"({"a.0": {"0": 7}})", R"(true)"},
        {R"({"a": [[1, 2]]})", R"({"a": {"$size": 2}})", R"(false)"},
        {R"({"a": [[1, 2]]})", R"({"a": {"$elemMatch": {"$size": 2}}})", R"(true)"},
        {R"({"a": [[1, 2]]})", R"({"a.0": {"$size": 2}})", R"(true)"},
        {R"({"a": [[1, 2]]})", R"({"a.0": {"$elemMatch": {"$gt": 1}}})", R"(true)"},
        {R"({"a": {"$numberDouble": "NaN"}})", R"({"a": {"$lte": {"$numberDouble": "NaN"}}})", R"(true)"},
        {R"({"a": {"$numberDouble": "NaN"}})", R"({"a": {"$lt": 5}})", R"(false)"},
        {R"({"a": {"$numberDouble": "NaN"}})", R"({"a": {"$in": [{"$numberDouble": "NaN"}]}})", R"(true)"},
        {R"({"a": [1, 2]})", R"({"a": {"$gt": [1]}})", R"(true)"},
        {R"({"a": [1, 2]})", R"({"a": {"$elemMatch": {"$not": {"$gt": 1}}}})", R"(true)"},
        {R"({"a": [1, 2]})", R"({"a": {"$elemMatch": {"$gt": 1, "b": 1}}})", R"(error 2)"},
        {R"({"a": {"$regularExpression": {"pattern": "x", "options": ""}}})",
            R"({"a": {"$regularExpression": {"pattern": "x", "options": ""}}})", R"(true)"},
        {R"({"a": {"$regularExpression": {"pattern": "x", "options": ""}}})",
            R"({"a": {"$eq": {"$regularExpression": {"pattern": "x", "options": ""}}}})", R"(true)"},
        {R"({"a": "x"})", R"({"a": {"$eq": {"$regularExpression": {"pattern": "x", "options": ""}}}})", R"(false)"},
        {R"({"a": "x"})", R"({"a": {"$not": {"$regularExpression": {"pattern": "x", "options": ""}}}})", R"(false)"},
        {R"({"a": "x"})", R"({"a": {"$regex": "X", "$options": ""}})", R"(false)"},
        {R"({"a": "x"})", R"({"a": {"$options": "i", "$regex": "X"}})", R"(true)"},
        {R"({"a": [1, "x", null]})", R"({"a": {"$type": "number"}})", R"(true)"},
        {R"({"a": {"$numberLong": "5"}})", R"({"a": 5})", R"(true)"},
        {R"({"a": 5.0})", R"({"a": {"$numberDecimal": "5"}})", R"(true)"},
        {R"({"a": {"b": 1, "c": 2}})", R"({"a": {"c": 2, "b": 1}})", R"(false)"},
        {R"({"a": {"b": 1, "c": 2}})", R"({"a": {"b": 1, "c": 2}})", R"(true)"},
        {R"({"a": "x"})", R"({"a": {"$gt": 5}})", R"(false)"},
        {R"({"a": 5})", R"({"a": {"$lt": "x"}})", R"(false)"},
        {R"({"a": null})", R"({"a": {"$lte": null}})", R"(true)"},
        {R"({})", R"({"a": null})", R"(true)"},
        {R"({})", R"({"a": {"$ne": null}})", R"(false)"},
        {R"({"a": [1, 2]})", R"({"a": {"$ne": 1}})", R"(false)"},
        {R"({"a": [1, 2]})", R"({"a": {"$nin": [3]}})", R"(true)"},
        {R"({"a": [5, 15]})", R"({"a": {"$gt": 6, "$lt": 14}})", R"(true)"},
        {R"({"a": [5, 15]})", R"({"a": {"$elemMatch": {"$gt": 6, "$lt": 14}}})", R"(false)"},
        {R"({"a": [{"b": 1, "c": 2}, {"b": 2, "c": 1}]})", R"({"a.b": 1, "a.c": 1})", R"(true)"},
        {R"({"a": [{"b": 1, "c": 2}, {"b": 2, "c": 1}]})", R"({"a": {"$elemMatch": {"b": 1, "c": 1}}})", R"(false)"},
        {R"({"a": [1, 2, 3]})", R"({"a": {"$all": [1, 3]}})", R"(true)"},
        {R"({"a": [[1, 2]]})", R"({"a": {"$all": [[1, 2]]}})", R"(true)"},
        {R"({"a": 1})", R"({"a": {"$all": [1]}})", R"(true)"},
        {R"({"a": "abc"})", R"({"a": {"$in": [{"$regularExpression": {"pattern": "^a", "options": ""}}]}})", R"(true)"},
        {R"({"a": "abc"})", R"({"a": {"$nin": [{"$regularExpression": {"pattern": "^a", "options": ""}}]}})", R"(false)"},
        {R"({"a": 5})", R"({"$or": [{"a": 1}, {"a": 5}]})", R"(true)"},
        {R"({"a": 5})", R"({"$nor": [{"a": 1}, {"a": 5}]})", R"(false)"},
        {R"({"a": 5})", R"({"a": {"$not": {"$gt": 6}}})", R"(true)"},
        {R"({})", R"({"a": {"$not": {"$gt": 6}}})", R"(true)"},
        {R"({"a": 7})", R"({"$expr": {"$gt": ["$a", 5]}})", R"(true)"},
        {R"({"a": -7})", R"({"a": {"$mod": [4, -3]}})", R"(true)"},
        {R"({"a": 5})", R"({"a": {"$bitsAnySet": 6}})", R"(true)"},
        {R"({"a": 5})", R"({"a": {"$bitsAllClear": 10}})", R"(true)"},
        {R"({"a": 5})", R"({"a": {"$bitsAnyClear": [0, 2]}})", R"(false)"},
        {R"({"a": {"b": [{"c": 1}]}})", R"({"a.b.0.c": 1})", R"(true)"},
        {R"({"a": []})", R"({"a": []})", R"(true)"},
        {R"({"a": []})", R"({"a": {"$size": 0}})", R"(true)"},
        {R"({"a": true})", R"({"a": 1})", R"(false)"},
        {R"({"a": ""})", R"({"a": {"$exists": true}})", R"(true)"},
        {R"({"a": {"$date": "2020-01-01T00:00:00.000Z"}})", R"({"a": {"$gt": {"$date": "2019-01-01T00:00:00.000Z"}}})",
            R"(true)"},
        {R"({"a": 5})", R"({"$alwaysFalse": 1})", R"(false)"},
        {R"({"a": 5})", R"({"$alwaysTrue": 1})", R"(true)"},
        {R"({"a": [{"b": [1, 2]}, {"b": [3]}]})", R"({"a.b": {"$size": 1}})", R"(true)"},
        {R"({"a": "AbC"})", R"({"a": {"$regex": "^abc$", "$options": "i"}})", R"(true)"},
        {R"({"a": "a\nb"})", R"({"a": {"$regex": "^b", "$options": "m"}})", R"(true)"},
        {R"({"a": "a\nb"})", R"({"a": {"$regex": "a.b", "$options": "s"}})", R"(true)"},
        {R"({"a": "x\n\n"})", R"({"a": {"$regularExpression": {"pattern": "x$", "options": ""}}})", R"(false)"},
        {R"({"a": "x\ry"})", R"({"a": {"$regularExpression": {"pattern": "x.y", "options": ""}}})", R"(true)"},
        {R"({"a": [null]})", R"({"a": null})", R"(true)"},
        {R"({"a": [[null]]})", R"({"a": null})", R"(false)"},
        {R"({"a": {"$ref": "r"}})", R"({"a": {"$eq": {"$ref": "r"}}})", R"(true)"},
        {R"({"a": [1, [2]]})", R"({"a.1.0": 2})", R"(true)"},
        {R"({"a": {"0": 5}})", R"({"a.0": 5})", R"(true)"},
        {R"({"a": {"$maxKey": 1}})", R"({"a": {"$gt": 5}})", R"(false)"},
        {R"({"a": {"$maxKey": 1}})", R"({"a": {"$maxKey": 1}})", R"(true)"},
    };
    for (auto const& [source, filter, expected] : cases) {
        SCOPED_TRACE(source);
        SCOPED_TRACE(filter);
        EXPECT_EQ(answer_of([&] { return matcher::compile(json(filter)).matches(json(source)); }), expected_of(expected));
    }
}

TEST(Matcher, RefusesWhatTheMemoryStoreLacksByName) {
    constexpr match_case cases[] = {
        {"$where", R"({"$where": "true"})", ""},
        {"$jsonSchema", R"({"$jsonSchema": {}})", ""},
        {"$near", R"({"a": {"$near": [1, 2]}})", ""},
        {"$geoWithin", R"({"$or": [{"a.b": {"$geoWithin": {}}}]})", ""},
    };
    for (auto const& [name, filter, unused] : cases) {
        try {
            matcher::compile(json(filter));
            ADD_FAILURE() << filter;
        } catch (error const& e) {
            EXPECT_EQ(e.code(), errc::unsupported);
            EXPECT_NE(e.message().find(name), std::string::npos) << e.message();
        }
    }
}

TEST(Matcher, FindsThePositionThatThePositionalOperatorStandsFor) {
    struct position_case {
        char const* filter;
        int expected; // -1: none
    };
    constexpr position_case cases[] = {
        {R"({"a": 2})", 1},
        {R"({"a": {"$elemMatch": {"$gt": 1}}})", 1},
        {R"({"d.x": 2})", 1},
        {R"({"d": {"$elemMatch": {"x": 2}}})", 1},
        {R"({"n.m": 3})", 1},
        {R"({"a": 1, "b": 2})", 1},
        {R"({"b": 2, "a": 1})", 1},
        {R"({"a": {"$gt": 1}, "b": 1})", 1},
        {R"({"$or": [{"a": 2}, {"a": 9}]})", -1},
        {R"({"s": 5})", -1},
        {R"({"a": {"$exists": true}})", 0},
        {R"({"a.0": 1})", 0},
        {R"({"a": {"$size": 2}})", -1},
    };
    document const d =
        json(R"({"a": [1, 2], "b": [1, 2], "d": [{"x": 1}, {"x": 2}], "n": [{"m": [0]}, {"m": [1, 2, 3]}], "s": 5})");
    for (auto const& [filter, expected] : cases) {
        SCOPED_TRACE(filter);
        std::optional<std::size_t> position;
        ASSERT_TRUE(matcher::compile(json(filter)).matches(d, position));
        EXPECT_EQ(position ? static_cast<int>(*position) : -1, expected);
    }
}

TEST(Matcher, ThePositionOfADocumentThatDoesNotMatchIsForgotten) {
    std::optional<std::size_t> position = 7;
    EXPECT_FALSE(matcher::compile(json(R"({"a": 2, "b": 9})")).matches(json(R"({"a": [1, 2], "b": 1})"), position));
    EXPECT_FALSE(position);
}

TEST(Matcher, AConditionOnElementsAppliesToThemOrToTheirMembers) {
    auto const greater = matcher::compile_element(json(R"({"$gt": 5})"));
    EXPECT_TRUE(greater.matches_element(6));
    EXPECT_TRUE(greater.matches_element(arr(6))); // as the server, which looks into the element
    EXPECT_FALSE(greater.matches_element(5));
    auto const member = matcher::compile_element(json(R"({"b": 1})"));
    EXPECT_TRUE(member.matches_element(doc("b", 1, "c", 2)));
    EXPECT_FALSE(member.matches_element(arr(doc("b", 1))));
    EXPECT_FALSE(member.matches_element(1));
}

TEST(Matcher, AnArrayFilterTakesItsFirstSegmentForTheElement) {
    auto const by_value = matcher::compile_array_filter(json(R"({"x": {"$gte": 2}})"));
    EXPECT_TRUE(by_value.matches_element(3));
    EXPECT_FALSE(by_value.matches_element(1));
    auto const by_member = matcher::compile_array_filter(json(R"({"$or": [{"x.a": 1}, {"x.b": 1}]})"));
    EXPECT_TRUE(by_member.matches_element(doc("b", 1)));
    EXPECT_FALSE(by_member.matches_element(doc("c", 1)));
}

std::string shown(path_constraint const& c) {
    std::string result = c.path;
    for (value const& v : c.any_of.value_or(std::vector<value>())) {
        result += " " + to_json(v);
    }
    if (c.lower) {
        result += (c.lower->inclusive ? " >= " : " > ") + to_json(c.lower->at);
    }
    if (c.upper) {
        result += (c.upper->inclusive ? " <= " : " < ") + to_json(c.upper->at);
    }
    return result + ";";
}

TEST(Matcher, TellsWhatAnIndexCanUse) {
    struct constraint_case {
        char const* filter;
        char const* expected;
    };
    constexpr constraint_case cases[] = {
        {R"({"a": 1, "b.c": "x"})", "a 1;b.c \"x\";"},
        {R"({"a": {"$in": [1, 2]}})", "a 1 2;"},
        {R"({"a": {"$gt": 1, "$lte": 5}})", "a > 1;a <= 5;"},
        {R"({"$and": [{"a": 1}, {"b": {"$gte": 2}}]})", "a 1;b >= 2;"},
        {R"({"$or": [{"a": 1}]})", "a 1;"},
        {R"({"$or": [{"a": 1}, {"b": 1}]})", ""},
        {R"({"$nor": [{"a": 1}]})", ""},
        {R"({"a": {"$not": {"$eq": 1}}})", ""},
        {R"({"a": {"$ne": 1}})", ""},
        {R"({"a": null})", ""},
        {R"({"a": [1]})", ""},
        {R"({"a": {"$in": [1, null]}})", ""},
        {R"({"a": {"$elemMatch": {"b": 1}}})", ""},
        {R"({"a": {"$all": [1, 2]}})", "a 1;a 2;"},
        {R"({"a": {"$gt": {"$numberDouble": "NaN"}}})", ""},
    };
    for (auto const& [filter, expected] : cases) {
        SCOPED_TRACE(filter);
        std::string answer;
        auto const m = matcher::compile(json(filter));
        for (auto const& c : m.constraints()) {
            answer += shown(c);
        }
        EXPECT_EQ(answer, expected);
    }
}

TEST(Matcher, WithACollationStringsAreNoConstraints) {
    query_options options;
    options.collation = collator::make(json(R"({"locale": "en", "strength": 2})"));
    auto const m = matcher::compile(json(R"({"a": "X", "b": 1})"), options);
    ASSERT_EQ(m.constraints().size(), 1U);
    EXPECT_EQ(m.constraints()[0].path, "b");
    EXPECT_TRUE(m.matches(json(R"({"a": "x", "b": 1})")));
    EXPECT_FALSE(m.matches(json(R"({"a": "y", "b": 1})")));
}

TEST(Matcher, CollationsCompareLatinTextAsTheServer) {
    struct collation_case {
        char const* collation;
        char const* equal;
        char const* different;
    };
    constexpr collation_case cases[] = {
        {R"({"locale": "en", "strength": 1})", "ÁB", "ac"},
        {R"({"locale": "en", "strength": 2})", "AB", "áb"},
        {R"({"locale": "en"})", "ab", "Ab"},
        {R"({"locale": "simple"})", "ab", "AB"},
    };
    for (auto const& [collation, same, different] : cases) {
        SCOPED_TRACE(collation);
        query_options options;
        options.collation = collator::make(json(collation));
        auto const m = matcher::compile(doc("s", "ab"), options);
        EXPECT_TRUE(m.matches(doc("s", same)));
        EXPECT_FALSE(m.matches(doc("s", different)));
    }
}

TEST(Matcher, CollationsThatAreNotSimpleAreRefused) {
    auto const make = [](char const* source) { return answer_of([&] { return collator::make(json(source)) != nullptr; }); };
    EXPECT_EQ(make(R"({"locale": "zh"})"), "unsupported");
    EXPECT_EQ(make(R"({"locale": "en", "numericOrdering": true})"), "unsupported");
    EXPECT_EQ(make(R"({"locale": "en", "strength": 9})"), "error 51024");
    EXPECT_EQ(make(R"({"strength": 1})"), "error 40414");
    EXPECT_EQ(make(R"({"locale": "en", "foo": 1})"), "error 40415");
    EXPECT_EQ(make(R"({"locale": 5})"), "error 14");
}

TEST(Matcher, ARegularExpressionThatTakesTooLongIsStopped) {
    auto const m = matcher::compile(doc("a", doc("$regex", "^(a|aa)+$")));
    try {
        m.matches(doc("a", std::string(80, 'a') + "b"));
        FAIL() << "it takes exponential time";
    } catch (error const& e) {
        EXPECT_EQ(e.code(), errc::limit_exceeded);
    }
}

} // namespace
} // namespace cormorant::memory
