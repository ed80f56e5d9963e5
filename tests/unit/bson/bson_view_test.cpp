#include "expect_error.hpp"
#include "hex.hpp"

#include <cormorant/bson/bson.hpp>
#include <cormorant/bson/json.hpp>

#include <gtest/gtest.h>

#include <functional>

namespace cormorant::test {
namespace {

static_assert(std::forward_iterator<bson_view::iterator>);

document sample() {
    return doc("bool", true, "int", 7, "long", 1L << 40, "double", 1.5, "whole", 3.0, "decimal", decimal128::parse("12"),
        "string", "text", "document", doc("a", 1), "array", arr(1, "b"), "id", object_id("56e1fc72e0c917e9c4714161"), "date",
        datetime(std::chrono::milliseconds(5)), "binary", binary{{std::byte{1}}, 0}, "old", binary{{std::byte{2}}, 2}, "regex",
        regex{"a", "i"}, "stamp", timestamp{3, 4}, "code", code{"c"}, "scope", code_with_scope{"s", doc("x", 1)}, "symbol",
        symbol{"y"}, "pointer", db_pointer{"n", object_id()}, "null", nullptr);
}

TEST(BsonView, IsAnEmptyDocumentByDefault) {
    bson_view const view;
    EXPECT_TRUE(view.empty());
    EXPECT_TRUE(view.begin() == view.end());
    EXPECT_EQ(view.to_document(), doc());
    EXPECT_EQ(to_hex(view.bytes()), "0500000000");
}

TEST(BsonView, GivesTheElementsInOrder) {
    auto const bytes = encode(sample());
    bson_view const view(bytes);
    auto const d = sample();
    auto expected = d.begin();
    for (auto const& element : view) {
        EXPECT_EQ(element.key(), expected->key());
        EXPECT_EQ(element.type(), expected->value().type());
        EXPECT_TRUE(identical(element.to_value(), expected->value()));
        ++expected;
    }
    EXPECT_EQ(expected, d.end());
    EXPECT_FALSE(view.empty());
    EXPECT_TRUE(identical(view.to_document(), d));
}

TEST(BsonView, MayBePartOfALargerBuffer) {
    auto bytes = encode(doc("a", 1));
    auto const size = bytes.size();
    append_bson(bytes, doc("b", 2));
    bson_view const first(bytes);
    EXPECT_EQ(first.size_in_bytes(), size);
    EXPECT_EQ(first.to_document(), doc("a", 1));
    EXPECT_EQ(bson_view(std::span(bytes).subspan(size)).to_document(), doc("b", 2));
}

TEST(BsonView, AccessorsHaveTheValuesOfTheDocument) {
    auto const bytes = encode(sample());
    bson_view const view(bytes);
    auto const at = [&](char const* key) { return view.find(key).value(); };
    EXPECT_EQ(at("bool").as_bool(), true);
    EXPECT_EQ(at("int").as_int32(), 7);
    EXPECT_EQ(at("int").as_int64(), 7);
    EXPECT_EQ(at("int").as_double(), 7.0);
    EXPECT_EQ(at("long").as_int64(), 1L << 40);
    EXPECT_EQ(at("long").as_double(), 1099511627776.0);
    EXPECT_EQ(at("double").as_double(), 1.5);
    EXPECT_EQ(at("whole").as_int32(), 3);
    EXPECT_EQ(at("decimal").as_int64(), 12);
    EXPECT_EQ(at("decimal").as_double(), 12.0);
    EXPECT_EQ(at("decimal").as_decimal128(), decimal128::parse("12"));
    EXPECT_EQ(at("string").as_string(), "text");
    EXPECT_EQ(at("document").as_document().to_document(), doc("a", 1));
    EXPECT_EQ(at("array").as_array().to_array(), arr(1, "b"));
    EXPECT_EQ(at("id").as_object_id(), object_id("56e1fc72e0c917e9c4714161"));
    EXPECT_EQ(at("date").as_date(), datetime(std::chrono::milliseconds(5)));
    EXPECT_EQ(at("binary").as_binary(), (binary{{std::byte{1}}, 0}));
    EXPECT_EQ(at("old").as_binary(), (binary{{std::byte{2}}, 2}));
    EXPECT_EQ(at("regex").as_regex(), (regex{"a", "i"}));
    EXPECT_EQ(at("stamp").as_timestamp(), (timestamp{3, 4}));
    EXPECT_EQ(at("code").as_code(), code{"c"});
    EXPECT_EQ(at("scope").as_code_with_scope(), (code_with_scope{"s", doc("x", 1)}));
    EXPECT_EQ(at("symbol").as_symbol(), symbol{"y"});
    EXPECT_EQ(at("pointer").as_db_pointer(), (db_pointer{"n", object_id()}));
    EXPECT_TRUE(at("null").is_null());
    EXPECT_FALSE(view.find("absent"));
}

TEST(BsonElement, RefusesOtherTypesAsValueDoes) {
    auto const bytes = encode(sample());
    for (auto const& element : bson_view(bytes)) {
        auto const v = element.to_value();
        auto const same = [&](auto by_element, auto by_value) {
            auto const mine = error_of([&] { by_element(element); });
            auto const theirs = error_of([&] { by_value(v); });
            ASSERT_EQ(mine.has_value(), theirs.has_value()) << element.key();
            if (mine) {
                EXPECT_STREQ(mine->what(), theirs->what());
            }
        };
#define SAME(accessor) same([](bson_element const& e) { e.accessor(); }, [](value const& x) { x.accessor(); })
        SAME(as_bool);
        SAME(as_int32);
        SAME(as_int64);
        SAME(as_double);
        SAME(as_string);
        SAME(as_document);
        SAME(as_array);
        SAME(as_object_id);
        SAME(as_date);
        SAME(as_decimal128);
        SAME(as_binary);
        SAME(bytes);
        SAME(binary_subtype);
        SAME(as_regex);
        SAME(as_timestamp);
        SAME(as_code);
        SAME(as_code_with_scope);
        SAME(as_symbol);
        SAME(as_db_pointer);
#undef SAME
    }
}

TEST(BsonView, NamesOffsetsInTheOutermostDocument) {
    // The unknown type is at offset 4 + 3 + 4: in the inner document.
    auto const bytes = from_hex("10000000 03 7800 08000000 1F 6100 00 00");
    bson_view const view(bytes);
    auto const inner = view.begin()->as_document();
    EXPECT_ERROR(inner.begin(), bad_bson, "offset 14: unknown type 0x1f");
}

TEST(BsonView, IteratorsCompareByPosition) {
    auto const bytes = encode(doc("a", 1, "b", 2));
    bson_view const view(bytes);
    auto it = view.begin();
    auto const before = it++;
    EXPECT_EQ(before->key(), "a");
    EXPECT_EQ(it->key(), "b");
    EXPECT_TRUE(before == view.begin());
    EXPECT_FALSE(before == it);
    EXPECT_TRUE(++it == view.end());
}

} // namespace
} // namespace cormorant::test
