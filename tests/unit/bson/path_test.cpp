#include "expect_error.hpp"

#include <cormorant/bson/json.hpp>
#include <cormorant/bson/path.hpp>

#include <gtest/gtest.h>

namespace cormorant::test {
namespace {

static_assert(path_head("a.b.c") == "a" && path_head("a") == "a" && path_head("").empty());
static_assert(path_rest("a.b.c") == "b.c" && path_rest("a").empty());
static_assert(path_leaf("a.b.c") == "c" && path_leaf("a") == "a");
static_assert(path_parent("a.b.c") == "a.b" && path_parent("a").empty());
static_assert(path_is_nested("a.b") && !path_is_nested("a"));
static_assert(
    path_starts_with("a.b", "a") && path_starts_with("a", "a") && !path_starts_with("ab", "a") && !path_starts_with("a", "a.b"));
static_assert(path_position("0") == 0 && path_position("12") == 12 && path_position("2147483647") == 2147483647);
static_assert(!path_position("") && !path_position("01") && !path_position("-1") && !path_position("1a") &&
              !path_position("2147483648") && !path_position("99999999999"));

document sample() {
    return doc("a", doc("b", arr(10, doc("c", 20), arr(30)), "0", "zero"), "x", 1, "", doc("", 2));
}

TEST(GetPath, EntersDocumentsByKeyAndArraysByPosition) {
    auto d = sample();
    EXPECT_EQ(*get_path(d, "x"), 1);
    EXPECT_EQ(*get_path(d, "a.b.0"), 10);
    EXPECT_EQ(*get_path(d, "a.b.1.c"), 20);
    EXPECT_EQ(*get_path(d, "a.b.2.0"), 30);
    EXPECT_EQ(*get_path(d, "a.0"), "zero");
    EXPECT_EQ(*get_path(d, "."), 2);
    EXPECT_EQ(*get_path(d, ""), value(doc("", 2)));
    *get_path(d, "a.b.0") = 11;
    EXPECT_EQ(*get_path(d, "a.b.0"), 11);
}

TEST(GetPath, AnswersNothingForWhatIsNotThere) {
    auto const d = sample();
    for (auto const* const path : {"y", "a.y", "x.y", "a.b.3", "a.b.c", "a.b.01", "a.b.0.c", "a.", "a.b.", "x."}) {
        EXPECT_EQ(get_path(d, path), nullptr) << path;
    }
}

TEST(GetPath, StartsAtAValueToo) {
    value v(arr(doc("a", 1)));
    EXPECT_EQ(*get_path(v, "0.a"), 1);
    EXPECT_EQ(get_path(v, "a"), nullptr);
    EXPECT_EQ(get_path(value(1), "a"), nullptr);
}

struct set_entry {
    char const* name;
    char const* before;
    char const* path;
    char const* after;
};

class SetPath : public testing::TestWithParam<set_entry> {};

TEST_P(SetPath, GivesTheDocument) {
    auto d = parse_json_document(GetParam().before);
    auto& set = set_path(d, GetParam().path, 9);
    EXPECT_EQ(to_json(d), GetParam().after);
    EXPECT_EQ(&set, get_path(d, GetParam().path));
    EXPECT_EQ(set, 9);
}

INSTANTIATE_TEST_SUITE_P(Table, SetPath,
    testing::Values(set_entry{"NewKey", "{}", "a", R"({"a":9})"},
        set_entry{"Replaces", R"({"a":1,"b":2})", "a", R"({"a":9,"b":2})"},
        set_entry{"ReplacesAContainer", R"({"a":{"b":2}})", "a", R"({"a":9})"},
        set_entry{"CreatesDocuments", "{}", "a.b.c", R"({"a":{"b":{"c":9}}})"},
        set_entry{"AddsToADocument", R"({"a":{"b":2}})", "a.c", R"({"a":{"b":2,"c":9}})"},
        set_entry{"DigitsAreAKeyWhereThereIsNoArray", "{}", "a.0.b", R"({"a":{"0":{"b":9}}})"},
        set_entry{"SetsAnElement", R"({"a":[1,2]})", "a.1", R"({"a":[1,9]})"},
        set_entry{"AppendsAnElement", R"({"a":[1]})", "a.1", R"({"a":[1,9]})"},
        set_entry{"PadsWithNull", R"({"a":[1]})", "a.3", R"({"a":[1,null,null,9]})"},
        set_entry{"CreatesADocumentInAnArray", R"({"a":[]})", "a.1.b", R"({"a":[null,{"b":9}]})"},
        set_entry{"EntersAnElement", R"({"a":[{"b":1}]})", "a.0.b", R"({"a":[{"b":9}]})"},
        set_entry{"EntersNestedArrays", R"({"a":[[1]]})", "a.0.1", R"({"a":[[1,9]]})"}),
    [](auto const& entry) { return entry.param.name; });

struct refused_entry {
    char const* name;
    char const* before;
    char const* path;
    char const* reason;
};

class SetPathRefuses : public testing::TestWithParam<refused_entry> {};

TEST_P(SetPathRefuses, AndLeavesTheDocumentAlone) {
    auto d = parse_json_document(GetParam().before);
    EXPECT_ERROR(set_path(d, GetParam().path, 9), invalid_argument, GetParam().reason);
    EXPECT_EQ(d, parse_json_document(GetParam().before));
    auto const thrown = error_of([&] { set_path(d, GetParam().path, 9); });
    EXPECT_EQ(std::as_const(*thrown).details().path, GetParam().path);
}

INSTANTIATE_TEST_SUITE_P(Table, SetPathRefuses,
    testing::Values(refused_entry{"ScalarInTheWay", R"({"a":1})", "a.b", "cannot set a.b: there is a value of type int at a"},
        refused_entry{"DeepScalarInTheWay", R"({"a":{"b":"x"}})", "a.b.c.d", "a value of type string at a.b"},
        refused_entry{"NullInTheWay", R"({"a":null})", "a.b", "type null at a"},
        refused_entry{"KeyInAnArray", R"({"a":[1]})", "a.b", R"("b" is no position in the array at a)"},
        refused_entry{"NegativePosition", R"({"a":[1]})", "a.-1", R"("-1" is no position)"},
        refused_entry{"PaddingOutOfBounds", R"({"a":[1]})", "a.2000000000", "too far beyond"},
        refused_entry{"ElementInTheWay", R"({"a":[1]})", "a.0.b", "type int at a.0"}),
    [](auto const& entry) { return entry.param.name; });

TEST(SetPath, TakesAPartOfTheDocument) {
    auto d = doc("a", doc("b", "a text that is not short"));
    set_path(d, "a", d.at("a").as_document().at("b"));
    EXPECT_EQ(d, doc("a", "a text that is not short"));
}

TEST(UnsetPath, RemovesKeysAndNullsElements) {
    auto d = doc("a", doc("b", 1, "c", arr(1, doc("d", 2))), "e", 3);
    EXPECT_TRUE(unset_path(d, "e"));
    EXPECT_TRUE(unset_path(d, "a.b"));
    EXPECT_TRUE(unset_path(d, "a.c.0"));
    EXPECT_TRUE(unset_path(d, "a.c.1.d"));
    EXPECT_EQ(d, doc("a", doc("c", arr(nullptr, doc()))));
    for (auto const* const path : {"e", "x.y", "a.b", "a.c.2", "a.c.x", "a.c.0.z"}) {
        EXPECT_FALSE(unset_path(d, path)) << path;
    }
}

struct collect_entry {
    char const* name;
    char const* document;
    char const* path;
    char const* whole;
    char const* with_elements;
};

class CollectPath : public testing::TestWithParam<collect_entry> {};

TEST_P(CollectPath, GivesWhatMatchingSees) {
    auto const d = parse_json_document(GetParam().document);
    for (auto const leaf : {path_leaf_arrays::whole, path_leaf_arrays::whole_and_elements}) {
        array seen;
        auto const count = collect_path(
            d, GetParam().path, [&](value const& v) { seen.push_back(v); }, leaf);
        EXPECT_EQ(count, seen.size());
        EXPECT_EQ(to_json(seen), leaf == path_leaf_arrays::whole ? GetParam().whole : GetParam().with_elements);
    }
}

INSTANTIATE_TEST_SUITE_P(Table, CollectPath,
    testing::Values(collect_entry{"TopLevel", R"({"a":1})", "a", "[1]", "[1]"},
        collect_entry{"Absent", R"({"a":1})", "b", "[]", "[]"},
        collect_entry{"Nested", R"({"a":{"b":{"c":1}}})", "a.b.c", "[1]", "[1]"},
        collect_entry{"ArrayOfDocuments", R"({"a":[{"b":1},{"b":2},{"c":3},4]})", "a.b", "[1,2]", "[1,2]"},
        collect_entry{"ArrayAtTheEnd", R"({"a":[1,2]})", "a", "[[1,2]]", "[[1,2],1,2]"},
        collect_entry{"ArraysAtTheEnd", R"({"a":[{"b":[1]},{"b":2}]})", "a.b", "[[1],2]", "[[1],1,2]"},
        collect_entry{"Position", R"({"a":[5,6]})", "a.1", "[6]", "[6]"},
        collect_entry{"PositionAndKey", R"({"a":[{"0":"key"},"x"]})", "a.0", R"(["key",{"0":"key"}])", R"(["key",{"0":"key"}])"},
        collect_entry{"PositionThenKey", R"({"a":[{"b":1},{"b":2}]})", "a.1.b", "[2]", "[2]"},
        collect_entry{"ArrayInArrayIsNotEnteredByKey", R"({"a":[[{"b":1}]]})", "a.b", "[]", "[]"},
        collect_entry{"ArrayInArrayByPosition", R"({"a":[[{"b":1}]]})", "a.0.b", "[1]", "[1]"},
        collect_entry{"ArrayInArrayByTwoPositions", R"({"a":[[{"b":1}]]})", "a.0.0.b", "[1]", "[1]"},
        collect_entry{"ThroughAScalar", R"({"a":1})", "a.b", "[]", "[]"}),
    [](auto const& entry) { return entry.param.name; });

} // namespace
} // namespace cormorant::test
