#include "number.hpp"

#include <cormorant/bson/types.hpp>
#include <cormorant/error/error.hpp>

#include <bson/bson.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

namespace cormorant {

namespace {

bson_decimal128_t to_native(decimal128 const& v) noexcept {
    bson_decimal128_t native;
    native.high = v.high;
    native.low = v.low;
    return native;
}

} // namespace

std::optional<decimal128> decimal128::try_parse(std::string_view text) noexcept {
    // libbson reads the exponent with sscanf, also when it is told the length: the text must end with NUL. Zeros may fill the
    // whole range of exponents, what is longer is no number that anybody wrote.
    char terminated[8192];
    if (text.empty() || text.size() >= sizeof terminated || text.find('\0') != std::string_view::npos) {
        return std::nullopt;
    }
    *std::copy(text.begin(), text.end(), terminated) = '\0';
    bson_decimal128_t native;
    if (!bson_decimal128_from_string(terminated, &native)) {
        return std::nullopt;
    }
    return decimal128{native.high, native.low};
}

decimal128 decimal128::parse(std::string_view text) {
    if (auto const result = try_parse(text)) {
        return *result;
    }
    throw error(errc::invalid_argument, fmt::format("\"{}\" is not a decimal number of at most 34 digits", text.substr(0, 100)));
}

std::string decimal128::to_string() const {
    char text[BSON_DECIMAL128_STRING];
    auto const native = to_native(*this);
    bson_decimal128_to_string(&native, text);
    return text;
}

namespace detail {
namespace {

__extension__ using uint128 = unsigned __int128;

enum class kind { finite, infinite, nan };

/// coefficient * 10^exponent.
struct parts {
    kind what = kind::finite;
    bool negative = false;
    uint128 coefficient = 0;
    int exponent = 0;
};

constexpr int exponent_bias = 6176;
constexpr int most_digits = 34;

constexpr uint128 power_of_ten(int exponent) noexcept {
    uint128 result = 1;
    for (; exponent > 0; --exponent) {
        result *= 10;
    }
    return result;
}

constexpr int digits_of(uint128 v) noexcept {
    int count = 0;
    for (; v != 0; v /= 10) {
        ++count;
    }
    return count;
}

// Source: IEEE 754-2008, 3.5.2, binary encoding of the coefficient.
parts unpack(decimal128 const& v) noexcept {
    parts result;
    result.negative = (v.high >> 63U) != 0;
    auto const combination = (v.high >> 58U) & 0x1FU;
    if (combination == 0x1F) {
        result.what = kind::nan;
    } else if (combination == 0x1E) {
        result.what = kind::infinite;
    } else if ((combination >> 3U) == 3) {
        // The coefficient would exceed 34 digits: the standard reads it as zero.
        result.exponent = static_cast<int>((v.high >> 47U) & 0x3FFFU) - exponent_bias;
    } else {
        result.exponent = static_cast<int>((v.high >> 49U) & 0x3FFFU) - exponent_bias;
        result.coefficient = (static_cast<uint128>(v.high & 0x1'FFFF'FFFF'FFFFU) << 64U) | v.low;
        if (result.coefficient >= power_of_ten(most_digits)) {
            result.coefficient = 0;
        }
    }
    return result;
}

parts unpack(std::int64_t v) noexcept {
    parts result;
    result.negative = v < 0;
    result.coefficient = v < 0 ? 0 - static_cast<std::uint64_t>(v) : static_cast<std::uint64_t>(v);
    return result;
}

/// Of two numbers that are not zero.
std::weak_ordering compare_magnitudes(parts a, parts b) noexcept {
    auto const digits_a = digits_of(a.coefficient);
    auto const digits_b = digits_of(b.coefficient);
    if (auto const order = digits_a + a.exponent <=> digits_b + b.exponent; order != 0) {
        return order;
    }
    // Both have the same leading power: bring them to the same number of digits.
    if (digits_a < digits_b) {
        a.coefficient *= power_of_ten(digits_b - digits_a);
    } else {
        b.coefficient *= power_of_ten(digits_a - digits_b);
    }
    return a.coefficient <=> b.coefficient;
}

std::weak_ordering reverse(std::weak_ordering order) noexcept {
    return 0 <=> order;
}

/// -1, 0 or 1.
int sign_of(parts const& p) noexcept {
    return p.what == kind::finite && p.coefficient == 0 ? 0 : p.negative ? -1 : 1;
}

std::weak_ordering compare_parts(parts const& a, parts const& b) noexcept {
    if (a.what == kind::nan || b.what == kind::nan) {
        return (a.what == kind::nan ? 0 : 1) <=> (b.what == kind::nan ? 0 : 1);
    }
    auto const sign = sign_of(a);
    if (auto const order = sign <=> sign_of(b); order != 0 || sign == 0) {
        return order;
    }
    std::weak_ordering const order = a.what == kind::infinite || b.what == kind::infinite
                                         ? (a.what == kind::infinite ? 1 : 0) <=> (b.what == kind::infinite ? 1 : 0)
                                         : compare_magnitudes(a, b);
    return sign < 0 ? reverse(order) : order;
}

/// A finite double cut to 34 digits; `cut` tells whether digits were lost.
parts unpack(double v, bool& cut) noexcept {
    // A double has at most 767 significant decimal digits, so this text is exact.
    char text[800];
    auto const end = std::to_chars(text, text + sizeof text, std::fabs(v), std::chars_format::scientific, 766).ptr;
    parts result;
    result.negative = std::signbit(v);
    int taken = 0;
    cut = false;
    char const* at = text;
    for (; at != end && *at != 'e'; ++at) {
        if (*at == '.') {
            continue;
        }
        if (taken < most_digits) {
            result.coefficient = result.coefficient * 10 + static_cast<unsigned>(*at - '0');
            ++taken;
        } else {
            cut = cut || *at != '0';
        }
    }
    std::from_chars(at + (at[1] == '+' ? 2 : 1), end, result.exponent);
    result.exponent -= taken - 1;
    return result;
}

} // namespace

std::optional<std::int64_t> exact_int64(double v) noexcept {
    constexpr double bound = 9223372036854775808.0; // 2^63
    if (!(v >= -bound && v < bound) || std::trunc(v) != v) {
        return std::nullopt;
    }
    return static_cast<std::int64_t>(v);
}

std::optional<std::int64_t> exact_int64(decimal128 const& v) noexcept {
    auto p = unpack(v);
    if (p.what != kind::finite) {
        return std::nullopt;
    }
    if (p.coefficient == 0) {
        return 0;
    }
    if (p.exponent > 19 || p.exponent < -most_digits) {
        return std::nullopt;
    }
    if (p.exponent < 0) {
        auto const divisor = power_of_ten(-p.exponent);
        if (p.coefficient % divisor != 0) {
            return std::nullopt;
        }
        p.coefficient /= divisor;
    } else {
        if (digits_of(p.coefficient) + p.exponent > 19) {
            return std::nullopt;
        }
        p.coefficient *= power_of_ten(p.exponent);
    }
    auto const bound = (uint128{1} << 63U) - (p.negative ? 0 : 1);
    if (p.coefficient > bound) {
        return std::nullopt;
    }
    auto const magnitude = static_cast<std::uint64_t>(p.coefficient);
    return static_cast<std::int64_t>(p.negative ? 0 - magnitude : magnitude);
}

bool is_nan(decimal128 const& v) noexcept {
    return unpack(v).what == kind::nan;
}

bool is_zero(decimal128 const& v) noexcept {
    return sign_of(unpack(v)) == 0;
}

std::weak_ordering compare_numbers(double a, double b) noexcept {
    if (a < b) {
        return std::weak_ordering::less;
    }
    if (a > b) {
        return std::weak_ordering::greater;
    }
    return (std::isnan(a) ? 0 : 1) <=> (std::isnan(b) ? 0 : 1);
}

std::weak_ordering compare_numbers(std::int64_t a, double b) noexcept {
    constexpr double bound = 9223372036854775808.0; // 2^63
    if (std::isnan(b) || b < -bound) {
        return std::weak_ordering::greater;
    }
    if (b >= bound) {
        return std::weak_ordering::less;
    }
    auto const whole = std::trunc(b);
    if (auto const order = a <=> static_cast<std::int64_t>(whole); order != 0) {
        return order;
    }
    return compare_numbers(0.0, b - whole);
}

std::weak_ordering compare_numbers(decimal128 const& a, decimal128 const& b) noexcept {
    return compare_parts(unpack(a), unpack(b));
}

std::weak_ordering compare_numbers(decimal128 const& a, std::int64_t b) noexcept {
    return compare_parts(unpack(a), unpack(b));
}

std::weak_ordering compare_numbers(decimal128 const& a, double b) noexcept {
    auto const left = unpack(a);
    if (!std::isfinite(b)) {
        parts right;
        right.what = std::isnan(b) ? kind::nan : kind::infinite;
        right.negative = std::signbit(b);
        return compare_parts(left, right);
    }
    bool cut = false;
    auto const right = unpack(b, cut);
    auto const order = compare_parts(left, right);
    if (order != 0 || !cut) {
        return order;
    }
    // Equal in 34 digits, and the double goes on: it is further from zero.
    return right.negative ? std::weak_ordering::greater : std::weak_ordering::less;
}

} // namespace detail

double decimal128::to_double() const {
    auto const p = detail::unpack(*this);
    auto const sign = p.negative ? -1.0 : 1.0;
    switch (p.what) {
    case detail::kind::nan:
        return std::numeric_limits<double>::quiet_NaN();
    case detail::kind::infinite:
        return sign * std::numeric_limits<double>::infinity();
    case detail::kind::finite:
        break;
    }
    char text[64];
    auto* at = text + sizeof text;
    auto const end = std::to_chars(at - 8, text + sizeof text, p.exponent).ptr;
    at -= 8;
    *--at = 'e';
    auto coefficient = p.coefficient;
    do {
        *--at = static_cast<char>('0' + static_cast<int>(coefficient % 10));
        coefficient /= 10;
    } while (coefficient != 0);
    double result = 0;
    if (std::from_chars(at, end, result).ec == std::errc::result_out_of_range) {
        // from_chars leaves the value alone and does not say on which side it is.
        result = detail::digits_of(p.coefficient) + p.exponent > 0 ? std::numeric_limits<double>::infinity() : 0.0;
    }
    return sign * result;
}

} // namespace cormorant
