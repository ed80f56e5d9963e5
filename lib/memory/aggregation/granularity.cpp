#include "granularity.hpp"

#include "memory/value/decimal.hpp"
#include "memory/value/number.hpp"
#include "memory/value/refusal.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace cormorant::memory {

namespace {

constexpr double r5[] = {10, 16, 25, 40, 63};
constexpr double r10[] = {100, 125, 160, 200, 250, 315, 400, 500, 630, 800};
constexpr double r20[] = {100, 112, 125, 140, 160, 180, 200, 224, 250, 280, 315, 355, 400, 450, 500, 560, 630, 710, 800, 900};
// The server's series leaves out 335.
constexpr double r40[] = {100, 106, 112, 118, 125, 132, 140, 150, 160, 170, 180, 190, 200, 212, 224, 236, 250, 265, 280, 300, 315,
    355, 375, 400, 425, 450, 475, 500, 530, 560, 600, 630, 670, 710, 750, 800, 850, 900, 950};
constexpr double r80[] = {103, 109, 115, 122, 128, 136, 145, 155, 165, 175, 185, 195, 206, 218, 230, 243, 258, 272, 290, 307, 325,
    345, 365, 387, 412, 437, 462, 487, 515, 545, 575, 615, 650, 690, 730, 775, 825, 875, 925, 975};
constexpr double one_two_five[] = {10, 20, 50};
constexpr double e6[] = {10, 15, 22, 33, 47, 68};
constexpr double e12[] = {10, 12, 15, 18, 22, 27, 33, 39, 47, 56, 68, 82};
constexpr double e24[] = {10, 11, 12, 13, 15, 16, 18, 20, 22, 24, 27, 30, 33, 36, 39, 43, 47, 51, 56, 62, 68, 75, 82, 91};
constexpr double e48[] = {100, 105, 110, 115, 121, 127, 133, 140, 147, 154, 162, 169, 178, 187, 196, 205, 215, 226, 237, 249, 261,
    274, 287, 301, 316, 332, 348, 365, 383, 402, 422, 442, 464, 487, 511, 536, 562, 590, 619, 649, 681, 715, 750, 787, 825, 866,
    909, 953};
constexpr double e96[] = {100, 102, 105, 107, 110, 113, 115, 118, 121, 124, 127, 130, 133, 137, 140, 143, 147, 150, 154, 158, 162,
    165, 169, 174, 178, 182, 187, 191, 196, 200, 205, 210, 215, 221, 226, 232, 237, 243, 249, 255, 261, 267, 274, 280, 287, 294,
    301, 309, 316, 324, 332, 340, 348, 357, 365, 374, 383, 392, 402, 412, 422, 432, 442, 453, 464, 475, 487, 499, 511, 523, 536,
    549, 562, 576, 590, 604, 619, 634, 649, 665, 681, 698, 715, 732, 750, 768, 787, 806, 825, 845, 866, 887, 909, 931, 953, 976};
constexpr double e192[] = {100, 101, 102, 104, 105, 106, 107, 109, 110, 111, 113, 114, 115, 117, 118, 120, 121, 123, 124, 126,
    127, 129, 130, 132, 133, 135, 137, 138, 140, 142, 143, 145, 147, 149, 150, 152, 154, 156, 158, 160, 162, 164, 165, 167, 169,
    172, 174, 176, 178, 180, 182, 184, 187, 189, 191, 193, 196, 198, 200, 203, 205, 208, 210, 213, 215, 218, 221, 223, 226, 229,
    232, 234, 237, 240, 243, 246, 249, 252, 255, 258, 261, 264, 267, 271, 274, 277, 280, 284, 287, 291, 294, 298, 301, 305, 309,
    312, 316, 320, 324, 328, 332, 336, 340, 344, 348, 352, 357, 361, 365, 370, 374, 379, 383, 388, 392, 397, 402, 407, 412, 417,
    422, 427, 432, 437, 442, 448, 453, 459, 464, 470, 475, 481, 487, 493, 499, 505, 511, 517, 523, 530, 536, 542, 549, 556, 562,
    569, 576, 583, 590, 597, 604, 612, 619, 626, 634, 642, 649, 657, 665, 673, 681, 690, 698, 706, 715, 723, 732, 741, 750, 759,
    768, 777, 787, 796, 806, 816, 825, 835, 845, 856, 866, 876, 887, 898, 909, 920, 931, 942, 953, 965, 976, 988};

struct named_series {
    std::string_view name;
    std::span<double const> series;
};
constexpr named_series all_series[] = {{"R5", r5}, {"R10", r10}, {"R20", r20}, {"R40", r40}, {"R80", r80},
    {"1-2-5", one_two_five}, {"E6", e6}, {"E12", e12}, {"E24", e24}, {"E48", e48}, {"E96", e96}, {"E192", e192},
    {"POWERSOF2", {}}};

/// The arithmetic of doubles and of decimals, which the rounding is the same for.
struct of_doubles {
    using type = double;
    static double of(double d) noexcept { return d; }
    static double whole(int n) noexcept { return n; }
    static double times(double a, double b) noexcept { return a * b; }
    static double tenth(double a) noexcept { return a / 10; }
    static bool less(double a, double b) noexcept { return a < b; }
};
struct of_decimals {
    using type = decimal128;
    static decimal128 of(double d) { return decimal::from_double(d); }
    static decimal128 whole(int n) noexcept { return decimal::from_int64(n); }
    static decimal128 times(decimal128 const& a, decimal128 const& b) { return decimal::multiply(a, b); }
    static decimal128 tenth(decimal128 const& a) { return decimal::divide(a, decimal::from_int64(10)); }
    static bool less(decimal128 const& a, decimal128 const& b) { return compare(value(a), value(b)) < 0; }
};

/// The series in the decade that a number is in; `multiplier` makes it of the one that is stored. The order of these operations
/// is the server's, as each of them rounds.
template <class Arithmetic>
class rounding {
    using number = typename Arithmetic::type;

public:
    explicit rounding(std::span<double const> series) : series_(series) {}

    number above(number const& n) {
        while (!less(n, back()))
            multiplier_ = Arithmetic::times(multiplier_, ten_);
        while (less(n, front())) {
            number const least = front();
            multiplier_ = Arithmetic::tenth(multiplier_);
            if (!less(n, back()))
                return least;
        }
        auto const found = std::ranges::find_if(series_, [&](double each) { return less(n, scaled(each)); });
        return scaled(*found);
    }

    number below(number const& n) {
        while (!less(front(), n))
            multiplier_ = Arithmetic::tenth(multiplier_);
        while (less(back(), n)) {
            number const greatest = back();
            multiplier_ = Arithmetic::times(multiplier_, ten_);
            if (!less(front(), n))
                return greatest;
        }
        auto const found = std::ranges::find_if(series_, [&](double each) { return !less(scaled(each), n); });
        return scaled(*std::prev(found));
    }

private:
    static bool less(number const& a, number const& b) { return Arithmetic::less(a, b); }
    number scaled(double each) const { return Arithmetic::times(Arithmetic::of(each), multiplier_); }
    number front() const { return scaled(series_.front()); }
    number back() const { return scaled(series_.back()); }

    std::span<double const> series_;
    number const ten_ = Arithmetic::whole(10);
    number multiplier_ = Arithmetic::whole(1);
};

void check_number(value const& v) {
    if (!v.is_number())
        refuse(40258,
            fmt::format("$bucketAuto can specify a 'granularity' with numeric boundaries only, but found a value with type: {}",
                to_string(v.type())));
    if (is_nan(v))
        refuse(40259, "$bucketAuto can specify a 'granularity' with numeric boundaries only, but found a NaN");
    if (v.is_decimal128() ? decimal::is_negative(v.as_decimal128()) && !decimal::is_zero(v.as_decimal128()) : v.as_double() < 0)
        refuse(40260, "$bucketAuto can specify a 'granularity' with non-negative numbers only, but found a negative number");
}

/// Zero, and infinity, whose decade would never be found.
bool stays(value const& v) {
    if (v.is_decimal128())
        return decimal::is_zero(v.as_decimal128()) || decimal::is_infinite(v.as_decimal128());
    return v.as_double() == 0 || std::isinf(v.as_double());
}

/// 2 to the power of `exponent`, of the type that `$pow` gives.
value power_of_two(double exponent, bool as_decimal) {
    if (as_decimal)
        return decimal::pow(decimal::from_int64(2), decimal::from_int64(static_cast<std::int64_t>(exponent)));
    if (exponent < 0 || exponent > 62)
        return std::exp2(exponent);
    return int_or_long(std::int64_t{1} << static_cast<int>(exponent));
}

/// Its whole part decides between two powers: doubles are exact there, and a decimal is asked for with all its digits.
double log_of_two(value const& v) {
    if (!v.is_decimal128())
        return std::log2(v.as_double());
    auto const quotient = decimal::divide(decimal::ln(v.as_decimal128()), decimal::ln(decimal::from_int64(2)));
    return value(decimal::round(quotient, 30, decimal::rounding::half_even)).as_double();
}

} // namespace

granularity::granularity(std::string_view name) {
    auto const* const found = std::ranges::find(all_series, name, &named_series::name);
    if (found == std::end(all_series))
        refuse(40257, fmt::format("Unknown rounding granularity '{}'", name));
    series_ = found->series;
}

value granularity::above(value const& v) const {
    check_number(v);
    if (stays(v))
        return v;
    if (series_.empty())
        return power_of_two(std::floor(log_of_two(v)) + 1, v.is_decimal128());
    if (v.is_decimal128())
        return rounding<of_decimals>(series_).above(v.as_decimal128());
    return rounding<of_doubles>(series_).above(v.as_double());
}

value granularity::below(value const& v) const {
    check_number(v);
    if (stays(v))
        return v;
    if (series_.empty())
        return power_of_two(std::ceil(log_of_two(v)) - 1, v.is_decimal128());
    if (v.is_decimal128())
        return rounding<of_decimals>(series_).below(v.as_decimal128());
    return rounding<of_doubles>(series_).below(v.as_double());
}

} // namespace cormorant::memory
