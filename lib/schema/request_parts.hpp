#pragma once

/// What readers of requests have in common.

#include <cormorant/error/error.hpp>
#include <cormorant/schema/schema.hpp>

#include <string_view>
#include <vector>

namespace cormorant::detail {

/// `message` is what is wrong with the path, as in "'age' may not be filtered by".
[[noreturn]] void refuse_request(errc code, schema const& s, std::string_view path, std::string_view message);

field_definition const* find_field(std::vector<field_definition> const& fields, std::string_view name) noexcept;

/// What lies below a key of a value of a type; items of arrays have no keys of their own. Null: nothing is known.
field_type const* type_below(field_type const* type, std::string_view key) noexcept;

/// The type of the values that a condition on a path compares with.
field_type const* type_of(schema const& s, std::string_view path) noexcept;

/// Text, as query strings and forms deliver it, in the form of a type. False: it has none.
bool convert_text(value& v, type_kind kind);

} // namespace cormorant::detail
