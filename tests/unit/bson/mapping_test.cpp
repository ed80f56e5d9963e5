#include "expect_error.hpp"

#include <cormorant/bson/json.hpp>
#include <cormorant/bson/mapping.hpp>

#include <gtest/gtest.h>

#include <deque>
#include <list>
#include <map>
#include <set>
#include <unordered_map>
#include <unordered_set>

namespace shop {

using namespace cormorant;

enum class color { red = 1, green = 2 };
BOOST_DESCRIBE_ENUM(color, red, green)
enum class level : std::int8_t { low, high };

struct address {
    std::string city;
    std::optional<std::string> street;
    friend bool operator==(address const&, address const&) = default;
};
BOOST_DESCRIBE_STRUCT(address, (), (city, street))

struct entity {
    object_id _id;
    friend bool operator==(entity const&, entity const&) = default;
};
BOOST_DESCRIBE_STRUCT(entity, (), (_id))

struct customer : entity {
    std::string name;
    int age = 18;
    std::optional<double> score;
    std::vector<address> addresses;
    std::map<std::string, std::vector<int>> marks;
    color favourite = color::red;
    friend bool operator==(customer const&, customer const&) = default;
};
BOOST_DESCRIBE_STRUCT(customer, (entity), (name, age, score, addresses, marks, favourite))

struct everything {
    bool flag = false;
    std::int8_t i8 = 0;
    std::uint8_t u8 = 0;
    std::int16_t i16 = 0;
    std::uint16_t u16 = 0;
    std::int32_t i32 = 0;
    std::uint32_t u32 = 0;
    std::int64_t i64 = 0;
    std::uint64_t u64 = 0;
    float f = 0;
    double d = 0;
    std::string s;
    object_id id;
    datetime date;
    std::chrono::sys_seconds seconds;
    std::chrono::sys_days day;
    std::chrono::minutes duration{};
    decimal128 decimal;
    binary bin;
    std::vector<std::byte> bytes;
    regex pattern;
    timestamp stamp;
    code script;
    code_with_scope scoped;
    symbol sym;
    db_pointer pointer;
    level plain_enum = level::low;
    std::array<int, 2> pair{};
    std::vector<bool> bits;
    std::set<int> ordered;
    std::unordered_set<std::string> unordered;
    std::deque<int> queue;
    std::list<double> chain;
    std::unordered_map<std::string, int> hashed;
    std::vector<std::optional<int>> sparse;
    std::optional<address> home;
    value any;
    document doc_member;
    array arr_member;
};
BOOST_DESCRIBE_STRUCT(everything, (),
    (flag, i8, u8, i16, u16, i32, u32, i64, u64, f, d, s, id, date, seconds, day, duration, decimal, bin, bytes, pattern, stamp,
        script, scoped, sym, pointer, plain_enum, pair, bits, ordered, unordered, queue, chain, hashed, sparse, home, any,
        doc_member, arr_member))

struct renamed {
    int id = 0;
    int other = 0;
};
BOOST_DESCRIBE_STRUCT(renamed, (), (id, other))

class money {
public:
    money() = default;
    explicit money(std::int64_t cents) : cents_(cents) {}
    std::int64_t cents() const { return cents_; }
    friend bool operator==(money const&, money const&) = default;

private:
    std::int64_t cents_ = 0;
};

struct priced {
    money price;
};
BOOST_DESCRIBE_STRUCT(priced, (), (price))

class guarded {
public:
    guarded() = default;
    explicit guarded(int secret) : secret_(secret) {}
    int secret() const { return secret_; }

private:
    int secret_ = 0;
    BOOST_DESCRIBE_CLASS(guarded, (), (), (), (secret_))
};

struct tree {
    int v = 0;
    std::vector<tree> children;
    friend bool operator==(tree const&, tree const&) = default;
};
BOOST_DESCRIBE_STRUCT(tree, (), (v, children))

struct partly {
    int told = 0;
    int kept = 0;
};
BOOST_DESCRIBE_STRUCT(partly, (), (told))

struct nothing {};
BOOST_DESCRIBE_STRUCT(nothing, (), ())

} // namespace shop

template <>
struct cormorant::field_names<shop::renamed> {
    static constexpr std::string_view rename(std::string_view member) { return member == "id" ? "_id" : member; }
};

template <>
struct cormorant::codec<shop::money> {
    template <class Sink>
    static void write(shop::money const& v, Sink&& out) {
        out.put(v.cents());
    }
    template <class Source>
    static void read(Source const& in, shop::money& v, decode_mode) {
        v = shop::money(in.as_int64());
    }
};

namespace cormorant::test {
namespace {

using namespace shop;

static_assert(described<customer> && !described<int> && !described<money> && described_enum<color> && !described_enum<level>);
static_assert(storable<customer> && storable<std::vector<customer>> && storable<money> && storable<color>);
static_assert(member_name(&customer::name) == "name");
static_assert(member_name(&renamed::id) == "_id" && member_name(&renamed::other) == "other");
static_assert(member_name(&customer::_id) == "_id");

customer ann() {
    customer c;
    c._id = object_id("56e1fc72e0c917e9c4714161");
    c.name = "Ann";
    c.age = 30;
    c.addresses = {{"Oslo", "Main"}, {"Rome", std::nullopt}};
    c.marks = {{"a", {1, 2}}, {"b", {}}};
    c.favourite = color::green;
    return c;
}

document ann_document() {
    return doc("_id", object_id("56e1fc72e0c917e9c4714161"), "name", "Ann", "age", 30, "addresses",
        arr(doc("city", "Oslo", "street", "Main"), doc("city", "Rome")), "marks", doc("a", arr(1, 2), "b", arr()), "favourite",
        "green");
}

TEST(Mapping, StructBecomesADocumentInTheOrderOfItsDescription) {
    EXPECT_TRUE(identical(to_document(ann()), ann_document()));
}

TEST(Mapping, StructBecomesTheSameBsonWithoutADocument) {
    EXPECT_EQ(encode(ann()), encode(ann_document()));
}

TEST(Mapping, DocumentBecomesAStruct) {
    EXPECT_EQ(from_document<customer>(ann_document()), ann());
}

TEST(Mapping, BsonBecomesAStruct) {
    auto const bytes = encode(ann_document());
    EXPECT_EQ(decode<customer>(bson_view(bytes)), ann());
}

TEST(Mapping, StructsAreValues) {
    EXPECT_EQ(doc("who", ann()), doc("who", ann_document()));
    EXPECT_EQ(value(std::vector<customer>{ann()}), value(arr(ann_document())));
    EXPECT_EQ(value(std::optional<customer>(ann())), value(ann_document()));
    EXPECT_EQ(value(color::green), "green");
    EXPECT_EQ(doc("who", ann()).at("who").to<customer>(), ann());
    document d;
    d.set("c", ann());
    EXPECT_EQ(d.get_or("c", customer()), ann());
    EXPECT_EQ(arr(ann()).at(0), value(ann_document()));
}

TEST(Mapping, UsesTheGivenStorage) {
    auto const arena = make_arena();
    auto const d = to_document(ann(), arena);
    EXPECT_TRUE(d.get_storage() == arena);
    EXPECT_TRUE(identical(d, ann_document()));
}

everything filled() {
    everything e;
    e.flag = true;
    e.i8 = -128;
    e.u8 = 255;
    e.i16 = -32768;
    e.u16 = 65535;
    e.i32 = std::numeric_limits<int>::min();
    e.u32 = std::numeric_limits<unsigned>::max();
    e.i64 = std::numeric_limits<std::int64_t>::min();
    e.u64 = 9223372036854775807U;
    e.f = 0.5F;
    e.d = 0.1;
    e.s = "text";
    e.id = object_id("56e1fc72e0c917e9c4714161");
    e.date = datetime(std::chrono::milliseconds(-1));
    e.seconds = std::chrono::sys_seconds(std::chrono::seconds(7));
    e.day = std::chrono::sys_days(std::chrono::days(3));
    e.duration = std::chrono::minutes(2);
    e.decimal = decimal128::parse("1.5");
    e.bin = binary{{std::byte{1}}, 5};
    e.bytes = {std::byte{2}, std::byte{3}};
    e.pattern = regex{"a", "i"};
    e.stamp = timestamp{1, 2};
    e.script = code{"c"};
    e.scoped = code_with_scope{"s", doc("x", 1)};
    e.sym = symbol{"y"};
    e.pointer = db_pointer{"n", e.id};
    e.plain_enum = level::high;
    e.pair = {1, 2};
    e.bits = {true, false};
    e.ordered = {3, 1};
    e.unordered = {"only"};
    e.queue = {1, 2, 3};
    e.chain = {0.5};
    e.hashed = {{"k", 1}};
    e.sparse = {1, std::nullopt};
    e.home = address{"Oslo", std::nullopt};
    e.any = arr(1, "x");
    e.doc_member = doc("a", 1);
    e.arr_member = arr(true);
    return e;
}

TEST(Mapping, EveryKindOfMemberSurvives) {
    auto const d = to_document(filled());
    EXPECT_EQ(d.at("duration"), 120'000);
    EXPECT_EQ(d.at("plain_enum"), 1);
    EXPECT_EQ(d.at("sparse"), value(arr(1, nullptr)));
    EXPECT_EQ(d.at("day"), std::chrono::sys_days(std::chrono::days(3)));
    EXPECT_TRUE(d.at("bytes").is_binary());
    EXPECT_TRUE(identical(to_document(from_document<everything>(d)), d));

    auto const bytes = encode(filled());
    EXPECT_EQ(bytes, encode(d));
    EXPECT_TRUE(identical(to_document(decode<everything>(bson_view(bytes))), d));
    EXPECT_TRUE(identical(to_document(decode<everything>(bson_view(bytes), decode_mode::strict)), d));
}

TEST(Mapping, MissingMembersKeepTheirDefaultsAndUnknownKeysAreIgnored) {
    auto const d = doc("unknown", 1, "name", "Bob");
    for (auto const& c : {from_document<customer>(d), decode<customer>(bson_view(encode(d)))}) {
        EXPECT_EQ(c.name, "Bob");
        EXPECT_EQ(c.age, 18);
        EXPECT_EQ(c._id, object_id());
        EXPECT_FALSE(c.score);
    }
}

TEST(Mapping, OrderOfKeysDoesNotMatter) {
    auto const d = ann_document();
    document reversed;
    for (auto const& [key, v] : d) {
        reversed.prepend(key, v);
    }
    EXPECT_EQ(from_document<customer>(reversed), ann());
}

TEST(Mapping, NullIsAbsentForAnOptionalMember) {
    EXPECT_FALSE(from_document<customer>(doc("score", nullptr)).score);
    EXPECT_EQ(from_document<customer>(doc("score", 2)).score, 2.0);
}

TEST(Mapping, StrictModeRefusesMissingMembersAndUnknownKeys) {
    auto const check = [](document const& d, errc code, char const* path, char const* text) {
        auto const bytes = encode(d);
        for (auto const& thrown : {error_of([&] { from_document<address>(d, decode_mode::strict); }),
                 error_of([&] { decode<address>(bson_view(bytes), decode_mode::strict); })}) {
            ASSERT_TRUE(thrown);
            EXPECT_EQ(thrown->code(), code);
            EXPECT_EQ(thrown->details().path, path);
            EXPECT_THAT(thrown->message(), testing::HasSubstr(text));
        }
    };
    check(doc("street", "x"), errc::required, "city", "the key city is missing");
    check(doc("city", "x", "zip", 1), errc::unknown_field, "zip", "the key zip is no member");
    EXPECT_NO_THROW(from_document<address>(doc("city", "x"), decode_mode::strict));
    auto const thrown = error_of([] { from_document<customer>(doc("addresses", arr(doc())), decode_mode::strict); });
    EXPECT_EQ(std::as_const(*thrown).details().path, "addresses.0.city");
}

struct wrong_entry {
    char const* name;
    document given;
    char const* path;
    char const* text;
    char const* value;
};

std::vector<wrong_entry> wrong_entries() {
    return {
        {"text", doc("name", 5), "name", "cannot decode shop::customer::name: expected string, got int", "5"},
        {"null", doc("name", nullptr), "name", "expected string, got null", "null"},
        {"integer", doc("age", 1.5), "age", "expected an integer of 64 bits, got double", "1.5"},
        {"range", doc("age", 1L << 40), "age", "the number does not fit into a signed integer of 32 bits", "1099511627776"},
        {"nested", doc("addresses", arr(doc("city", "x"), doc("city", true))), "addresses.1.city",
            "customer::addresses.1.city: expected string, got bool", "true"},
        {"optional", doc("addresses", arr(doc("street", 1))), "addresses.0.street", "expected string, got int", "1"},
        {"no array", doc("addresses", doc()), "addresses", "expected array, got object", "{}"},
        {"no document", doc("addresses", arr(1)), "addresses.0", "expected object, got int", "1"},
        {"map", doc("marks", doc("x", arr(1, "y"))), "marks.x.1", "got string", "\"y\""},
        {"enumerator", doc("favourite", "blue"), "favourite", "the value is no enumerator of shop::color", "\"blue\""},
        {"enum number", doc("favourite", 7), "favourite", "the value is no enumerator of shop::color", "7"},
        {"id", doc("_id", "x"), "_id", "expected objectId, got string", "\"x\""},
    };
}

TEST(Mapping, ErrorsNameStructPathAndValue) {
    for (auto const& entry : wrong_entries()) {
        SCOPED_TRACE(entry.name);
        auto const bytes = encode(entry.given);
        for (auto const& thrown :
            {error_of([&] { from_document<customer>(entry.given); }), error_of([&] { decode<customer>(bson_view(bytes)); })}) {
            ASSERT_TRUE(thrown);
            EXPECT_EQ(thrown->code(), errc::type_mismatch);
            EXPECT_EQ(thrown->details().path, entry.path);
            EXPECT_EQ(thrown->details().value, entry.value);
            EXPECT_THAT(thrown->message(), testing::HasSubstr(entry.text));
        }
    }
}

TEST(Mapping, ArraysOfFixedSizeRefuseAnotherSize) {
    EXPECT_ERROR(from_document<everything>(doc("pair", arr(1))), type_mismatch, "expected an array of 2 elements, got 1");
    EXPECT_ERROR(from_document<everything>(doc("pair", arr(1, 2, 3))), type_mismatch, "expected an array of 2 elements, got 3");
}

TEST(Mapping, IntegersAreCheckedAgainstTheRangeOfTheMember) {
    EXPECT_ERROR(
        from_document<everything>(doc("u8", 256)), type_mismatch, "the number does not fit into an unsigned integer of 8 bits");
    EXPECT_ERROR(
        from_document<everything>(doc("u32", -1)), type_mismatch, "the number does not fit into an unsigned integer of 32 bits");
    EXPECT_ERROR(from_document<everything>(doc("plain_enum", 1000)), type_mismatch,
        "the number does not fit into a signed integer of 8 bits");
    everything e;
    e.u64 = ~std::uint64_t{0};
    EXPECT_ERROR(to_document(e), invalid_argument, "18446744073709551615");
    EXPECT_ERROR(encode(e), invalid_argument, "18446744073709551615");
}

TEST(Mapping, FailedEncodingLeavesTheBufferAsItWas) {
    bson_buffer out{std::byte{1}};
    everything e;
    e.u64 = ~std::uint64_t{0};
    EXPECT_ERROR(append_bson(out, e), invalid_argument, "");
    EXPECT_EQ(out, bson_buffer{std::byte{1}});
}

TEST(Mapping, EnumsAreReadByNumberToo) {
    EXPECT_EQ(from_document<customer>(doc("favourite", 2)).favourite, color::green);
    EXPECT_EQ(value(static_cast<color>(9)), 9); // no name: the number
}

TEST(Mapping, MembersCanHaveOtherNames) {
    renamed r;
    r.id = 5;
    r.other = 6;
    EXPECT_EQ(to_document(r), doc("_id", 5, "other", 6));
    EXPECT_EQ(from_document<renamed>(doc("_id", 7)).id, 7);
    EXPECT_EQ(from_document<renamed>(doc("id", 7)).id, 0);
}

TEST(Mapping, TypesWithACodecOfTheirOwnAreMembersAndValues) {
    EXPECT_EQ(to_document(priced{money(5)}), doc("price", 5));
    EXPECT_EQ(from_document<priced>(doc("price", 7)).price, money(7));
    EXPECT_EQ(value(money(3)), 3);
    EXPECT_EQ(value(3).to<money>(), money(3));
    EXPECT_EQ(value(arr(1, 2)).to<std::vector<money>>(), (std::vector<money>{money(1), money(2)}));
}

TEST(Mapping, DescribedPrivateMembersAreMapped) {
    EXPECT_EQ(to_document(guarded(4)), doc("secret_", 4));
    EXPECT_EQ(from_document<guarded>(doc("secret_", 9)).secret(), 9);
}

TEST(Mapping, RecursiveStructsAreMapped) {
    tree t{1, {{2, {{3, {}}}}, {4, {}}}};
    EXPECT_EQ(from_document<tree>(to_document(t)), t);
    EXPECT_EQ(decode<tree>(bson_view(encode(t))), t);
    EXPECT_ERROR(from_document<tree>(doc("children", arr(doc("children", arr(doc("v", "x")))))), type_mismatch,
        "tree::children.0.children.0.v");
}

TEST(Mapping, MembersThatAreNotDescribedStayOut) {
    partly p;
    p.kept = 5;
    EXPECT_EQ(to_document(p), doc("told", 0));
    EXPECT_EQ(from_document<partly>(doc("told", 1, "kept", 2)).kept, 0);
    EXPECT_ERROR(member_name(&partly::kept), definition, "shop::partly");
}

TEST(Mapping, StructWithoutMembersIsAnEmptyDocument) {
    EXPECT_EQ(to_document(nothing()), doc());
    EXPECT_NO_THROW(from_document<nothing>(doc("a", 1)));
    EXPECT_ERROR(from_document<nothing>(doc("a", 1), decode_mode::strict), unknown_field, "a");
}

TEST(Mapping, MalformedBsonIsBadBsonWhereverItIs) {
    auto const bytes = encode(ann());
    for (std::size_t size = 5; size < bytes.size(); ++size) {
        bson_buffer cut(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size));
        auto const length = static_cast<std::int32_t>(size);
        std::memcpy(cut.data(), &length, sizeof length);
        cut.back() = std::byte{0};
        try {
            static_cast<void>(decode<customer>(bson_view(cut)));
        } catch (error const& e) {
            EXPECT_EQ(e.code(), errc::bad_bson) << e.what();
        }
    }
}

} // namespace
} // namespace cormorant::test
