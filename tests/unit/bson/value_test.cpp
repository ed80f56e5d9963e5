#include "expect_error.hpp"

#include <cormorant/bson/json.hpp>
#include <cormorant/bson/value.hpp>

#include <gtest/gtest.h>

#include <limits>
#include <map>
#include <set>
#include <sstream>

namespace cormorant::test {
namespace {

using std::chrono::milliseconds;

template <class T>
constexpr bool makes_value = std::is_constructible_v<value, T>;

// What must not become a value by accident.
static_assert(!makes_value<int*> && !makes_value<void*> && !makes_value<document*> && !makes_value<value const*>);
static_assert(
    !makes_value<char> && !makes_value<wchar_t> && !makes_value<char8_t> && !makes_value<char16_t> && !makes_value<char32_t>);
static_assert(!makes_value<long double>);
static_assert(!makes_value<wchar_t const*>);
struct plain_struct {};
static_assert(!makes_value<plain_struct> && !makes_value<std::vector<plain_struct>> && !makes_value<std::optional<plain_struct>>);
static_assert(std::is_nothrow_move_constructible_v<value> && std::is_nothrow_move_constructible_v<document> &&
              std::is_nothrow_move_constructible_v<array> && std::is_nothrow_default_constructible_v<value>);
static_assert(sizeof(value) <= 32);

TEST(Value, IsNullByDefault) {
    value const v;
    EXPECT_TRUE(v.is_null());
    EXPECT_EQ(v.type(), bson_type::null);
    EXPECT_TRUE(value(nullptr).is_null());
}

TEST(Value, TypeOfAnIntegerFollowsItsWidth) {
    EXPECT_TRUE(value(1).is_int32());
    EXPECT_TRUE(value(short{1}).is_int32());
    EXPECT_TRUE(value(std::int8_t{1}).is_int32());
    EXPECT_TRUE(value(std::uint8_t{200}).is_int32());
    EXPECT_TRUE(value(std::uint16_t{65535}).is_int32());
    EXPECT_TRUE(value(1U).is_int64());
    EXPECT_TRUE(value(1L).is_int64());
    EXPECT_TRUE(value(1LL).is_int64());
    EXPECT_TRUE(value(std::size_t{1}).is_int64());
    EXPECT_EQ(value(std::numeric_limits<unsigned>::max()).as_int64(), 4294967295LL);
    EXPECT_EQ(value(std::uint16_t{65535}).as_int32(), 65535);
}

TEST(Value, RefusesUnsignedNumbersBeyondInt64) {
    EXPECT_EQ(value(std::uint64_t{9223372036854775807U}).as_int64(), std::numeric_limits<std::int64_t>::max());
    EXPECT_ERROR(value(std::uint64_t{9223372036854775808U}), invalid_argument, "9223372036854775808 does not fit");
}

TEST(Value, BoolStaysBoolAndTextStaysText) {
    EXPECT_TRUE(value(true).is_bool());
    char const* const pointer = "abc";
    char buffer[10] = "def";
    EXPECT_EQ(value(pointer).as_string(), "abc");
    EXPECT_EQ(value(buffer).as_string(), "def");
    EXPECT_EQ(value("literal").as_string(), "literal");
    EXPECT_EQ(value(std::string("s")).as_string(), "s");
    EXPECT_EQ(value(std::string_view("sv")).as_string(), "sv");
}

TEST(Value, RefusesANullPointerAsText) {
    char const* const nothing = nullptr;
    EXPECT_ERROR(value(nothing), invalid_argument, "null pointer");
}

TEST(Value, StringsOfEveryLengthSurvive) {
    for (std::size_t size = 0; size < 40; ++size) {
        std::string const text(size, 'q');
        value const v(text);
        value const copy = v;
        value moved = value(v);
        EXPECT_EQ(v.as_string(), text);
        EXPECT_EQ(copy.as_string(), text);
        EXPECT_EQ(value(std::move(moved)).as_string(), text);
    }
}

TEST(Value, StringsMayContainNul) {
    std::string const text("a\0b", 3);
    EXPECT_EQ(value(text).as_string(), text);
}

TEST(Value, TimesAreRoundedDownToMilliseconds) {
    using std::chrono::microseconds;
    EXPECT_EQ(value(std::chrono::sys_time<microseconds>(microseconds(1999))).as_date(), datetime(milliseconds(1)));
    EXPECT_EQ(value(std::chrono::sys_time<microseconds>(microseconds(-1))).as_date(), datetime(milliseconds(-1)));
    EXPECT_EQ(value(std::chrono::sys_days(std::chrono::days(1))).as_date(), datetime(milliseconds(86'400'000)));
    EXPECT_TRUE(value(std::chrono::system_clock::now()).is_date());
}

TEST(Value, ContainersBecomeArraysAndDocuments) {
    EXPECT_EQ(value(std::vector<int>{1, 2}), value(arr(1, 2)));
    EXPECT_EQ(value(std::vector<bool>{true, false}), value(arr(true, false)));
    EXPECT_EQ(value(std::set<std::string>{"b", "a"}), value(arr("a", "b")));
    EXPECT_EQ(value(std::map<std::string, int>{{"a", 1}}), value(doc("a", 1)));
    EXPECT_EQ(value(std::array<double, 2>{1, 2}), value(arr(1.0, 2.0)));
    EXPECT_EQ(value(std::vector<std::optional<int>>{1, std::nullopt}), value(arr(1, nullptr)));
    EXPECT_TRUE(value(std::vector<std::byte>{std::byte{1}}).is_binary());
    EXPECT_EQ(value(std::optional<std::string>("x")), "x");
    EXPECT_TRUE(value(std::optional<int>()).is_null());
    EXPECT_EQ(value(std::chrono::seconds(2)), 2000);
    EXPECT_EQ(value(std::vector<value>{1, "a"}), value(arr(1, "a")));
    EXPECT_EQ(value(std::vector<document>{doc("a", 1)}), value(arr(doc("a", 1))));
}

struct accessor {
    char const* name;
    bson_type type;
    std::function<void(value const&)> call;
};

std::vector<accessor> const accessors{
    {"bool", bson_type::boolean, [](value const& v) { v.as_bool(); }},
    {"string", bson_type::string, [](value const& v) { v.as_string(); }},
    {"object", bson_type::document, [](value const& v) { v.as_document(); }},
    {"array", bson_type::array, [](value const& v) { v.as_array(); }},
    {"objectId", bson_type::object_id, [](value const& v) { v.as_object_id(); }},
    {"date", bson_type::date, [](value const& v) { v.as_date(); }},
    {"decimal", bson_type::decimal128, [](value const& v) { v.as_decimal128(); }},
    {"binData", bson_type::binary, [](value const& v) { v.as_binary(); }},
    {"binData", bson_type::binary, [](value const& v) { v.bytes(); }},
    {"binData", bson_type::binary, [](value const& v) { v.binary_subtype(); }},
    {"regex", bson_type::regex, [](value const& v) { v.as_regex(); }},
    {"timestamp", bson_type::timestamp, [](value const& v) { v.as_timestamp(); }},
    {"javascript", bson_type::code, [](value const& v) { v.as_code(); }},
    {"javascriptWithScope", bson_type::code_with_scope, [](value const& v) { v.as_code_with_scope(); }},
    {"symbol", bson_type::symbol, [](value const& v) { v.as_symbol(); }},
    {"dbPointer", bson_type::db_pointer, [](value const& v) { v.as_db_pointer(); }},
};

std::vector<value> one_of_each() {
    std::vector<value> all;
    all.emplace_back(nullptr);
    all.emplace_back(undefined());
    all.emplace_back(min_key());
    all.emplace_back(max_key());
    all.emplace_back(true);
    all.emplace_back(1);
    all.emplace_back(1L);
    all.emplace_back(1.5);
    all.emplace_back(decimal128::parse("1.5"));
    all.emplace_back("text");
    all.emplace_back(doc("a", 1));
    all.emplace_back(arr(1));
    all.emplace_back(object_id());
    all.emplace_back(datetime());
    all.emplace_back(binary{{std::byte{7}}, 3});
    all.emplace_back(regex{"p", "i"});
    all.emplace_back(timestamp{1, 2});
    all.emplace_back(code{"c"});
    all.emplace_back(code_with_scope{"c", doc("a", 1)});
    all.emplace_back(symbol{"s"});
    all.emplace_back(db_pointer{"n", object_id()});
    return all;
}

TEST(Value, CheckedAccessNamesBothTypes) {
    for (auto const& v : one_of_each()) {
        for (auto const& a : accessors) {
            auto const thrown = error_of([&] { a.call(v); });
            EXPECT_EQ(thrown.has_value(), v.type() != a.type) << a.name << ' ' << v;
            if (thrown) {
                EXPECT_EQ(thrown->code(), errc::type_mismatch);
                EXPECT_EQ(thrown->message(), std::string("expected ") + a.name + ", got " + std::string(to_string(v.type())));
                EXPECT_EQ(static_cast<error const&>(*thrown).details().value, to_json(v));
            }
        }
    }
}

TEST(Value, ExactlyOneTypeQuestionIsTrue) {
    for (auto const& v : one_of_each()) {
        auto const yes = int{v.is_null()} + int{v.is_bool()} + int{v.is_int32()} + int{v.is_int64()} + int{v.is_double()} +
                         int{v.is_decimal128()} + int{v.is_string()} + int{v.is_document()} + int{v.is_array()} +
                         int{v.is_object_id()} + int{v.is_date()} + int{v.is_binary()} + int{v.is_regex()} +
                         int{v.is_timestamp()} + int{v.is_code()} + int{v.is_code_with_scope()} + int{v.is_symbol()} +
                         int{v.is_db_pointer()} + int{v.is_undefined()} + int{v.is_min_key()} + int{v.is_max_key()};
        EXPECT_EQ(yes, 1) << v;
    }
}

TEST(Value, GivesBackWhatItWasMadeOf) {
    object_id const id("56e1fc72e0c917e9c4714161");
    EXPECT_EQ(value(id).as_object_id(), id);
    EXPECT_EQ(*value(id).if_object_id(), id);
    EXPECT_EQ(value(decimal128::parse("1.50")).as_decimal128(), decimal128::parse("1.50"));
    EXPECT_EQ(value(binary{{std::byte{7}}, 3}).as_binary(), (binary{{std::byte{7}}, 3}));
    EXPECT_EQ(value(binary{}).as_binary(), binary());
    EXPECT_EQ(value(regex{"p", "i"}).as_regex(), (regex{"p", "i"}));
    EXPECT_EQ(value(timestamp{1, 2}).as_timestamp(), (timestamp{1, 2}));
    EXPECT_EQ(value(code{"c"}).as_code(), code{"c"});
    EXPECT_EQ(value(symbol{"s"}).as_symbol(), symbol{"s"});
    EXPECT_EQ(value(db_pointer{"n", id}).as_db_pointer(), (db_pointer{"n", id}));
    EXPECT_EQ(value(code_with_scope{"c", doc("a", 1)}).as_code_with_scope(), (code_with_scope{"c", doc("a", 1)}));
}

TEST(Value, RefusesARegexWithNul) {
    EXPECT_ERROR(value(regex{std::string("a\0b", 3), ""}), invalid_argument, "NUL");
    EXPECT_ERROR(value(regex{"a", std::string("\0", 1)}), invalid_argument, "NUL");
}

TEST(Value, NumbersConvertWhenNothingIsLost) {
    EXPECT_EQ(value(1.0).as_int64(), 1);
    EXPECT_EQ(value(1.0).as_int32(), 1);
    EXPECT_EQ(value(decimal128::parse("12E1")).as_int64(), 120);
    EXPECT_EQ(value(decimal128::parse("120E-1")).as_int32(), 12);
    EXPECT_EQ(value(1L << 40).as_double(), 1099511627776.0);
    EXPECT_EQ(value(decimal128::parse("1.5")).as_double(), 1.5);
    EXPECT_EQ(value(7).as_double(), 7.0);
    EXPECT_ERROR(value(1.5).as_int64(), type_mismatch, "expected an integer of 64 bits, got double");
    EXPECT_ERROR(value(1L << 40).as_int32(), type_mismatch, "expected an integer of 32 bits, got long");
    EXPECT_ERROR(value(9223372036854775808.0).as_int64(), type_mismatch, "got double");
    EXPECT_ERROR(value(std::numeric_limits<double>::quiet_NaN()).as_int64(), type_mismatch, "got double");
    EXPECT_ERROR(value(decimal128::parse("9223372036854775808")).as_int64(), type_mismatch, "got decimal");
    EXPECT_EQ(value(decimal128::parse("-9223372036854775808")).as_int64(), std::numeric_limits<std::int64_t>::min());
    EXPECT_ERROR(value("1").as_double(), type_mismatch, "expected a number, got string");
    EXPECT_ERROR(value(true).as_int32(), type_mismatch, "got bool");
}

TEST(Value, AccessThatAsksAnswersNothingForOtherTypes) {
    value const text("t");
    EXPECT_EQ(text.if_string(), "t");
    EXPECT_FALSE(text.if_int64());
    EXPECT_FALSE(text.if_double());
    EXPECT_FALSE(text.if_bool());
    EXPECT_FALSE(text.if_date());
    EXPECT_EQ(text.if_document(), nullptr);
    EXPECT_EQ(text.if_array(), nullptr);
    EXPECT_EQ(text.if_object_id(), nullptr);
    EXPECT_FALSE(value(1).if_string());
    EXPECT_EQ(value(1).if_int64(), 1);
    EXPECT_FALSE(value(1.5).if_int64());
    EXPECT_EQ(value(1.5).if_double(), 1.5);
    EXPECT_EQ(value(true).if_bool(), true);
    EXPECT_EQ(value(datetime()).if_date(), datetime());
}

TEST(Value, TruthIsMongoDbs) {
    for (auto const& v : {value(nullptr), value(undefined()), value(false), value(0), value(0L), value(0.0), value(-0.0),
             value(decimal128::parse("0E+5"))}) {
        EXPECT_FALSE(v.truthy()) << v;
    }
    for (auto const& v : {value(true), value(1), value(-1L), value(0.1), value(std::numeric_limits<double>::quiet_NaN()),
             value(decimal128::parse("0.1")), value(""), value(doc()), value(arr()), value(object_id()), value(min_key())}) {
        EXPECT_TRUE(v.truthy()) << v;
    }
}

TEST(Value, CopiesAreDeep) {
    value original(doc("a", arr(1, doc("b", "a text that is not short"))));
    value copy = original;
    copy.as_document().at("a").as_array()[1].as_document().set("b", 2);
    EXPECT_EQ(original, value(doc("a", arr(1, doc("b", "a text that is not short")))));
    EXPECT_EQ(copy, value(doc("a", arr(1, doc("b", 2)))));
}

TEST(Value, CopiesAndMovesEveryType) {
    for (auto const& v : one_of_each()) {
        value copy = v;
        EXPECT_TRUE(identical(copy, v));
        value moved = std::move(copy);
        EXPECT_TRUE(identical(moved, v));
        EXPECT_TRUE(copy.is_null()); // NOLINT: the state after a move is part of the contract
        value const in_arena(v, make_arena());
        EXPECT_TRUE(identical(in_arena, v));
        for (auto const& other : one_of_each()) {
            value target = other;
            target = v;
            EXPECT_TRUE(identical(target, v));
            target = other;
            EXPECT_TRUE(identical(target, other));
        }
    }
}

TEST(Value, AssignsAPartOfItself) {
    value v(doc("a", doc("b", "a text that is not short")));
    v = v.as_document().at("a");
    EXPECT_EQ(v, value(doc("b", "a text that is not short")));
    v = std::move(v.as_document().at("b"));
    EXPECT_EQ(v, "a text that is not short");

    document d = doc("a", doc("b", doc("c", 1)));
    d = std::move(d.at("a").as_document());
    EXPECT_EQ(d, doc("b", doc("c", 1)));
    d = static_cast<document const&>(d.at("b").as_document());
    EXPECT_EQ(d, doc("c", 1));

    array a = arr(arr(1, 2), 3);
    a = std::move(a[0].as_array());
    EXPECT_EQ(a, arr(1, 2));
}

TEST(Value, AssigningToItselfChangesNothing) {
    value v("a text that is not short");
    auto& same = v;
    v = same;
    EXPECT_EQ(v, "a text that is not short");
    v = std::move(same);
    EXPECT_EQ(v, "a text that is not short");
    v.swap(same);
    EXPECT_EQ(v, "a text that is not short");
}

TEST(Value, EmplaceReplacesTheContents) {
    value v("a text that is not short");
    v.emplace_document().set("a", 1);
    EXPECT_EQ(v, value(doc("a", 1)));
    v.emplace_array().push_back(2);
    EXPECT_EQ(v, value(arr(2)));
}

TEST(Value, ComparesWithLiterals) {
    EXPECT_TRUE(value("a") == "a");
    EXPECT_TRUE(value(1) == 1.0);
    EXPECT_TRUE(value(1) != "1");
    EXPECT_TRUE(value(nullptr) == nullptr);
}

TEST(Value, ConvertsToCppTypes) {
    EXPECT_EQ(value(5).to<int>(), 5);
    EXPECT_EQ(value(5).to<std::uint8_t>(), 5);
    EXPECT_EQ(value("x").to<std::string>(), "x");
    EXPECT_EQ(value(arr(1, 2)).to<std::vector<int>>(), (std::vector<int>{1, 2}));
    EXPECT_EQ(value(nullptr).to<std::optional<int>>(), std::nullopt);
    EXPECT_EQ(value(1500).to<std::chrono::milliseconds>(), milliseconds(1500));
    EXPECT_EQ(value(doc("a", 1)).to<document>(), doc("a", 1));
    EXPECT_EQ((value(doc("a", 1)).to<std::map<std::string, double>>()), (std::map<std::string, double>{{"a", 1.0}}));
    EXPECT_ERROR(value(300).to<std::uint8_t>(), type_mismatch, "the number does not fit into an unsigned integer of 8 bits");
    EXPECT_ERROR(value(-1).to<unsigned>(), type_mismatch, "the number does not fit into an unsigned integer of 32 bits");
    EXPECT_ERROR(value(200).to<std::int8_t>(), type_mismatch, "the number does not fit into a signed integer of 8 bits");
}

TEST(Value, PrintsAsRelaxedJson) {
    std::ostringstream out;
    out << value(doc("a", 1)) << ' ' << doc("b", "x") << ' ' << arr(1, nullptr) << ' ' << object_id("56e1fc72e0c917e9c4714161");
    EXPECT_EQ(out.str(), R"({"a":1} {"b":"x"} [1,null] 56e1fc72e0c917e9c4714161)");
    EXPECT_EQ(
        fmt::format("{} {} {} {}", value(1), doc("a", 2), arr(3), object_id()), R"(1 {"a":2} [3] 000000000000000000000000)");
    EXPECT_EQ(fmt::format("{:>5}|", value(1)), "    1|");
    EXPECT_EQ(to_string(value(1)) + to_string(doc()) + to_string(arr()), "1{}[]");
}

} // namespace
} // namespace cormorant::test
