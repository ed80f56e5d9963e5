#include "expect_error.hpp"

#include <cormorant/bson/types.hpp>

#include <gtest/gtest.h>

#include <cmath>
#include <set>
#include <thread>
#include <unordered_set>

namespace cormorant::test {
namespace {

using std::chrono::milliseconds;

TEST(BsonType, HasTheAliasesOfMongoDb) {
    EXPECT_EQ(to_string(bson_type::document), "object");
    EXPECT_EQ(to_string(bson_type::binary), "binData");
    EXPECT_EQ(to_string(bson_type::int32), "int");
    EXPECT_EQ(to_string(bson_type::int64), "long");
    EXPECT_EQ(to_string(static_cast<bson_type>(0x55)), "unknown");
}

TEST(ObjectId, ReadsAndWrites24Digits) {
    auto const id = object_id("56E1fc72e0c917e9c4714161");
    EXPECT_EQ(id.to_string(), "56e1fc72e0c917e9c4714161");
    EXPECT_EQ(object_id().to_string(), "000000000000000000000000");
    EXPECT_EQ(object_id::parse(id.to_string()), id);
}

TEST(ObjectId, RefusesOtherText) {
    for (auto const* const text :
        {"", "56e1fc72e0c917e9c471416", "56e1fc72e0c917e9c47141611", "56e1fc72e0c917e9c471416g", "56e1fc72 0c917e9c4714161"}) {
        EXPECT_FALSE(object_id::parse(text)) << text;
        EXPECT_ERROR(object_id(text), invalid_argument, "is not an object id");
    }
}

TEST(ObjectId, HasTheTimeOfItsMaking) {
    EXPECT_EQ(object_id("56e1fc72e0c917e9c4714161").time(), std::chrono::sys_seconds(std::chrono::seconds(0x56e1fc72)));
    auto const before = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
    auto const id = object_id::generate();
    EXPECT_GE(id.time(), before);
    EXPECT_LE(id.time(), std::chrono::system_clock::now());
}

TEST(ObjectId, NewOnesDiffer) {
    std::vector<std::vector<object_id>> made(4);
    std::vector<std::thread> threads;
    for (auto& mine : made) {
        threads.emplace_back([&mine] {
            for (int i = 0; i < 10000; ++i) {
                mine.push_back(object_id::generate());
            }
        });
    }
    std::unordered_set<object_id> all;
    for (std::size_t i = 0; i < threads.size(); ++i) {
        threads[i].join();
        all.insert(made[i].begin(), made[i].end());
    }
    EXPECT_EQ(all.size(), 40000U);
    // One process: the same five bytes in the middle.
    auto const middle = [](object_id const& id) { return id.to_string().substr(8, 10); };
    EXPECT_EQ(middle(made[0][0]), middle(made[3][9999]));
}

TEST(ObjectId, OrdersByBytes) {
    EXPECT_LT(object_id("00000000000000000000000f"), object_id("000000000000000000000010"));
    EXPECT_LT(object_id("7fffffffffffffffffffffff"), object_id("800000000000000000000000"));
}

struct date_entry {
    char const* text;
    std::int64_t expected;
};

class Iso8601 : public testing::TestWithParam<date_entry> {};

TEST_P(Iso8601, IsUnderstood) {
    auto const parsed = parse_iso8601(GetParam().text);
    ASSERT_TRUE(parsed.has_value()) << GetParam().text;
    EXPECT_EQ(parsed->time_since_epoch().count(), GetParam().expected) << GetParam().text;
}

INSTANTIATE_TEST_SUITE_P(Table, Iso8601,
    testing::Values(date_entry{"1970-01-01", 0}, date_entry{"1970-01-01T00:00:00Z", 0},
        date_entry{"2020-01-02T03:04:05.678Z", 1577934245678}, date_entry{"2020-01-02t03:04:05.678z", 1577934245678},
        date_entry{"2020-01-02 03:04:05Z", 1577934245000}, date_entry{"2020-01-02T03:04Z", 1577934240000},
        date_entry{"2020-01-02T03:04:05.6Z", 1577934245600}, date_entry{"2020-01-02T03:04:05.678999Z", 1577934245678},
        date_entry{"2020-01-02T03:04:05,678Z", 1577934245678}, date_entry{"2020-01-02T05:04:05+02:00", 1577934245000},
        date_entry{"2020-01-02T05:04:05+0200", 1577934245000}, date_entry{"2020-01-02T05:04:05+02", 1577934245000},
        date_entry{"2020-01-01T22:34:05-04:30", 1577934245000}, date_entry{"2016-12-31T23:59:60Z", 1483228800000},
        date_entry{"0000-01-01T00:00:00Z", -62167219200000}, date_entry{"9999-12-31T23:59:59.999Z", 253402300799999},
        date_entry{"1969-12-31T23:59:59.999Z", -1}, date_entry{"2000-02-29", 951782400000}));

TEST(Iso8601Parser, RefusesWhatIsNoDate) {
    for (auto const* const text :
        {"", "2020", "2020-01", "2020-13-01", "2020-00-01", "2020-02-30", "1900-02-29", "2020-01-02T", "2020-01-02T03",
            "2020-01-02T03:04", "2020-01-02T03:04:05", "2020-01-02T24:00:00Z", "2020-01-02T03:60:00Z", "2020-01-02T03:04:61Z",
            "2020-01-02T03:04:05.Z", "2020-01-02T03:04:05Zx", "2020-01-02T03:04:05+24:00", "2020-01-02T03:04:05+02:60",
            "2020-01-02T03:04:05+2", "2020-1-2", "20200102", "x020-01-02", "2020-01-02x03:04:05Z", " 2020-01-02"}) {
        EXPECT_FALSE(parse_iso8601(text)) << text;
    }
}

TEST(Iso8601Writer, WritesMillisecondsAlways) {
    EXPECT_EQ(to_iso8601(datetime(milliseconds(1577934245678))), "2020-01-02T03:04:05.678Z");
    EXPECT_EQ(to_iso8601(datetime()), "1970-01-01T00:00:00.000Z");
    EXPECT_EQ(to_iso8601(datetime(milliseconds(-1))), "1969-12-31T23:59:59.999Z");
    EXPECT_EQ(to_iso8601(datetime(milliseconds(-62167219200000))), "0000-01-01T00:00:00.000Z");
}

TEST(Iso8601Writer, GivesMillisecondsBeyondTheCalendar) {
    EXPECT_EQ(to_iso8601(datetime(milliseconds(253402300800000))), "253402300800000");
    EXPECT_EQ(to_iso8601(datetime(milliseconds(-62167219200001))), "-62167219200001");
    EXPECT_EQ(to_iso8601(datetime::max()), "9223372036854775807");
    EXPECT_EQ(to_iso8601(datetime::min()), "-9223372036854775808");
}

TEST(Now, IsNow) {
    auto const before = std::chrono::floor<milliseconds>(std::chrono::system_clock::now());
    auto const asked = now();
    EXPECT_GE(asked, before);
    EXPECT_LE(asked, std::chrono::system_clock::now());
}

struct decimal_entry {
    char const* text;
    char const* written;
    double as_double;
};

class Decimal : public testing::TestWithParam<decimal_entry> {};

TEST_P(Decimal, IsReadWrittenAndConverted) {
    auto const d = decimal128::parse(GetParam().text);
    EXPECT_EQ(d.to_string(), GetParam().written);
    auto const expected = GetParam().as_double;
    if (std::isnan(expected)) {
        EXPECT_TRUE(std::isnan(d.to_double()));
    } else {
        EXPECT_EQ(d.to_double(), expected);
        EXPECT_EQ(std::signbit(d.to_double()), std::signbit(expected));
    }
}

INSTANTIATE_TEST_SUITE_P(Table, Decimal,
    testing::Values(decimal_entry{"0", "0", 0}, decimal_entry{"-0", "-0", -0.0}, decimal_entry{"1", "1", 1},
        decimal_entry{"1.50", "1.50", 1.5}, decimal_entry{"-12.5E1", "-125", -125}, decimal_entry{"1e3", "1E+3", 1000},
        decimal_entry{"0.1", "0.1", 0.1},
        decimal_entry{"9999999999999999999999999999999999", "9999999999999999999999999999999999", 1e34},
        decimal_entry{"1E+400", "1E+400", HUGE_VAL}, decimal_entry{"-1E+400", "-1E+400", -HUGE_VAL},
        decimal_entry{"1E-400", "1E-400", 0.0},
        decimal_entry{"1234567890123456789E-340", "1.234567890123456789E-322", 1.234567890123456789E-322},
        decimal_entry{"NaN", "NaN", NAN}, decimal_entry{"Infinity", "Infinity", HUGE_VAL},
        decimal_entry{"-Infinity", "-Infinity", -HUGE_VAL}, decimal_entry{"inf", "Infinity", HUGE_VAL}));

TEST(Decimal128, IsZeroByDefault) {
    EXPECT_EQ(decimal128().to_string(), "0");
}

TEST(Decimal128, RefusesOtherText) {
    for (auto const* const text :
        {"", "x", "1x", "1.2.3", "1e", "--1", " 1", "1 ", "E5", ".", "12345678901234567890123456789012345", "NaNx", "infinit"}) {
        EXPECT_FALSE(decimal128::try_parse(text)) << text;
        EXPECT_ERROR(decimal128::parse(text), invalid_argument, "not a decimal number");
    }
    EXPECT_FALSE(decimal128::try_parse(std::string_view("1\0", 2)));
}

} // namespace
} // namespace cormorant::test
