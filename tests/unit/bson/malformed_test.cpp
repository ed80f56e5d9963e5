#include "bson/in_place.hpp"
#include "expect_error.hpp"
#include "hex.hpp"
#include "random_document.hpp"

#include <cormorant/bson/bson.hpp>
#include <cormorant/bson/json.hpp>

#include <gtest/gtest.h>

namespace cormorant::test {
namespace {

/// A document with every type.
document sample() {
    return doc("double", 1.5, "string", "text", "document", doc("x", 1, "y", doc()), "array", arr(1, "two", arr()), "binary",
        binary{{std::byte{1}, std::byte{2}}, 0}, "old", binary{{std::byte{3}}, 2}, "undefined", undefined(), "id",
        object_id("56e1fc72e0c917e9c4714161"), "bool", true, "date", datetime(std::chrono::milliseconds(5)), "null", nullptr,
        "regex", regex{"a+", "i"}, "pointer", db_pointer{"db.c", object_id("56e1fc72e0c917e9c4714161")}, "code", code{"f()"},
        "symbol", symbol{"s"}, "scope", code_with_scope{"g()", doc("v", 1)}, "int", 7, "stamp", timestamp{1, 2}, "long",
        std::int64_t{1} << 40, "decimal", decimal128::parse("1.25"), "min", min_key(), "max", max_key());
}

/// Reads everything that a view can give.
void walk(bson_view const& view) {
    for (auto const& element : view) {
        static_cast<void>(element.to_value());
        if (element.type() == bson_type::document) {
            walk(element.as_document());
        }
    }
}

TEST(Malformed, EveryTruncationIsAnError) {
    auto const bytes = encode(sample());
    for (std::size_t size = 0; size < bytes.size(); ++size) {
        // A buffer of its own, so that a read beyond the end is seen by AddressSanitizer.
        bson_buffer const cut(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size));
        EXPECT_ERROR(decode_bson(cut), bad_bson, "offset");
        EXPECT_ERROR(validate_bson(cut), bad_bson, "offset");
    }
}

TEST(Malformed, TruncatedBsonBecomesNoJson) {
    auto const bytes = encode(sample());
    for (std::size_t size = 0; size < bytes.size(); ++size) {
        bson_buffer cut(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size));
        std::string out = "kept";
        EXPECT_ERROR(append_json(out, bson_view(cut)), bad_bson, "offset");
        if (size < 6) {
            continue;
        }
        auto const length = static_cast<std::int32_t>(size);
        std::memcpy(cut.data(), &length, sizeof length);
        cut.back() = std::byte{0};
        try {
            append_json(out, bson_view(cut));
            out = "kept";
        } catch (error const& e) {
            EXPECT_EQ(e.code(), errc::bad_bson) << e.what();
        }
        EXPECT_EQ(out, "kept");
    }
}

TEST(Malformed, TextThatIsNotUtf8IsRefusedWhereverItStands) {
    std::string const bad = "a long text that is good but for one byte: \xFF";
    for (auto const& d : {doc("s", bad), doc("s", bad.substr(bad.size() - 3)), doc("s", symbol{bad}), doc("s", code{bad}),
             doc("s", code_with_scope{bad, doc()}), doc("s", code_with_scope{"f", doc("x", bad)}), doc("s", regex{bad, ""}),
             doc("s", db_pointer{bad, object_id()}), doc("s", arr(1, bad)), doc("s", doc("x", doc("y", bad))), doc(bad, 1),
             doc("s", doc("\xC0", 1))}) {
        auto const bytes = encode(d);
        EXPECT_ERROR(decode_bson(bytes), bad_bson, "not UTF-8");
        EXPECT_ERROR(validate_bson(bytes), bad_bson, "not UTF-8");
        EXPECT_ERROR(to_json(bson_view(bytes)), bad_bson, "not UTF-8");
        auto const arena = make_arena();
        EXPECT_ERROR(detail::decode_in_place(arena.adopt(bytes), arena), bad_bson, "not UTF-8");
    }
}

TEST(Malformed, BsonOfMoreThan200LevelsBecomesNoJson) {
    document d;
    for (int i = 1; i < 200; ++i) {
        d = doc("x", std::move(d));
    }
    EXPECT_NO_THROW(to_json(bson_view(encode(d))));
    d = doc("x", std::move(d));
    auto const bytes = encode(d);
    EXPECT_ERROR(to_json(bson_view(bytes)), bad_bson, "200 levels");
}

TEST(Malformed, EveryTruncationWithARepairedLengthIsAnError) {
    auto const bytes = encode(sample());
    for (std::size_t size = 6; size < bytes.size(); ++size) {
        bson_buffer cut(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size));
        auto const length = static_cast<std::int32_t>(size);
        std::memcpy(cut.data(), &length, sizeof length);
        cut.back() = std::byte{0};
        try {
            // A cut between two elements gives a shorter document, any other one an error.
            auto const d = decode_bson(cut);
            EXPECT_LT(d.size(), sample().size());
        } catch (error const& e) {
            EXPECT_EQ(e.code(), errc::bad_bson) << e.what();
        }
    }
}

TEST(Malformed, AnyChangedByteIsAnErrorOrAnotherGoodDocument) {
    auto const bytes = encode(sample());
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        for (int const change : {0x00, 0x01, 0x7F, 0x80, 0xFF, -1}) {
            auto changed = bytes;
            changed[i] = change < 0 ? changed[i] ^ std::byte{0x40} : static_cast<std::byte>(change);
            bool decoded = false;
            try {
                auto const d = decode_bson(changed);
                decoded = true;
                // What was accepted can be written and read again.
                EXPECT_TRUE(identical(decode_bson(encode(d)), d));
                // The other readers see the same.
                EXPECT_EQ(to_json(bson_view(changed)), to_json(d));
                auto const arena = make_arena();
                EXPECT_TRUE(identical(detail::decode_in_place(arena.adopt(changed), arena), d));
            } catch (error const& e) {
                EXPECT_EQ(e.code(), errc::bad_bson) << e.what();
            }
            bool valid = false;
            try {
                validate_bson(changed);
                valid = true;
            } catch (error const& e) {
                EXPECT_EQ(e.code(), errc::bad_bson) << e.what();
            }
            EXPECT_EQ(decoded, valid) << "byte " << i << " set to " << change;
            try {
                walk(bson_view(changed));
            } catch (error const& e) {
                EXPECT_EQ(e.code(), errc::bad_bson) << e.what();
            }
        }
    }
}

TEST(Malformed, RandomBytesNeverCrash) {
    random_documents random(5);
    for (int i = 0; i < 20000; ++i) {
        bson_buffer bytes(random.below(60));
        for (auto& b : bytes) {
            b = static_cast<std::byte>(random.below(256));
        }
        if (bytes.size() >= 5) {
            auto const length = static_cast<std::int32_t>(bytes.size());
            std::memcpy(bytes.data(), &length, sizeof length);
            bytes.back() = std::byte{0};
            bytes[4] = static_cast<std::byte>(1 + random.below(19));
        }
        try {
            decode_bson(bytes);
        } catch (error const& e) {
            EXPECT_EQ(e.code(), errc::bad_bson) << e.what();
        }
    }
}

struct bad_entry {
    char const* name;
    char const* bson;
    char const* offset;
    char const* reason;
};

class BadBson : public testing::TestWithParam<bad_entry> {};

TEST_P(BadBson, IsRefusedWithOffsetAndReason) {
    auto const bytes = from_hex(GetParam().bson);
    EXPECT_ERROR(decode_bson(bytes), bad_bson, GetParam().offset);
    EXPECT_ERROR(decode_bson(bytes), bad_bson, GetParam().reason);
    EXPECT_ERROR(validate_bson(bytes), bad_bson, GetParam().reason);
}

INSTANTIATE_TEST_SUITE_P(Table, BadBson,
    testing::Values(bad_entry{"NoBytes", "", "offset 0", "a length exceeds"},
        bad_entry{"LengthTooSmall", "0400000000", "offset 0", "length 4"},
        bad_entry{"LengthNegative", "FFFFFFFF00", "offset 0", "length -1"},
        bad_entry{"LengthTooGreat", "0600000000", "offset 0", "length 6"},
        bad_entry{"BytesFollow", "050000000000", "offset 5", "1 bytes follow"},
        bad_entry{"NotTerminated", "0500000001", "offset 4", "not terminated"},
        bad_entry{"KeyNotTerminated", "08000000 0A 6161 00", "offset 4", "a key is not terminated"},
        bad_entry{"UnknownType", "08000000 1F 6100 00", "offset 7", "unknown type 0x1f"},
        bad_entry{"EndsEarly", "08000000 00 6100 00", "offset 7", "unknown type 0x00"},
        bad_entry{"BoolOfTwo", "09000000 08 6200 02 00", "offset 7", "a bool of 2"},
        bad_entry{"DoubleTooShort", "0B000000 01 6400 000000 00", "offset 7", "8 bytes exceeds"},
        bad_entry{"StringLengthZero", "0C000000 02 6100 00000000 00", "offset 7", "length 0"},
        bad_entry{"StringLengthNegative", "0C000000 02 6100 FFFFFFFF 00", "offset 7", "length -1"},
        bad_entry{"StringTooLong", "0D000000 02 6100 02000000 00 00", "offset 7", "length 2"},
        bad_entry{"StringNotTerminated", "0E000000 02 6100 02000000 6262 00", "offset 12", "a string is not terminated"},
        bad_entry{"StringNotUtf8", "0E000000 02 6100 02000000 E900 00", "offset 7", "not UTF-8"},
        bad_entry{"KeyNotUtf8", "08000000 0A E900 00", "offset 7", "a key is not UTF-8"},
        bad_entry{"DocumentTooLong", "0D000000 03 7800 07000000 00 00", "offset 7", "length 7"},
        bad_entry{"InnerDocumentBad", "10000000 03 7800 08000000 1F 6100 00 00", "offset 14", "unknown type 0x1f"},
        bad_entry{"BinaryNegative", "0D000000 05 7800 FFFFFFFF 00 00", "offset 7", "length -1"},
        bad_entry{"BinaryTooLong", "0D000000 05 7800 01000000 00 00", "offset 7", "length 1"},
        bad_entry{"OldBinaryInnerLength", "13000000 05 7800 06000000 02 03000000 FFFF 00", "offset 12", "inner length"},
        bad_entry{"OldBinaryWithoutInnerLength", "0F000000 05 7800 02000000 02 FFFF 00", "offset 12", "inner length"},
        bad_entry{"RegexNotTerminated", "0B000000 0B 6100 616200 00", "offset 10", "not terminated"},
        bad_entry{"DbPointerTooShort", "16000000 0C 6100 02000000 6200 56E1FC72E0C917E9 00", "offset 13", "object id"},
        bad_entry{"CodeScopeLengthTooGreat", "16000000 0F 6100 0F000000 01000000 00 05000000 00 00", "offset 7", "length 15"},
        bad_entry{"CodeScopeLengthTooSmall", "16000000 0F 6100 0D000000 01000000 00 05000000 00 00", "offset 7", "add up"},
        bad_entry{"ScopeNotUtf8", "19000000 0F 6100 11000000 01000000 00 08000000 0A E900 00 00", "offset 23", "not UTF-8"}),
    [](auto const& entry) { return entry.param.name; });

document nested(int levels) {
    document d;
    for (int i = 1; i < levels; ++i) {
        d = i % 2 == 0 ? doc("a", std::move(d)) : doc("a", arr(std::move(d)));
    }
    return d;
}

TEST(Limits, DepthIsBounded) {
    decode_limits limits;
    limits.max_depth = 3;
    EXPECT_NO_THROW(decode_bson(encode(doc("a", doc("a", doc()))), {}, limits));
    EXPECT_ERROR(decode_bson(encode(doc("a", doc("a", doc("a", doc())))), {}, limits), bad_bson, "more than 3 levels");
    EXPECT_ERROR(decode_bson(encode(doc("a", arr(arr(arr())))), {}, limits), bad_bson, "more than 3 levels");
    EXPECT_ERROR(decode_bson(encode(doc("a", code_with_scope{"", doc("a", doc("a", doc()))})), {}, limits), bad_bson, "3 levels");
    EXPECT_ERROR(validate_bson(encode(doc("a", doc("a", doc("a", doc())))), limits), bad_bson, "more than 3 levels");
}

TEST(Limits, DefaultDepthIs200) {
    EXPECT_NO_THROW(decode_bson(encode(nested(100)))); // an array and a document per step: less than 200 levels
    EXPECT_ERROR(decode_bson(encode(nested(150))), bad_bson, "more than 200 levels");
}

TEST(Limits, DepthCannotBeRaisedBeyondTheBound) {
    decode_limits limits;
    limits.max_depth = 1'000'000;
    EXPECT_NO_THROW(decode_bson(encode(nested(600)), {}, limits));
    EXPECT_ERROR(encode(nested(1001)), limit_exceeded, "1000 levels");
}

TEST(Limits, SizeIsBounded) {
    decode_limits limits;
    limits.max_size = 100;
    EXPECT_NO_THROW(decode_bson(encode(doc("a", std::string(80, 'x'))), {}, limits));
    EXPECT_ERROR(decode_bson(encode(doc("a", std::string(100, 'x'))), {}, limits), bad_bson, "exceed the limit of 100");
}

TEST(Limits, Utf8CheckCanBeTurnedOff) {
    decode_limits limits;
    limits.check_utf8 = false;
    auto const d = decode_bson(from_hex("0E000000 02 6100 02000000 E900 00"), {}, limits);
    EXPECT_EQ(d.at("a").as_string(), "\xE9");
}

} // namespace
} // namespace cormorant::test
