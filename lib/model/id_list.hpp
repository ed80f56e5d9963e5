#pragma once

/// Bounds of the lists that `$in` gets.

#include <cormorant/bson/value.hpp>

#include <cstddef>

namespace cormorant::detail {

/// A command may have 16 MB.
inline constexpr std::size_t max_listed_bytes = 8 * 1024 * 1024;

/// What a value takes in a list: its position as a key (a number of up to six digits), and its own bytes. Only texts and binary
/// are long.
inline std::size_t listed_bytes(value const& v) noexcept {
    return 24 + (v.is_string() ? v.as_string().size() : v.is_binary() ? v.bytes().size() : 0);
}

} // namespace cormorant::detail
