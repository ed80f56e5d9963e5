#include "hex.hpp"
#include "random_document.hpp"

#include <cormorant/bson/bson.hpp>
#include <cormorant/bson/json.hpp>

#include <gtest/gtest.h>

namespace cormorant::test {
namespace {

TEST(RoundTrip, RandomDocumentsSurviveBson) {
    random_documents random(1);
    for (int i = 0; i < 2000; ++i) {
        auto const d = random.make();
        auto const bytes = encode(d);
        auto const again = decode_bson(bytes, i % 2 == 0 ? storage() : make_arena());
        ASSERT_TRUE(identical(again, d)) << to_json(d, json_mode::canonical);
        ASSERT_EQ(encode(again), bytes);
    }
}

TEST(RoundTrip, TheSizeOfRandomDocumentsIsKnownBeforeTheyAreWritten) {
    random_documents random(5);
    for (int i = 0; i < 500; ++i) {
        auto const d = random.make();
        ASSERT_EQ(measure(d).bytes, encode(d).size()) << d;
    }
    auto const old_binary = decode_bson(from_hex("14000000 05 6200 07000000 02 03000000 616263 00"));
    EXPECT_EQ(measure(old_binary).bytes, 20U);
    EXPECT_EQ(measure(doc("a", arr(doc("b", arr(1, 2, 3)), 1))).depth, 3);
    EXPECT_EQ(measure(doc("a", arr(doc("b", arr(1, 2, 3)), 1))).longest_array, 3U);
}

TEST(RoundTrip, RandomDocumentsSurviveCanonicalJson) {
    random_documents random(2);
    for (int i = 0; i < 2000; ++i) {
        auto const d = random.make();
        // Keys of wrapper objects would be taken for such; plain keys of the generator never are.
        auto const text = to_json(d, json_mode::canonical, i % 3);
        ASSERT_TRUE(identical(parse_json_document(text), d)) << text;
    }
}

TEST(RoundTrip, EqualDocumentsHashAlikeInRandomPairs) {
    random_documents random(3);
    std::vector<value> all;
    for (int i = 0; i < 300; ++i) {
        all.push_back(random.make_value(1));
    }
    for (auto const& a : all) {
        for (auto const& b : all) {
            auto const order = compare(a, b);
            ASSERT_EQ(a == b, order == 0);
            ASSERT_TRUE(compare(b, a) == (0 <=> order));
            if (order == 0) {
                ASSERT_EQ(hash_value(a), hash_value(b)) << a << ' ' << b;
            }
        }
    }
}

TEST(RoundTrip, OrderIsTransitiveForRandomTriples) {
    random_documents random(4);
    std::vector<value> all;
    for (int i = 0; i < 60; ++i) {
        all.push_back(random.make_value(1));
    }
    for (auto const& a : all) {
        for (auto const& b : all) {
            for (auto const& c : all) {
                if (compare(a, b) <= 0 && compare(b, c) <= 0) {
                    ASSERT_TRUE(compare(a, c) <= 0) << a << ' ' << b << ' ' << c;
                }
            }
        }
    }
}

} // namespace
} // namespace cormorant::test
