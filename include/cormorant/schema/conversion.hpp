#pragma once

/// Conversions: text, as forms and query strings deliver it, to the types of a model; documents to their JSON form.

#include <cormorant/bson/value.hpp>

#include <string_view>

namespace cormorant {

/// Converts to `"number"`, `"boolean"`, `"date"`, `"objectid"` or `"string"`. A value that has the type already, and null, stay
/// as they are.
/// - number: decimal text.
/// - boolean: `true`, `yes`, `1`, `false`, `no`, `0`.
/// - date: milliseconds since 1970 as a number or as text; ISO 8601 text.
/// - objectid: 24 hexadecimal digits.
/// Throws `errc::type_mismatch` naming value and type when it cannot be converted, `errc::invalid_argument` for an unknown type.
value convert_value(value v, std::string_view type);

/// Converts the values of a document or filter by their paths. `spec` maps paths to types, flat (`{"rows.n": "number"}`), nested
/// (`{rows: {n: "number"}}`) or mixed; arrays add no level, `~` stands for any key. Values of other paths stay as they are. In
/// filters
/// `$and`, `$or`, `$nor`, dotted keys and the operators that compare values are understood.
/// Throws as `convert_value` naming the path, and `errc::invalid_argument` for an operator that it does not know.
document string_convert(document data, document const& spec);

/// An object id whose bytes are those of the text, filled up with zeros: predictable ids for tests.
/// Throws `errc::invalid_argument` for more than 12 bytes.
object_id test_id(std::string_view text);

/// The JSON form of a plain value: object ids as hexadecimal text, dates as ISO 8601 text, at every depth.
value json_form(value v);

} // namespace cormorant
