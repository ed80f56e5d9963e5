#include "number.hpp"

#include "decimal.hpp"

#include <cmath>
#include <limits>
#include <utility>

namespace cormorant::memory {

namespace {

// 2^63 is the first double that int64 cannot hold.
constexpr double int64_end = 9223372036854775808.0;

std::optional<std::int64_t> to_int64(double d) noexcept {
    return d >= -int64_end && d < int64_end ? std::optional(static_cast<std::int64_t>(d)) : std::nullopt;
}

bool both_integers(value const& a, value const& b) noexcept {
    return (a.is_int32() || a.is_int64()) && (b.is_int32() || b.is_int64());
}

/// A sum as a double, and what is missing from it (Knuth).
std::pair<double, double> exact_sum(double a, double b) noexcept {
    double const sum = a + b;
    double const part = sum - a;
    return {sum, (a - (sum - part)) + (b - part)};
}

bool is_wide(value const& a, value const& b) noexcept {
    return a.is_int64() || b.is_int64();
}

} // namespace

bool is_nan(value const& v) noexcept {
    return (v.is_double() && std::isnan(v.as_double())) || (v.is_decimal128() && decimal::is_nan(v.as_decimal128()));
}

std::optional<std::int64_t> truncated(value const& v) {
    switch (v.type()) {
    case bson_type::int32:
    case bson_type::int64:
        return v.as_int64();
    case bson_type::double_:
        return to_int64(v.as_double());
    case bson_type::decimal128:
        return decimal::to_int64(v.as_decimal128());
    default:
        return std::nullopt;
    }
}

decimal128 to_decimal(value const& v) {
    switch (v.type()) {
    case bson_type::decimal128:
        return v.as_decimal128();
    case bson_type::double_:
        return decimal::from_double(v.as_double());
    default:
        return decimal::from_int64(v.as_int64());
    }
}

value int_or_long(std::int64_t n) {
    return n >= std::numeric_limits<std::int32_t>::min() && n <= std::numeric_limits<std::int32_t>::max()
               ? value(static_cast<std::int32_t>(n))
               : value(n);
}

value integer(std::int64_t n, bool wide) {
    return wide ? value(n) : int_or_long(n);
}

std::optional<value> add_exactly(value const& a, value const& b) {
    if (a.is_decimal128() || b.is_decimal128()) {
        return decimal::add(to_decimal(a), to_decimal(b));
    }
    if (!both_integers(a, b)) {
        return a.as_double() + b.as_double();
    }
    std::int64_t sum = 0;
    if (__builtin_add_overflow(a.as_int64(), b.as_int64(), &sum)) {
        return std::nullopt;
    }
    return integer(sum, is_wide(a, b));
}

std::optional<value> multiply_exactly(value const& a, value const& b) {
    if (a.is_decimal128() || b.is_decimal128()) {
        return decimal::multiply(to_decimal(a), to_decimal(b));
    }
    if (!both_integers(a, b)) {
        return a.as_double() * b.as_double();
    }
    std::int64_t product = 0;
    if (__builtin_mul_overflow(a.as_int64(), b.as_int64(), &product)) {
        return std::nullopt;
    }
    return integer(product, is_wide(a, b));
}

value multiply(value const& a, value const& b) {
    if (auto product = multiply_exactly(a, b)) {
        return *std::move(product);
    }
    return a.as_double() * b.as_double();
}

value subtract(value const& a, value const& b) {
    if (a.is_decimal128() || b.is_decimal128()) {
        return decimal::subtract(to_decimal(a), to_decimal(b));
    }
    if (!both_integers(a, b)) {
        return a.as_double() - b.as_double();
    }
    std::int64_t difference = 0;
    if (__builtin_sub_overflow(a.as_int64(), b.as_int64(), &difference)) {
        return a.as_double() - b.as_double();
    }
    return integer(difference, is_wide(a, b));
}

void summation::add_double(double d) noexcept {
    plain_ += d;
    // First to the small part, then to the large one, as the server does: `sum_` alone is the rounded total.
    auto const [small, rest] = exact_sum(d, carry_);
    auto const [large, error] = exact_sum(sum_, small);
    sum_ = large;
    carry_ = error + rest;
}

double summation::real_total() const noexcept {
    return std::isnan(sum_) ? plain_ : sum_;
}

void summation::add(value const& number) {
    empty_ = false;
    switch (number.type()) {
    case bson_type::decimal128:
        decimals_ = type_ == bson_type::decimal128 ? decimal::add(decimals_, number.as_decimal128()) : number.as_decimal128();
        type_ = bson_type::decimal128;
        return;
    case bson_type::double_:
        add_double(number.as_double());
        if (type_ != bson_type::decimal128) {
            type_ = bson_type::double_;
        }
        return;
    default: {
        // In two halves, each of which a double holds exactly.
        auto const n = number.as_int64();
        auto const low = static_cast<std::int64_t>(static_cast<std::uint64_t>(n) & 0xFFFFFFFFU);
        add_double(static_cast<double>(n - low));
        add_double(static_cast<double>(low));
        if (number.is_int64() && type_ == bson_type::int32) {
            type_ = bson_type::int64;
        }
    }
    }
}

value summation::total() const {
    switch (type_) {
    case bson_type::decimal128:
        return decimal::add(
            decimals_, std::isnan(sum_) ? decimal::from_double(plain_)
                                        : decimal::add(decimal::from_double_exactly(sum_), decimal::from_double_exactly(carry_)));
    case bson_type::double_:
        return real_total();
    default: {
        auto const high = to_int64(sum_);
        auto const low = static_cast<std::int64_t>(carry_);
        std::int64_t sum = 0;
        if (sum_ == int64_end && low < 0) { // the carry brings it back
            return std::numeric_limits<std::int64_t>::max() + (low + 1);
        }
        if (!high || __builtin_add_overflow(*high, low, &sum)) {
            return real_total();
        }
        return integer(sum, type_ == bson_type::int64);
    }
    }
}

value summation::divided_by(std::int64_t count) const {
    if (type_ == bson_type::decimal128) {
        return decimal::divide(total().as_decimal128(), decimal::from_int64(count));
    }
    return real_total() / static_cast<double>(count);
}

} // namespace cormorant::memory
