#include <cormorant/bson/json.hpp>
#include <cormorant/bson/value.hpp>

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <unordered_map>

namespace cormorant::test {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double nan = std::numeric_limits<double>::quiet_NaN();

value decimal(std::string_view text) {
    return decimal128::parse(text);
}

/// From the least to the greatest; the values of one row are equal.
std::vector<std::vector<value>> ladder() {
    auto const date = [](std::int64_t ms) { return value(datetime(std::chrono::milliseconds(ms))); };
    auto const bytes = [](std::initializer_list<int> all, int subtype) {
        binary b;
        for (int const i : all) {
            b.bytes.push_back(static_cast<std::byte>(i));
        }
        b.subtype = static_cast<std::uint8_t>(subtype);
        return value(b);
    };
    return {
        {min_key()},
        {undefined()},
        {nullptr},
        {nan, decimal("NaN")},
        {-infinity, decimal("-Infinity")},
        {decimal("-1E+6000")},
        {-1e308},
        {-9223372036854775808.0 * 2},
        {std::numeric_limits<std::int64_t>::min(), -9223372036854775808.0, decimal("-9223372036854775808")},
        {-9223372036854775807L},
        {-1.5, decimal("-1.5"), decimal("-1.500")},
        {-1, -1L, -1.0},
        {-5e-324},
        {decimal("-1E-6000")},
        {0, 0L, 0.0, -0.0, decimal("0"), decimal("-0"), decimal("0E+300")},
        {decimal("1E-6000")},
        {5e-324},
        {decimal("0.1")}, // the double is a little greater
        {0.1},
        {decimal("0.1000000000000000055511151231257828")},
        {decimal("0.3")},
        {1, 1L, 1.0, decimal("1"), decimal("1.00"), decimal("10E-1")},
        {decimal("1.000000000000000000000000000000001")},
        {1.5, decimal("1.5")},
        {9007199254740992L, 9007199254740992.0},
        {9007199254740993L, decimal("9007199254740993")}, // no double has this value
        {9007199254740994L, 9007199254740994.0},
        {9223372036854775807L},
        {9223372036854775808.0, decimal("9223372036854775808")},
        {1e22, decimal("1E22"), decimal("10000000000000000000000")},
        {1e308},
        {decimal("1E+6000")},
        {infinity, decimal("Infinity")},
        {"", symbol{""}},
        {"a", symbol{"a"}},
        {"aa"},
        {"b"},
        {"\u00e4"},
        {doc()},
        {doc("a", 1)},
        {doc("a", 1, "b", nullptr)},
        {doc("a", 2)},
        {doc("b", 1)},
        {doc("a", "")}, // the type comes before the key
        {arr()},
        {arr(nullptr)},
        {arr(1), arr(1.0)},
        {arr(1, 1)},
        {arr(2)},
        {bytes({}, 9)},
        {bytes({1, 2}, 0)},
        {bytes({1, 3}, 0)},
        {bytes({0, 0}, 1)},
        {bytes({0, 0, 0}, 0)},
        {object_id("000000000000000000000001")},
        {object_id("ff0000000000000000000000")},
        {false},
        {true},
        {date(-5)},
        {date(5)},
        {timestamp{1, 9}},
        {timestamp{2, 0}},
        {timestamp{0xFFFFFFFF, 0}},
        {regex{"a", ""}},
        {regex{"a", "i"}},
        {regex{"b", ""}},
        {db_pointer{"b", object_id()}},
        {db_pointer{"b", object_id("000000000000000000000001")}},
        {db_pointer{"aa", object_id()}},
        {code{"a"}},
        {code{"b"}},
        {code_with_scope{"a", doc()}},
        {code_with_scope{"a", doc("a", 1)}},
        {code_with_scope{"b", doc()}},
        {max_key()},
    };
}

TEST(Compare, FollowsMongoDbsOrder) {
    auto const rows = ladder();
    for (std::size_t i = 0; i < rows.size(); ++i) {
        for (std::size_t j = 0; j < rows.size(); ++j) {
            for (auto const& a : rows[i]) {
                for (auto const& b : rows[j]) {
                    EXPECT_TRUE(compare(a, b) == (i <=> j))
                        << to_json(a, json_mode::canonical) << " and " << to_json(b, json_mode::canonical);
                    EXPECT_EQ(a == b, i == j);
                }
            }
        }
    }
}

TEST(Compare, EqualValuesHaveEqualHashes) {
    for (auto const& row : ladder()) {
        for (auto const& v : row) {
            EXPECT_EQ(hash_value(v), hash_value(row.front())) << to_json(v, json_mode::canonical);
        }
    }
}

TEST(Compare, HashesDifferMostly) {
    std::unordered_map<value, int> seen;
    std::unordered_map<std::size_t, int> hashes;
    auto const rows = ladder();
    for (auto const& row : rows) {
        ++seen[row.front()];
        ++hashes[hash_value(row.front())];
    }
    EXPECT_EQ(seen.size(), rows.size());
    EXPECT_GE(hashes.size(), rows.size() - 10); // decimals that are next to a double share its hash
}

TEST(Identical, TellsApartWhatIsEqual) {
    for (auto const& row : ladder()) {
        for (std::size_t i = 0; i < row.size(); ++i) {
            for (std::size_t j = 0; j < row.size(); ++j) {
                EXPECT_EQ(identical(row[i], row[j]), i == j) << row[i] << ' ' << row[j];
            }
        }
    }
}

TEST(Identical, ComparesDoublesByBits) {
    EXPECT_TRUE(identical(value(nan), value(nan)));
    EXPECT_FALSE(identical(value(0.0), value(-0.0)));
    EXPECT_FALSE(identical(value(arr(1)), value(arr(1L))));
    EXPECT_FALSE(identical(value(arr(1)), value(arr(1, 2))));
}

} // namespace
} // namespace cormorant::test
