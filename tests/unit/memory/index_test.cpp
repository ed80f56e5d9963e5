#include "memory/index/index.hpp"

#include <cormorant/bson/json.hpp>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <random>
#include <string>

namespace cormorant::memory {
namespace {

index_definition definition_of(std::string_view keys, std::string_view options = "{}") {
    return index_definition::compile(index_model{parse_json_document(keys), parse_json_document(options)});
}

struct keys_row {
    char const* name;
    char const* keys;
    char const* options;
    char const* doc;
    char const* expected;
};

class index_keys_test : public ::testing::TestWithParam<keys_row> {};

TEST_P(index_keys_test, are_those_of_the_server) {
    auto const& row = GetParam();
    auto const found = keys_of(definition_of(row.keys, row.options), parse_json_document(row.doc));
    array shown;
    for (index_key const& key : found.keys) {
        array one;
        for (value const& v : key)
            one.push_back(v);
        shown.push_back(std::move(one));
    }
    EXPECT_EQ(to_json(shown), row.expected);
}

INSTANTIATE_TEST_SUITE_P(rows, index_keys_test,
    ::testing::Values(keys_row{"one_field", R"({"a": 1})", "{}", R"({"a": 5})", "[[5]]"},
        keys_row{"missing_is_null", R"({"a": 1})", "{}", "{}", "[[null]]"},
        keys_row{"compound", R"({"a": 1, "b": -1})", "{}", R"({"b": "x", "a": 5})", R"([[5,"x"]])"},
        keys_row{"dotted", R"({"a.b.c": 1})", "{}", R"({"a": {"b": {"c": 1}}})", "[[1]]"},
        keys_row{"dotted_through_scalar", R"({"a.b": 1})", "{}", R"({"a": 5})", "[[null]]"},
        keys_row{"array_gives_each_element", R"({"a": 1})", "{}", R"({"a": [3, 1, 2]})", "[[1],[2],[3]]"},
        keys_row{"equal_elements_give_one_key", R"({"a": 1})", "{}", R"({"a": [1, 1.0, 2]})", "[[1],[2]]"},
        keys_row{"empty_array_is_undefined", R"({"a": 1})", "{}", R"({"a": []})", R"([[{"$undefined":true}]])"},
        keys_row{"empty_array_on_the_way_is_null", R"({"a.b": 1})", "{}", R"({"a": []})", "[[null]]"},
        keys_row{"nested_array_is_one_element", R"({"a": 1})", "{}", R"({"a": [[1, 2], 3]})", "[[3],[[1,2]]]"},
        keys_row{"documents_in_array", R"({"a.b": 1})", "{}", R"({"a": [{"b": 2}, {"b": 1}, {}, 7]})", "[[null],[1],[2]]"},
        keys_row{"array_in_documents_in_array", R"({"a.b": 1})", "{}", R"({"a": [{"b": [1, 2]}, {"b": 3}]})", "[[1],[2],[3]]"},
        keys_row{"one_array_expands_both_parts", R"({"a.x": 1, "a.y": 1})", "{}", R"({"a": [{"x": 1, "y": 2}, {"x": 3}]})",
            "[[1,2],[3,null]]"},
        keys_row{"array_beside_a_scalar", R"({"a": 1, "b": 1})", "{}", R"({"a": [1, 2], "b": 5})", "[[1,5],[2,5]]"},
        keys_row{"position", R"({"a.1": 1})", "{}", R"({"a": [5, 6]})", "[[6]]"},
        keys_row{"position_beyond_the_end", R"({"a.7": 1})", "{}", R"({"a": [5, 6]})", "[[null]]"},
        keys_row{"position_of_an_array_is_not_expanded", R"({"a.0": 1})", "{}", R"({"a": [[5, 6]]})", "[[[5,6]]]"},
        keys_row{"field_of_an_array_at_a_position", R"({"a.0.x": 1})", "{}", R"({"a": [[{"x": 1}, {"x": 2}]]})", "[[1],[2]]"},
        keys_row{"position_then_field", R"({"a.0.b": 1})", "{}", R"({"a": [{"b": 1}, {"b": 2}]})", "[[1]]"},
        keys_row{"sparse_leaves_out_what_lacks_all", R"({"a": 1, "b": 1})", R"({"sparse": true})", R"({"c": 1})", "[]"},
        keys_row{"sparse_keeps_what_has_one", R"({"a": 1, "b": 1})", R"({"sparse": true})", R"({"b": 1})", "[[null,1]]"},
        keys_row{"sparse_keeps_null", R"({"a": 1})", R"({"sparse": true})", R"({"a": null})", "[[null]]"},
        keys_row{"partial_leaves_out", R"({"a": 1})", R"({"partialFilterExpression": {"b": {"$gt": 5}}})", R"({"a": 1, "b": 5})",
            "[]"},
        keys_row{
            "partial_keeps", R"({"a": 1})", R"({"partialFilterExpression": {"b": {"$gt": 5}}})", R"({"a": 1, "b": 6})", "[[1]]"}),
    [](auto const& row) { return row.param.name; });

TEST(index_test, a_collation_makes_keys_equal) {
    auto const d = definition_of(R"({"a": 1})", R"({"collation": {"locale": "en", "strength": 2}})");
    EXPECT_EQ(keys_of(d, parse_json_document(R"({"a": ["X", "x", "y"]})")).keys.size(), 2u);
}

int code_of(auto&& f) {
    try {
        f();
    } catch (error const& e) {
        return e.details().server_code;
    }
    return 0;
}

TEST(index_test, arrays_side_by_side_are_refused) {
    auto const d = definition_of(R"({"a": 1, "b": 1})");
    EXPECT_EQ(code_of([&] { keys_of(d, parse_json_document(R"({"a": [1], "b": [2]})")); }), 171);
    EXPECT_EQ(code_of([&] { keys_of(d, parse_json_document(R"({"a": [], "b": []})")); }), 171);
    EXPECT_EQ(code_of([&] { keys_of(d, parse_json_document(R"({"a": [], "b": 1})")); }), 0);
}

TEST(index_test, an_ambiguous_position_is_refused) {
    EXPECT_EQ(code_of([] { keys_of(definition_of(R"({"a.0": 1})"), parse_json_document(R"({"a": [{"0": 1}]})")); }), 16746);
}

TEST(index_test, what_the_store_lacks_is_unsupported) {
    for (char const* const keys : {R"({"a": "2dsphere"})", R"({"a": "hashed"})", R"({"$**": 1})"}) {
        try {
            definition_of(keys);
            ADD_FAILURE() << keys;
        } catch (error const& e) {
            EXPECT_EQ(e.code(), errc::unsupported) << keys;
        }
    }
}

/// A tree over documents, which it keeps alive.
class tree_of {
public:
    explicit tree_of(index_definition definition) : tree(std::move(definition)) {}

    record_handle add(std::string_view json) {
        auto const number = records_.size() + 1;
        records_.push_back({std::make_shared<document const>(parse_json_document(json)), number, 0});
        auto const at = std::prev(records_.cend());
        tree.insert(keys_of(tree.definition(), *at->doc), at);
        return at;
    }
    void remove(record_handle at) { tree.erase(keys_of(tree.definition(), *at->doc), at); }
    std::string scan(key_range const& range, bool backward = false) const {
        std::string result;
        tree.scan(range, backward, [&](record_handle at) {
            result += to_json(at->doc->at("_id"));
            return true;
        });
        return result;
    }

    index tree;

private:
    std::list<record> records_;
};

range_end at_least(value v) {
    return {std::move(v), true};
}
range_end beyond(value v) {
    return {std::move(v), false};
}

TEST(index_test, ranges_are_scanned_in_order) {
    tree_of t(definition_of(R"({"a": 1})"));
    for (char const* const d : {R"({"_id": 1, "a": 3})", R"({"_id": 2, "a": 1})", R"({"_id": 3, "a": 2})",
             R"({"_id": 4, "a": 2})", R"({"_id": 5, "a": "x"})", R"({"_id": 6})"})
        t.add(d);
    EXPECT_EQ(t.scan({}), "623415");
    EXPECT_EQ(t.scan({}, true), "514326");
    EXPECT_EQ(t.scan({{}, at_least(2), at_least(3)}), "341");
    EXPECT_EQ(t.scan({{}, beyond(2), beyond(3)}), "");
    EXPECT_EQ(t.scan({{}, beyond(1), beyond(3)}, true), "43");
    EXPECT_EQ(t.scan({{value(2)}, std::nullopt, std::nullopt}), "34");
    EXPECT_EQ(t.scan({{}, beyond(3), beyond(2)}), "") << "ends the wrong way round";
    EXPECT_EQ(t.scan({{}, at_least(9), beyond(1)}), "");
}

TEST(index_test, descending_parts_turn_the_order_round) {
    tree_of t(definition_of(R"({"a": 1, "b": -1})"));
    for (char const* const d : {R"({"_id": 1, "a": 1, "b": 1})", R"({"_id": 2, "a": 1, "b": 2})", R"({"_id": 3, "a": 2, "b": 1})",
             R"({"_id": 4, "a": 1, "b": 3})"})
        t.add(d);
    EXPECT_EQ(t.scan({}), "4213");
    EXPECT_EQ(t.scan({{value(1)}, at_least(2), std::nullopt}), "42");
    EXPECT_EQ(t.scan({{value(1)}, std::nullopt, beyond(3)}), "21");
    EXPECT_EQ(t.scan({{value(1)}, beyond(1), beyond(3)}, true), "2");
}

TEST(index_test, a_scan_stops_when_it_is_told) {
    tree_of t(definition_of(R"({"a": 1})"));
    t.add(R"({"_id": 1, "a": 1})");
    t.add(R"({"_id": 2, "a": 2})");
    int seen = 0;
    EXPECT_FALSE(t.tree.scan({}, false, [&](record_handle) { return ++seen < 1; }));
    EXPECT_EQ(seen, 1);
}

TEST(index_test, erased_entries_are_gone) {
    tree_of t(definition_of(R"({"a": 1})"));
    auto const first = t.add(R"({"_id": 1, "a": [1, 2]})");
    t.add(R"({"_id": 2, "a": 1})");
    EXPECT_TRUE(t.tree.multikey());
    t.remove(first);
    EXPECT_EQ(t.tree.size(), 1u);
    EXPECT_EQ(t.scan({}), "2");
}

TEST(index_test, a_whole_key_gives_what_the_range_from_it_to_itself_gives) {
    // The one goes by the hash of keys, the other through the tree.
    tree_of t(definition_of(R"({"a": 1})"));
    std::mt19937 random(7);
    std::vector<record_handle> present;
    for (int step = 0; step != 3'000; ++step) {
        if (random() % 5 < 2 && !present.empty()) {
            auto const at = random() % present.size();
            t.remove(present[at]);
            present.erase(present.begin() + static_cast<std::ptrdiff_t>(at));
        } else {
            present.push_back(
                t.add(fmt::format(R"({{"_id": {}, "a": [{}, {}.0, "{}"]}})", step, random() % 40, random() % 40, random() % 9)));
        }
        value const key = step % 3 == 0 ? value(std::to_string(random() % 9)) : value(static_cast<double>(random() % 40));
        ASSERT_EQ(t.scan({{key}, std::nullopt, std::nullopt}), t.scan({{}, at_least(key), at_least(key)})) << step;
    }
    while (!present.empty()) {
        t.remove(present.back());
        present.pop_back();
    }
    EXPECT_EQ(t.tree.size(), 0u);
    EXPECT_EQ(t.scan({{value(1)}, std::nullopt, std::nullopt}), "");
}

TEST(index_test, a_record_that_moves_to_a_key_stands_among_its_entries_by_age) {
    tree_of t(definition_of(R"({"a": 1})"));
    auto const old = t.add(R"({"_id": 1, "a": 1})");
    t.add(R"({"_id": 2, "a": 2})");
    index_keys to;
    to.keys.push_back(index_key(1, value(2)));
    t.tree.insert(to, old);
    EXPECT_EQ(t.scan({{value(2)}, std::nullopt, std::nullopt}), "12");
    t.tree.erase(to, old);
    EXPECT_EQ(t.scan({{value(2)}, std::nullopt, std::nullopt}), "2");
}

TEST(index_test, a_conflict_names_its_owner) {
    tree_of t(definition_of(R"({"a": 1})", R"({"unique": true})"));
    auto const first = t.add(R"({"_id": 1, "a": [1, 2]})");
    auto const keys = keys_of(t.tree.definition(), parse_json_document(R"({"a": [0, 2.0]})"));
    auto const found = t.tree.find_conflict(keys, nullptr);
    ASSERT_TRUE(found);
    EXPECT_EQ(found->owner, first);
    EXPECT_EQ(found->key[0], value(2));
    EXPECT_FALSE(t.tree.find_conflict(keys, &*first)) << "a document is no obstacle to itself";
}

} // namespace
} // namespace cormorant::memory
