#pragma once

/// Extended JSON in and out (version 2:
/// https://github.com/mongodb/specifications/blob/master/source/extended-json/extended-json.md).

#include <cormorant/bson/value.hpp>

#include <fmt/format.h>

#include <string>
#include <string_view>

namespace cormorant {

/// How values are written.
enum class json_mode {
    /// Extended JSON for people: numbers as numbers, dates as ISO 8601. Types of numbers are not kept exactly.
    relaxed,
    /// Extended JSON that keeps every type.
    canonical,
    /// What a browser expects, as `JSON.stringify` writes it: object ids as 24 digits, dates as `2020-01-02T03:04:05.678Z`,
    /// binary as base64, decimal128 as a string, NaN and infinities as null. Types are lost.
    plain,
};

/// How objects with keys like `$oid` are read.
enum class json_dialect {
    /// Extended JSON: they are values of BSON.
    extended,
    /// They are ordinary documents: for text that the program's users send.
    plain,
};

/// Reads one JSON value. An integer becomes int32 when it fits, else int64, else double.
/// Throws `errc::bad_json` with the offset (or the path) and the reason: bad syntax, bad UTF-8, a key that occurs twice, a wrong
/// `$` object, more than 200 levels.
value parse_json(std::string_view text, json_dialect dialect = json_dialect::extended, storage memory = {});
value parse_json(std::string_view text, storage memory);
/// As `parse_json`, for text that must be an object.
document parse_json_document(std::string_view text, json_dialect dialect = json_dialect::extended, storage memory = {});
document parse_json_document(std::string_view text, storage memory);

/// One line without needless spaces, or with `indent` > 0 one member per line, indented by that many spaces per level.
std::string to_json(value const& v, json_mode mode = json_mode::relaxed, int indent = 0);
std::string to_json(document const& d, json_mode mode = json_mode::relaxed, int indent = 0);
std::string to_json(array const& a, json_mode mode = json_mode::relaxed, int indent = 0);

void append_json(std::string& out, value const& v, json_mode mode = json_mode::relaxed, int indent = 0);
void append_json(std::string& out, document const& d, json_mode mode = json_mode::relaxed, int indent = 0);
void append_json(std::string& out, array const& a, json_mode mode = json_mode::relaxed, int indent = 0);

/// BSON as text, without a document in between: the same text as that of the document. Throws `errc::bad_bson`; text that is not
/// UTF-8 is one reason, and more than 200 levels another. On an exception `out` is as it was.
std::string to_json(bson_view const& v, json_mode mode = json_mode::relaxed, int indent = 0);
void append_json(std::string& out, bson_view const& v, json_mode mode = json_mode::relaxed, int indent = 0);

/// Text as a JSON string, with its quotes.
void append_json_string(std::string& out, std::string_view text);

/// Relaxed Extended JSON of at most about `limit` bytes, for messages: what is longer ends with `...`.
std::string shorten(value const& v, std::size_t limit = 100);

} // namespace cormorant

template <>
struct fmt::formatter<cormorant::value> : fmt::formatter<fmt::string_view> {
    template <class Context>
    auto format(cormorant::value const& v, Context& context) const {
        return fmt::formatter<fmt::string_view>::format(cormorant::to_json(v), context);
    }
};
template <>
struct fmt::formatter<cormorant::document> : fmt::formatter<fmt::string_view> {
    template <class Context>
    auto format(cormorant::document const& d, Context& context) const {
        return fmt::formatter<fmt::string_view>::format(cormorant::to_json(d), context);
    }
};
template <>
struct fmt::formatter<cormorant::array> : fmt::formatter<fmt::string_view> {
    template <class Context>
    auto format(cormorant::array const& a, Context& context) const {
        return fmt::formatter<fmt::string_view>::format(cormorant::to_json(a), context);
    }
};
template <>
struct fmt::formatter<cormorant::object_id> : fmt::formatter<fmt::string_view> {
    template <class Context>
    auto format(cormorant::object_id const& id, Context& context) const {
        return fmt::formatter<fmt::string_view>::format(id.to_string(), context);
    }
};
