#include "query_cases.hpp"

#include <memory/aggregation/pipeline.hpp>
#include <memory/match/matcher.hpp>

#include <map>

namespace cormorant::memory {
namespace {

/// Two collections; the pipelines run on the first.
class two_collections final : public environment {
public:
    two_collections(array const& first, array const& second) {
        add("t", first);
        add("f", second);
    }
    std::unique_ptr<document_stream> open(std::string_view collection, document const& filter) const override {
        std::vector<document_ptr> result;
        auto const m = matcher::compile(filter);
        if (auto const found = collections_.find(collection); found != collections_.end()) {
            for (auto const& d : found->second) {
                if (m.matches(*d)) {
                    result.push_back(d);
                }
            }
        }
        return stream_of(std::move(result));
    }
    double random() const override { return 0.5; }

private:
    void add(std::string name, array const& docs) {
        for (value const& d : docs) {
            collections_[name].push_back(std::make_shared<document>(d.as_document()));
        }
    }
    std::map<std::string, std::vector<document_ptr>, std::less<>> collections_;
};

constexpr char const* few =
    R"([{"_id": 0, "k": "a", "v": 1, "t": [1, 2], "o": {"x": 1}}, {"_id": 1, "k": "b", "v": 2.5, "t": [], "o": {"x": 2}}, {"_id": 3, "k": null, "v": "s", "t": null}, {"_id": 4, "v": 5, "t": 7, "o": {"y": 1}}])";
constexpr char const* many =
    R"([{"_id": 0, "k": "a", "v": 1, "t": [1, 2], "o": {"x": 1}}, {"_id": 1, "k": "b", "v": 2.5, "t": [], "o": {"x": 2}}, {"_id": 2, "k": "a", "v": {"$numberLong": "3"}, "t": [2]}, {"_id": 3, "k": null, "v": "s", "t": null}, {"_id": 4, "v": 5, "t": 7, "o": {"y": 1}}, {"_id": 5, "k": "c", "v": null, "t": [null, 3]}, {"_id": 6, "k": 1, "v": 1}, {"_id": 7, "k": 1.0, "v": {"$numberDecimal": "2"}}, {"_id": 8, "k": ["a"], "v": 7}])";
constexpr char const* others =
    R"([{"_id": 0, "k": "a", "n": 1}, {"_id": 1, "k": "b", "n": 2}, {"_id": 2, "k": ["a", "z"], "n": 3}, {"_id": 3, "k": null, "n": 4}, {"_id": 4, "n": 5}, {"_id": 7, "a": [{"k": "a"}, {"k": "b"}], "n": 8}, {"_id": 8, "k": {"$regularExpression": {"pattern": "a", "options": ""}}, "n": 9}])";

query_options options_with(char const* first) {
    query_options options;
    options.world = std::make_shared<two_collections>(json_array(first), json_array(others));
    return options;
}

std::string run(char const* first, char const* stages) {
    return answer_of([&] {
        auto const options = options_with(first);
        auto const stream = pipeline::compile(json_array(stages), options).run(options.world->open("t", document()));
        array result;
        while (auto d = stream->next()) {
            result.push_back(take(std::move(d)));
        }
        return result;
    });
}

struct pipeline_case {
    char const* stages;
    char const* expected;
};

template <std::size_t N>
void check(char const* first, pipeline_case const (&cases)[N]) {
    for (auto const& [stages, expected] : cases) {
        SCOPED_TRACE(stages);
        EXPECT_EQ(run(first, stages), expected_of(expected));
    }
}

TEST(Pipeline, StagesOnSingleDocuments) {
    constexpr pipeline_case cases[] =
        {
            {R"([{"$match": {"v": {"$gt": 1}}}])",
                R"([{"_id": 1, "k": "b", "v": 2.5, "t": [], "o": {"x": 2}}, {"_id": 4, "v": 5, "t": 7, "o": {"y": 1}}])"},
            {R"([{"$match": 5}])", R"(error 15959)"},
            {R"([{"$match": {"$foo": 1}}])", R"(error 2)"},
            {R"([{"$foo": 1}])", R"(error 40324)"},
            {R"([{}])", R"(error 40323)"},
            {R"([5])", R"(error 14)"},
            {R"([{"$match": {}, "$limit": 1}])", R"(error 40323)"},
            {R"([{"$project": {"v": 1, "z": "$o.x"}}])",
                R"([{"_id": 0, "v": 1, "z": 1}, {"_id": 1, "v": 2.5, "z": 2}, {"_id": 3, "v": "s"}, {"_id": 4, "v": 5}])"},
            {R"([{"$project": {}}])", R"(error 51272)"},
            {R"([{"$project": 5}])", R"(error 15969)"},
            {R"([{"$project": {"a": 0, "b": 1}}])", R"(error 31253)"},
            {R"([{"$project": {"o.z": "$v"}}])",
                R"([{"_id": 0, "o": {"z": 1}}, {"_id": 1, "o": {"z": 2.5}}, {"_id": 3, "o": {"z": "s"}}, {"_id": 4, "o": {"z": 5}}])"},
            {R"([{"$project": {"t.z": "$v"}}])",
                R"([{"_id": 0, "t": [{"z": 1}, {"z": 1}]}, {"_id": 1, "t": []}, {"_id": 3, "t": {"z": "s"}}, {"_id": 4, "t": {"z": 5}}])"},
            {R"([{"$project": {"t": {"z": "$v", "w": {"$literal": 1}}}}])",
                R"([{"_id": 0, "t": [{"z": 1, "w": 1}, {"z": 1, "w": 1}]}, {"_id": 1, "t": []}, {"_id": 3, "t": {"z": "s", "w": 1}}, {"_id": 4, "t": {"z": 5, "w": 1}}])"},
            {R"([{"$project": {"a.b": 1, "a": 1}}])", R"(error 31250)"},
            {R"([{"$project": {"v": "lit"}}])",
                R"([{"_id": 0, "v": "lit"}, {"_id": 1, "v": "lit"}, {"_id": 3, "v": "lit"}, {"_id": 4, "v": "lit"}])"},
            {R"([{"$project": {"v": null}}])",
                R"([{"_id": 0, "v": null}, {"_id": 1, "v": null}, {"_id": 3, "v": null}, {"_id": 4, "v": null}])"},
            {R"([{"$project": {"_id": 0}}])",
                R"([{"k": "a", "v": 1, "t": [1, 2], "o": {"x": 1}}, {"k": "b", "v": 2.5, "t": [], "o": {"x": 2}}, {"k": null, "v": "s", "t": null}, {"v": 5, "t": 7, "o": {"y": 1}}])"},
            {R"([{"$project": {"_id": 0, "v": 1}}])", R"([{"v": 1}, {"v": 2.5}, {"v": "s"}, {"v": 5}])"},
            {R"([{"$project": {"v": {"$slice": ["$t", 1]}}}])", R"(error 28724)"},
            {R"([{"$project": {"t.$": 1}}])", R"(error 31324)"},
            {R"([{"$project": {"t": {"$elemMatch": {"$gt": 1}}}}])", R"(error 168)"},
            {R"([{"$project": {"v": 0, "z": "$v"}}])", R"(error 31310)"},
            {R"([{"$project": {"_id": "$k", "v": "$$REMOVE"}}])", R"([{"_id": "a"}, {"_id": "b"}, {"_id": null}, {}])"},
            {R"([{"$project": {"x": ["$k", "$zz"]}}])",
                R"([{"_id": 0, "x": ["a", null]}, {"_id": 1, "x": ["b", null]}, {"_id": 3, "x": [null, null]}, {"_id": 4, "x": [null, null]}])"},
            {R"([{"$addFields": {"n": 1, "o.z": "$v", "t": {"q": 1}}}])",
                R"([{"_id": 0, "k": "a", "v": 1, "t": [{"q": 1}, {"q": 1}], "o": {"x": 1, "z": 1}, "n": 1}, {"_id": 1, "k": "b", "v": 2.5, "t": [], "o": {"x": 2, "z": 2.5}, "n": 1}, {"_id": 3, "k": null, "v": "s", "t": {"q": 1}, "n": 1, "o": {"z": "s"}}, {"_id": 4, "v": 5, "t": {"q": 1}, "o": {"y": 1, "z": 5}, "n": 1}])"},
            {R"([{"$set": {"o": "$$REMOVE"}}])",
                R"([{"_id": 0, "k": "a", "v": 1, "t": [1, 2]}, {"_id": 1, "k": "b", "v": 2.5, "t": []}, {"_id": 3, "k": null, "v": "s", "t": null}, {"_id": 4, "v": 5, "t": 7}])"},
            {R"([{"$set": {"t.q": 5}}])",
                R"([{"_id": 0, "k": "a", "v": 1, "t": [{"q": 5}, {"q": 5}], "o": {"x": 1}}, {"_id": 1, "k": "b", "v": 2.5, "t": [], "o": {"x": 2}}, {"_id": 3, "k": null, "v": "s", "t": {"q": 5}}, {"_id": 4, "v": 5, "t": {"q": 5}, "o": {"y": 1}}])"},
            {R"([{"$set": {}}])",
                R"([{"_id": 0, "k": "a", "v": 1, "t": [1, 2], "o": {"x": 1}}, {"_id": 1, "k": "b", "v": 2.5, "t": [], "o": {"x": 2}}, {"_id": 3, "k": null, "v": "s", "t": null}, {"_id": 4, "v": 5, "t": 7, "o": {"y": 1}}])"},
            {R"([{"$set": 5}])", R"(error 40272)"},
            {R"([{"$addFields": {"a.b": 1, "a": 2}}])", R"(error 40176)"},
            {R"([{"$set": {"o": {"x": "$zz"}}}])",
                R"([{"_id": 0, "k": "a", "v": 1, "t": [1, 2], "o": {}}, {"_id": 1, "k": "b", "v": 2.5, "t": [], "o": {}}, {"_id": 3, "k": null, "v": "s", "t": null, "o": {}}, {"_id": 4, "v": 5, "t": 7, "o": {"y": 1}}])"},
            {R"([{"$set": {"o": {}}}])", R"(error 40180)"},
            {R"([{"$set": {"o": {"a.b": 1}}}])", R"(error 40183)"},
            {R"([{"$set": {"$a": 1}}])", R"(error 16410)"},
            {R"([{"$set": {"_id": "$v"}}])",
                R"([{"_id": 1, "k": "a", "v": 1, "t": [1, 2], "o": {"x": 1}}, {"_id": 2.5, "k": "b", "v": 2.5, "t": [], "o": {"x": 2}}, {"_id": "s", "k": null, "v": "s", "t": null}, {"_id": 5, "v": 5, "t": 7, "o": {"y": 1}}])"},
            {R"([{"$set": {"k": "$v", "v": "$k"}}])",
                R"([{"_id": 0, "k": 1, "v": "a", "t": [1, 2], "o": {"x": 1}}, {"_id": 1, "k": 2.5, "v": "b", "t": [], "o": {"x": 2}}, {"_id": 3, "k": "s", "v": null, "t": null}, {"_id": 4, "t": 7, "o": {"y": 1}, "k": 5}])"},
            {R"([{"$set": {"o": [{"x": 1, "y": "$zz"}]}}])",
                R"([{"_id": 0, "k": "a", "v": 1, "t": [1, 2], "o": [{"x": 1}]}, {"_id": 1, "k": "b", "v": 2.5, "t": [], "o": [{"x": 1}]}, {"_id": 3, "k": null, "v": "s", "t": null, "o": [{"x": 1}]}, {"_id": 4, "v": 5, "t": 7, "o": [{"x": 1}]}])"},
            {R"([{"$set": {"n.m.p": {"$add": [1, 1]}}}])",
                R"([{"_id": 0, "k": "a", "v": 1, "t": [1, 2], "o": {"x": 1}, "n": {"m": {"p": 2}}}, {"_id": 1, "k": "b", "v": 2.5, "t": [], "o": {"x": 2}, "n": {"m": {"p": 2}}}, {"_id": 3, "k": null, "v": "s", "t": null, "n": {"m": {"p": 2}}}, {"_id": 4, "v": 5, "t": 7, "o": {"y": 1}, "n": {"m": {"p": 2}}}])"},
            {R"([{"$unset": "v"}])",
                R"([{"_id": 0, "k": "a", "t": [1, 2], "o": {"x": 1}}, {"_id": 1, "k": "b", "t": [], "o": {"x": 2}}, {"_id": 3, "k": null, "t": null}, {"_id": 4, "t": 7, "o": {"y": 1}}])"},
            {R"([{"$unset": ["v", "o.x"]}])",
                R"([{"_id": 0, "k": "a", "t": [1, 2], "o": {}}, {"_id": 1, "k": "b", "t": [], "o": {}}, {"_id": 3, "k": null, "t": null}, {"_id": 4, "t": 7, "o": {"y": 1}}])"},
            {R"([{"$unset": []}])", R"(error 31119)"},
            {R"([{"$unset": 5}])", R"(error 31002)"},
            {R"([{"$unset": [5]}])", R"(error 31120)"},
            {R"([{"$unset": "_id"}])",
                R"([{"k": "a", "v": 1, "t": [1, 2], "o": {"x": 1}}, {"k": "b", "v": 2.5, "t": [], "o": {"x": 2}}, {"k": null, "v": "s", "t": null}, {"v": 5, "t": 7, "o": {"y": 1}}])"},
            {R"([{"$unset": "t.x"}])",
                R"([{"_id": 0, "k": "a", "v": 1, "t": [1, 2], "o": {"x": 1}}, {"_id": 1, "k": "b", "v": 2.5, "t": [], "o": {"x": 2}}, {"_id": 3, "k": null, "v": "s", "t": null}, {"_id": 4, "v": 5, "t": 7, "o": {"y": 1}}])"},
            {R"([{"$unset": ""}])", R"(error 40352)"},
            {R"([{"$sort": {"v": 1, "_id": 1}}])", R"([{"_id": 0, "k": "a", "v": 1, "t": [1, 2], "o": {"x": 1}}, {"_id": 1, "k": "b", "v": 2.5, "t": [], "o": {"x": 2}}, {"_id": 4, "v": 5, "t": 7, "o": {"y": 1}}, {"_id": 3, "k": null, "v": "s", "t": null}])"},
            {R"([{"$sort": {"v": -1, "_id": 1}}])",
                R"([{"_id": 3, "k": null, "v": "s", "t": null}, {"_id": 4, "v": 5, "t": 7, "o": {"y": 1}}, {"_id": 1, "k": "b", "v": 2.5, "t": [], "o": {"x": 2}}, {"_id": 0, "k": "a", "v": 1, "t": [1, 2], "o": {"x": 1}}])"},
            {R"([{"$sort": {}}])", R"(error 15976)"},
            {R"([{"$sort": 5}])", R"(error 15973)"},
            {R"([{"$sort": {"v": "x"}}])", R"(error 15974)"},
            {R"([{"$sort": {"t": 1, "_id": 1}}, {"$limit": 3}])",
                R"([{"_id": 1, "k": "b", "v": 2.5, "t": [], "o": {"x": 2}}, {"_id": 3, "k": null, "v": "s", "t": null}, {"_id": 0, "k": "a", "v": 1, "t": [1, 2], "o": {"x": 1}}])"},
            {R"([{"$sort": {"v": 1, "_id": 1}}, {"$skip": 2}, {"$limit": 3}])",
                R"([{"_id": 4, "v": 5, "t": 7, "o": {"y": 1}}, {"_id": 3, "k": null, "v": "s", "t": null}])"},
            {R"([{"$limit": 2}])",
                R"([{"_id": 0, "k": "a", "v": 1, "t": [1, 2], "o": {"x": 1}}, {"_id": 1, "k": "b", "v": 2.5, "t": [], "o": {"x": 2}}])"},
            {R"([{"$limit": 0}])", R"(error 15958)"},
            {R"([{"$limit": -1}])", R"(error 5107201)"},
            {R"([{"$limit": "x"}])", R"(error 5107201)"},
            {R"([{"$limit": 1.5}])", R"(error 5107201)"},
            {R"([{"$limit": 2.0}])",
                R"([{"_id": 0, "k": "a", "v": 1, "t": [1, 2], "o": {"x": 1}}, {"_id": 1, "k": "b", "v": 2.5, "t": [], "o": {"x": 2}}])"},
            {R"([{"$skip": 2}])", R"([{"_id": 3, "k": null, "v": "s", "t": null}, {"_id": 4, "v": 5, "t": 7, "o": {"y": 1}}])"},
            {R"([{"$skip": -1}])", R"(error 5107200)"},
            {R"([{"$skip": "x"}])", R"(error 5107200)"},
            {R"([{"$skip": 0}])",
                R"([{"_id": 0, "k": "a", "v": 1, "t": [1, 2], "o": {"x": 1}}, {"_id": 1, "k": "b", "v": 2.5, "t": [], "o": {"x": 2}}, {"_id": 3, "k": null, "v": "s", "t": null}, {"_id": 4, "v": 5, "t": 7, "o": {"y": 1}}])"},
            {R"([{"$skip": 100}])", R"([])"},
            {R"([{"$unwind": "$t"}])",
                R"([{"_id": 0, "k": "a", "v": 1, "t": 1, "o": {"x": 1}}, {"_id": 0, "k": "a", "v": 1, "t": 2, "o": {"x": 1}}, {"_id": 4, "v": 5, "t": 7, "o": {"y": 1}}])"},
            {R"([{"$unwind": {"path": "$t", "preserveNullAndEmptyArrays": true}}])",
                R"([{"_id": 0, "k": "a", "v": 1, "t": 1, "o": {"x": 1}}, {"_id": 0, "k": "a", "v": 1, "t": 2, "o": {"x": 1}}, {"_id": 1, "k": "b", "v": 2.5, "o": {"x": 2}}, {"_id": 3, "k": null, "v": "s", "t": null}, {"_id": 4, "v": 5, "t": 7, "o": {"y": 1}}])"},
            {R"([{"$unwind": {"path": "$t", "includeArrayIndex": "i"}}])",
                R"([{"_id": 0, "k": "a", "v": 1, "t": 1, "o": {"x": 1}, "i": {"$numberLong": "0"}}, {"_id": 0, "k": "a", "v": 1, "t": 2, "o": {"x": 1}, "i": {"$numberLong": "1"}}, {"_id": 4, "v": 5, "t": 7, "o": {"y": 1}, "i": null}])"},
            {R"([{"$unwind": {"path": "$t", "includeArrayIndex": "i", "preserveNullAndEmptyArrays": true}}])",
                R"([{"_id": 0, "k": "a", "v": 1, "t": 1, "o": {"x": 1}, "i": {"$numberLong": "0"}}, {"_id": 0, "k": "a", "v": 1, "t": 2, "o": {"x": 1}, "i": {"$numberLong": "1"}}, {"_id": 1, "k": "b", "v": 2.5, "o": {"x": 2}, "i": null}, {"_id": 3, "k": null, "v": "s", "t": null, "i": null}, {"_id": 4, "v": 5, "t": 7, "o": {"y": 1}, "i": null}])"},
            {R"([{"$unwind": {"path": "$t", "includeArrayIndex": "o.i", "preserveNullAndEmptyArrays": true}}])",
                R"([{"_id": 0, "k": "a", "v": 1, "t": 1, "o": {"x": 1, "i": {"$numberLong": "0"}}}, {"_id": 0, "k": "a", "v": 1, "t": 2, "o": {"x": 1, "i": {"$numberLong": "1"}}}, {"_id": 1, "k": "b", "v": 2.5, "o": {"x": 2, "i": null}}, {"_id": 3, "k": null, "v": "s", "t": null, "o": {"i": null}}, {"_id": 4, "v": 5, "t": 7, "o": {"y": 1, "i": null}}])"},
            {R"([{"$unwind": "t"}])", R"(error 28818)"},
            {R"([{"$unwind": ""}])", R"(error 28812)"},
            {R"([{"$unwind": 5}])", R"(error 15981)"},
            {R"([{"$unwind": {}}])", R"(error 28812)"},
            {R"([{"$unwind": {"path": 5}}])", R"(error 28808)"},
            {R"([{"$unwind": {"path": "$t", "x": 1}}])", R"(error 28811)"},
            {R"([{"$unwind": {"path": "$t", "preserveNullAndEmptyArrays": 1}}])", R"(error 28809)"},
            {R"([{"$unwind": {"path": "$t", "includeArrayIndex": ""}}])", R"(error 28810)"},
            {R"([{"$unwind": {"path": "$t", "includeArrayIndex": "$i"}}])", R"(error 28822)"},
            {R"([{"$unwind": "$o.x"}])",
                R"([{"_id": 0, "k": "a", "v": 1, "t": [1, 2], "o": {"x": 1}}, {"_id": 1, "k": "b", "v": 2.5, "t": [], "o": {"x": 2}}])"},
            {R"([{"$unwind": {"path": "$t", "includeArrayIndex": 5}}])", R"(error 28810)"},
            {R"([{"$replaceRoot": {"newRoot": {"k": "$k"}}}])", R"([{"k": "a"}, {"k": "b"}, {"k": null}, {}])"},
            {R"([{"$match": {"o": {"$exists": 1}}}, {"$replaceWith": "$o"}])", R"([{"x": 1}, {"x": 2}, {"y": 1}])"},
            {R"([{"$replaceWith": "$o"}])", R"(error 40228)"},
            {R"([{"$replaceRoot": {}}])", R"(error 40414)"},
            {R"([{"$replaceRoot": 5}])", R"(error 40229)"},
            {R"([{"$replaceRoot": {"newRoot": "$k"}}])", R"(error 40228)"},
            {R"([{"$replaceRoot": {"newRoot": "$$ROOT", "x": 1}}])", R"(error 40415)"},
            {R"([{"$replaceWith": {"$mergeObjects": ["$o", {"z": 1}]}}])",
                R"([{"x": 1, "z": 1}, {"x": 2, "z": 1}, {"z": 1}, {"y": 1, "z": 1}])"},
            {R"([{"$count": "n"}])", R"([{"n": 4}])"},
            {R"([{"$match": {"zz": 1}}, {"$count": "n"}])", R"([])"},
            {R"([{"$count": ""}])", R"(error 40157)"},
            {R"([{"$count": "$n"}])", R"(error 40158)"},
            {R"([{"$count": "a.b"}])", R"(error 40160)"},
            {R"([{"$count": 5}])", R"(error 40156)"},
            {R"([{"$count": "_id"}])", R"(error 15948)"},
            {R"([{"$sample": {"size": 100}}, {"$count": "n"}])", R"([{"n": 4}])"},
            {R"([{"$sample": {"size": 0}}])", R"([])"},
            {R"([{"$sample": {"size": -1}}])", R"(error 28747)"},
            {R"([{"$sample": {}}])", R"(error 28749)"},
            {R"([{"$sample": 5}])", R"(error 28745)"},
            {R"([{"$sample": {"size": "x"}}])", R"(error 28746)"},
            {R"([{"$sample": {"size": 1, "x": 1}}])", R"(error 28748)"},
            {R"([{"$match": {"$expr": {"$eq": ["$k", "a"]}}}, {"$match": {"v": 1}}])",
                R"([{"_id": 0, "k": "a", "v": 1, "t": [1, 2], "o": {"x": 1}}])"},
        };
    check(few, cases);
}

TEST(Pipeline, StagesThatGroup) {
    constexpr pipeline_case cases[] = {
        {R"([{"$sort": {"_id": 1}}, {"$bucket": {"groupBy": "$v", "boundaries": [0, 2, 5], "default": "other"}}])",
            R"([{"_id": 0, "count": 2}, {"_id": 2, "count": 3}, {"_id": "other", "count": 4}])"},
        {R"([{"$bucket": {"groupBy": "$v", "boundaries": [0]}}])", R"(error 40192)"},
        {R"([{"$bucket": {"groupBy": "$v", "boundaries": [5, 1]}}])", R"(error 40194)"},
        {R"([{"$bucket": {"groupBy": "$v", "boundaries": [5, "a"]}}])", R"(error 40193)"},
        {R"([{"$bucket": {"groupBy": "$v"}}])", R"(error 40198)"},
        {R"([{"$bucket": 5}])", R"(error 40201)"},
        {R"([{"$bucket": {"groupBy": "v", "boundaries": [0, 1]}}])", R"(error 40202)"},
        {R"([{"$bucket": {"groupBy": "$v", "boundaries": [0, 5], "default": 2}}])", R"(error 40199)"},
        {R"([{"$bucket": {"groupBy": "$v", "boundaries": [0, 2, 5], "default": 10, "output": {"n": {"$sum": 1}, "ks": {"$push": "$k"}}}}])",
            R"([{"_id": 0, "n": 2, "ks": ["a", 1]}, {"_id": 2, "n": 3, "ks": ["b", "a", 1.0]}, {"_id": 10, "n": 4, "ks": [null, "c", ["a"]]}])"},
        {R"([{"$bucket": {"groupBy": "$v", "boundaries": ["$a", 1]}}])", R"(error 40191)"},
        {R"([{"$bucket": {"groupBy": "$v", "boundaries": [0, 1], "x": 1}}])", R"(error 40197)"},
        {R"([{"$bucket": {"groupBy": "$v", "boundaries": 5}}])", R"(error 40200)"},
        {R"([{"$bucket": {"groupBy": "$v", "boundaries": [0, 1], "default": "$a"}}])", R"(error 40195)"},
        {R"([{"$bucket": {"groupBy": "$v", "boundaries": [0, 1], "output": 5}}])", R"(error 40196)"},
        {R"([{"$sort": {"_id": 1}}, {"$group": {"_id": "$k"}}, {"$sort": {"_id": 1}}])",
            R"([{"_id": null}, {"_id": 1}, {"_id": "a"}, {"_id": "b"}, {"_id": "c"}, {"_id": ["a"]}])"},
        {R"([{"$sort": {"_id": 1}}, {"$group": {"_id": null, "n": {"$sum": 1}}}, {"$sort": {"_id": 1}}])",
            R"([{"_id": null, "n": 9}])"},
        {R"([{"$sort": {"_id": 1}}, {"$group": {"_id": "$k", "s": {"$sum": "$v"}, "a": {"$avg": "$v"}, "mn": {"$min": "$v"}, "mx": {"$max": "$v"}, "f": {"$first": "$v"}, "l": {"$last": "$v"}, "p": {"$push": "$v"}, "c": {"$count": {}}}}, {"$sort": {"_id": 1}}])",
            R"([{"_id": null, "s": 5, "a": 5.0, "mn": 5, "mx": "s", "f": "s", "l": 5, "p": ["s", 5], "c": 2}, {"_id": 1, "s": {"$numberDecimal": "3"}, "a": {"$numberDecimal": "1.5"}, "mn": 1, "mx": {"$numberDecimal": "2"}, "f": 1, "l": {"$numberDecimal": "2"}, "p": [1, {"$numberDecimal": "2"}], "c": 2}, {"_id": "a", "s": {"$numberLong": "4"}, "a": 2.0, "mn": 1, "mx": {"$numberLong": "3"}, "f": 1, "l": {"$numberLong": "3"}, "p": [1, {"$numberLong": "3"}], "c": 2}, {"_id": "b", "s": 2.5, "a": 2.5, "mn": 2.5, "mx": 2.5, "f": 2.5, "l": 2.5, "p": [2.5], "c": 1}, {"_id": "c", "s": 0, "a": null, "mn": null, "mx": null, "f": null, "l": null, "p": [null], "c": 1}, {"_id": ["a"], "s": 7, "a": 7.0, "mn": 7, "mx": 7, "f": 7, "l": 7, "p": [7], "c": 1}])"},
        {R"([{"$sort": {"_id": 1}}, {"$group": {"_id": {"a": "$k", "b": "$zz"}}}, {"$sort": {"_id": 1}}])",
            R"([{"_id": {}}, {"_id": {"a": null}}, {"_id": {"a": 1}}, {"_id": {"a": "a"}}, {"_id": {"a": "b"}}, {"_id": {"a": "c"}}, {"_id": {"a": ["a"]}}])"},
        {R"([{"$sort": {"_id": 1}}, {"$group": {"_id": {"a": "$o.x"}, "n": {"$sum": 1}}}, {"$sort": {"_id": 1}}])",
            R"([{"_id": {"a": null}, "n": 7}, {"_id": {"a": 1}, "n": 1}, {"_id": {"a": 2}, "n": 1}])"},
        {R"([{"$sort": {"_id": 1}}, {"$group": {"n": {"$sum": 1}}}, {"$sort": {"_id": 1}}])", R"(error 15955)"},
        {R"([{"$sort": {"_id": 1}}, {"$group": {"_id": 1, "x": 5}}, {"$sort": {"_id": 1}}])", R"(error 40234)"},
        {R"([{"$sort": {"_id": 1}}, {"$group": {"_id": 1, "x": {"$foo": 1}}}, {"$sort": {"_id": 1}}])", R"(error 15952)"},
        {R"([{"$sort": {"_id": 1}}, {"$group": {"_id": 1, "x": {"$sum": 1, "$avg": 1}}}, {"$sort": {"_id": 1}}])",
            R"(error 40238)"},
        {R"([{"$sort": {"_id": 1}}, {"$group": {"_id": 1, "a.b": {"$sum": 1}}}, {"$sort": {"_id": 1}}])", R"(error 40235)"},
        {R"([{"$sort": {"_id": 1}}, {"$group": {"_id": 1, "$a": {"$sum": 1}}}, {"$sort": {"_id": 1}}])", R"(error 40236)"},
        {R"([{"$sort": {"_id": 1}}, {"$group": {"_id": 1, "x": {"$sum": [1, 2]}}}, {"$sort": {"_id": 1}}])", R"(error 40237)"},
        {R"([{"$sort": {"_id": 1}}, {"$group": {"_id": 1, "x": {}}}, {"$sort": {"_id": 1}}])", R"(error 40234)"},
        {R"([{"$sort": {"_id": 1}}, {"$group": {"_id": 1, "m": {"$mergeObjects": "$o"}}}, {"$sort": {"_id": 1}}])",
            R"([{"_id": 1, "m": {"x": 2, "y": 1}}])"},
        {R"([{"$sort": {"_id": 1}}, {"$group": {"_id": null, "sd": {"$stdDevPop": "$v"}, "ss": {"$stdDevSamp": "$v"}}}, {"$sort": {"_id": 1}}])",
            R"([{"_id": null, "sd": 2.0429070922964416, "ss": 2.206591856018602}])"},
        {R"([{"$sort": {"_id": 1}}, {"$group": {"_id": "$k", "fn": {"$firstN": {"n": 2, "input": "$v"}}, "ln": {"$lastN": {"n": 1, "input": "$v"}}, "mi": {"$minN": {"n": 2, "input": "$v"}}, "ma": {"$maxN": {"n": 2, "input": "$v"}}}}, {"$sort": {"_id": 1}}])",
            R"([{"_id": null, "fn": ["s", 5], "ln": [5], "mi": [5, "s"], "ma": ["s", 5]}, {"_id": 1, "fn": [1, {"$numberDecimal": "2"}], "ln": [{"$numberDecimal": "2"}], "mi": [1, {"$numberDecimal": "2"}], "ma": [{"$numberDecimal": "2"}, 1]}, {"_id": "a", "fn": [1, {"$numberLong": "3"}], "ln": [{"$numberLong": "3"}], "mi": [1, {"$numberLong": "3"}], "ma": [{"$numberLong": "3"}, 1]}, {"_id": "b", "fn": [2.5], "ln": [2.5], "mi": [2.5], "ma": [2.5]}, {"_id": "c", "fn": [null], "ln": [null], "mi": [], "ma": []}, {"_id": ["a"], "fn": [7], "ln": [7], "mi": [7], "ma": [7]}])"},
        {R"([{"$sort": {"_id": 1}}, {"$group": {"_id": 1, "x": {"$count": 1}}}, {"$sort": {"_id": 1}}])", R"(error 14)"},
        {R"([{"$sort": {"_id": 1}}, {"$group": {"_id": "$t", "n": {"$sum": 1}}}, {"$sort": {"_id": 1}}])",
            R"([{"_id": null, "n": 4}, {"_id": 7, "n": 1}, {"_id": [], "n": 1}, {"_id": [null, 3], "n": 1}, {"_id": [1, 2], "n": 1}, {"_id": [2], "n": 1}])"},
        {R"([{"$sort": {"_id": 1}}, {"$group": {"_id": 1, "x": {"$push": {"a": "$k", "b": "$zz"}}}}, {"$sort": {"_id": 1}}])",
            R"([{"_id": 1, "x": [{"a": "a"}, {"a": "b"}, {"a": "a"}, {"a": null}, {}, {"a": "c"}, {"a": 1}, {"a": 1.0}, {"a": ["a"]}]}])"},
        {R"([{"$sort": {"_id": 1}}, {"$group": {"_id": 1, "x": {"$push": "$zz"}, "y": {"$first": "$zz"}, "z": {"$max": "$zz"}, "w": {"$avg": "$zz"}, "u": {"$sum": "$zz"}}}, {"$sort": {"_id": 1}}])",
            R"([{"_id": 1, "x": [], "y": null, "z": null, "w": null, "u": 0}])"},
        {R"([{"$sort": {"_id": 1}}, {"$group": {"_id": {"$type": "$v"}, "n": {"$sum": "$v"}}}, {"$sort": {"_id": 1}}])", R"([{"_id": "decimal", "n": {"$numberDecimal": "2"}}, {"_id": "double", "n": 2.5}, {"_id": "int", "n": 14}, {"_id": "long", "n": {"$numberLong": "3"}}, {"_id": "null", "n": 0}, {"_id": "string", "n": 0}])"},
        {R"([{"$sort": {"_id": 1}}, {"$group": {"_id": 1, "x": {"$firstN": {"n": 0, "input": 1}}}}, {"$sort": {"_id": 1}}])",
            R"(error 5787908)"},
        {R"([{"$sort": {"_id": 1}}, {"$group": {"_id": 1, "x": {"$firstN": {"input": 1}}}}, {"$sort": {"_id": 1}}])",
            R"(error 5787906)"},
        {R"([{"$sort": {"_id": 1}}, {"$group": {"_id": 1, "x": {"$firstN": 5}}}, {"$sort": {"_id": 1}}])", R"(error 5787801)"},
        {R"([{"$sortByCount": "$k"}, {"$sort": {"_id": 1}}])",
            R"([{"_id": null, "count": 2}, {"_id": 1, "count": 2}, {"_id": "a", "count": 2}, {"_id": "b", "count": 1}, {"_id": "c", "count": 1}, {"_id": ["a"], "count": 1}])"},
        {R"([{"$sortByCount": {"$type": "$v"}}, {"$sort": {"_id": 1}}])",
            R"([{"_id": "decimal", "count": 1}, {"_id": "double", "count": 1}, {"_id": "int", "count": 4}, {"_id": "long", "count": 1}, {"_id": "null", "count": 1}, {"_id": "string", "count": 1}])"},
        {R"([{"$sortByCount": "k"}, {"$sort": {"_id": 1}}])", R"(error 40148)"},
        {R"([{"$sortByCount": 5}, {"$sort": {"_id": 1}}])", R"(error 40149)"},
        {R"([{"$sortByCount": {}}, {"$sort": {"_id": 1}}])", R"(error 40147)"},
        {R"([{"$sortByCount": {"a": 1}}, {"$sort": {"_id": 1}}])", R"(error 40147)"},
    };
    check(many, cases);
}

TEST(Pipeline, StagesThatJoin) {
    constexpr pipeline_case
        cases
            [] =
                {
                    {R"([{"$facet": {"a": [{"$match": {"v": 1}}], "b": [{"$count": "n"}], "c": []}}])",
                        R"([{"a": [{"_id": 0, "k": "a", "v": 1, "t": [1, 2], "o": {"x": 1}}], "b": [{"n": 4}], "c": [{"_id": 0, "k": "a", "v": 1, "t": [1, 2], "o": {"x": 1}}, {"_id": 1, "k": "b", "v": 2.5, "t": [], "o": {"x": 2}}, {"_id": 3, "k": null, "v": "s", "t": null}, {"_id": 4, "v": 5, "t": 7, "o": {"y": 1}}]}])"},
                    {R"([{"$facet": {}}])", R"(error 40169)"},
                    {R"([{"$facet": 5}])", R"(error 40169)"},
                    {R"([{"$facet": {"a": 5}}])", R"(error 40170)"},
                    {R"([{"$facet": {"a": [{"$facet": {"x": []}}]}}])", R"(error 40600)"},
                    {R"([{"$facet": {"$a": []}}])", R"(error 16410)"},
                    {R"([{"$facet": {"a.b": []}}])", R"(error 16412)"},
                    {R"([{"$facet": {"a": [{"$foo": 1}]}}])", R"(error 40324)"},
                    {R"([{"$lookup": {"from": "f", "localField": "k", "foreignField": "k", "as": "j"}}])",
                        R"([{"_id": 0, "k": "a", "v": 1, "t": [1, 2], "o": {"x": 1}, "j": [{"_id": 0, "k": "a", "n": 1}, {"_id": 2, "k": ["a", "z"], "n": 3}]}, {"_id": 1, "k": "b", "v": 2.5, "t": [], "o": {"x": 2}, "j": [{"_id": 1, "k": "b", "n": 2}]}, {"_id": 3, "k": null, "v": "s", "t": null, "j": [{"_id": 3, "k": null, "n": 4}, {"_id": 4, "n": 5}, {"_id": 7, "a": [{"k": "a"}, {"k": "b"}], "n": 8}]}, {"_id": 4, "v": 5, "t": 7, "o": {"y": 1}, "j": [{"_id": 3, "k": null, "n": 4}, {"_id": 4, "n": 5}, {"_id": 7, "a": [{"k": "a"}, {"k": "b"}], "n": 8}]}])"},
                    {R"([{"$lookup": {"from": "f", "localField": "t", "foreignField": "n", "as": "j"}}])",
                        R"([{"_id": 0, "k": "a", "v": 1, "t": [1, 2], "o": {"x": 1}, "j": [{"_id": 0, "k": "a", "n": 1}, {"_id": 1, "k": "b", "n": 2}]}, {"_id": 1, "k": "b", "v": 2.5, "t": [], "o": {"x": 2}, "j": []}, {"_id": 3, "k": null, "v": "s", "t": null, "j": []}, {"_id": 4, "v": 5, "t": 7, "o": {"y": 1}, "j": []}])"},
                    {R"([{"$lookup": {"from": "f", "localField": "zz", "foreignField": "k", "as": "j"}}])", R"([{"_id": 0, "k": "a", "v": 1, "t": [1, 2], "o": {"x": 1}, "j": [{"_id": 3, "k": null, "n": 4}, {"_id": 4, "n": 5}, {"_id": 7, "a": [{"k": "a"}, {"k": "b"}], "n": 8}]}, {"_id": 1, "k": "b", "v": 2.5, "t": [], "o": {"x": 2}, "j": [{"_id": 3, "k": null, "n": 4}, {"_id": 4, "n": 5}, {"_id": 7, "a": [{"k": "a"}, {"k": "b"}], "n": 8}]}, {"_id": 3, "k": null, "v": "s", "t": null, "j": [{"_id": 3, "k": null, "n": 4}, {"_id": 4, "n": 5}, {"_id": 7, "a": [{"k": "a"}, {"k": "b"}], "n": 8}]}, {"_id": 4, "v": 5, "t": 7, "o": {"y": 1}, "j": [{"_id": 3, "k": null, "n": 4}, {"_id": 4, "n": 5}, {"_id": 7, "a": [{"k": "a"}, {"k": "b"}], "n": 8}]}])"},
                    {R"([{"$lookup": {"from": "f", "localField": "k", "foreignField": "kk.k", "as": "o.j"}}])",
                        R"([{"_id": 0, "k": "a", "v": 1, "t": [1, 2], "o": {"x": 1, "j": []}}, {"_id": 1, "k": "b", "v": 2.5, "t": [], "o": {"x": 2, "j": []}}, {"_id": 3, "k": null, "v": "s", "t": null, "o": {"j": [{"_id": 0, "k": "a", "n": 1}, {"_id": 1, "k": "b", "n": 2}, {"_id": 2, "k": ["a", "z"], "n": 3}, {"_id": 3, "k": null, "n": 4}, {"_id": 4, "n": 5}, {"_id": 7, "a": [{"k": "a"}, {"k": "b"}], "n": 8}, {"_id": 8, "k": {"$regularExpression": {"pattern": "a", "options": ""}}, "n": 9}]}}, {"_id": 4, "v": 5, "t": 7, "o": {"y": 1, "j": [{"_id": 0, "k": "a", "n": 1}, {"_id": 1, "k": "b", "n": 2}, {"_id": 2, "k": ["a", "z"], "n": 3}, {"_id": 3, "k": null, "n": 4}, {"_id": 4, "n": 5}, {"_id": 7, "a": [{"k": "a"}, {"k": "b"}], "n": 8}, {"_id": 8, "k": {"$regularExpression": {"pattern": "a", "options": ""}}, "n": 9}]}}])"},
                    {R"([{"$lookup": {"from": "f", "localField": "k", "foreignField": "a.k", "as": "j"}}])", R"([{"_id": 0, "k": "a", "v": 1, "t": [1, 2], "o": {"x": 1}, "j": [{"_id": 7, "a": [{"k": "a"}, {"k": "b"}], "n": 8}]}, {"_id": 1, "k": "b", "v": 2.5, "t": [], "o": {"x": 2}, "j": [{"_id": 7, "a": [{"k": "a"}, {"k": "b"}], "n": 8}]}, {"_id": 3, "k": null, "v": "s", "t": null, "j": [{"_id": 0, "k": "a", "n": 1}, {"_id": 1, "k": "b", "n": 2}, {"_id": 2, "k": ["a", "z"], "n": 3}, {"_id": 3, "k": null, "n": 4}, {"_id": 4, "n": 5}, {"_id": 8, "k": {"$regularExpression": {"pattern": "a", "options": ""}}, "n": 9}]}, {"_id": 4, "v": 5, "t": 7, "o": {"y": 1}, "j": [{"_id": 0, "k": "a", "n": 1}, {"_id": 1, "k": "b", "n": 2}, {"_id": 2, "k": ["a", "z"], "n": 3}, {"_id": 3, "k": null, "n": 4}, {"_id": 4, "n": 5}, {"_id": 8, "k": {"$regularExpression": {"pattern": "a", "options": ""}}, "n": 9}]}])"},
                    {R"([{"$lookup": {"from": "nope", "localField": "k", "foreignField": "k", "as": "j"}}])",
                        R"([{"_id": 0, "k": "a", "v": 1, "t": [1, 2], "o": {"x": 1}, "j": []}, {"_id": 1, "k": "b", "v": 2.5, "t": [], "o": {"x": 2}, "j": []}, {"_id": 3, "k": null, "v": "s", "t": null, "j": []}, {"_id": 4, "v": 5, "t": 7, "o": {"y": 1}, "j": []}])"},
                    {R"([{"$lookup": {"from": "f", "let": {"kk": "$k"}, "pipeline": [{"$match": {"$expr": {"$eq": ["$k", "$$kk"]}}}, {"$project": {"_id": 0, "n": 1}}], "as": "j"}}])",
                        R"([{"_id": 0, "k": "a", "v": 1, "t": [1, 2], "o": {"x": 1}, "j": [{"n": 1}]}, {"_id": 1, "k": "b", "v": 2.5, "t": [], "o": {"x": 2}, "j": [{"n": 2}]}, {"_id": 3, "k": null, "v": "s", "t": null, "j": [{"n": 4}]}, {"_id": 4, "v": 5, "t": 7, "o": {"y": 1}, "j": [{"n": 5}, {"n": 8}]}])"},
                    {R"([{"$lookup": {"from": "f", "pipeline": [{"$match": {"n": {"$lt": 3}}}], "as": "j"}}])",
                        R"([{"_id": 0, "k": "a", "v": 1, "t": [1, 2], "o": {"x": 1}, "j": [{"_id": 0, "k": "a", "n": 1}, {"_id": 1, "k": "b", "n": 2}]}, {"_id": 1, "k": "b", "v": 2.5, "t": [], "o": {"x": 2}, "j": [{"_id": 0, "k": "a", "n": 1}, {"_id": 1, "k": "b", "n": 2}]}, {"_id": 3, "k": null, "v": "s", "t": null, "j": [{"_id": 0, "k": "a", "n": 1}, {"_id": 1, "k": "b", "n": 2}]}, {"_id": 4, "v": 5, "t": 7, "o": {"y": 1}, "j": [{"_id": 0, "k": "a", "n": 1}, {"_id": 1, "k": "b", "n": 2}]}])"},
                    {R"([{"$lookup": {"from": "f", "localField": "k", "foreignField": "k", "pipeline": [{"$match": {"n": {"$lt": 3}}}, {"$project": {"n": 1}}], "as": "j"}}])",
                        R"([{"_id": 0, "k": "a", "v": 1, "t": [1, 2], "o": {"x": 1}, "j": [{"_id": 0, "n": 1}]}, {"_id": 1, "k": "b", "v": 2.5, "t": [], "o": {"x": 2}, "j": [{"_id": 1, "n": 2}]}, {"_id": 3, "k": null, "v": "s", "t": null, "j": []}, {"_id": 4, "v": 5, "t": 7, "o": {"y": 1}, "j": []}])"},
                    {R"([{"$lookup": {"from": "f", "localField": "k", "foreignField": "k", "let": {"vv": "$v"}, "pipeline": [{"$match": {"$expr": {"$lte": ["$n", "$$vv"]}}}], "as": "j"}}])", R"([{"_id": 0, "k": "a", "v": 1, "t": [1, 2], "o": {"x": 1}, "j": [{"_id": 0, "k": "a", "n": 1}]}, {"_id": 1, "k": "b", "v": 2.5, "t": [], "o": {"x": 2}, "j": [{"_id": 1, "k": "b", "n": 2}]}, {"_id": 3, "k": null, "v": "s", "t": null, "j": [{"_id": 3, "k": null, "n": 4}, {"_id": 4, "n": 5}, {"_id": 7, "a": [{"k": "a"}, {"k": "b"}], "n": 8}]}, {"_id": 4, "v": 5, "t": 7, "o": {"y": 1}, "j": [{"_id": 3, "k": null, "n": 4}, {"_id": 4, "n": 5}]}])"},
                    {R"([{"$lookup": {"from": "f", "as": "j"}}])", R"(error 9)"},
                    {R"([{"$lookup": {"from": "f", "localField": "k", "as": "j"}}])", R"(error 9)"},
                    {R"([{"$lookup": {"localField": "k", "foreignField": "k", "as": "j"}}])", R"(error 9)"},
                    {R"([{"$lookup": {"from": "f", "localField": "k", "foreignField": "k"}}])", R"(error 9)"},
                    {R"([{"$lookup": 5}])", R"(error 9)"},
                    {R"([{"$lookup": {"from": "f", "localField": "k", "foreignField": "k", "as": "j", "x": 1}}])", R"(error 9)"},
                    {R"([{"$lookup": {"from": "f", "localField": 5, "foreignField": "k", "as": "j"}}])", R"(error 9)"},
                    {R"([{"$lookup": {"from": "f", "let": {"X": 1}, "pipeline": [], "as": "j"}}])", R"(error 9)"},
                    {R"([{"$lookup": {"from": "f", "pipeline": [{"$match": {"$expr": {"$eq": ["$k", "$$nope"]}}}], "as": "j"}}])",
                        R"(error 17276)"},
                    {R"([{"$lookup": {"from": "f", "let": {"a": "$zz"}, "pipeline": [{"$project": {"_id": 0, "n": 1, "t": {"$type": "$$a"}}}, {"$limit": 1}], "as": "j"}}])",
                        R"([{"_id": 0, "k": "a", "v": 1, "t": [1, 2], "o": {"x": 1}, "j": [{"n": 1, "t": "missing"}]}, {"_id": 1, "k": "b", "v": 2.5, "t": [], "o": {"x": 2}, "j": [{"n": 1, "t": "missing"}]}, {"_id": 3, "k": null, "v": "s", "t": null, "j": [{"n": 1, "t": "missing"}]}, {"_id": 4, "v": 5, "t": 7, "o": {"y": 1}, "j": [{"n": 1, "t": "missing"}]}])"},
                    {R"([{"$lookup": {"from": "f", "let": {"a": "$o"}, "pipeline": [{"$project": {"_id": 0, "t": "$$a.x"}}, {"$limit": 1}], "as": "j"}}])",
                        R"([{"_id": 0, "k": "a", "v": 1, "t": [1, 2], "o": {"x": 1}, "j": [{"t": 1}]}, {"_id": 1, "k": "b", "v": 2.5, "t": [], "o": {"x": 2}, "j": [{"t": 2}]}, {"_id": 3, "k": null, "v": "s", "t": null, "j": [{}]}, {"_id": 4, "v": 5, "t": 7, "o": {"y": 1}, "j": [{}]}])"},
                    {R"([{"$lookup": {"from": "f", "let": {"a": "$k"}, "pipeline": [{"$lookup": {"from": "f", "let": {"b": "$k"}, "pipeline": [{"$match": {"$expr": {"$and": [{"$eq": ["$$a", "$$b"]}, {"$eq": ["$k", "$$a"]}]}}}, {"$project": {"_id": 0, "n": 1}}], "as": "i"}}, {"$project": {"_id": 0, "n": 1, "i": 1}}], "as": "j"}}])", R"([{"_id": 0, "k": "a", "v": 1, "t": [1, 2], "o": {"x": 1}, "j": [{"n": 1, "i": [{"n": 1}]}, {"n": 2, "i": []}, {"n": 3, "i": []}, {"n": 4, "i": []}, {"n": 5, "i": []}, {"n": 8, "i": []}, {"n": 9, "i": []}]}, {"_id": 1, "k": "b", "v": 2.5, "t": [], "o": {"x": 2}, "j": [{"n": 1, "i": []}, {"n": 2, "i": [{"n": 2}]}, {"n": 3, "i": []}, {"n": 4, "i": []}, {"n": 5, "i": []}, {"n": 8, "i": []}, {"n": 9, "i": []}]}, {"_id": 3, "k": null, "v": "s", "t": null, "j": [{"n": 1, "i": []}, {"n": 2, "i": []}, {"n": 3, "i": []}, {"n": 4, "i": [{"n": 4}]}, {"n": 5, "i": []}, {"n": 8, "i": []}, {"n": 9, "i": []}]}, {"_id": 4, "v": 5, "t": 7, "o": {"y": 1}, "j": [{"n": 1, "i": []}, {"n": 2, "i": []}, {"n": 3, "i": []}, {"n": 4, "i": []}, {"n": 5, "i": [{"n": 5}, {"n": 8}]}, {"n": 8, "i": [{"n": 5}, {"n": 8}]}, {"n": 9, "i": []}]}])"},
                    {R"([{"$lookup": {"from": "f", "let": {"a": "$k"}, "pipeline": [{"$match": {"k": "$$a"}}], "as": "j"}}])",
                        R"([{"_id": 0, "k": "a", "v": 1, "t": [1, 2], "o": {"x": 1}, "j": []}, {"_id": 1, "k": "b", "v": 2.5, "t": [], "o": {"x": 2}, "j": []}, {"_id": 3, "k": null, "v": "s", "t": null, "j": []}, {"_id": 4, "v": 5, "t": 7, "o": {"y": 1}, "j": []}])"},
                    {R"([{"$lookup": {"from": "f", "pipeline": 5, "as": "j"}}])", R"(error 14)"},
                    {R"([{"$lookup": {"from": "f", "let": 5, "pipeline": [], "as": "j"}}])", R"(error 9)"},
                    {R"([{"$unionWith": "f"}])",
                        R"([{"_id": 0, "k": "a", "v": 1, "t": [1, 2], "o": {"x": 1}}, {"_id": 1, "k": "b", "v": 2.5, "t": [], "o": {"x": 2}}, {"_id": 3, "k": null, "v": "s", "t": null}, {"_id": 4, "v": 5, "t": 7, "o": {"y": 1}}, {"_id": 0, "k": "a", "n": 1}, {"_id": 1, "k": "b", "n": 2}, {"_id": 2, "k": ["a", "z"], "n": 3}, {"_id": 3, "k": null, "n": 4}, {"_id": 4, "n": 5}, {"_id": 7, "a": [{"k": "a"}, {"k": "b"}], "n": 8}, {"_id": 8, "k": {"$regularExpression": {"pattern": "a", "options": ""}}, "n": 9}])"},
                    {R"([{"$unionWith": {"coll": "f", "pipeline": [{"$match": {"n": 1}}]}}])",
                        R"([{"_id": 0, "k": "a", "v": 1, "t": [1, 2], "o": {"x": 1}}, {"_id": 1, "k": "b", "v": 2.5, "t": [], "o": {"x": 2}}, {"_id": 3, "k": null, "v": "s", "t": null}, {"_id": 4, "v": 5, "t": 7, "o": {"y": 1}}, {"_id": 0, "k": "a", "n": 1}])"},
                    {R"([{"$unionWith": "nope"}])",
                        R"([{"_id": 0, "k": "a", "v": 1, "t": [1, 2], "o": {"x": 1}}, {"_id": 1, "k": "b", "v": 2.5, "t": [], "o": {"x": 2}}, {"_id": 3, "k": null, "v": "s", "t": null}, {"_id": 4, "v": 5, "t": 7, "o": {"y": 1}}])"},
                    {R"([{"$unionWith": 5}])", R"(error 9)"},
                    {R"([{"$unionWith": {"coll": "f", "x": 1}}])", R"(error 40415)"},
                    {R"([{"$unionWith": {"coll": 5}}])", R"(error 14)"},
                };
    check(few, cases);
}

TEST(Pipeline, GraphLookupFollowsLinksBreadthFirst) {
    query_options options;
    options.world = std::make_shared<two_collections>(json_array(R"([{"_id": 0, "v": 1}])"),
        json_array(
            R"([{"_id": 1, "p": null}, {"_id": 2, "p": 1}, {"_id": 3, "p": 1}, {"_id": 4, "p": 2}, {"_id": 1.5, "p": [4, 1]}])"));
    auto const found = [&](char const* more) {
        document graph = json(R"({"from": "f", "startWith": "$v", "connectFromField": "_id", "connectToField": "p", "as": "r"})");
        graph.merge(json(more));
        auto const stream = pipeline::compile(arr(doc("$graphLookup", graph)), options).run(options.world->open("t", document()));
        auto const answer = stream->next();
        std::string result;
        for (value const& each : answer->at("r").as_array()) {
            result += to_json(each.as_document().at("_id")) +
                      (each.as_document().contains("d") ? "@" + to_json(each.as_document().at("d")) : "") + " ";
        }
        return result;
    };
    EXPECT_EQ(found("{}"), "2 3 1.5 4 ");
    EXPECT_EQ(found(R"({"maxDepth": 0})"), "2 3 1.5 ");
    EXPECT_EQ(found(R"({"depthField": "d"})"), "2@0 3@0 1.5@0 4@1 ");
    EXPECT_EQ(found(R"({"restrictSearchWithMatch": {"_id": {"$ne": 2}}})"), "3 1.5 ");
}

TEST(Pipeline, TellsWhatItReads) {
    auto const p =
        pipeline::compile(json_array(R"([{"$match": {"a": 1}}, {"$match": {"b": 2}}, {"$limit": 1}, {"$match": {"c": 3}},
        {"$lookup": {"from": "x", "localField": "a", "foreignField": "b", "as": "j", "pipeline": [{"$unionWith": "y"}]}},
        {"$facet": {"f": [{"$unionWith": "z"}]}}])"));
    EXPECT_EQ(p.leading_filter(), json(R"({"$and": [{"a": 1}, {"b": 2}]})"));
    EXPECT_EQ(p.collections(), (std::vector<std::string>{"x", "y", "z"}));
    EXPECT_FALSE(p.makes_own_input());
    EXPECT_EQ(pipeline::compile(json_array(R"([{"$match": {"a": 1}}])")).leading_filter(), json(R"({"a": 1})"));
    EXPECT_TRUE(pipeline::compile(json_array(R"([{"$limit": 1}, {"$match": {"a": 1}}])")).leading_filter().empty());
}

TEST(Pipeline, DocumentsStageMakesItsOwnInput) {
    auto const p =
        pipeline::compile(json_array(R"([{"$documents": [{"a": 1}, {"a": {"$add": [1, 1]}}]}, {"$match": {"a": 2}}])"));
    EXPECT_TRUE(p.makes_own_input());
    auto const stream = p.run(stream_of({}));
    EXPECT_EQ(*stream->next(), doc("a", 2));
    EXPECT_EQ(stream->next(), nullptr);
}

TEST(Pipeline, ReadsNoMoreThanItIsAskedFor) {
    struct counting final : document_stream {
        explicit counting(int& n) : read(n) {}
        document_ptr next() override {
            ++read;
            return std::make_shared<document>(doc("n", read));
        }
        int& read;
    };
    int read = 0;
    auto const p = pipeline::compile(json_array(R"([{"$match": {"n": {"$gt": 1}}}, {"$set": {"x": 1}}, {"$limit": 2}])"));
    auto const stream = p.run(std::make_unique<counting>(read));
    EXPECT_EQ(*stream->next(), doc("n", 2, "x", 1));
    EXPECT_EQ(read, 2);
    stream->next();
    EXPECT_EQ(stream->next(), nullptr);
    EXPECT_EQ(read, 3);
}

TEST(Pipeline, SharedDocumentsAreNotChanged) {
    auto const shared = std::make_shared<document>(doc("a", arr(1, 2)));
    auto const stream =
        pipeline::compile(json_array(R"([{"$unwind": "$a"}, {"$set": {"b": 1}}, {"$unset": "a"}])")).run(stream_of({shared}));
    EXPECT_EQ(*stream->next(), doc("b", 1));
    EXPECT_EQ(*shared, doc("a", arr(1, 2)));
}

TEST(Pipeline, WindowsForgetWhatLeavesThem) {
    constexpr char const* numbers =
        R"([{"_id": 1, "v": 1.5}, {"_id": 2, "v": {"$numberDouble": "Infinity"}}, {"_id": 3, "v": 2}, {"_id": 4, "v": {"$numberDouble": "NaN"}}, {"_id": 5, "v": "x"}, {"_id": 6, "v": {"$numberDecimal": "3"}}, {"_id": 7}, {"_id": 8, "v": {"$numberLong": "9223372036854775807"}}, {"_id": 9, "v": 1}])";
    constexpr pipeline_case cases[] = {
        {R"([{"$setWindowFields": {"sortBy": {"_id": 1}, "output": {"v": {"$sum": "$v", "window": {"documents": [-1, 0]}}}}}])",
            R"([{"_id": 1, "v": 1.5}, {"_id": 2, "v": {"$numberDouble": "Infinity"}}, {"_id": 3, "v": {"$numberDouble": "Infinity"}}, {"_id": 4, "v": {"$numberDouble": "NaN"}}, {"_id": 5, "v": {"$numberDouble": "NaN"}}, {"_id": 6, "v": {"$numberDecimal": "3"}}, {"_id": 7, "v": {"$numberDecimal": "3"}}, {"_id": 8, "v": {"$numberLong": "9223372036854775807"}}, {"_id": 9, "v": 9.223372036854775807e18}])"},
        {R"([{"$setWindowFields": {"sortBy": {"_id": 1}, "output": {"v": {"$stdDevPop": "$v", "window": {"documents": [-1, 0]}}}}}, {"$match": {"_id": {"$lte": 6}}}])",
            R"([{"_id": 1, "v": 0}, {"_id": 2, "v": null}, {"_id": 3, "v": null}, {"_id": 4, "v": null}, {"_id": 5, "v": null}, {"_id": 6, "v": 0}])"},
        {R"([{"$setWindowFields": {"sortBy": {"_id": 1}, "output": {"v": {"$max": "$v", "window": {"documents": [-1, 0]}}}}}, {"$match": {"_id": {"$gt": 5}}}])",
            R"([{"_id": 6, "v": "x"}, {"_id": 7, "v": {"$numberDecimal": "3"}}, {"_id": 8, "v": {"$numberLong": "9223372036854775807"}}, {"_id": 9, "v": {"$numberLong": "9223372036854775807"}}])"},
    };
    check(numbers, cases);
}

TEST(Pipeline, WindowFunctionsThatTheMemoryStoreLacksAreUnsupportedByName) {
    for (char const* function : {R"({"$sum": 1, "window": {"range": [-1, 1]}})", R"({"$derivative": {"input": "$v"}})"}) {
        auto const stages = arr(doc("$setWindowFields", doc("sortBy", doc("_id", 1), "output", doc("n", parse_json(function)))));
        try {
            pipeline::compile(stages);
            ADD_FAILURE() << function;
        } catch (error const& e) {
            EXPECT_EQ(e.code(), errc::unsupported) << e.what();
        }
    }
}

TEST(Pipeline, StagesThatTheMemoryStoreLacksAreUnsupportedByName) {
    for (char const* name : {"$geoNear", "$densify"}) {
        try {
            pipeline::compile(arr(doc(name, document())));
            ADD_FAILURE() << name;
        } catch (error const& e) {
            EXPECT_EQ(e.code(), errc::unsupported);
            EXPECT_NE(e.message().find(name), std::string::npos);
        }
    }
}

} // namespace
} // namespace cormorant::memory
