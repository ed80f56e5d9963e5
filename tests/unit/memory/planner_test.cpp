#include "memory/index/planner.hpp"

#include <cormorant/bson/json.hpp>

#include <gtest/gtest.h>

namespace cormorant::memory {
namespace {

struct index_row {
    char const* keys;
    char const* options = "{}";
    bool multikey = false;
};

/// A query on some indexes; the index on `_id` is always the first.
access_plan plan_of(std::vector<index_row> const& rows, std::string_view filter, std::string_view order = "{}",
    std::optional<value> const& hint = std::nullopt, bool binary = true) {
    std::vector<index_definition> definitions;
    definitions.push_back(index_definition::of_id());
    for (index_row const& row : rows)
        definitions.push_back(
            index_definition::compile(index_model{parse_json_document(row.keys), parse_json_document(row.options)}));
    std::vector<index_view> views;
    for (std::size_t i = 0; i != definitions.size(); ++i)
        views.push_back({&definitions[i], i != 0 && rows[i - 1].multikey});
    auto const f = parse_json_document(filter);
    auto const matches = matcher::compile(f);
    auto const sort = sorter::compile(parse_json_document(order));
    return choose_plan({f, matches.constraints(), &sort, binary, &hint}, views);
}

/// `1 [2, 3) <sorted`: index, prefix and ends of the ranges, direction and order.
std::string text_of(access_plan const& plan) {
    std::string out;
    if (plan.how == access_plan::kind::collection)
        out = "collection";
    if (plan.how == access_plan::kind::id)
        out = "id " + to_json(array(value(plan.ids.empty() ? array() : [&] {
            array a;
            for (value const& v : plan.ids)
                a.push_back(v);
            return a;
        }()).as_array()));
    if (plan.how == access_plan::kind::index) {
        out = "index " + std::to_string(plan.index);
        for (key_range const& r : plan.ranges) {
            out += " {";
            for (value const& v : r.prefix)
                out += to_json(v) + ";";
            if (r.lower)
                out += (r.lower->inclusive ? ">=" : ">") + to_json(r.lower->at);
            if (r.upper)
                out += (r.upper->inclusive ? "<=" : "<") + to_json(r.upper->at);
            out += "}";
        }
    }
    if (plan.backward)
        out += " backward";
    if (plan.sorted)
        out += " sorted";
    return out;
}

struct plan_row {
    char const* name;
    std::vector<index_row> indexes;
    char const* filter;
    char const* order;
    char const* expected;
};

class planner_test : public ::testing::TestWithParam<plan_row> {};

TEST_P(planner_test, chooses) {
    auto const& row = GetParam();
    EXPECT_EQ(text_of(plan_of(row.indexes, row.filter, row.order)), row.expected);
}

index_row const a{R"({"a": 1})"};
index_row const ab{R"({"a": 1, "b": 1})"};

INSTANTIATE_TEST_SUITE_P(rows, planner_test,
    ::testing::Values(plan_row{"nothing_to_go_by", {a}, "{}", "{}", "collection"},
        plan_row{"a_field_without_index", {a}, R"({"z": 1})", "{}", "collection"},
        plan_row{"an_id", {a}, R"({"_id": 5, "a": 1})", "{}", "id [5] sorted"},
        plan_row{"some_ids_in_their_order", {}, R"({"_id": {"$in": [5, 1, 5]}})", "{}", "id [1,5]"},
        plan_row{"a_range_of_ids", {}, R"({"_id": {"$gt": 5}})", "{}", R"(index 0 {>5<={"$numberDouble":"Infinity"}})"},
        plan_row{"an_equality", {a}, R"({"a": 5})", "{}", "index 1 {5;}"},
        plan_row{"an_in", {a}, R"({"a": {"$in": [7, 5, 7]}})", "{}", "index 1 {5;} {7;}"},
        plan_row{"an_in_descending", {{R"({"a": -1})"}}, R"({"a": {"$in": [5, 7]}})", "{}", "index 1 {7;} {5;}"},
        plan_row{"the_index_with_more_bound_parts", {a, ab}, R"({"a": 5, "b": 6})", "{}", "index 2 {5;6;}"},
        plan_row{"the_shorter_index_otherwise", {ab, a}, R"({"a": 5})", "{}", "index 2 {5;}"},
        plan_row{"an_equality_and_a_range", {ab}, R"({"a": 5, "b": {"$gte": 1, "$lt": 3}})", "{}", "index 1 {5;>=1<3}"},
        plan_row{"combinations_of_ins", {ab}, R"({"a": {"$in": [1, 2]}, "b": {"$in": [3, 4]}})", "{}",
            "index 1 {1;3;} {1;4;} {2;3;} {2;4;}"},
        plan_row{"nothing_after_a_range", {ab}, R"({"a": {"$gt": "x"}, "b": 1})", "{}", R"(index 1 {>"x"<{}})"},
        plan_row{"only_later_parts_are_no_help", {ab}, R"({"b": 1})", "{}", "collection"},
        plan_row{"null_is_not_looked_up", {a}, R"({"a": null})", "{}", "collection"},
        plan_row{"an_or_is_not_looked_up", {a}, R"({"$or": [{"a": 1}, {"b": 2}]})", "{}", "collection"},
        plan_row{"within_an_and", {a}, R"({"$and": [{"a": 1}, {"b": 2}]})", "{}", "index 1 {1;}"},
        plan_row{"an_order", {a}, "{}", R"({"a": 1})", "index 1 {} sorted"},
        plan_row{"an_order_backward", {a}, "{}", R"({"a": -1})", "index 1 {} backward sorted"},
        plan_row{"an_order_after_an_equality", {ab}, R"({"a": 5})", R"({"b": -1})", "index 1 {5;} backward sorted"},
        plan_row{"no_order_after_several_values", {ab}, R"({"a": {"$in": [5, 6]}})", R"({"b": 1})", "index 1 {5;} {6;}"},
        plan_row{
            "ranges_backward", {ab}, R"({"a": {"$in": [5, 6]}})", R"({"a": -1, "b": -1})", "index 1 {6;} {5;} backward sorted"},
        plan_row{"an_order_that_turns_round", {ab}, "{}", R"({"a": 1, "b": -1})", "collection"},
        plan_row{"an_order_longer_than_the_index", {a}, "{}", R"({"a": 1, "b": 1})", "collection"},
        plan_row{"an_equality_before_an_order", {a, {R"({"b": 1})"}}, R"({"a": 5})", R"({"b": 1})", "index 1 {5;}"},
        plan_row{"arrays_have_no_order", {{R"({"a": 1})", "{}", true}}, "{}", R"({"a": 1})", "collection"},
        plan_row{"ranges_met_by_different_elements", {{R"({"a": 1})", "{}", true}}, R"({"a": {"$gt": 5, "$lt": 3}})", "{}",
            R"(index 1 {>5<={"$numberDouble":"Infinity"}})"},
        plan_row{
            "parts_under_one_array", {{R"({"r.a": 1, "r.b": 1})", "{}", true}}, R"({"r.a": 1, "r.b": 2})", "{}", "index 1 {1;}"},
        plan_row{"parts_under_no_array", {{R"({"r.a": 1, "r.b": 1})"}}, R"({"r.a": 1, "r.b": 2})", "{}", "index 1 {1;2;}"},
        plan_row{"positions_are_not_looked_up", {{R"({"a.0": 1})"}}, R"({"a.0": 1})", "{}", "collection"},
        plan_row{"a_hidden_index", {{R"({"a": 1})", R"({"hidden": true})"}}, R"({"a": 1})", "{}", "collection"},
        plan_row{"a_sparse_index_for_a_value", {{R"({"a": 1})", R"({"sparse": true})"}}, R"({"a": 1})", "{}", "index 1 {1;}"},
        plan_row{"a_sparse_index_for_an_order", {{R"({"a": 1})", R"({"sparse": true})"}}, "{}", R"({"a": 1})", "collection"},
        plan_row{"a_partial_index_that_is_implied", {{R"({"a": 1})", R"({"partialFilterExpression": {"b": {"$gt": 5}}})"}},
            R"({"a": 1, "b": 6})", "{}", "index 1 {1;}"},
        plan_row{"a_partial_index_that_is_not", {{R"({"a": 1})", R"({"partialFilterExpression": {"b": {"$gt": 5}}})"}},
            R"({"a": 1, "b": 5})", "{}", "collection"},
        plan_row{"an_index_with_a_collation", {{R"({"a": 1})", R"({"collation": {"locale": "en", "strength": 2}})"}},
            R"({"a": "x"})", "{}", "collection"}),
    [](auto const& row) { return row.param.name; });

TEST(planner_test, another_collation_has_another_order) {
    EXPECT_EQ(text_of(plan_of({a}, "{}", R"({"a": 1})", std::nullopt, false)), "collection");
}

TEST(planner_test, follows_a_hint) {
    EXPECT_EQ(text_of(plan_of({a, ab}, R"({"a": 1})", "{}", value("a_1_b_1"))), "index 2 {1;}");
    EXPECT_EQ(text_of(plan_of({a, ab}, R"({"a": 1})", "{}", value(doc("a", 1, "b", 1)))), "index 2 {1;}");
    EXPECT_EQ(text_of(plan_of({a}, R"({"_id": 1})", "{}", value("a_1"))), "index 1 {}");
    EXPECT_EQ(text_of(plan_of({a}, R"({"a": 1})", "{}", value(doc("$natural", -1)))), "collection backward");
}

TEST(planner_test, refuses_a_hint_without_index) {
    for (value const& hint : {value("b_1"), value(doc("b", 1)), value(doc("a", -1))}) {
        try {
            plan_of({a}, "{}", "{}", hint);
            ADD_FAILURE() << hint;
        } catch (error const& e) {
            EXPECT_EQ(e.details().server_code, 2) << hint;
        }
    }
}

TEST(planner_test, uses_fewer_parts_rather_than_too_many_ranges) {
    array many;
    for (int i = 0; i < 100; ++i)
        many.push_back(i);
    auto const filter = doc("a", doc("$in", many), "b", doc("$in", many));
    EXPECT_EQ(plan_of({ab}, to_json(filter)).ranges.size(), 100u);
}

struct implies_row {
    char const* name;
    char const* filter;
    char const* partial;
    bool expected;
};
class implies_test : public ::testing::TestWithParam<implies_row> {};

TEST_P(implies_test, decides) {
    auto const& row = GetParam();
    auto const filter = parse_json_document(row.filter);
    EXPECT_EQ(implies(filter, matcher::compile(filter).constraints(), parse_json_document(row.partial)), row.expected);
}

INSTANTIATE_TEST_SUITE_P(rows, implies_test,
    ::testing::Values(implies_row{"same_condition", R"({"a": {"$type": "string"}})", R"({"a": {"$type": "string"}})", true},
        implies_row{"no_condition", "{}", R"({"a": 1})", false}, implies_row{"equal", R"({"a": 1})", R"({"a": 1})", true},
        implies_row{"equal_to_another", R"({"a": 2})", R"({"a": 1})", false},
        implies_row{"exists_by_value", R"({"a": 2})", R"({"a": {"$exists": true}})", true},
        implies_row{"exists_by_range", R"({"a": {"$gt": 2}})", R"({"a": {"$exists": true}})", true},
        implies_row{"null_need_not_exist", R"({"a": null})", R"({"a": {"$exists": true}})", false},
        implies_row{"in_all_within", R"({"a": {"$in": [6, 7]}})", R"({"a": {"$gt": 5}})", true},
        implies_row{"in_one_without", R"({"a": {"$in": [5, 7]}})", R"({"a": {"$gt": 5}})", false},
        implies_row{"narrower_range", R"({"a": {"$gte": 6}})", R"({"a": {"$gt": 5}})", true},
        implies_row{"same_open_end", R"({"a": {"$gt": 5}})", R"({"a": {"$gt": 5}})", true},
        implies_row{"closed_end_at_an_open_one", R"({"a": {"$gte": 5}})", R"({"a": {"$gt": 5}})", false},
        implies_row{"other_direction", R"({"a": {"$lt": 9}})", R"({"a": {"$gt": 5}})", false},
        implies_row{"other_type", R"({"a": {"$gt": "x"}})", R"({"a": {"$gt": 5}})", false},
        implies_row{"upper_end", R"({"a": {"$lt": 3}})", R"({"a": {"$lte": 3}})", true},
        implies_row{"all_of_an_and", R"({"a": 6, "b": 1})", R"({"$and": [{"a": {"$gt": 5}}, {"b": 1}]})", true},
        implies_row{"part_of_an_and", R"({"a": 6})", R"({"$and": [{"a": {"$gt": 5}}, {"b": 1}]})", false}),
    [](auto const& row) { return row.param.name; });

} // namespace
} // namespace cormorant::memory
