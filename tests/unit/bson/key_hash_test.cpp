#include "bson/key_hash.hpp"

#include <cormorant/bson/json.hpp>
#include <cormorant/bson/value.hpp>

#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#if defined(__GLIBCXX__) && defined(__x86_64__)
#define HAS_KNOWN_HASH 1
#endif

namespace cormorant {
namespace {

// As Python 3.11 hashes bytes with PYTHONHASHSEED=0.
TEST(KeyHash, IsSipHash) {
    std::vector<std::pair<std::string_view, std::uint64_t>> const all{
        {"a", 0x407448d2b89b1813},
        {"abc", 0xc03bc3a0042630f2},
        {"abcdefg", 0x6db12aae9070f506},
        {"abcdefgh", 0x3f7b849c0b8e35ea},
        {"abcdefghi", 0xf89b34a3d11eb6e5},
        {"the quick brown fox jumps over", 0xad7dbf39b6f5e689},
    };
    for (auto const& [text, expected] : all)
        EXPECT_EQ(detail::sip_hash(text, detail::hash_secret()), expected) << text;
    EXPECT_NE(detail::sip_hash("a", detail::hash_secret()), detail::sip_hash("a", detail::hash_secret{1, 0}));
    EXPECT_NE(detail::sip_hash("a", detail::hash_secret()), detail::sip_hash("a", detail::hash_secret{0, 1}));
}

TEST(KeyHash, IsTheSameForTheSameKey) {
    EXPECT_EQ(detail::hash_key("name"), detail::hash_key(std::string("name")));
    EXPECT_NE(detail::hash_key("name"), detail::hash_key("nome"));
}

#ifdef HAS_KNOWN_HASH

/// Keys that all have one `std::hash`, which is MurmurHash64A: the second word of each takes back what the first did.
std::vector<std::string> colliding(std::size_t count) {
    constexpr std::uint64_t factor = 0xc6a4a7935bd1e995;
    std::uint64_t inverse = factor;
    for (int i = 0; i < 6; ++i)
        inverse *= 2 - factor * inverse;
    auto const fold = [](std::uint64_t v) { return v ^ v >> 47U; };
    std::vector<std::string> keys;
    for (std::uint64_t i = 0; keys.size() < count; ++i) {
        std::uint64_t const first = (i + 1) * 0x0101010101010101; // no byte of it is NUL, or the key is left out
        auto const state = (0xc70f6907 ^ 16 * factor ^ fold(first * factor) * factor) * factor;
        auto const second = fold((state ^ 0x1234567) * inverse) * inverse;
        std::string key(16, '\0');
        std::memcpy(key.data(), &first, 8);
        std::memcpy(key.data() + 8, &second, 8);
        if (key.find('\0') == std::string::npos)
            keys.push_back(std::move(key));
    }
    return keys;
}

TEST(KeyHash, IsNotThatWhichEverybodyCanCompute) {
    std::unordered_set<std::size_t> known;
    std::unordered_set<std::uint64_t> hashes;
    for (auto const& key : colliding(1000)) {
        known.insert(std::hash<std::string_view>()(key));
        hashes.insert(detail::hash_key(key));
    }
    EXPECT_EQ(known.size(), 1U) << "the keys do not collide: this tests nothing";
    EXPECT_EQ(hashes.size(), 1000U);
}

// With a walk through all of them for each this takes minutes.
TEST(KeyHash, LetsADocumentHaveManyKeysThatWereChosenToCollide) {
    auto const keys = colliding(100'000);
    document d;
    for (std::size_t i = 0; i < keys.size(); ++i)
        d.set(keys[i], static_cast<std::int32_t>(i));
    EXPECT_EQ(d.size(), keys.size());
    EXPECT_EQ(d.at(keys.back()).as_int32(), 99'999);
}

#endif

TEST(KeyHash, LetsJsonHaveManyKeysAndFindsTheOneThatIsThereTwice) {
    std::string text = "{";
    for (int i = 0; i < 100'000; ++i)
        text += "\"key" + std::to_string(i) + "\":" + std::to_string(i) + ",";
    auto const whole = parse_json_document(text + "\"last\":0}");
    EXPECT_EQ(whole.size(), 100'001U);
    EXPECT_EQ(whole.at("key77777").as_int32(), 77'777);
    try {
        parse_json_document(text + "\"key77777\":0}");
        FAIL() << "a key that is there twice was not found";
    } catch (error const& e) {
        EXPECT_EQ(e.code(), errc::bad_json);
        EXPECT_NE(e.message().find("the key \"key77777\" occurs twice"), std::string::npos) << e.message();
    }
}

} // namespace
} // namespace cormorant
