#include "expect_error.hpp"

#include <cormorant/bson/json.hpp>
#include <cormorant/bson/value.hpp>

#include <gtest/gtest.h>

#include <algorithm>

namespace cormorant::test {
namespace {

std::string const long_text(50, 'x');

TEST(Array, IsEmptyByDefault) {
    array const a;
    EXPECT_TRUE(a.empty());
    EXPECT_EQ(a.begin(), a.end());
}

TEST(Array, GrowsAndKeepsOrder) {
    array a;
    for (int i = 0; i < 1000; ++i) {
        a.push_back(std::to_string(i) + long_text);
    }
    ASSERT_EQ(a.size(), 1000U);
    for (int i = 0; i < 1000; ++i) {
        EXPECT_EQ(a[static_cast<std::size_t>(i)], std::to_string(i) + long_text);
    }
}

TEST(Array, AppendsItsOwnElements) {
    array a = arr(long_text);
    for (int i = 0; i < 20; ++i) {
        a.push_back(a[0]);
    }
    EXPECT_EQ(a.back(), long_text);
    EXPECT_EQ(a.front(), long_text);
}

TEST(Array, InsertsAndErasesAnywhere) {
    array a = arr(1, 2);
    EXPECT_EQ(*a.insert(a.begin(), long_text), long_text);
    a.insert(a.end(), 3);
    a.insert(a.begin() + 2, 4);
    EXPECT_EQ(a, arr(long_text, 1, 4, 2, 3));
    EXPECT_EQ(*a.erase(a.begin()), 1);
    EXPECT_EQ(*a.erase(a.begin() + 1, a.begin() + 3), 3);
    EXPECT_EQ(a, arr(1, 3));
    auto const* const rest = a.erase(a.begin(), a.end());
    EXPECT_EQ(rest, a.end());
    EXPECT_TRUE(a.empty());
    a.erase(a.begin(), a.end());
    EXPECT_TRUE(a.empty());
}

TEST(Array, ResizesWithNull) {
    array a = arr(long_text, long_text);
    a.resize(5);
    EXPECT_EQ(a, arr(long_text, long_text, nullptr, nullptr, nullptr));
    a.resize(1);
    EXPECT_EQ(a, arr(long_text));
    a.pop_back();
    EXPECT_TRUE(a.empty());
    a.resize(0);
    a.clear();
    EXPECT_TRUE(a.empty());
}

TEST(Array, ReservesOnce) {
    array a;
    a.reserve(100);
    a.push_back(1);
    auto const* const first = &a[0];
    for (int i = 0; i < 99; ++i) {
        a.push_back(i);
    }
    EXPECT_EQ(first, &a[0]);
}

TEST(Array, AtNamesPositionAndSize) {
    array a = arr(1);
    EXPECT_EQ(a.at(0), 1);
    EXPECT_ERROR(a.at(1), not_found, "position 1 is beyond the end of an array of 1 elements");
}

TEST(Array, IsSortable) {
    array a(make_arena());
    for (auto const* const text : {"pear", "an apple that is not short", "fig"}) {
        a.push_back(text);
    }
    a.push_back(3);
    std::sort(a.begin(), a.end(), value_less());
    EXPECT_EQ(a, arr(3, "an apple that is not short", "fig", "pear"));
}

TEST(Array, EmplacesAndConstructsInPlace) {
    array a;
    EXPECT_EQ(a.emplace_back("x"), "x");
    EXPECT_EQ(a.emplace_back(), nullptr);
    EXPECT_EQ(a.emplace_back(std::vector<int>{1}), value(arr(1)));
}

TEST(Array, MovedFromIsEmpty) {
    array a = arr(long_text);
    array const b = std::move(a);
    EXPECT_TRUE(a.empty()); // NOLINT: the state after a move is part of the contract
    EXPECT_EQ(b, arr(long_text));
    a.push_back(1);
    EXPECT_EQ(a, arr(1));
}

TEST(Array, DiffersByLength) {
    EXPECT_FALSE(arr(1) == arr(1, 2));
    EXPECT_TRUE(arr() == arr());
}

} // namespace
} // namespace cormorant::test
