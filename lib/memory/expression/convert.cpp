#include "convert.hpp"

#include "impl.hpp"
#include "memory/value/decimal.hpp"
#include "memory/value/number.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <limits>

namespace cormorant::memory {

namespace {

[[noreturn]] void failed(std::string why) {
    refuse(code::conversion_failure, std::move(why) + " in $convert with no onError value");
}

[[noreturn]] void no_conversion(value const& v, bson_type to) {
    failed(fmt::format("Unsupported conversion from {} to {}", to_string(v.type()), to_string(to)));
}

std::int64_t whole(value const& v, std::int64_t least, std::int64_t greatest) {
    if (is_nan(v)) {
        failed("Attempt to convert NaN value to integer type");
    }
    auto const n = truncated(v);
    if (!n || *n < least || *n > greatest) {
        failed(fmt::format("Conversion would overflow target type: {}", to_string(v)));
    }
    return *n;
}

template <class T>
value parse_integer(std::string_view s, bson_type to) {
    T n{};
    auto const digits = s.starts_with('+') ? s.substr(1) : s;
    auto const [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), n);
    if (digits.empty() || (s.size() != digits.size() && digits.starts_with('-')) || error != std::errc() ||
        end != digits.data() + digits.size()) {
        failed(fmt::format("Failed to parse number '{}' as {}", s, to_string(to)));
    }
    return n;
}

value parse_double(std::string_view s) {
    auto const digits = s.starts_with('+') ? s.substr(1) : s;
    double d = 0;
    auto const [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), d);
    if (digits.empty() || error != std::errc() || end != digits.data() + digits.size()) {
        failed(fmt::format("Failed to parse number '{}' as double", s));
    }
    return d;
}

value string_to(std::string_view s, bson_type to) {
    switch (to) {
    case bson_type::boolean:
        return true;
    case bson_type::int32:
        return parse_integer<std::int32_t>(s, to);
    case bson_type::int64:
        return parse_integer<std::int64_t>(s, to);
    case bson_type::double_:
        return parse_double(s);
    case bson_type::decimal128: {
        auto const d = decimal128::try_parse(s);
        if (!d) {
            failed(fmt::format("Failed to parse number '{}' as decimal", s));
        }
        return *d;
    }
    case bson_type::object_id: {
        auto const id = object_id::parse(s);
        if (!id) {
            failed(fmt::format("Failed to parse objectId '{}'", s));
        }
        return *id;
    }
    case bson_type::date: {
        auto const d = parse_iso8601(s);
        if (!d) {
            failed(fmt::format("Error parsing date string '{}'", s));
        }
        return *d;
    }
    default:
        no_conversion(s, to);
    }
}

/// Six digits, as the server writes doubles to streams.
std::string to_text(double d) {
    if (std::isnan(d)) {
        return "NaN";
    }
    if (std::isinf(d)) {
        return d < 0 ? "-Infinity" : "Infinity";
    }
    return fmt::format("{:g}", d);
}

value number_to(value const& v, bson_type to) {
    switch (to) {
    case bson_type::boolean:
        return v.truthy();
    case bson_type::int32:
        return static_cast<std::int32_t>(
            whole(v, std::numeric_limits<std::int32_t>::min(), std::numeric_limits<std::int32_t>::max()));
    case bson_type::int64:
        return whole(v, std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max());
    case bson_type::double_: {
        double const d = v.as_double();
        if (v.is_decimal128() && std::isinf(d) && !decimal::is_infinite(v.as_decimal128())) {
            failed(fmt::format("Conversion would overflow target type: {}", to_string(v)));
        }
        return d;
    }
    case bson_type::decimal128:
        return to_decimal(v);
    case bson_type::date:
        if (v.is_int32()) {
            no_conversion(v, to);
        }
        return datetime(std::chrono::milliseconds(
            whole(v, std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max())));
    case bson_type::string:
        return v.is_double()       ? to_text(v.as_double())
               : v.is_decimal128() ? v.as_decimal128().to_string()
                                   : std::to_string(v.as_int64());
    default:
        no_conversion(v, to);
    }
}

value date_to(value const& v, bson_type to) {
    std::int64_t const ms = v.as_date().time_since_epoch().count();
    switch (to) {
    case bson_type::boolean:
        return true;
    case bson_type::int64:
        return ms;
    case bson_type::double_:
        return static_cast<double>(ms);
    case bson_type::decimal128:
        return decimal::from_int64(ms);
    case bson_type::string:
        return to_iso8601(v.as_date());
    default:
        no_conversion(v, to);
    }
}

} // namespace

value convert(value const& v, bson_type to) {
    if (v.type() == to) {
        return v;
    }
    switch (v.type()) {
    case bson_type::string:
        return string_to(v.as_string(), to);
    case bson_type::int32:
    case bson_type::int64:
    case bson_type::double_:
    case bson_type::decimal128:
        return number_to(v, to);
    case bson_type::boolean:
        if (to == bson_type::string) {
            return v.as_bool() ? "true" : "false";
        }
        if (to == bson_type::date || to == bson_type::object_id) {
            no_conversion(v, to);
        }
        return number_to(value(v.as_bool() ? 1 : 0), to);
    case bson_type::date:
        return date_to(v, to);
    case bson_type::timestamp:
        if (to == bson_type::date) {
            return datetime(std::chrono::seconds(v.as_timestamp().seconds));
        }
        break;
    case bson_type::object_id:
        if (to == bson_type::string) {
            return v.as_object_id().to_string();
        }
        if (to == bson_type::date) {
            return datetime(v.as_object_id().time());
        }
        break;
    default:
        break;
    }
    if (to == bson_type::boolean) {
        return true;
    }
    no_conversion(v, to);
}

namespace {

template <bson_type To>
operand run_convert(function_call const& c, scope& s) {
    operand const v = c.at(0, s);
    return v.nullish() ? operand(value()) : operand(convert(v.get(), To));
}

constexpr function functions[] = {
    {"$toString", 1, 1, run_convert<bson_type::string>},
    {"$toInt", 1, 1, run_convert<bson_type::int32>},
    {"$toLong", 1, 1, run_convert<bson_type::int64>},
    {"$toDouble", 1, 1, run_convert<bson_type::double_>},
    {"$toDecimal", 1, 1, run_convert<bson_type::decimal128>},
    {"$toBool", 1, 1, run_convert<bson_type::boolean>},
    {"$toObjectId", 1, 1, run_convert<bson_type::object_id>},
    {"$toDate", 1, 1, run_convert<bson_type::date>},
};

bson_type target_type(operand const& v) {
    if (v->is_string()) {
        if (auto const type = type_of_alias(v->as_string())) {
            return *type;
        }
        refuse(code::bad_value, fmt::format("Unknown type name: {}", v->as_string()));
    }
    auto const number = v->if_int64();
    if (!v->is_number()) {
        refuse(
            code::failed_to_parse, fmt::format("$convert's 'to' argument must be a string or number, but is {}", type_name(v)));
    }
    if (!number || !((*number >= 1 && *number <= 19) || *number == -1 || *number == 127)) {
        refuse(code::failed_to_parse,
            fmt::format("In $convert, numeric value for 'to' does not correspond to a BSON type: {}", to_string(v.get())));
    }
    return static_cast<bson_type>(*number);
}

expression_ptr compile_convert(std::string_view name, value const& source, compile_context& context) {
    static constexpr std::array<std::string_view, 4> members = {"input", "to", "onError", "onNull"};
    named_arguments const given(name, source, members, code::failed_to_parse, code::failed_to_parse);
    auto input = given.compile("input", context, code::failed_to_parse);
    auto to = given.compile("to", context, code::failed_to_parse);
    auto on_error = given.compile("onError", context);
    return make_expression([input = std::move(input), to = std::move(to), on_error = std::move(on_error),
                               on_null = given.compile("onNull", context)](scope& s) -> operand {
        operand const target = to->evaluate(s);
        operand const v = input->evaluate(s);
        bool const has_target = !target.nullish();
        auto const type = has_target ? target_type(target) : bson_type::null;
        if (v.nullish()) {
            return on_null ? on_null->evaluate(s) : operand(value());
        }
        if (!has_target) {
            return value();
        }
        try {
            return convert(v.get(), type);
        } catch (error const& e) {
            if (!on_error || e.details().server_code != code::conversion_failure) {
                throw;
            }
        }
        return on_error->evaluate(s);
    });
}

constexpr form forms[] = {{"$convert", compile_convert}};

} // namespace

std::span<function const> convert_functions() noexcept {
    return functions;
}
std::span<form const> convert_forms() noexcept {
    return forms;
}

} // namespace cormorant::memory
