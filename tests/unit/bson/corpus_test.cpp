#include "bson/in_place.hpp"
#include "corpus.hpp"
#include "hex.hpp"

#include <cormorant/bson/bson.hpp>
#include <cormorant/bson/json.hpp>

#include <gtest/gtest.h>

#include <optional>

namespace cormorant::test {
namespace {

class Corpus : public testing::TestWithParam<corpus_entry> {};

TEST_P(Corpus, BsonIsReadAndWrittenBack) {
    auto const bytes = from_hex(GetParam().bson);
    auto const d = decode_bson(bytes);
    EXPECT_EQ(to_hex(encode(d)), to_hex(bytes));
    EXPECT_NO_THROW(validate_bson(bytes));
}

TEST_P(Corpus, IsWrittenAsJson) {
    auto const& entry = GetParam();
    auto const d = decode_bson(from_hex(entry.bson));
    EXPECT_EQ(to_json(d, json_mode::canonical), entry.canonical);
    EXPECT_EQ(to_json(d, json_mode::relaxed), entry.relaxed.empty() ? entry.canonical : entry.relaxed);
    EXPECT_EQ(to_json(d, json_mode::plain), entry.plain);
}

TEST_P(Corpus, BsonIsWrittenAsTheJsonOfItsDocument) {
    auto const bytes = from_hex(GetParam().bson);
    auto const d = decode_bson(bytes);
    for (auto const mode : {json_mode::relaxed, json_mode::canonical, json_mode::plain}) {
        for (int const indent : {0, 2}) {
            EXPECT_EQ(to_json(bson_view(bytes), mode, indent), to_json(d, mode, indent));
        }
    }
}

TEST_P(Corpus, IsReadInPlace) {
    auto bytes = from_hex(GetParam().bson);
    auto const d = decode_bson(bytes);
    std::optional<document> found;
    {
        auto const arena = make_arena();
        found.emplace(detail::decode_in_place(arena.adopt(std::move(bytes)), arena));
    }
    EXPECT_TRUE(identical(*found, d)) << "it keeps the arena, and that the bytes";
}

TEST_P(Corpus, CanonicalJsonIsReadWithAllTypes) {
    auto const& entry = GetParam();
    auto const d = parse_json_document(entry.canonical);
    EXPECT_EQ(to_hex(encode(d)), to_hex(from_hex(entry.bson)));
}

TEST_P(Corpus, RelaxedJsonIsReadAsAnEqualDocument) {
    auto const& entry = GetParam();
    if (!entry.relaxed.empty()) {
        EXPECT_EQ(parse_json_document(entry.relaxed), decode_bson(from_hex(entry.bson)));
    }
}

TEST_P(Corpus, ValuesOfTheViewAreIdentical) {
    auto const bytes = from_hex(GetParam().bson);
    auto const d = decode_bson(bytes);
    document copied;
    for (auto const& element : bson_view(bytes)) {
        copied.append(element.key(), element.to_value());
    }
    EXPECT_TRUE(identical(copied, d));
}

TEST_P(Corpus, CopiesAreIdentical) {
    auto const d = decode_bson(from_hex(GetParam().bson));
    auto const copy = d;
    EXPECT_TRUE(identical(copy, d));
    EXPECT_TRUE(copy == d);
    EXPECT_EQ(hash_value(copy), hash_value(d));
}

TEST_P(Corpus, PutsTheElementsOfAView) {
    auto const bytes = from_hex(GetParam().bson);
    bson_buffer out;
    bson_writer writer(out);
    auto const mark = writer.open();
    for (auto const& element : bson_view(bytes)) {
        writer.put(element.key(), element);
    }
    writer.close(mark);
    EXPECT_EQ(to_hex(out), to_hex(bytes));
}

INSTANTIATE_TEST_SUITE_P(AllTypes, Corpus, testing::ValuesIn(corpus), [](auto const& entry) {
    std::string name(entry.param.name);
    for (char& c : name) {
        if (!std::isalnum(static_cast<unsigned char>(c))) {
            c = '_';
        }
    }
    return name + "_" + std::to_string(entry.index);
});

} // namespace
} // namespace cormorant::test
