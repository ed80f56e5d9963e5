#include "query_cases.hpp"

#include <memory/query/sorter.hpp>

namespace cormorant::memory {
namespace {

std::vector<document_ptr> numbered(std::vector<char const*> const& sources) {
    std::vector<document_ptr> result;
    for (char const* source : sources) {
        document d = json(source);
        d.prepend("_id", static_cast<int>(result.size()));
        result.push_back(std::make_shared<document>(std::move(d)));
    }
    return result;
}

std::string ids_of(std::vector<document_ptr> const& docs) {
    std::string result;
    for (auto const& d : docs) {
        result += (result.empty() ? "" : " ") + std::to_string(d->at("_id").as_int32());
    }
    return result;
}

struct sort_case {
    char const* order;
    char const* expected;
};

void check(std::vector<char const*> const& sources, std::vector<sort_case> const& cases) {
    for (auto const& [order, expected] : cases) {
        SCOPED_TRACE(order);
        auto const s = sorter::compile(json(order));
        auto docs = numbered(sources);
        s.sort(docs);
        EXPECT_EQ(ids_of(docs), expected);
        for (std::size_t i = 1; i < docs.size(); ++i) {
            EXPECT_FALSE(s.less(*docs[i], *docs[i - 1]));
            EXPECT_TRUE(s.compare(s.key_of(*docs[i - 1]), s.key_of(*docs[i])) <= 0);
        }
    }
}

TEST(Sorter, OrdersValuesOfAllTypesAsTheServer) {
    check(
        {
            R"({"a": 5})",
            R"({"a": 1})",
            R"({"a": null})",
            R"({"a": "b"})",
            R"({"a": "a"})",
            R"({"a": [3, 7]})",
            R"({"a": []})",
            R"({"a": [0]})",
            R"({"a": {"x": 1}})",
            R"({"a": true})",
            R"({"a": {"$date": "2020-01-01T00:00:00.000Z"}})",
            R"({"a": {"$oid": "000000000000000000000000"}})",
            R"({"a": {"$minKey": 1}})",
            R"({"a": {"$maxKey": 1}})",
            R"({"a": 2.5})",
            R"({"a": {"$numberLong": "3"}})",
            R"({"a": {"$numberDouble": "NaN"}})",
            R"({"a": {"$numberDecimal": "2.7"}})",
            R"({"a": {"$binary": {"base64": "eA==", "subType": "00"}}})",
            R"({"a": {"$regularExpression": {"pattern": "a", "options": ""}}})",
            R"({"a": {"$timestamp": {"t": 1, "i": 1}}})",
            R"({"a": [[1]]})",
            R"({"a": [null]})",
            R"({"a": [{"b": 1}]})",
            R"({})",
            R"({"a": -0.0})",
            R"({"a": 0})",
        },
        {
            {R"({"a": 1})", "12 6 2 22 24 16 7 25 26 1 14 17 5 15 0 4 3 23 8 21 18 11 9 10 20 19 13"},
            {R"({"a": -1})", "13 19 20 10 9 11 18 21 8 23 3 4 5 0 15 17 14 1 7 25 26 16 2 22 24 6 12"},
            {R"({"a": 1, "_id": -1})", "12 6 24 22 2 16 26 25 7 1 14 17 15 5 0 4 3 23 8 21 18 11 9 10 20 19 13"},
            {R"({"a.b": 1})", "0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 24 25 26 23"},
            {R"({"a.0": 1})", "0 1 2 3 4 6 8 9 10 11 12 13 14 15 16 17 18 19 20 22 24 25 26 7 5 23 21"},
        });
}

TEST(Sorter, TakesTheLeastOrGreatestElementOfAnArray) {
    check(
        {
            R"({"a": [{"x": 1, "y": 5}, {"x": 1, "y": 2}]})",
            R"({"a": [{"x": 3, "y": 0}, {"x": 0, "y": 9}]})",
            R"({"a": {"x": 1, "y": 3}})",
            R"({"a": []})",
            R"({"a": [{"x": [4, -1]}]})",
            R"({"a": 5})",
            R"({"a": [5, {"x": 2}]})",
            R"({"a": [[{"x": -5}]]})",
        },
        {
            {R"({"a.x": 1})", "3 5 6 7 4 1 0 2"},
            {R"({"a.x": -1})", "4 1 6 0 2 3 5 7"},
            {R"({"a.x": 1, "a.y": 1})", "3 5 6 7 4 1 0 2"},
            {R"({"a.x": -1, "a.y": 1})", "4 1 6 0 2 3 5 7"},
            {R"({"a.x": 1, "a.y": -1})", "3 5 6 7 4 1 0 2"},
            {R"({"a.0.x": 1})", "2 3 5 6 7 4 0 1"},
            {R"({"a.1.x": -1})", "6 0 1 2 3 4 5 7"},
            {R"({"a": 1})", "3 5 6 1 0 2 4 7"},
        });
}

TEST(Sorter, IsStableAndStopsAtTheLimit) {
    auto docs = numbered({R"({"a": 2})", R"({"a": 1})", R"({"a": 2})", R"({"a": 1})", R"({"a": 0})"});
    auto const s = sorter::compile(json(R"({"a": 1})"));
    s.sort(docs, 3);
    EXPECT_EQ(ids_of(docs), "4 1 3");
    s.sort(docs, 10);
    EXPECT_EQ(ids_of(docs), "4 1 3");
}

TEST(Sorter, FollowsTheCollation) {
    query_options options;
    options.collation = collator::make(json(R"({"locale": "en", "strength": 2})"));
    auto docs = numbered(
        {R"({"s": "b"})", R"({"s": "C"})", R"({"s": "A"})", R"({"s": "á"})", R"({"s": "a"})", R"({"s": "_"})", R"({"s": "1"})"});
    sorter::compile(json(R"({"s": 1})"), options).sort(docs);
    EXPECT_EQ(ids_of(docs), "5 6 2 4 3 0 1");
}

TEST(Sorter, RefusesWhatTheServerRefuses) {
    struct refused_case {
        char const* order;
        char const* expected;
    };
    constexpr refused_case cases[] = {
        {R"({"a": "x"})", "error 15974"},
        {R"({"a": 2})", "error 15975"},
        {R"({"a": 0})", "error 15975"},
        {R"({"a": true})", "error 15974"},
        {R"({"": 1})", "error 40352"},
        {R"({"a.": 1})", "error 40353"},
        {R"({"a..b": 1})", "error 15998"},
        {R"({"$a": 1})", "error 16410"},
        {R"({"a": {"$meta": "textScore"}})", "error 40218"},
        {R"({"a": {"$meta": "randVal"}})", "unsupported"},
        {R"({"$natural": -1})", "unsupported"},
    };
    for (auto const& [order, expected] : cases) {
        SCOPED_TRACE(order);
        EXPECT_EQ(answer_of([&] { return sorter::compile(json(order)).empty(); }), expected);
    }
    EXPECT_TRUE(sorter::compile(json(R"({"$natural": 1})")).empty());
}

TEST(Sorter, ParallelArraysAndAmbiguousPositionsAreRefused) {
    auto const key = [](char const* order, char const* source) {
        return answer_of([&] { return static_cast<int>(sorter::compile(json(order)).key_of(json(source)).size()); });
    };
    EXPECT_EQ(key(R"({"a": 1, "b": 1})", R"({"a": [1], "b": [2]})"), "error 2");
    EXPECT_EQ(key(R"({"a.0": 1, "b": 1})", R"({"a": [1], "b": [2]})"), "error 2");
    EXPECT_EQ(key(R"({"a.0": 1})", R"({"a": [{"0": 1}]})"), "error 16746");
}

TEST(Sorter, NamesItsParts) {
    auto const s = sorter::compile(json(R"({"a.b": 1, "c": -1})"));
    ASSERT_EQ(s.parts().size(), 2U);
    EXPECT_EQ(s.parts()[0].path, "a.b");
    EXPECT_FALSE(s.parts()[0].descending);
    EXPECT_TRUE(s.parts()[1].descending);
}

} // namespace
} // namespace cormorant::memory
