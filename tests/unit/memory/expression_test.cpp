#include "expression_cases.hpp"

namespace cormorant::memory {
namespace {

TEST(Expression, FieldsAndVariables) {
    constexpr expression_case cases[] = {
        {R"("$a")", R"({"r": 5})"},
        {R"("$o.x")", R"({"r": 1})"},
        {R"("$o.y")", R"({"r": [1, 2]})"},
        {R"("$arr.v")", R"({"r": [1, 2]})"},
        {R"("$items.p")", R"({"r": [2, 5]})"},
        {R"("$nested.z")", R"({"r": [2]})"},
        {R"("$zz")", R"({})"},
        {R"("$zz.y")", R"({})"},
        {R"("$a.b")", R"({})"},
        {R"("$b.0")", R"({"r": []})"},
        {R"("$$ROOT.a")", R"({"r": 5})"},
        {R"("$$CURRENT.o")", R"({"r": {"x": 1, "y": [1, 2]}})"},
        {R"("$$REMOVE")", R"({})"},
        {R"("$$foo")", R"(error 17276)"},
        {R"("$")", R"(error 16872)"},
        {R"("$a.")", R"(error 40353)"},
        {R"("$.a")", R"(error 15998)"},
        {R"("$a..b")", R"(error 15998)"},
        {R"("$a.$b")", R"(error 16410)"},
        {R"([1, "$a", "$zz"])", R"({"r": [1, 5, null]})"},
        {R"({"x": "$a", "y": "$zz", "z": {"w": "$o.x"}})", R"({"r": {"x": 5, "z": {"w": 1}}})"},
        {R"({})", R"({"r": {}})"},
        {R"([])", R"({"r": []})"},
        {R"({"x": {}})", R"({"r": {"x": {}}})"},
        {R"({"a.b": 1})", R"(error 16412)"},
        {R"({"x": 1, "$y": 2})", R"(error 16410)"},
    };
    check(cases);
}

TEST(Expression, Conditions) {
    constexpr expression_case cases[] = {
        {R"({"$cond": [true, 1, 2]})", R"({"r": 1})"},
        {R"({"$cond": {"if": "$zz", "then": 1, "else": "$a"}})", R"({"r": 5})"},
        {R"({"$cond": [1, 2]})", R"(error 16020)"},
        {R"({"$cond": {"if": 1, "then": 2}})", R"(error 17082)"},
        {R"({"$cond": {"if": 1, "then": 2, "else": 3, "x": 1}})", R"(error 17083)"},
        {R"({"$cond": 1})", R"(error 16020)"},
        {R"({"$cond": {"then": 2, "else": 3}})", R"(error 17080)"},
        {R"({"$ifNull": ["$n", "$zz", 7]})", R"({"r": 7})"},
        {R"({"$ifNull": ["$n"]})", R"(error 1257300)"},
        {R"({"$ifNull": ["$n", "$zz"]})", R"({})"},
        {R"({"$ifNull": []})", R"(error 1257300)"},
        {R"({"$switch": {"branches": [{"case": {"$eq": ["$a", 5]}, "then": "five"}], "default": 1}})", R"({"r": "five"})"},
        {R"({"$switch": {"branches": []}})", R"(error 40068)"},
        {R"({"$switch": {}})", R"(error 40068)"},
        {R"({"$switch": 5})", R"(error 40060)"},
        {R"({"$switch": {"branches": 5}})", R"(error 40061)"},
        {R"({"$switch": {"branches": [5]}})", R"(error 40062)"},
        {R"({"$switch": {"branches": [{"case": 1}]}})", R"(error 40065)"},
        {R"({"$switch": {"branches": [{"then": 1}]}})", R"(error 40064)"},
        {R"({"$switch": {"branches": [{"case": 1, "then": 2, "x": 1}]}})", R"(error 40063)"},
        {R"({"$switch": {"x": 1}})", R"(error 40067)"},
        {R"({"$let": {"vars": {"x": "$a", "y": {"$add": [1, "$a"]}}, "in": {"$multiply": ["$$x", "$$y"]}}})", R"({"r": 30})"},
        {R"({"$let": {"vars": {}, "in": 1}})", R"({"r": 1})"},
        {R"({"$let": {"vars": {"x": 1}}})", R"(error 16877)"},
        {R"({"$let": {"in": 1}})", R"(error 16876)"},
        {R"({"$let": {"vars": {"X": 1}, "in": 1}})", R"(error 9)"},
        {R"({"$let": {"vars": {"x": 1, "y": "$$x"}, "in": 1}})", R"(error 17276)"},
        {R"({"$let": 5})", R"(error 16874)"},
        {R"({"$let": {"vars": {"x": 1}, "in": 1, "z": 1}})", R"(error 16875)"},
        {R"({"$let": {"vars": {"x-y": 1}, "in": 1}})", R"(error 9)"},
        {R"({"$let": {"vars": 5, "in": 1}})", R"(error 10065)"},
        {R"({"$let": {"vars": {"x": "$o"}, "in": "$$x.y"}})", R"({"r": [1, 2]})"},
        {R"({"$let": {"vars": {"x": "$arr"}, "in": "$$x.v"}})", R"({"r": [1, 2]})"},
        {R"({"$let": {"vars": {"x": "$zz"}, "in": {"$type": "$$x"}}})", R"({"r": "missing"})"},
        {R"({"$literal": "$a"})", R"({"r": "$a"})"},
        {R"({"$literal": {"$add": [1]}})", R"({"r": {"$add": [1]}})"},
        {R"({"$rand": 1})", R"(error 10065)"},
        {R"({"$type": {"$rand": {}}})", R"({"r": "double"})"},
        {R"({"$foo": 1})", R"(error 168)"},
        {R"({"$cmp": ["$zz", null]})", R"({"r": -1})"},
        {R"({"$eq": ["$zz", null]})", R"({"r": false})"},
        {R"({"$gt": ["$a", "$zz"]})", R"({"r": true})"},
        {R"({"$and": []})", R"({"r": true})"},
        {R"({"$or": []})", R"({"r": false})"},
        {R"({"$and": [1, "$zz"]})", R"({"r": false})"},
        {R"({"$not": ["$a"]})", R"({"r": false})"},
        {R"({"$not": "$zz"})", R"({"r": true})"},
        {R"({"$eq": [1]})", R"(error 16020)"},
    };
    check(cases);
}

TEST(Expression, Arithmetic) {
    constexpr expression_case cases[] = {
        {R"({"$add": 1, "$b": 2})", R"(error 15983)"},
        {R"({"$add": [0.1, 0.2, -0.3]})", R"({"r": 0.0})"},
        {R"({"$add": [{"$numberLong": "4611686018427387904"}, {"$numberLong": "4611686018427387904"}]})",
            R"({"r": 9.223372036854776e+18})"},
        {R"({"$multiply": [{"$numberLong": "4611686018427387904"}, 4]})", R"({"r": 1.8446744073709552e+19})"},
        {R"({"$subtract": [{"$numberLong": "-9223372036854775808"}, 1]})", R"({"r": -9.223372036854776e+18})"},
        {R"({"$add": ["$d", 1000]})", R"({"r": {"$date": "2021-03-14T15:09:27.535Z"}})"},
        {R"({"$add": ["$d", 1.6]})", R"({"r": {"$date": "2021-03-14T15:09:26.537Z"}})"},
        {R"({"$subtract": ["$d", 1.6]})", R"({"r": {"$date": "2021-03-14T15:09:26.534Z"}})"},
        {R"({"$add": ["$d", "$d"]})", R"(error 16612)"},
        {R"({"$subtract": ["$d", {"$date": "2021-01-01T00:00:00.000Z"}]})", R"({"r": {"$numberLong": "6275366535"}})"},
        {R"({"$subtract": [1, "$d"]})", R"(error 14)"},
        {R"({"$pow": [2, 62]})", R"({"r": {"$numberLong": "4611686018427387904"}})"},
        {R"({"$pow": [2, 63]})", R"({"r": 9.223372036854776e+18})"},
        {R"({"$pow": [2, -1]})", R"({"r": 0.5})"},
        {R"({"$pow": [0, -1]})", R"(error 28764)"},
        {R"({"$pow": [2, 31]})", R"({"r": {"$numberLong": "2147483648"}})"},
        {R"({"$pow": [{"$numberLong": "2"}, 3]})", R"({"r": {"$numberLong": "8"}})"},
        {R"({"$pow": [-1, -3]})", R"({"r": -1})"},
        {R"({"$round": [2.345, 2]})", R"({"r": 2.35})"},
        {R"({"$round": [1234.5, -2]})", R"({"r": 1200.0})"},
        {R"({"$round": [1250, -2]})", R"({"r": 1200})"},
        {R"({"$round": [1350, -2]})", R"({"r": 1400})"},
        {R"({"$trunc": [-2.789, 1]})", R"({"r": -2.7})"},
        {R"({"$round": [2.5]})", R"({"r": 2.0})"},
        {R"({"$round": [3.5]})", R"({"r": 4.0})"},
        {R"({"$round": [1, 200]})", R"(error 51083)"},
        {R"({"$mod": [-7, 3]})", R"({"r": -1})"},
        {R"({"$mod": [7, -3]})", R"({"r": 1})"},
        {R"({"$mod": [7.5, 2]})", R"({"r": 1.5})"},
        {R"({"$mod": [7, 2.0]})", R"({"r": 1})"},
        {R"({"$mod": [7.0, 2]})", R"({"r": 1.0})"},
        {R"({"$mod": [7, 0]})", R"(error 16610)"},
        {R"({"$mod": [{"$numberLong": "7"}, 4]})", R"({"r": {"$numberLong": "3"}})"},
        {R"({"$divide": [7, 2]})", R"({"r": 3.5})"},
        {R"({"$divide": [6, 2]})", R"({"r": 3.0})"},
        {R"({"$divide": [1, 0]})", R"(error 2)"},
        {R"({"$divide": [{"$numberDecimal": "1"}, 3]})", R"({"r": {"$numberDecimal": "0.3333333333333333333333333333333333"}})"},
        {R"({"$mod": [{"$numberDecimal": "7.5"}, 2]})", R"({"r": {"$numberDecimal": "1.5"}})"},
        {R"({"$log": [8, 2]})", R"({"r": 3.0})"},
        {R"({"$log": [-1, 2]})", R"(error 28758)"},
        {R"({"$log": [8, 1]})", R"(error 28759)"},
        {R"({"$abs": {"$numberLong": "-9223372036854775808"}})", R"(error 28680)"},
        {R"({"$abs": [-1, 2]})", R"(error 16020)"},
        {R"({"$ceil": [-1.5]})", R"({"r": -1.0})"},
        {R"({"$ceil": {"$numberDecimal": "1.2"}})", R"({"r": {"$numberDecimal": "2"}})"},
        {R"({"$floor": -1.5})", R"({"r": -2.0})"},
        {R"({"$floor": "$n"})", R"({"r": null})"},
        {R"({"$floor": "x"})", R"(error 28765)"},
        {R"({"$sqrt": 16})", R"({"r": 4.0})"},
        {R"({"$sqrt": -1})", R"(error 28714)"},
        {R"({"$sqrt": {"$numberDecimal": "2"}})", R"({"r": {"$numberDecimal": "1.414213562373095048801688724209698"}})"},
        {R"({"$exp": 0})", R"({"r": 1.0})"},
        {R"({"$ln": 1})", R"({"r": 0.0})"},
        {R"({"$ln": 0})", R"(error 28766)"},
        {R"({"$log10": 1000})", R"({"r": 3.0})"},
        {R"({"$log10": -1})", R"(error 28761)"},
        {R"({"$abs": {"$numberDecimal": "-1.50"}})", R"({"r": {"$numberDecimal": "1.50"}})"},
        {R"({"$add": [{"$numberDecimal": "0.1"}, 0.2]})", R"({"r": {"$numberDecimal": "0.3000000000000000111022302462515654"}})"},
        {R"({"$add": [1, "x"]})", R"(error 16554)"},
        {R"({"$add": ["$n", 1]})", R"({"r": null})"},
        {R"({"$add": []})", R"({"r": 0})"},
        {R"({"$add": [2147483647, 1]})", R"({"r": {"$numberLong": "2147483648"}})"},
        {R"({"$multiply": []})", R"({"r": 1})"},
        {R"({"$divide": ["x", 1]})", R"(error 14)"},
        {R"({"$mod": ["x", 1]})", R"(error 16611)"},
    };
    check(cases);
}

TEST(Expression, Objects) {
    constexpr expression_case cases[] = {
        {R"({"$arrayToObject": "$arr"})", R"({"r": {"a": 1, "b": 2}})"},
        {R"({"$arrayToObject": [[["a", 1], ["b", 2]]]})", R"({"r": {"a": 1, "b": 2}})"},
        {R"({"$arrayToObject": [[["a", 1], {"k": "a", "v": 2}]]})", R"(error 40396)"},
        {R"({"$arrayToObject": [[["a"]]]})", R"(error 40397)"},
        {R"({"$arrayToObject": [[[1, 2]]]})", R"(error 40395)"},
        {R"({"$arrayToObject": [[{"k": "a"}]]})", R"(error 40392)"},
        {R"({"$arrayToObject": [[{"k": 1, "v": 2}]]})", R"(error 40394)"},
        {R"({"$arrayToObject": [[{"k": 1, "z": 2}]]})", R"(error 40393)"},
        {R"({"$arrayToObject": [[5]]})", R"(error 40398)"},
        {R"({"$arrayToObject": [[{"k": "a", "v": 1}, ["b", 2]]]})", R"(error 40391)"},
        {R"({"$arrayToObject": [[["a", 1], ["a", 2]]]})", R"({"r": {"a": 2}})"},
        {R"({"$objectToArray": "$o"})", R"({"r": [{"k": "x", "v": 1}, {"k": "y", "v": [1, 2]}]})"},
        {R"({"$objectToArray": "$a"})", R"(error 40390)"},
        {R"({"$mergeObjects": ["$o", {"z": 1, "x": 9}]})", R"({"r": {"x": 9, "y": [1, 2], "z": 1}})"},
        {R"({"$mergeObjects": "$arr"})", R"({"r": {"k": "b", "v": 2}})"},
        {R"({"$mergeObjects": ["$o", "$n", "$zz"]})", R"({"r": {"x": 1, "y": [1, 2]}})"},
        {R"({"$mergeObjects": ["$o", 5]})", R"(error 40400)"},
        {R"({"$getField": "a"})", R"({"r": 5})"},
        {R"({"$getField": {"field": "x", "input": "$o"}})", R"({"r": 1})"},
        {R"({"$getField": {"field": "zz", "input": "$o"}})", R"({})"},
        {R"({"$getField": {"field": "x", "input": "$n"}})", R"({"r": null})"},
        {R"({"$getField": {"field": "x", "input": "$a"}})", R"({})"},
        {R"({"$getField": {"field": 5, "input": "$a"}})", R"(error 5654602)"},
        {R"({"$getField": {"field": "$s", "input": "$a"}})", R"(error 5654600)"},
        {R"({"$getField": {"input": "$a"}})", R"(error 3041702)"},
        {R"({"$getField": {"field": "a"}})", R"(error 3041703)"},
        {R"({"$getField": {"$literal": "$a"}})", R"({})"},
        {R"({"$getField": {"field": "a", "input": "$o", "z": 1}})", R"(error 3041701)"},
        {R"({"$getField": 5})", R"(error 5654602)"},
        {R"({"$setField": {"field": "x", "input": "$o", "value": 9}})", R"({"r": {"x": 9, "y": [1, 2]}})"},
        {R"({"$setField": {"field": "x", "input": "$o", "value": "$$REMOVE"}})", R"({"r": {"y": [1, 2]}})"},
        {R"({"$setField": {"field": "new.dot", "input": "$o", "value": 9}})", R"({"r": {"x": 1, "y": [1, 2], "new.dot": 9}})"},
        {R"({"$unsetField": {"field": "x", "input": "$o"}})", R"({"r": {"y": [1, 2]}})"},
        {R"({"$setField": {"field": "x", "input": "$n", "value": 9}})", R"({"r": null})"},
        {R"({"$setField": {"field": "x", "input": "$a", "value": 9}})", R"(error 4161105)"},
        {R"({"$setField": {"field": "x", "value": 9}})", R"(error 4161109)"},
        {R"({"$setField": {"input": "$o", "value": 9}})", R"(error 4161102)"},
        {R"({"$setField": {"field": "x", "input": "$o"}})", R"(error 4161103)"},
        {R"({"$setField": 5})", R"(error 4161100)"},
    };
    check(cases);
}

TEST(Expression, RandomNumbersAndTheTimeComeFromTheEnvironment) {
    struct fixed final : environment {
        datetime now() const override { return datetime(std::chrono::milliseconds(42)); }
        double random() const override { return 0.25; }
    };
    query_options options;
    options.world = std::make_shared<fixed>();
    symbols names;
    compile_context context{options, names};
    auto const e = compile_expression(parse_json(R"(["$$NOW", {"$rand": {}}])"), context);
    scope s{document(), *options.world};
    EXPECT_EQ(e->evaluate(s).take(), value(arr(datetime(std::chrono::milliseconds(42)), 0.25)));
}

TEST(Expression, VariablesOfTheCommandAreVisible) {
    query_options options;
    options.let = doc("a", doc("b", 7), "none", undefined());
    symbols names;
    compile_context context{options, names};
    auto const e = compile_expression(parse_json(R"(["$$a.b", "$$a.x", {"$type": "$$none"}])"), context);
    document const root;
    scope s{root, *options.world};
    EXPECT_EQ(e->evaluate(s).take(), value(arr(7, nullptr, "missing")));
}

TEST(Expression, WhatTheMemoryStoreLacksIsUnsupportedByName) {
    query_options const options;
    symbols names;
    compile_context context{options, names};
    try {
        compile_expression(parse_json(R"({"$function": {}})"), context);
        FAIL();
    } catch (error const& e) {
        EXPECT_EQ(e.code(), errc::unsupported);
        EXPECT_NE(e.message().find("$function"), std::string::npos);
    }
}

} // namespace
} // namespace cormorant::memory
