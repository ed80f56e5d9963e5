#include "expect_error.hpp"
#include "hex.hpp"

#include <cormorant/bson/bson.hpp>
#include <cormorant/bson/json.hpp>

#include <gtest/gtest.h>

namespace cormorant::test {
namespace {

TEST(Encode, RefusesKeysWithNul) {
    EXPECT_ERROR(encode(doc(std::string_view("a\0b", 3), 1)), invalid_argument, R"("a\u0000b")");
    EXPECT_ERROR(encode(doc("x", doc(std::string_view("\0", 1), 1))), invalid_argument, "NUL");
}

TEST(Encode, RefusesMoreThanTheGivenSize) {
    auto const d = doc("a", std::string(100, 'x'));
    auto const size = encode(d).size();
    EXPECT_NO_THROW(encode(d, size));
    EXPECT_ERROR(encode(d, size - 1), limit_exceeded, "exceeds the limit of");
}

TEST(Encode, AppendsAndLeavesTheBufferAsItWasOnAnError) {
    auto buffer = from_hex("AABB");
    append_bson(buffer, doc());
    EXPECT_EQ(to_hex(buffer), "AABB0500000000");
    EXPECT_ERROR(append_bson(buffer, doc("a", 1, std::string_view("\0", 1), 1)), invalid_argument, "NUL");
    EXPECT_EQ(to_hex(buffer), "AABB0500000000");
}

TEST(Encode, NamesTheElementsOfAnArrayByPosition) {
    array a;
    for (int i = 0; i < 1200; ++i) {
        a.push_back(i);
    }
    int i = 0;
    auto const bytes = encode(doc("a", a));
    for (auto const& element : bson_view(bytes).begin()->as_array()) {
        EXPECT_EQ(element.key(), std::to_string(i));
        EXPECT_EQ(element.as_int32(), i);
        ++i;
    }
    EXPECT_EQ(i, 1200);
    EXPECT_EQ(decode_bson(bytes), doc("a", a));
}

TEST(Decode, KeepsKeysThatOccurTwice) {
    auto const bytes = from_hex("13000000 10 6100 01000000 10 6100 02000000 00");
    auto const d = decode_bson(bytes);
    EXPECT_EQ(d.size(), 2U);
    EXPECT_EQ(d.at("a"), 1);
    EXPECT_EQ(encode(d), bytes);
}

TEST(Decode, IgnoresTheKeysOfArrays) {
    auto const bytes = from_hex("16000000 04 6100 0E000000 10 787900 0A000000 00 00");
    EXPECT_EQ(decode_bson(from_hex("15000000 04 6100 0D000000 10 787900 0A000000 00 00")), doc("a", arr(10)));
    EXPECT_ERROR(decode_bson(bytes), bad_bson, "offset");
}

TEST(Decode, ReadsLargeDocuments) {
    document d;
    for (int i = 0; i < 5000; ++i) {
        d.append("key number " + std::to_string(i), i);
    }
    auto const again = decode_bson(encode(d), make_arena());
    EXPECT_TRUE(identical(again, d));
    EXPECT_EQ(again.at("key number 4999"), 4999);
}

} // namespace
} // namespace cormorant::test
