#include "decimal.hpp"

#include <boost/multiprecision/cpp_dec_float.hpp>
#include <boost/multiprecision/cpp_int.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

namespace cormorant::memory::decimal {

namespace {

using boost::multiprecision::cpp_int;
using real = boost::multiprecision::number<boost::multiprecision::cpp_dec_float<60>, boost::multiprecision::et_off>;

constexpr int digits = 34;
constexpr int bias = 6176;
constexpr int least_exponent = -6176;
constexpr int greatest_exponent = 6111;

constexpr std::uint64_t sign_bit = 0x8000000000000000;
constexpr std::uint64_t infinity_bits = 0x7800000000000000;
constexpr std::uint64_t nan_bits = 0x7C00000000000000;

/// A finite number in its parts: coefficient * 10^exponent.
struct parts {
    cpp_int coefficient;
    int exponent = 0;
    bool negative = false;
};

cpp_int power_of_ten(int n) {
    return boost::multiprecision::pow(cpp_int(10), static_cast<unsigned>(n));
}

int digits_of(cpp_int const& n) {
    return n.is_zero() ? 1 : static_cast<int>(n.str().size());
}

decimal128 special(std::uint64_t bits, bool negative) noexcept {
    return {bits | (negative ? sign_bit : 0), 0};
}
decimal128 not_a_number() noexcept {
    return special(nan_bits, false);
}

parts unpack(decimal128 const& d) {
    parts result;
    result.negative = (d.high & sign_bit) != 0;
    if ((d.high >> 61U & 3U) == 3U) { // coefficients that large are not canonical: zero
        result.exponent = static_cast<int>(d.high >> 47U & 0x3FFFU) - bias;
        return result;
    }
    result.exponent = static_cast<int>(d.high >> 49U & 0x3FFFU) - bias;
    result.coefficient = cpp_int(d.high & 0x1FFFFFFFFFFFFU) << 64U | d.low;
    if (digits_of(result.coefficient) > digits) {
        result.coefficient = 0;
    }
    return result;
}

/// Drops `n` digits. True when something was rounded away.
bool drop_digits(parts& p, int n, rounding mode) {
    if (n <= 0) {
        return false;
    }
    p.exponent += n;
    if (n > digits_of(p.coefficient) + 1) { // less than a tenth of a unit
        bool const inexact = !p.coefficient.is_zero();
        bool const away = inexact && ((mode == rounding::up && !p.negative) || (mode == rounding::down && p.negative));
        p.coefficient = away ? 1 : 0;
        return inexact;
    }
    cpp_int const unit = power_of_ten(n);
    cpp_int rest;
    cpp_int quotient;
    divide_qr(p.coefficient, unit, quotient, rest);
    bool away = false;
    switch (mode) {
    case rounding::half_even: {
        int const order = cpp_int(rest * 2).compare(unit);
        away = order > 0 || (order == 0 && bit_test(quotient, 0));
        break;
    }
    case rounding::toward_zero:
        break;
    case rounding::up:
        away = !rest.is_zero() && !p.negative;
        break;
    case rounding::down:
        away = !rest.is_zero() && p.negative;
        break;
    }
    p.coefficient = quotient + (away ? 1 : 0);
    return !rest.is_zero();
}

decimal128 pack(parts p) {
    drop_digits(p, std::max(digits_of(p.coefficient) - digits, least_exponent - p.exponent), rounding::half_even);
    if (digits_of(p.coefficient) > digits) { // 99...9 was rounded up
        drop_digits(p, 1, rounding::half_even);
    }
    if (p.coefficient.is_zero()) {
        p.exponent = std::clamp(p.exponent, least_exponent, greatest_exponent);
    }
    if (p.exponent > greatest_exponent) { // fits when zeros are appended
        int const surplus = p.exponent - greatest_exponent;
        if (surplus + digits_of(p.coefficient) > digits) {
            return special(infinity_bits, p.negative);
        }
        p.coefficient *= power_of_ten(surplus);
        p.exponent = greatest_exponent;
    }
    decimal128 result;
    result.high = static_cast<std::uint64_t>(p.coefficient >> 64U) | static_cast<std::uint64_t>(p.exponent + bias) << 49U |
                  (p.negative ? sign_bit : 0);
    result.low = static_cast<std::uint64_t>(p.coefficient & std::numeric_limits<std::uint64_t>::max());
    return result;
}

/// Removes zeros at the end as long as the exponent is below `ideal`.
void strip_zeros(parts& p, int ideal) {
    while (p.exponent < ideal && !p.coefficient.is_zero() && p.coefficient % 10 == 0) {
        p.coefficient /= 10;
        ++p.exponent;
    }
}

real to_real(decimal128 const& d) {
    parts const p = unpack(d);
    return real(fmt::format("{}{}e{}", p.negative ? "-" : "", p.coefficient.str(), p.exponent));
}

decimal128 from_real(real const& r) {
    // 45 digits, rounded to 34 by `try_parse` would be rounded twice; so the digits are taken apart here.
    std::string const s = r.str(45, std::ios_base::scientific);
    auto const e = s.find('e');
    if (e == std::string::npos) {
        return not_a_number();
    }
    parts p;
    std::string coefficient;
    int fraction = 0;
    bool behind_point = false;
    for (char const c : s.substr(0, e)) {
        if (c == '-') {
            p.negative = true;
        } else if (c == '.') {
            behind_point = true;
        } else {
            coefficient += c;
            fraction += behind_point ? 1 : 0;
        }
    }
    auto const first = coefficient.find_first_not_of('0');
    p.coefficient = first == std::string::npos ? cpp_int(0) : cpp_int(coefficient.substr(first));
    p.exponent = std::stoi(s.substr(e + 1)) - fraction;
    strip_zeros(p, 0);
    return pack(std::move(p));
}

} // namespace

bool is_nan(decimal128 const& d) noexcept {
    return (d.high & nan_bits) == nan_bits;
}
bool is_infinite(decimal128 const& d) noexcept {
    return (d.high & nan_bits) == infinity_bits;
}
bool is_negative(decimal128 const& d) noexcept {
    return (d.high & sign_bit) != 0;
}
bool is_zero(decimal128 const& d) noexcept {
    return !is_nan(d) && !is_infinite(d) && unpack(d).coefficient.is_zero();
}

decimal128 from_int64(std::int64_t n) noexcept {
    std::uint64_t const magnitude = n < 0 ? 0 - static_cast<std::uint64_t>(n) : static_cast<std::uint64_t>(n);
    return {static_cast<std::uint64_t>(bias) << 49U | (n < 0 ? sign_bit : 0), magnitude};
}

decimal128 from_double(double d) {
    if (std::isnan(d)) {
        return not_a_number();
    }
    if (std::isinf(d)) {
        return special(infinity_bits, d < 0);
    }
    if (d == 0) {
        return pack({0, 0, std::signbit(d)});
    }
    return decimal128::parse(fmt::format("{:.14e}", d));
}

decimal128 from_double_exactly(double d) {
    if (std::isnan(d)) {
        return not_a_number();
    }
    if (std::isinf(d)) {
        return special(infinity_bits, d < 0);
    }
    if (d == 0) {
        return pack({0, 0, std::signbit(d)});
    }
    int exponent = 0;
    double const fraction = std::frexp(std::abs(d), &exponent);
    parts p;
    p.negative = std::signbit(d);
    p.coefficient = static_cast<std::uint64_t>(std::ldexp(fraction, 53));
    exponent -= 53;
    if (exponent >= 0) {
        p.coefficient <<= static_cast<unsigned>(exponent);
    } else { // 2^-n = 5^n * 10^-n
        p.coefficient *= boost::multiprecision::pow(cpp_int(5), static_cast<unsigned>(-exponent));
        p.exponent = exponent;
    }
    strip_zeros(p, 0);
    return pack(std::move(p));
}

std::optional<std::int64_t> round_to_int64(decimal128 const& d, rounding mode) {
    if (is_nan(d) || is_infinite(d)) {
        return std::nullopt;
    }
    parts p = unpack(d);
    if (p.exponent < 0) {
        drop_digits(p, -p.exponent, mode);
    } else if (p.exponent > 19) {
        return p.coefficient.is_zero() ? std::optional<std::int64_t>(0) : std::nullopt;
    } else {
        p.coefficient *= power_of_ten(p.exponent);
    }
    cpp_int const n = p.negative ? cpp_int(-p.coefficient) : p.coefficient;
    if (n < std::numeric_limits<std::int64_t>::min() || n > std::numeric_limits<std::int64_t>::max()) {
        return std::nullopt;
    }
    return static_cast<std::int64_t>(n);
}

std::optional<std::int64_t> to_int64(decimal128 const& d) {
    return round_to_int64(d, rounding::toward_zero);
}

decimal128 negate(decimal128 d) noexcept {
    d.high ^= sign_bit;
    return d;
}

decimal128 abs(decimal128 d) noexcept {
    d.high &= ~sign_bit;
    return d;
}

decimal128 add(decimal128 const& a, decimal128 const& b) {
    if (is_nan(a) || is_nan(b)) {
        return not_a_number();
    }
    if (is_infinite(a)) {
        return is_infinite(b) && is_negative(a) != is_negative(b) ? not_a_number() : a;
    }
    if (is_infinite(b)) {
        return b;
    }
    parts x = unpack(a);
    parts y = unpack(b);
    int const exponent = std::min(x.exponent, y.exponent);
    auto const scaled = [&](parts const& p) {
        cpp_int const n = p.coefficient * power_of_ten(p.exponent - exponent);
        return p.negative ? cpp_int(-n) : n;
    };
    // Numbers that are too far apart to touch would need thousands of digits.
    for (parts* far : {&x, &y}) {
        parts const& near = far == &x ? y : x;
        if (!far->coefficient.is_zero() && !near.coefficient.is_zero() &&
            far->exponent - (near.exponent + digits_of(near.coefficient)) > 2 * digits) {
            far->coefficient *= power_of_ten(digits);
            far->exponent -= digits;
            far->coefficient += far->negative == near.negative ? 1 : -1;
            return pack(*far);
        }
    }
    cpp_int const sum = scaled(x) + scaled(y);
    bool const negative = sum.is_zero() ? x.negative && y.negative : sum < 0;
    return pack({boost::multiprecision::abs(sum), exponent, negative});
}

decimal128 subtract(decimal128 const& a, decimal128 const& b) {
    return is_nan(b) ? b : add(a, negate(b));
}

decimal128 multiply(decimal128 const& a, decimal128 const& b) {
    bool const negative = is_negative(a) != is_negative(b);
    if (is_nan(a) || is_nan(b)) {
        return not_a_number();
    }
    if (is_infinite(a) || is_infinite(b)) {
        return is_zero(a) || is_zero(b) ? not_a_number() : special(infinity_bits, negative);
    }
    parts const x = unpack(a);
    parts const y = unpack(b);
    return pack({x.coefficient * y.coefficient, x.exponent + y.exponent, negative});
}

decimal128 divide(decimal128 const& a, decimal128 const& b) {
    bool const negative = is_negative(a) != is_negative(b);
    if (is_nan(a) || is_nan(b) || (is_infinite(a) && is_infinite(b)) || (is_zero(a) && is_zero(b))) {
        return not_a_number();
    }
    if (is_infinite(a) || is_zero(b)) {
        return special(infinity_bits, negative);
    }
    if (is_infinite(b)) {
        return pack({0, least_exponent, negative});
    }
    parts const x = unpack(a);
    parts const y = unpack(b);
    int const ideal = x.exponent - y.exponent;
    int const more = std::max(0, digits + 2 + digits_of(y.coefficient) - digits_of(x.coefficient));
    cpp_int quotient;
    cpp_int rest;
    divide_qr(cpp_int(x.coefficient * power_of_ten(more)), y.coefficient, quotient, rest);
    // One more digit, which tells rounding that something follows.
    parts result{quotient * 10 + (rest.is_zero() ? 0 : 1), ideal - more - 1, negative};
    if (rest.is_zero()) {
        strip_zeros(result, ideal);
    }
    if (result.coefficient.is_zero()) {
        result.exponent = ideal;
    }
    return pack(std::move(result));
}

decimal128 remainder(decimal128 const& a, decimal128 const& b) {
    if (is_nan(a) || is_nan(b) || is_infinite(a) || is_zero(b)) {
        return not_a_number();
    }
    if (is_infinite(b)) {
        return a;
    }
    parts const x = unpack(a);
    parts const y = unpack(b);
    int const exponent = std::min(x.exponent, y.exponent);
    cpp_int const n = x.coefficient * power_of_ten(x.exponent - exponent);
    cpp_int const m = y.coefficient * power_of_ten(y.exponent - exponent);
    return pack({n % m, exponent, x.negative});
}

decimal128 round(decimal128 const& d, int places, rounding mode) {
    if (is_nan(d) || is_infinite(d)) {
        return d;
    }
    parts p = unpack(d);
    if (p.exponent < -places) {
        drop_digits(p, -places - p.exponent, mode);
    } else if (int const zeros = p.exponent + places; zeros > 0) {
        if (zeros + digits_of(p.coefficient) > digits) {
            return not_a_number(); // quantizing needs more digits than there are
        }
        p.coefficient *= power_of_ten(zeros);
        p.exponent = -places;
    }
    return pack(std::move(p));
}

decimal128 sqrt(decimal128 const& d) {
    if (is_nan(d) || is_zero(d) || (is_infinite(d) && !is_negative(d))) {
        return d;
    }
    return is_negative(d) ? not_a_number() : from_real(boost::multiprecision::sqrt(to_real(d)));
}

decimal128 exp(decimal128 const& d) {
    if (is_nan(d)) {
        return d;
    }
    if (is_infinite(d)) {
        return is_negative(d) ? from_int64(0) : d;
    }
    real const x = to_real(d);
    if (x > 14200) {
        return special(infinity_bits, false);
    }
    return x < -14300 ? pack({0, least_exponent, false}) : from_real(boost::multiprecision::exp(x));
}

namespace {

/// ln or log10: zero gives minus infinity, negative numbers NaN.
template <class Function>
decimal128 logarithm(decimal128 const& d, Function f) {
    if (is_zero(d)) {
        return special(infinity_bits, true);
    }
    if (is_nan(d) || is_negative(d)) {
        return not_a_number();
    }
    return is_infinite(d) ? d : from_real(f(to_real(d)));
}

} // namespace

decimal128 ln(decimal128 const& d) {
    return logarithm(d, [](real const& r) { return boost::multiprecision::log(r); });
}

decimal128 log10(decimal128 const& d) {
    return logarithm(d, [](real const& r) { return boost::multiprecision::log10(r); });
}

namespace {

/// With zeros up to 34 digits, as powers come from the server.
decimal128 padded(decimal128 const& d) {
    if (is_nan(d) || is_infinite(d)) {
        return d;
    }
    parts p = unpack(d);
    int const zeros = p.coefficient.is_zero() ? 0 : std::min(digits - digits_of(p.coefficient), p.exponent - least_exponent);
    p.coefficient *= power_of_ten(zeros);
    p.exponent -= zeros;
    return pack(std::move(p));
}

} // namespace

decimal128 pow(decimal128 const& base, decimal128 const& exponent) {
    decimal128 const one = from_int64(1);
    if (is_zero(exponent) || (!is_nan(base) && is_zero(subtract(base, one)))) {
        return padded(one);
    }
    if (is_nan(base) || is_nan(exponent)) {
        return not_a_number();
    }
    auto const whole = to_int64(exponent);
    bool const integral = whole && is_zero(subtract(exponent, from_int64(*whole)));
    if (is_infinite(base) || is_infinite(exponent) || is_zero(base)) {
        // The rules for these are those of doubles.
        return from_double(std::pow(base.to_double(), exponent.to_double()));
    }
    if (is_negative(base) && !integral) {
        return not_a_number();
    }
    if (integral && *whole >= 0 && *whole <= 64) { // exact as long as the digits suffice
        parts const p = unpack(base);
        auto const n = static_cast<unsigned>(*whole);
        return padded(
            pack({boost::multiprecision::pow(p.coefficient, n), p.exponent * static_cast<int>(n), p.negative && n % 2 == 1}));
    }
    real const log = boost::multiprecision::log(to_real(abs(base))) * to_real(exponent);
    bool const negative = is_negative(base) && *whole % 2 != 0;
    if (log > 14200) {
        return special(infinity_bits, negative);
    }
    if (log < -14300) {
        return pack({0, least_exponent, negative});
    }
    decimal128 const magnitude = padded(from_real(boost::multiprecision::exp(log)));
    return negative ? negate(magnitude) : magnitude;
}

} // namespace cormorant::memory::decimal
