#pragma once

/// Exact comparison and conversion of BSON's four number types.

#include <cormorant/bson/types.hpp>

#include <compare>
#include <cstdint>
#include <optional>

namespace cormorant::detail {

/// The integer that the number is exactly, when it is one and fits.
std::optional<std::int64_t> exact_int64(double) noexcept;
std::optional<std::int64_t> exact_int64(decimal128 const&) noexcept;

bool is_nan(decimal128 const&) noexcept;
bool is_zero(decimal128 const&) noexcept;

// Infinities are ordinary numbers here; a NaN equals a NaN and is less than all else.
std::weak_ordering compare_numbers(double, double) noexcept;
std::weak_ordering compare_numbers(std::int64_t, double) noexcept;
std::weak_ordering compare_numbers(decimal128 const&, decimal128 const&) noexcept;
std::weak_ordering compare_numbers(decimal128 const&, double) noexcept;
std::weak_ordering compare_numbers(decimal128 const&, std::int64_t) noexcept;

} // namespace cormorant::detail
