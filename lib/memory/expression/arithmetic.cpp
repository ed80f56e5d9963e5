#include "impl.hpp"
#include "memory/value/decimal.hpp"
#include "memory/value/number.hpp"

#include <cmath>
#include <limits>

namespace cormorant::memory {

namespace {

[[noreturn]] void not_numeric(std::string_view name, operand const& v, int server_code) {
    refuse(server_code, fmt::format("{} only supports numeric types, not {}", name, type_name(v)));
}

operand run_add(function_call const& c, scope& s) {
    summation sum;
    std::optional<std::int64_t> date;
    bool null = false;
    for (std::size_t i = 0; i < c.size(); ++i) {
        operand const v = c.at(i, s);
        if (v.nullish()) {
            null = true;
        } else if (v->is_number()) {
            sum.add(v.get());
        } else if (v->is_date()) {
            if (date) {
                refuse(16612, "only one date allowed in an $add expression");
            }
            date = v->as_date().time_since_epoch().count();
        } else {
            refuse(16554, fmt::format("$add only supports numeric or date types, not {}", type_name(v)));
        }
        if (null) {
            return value();
        }
    }
    if (!date) {
        return sum.total();
    }
    value const total = sum.total();
    std::optional<std::int64_t> offset = total.is_double() ? truncated(std::round(total.as_double()))
                                         : total.is_decimal128()
                                             ? decimal::round_to_int64(total.as_decimal128(), decimal::rounding::half_even)
                                             : std::optional(total.as_int64());
    std::int64_t result = 0;
    if (!offset || __builtin_add_overflow(*date, *offset, &result)) {
        refuse(code::overflow, "date overflow in $add");
    }
    return value(datetime(std::chrono::milliseconds(result)));
}

operand run_subtract(function_call const& c, scope& s) {
    operand const a = c.at(0, s);
    operand const b = c.at(1, s);
    if (a.nullish() || b.nullish()) {
        return value();
    }
    if (a->is_number() && b->is_number()) {
        return subtract(a.get(), b.get());
    }
    if (a->is_date() && b->is_date()) {
        return value(static_cast<std::int64_t>((a->as_date() - b->as_date()).count()));
    }
    if (a->is_date() && b->is_number()) {
        auto const offset = truncated(b.get());
        std::int64_t result = 0;
        if (!offset ||
            __builtin_sub_overflow(static_cast<std::int64_t>(a->as_date().time_since_epoch().count()), *offset, &result)) {
            refuse(code::overflow, "date overflow in $subtract");
        }
        return value(datetime(std::chrono::milliseconds(result)));
    }
    refuse(code::type_mismatch, fmt::format("can't $subtract {} from {}", type_name(b), type_name(a)));
}

operand run_multiply(function_call const& c, scope& s) {
    value product(1);
    for (std::size_t i = 0; i < c.size(); ++i) {
        operand const v = c.at(i, s);
        if (v.nullish()) {
            return value();
        }
        if (!v->is_number()) {
            not_numeric("$multiply", v, code::type_mismatch);
        }
        product = multiply(product, v.get());
    }
    return product;
}

operand run_divide(function_call const& c, scope& s) {
    operand const a = c.at(0, s);
    operand const b = c.at(1, s);
    if (a.nullish() || b.nullish()) {
        return value();
    }
    if (!a->is_number() || !b->is_number()) {
        refuse(
            code::type_mismatch, fmt::format("$divide only supports numeric types, not {} and {}", type_name(a), type_name(b)));
    }
    if (a->is_decimal128() || b->is_decimal128()) {
        auto const divisor = to_decimal(b.get());
        if (decimal::is_zero(divisor)) {
            refuse(code::bad_value, "can't $divide by zero");
        }
        return value(decimal::divide(to_decimal(a.get()), divisor));
    }
    if (b->as_double() == 0) {
        refuse(code::bad_value, "can't $divide by zero");
    }
    return value(a->as_double() / b->as_double());
}

operand run_mod(function_call const& c, scope& s) {
    operand const a = c.at(0, s);
    operand const b = c.at(1, s);
    if (a.nullish() || b.nullish()) {
        return value();
    }
    if (!a->is_number() || !b->is_number()) {
        refuse(16611, fmt::format("$mod only supports numeric types, not {} and {}", type_name(a), type_name(b)));
    }
    if (a->is_decimal128() || b->is_decimal128()) {
        auto const divisor = to_decimal(b.get());
        if (decimal::is_zero(divisor)) {
            refuse(16610, "can't $mod by zero");
        }
        return value(decimal::remainder(to_decimal(a.get()), divisor));
    }
    if (b->as_double() == 0) {
        refuse(16610, "can't $mod by zero");
    }
    auto const x = a->if_int64();
    auto const y = b->if_int64();
    // A double that is a whole number does not turn the remainder into a double, unless the other one has a fraction.
    if ((a->is_double() || b->is_double()) && !(x && y && !a->is_double() && y)) {
        return value(std::fmod(a->as_double(), b->as_double()));
    }
    if (!x || !y) {
        return value(std::fmod(a->as_double(), b->as_double()));
    }
    return integer(*y == -1 ? 0 : *x % *y, a->is_int64() || b->is_int64());
}

/// A function of one number; null for null.
template <class F>
operand with_number(function_call const& c, scope& s, F f, int server_code = 28765) {
    operand const v = c.at(0, s);
    if (v.nullish()) {
        return value();
    }
    if (!v->is_number()) {
        not_numeric(c.name(), v, server_code);
    }
    return f(v.get());
}

/// A function with a decimal and a double version.
template <class Decimal, class Double>
operand real_function(function_call const& c, scope& s, Decimal of_decimal, Double of_double) {
    return with_number(c, s, [&](value const& v) {
        return v.is_decimal128() ? value(of_decimal(v.as_decimal128())) : value(of_double(v.as_double()));
    });
}

operand run_abs(function_call const& c, scope& s) {
    return with_number(c, s, [](value const& v) -> value {
        switch (v.type()) {
        case bson_type::decimal128:
            return decimal::abs(v.as_decimal128());
        case bson_type::double_:
            return std::abs(v.as_double());
        default: {
            auto const n = v.as_int64();
            if (n == std::numeric_limits<std::int64_t>::min()) {
                refuse(28680, "can't take $abs of long long min");
            }
            return integer(n < 0 ? -n : n, v.is_int64());
        }
        }
    });
}

operand run_ceil_or_floor(function_call const& c, scope& s, decimal::rounding mode, double (*of_double)(double)) {
    return with_number(c, s, [&](value const& v) -> value {
        switch (v.type()) {
        case bson_type::decimal128:
            return decimal::round(v.as_decimal128(), 0, mode);
        case bson_type::double_:
            return of_double(v.as_double());
        default:
            return v;
        }
    });
}

operand run_round(function_call const& c, scope& s, decimal::rounding mode) {
    operand const v = c.at(0, s);
    operand const place = c.size() > 1 ? c.at(1, s) : operand(value(0));
    if (v.nullish()) {
        return value();
    }
    if (!v->is_number()) {
        refuse(51081, fmt::format("{} only supports numeric types, not {}", c.name(), type_name(v)));
    }
    if (place.nullish()) {
        return value();
    }
    if (!place->is_number()) {
        refuse(16004, fmt::format("can't convert from BSON type {} to long", type_name(place)));
    }
    auto const places = place->if_int64();
    if (!places) {
        refuse(51082, fmt::format("precision argument to  {} must be a integral value", c.name()));
    }
    if (*places < -20 || *places > 100) {
        refuse(51083, fmt::format("cannot apply {} with precision value {} value must be in [-20, 100]", c.name(), *places));
    }
    int const n = static_cast<int>(*places);
    switch (v->type()) {
    case bson_type::decimal128: {
        auto const rounded = decimal::round(v->as_decimal128(), n, mode);
        return value(decimal::is_nan(rounded) ? v->as_decimal128() : rounded);
    }
    case bson_type::double_: {
        auto const exact = decimal::from_double_exactly(v->as_double());
        auto const rounded = decimal::round(exact, n, mode);
        return decimal::is_nan(rounded) ? operand(value(v.get())) : operand(value(rounded.to_double()));
    }
    default: {
        if (n >= 0) {
            return value(v.get());
        }
        auto const rounded = decimal::to_int64(decimal::round(decimal::from_int64(v->as_int64()), n, mode));
        if (!rounded) {
            refuse(51080, "invalid conversion from Decimal128 result in $round resulting from arguments");
        }
        return integer(*rounded, v->is_int64());
    }
    }
}

std::optional<std::int64_t> int_pow(std::int64_t base, std::int64_t exponent) {
    std::int64_t result = 1;
    while (exponent > 0) {
        if (exponent % 2 == 1 && __builtin_mul_overflow(result, base, &result)) {
            return std::nullopt;
        }
        exponent /= 2;
        if (exponent > 0 && __builtin_mul_overflow(base, base, &base)) {
            return std::nullopt;
        }
    }
    return result;
}

operand run_pow(function_call const& c, scope& s) {
    operand const base = c.at(0, s);
    operand const exponent = c.at(1, s);
    if (base.nullish() || exponent.nullish()) {
        return value();
    }
    if (!base->is_number()) {
        refuse(28762, fmt::format("$pow's base must be numeric, not {}", type_name(base)));
    }
    if (!exponent->is_number()) {
        refuse(28763, fmt::format("$pow's exponent must be numeric, not {}", type_name(exponent)));
    }
    auto const zero_to_negative = [] { refuse(28764, "$pow cannot take a base of 0 and a negative exponent"); };
    if (base->is_decimal128() || exponent->is_decimal128()) {
        auto const b = to_decimal(base.get());
        auto const e = to_decimal(exponent.get());
        if (decimal::is_zero(b) && decimal::is_negative(e) && !decimal::is_zero(e)) {
            zero_to_negative();
        }
        return value(decimal::pow(b, e));
    }
    if (base->as_double() == 0 && exponent->as_double() < 0) {
        zero_to_negative();
    }
    if (base->is_double() || exponent->is_double()) {
        return value(std::pow(base->as_double(), exponent->as_double()));
    }
    auto const b = base->as_int64();
    auto const e = exponent->as_int64();
    bool const wide = base->is_int64() || exponent->is_int64();
    if (b == 1 || (b == -1 && e % 2 == 0)) {
        return integer(1, wide);
    }
    if (b == -1) {
        return integer(-1, wide);
    }
    if (b == 0) {
        return integer(e == 0 ? 1 : 0, wide);
    }
    auto const power = e < 0 ? std::nullopt : int_pow(b, e);
    return power ? operand(integer(*power, wide)) : operand(value(std::pow(static_cast<double>(b), static_cast<double>(e))));
}

operand run_log(function_call const& c, scope& s) {
    operand const v = c.at(0, s);
    operand const base = c.at(1, s);
    if (v.nullish() || base.nullish()) {
        return value();
    }
    if (!v->is_number()) {
        refuse(28756, fmt::format("$log's argument must be numeric, not {}", type_name(v)));
    }
    if (!base->is_number()) {
        refuse(28757, fmt::format("$log's base must be numeric, not {}", type_name(base)));
    }
    if (v->as_double() <= 0) {
        refuse(28758, fmt::format("$log's argument must be a positive number, but is {}", to_string(v.get())));
    }
    if (base->as_double() <= 0 || base->as_double() == 1) {
        refuse(28759, fmt::format("$log's base must be a positive number not equal to 1, but is {}", to_string(base.get())));
    }
    if (v->is_decimal128() || base->is_decimal128()) {
        return value(decimal::divide(decimal::ln(to_decimal(v.get())), decimal::ln(to_decimal(base.get()))));
    }
    return value(std::log(v->as_double()) / std::log(base->as_double()));
}

operand run_logarithm(
    function_call const& c, scope& s, int server_code, decimal128 (*of_decimal)(decimal128 const&), double (*of_double)(double)) {
    return with_number(c, s, [&](value const& v) -> value {
        if (is_nan(v)) {
            return std::numeric_limits<double>::quiet_NaN(); // a double, also for a decimal
        }
        if (v.as_double() <= 0) {
            refuse(server_code, fmt::format("{}'s argument must be a positive number, but is {}", c.name(), to_string(v)));
        }
        return v.is_decimal128() ? value(of_decimal(v.as_decimal128())) : value(of_double(v.as_double()));
    });
}

constexpr function functions[] = {
    {"$add", 0, function::any, run_add},
    {"$subtract", 2, 2, run_subtract},
    {"$multiply", 0, function::any, run_multiply},
    {"$divide", 2, 2, run_divide},
    {"$mod", 2, 2, run_mod},
    {"$abs", 1, 1, run_abs},
    {"$ceil", 1, 1, [](function_call const& c, scope& s) { return run_ceil_or_floor(c, s, decimal::rounding::up, std::ceil); }},
    {"$floor", 1, 1,
        [](function_call const& c, scope& s) { return run_ceil_or_floor(c, s, decimal::rounding::down, std::floor); }},
    {"$round", 1, 2, [](function_call const& c, scope& s) { return run_round(c, s, decimal::rounding::half_even); }},
    {"$trunc", 1, 2, [](function_call const& c, scope& s) { return run_round(c, s, decimal::rounding::toward_zero); }},
    {"$pow", 2, 2, run_pow},
    {"$sqrt", 1, 1,
        [](function_call const& c, scope& s) {
            return with_number(c, s, [](value const& v) -> value {
                if (v.as_double() < 0) {
                    refuse(28714, "$sqrt's argument must be greater than or equal to 0");
                }
                return v.is_decimal128() ? value(decimal::sqrt(v.as_decimal128())) : value(std::sqrt(v.as_double()));
            });
        }},
    {"$exp", 1, 1,
        [](function_call const& c, scope& s) { return real_function(c, s, decimal::exp, [](double d) { return std::exp(d); }); }},
    {"$ln", 1, 1, [](function_call const& c, scope& s) { return run_logarithm(c, s, 28766, decimal::ln, std::log); }},
    {"$log10", 1, 1, [](function_call const& c, scope& s) { return run_logarithm(c, s, 28761, decimal::log10, std::log10); }},
    {"$log", 2, 2, run_log},
};

} // namespace

std::span<function const> arithmetic_functions() noexcept {
    return functions;
}

} // namespace cormorant::memory
