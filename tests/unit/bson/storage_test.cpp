#include "expect_error.hpp"

#include <cormorant/bson/bson.hpp>
#include <cormorant/bson/json.hpp>
#include <cormorant/bson/value.hpp>

#include <gtest/gtest.h>

#include <optional>

namespace cormorant::test {
namespace {

std::string const long_text(100, 'x');

document sample(storage memory) {
    document d(std::move(memory));
    d.set("text", long_text);
    d.set("a key that is too long to be stored inline", arr(1, long_text, doc("x", long_text)));
    d.set("decimal", decimal128::parse("1.5"));
    d.set("scope", code_with_scope{long_text, doc("y", long_text)});
    return d;
}

TEST(Storage, ArenasDiffer) {
    auto const a = make_arena();
    auto const b = make_arena();
    EXPECT_TRUE(a == a);
    EXPECT_FALSE(a == b);
    EXPECT_FALSE(a == storage());
    EXPECT_TRUE(storage() == storage());
    EXPECT_TRUE(storage().is_heap());
    EXPECT_FALSE(a.is_heap());
}

TEST(Storage, ArenaGivesAlignedMemoryOfAnySize) {
    auto const arena = make_arena(0);
    for (std::size_t const size : {1UL, 7UL, 300UL, 5000UL, 3UL, 3'000'000UL, 16UL, 100UL}) {
        for (std::size_t const alignment : {1UL, 8UL, 16UL}) {
            auto* const memory = static_cast<char*>(arena.allocate(size, alignment));
            EXPECT_EQ(reinterpret_cast<std::uintptr_t>(memory) % alignment, 0U);
            std::memset(memory, 0x5A, size);
        }
    }
}

TEST(Storage, ElementsUseTheStorageOfTheirContainer) {
    auto const arena = make_arena();
    auto d = sample(arena);
    EXPECT_TRUE(d.at("text").get_storage() == arena);
    EXPECT_TRUE(d.begin()[1].value().as_array()[2].as_document().get_storage() == arena);
    EXPECT_TRUE(identical(d, sample({})));
}

TEST(Storage, ArenaKeepsTheBytesThatItAdopted) {
    std::span<std::byte const> first;
    std::optional<document> last;
    {
        auto const arena = make_arena();
        std::vector<std::byte> bytes(1000, std::byte{7});
        auto const* const place = bytes.data();
        first = arena.adopt(std::move(bytes));
        EXPECT_EQ(first.data(), place) << "they are not copied";
        for (int i = 0; i < 100; ++i) {
            EXPECT_EQ(arena.adopt(std::vector<std::byte>(100, std::byte{1})).size(), 100U);
        }
        last.emplace(arena).set("a", 1);
    }
    EXPECT_EQ(first[999], std::byte{7});
    EXPECT_EQ(*last, doc("a", 1));
}

TEST(Storage, DocumentKeepsItsArenaAlive) {
    document d = sample(make_arena());
    EXPECT_TRUE(identical(d, sample({})));
    d.set("more", long_text);
    EXPECT_EQ(d.at("more").as_string(), long_text);
}

TEST(Storage, CopyDoesNotKeepTheArenaAlive) {
    std::optional<document> original(sample(make_arena()));
    document const copy = *original;
    value const element = original->at("text");
    original.reset(); // with it goes the arena: AddressSanitizer sees whoever still uses it
    EXPECT_TRUE(copy.get_storage().is_heap());
    EXPECT_TRUE(element.get_storage().is_heap());
    EXPECT_TRUE(identical(copy, sample({})));
    EXPECT_EQ(element, long_text);
}

TEST(Storage, ElementMovedOutKeepsTheArenaAlive) {
    std::optional<document> original(sample(make_arena()));
    value const text = std::move(original->at("text"));
    document const inner = std::move(original->begin()[1].value().as_array()[2].as_document());
    array const list = std::move(original->begin()[1].value().as_array());
    original.reset();
    EXPECT_EQ(text, long_text);
    EXPECT_EQ(inner, doc("x", long_text));
    EXPECT_EQ(list[1], long_text);
}

TEST(Storage, StorageOfAnElementMayOutliveTheContainer) {
    std::optional<document> original(sample(make_arena()));
    storage const memory = original->at("text").get_storage();
    original.reset();
    value const v(long_text, memory);
    EXPECT_EQ(v, long_text);
}

TEST(Storage, MovingWithinAStorageTakesTheContentsOver) {
    auto const arena = make_arena();
    value v(long_text, arena);
    auto const* const text = v.as_string().data();
    document d(arena);
    d.set("a", std::move(v));
    EXPECT_EQ(d.at("a").as_string().data(), text);
}

TEST(Storage, MovingToAnotherStorageCopies) {
    auto source = sample(make_arena());
    document target(make_arena());
    target.set("d", std::move(source));
    EXPECT_TRUE(identical(target.at("d"), value(sample({}))));
    EXPECT_TRUE(target.at("d").get_storage() == target.get_storage());
}

TEST(Storage, AssignmentKeepsTheStorageOfTheLeftSide) {
    auto const arena = make_arena();
    document d(arena);
    d = sample({});
    EXPECT_TRUE(d.get_storage() == arena);
    EXPECT_TRUE(identical(d, sample({})));

    value v(arena);
    v = value(sample(make_arena()));
    EXPECT_TRUE(v.get_storage() == arena);

    array a(arena);
    a = arr(long_text);
    EXPECT_TRUE(a.get_storage() == arena);
}

TEST(Storage, SwapAcrossStoragesKeepsBothStorages) {
    auto const arena = make_arena();
    value a(long_text, arena);
    value b(sample({}));
    a.swap(b);
    EXPECT_TRUE(a.get_storage() == arena);
    EXPECT_TRUE(b.get_storage().is_heap());
    EXPECT_EQ(b, long_text);
    EXPECT_TRUE(identical(a, value(sample({}))));

    document c(arena);
    document d = doc("x", long_text);
    c.swap(d);
    EXPECT_EQ(c, doc("x", long_text));
    EXPECT_TRUE(d.empty());

    array e(arena);
    array f = arr(long_text);
    e.swap(f);
    EXPECT_EQ(e, arr(long_text));
    EXPECT_TRUE(f.empty());
}

TEST(Storage, DocumentsOfOneResultShareAnArena) {
    auto const bytes = encode(sample({}));
    std::vector<document> all;
    {
        auto const arena = make_arena();
        for (int i = 0; i < 100; ++i) {
            all.push_back(decode_bson(bytes, arena));
        }
    }
    all.erase(all.begin(), all.begin() + 99);
    EXPECT_TRUE(identical(all.front(), sample({})));
}

TEST(Storage, CopiesInOneArenaShareTheirTextsAndNothingElse) {
    auto const arena = make_arena();
    std::string const long_key(40, 'k');
    document const original(doc("text", long_text, "inner", doc("list", arr(long_text, 1)), long_key, decimal128(7)), arena);
    document copy(original, arena);
    EXPECT_TRUE(identical(copy, original));
    EXPECT_EQ(copy.at("text").as_string().data(), original.at("text").as_string().data());
    EXPECT_EQ((copy.end() - 1)->key().data(), (original.end() - 1)->key().data());

    copy.set("text", "another text, which is long as well");
    copy.at("inner").as_document().at("list").as_array()[0] = 2;
    copy.at("inner").as_document().set("more", long_text);
    copy.rename(long_key, "short");
    EXPECT_EQ(original, doc("text", long_text, "inner", doc("list", arr(long_text, 1)), long_key, decimal128(7)));
}

TEST(Storage, CopiesElsewhereShareNothing) {
    auto const arena = make_arena();
    auto const other = make_arena();
    document const original(doc("text", long_text), arena);
    EXPECT_NE(document(original, other).at("text").as_string().data(), original.at("text").as_string().data());
    document const on_heap = doc("text", long_text);
    EXPECT_NE(document(on_heap).at("text").as_string().data(), on_heap.at("text").as_string().data());
}

TEST(Storage, ACopyOfALargeDocumentFindsItsKeys) {
    auto const arena = make_arena();
    document original(arena);
    for (int i = 0; i < 100; ++i) {
        original.append("key number " + std::to_string(i), i);
    }
    document const copy(original, arena);
    EXPECT_EQ(copy.at("key number 99"), value(99));
    EXPECT_EQ(copy.find("key number 100"), nullptr);
}

TEST(Storage, ParsedJsonUsesTheGivenStorage) {
    auto const arena = make_arena();
    auto const d =
        parse_json_document(R"({"a": {"$oid": "56e1fc72e0c917e9c4714161"}, "b": ["a text that is not short"]})", arena);
    EXPECT_TRUE(d.get_storage() == arena);
    EXPECT_TRUE(d.at("b").as_array()[0].get_storage() == arena);
}

} // namespace
} // namespace cormorant::test
