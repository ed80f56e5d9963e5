#include "expect_error.hpp"
#include "hex.hpp"

#include <cormorant/bson/bson.hpp>
#include <cormorant/bson/json.hpp>

#include <gtest/gtest.h>

namespace cormorant::test {
namespace {

template <class T>
concept writable = requires(bson_writer& w, T v) { w.put("k", v); };
static_assert(writable<int> && writable<char const*> && writable<document>);
static_assert(!writable<int*> && !writable<char> && !writable<long double>);

template <class F>
document written(F&& fill) {
    bson_buffer out;
    bson_writer writer(out);
    auto const mark = writer.open();
    fill(writer);
    writer.close(mark);
    return decode_bson(out);
}

TEST(BsonWriter, WritesEveryTypeAsTheValueWouldBe) {
    auto const check = [](auto const& v) {
        EXPECT_TRUE(identical(written([&](bson_writer& w) { w.put("k", v); }), doc("k", v))) << value(v);
    };
    check(nullptr);
    check(true);
    check(1);
    check(std::int8_t{-1});
    check(std::uint16_t{65535});
    check(1U);
    check(1L);
    check(std::uint64_t{5});
    check(1.5);
    check(1.5F);
    check("literal");
    check(std::string("string"));
    check(std::string_view("view"));
    check(datetime(std::chrono::milliseconds(5)));
    check(std::chrono::sys_time<std::chrono::microseconds>(std::chrono::microseconds(-1)));
    check(object_id("56e1fc72e0c917e9c4714161"));
    check(decimal128::parse("1.5"));
    check(binary{{std::byte{1}}, 0});
    check(binary{{std::byte{1}}, 2});
    check(regex{"a", "i"});
    check(timestamp{1, 2});
    check(code{"c"});
    check(code_with_scope{"c", doc("x", 1)});
    check(symbol{"s"});
    check(db_pointer{"n", object_id()});
    check(undefined());
    check(min_key());
    check(max_key());
    check(value("v"));
    check(doc("a", 1));
    check(arr(1, 2));
}

TEST(BsonWriter, NestsDocumentsAndArrays) {
    auto const inner = encode(doc("z", 1));
    auto const d = written([&](bson_writer& w) {
        w.put("find", "authors");
        auto const filter = w.open("filter", bson_type::document);
        w.put("a", 1);
        w.close(filter);
        auto const list = w.open("list", bson_type::array);
        w.put("0", "x");
        w.close(list);
        w.put("raw", bson_view(inner));
    });
    EXPECT_EQ(d, doc("find", "authors", "filter", doc("a", 1), "list", arr("x"), "raw", doc("z", 1)));
}

TEST(BsonWriter, RefusesKeysWithNulAndNumbersThatAreTooLarge) {
    EXPECT_ERROR(written([](bson_writer& w) { w.put(std::string_view("a\0", 2), 1); }), invalid_argument, "NUL");
    EXPECT_ERROR(written([](bson_writer& w) { w.put("a", ~std::uint64_t{0}); }), invalid_argument, "18446744073709551615");
    EXPECT_ERROR(written([](bson_writer& w) { w.put("a", regex{std::string("\0", 1), ""}); }), invalid_argument, "NUL");
}

} // namespace
} // namespace cormorant::test
