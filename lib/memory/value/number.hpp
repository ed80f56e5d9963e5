#pragma once

/// Arithmetic on BSON numbers: int32 grows to int64, double and decimal128 take over whatever they meet.

#include <cormorant/bson/value.hpp>

#include <cstdint>
#include <optional>

namespace cormorant::memory {

/// NaN, as double or decimal.
bool is_nan(value const&) noexcept;
/// A number without its fraction; nothing for what is no number, NaN, infinite or too large.
std::optional<std::int64_t> truncated(value const&);
/// The number as a decimal. A double gives 15 digits.
decimal128 to_decimal(value const& number);

/// int32 when it fits, else int64.
value int_or_long(std::int64_t n);
/// int64 when `wide`, else as `int_or_long`.
value integer(std::int64_t n, bool wide);
/// The sum or product; nothing when it does not fit int64. Both operands are numbers.
std::optional<value> add_exactly(value const& a, value const& b);
std::optional<value> multiply_exactly(value const& a, value const& b);
/// The difference or product; what does not fit int64 becomes a double.
value subtract(value const& a, value const& b);
value multiply(value const& a, value const& b);

/// A sum whose rounding error is carried along (double-double), as the server's `$sum`, `$avg` and `$add`.
class summation {
public:
    void add(value const& number);
    /// Decimal, double, or the least integer type of the numbers added that holds it; a double when int64 does not.
    value total() const;
    /// Total by count; a double or decimal.
    value divided_by(std::int64_t count) const;
    bool empty() const noexcept { return empty_; }

private:
    void add_double(double d) noexcept;
    double real_total() const noexcept;

    double sum_ = 0;
    double carry_ = 0;
    /// Without the trick, for infinities.
    double plain_ = 0;
    decimal128 decimals_;
    /// The widest so far.
    bson_type type_ = bson_type::int32;
    bool empty_ = true;
};

} // namespace cormorant::memory
