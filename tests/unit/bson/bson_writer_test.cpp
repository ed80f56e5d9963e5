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

TEST(BsonWriter, AppendsDocumentsOfAnySizeOneAfterTheOther) {
    bson_buffer out;
    std::vector<std::size_t> ends;
    for (std::size_t const size : {0U, 1U, 200U, 241U, 242U, 243U, 244U, 300U, 5'000U, 3U}) {
        append_bson(out, doc("text", std::string(size, 'x'), "n", 1));
        ends.push_back(out.size());
    }
    auto const before = out;
    EXPECT_ERROR(append_bson(out, doc("good", std::string(1000, 'x'), std::string_view("a\0", 2), 1)), invalid_argument, "NUL");
    EXPECT_EQ(out, before) << "what was written before is left alone";
    std::size_t begin = 0;
    for (auto const end : ends) {
        EXPECT_EQ(decode_bson(std::span(out).subspan(begin, end - begin)).at("n"), value(1));
        begin = end;
    }
}

TEST(BsonWriter, KeysAndTextsOfAnyLengthComeBack) {
    for (std::size_t size = 0; size < 70; ++size) {
        std::string text;
        for (std::size_t i = 0; i < size; ++i) {
            text += static_cast<char>('a' + i % 26);
        }
        auto const bytes = encode(doc(text, text, "next", size));
        // Exactly as large as the document, so that a read beyond its end is seen.
        auto const d = decode_bson(bson_buffer(bytes.begin(), bytes.end()));
        EXPECT_EQ(d.begin()->key(), text);
        EXPECT_EQ(d.begin()->value().as_string(), text);
        EXPECT_EQ(d.at("next").as_int64(), static_cast<std::int64_t>(size));
        for (std::size_t nul = 0; nul < size; ++nul) {
            auto key = text;
            key[nul] = '\0';
            EXPECT_ERROR(encode(doc(key, 1)), invalid_argument, "NUL");
        }
    }
}

TEST(BsonWriter, RefusesKeysWithNulAndNumbersThatAreTooLarge) {
    EXPECT_ERROR(written([](bson_writer& w) { w.put(std::string_view("a\0", 2), 1); }), invalid_argument, "NUL");
    EXPECT_ERROR(written([](bson_writer& w) { w.put("a", ~std::uint64_t{0}); }), invalid_argument, "18446744073709551615");
    EXPECT_ERROR(written([](bson_writer& w) { w.put("a", regex{std::string("\0", 1), ""}); }), invalid_argument, "NUL");
}

} // namespace
} // namespace cormorant::test
