#pragma once

/// From conditions to filters of a store.

#include <cormorant/schema/schema.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cormorant::detail {

/// A regular expression of a filter: whether it is one, only the store can tell.
struct written_pattern {
    std::string path;
    std::string text;
};

struct compiled_where {
    document filter;
    std::vector<written_pattern> patterns;
};

/// The filter of a `where`. Paths are checked against `s`; null: nothing is known of the documents.
/// Throws `errc::invalid_argument` with path and value for what is not understood.
compiled_where compile_where(schema const* s, document const& where);

/// Throws `errc::invalid_argument` for a path that cannot be one, or that a model which refuses keys that it does not declare
/// does not declare. `what`: what the path stands for, `"a condition"`.
void check_path(schema const* s, std::string_view path, std::string_view what);

/// The regular expression of a pattern in which `%` stands for any run of characters and `_` for one.
std::string like_expression(std::string_view pattern);

/// A filter that a value is equal to, whatever it is.
value equal_to(value v);

} // namespace cormorant::detail
