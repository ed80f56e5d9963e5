#include "suite.hpp"

namespace cormorant::testing {
namespace {

constexpr std::string_view source = R"([{"_id": 1, "n": 1, "a": {"l": 5}}, {"_id": 2, "n": 2}, {"_id": 3, "n": 3}])";
constexpr std::string_view target = R"([{"_id": 1, "n": 10, "k": 1, "a": {"z": 1}}, {"_id": 5, "n": 9}])";

aggregate_op pipeline_of(std::string_view stages) {
    aggregate_op op;
    op.collection = "c";
    op.pipeline = json_array(stages);
    return op;
}

/// A pipeline on `source` that writes to `t`, which begins as `target` with a unique index on `n`. An empty result: as before.
struct output_row {
    char const* name;
    char const* pipeline;
    char const* result;
    int code;
};

constexpr output_row rows[] = {
    {"out_replaces", R"([{"$out": "t"}])", R"([{"_id": 1, "n": 1, "a": {"l": 5}}, {"_id": 2, "n": 2}, {"_id": 3, "n": 3}])", 0},
    {"out_of_nothing_empties", R"([{"$match": {"_id": 77}}, {"$out": "t"}])", "[]", 0},
    {"out_is_all_or_nothing_with_a_duplicate", R"([{"$set": {"n": 1}}, {"$out": "t"}])", "", 11000},
    {"out_is_all_or_nothing_with_a_failure", R"([{"$set": {"x": {"$divide": [1, {"$subtract": ["$n", 3]}]}}}, {"$out": "t"}])",
        "", 2},
    {"out_refuses_bad_ids", R"([{"$project": {"_id": [1]}}, {"$out": "t"}])", "", 53},
    {"out_is_the_last", R"([{"$out": "t"}, {"$match": {}}])", "", 40601},
    {"out_of_a_number", R"([{"$out": 5}])", "", 16990},
    {"out_of_an_empty_name", R"([{"$out": ""}])", "", 73},
    {"out_of_a_bad_name", R"([{"$out": "$t"}])", "", 20},
    {"out_of_a_special_collection", R"([{"$out": "system.t"}])", "", 17385},
    {"out_of_an_internal_database", R"([{"$out": {"db": "local", "coll": "t"}}])", "", 31321},
    {"out_of_too_little", R"([{"$out": {"db": "x"}}])", "", 16994},
    {"out_of_a_database_that_is_no_text", R"([{"$out": {"db": 5, "coll": "t"}}])", "", 13111},
    {"out_of_a_view", R"([{"$out": "v"}])", "", 166},
    {"out_within_a_facet", R"([{"$facet": {"a": [{"$out": "t"}]}}])", "", 40600},
    {"out_within_a_lookup", R"([{"$lookup": {"from": "c", "as": "x", "pipeline": [{"$out": "t"}]}}])", "", 51047},
    {"merge_within_a_union", R"([{"$unionWith": {"coll": "c", "pipeline": [{"$merge": "t"}]}}])", "", 31441},

    {"merge_merges", R"([{"$merge": "t"}])",
        R"([{"_id": 1, "n": 1, "k": 1, "a": {"l": 5}}, {"_id": 2, "n": 2}, {"_id": 3, "n": 3}, {"_id": 5, "n": 9}])", 0},
    {"merge_inserts_fields_by_name", R"([{"$project": {"z": "$n", "b": "$n", "n": 1}}, {"$match": {"_id": 2}}, {"$merge": "t"}])",
        R"([{"_id": 1, "n": 10, "k": 1, "a": {"z": 1}}, {"_id": 2, "b": 2, "n": 2, "z": 2}, {"_id": 5, "n": 9}])", 0},
    {"merge_replaces", R"([{"$merge": {"into": "t", "whenMatched": "replace", "whenNotMatched": "discard"}}])",
        R"([{"_id": 1, "n": 1, "a": {"l": 5}}, {"_id": 5, "n": 9}])", 0},
    {"merge_keeps_what_exists", R"([{"$merge": {"into": "t", "whenMatched": "keepExisting"}}])",
        R"([{"_id": 1, "n": 10, "k": 1, "a": {"z": 1}}, {"_id": 2, "n": 2}, {"_id": 3, "n": 3}, {"_id": 5, "n": 9}])", 0},
    {"merge_that_fails_when_matched_writes_the_others", R"([{"$merge": {"into": "t", "whenMatched": "fail"}}])",
        R"([{"_id": 1, "n": 10, "k": 1, "a": {"z": 1}}, {"_id": 2, "n": 2}, {"_id": 3, "n": 3}, {"_id": 5, "n": 9}])", 11000},
    {"merge_that_fails_when_not_matched_writes_the_others", R"([{"$merge": {"into": "t", "whenNotMatched": "fail"}}])",
        R"([{"_id": 1, "n": 1, "k": 1, "a": {"l": 5}}, {"_id": 5, "n": 9}])", 13113},
    {"merge_updates", R"([{"$merge": {"into": "t", "whenMatched": [{"$set": {"n": {"$add": ["$n", "$$new.n"]}}}]}}])",
        R"([{"_id": 1, "n": 11, "k": 1, "a": {"z": 1}}, {"_id": 2, "n": 2}, {"_id": 3, "n": 3}, {"_id": 5, "n": 9}])", 0},
    {"merge_updates_with_variables",
        R"([{"$merge": {"into": "t", "let": {"v": {"$add": ["$n", 7]}}, "whenMatched": [{"$set": {"n": "$$v"}}], "whenNotMatched": "discard"}}])",
        R"([{"_id": 1, "n": 8, "k": 1, "a": {"z": 1}}, {"_id": 5, "n": 9}])", 0},
    {"merge_on_a_unique_field",
        R"([{"$match": {"_id": 3}}, {"$project": {"_id": 0, "n": {"$literal": 9}, "x": "$n"}}, {"$merge": {"into": "t", "on": ["n"]}}])",
        R"([{"_id": 1, "n": 10, "k": 1, "a": {"z": 1}}, {"_id": 5, "n": 9, "x": 3}])", 0},
    {"merge_must_not_change_ids", R"([{"$match": {"_id": 3}}, {"$set": {"n": 9}}, {"$merge": {"into": "t", "on": "n"}}])", "",
        66},
    {"merge_without_the_field", R"([{"$unset": "n"}, {"$merge": {"into": "t", "on": "n"}}])", "", 51132},
    {"merge_on_an_array", R"([{"$set": {"n": [1]}}, {"$merge": {"into": "t", "on": "n"}}])", "", 51185},
    {"merge_reads_all_before_it_writes", R"([{"$set": {"x": {"$divide": [1, {"$subtract": ["$n", 3]}]}}}, {"$merge": "t"}])", "",
        2},
    {"merge_on_what_is_not_unique", R"([{"$merge": {"into": "t", "on": "k"}}])", "", 51183},
    {"merge_on_nothing", R"([{"$merge": {"into": "t", "on": []}}])", "", 51187},
    {"merge_on_a_field_twice", R"([{"$merge": {"into": "t", "on": ["n", "n"]}}])", "", 31465},
    {"merge_on_a_number", R"([{"$merge": {"into": "t", "on": 5}}])", "", 51186},
    {"merge_on_numbers", R"([{"$merge": {"into": "t", "on": [5]}}])", "", 51134},
    {"merge_into_nothing", R"([{"$merge": {}}])", "", 40414},
    {"merge_into_a_number", R"([{"$merge": {"into": 5}}])", "", 51178},
    {"merge_into_a_database", R"([{"$merge": {"into": {"db": "x"}}}])", "", 5786801},
    {"merge_into_a_view", R"([{"$merge": "v"}])", "", 166},
    {"merge_into_an_internal_database", R"([{"$merge": {"into": {"db": "admin", "coll": "t"}}}])", "", 31320},
    {"merge_into_a_special_collection", R"([{"$merge": "system.t"}])", "", 31319},
    {"merge_with_an_unknown_member", R"([{"$merge": {"into": "t", "foo": 1}}])", "", 40415},
    {"merge_with_an_unknown_mode", R"([{"$merge": {"into": "t", "whenMatched": "foo"}}])", "", 2},
    {"merge_with_modes_that_do_nothing", R"([{"$merge": {"into": "t", "whenMatched": "fail", "whenNotMatched": "fail"}}])", "",
        51181},
    {"merge_with_variables_for_nothing", R"([{"$merge": {"into": "t", "let": {"a": 1}}}])", "", 51199},
    {"merge_with_another_new", R"([{"$merge": {"into": "t", "let": {"new": 1}, "whenMatched": []}}])", "", 51273},
    {"merge_with_a_stage_that_updates_lack", R"([{"$merge": {"into": "t", "whenMatched": [{"$match": {}}]}}])", "", 72},
    {"merge_with_an_unknown_stage", R"([{"$merge": {"into": "t", "whenMatched": [{"$foo": 1}]}}])", "", 40324},
    {"merge_is_the_last", R"([{"$merge": "t"}, {"$out": "t"}])", "", 40601},
    {"merge_of_a_number", R"([{"$merge": 5}])", "", 14},
};

awaitable<void> prepare(store_fixture& f) {
    co_await f.clear();
    co_await f.insert("c", source);
    co_await f.insert("t", target);
    std::vector<index_model> unique(1, index_of(doc("n", 1), doc("unique", true)));
    auto op = indexes_of(std::move(unique));
    op.collection = "t";
    co_await f.run(std::move(op));
    create_collection_op view;
    view.collection = "v";
    view.view_on = "c";
    co_await f.run(std::move(view));
}

awaitable<void> pipelines_write_what_their_rows_say(store_fixture& f) {
    for (output_row const& row : rows) {
        SCOPED_TRACE(row.name);
        co_await prepare(f);
        auto op = pipeline_of(row.pipeline);
        if (row.code == 0) {
            documents const answer = co_await f.all(std::move(op));
            EXPECT_TRUE(answer.empty());
        } else {
            error const e = co_await f.refused(std::move(op));
            EXPECT_EQ(e.details().server_code, row.code) << e.what();
        }
        std::string_view const wanted = *row.result == '\0' ? target : std::string_view(row.result);
        documents const found = co_await f.contents("t");
        EXPECT_EQ(text_of(found), text_of(json_documents(wanted)));
    }
}

awaitable<void> out_keeps_indexes_and_options(store_fixture& f) {
    co_await prepare(f);
    auto first = pipeline_of(R"([{"$out": "t"}])");
    co_await f.all(std::move(first));
    list_indexes_op list;
    list.collection = "t";
    documents const indexes = co_await f.run(std::move(list));
    EXPECT_EQ(indexes.size(), 2u);
    create_collection_op strict;
    strict.collection = "strict";
    strict.options = json(R"({"validator": {"n": {"$lt": 3}}})");
    co_await f.run(std::move(strict));
    auto second = pipeline_of(R"([{"$out": "strict"}])");
    error const e = co_await f.refused(std::move(second));
    EXPECT_EQ(e.code(), errc::document_validation);
    auto third = pipeline_of(R"([{"$limit": 2}, {"$out": "strict"}])");
    co_await f.all(std::move(third));
    documents const found = co_await f.contents("strict");
    EXPECT_EQ(found.size(), 2u);
}

awaitable<void> out_may_replace_its_own_source(store_fixture& f) {
    co_await prepare(f);
    auto op = pipeline_of(R"([{"$match": {"n": {"$gt": 1}}}, {"$set": {"z": 1}}, {"$out": "c"}])");
    co_await f.all(std::move(op));
    documents const found = co_await f.contents("c");
    EXPECT_EQ(text_of(found), text_of(json_documents(R"([{"_id": 2, "n": 2, "z": 1}, {"_id": 3, "n": 3, "z": 1}])")));
}

awaitable<void> merge_generates_the_ids_that_are_missing(store_fixture& f) {
    co_await prepare(f);
    auto op = pipeline_of(R"([{"$limit": 1}, {"$unset": "_id"}, {"$merge": "made"}])");
    co_await f.all(std::move(op));
    documents const found = co_await f.contents("made");
    EXPECT_EQ(found.size(), 1u);
    EXPECT_TRUE(found.at(0).begin()->value().is_object_id());
}

awaitable<void> pipelines_of_views_and_of_documents_write(store_fixture& f) {
    co_await prepare(f);
    auto of_view = pipeline_of(R"([{"$out": "t"}])");
    of_view.collection = "v";
    co_await f.all(std::move(of_view));
    documents const first = co_await f.contents("t");
    EXPECT_EQ(text_of(first), text_of(json_documents(source)));
    auto of_documents = pipeline_of(R"([{"$documents": [{"_id": 1, "d": 1}]}, {"$merge": "u"}])");
    of_documents.collection.clear();
    co_await f.all(std::move(of_documents));
    documents const second = co_await f.contents("u");
    EXPECT_EQ(text_of(second), text_of(json_documents(R"([{"_id": 1, "d": 1}])")));
}

constexpr store_case cases[] = {
    {"pipelines_write_what_their_rows_say", pipelines_write_what_their_rows_say},
    {"out_keeps_indexes_and_options", out_keeps_indexes_and_options},
    {"out_may_replace_its_own_source", out_may_replace_its_own_source},
    {"merge_generates_the_ids_that_are_missing", merge_generates_the_ids_that_are_missing},
    {"pipelines_of_views_and_of_documents_write", pipelines_of_views_and_of_documents_write},
};

} // namespace

std::span<store_case const> output_cases() {
    return cases;
}

} // namespace cormorant::testing
