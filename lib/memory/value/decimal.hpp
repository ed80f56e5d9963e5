#pragma once

/// Arithmetic of decimal128 (IEEE 754-2008): 34 digits, rounded half to even.

#include <cormorant/bson/types.hpp>

#include <cstdint>
#include <optional>

namespace cormorant::memory::decimal {

enum class rounding { half_even, toward_zero, down, up };

decimal128 from_int64(std::int64_t) noexcept;
/// As the server makes decimals of doubles: 15 significant digits.
decimal128 from_double(double);
/// The nearest 34 digits.
decimal128 from_double_exactly(double);
/// Truncated; nothing for NaN, infinity and what does not fit.
std::optional<std::int64_t> to_int64(decimal128 const&);
/// The same, rounded.
std::optional<std::int64_t> round_to_int64(decimal128 const&, rounding);

bool is_nan(decimal128 const&) noexcept;
bool is_infinite(decimal128 const&) noexcept;
bool is_zero(decimal128 const&) noexcept;
bool is_negative(decimal128 const&) noexcept;

decimal128 add(decimal128 const&, decimal128 const&);
decimal128 subtract(decimal128 const&, decimal128 const&);
decimal128 multiply(decimal128 const&, decimal128 const&);
decimal128 divide(decimal128 const&, decimal128 const&);
/// The remainder of the truncated division; it has the sign of the first operand.
decimal128 remainder(decimal128 const&, decimal128 const&);
decimal128 negate(decimal128) noexcept;
decimal128 abs(decimal128) noexcept;
/// Rounds to `places` digits after the point (negative: before it). A number that has no more digits stays as it is but for its
/// exponent.
decimal128 round(decimal128 const&, int places, rounding);

decimal128 sqrt(decimal128 const&);
decimal128 exp(decimal128 const&);
decimal128 ln(decimal128 const&);
decimal128 log10(decimal128 const&);
decimal128 pow(decimal128 const&, decimal128 const&);

} // namespace cormorant::memory::decimal
