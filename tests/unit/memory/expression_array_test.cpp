#include "query_cases.hpp"

#include <memory/expression.hpp>

namespace cormorant::memory {
namespace {

struct expression_case {
    char const* source;
    /// `{"r": ...}`, without the member when the expression yields a missing value.
    char const* expected;
};

constexpr char const* input =
    R"({"a": 5, "b": [3, 1, 2], "s": "Hello World", "o": {"x": 1, "y": [1, 2]}, "arr": [{"k": "a", "v": 1}, {"k": "b", "v": 2}], "d": {"$date": "2021-03-14T15:09:26.535Z"}, "n": null, "items": [{"p": 2, "q": 3}, {"p": 5, "q": 1}, {"q": 7}], "nested": [[{"z": 1}], {"z": 2}]})";

template <std::size_t N>
void check(expression_case const (&cases)[N]) {
    document const root = json(input);
    query_options const options;
    for (auto const& [source, expected] : cases) {
        SCOPED_TRACE(source);
        auto const answer = answer_of([&] {
            symbols names;
            compile_context context{options, names};
            auto const e = compile_expression(parse_json(source), context);
            scope s{root, *options.world};
            operand v = e->evaluate(s);
            return v.missing() ? document() : doc("r", std::move(v).take());
        });
        EXPECT_EQ(answer, expected_of(expected));
    }
}

TEST(Expression, Arrays) {
    constexpr expression_case cases[] = {
        {R"({"$slice": ["$b", 2]})", R"({"r": [3, 1]})"},
        {R"({"$slice": ["$b", -2]})", R"({"r": [1, 2]})"},
        {R"({"$slice": ["$b", 1, 1]})", R"({"r": [1]})"},
        {R"({"$slice": ["$b", -10, 2]})", R"({"r": [3, 1]})"},
        {R"({"$slice": ["$b", 5, 2]})", R"({"r": []})"},
        {R"({"$slice": ["$b", 1, 0]})", R"(error 28729)"},
        {R"({"$slice": ["$b", 1, -1]})", R"(error 28729)"},
        {R"({"$slice": ["$b", 1.5]})", R"(error 28726)"},
        {R"({"$slice": ["$b"]})", R"(error 28667)"},
        {R"({"$range": [0, 5]})", R"({"r": [0, 1, 2, 3, 4]})"},
        {R"({"$range": [0, 10, 3]})", R"({"r": [0, 3, 6, 9]})"},
        {R"({"$range": [5, 0, -2]})", R"({"r": [5, 3, 1]})"},
        {R"({"$range": [0, 5, 0]})", R"(error 34449)"},
        {R"({"$range": [0, 5, -1]})", R"({"r": []})"},
        {R"({"$range": [1.5, 2]})", R"(error 34444)"},
        {R"({"$range": ["a", 2]})", R"(error 34443)"},
        {R"({"$range": [0, "a"]})", R"(error 34445)"},
        {R"({"$range": [0, 1, "a"]})", R"(error 34447)"},
        {R"({"$range": [0, {"$numberLong": "1099511627776"}]})", R"(error 34446)"},
        {R"({"$indexOfArray": ["$b", 2]})", R"({"r": 2})"},
        {R"({"$indexOfArray": ["$b", 9]})", R"({"r": -1})"},
        {R"({"$indexOfArray": ["$b", 2, 1]})", R"({"r": 2})"},
        {R"({"$indexOfArray": ["$b", 2, 0, 2]})", R"({"r": -1})"},
        {R"({"$indexOfArray": ["$b", 2, -1]})", R"(error 40097)"},
        {R"({"$indexOfArray": ["$b", 2, "x"]})", R"(error 40096)"},
        {R"({"$indexOfArray": ["$n", 2]})", R"({"r": null})"},
        {R"({"$indexOfArray": ["$a", 2]})", R"(error 40090)"},
        {R"({"$size": "$a"})", R"(error 17124)"},
        {R"({"$size": ["$b"]})", R"({"r": 3})"},
        {R"({"$size": "$zz"})", R"(error 17124)"},
        {R"({"$in": [2, "$b"]})", R"({"r": true})"},
        {R"({"$in": ["$zz", [null]]})", R"({"r": false})"},
        {R"({"$reverseArray": "$b"})", R"({"r": [2, 1, 3]})"},
        {R"({"$concatArrays": ["$b", [9]]})", R"({"r": [3, 1, 2, 9]})"},
        {R"({"$arrayElemAt": ["$b", -1]})", R"({"r": 2})"},
        {R"({"$arrayElemAt": ["$b", 9]})", R"({})"},
        {R"({"$arrayElemAt": ["$b", 1.5]})", R"(error 28691)"},
        {R"({"$arrayElemAt": ["$a", 0]})", R"(error 28689)"},
        {R"({"$first": "$b"})", R"({"r": 3})"},
        {R"({"$last": "$b"})", R"({"r": 2})"},
        {R"({"$first": [[]]})", R"({})"},
        {R"({"$isArray": "$b"})", R"({"r": true})"},
        {R"({"$isArray": ["$a"]})", R"({"r": false})"},
        {R"({"$concatArrays": ["$b", "$n"]})", R"({"r": null})"},
        {R"({"$concatArrays": ["$b", 5]})", R"(error 28664)"},
        {R"({"$in": [1, 5]})", R"(error 40081)"},
        {R"({"$reverseArray": "$a"})", R"(error 34435)"},
    };
    check(cases);
}

TEST(Expression, ArrayForms) {
    constexpr expression_case cases[] = {
        {R"({"$filter": {"input": "$b", "as": "e", "cond": {"$gt": ["$$e", 1]}}})", R"({"r": [3, 2]})"},
        {R"({"$filter": {"input": "$b", "cond": {"$gt": ["$$this", 1]}}})", R"({"r": [3, 2]})"},
        {R"({"$filter": {"input": "$n", "cond": 1}})", R"({"r": null})"},
        {R"({"$filter": {"input": "$a", "cond": 1}})", R"(error 28651)"},
        {R"({"$filter": {"input": "$b", "cond": 1, "limit": 2}})", R"({"r": [3, 1]})"},
        {R"({"$filter": {"input": "$b", "cond": 1, "limit": 0}})", R"(error 327392)"},
        {R"({"$filter": {"input": "$b", "cond": 1, "limit": "x"}})", R"(error 327391)"},
        {R"({"$filter": {"input": "$b"}})", R"(error 28650)"},
        {R"({"$filter": {"cond": 1}})", R"(error 28648)"},
        {R"({"$filter": 5})", R"(error 28646)"},
        {R"({"$filter": {"input": "$b", "cond": 1, "z": 1}})", R"(error 28647)"},
        {R"({"$filter": {"input": "$b", "cond": 1, "as": 5}})", R"(error 9)"},
        {R"({"$filter": {"input": "$b", "cond": 1, "limit": 1.5}})", R"(error 327391)"},
        {R"({"$filter": {"input": "$b", "cond": 1, "limit": null}})", R"({"r": [3, 1, 2]})"},
        {R"({"$map": {"input": "$b", "as": "e", "in": {"$add": ["$$e", "$a"]}}})", R"({"r": [8, 6, 7]})"},
        {R"({"$map": {"input": "$items", "in": "$$this.p"}})", R"({"r": [2, 5, null]})"},
        {R"({"$map": {"input": "$a", "in": 1}})", R"(error 16883)"},
        {R"({"$map": {"input": "$n", "in": 1}})", R"({"r": null})"},
        {R"({"$map": {"in": 1}})", R"(error 16880)"},
        {R"({"$map": {"input": 1}})", R"(error 16882)"},
        {R"({"$map": 5})", R"(error 16878)"},
        {R"({"$map": {"input": 1, "in": 1, "z": 1}})", R"(error 16879)"},
        {R"({"$reduce": {"input": "$b", "initialValue": 0, "in": {"$add": ["$$value", "$$this"]}}})", R"({"r": 6})"},
        {R"({"$reduce": {"input": "$arr", "initialValue": [], "in": {"$concatArrays": ["$$value", ["$$this.k"]]}}})",
            R"({"r": ["a", "b"]})"},
        {R"({"$reduce": {"input": "$n", "initialValue": 0, "in": 1}})", R"({"r": null})"},
        {R"({"$reduce": {"input": "$a", "initialValue": 0, "in": 1}})", R"(error 40080)"},
        {R"({"$reduce": {"input": "$b", "in": 1}})", R"(error 40078)"},
        {R"({"$reduce": 5})", R"(error 40075)"},
        {R"({"$reduce": {"input": [], "initialValue": "$zz", "in": 1}})", R"({})"},
        {R"({"$reduce": {"input": "$b", "initialValue": 0, "in": 1, "z": 1}})", R"(error 40076)"},
        {R"({"$reduce": {"initialValue": 0, "in": 1}})", R"(error 40077)"},
        {R"({"$reduce": {"input": "$b", "initialValue": 0}})", R"(error 40079)"},
        {R"({"$zip": {"inputs": ["$b", ["a", "b"]]}})", R"({"r": [[3, "a"], [1, "b"]]})"},
        {R"({"$zip": {"inputs": ["$b", ["a", "b"]], "useLongestLength": true}})", R"({"r": [[3, "a"], [1, "b"], [2, null]]})"},
        {R"({"$zip": {"inputs": ["$b", ["a", "b"]], "useLongestLength": true, "defaults": [0, "z"]}})",
            R"({"r": [[3, "a"], [1, "b"], [2, "z"]]})"},
        {R"({"$zip": {"inputs": ["$b", ["a", "b"]], "defaults": [0, "z"]}})", R"(error 34466)"},
        {R"({"$zip": {"inputs": ["$b", "$n"]}})", R"({"r": null})"},
        {R"({"$zip": {"inputs": ["$b", "$a"]}})", R"(error 34468)"},
        {R"({"$zip": {"inputs": []}})", R"(error 34465)"},
        {R"({"$zip": {}})", R"(error 34465)"},
        {R"({"$zip": 5})", R"(error 34460)"},
        {R"({"$zip": {"inputs": 5}})", R"(error 34461)"},
        {R"({"$sortArray": {"input": "$b", "sortBy": 1}})", R"({"r": [1, 2, 3]})"},
        {R"({"$sortArray": {"input": "$b", "sortBy": -1}})", R"({"r": [3, 2, 1]})"},
        {R"({"$sortArray": {"input": "$items", "sortBy": {"p": 1}}})",
            R"({"r": [{"q": 7}, {"p": 2, "q": 3}, {"p": 5, "q": 1}]})"},
        {R"({"$sortArray": {"input": "$items", "sortBy": {"q": -1}}})",
            R"({"r": [{"q": 7}, {"p": 2, "q": 3}, {"p": 5, "q": 1}]})"},
        {R"({"$sortArray": {"input": "$n", "sortBy": 1}})", R"({"r": null})"},
        {R"({"$sortArray": {"input": "$a", "sortBy": 1}})", R"(error 2942504)"},
        {R"({"$sortArray": {"input": "$b", "sortBy": 2}})", R"(error 2942506)"},
        {R"({"$sortArray": {"input": "$b"}})", R"(error 2942503)"},
        {R"({"$sortArray": {"input": "$b", "sortBy": "x"}})", R"(error 2942507)"},
        {R"({"$sortArray": 5})", R"(error 2942500)"},
        {R"({"$sortArray": {"sortBy": 1}})", R"(error 2942502)"},
    };
    check(cases);
}

TEST(Expression, Sets) {
    constexpr expression_case cases[] = {
        {R"({"$setField": {"field": "x", "input": "$o", "value": 9}})", R"({"r": {"x": 9, "y": [1, 2]}})"},
        {R"({"$setField": {"field": "x", "input": "$o", "value": "$$REMOVE"}})", R"({"r": {"y": [1, 2]}})"},
        {R"({"$setField": {"field": "new.dot", "input": "$o", "value": 9}})", R"({"r": {"x": 1, "y": [1, 2], "new.dot": 9}})"},
        {R"({"$setField": {"field": "x", "input": "$n", "value": 9}})", R"({"r": null})"},
        {R"({"$setField": {"field": "x", "input": "$a", "value": 9}})", R"(error 4161105)"},
        {R"({"$setField": {"field": "x", "value": 9}})", R"(error 4161109)"},
        {R"({"$setField": {"input": "$o", "value": 9}})", R"(error 4161102)"},
        {R"({"$setField": {"field": "x", "input": "$o"}})", R"(error 4161103)"},
        {R"({"$setField": 5})", R"(error 4161100)"},
        {R"({"$setUnion": ["$b", [2, 9]]})", R"({"r": [1, 2, 3, 9]})"},
        {R"({"$setDifference": ["$b", [1]]})", R"({"r": [3, 2]})"},
        {R"({"$setDifference": [[1, 1, 2], [3]]})", R"({"r": [1, 2]})"},
        {R"({"$setIsSubset": [[1], "$b"]})", R"({"r": true})"},
        {R"({"$setIntersection": ["$b", [2, 1, 1]]})", R"({"r": [1, 2]})"},
        {R"({"$setIntersection": []})", R"({"r": []})"},
        {R"({"$setEquals": ["$b", [1, 2, 3, 3]]})", R"({"r": true})"},
        {R"({"$setUnion": ["$b", "$n"]})", R"({"r": null})"},
        {R"({"$setUnion": ["$b", 5]})", R"(error 17043)"},
    };
    check(cases);
}

TEST(Expression, Accumulators) {
    constexpr expression_case cases[] = {
        {R"({"$firstN": {"n": 2, "input": "$b"}})", R"({"r": [3, 1]})"},
        {R"({"$lastN": {"n": 2, "input": "$b"}})", R"({"r": [1, 2]})"},
        {R"({"$minN": {"n": 2, "input": "$b"}})", R"({"r": [1, 2]})"},
        {R"({"$maxN": {"n": 2, "input": "$b"}})", R"({"r": [3, 2]})"},
        {R"({"$firstN": {"n": 0, "input": "$b"}})", R"(error 5787908)"},
        {R"({"$firstN": {"n": "x", "input": "$b"}})", R"(error 5787902)"},
        {R"({"$firstN": {"input": "$b"}})", R"(error 5787906)"},
        {R"({"$firstN": {"n": 1, "input": "$a"}})", R"(error 5788200)"},
        {R"({"$sum": ["$a", 1, "x"]})", R"({"r": 6})"},
        {R"({"$sum": "$b"})", R"({"r": 6})"},
        {R"({"$sum": ["$b", 1]})", R"({"r": 1})"},
        {R"({"$avg": "$b"})", R"({"r": 2.0})"},
        {R"({"$avg": ["$a", "x"]})", R"({"r": 5.0})"},
        {R"({"$avg": []})", R"({"r": null})"},
        {R"({"$max": ["$b", 1]})", R"({"r": [3, 1, 2]})"},
        {R"({"$min": "$b"})", R"({"r": 1})"},
        {R"({"$sum": [0.1, 0.2, 0.3]})", R"({"r": 0.6})"},
        {R"({"$sum": [1e+308, 1e+308, -1e+308]})", R"({"r": {"$numberDouble": "Infinity"}})"},
    };
    check(cases);
}

} // namespace
} // namespace cormorant::memory
