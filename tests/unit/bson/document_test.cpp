#include "expect_error.hpp"

#include <cormorant/bson/json.hpp>
#include <cormorant/bson/value.hpp>

#include <gtest/gtest.h>

namespace cormorant::test {
namespace {

std::string const long_text(50, 'x');

/// Keys of which some are stored inline and some are not.
std::string key_of(int i) {
    return i % 2 == 0 ? "k" + std::to_string(i) : "a key that is stored outside of its member " + std::to_string(i);
}

document of_size(int count) {
    document d;
    for (int i = 0; i < count; ++i) {
        d.set(key_of(i), i);
    }
    return d;
}

// Below, at and beyond the size from which keys are hashed.
class DocumentOfSize : public testing::TestWithParam<int> {};

TEST_P(DocumentOfSize, FindsEveryKeyAndNoOther) {
    auto const d = of_size(GetParam());
    ASSERT_EQ(d.size(), static_cast<std::size_t>(GetParam()));
    for (int i = 0; i < GetParam(); ++i) {
        ASSERT_NE(d.find(key_of(i)), nullptr) << i;
        EXPECT_EQ(*d.find(key_of(i)), i);
    }
    EXPECT_EQ(d.find("k"), nullptr);
    EXPECT_EQ(d.find(""), nullptr);
    EXPECT_EQ(d.find(key_of(GetParam())), nullptr);
}

TEST_P(DocumentOfSize, KeepsTheOrderOfInsertion) {
    int i = 0;
    for (auto const& [key, v] : of_size(GetParam())) {
        EXPECT_EQ(key, key_of(i));
        EXPECT_EQ(v, i);
        ++i;
    }
    EXPECT_EQ(i, GetParam());
}

TEST_P(DocumentOfSize, FindsTheRestAfterErasing) {
    auto d = of_size(GetParam());
    for (int i = 0; i < GetParam(); i += 3) {
        EXPECT_TRUE(d.erase(key_of(i)));
        EXPECT_FALSE(d.erase(key_of(i)));
    }
    for (int i = 0; i < GetParam(); ++i) {
        EXPECT_EQ(d.contains(key_of(i)), i % 3 != 0) << i;
    }
    d.set("new", 1);
    EXPECT_EQ((d.end() - 1)->key(), "new");
    EXPECT_TRUE(d.contains("new"));
}

TEST_P(DocumentOfSize, PrependsAndRenames) {
    auto d = of_size(GetParam());
    d.prepend("first", long_text);
    EXPECT_EQ(d.begin()->key(), "first");
    EXPECT_EQ(d.at("first"), long_text);
    auto const last = key_of(GetParam() - 1);
    EXPECT_TRUE(d.rename(last, "another key that is stored outside"));
    EXPECT_FALSE(d.contains(last));
    EXPECT_EQ(d.at("another key that is stored outside"), GetParam() - 1);
    EXPECT_EQ((d.end() - 1)->key(), "another key that is stored outside");
    for (int i = 0; i + 1 < GetParam(); ++i) {
        EXPECT_EQ(d.at(key_of(i)), i);
    }
}

TEST_P(DocumentOfSize, ClearForgetsAllKeys) {
    auto d = of_size(GetParam());
    d.clear();
    EXPECT_TRUE(d.empty());
    for (int i = 0; i < GetParam(); ++i) {
        EXPECT_FALSE(d.contains(key_of(i)));
    }
    d.set(key_of(0), "again");
    EXPECT_EQ(d.at(key_of(0)), "again");
}

TEST_P(DocumentOfSize, CopiesIntoAnArena) {
    auto const d = of_size(GetParam());
    document const copy(d, make_arena());
    EXPECT_TRUE(identical(copy, d));
    EXPECT_EQ(copy.at(key_of(GetParam() - 1)), GetParam() - 1);
}

TEST_P(DocumentOfSize, FirstOfTwoEqualKeysIsFound) {
    auto d = of_size(GetParam());
    d.append(key_of(0), "second");
    EXPECT_EQ(d.at(key_of(0)), 0);
    d.erase(d.begin());
    EXPECT_EQ(d.at(key_of(0)), "second");
}

INSTANTIATE_TEST_SUITE_P(Sizes, DocumentOfSize, testing::Values(1, 4, 5, 31, 32, 33, 64, 65, 1000));

TEST(Document, SetReplacesInPlace) {
    document d = doc("a", 1, "b", 2);
    d.set("a", long_text).set("c", 3);
    EXPECT_EQ(d, doc("a", long_text, "b", 2, "c", 3));
}

TEST(Document, SubscriptAppendsNull) {
    document d;
    EXPECT_TRUE(d["a"].is_null());
    d["a"] = 5;
    d["b"] = "x";
    EXPECT_EQ(d, doc("a", 5, "b", "x"));
}

TEST(Document, AtNamesTheMissingKey) {
    document d = doc("a", 1);
    EXPECT_ERROR(d.at("b\n"), not_found, R"("b\n")");
    document const& constant = d;
    EXPECT_EQ(constant.at("a"), 1);
}

TEST(Document, PrependMovesAnExistingKeyToTheFront) {
    document d = doc("a", 1, "b", 2, "c", 3);
    d.prepend("c", 4);
    EXPECT_EQ(d, doc("c", 4, "a", 1, "b", 2));
    d.prepend("c", 5);
    EXPECT_EQ(d, doc("c", 5, "a", 1, "b", 2));
}

TEST(Document, RenameErasesAnotherMemberOfThatKey) {
    document d = doc("a", 1, "b", 2, "c", 3);
    EXPECT_TRUE(d.rename("c", "a"));
    EXPECT_EQ(d, doc("b", 2, "a", 3));
    EXPECT_TRUE(d.rename("b", "a"));
    EXPECT_EQ(d, doc("a", 2));
    EXPECT_FALSE(d.rename("x", "y"));
    EXPECT_TRUE(d.rename("a", "a"));
    EXPECT_EQ(d, doc("a", 2));
}

TEST(Document, MergeSetsEachKey) {
    document d = doc("a", 1, "b", 2);
    d.merge(doc("b", 3, "c", long_text));
    EXPECT_EQ(d, doc("a", 1, "b", 3, "c", long_text));
}

TEST(Document, EraseByIteratorAnswersTheNext) {
    document d = doc("a", 1, "b", 2, "c", 3);
    auto const* const next = d.erase(d.begin() + 1);
    EXPECT_EQ(next->key(), "c");
    auto const* const last = d.erase(d.begin() + 1);
    EXPECT_EQ(last, d.end());
    EXPECT_EQ(d, doc("a", 1));
}

TEST(Document, AppendsUnderAKeyOfItsOwn) {
    document d = doc("k", 1, "l", 2, "m", 3, "n", 4); // full: appending moves the members
    d.append(d.begin()->key(), "copy");
    EXPECT_EQ((d.end() - 1)->key(), "k");
    document outside = doc(long_text, 1, "l", 2, "m", 3, "n", 4);
    outside.append(outside.begin()->key(), "copy");
    EXPECT_EQ((outside.end() - 1)->key(), long_text);
}

TEST(Document, ValuesCanBeChangedInALoop) {
    document d = doc("a", 1, "b", 2);
    for (auto& [key, v] : d) {
        v = std::string(key);
    }
    EXPECT_EQ(d, doc("a", "a", "b", "b"));
}

TEST(Document, GetOrFallsBackForAbsentAndNull) {
    document const d = doc("a", 1, "n", nullptr, "s", "text");
    EXPECT_EQ(d.get_or("a", 5), 1);
    EXPECT_EQ(d.get_or("n", 5), 5);
    EXPECT_EQ(d.get_or("x", 5L), 5L);
    EXPECT_EQ(d.get_or("s", "other"), "text");
    EXPECT_EQ(d.get_or("x", "other"), "other");
    EXPECT_EQ(d.get_or("x", std::string("other")), "other");
    EXPECT_EQ(d.get_or("x", true), true);
    EXPECT_ERROR(d.get_or("s", 5), type_mismatch, "got string");
}

TEST(Document, EqualityHeedsTheOrderOfKeys) {
    EXPECT_TRUE(doc("a", 1, "b", 2) == doc("a", 1.0, "b", 2L));
    EXPECT_FALSE(doc("a", 1, "b", 2) == doc("b", 2, "a", 1));
    EXPECT_FALSE(doc("a", 1) == doc("a", 1, "b", 2));
    EXPECT_FALSE(identical(doc("a", 1), doc("a", 1.0)));
    EXPECT_FALSE(identical(doc("a", 1), doc("b", 1)));
}

TEST(Document, KeysMayBeEmptyOrContainAnything) {
    document d;
    d.set("", 1).set("a.b", 2).set("$c", 3).set(std::string("n\0l", 3), 4);
    EXPECT_EQ(d.at(""), 1);
    EXPECT_EQ(d.at("a.b"), 2);
    EXPECT_EQ(d.at(std::string("n\0l", 3)), 4);
}

TEST(Document, MovedFromIsEmpty) {
    document a = doc("a", long_text);
    document const b = std::move(a);
    EXPECT_TRUE(a.empty()); // NOLINT: the state after a move is part of the contract
    EXPECT_EQ(b, doc("a", long_text));
    a.set("x", 1);
    EXPECT_EQ(a, doc("x", 1));
}

} // namespace
} // namespace cormorant::test
