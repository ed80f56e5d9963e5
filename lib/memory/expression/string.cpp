#include "convert.hpp"
#include "impl.hpp"
#include "memory/value/number.hpp"
#include "memory/value/pattern.hpp"
#include "memory/value/text.hpp"

#include <algorithm>
#include <array>
#include <limits>

namespace cormorant::memory {

namespace {

/// Numbers and dates count as their text, null as the empty one.
std::string coerced(function_call const& c, operand const& v) {
    if (v.nullish()) {
        return {};
    }
    switch (v->type()) {
    case bson_type::string:
        return std::string(v->as_string());
    case bson_type::symbol:
        return v->as_symbol().text;
    case bson_type::code:
        return v->as_code().text;
    case bson_type::double_:
        return fmt::format("{:.16g}", v->as_double());
    case bson_type::timestamp:
        unsupported(fmt::format("the memory store does not support {} of a timestamp", c.name()));
    case bson_type::int32:
    case bson_type::int64:
    case bson_type::decimal128:
    case bson_type::date:
        return std::string(convert(v.get(), bson_type::string).as_string());
    default:
        refuse(16007, fmt::format("can't convert from BSON type {} to String ({})", type_name(v), c.name()));
    }
}

std::string_view require_string(operand const& v, int server_code, std::string_view message) {
    if (v.missing() || !v->is_string()) {
        refuse(server_code, fmt::format("{}{}", message, type_name(v)));
    }
    return v->as_string();
}

operand run_concat(function_call const& c, scope& s) {
    std::string result;
    for (std::size_t i = 0; i < c.size(); ++i) {
        operand const v = c.at(i, s);
        if (v.nullish()) {
            return value();
        }
        result += require_string(v, 16702, "$concat only supports strings, not ");
    }
    return value(result);
}

operand run_split(function_call const& c, scope& s) {
    operand const v = c.at(0, s);
    operand const by = c.at(1, s);
    if (v.nullish() || by.nullish()) {
        return value();
    }
    std::string_view rest =
        require_string(v, 40085, "$split requires an expression that evaluates to a string as a first argument, found: ");
    auto const separator =
        require_string(by, 40086, "$split requires an expression that evaluates to a string as a second argument, found: ");
    if (separator.empty()) {
        refuse(40087, "$split requires a non-empty separator");
    }
    array result;
    for (;;) {
        auto const at = rest.find(separator);
        result.push_back(rest.substr(0, at));
        if (at == std::string_view::npos) {
            return value(std::move(result));
        }
        rest.remove_prefix(at + separator.size());
    }
}

bool is_inside(std::string_view s, std::size_t at) noexcept {
    return at < s.size() && (static_cast<unsigned char>(s[at]) & 0xC0U) == 0x80U;
}

operand run_substr_bytes(function_call const& c, scope& s) {
    operand const v = c.at(0, s);
    operand const from = c.at(1, s);
    operand const count = c.at(2, s);
    std::string const text = coerced(c, v);
    for (int i = 0; i < 2; ++i) {
        operand const& n = i == 0 ? from : count;
        if (n.missing() || !n->is_number()) {
            refuse(16034 + i, fmt::format("{}: {} must be a numeric type (is BSON type {})", c.name(),
                                  i == 0 ? "starting index" : "length", type_name(n)));
        }
    }
    auto const begin = truncated(from.get()).value_or(0);
    auto const length = truncated(count.get()).value_or(0);
    if (begin < 0) {
        refuse(50752, fmt::format("{}: starting index must be non-negative (got: {})", c.name(), begin));
    }
    auto const first = static_cast<std::size_t>(begin);
    if (first >= text.size()) {
        return value("");
    }
    if (is_inside(text, first)) {
        refuse(28656, fmt::format("{}: Invalid range, starting index is a UTF-8 continuation byte.", c.name()));
    }
    std::size_t const size = length < 0 ? text.size() - first : std::min(static_cast<std::size_t>(length), text.size() - first);
    if (is_inside(text, first + size)) {
        refuse(28657, fmt::format("{}: Invalid range, ending index is in the middle of a UTF-8 character.", c.name()));
    }
    return value(std::string_view(text).substr(first, size));
}

operand run_substr_cp(function_call const& c, scope& s) {
    operand const v = c.at(0, s);
    operand const from = c.at(1, s);
    operand const count = c.at(2, s);
    std::string const text = coerced(c, v);
    std::array<std::int64_t, 2> n{};
    for (std::size_t i = 0; i < 2; ++i) {
        operand const& each = i == 0 ? from : count;
        auto const what = i == 0 ? "starting index" : "length";
        int const base = i == 0 ? 34450 : 34452;
        if (each.missing() || !each->is_number()) {
            refuse(base, fmt::format("$substrCP: {} must be a numeric type (is BSON type {})", what, type_name(each)));
        }
        auto const whole = each->if_int64();
        if (!whole) {
            refuse(base + 1,
                fmt::format("$substrCP: {} cannot be represented as a 32-bit integral value: {}", what, to_string(each.get())));
        }
        n[i] = *whole;
    }
    if (n[1] < 0) {
        refuse(34454, fmt::format("$substrCP: length must be a nonnegative integer."));
    }
    if (n[0] < 0) {
        refuse(34455, fmt::format("$substrCP: the starting index must be nonnegative integer."));
    }
    auto const begin = text::offset_of(text, static_cast<std::size_t>(n[0]));
    std::string_view const rest = std::string_view(text).substr(begin);
    return value(rest.substr(0, text::offset_of(rest, static_cast<std::size_t>(n[1]))));
}

operand run_length(function_call const& c, scope& s, bool bytes) {
    operand const v = c.at(0, s);
    auto const text = require_string(v, bytes ? 34473 : 34471, fmt::format("{} requires a string argument, found: ", c.name()));
    return value(static_cast<std::int32_t>(bytes ? text.size() : text::length(text)));
}

/// `$indexOfBytes` and `$indexOfCP`.
operand run_index_of(function_call const& c, scope& s, bool bytes) {
    operand const v = c.at(0, s);
    if (v.nullish()) {
        return value();
    }
    auto const text =
        require_string(v, bytes ? 40091 : 40093, fmt::format("{} requires a string as the first argument, found: ", c.name()));
    operand const what = c.at(1, s);
    auto const needle = require_string(
        what, bytes ? 40092 : 40094, fmt::format("{} requires a string as the second argument, found: ", c.name()));
    std::size_t const size = bytes ? text.size() : text::length(text);
    std::size_t begin = 0;
    std::size_t end = size;
    for (std::size_t i = 2; i < c.size(); ++i) {
        operand const bound = c.at(i, s);
        auto const n = bound.missing() || !bound->is_number() ? std::nullopt : bound->if_int64();
        auto const kind = i == 2 ? "starting" : "ending";
        if (!n) {
            refuse(40096,
                fmt::format("{} requires an integral {} index, found a value of type: {}", c.name(), kind, type_name(bound)));
        }
        if (*n < 0) {
            refuse(40097, fmt::format("{} requires a nonnegative {} index, found: {}", c.name(), kind, *n));
        }
        (i == 2 ? begin : end) = static_cast<std::size_t>(*n);
    }
    end = std::min(end, size);
    if (begin > end || begin > size) {
        return value(-1);
    }
    std::size_t const first = bytes ? begin : text::offset_of(text, begin);
    std::size_t const last = bytes ? end : text::offset_of(text, end);
    auto const at = text.substr(0, last).find(needle, first);
    if (at == std::string_view::npos || (!bytes && at == last && at != 0)) {
        return value(-1);
    }
    return value(static_cast<std::int32_t>(bytes ? at : text::length(text.substr(0, at))));
}

operand run_strcasecmp(function_call const& c, scope& s) {
    std::string const a = text::ascii_upper(coerced(c, c.at(0, s)));
    std::string const b = text::ascii_upper(coerced(c, c.at(1, s)));
    int const order = a.compare(b);
    return value(order < 0 ? -1 : order > 0 ? 1 : 0);
}

constexpr function functions[] = {
    {"$concat", 0, function::any, run_concat},
    {"$toLower", 1, 1,
        [](function_call const& c, scope& s) -> operand { return value(text::ascii_lower(coerced(c, c.at(0, s)))); }},
    {"$toUpper", 1, 1,
        [](function_call const& c, scope& s) -> operand { return value(text::ascii_upper(coerced(c, c.at(0, s)))); }},
    {"$split", 2, 2, run_split},
    {"$substr", 3, 3, run_substr_bytes},
    {"$substrBytes", 3, 3, run_substr_bytes},
    {"$substrCP", 3, 3, run_substr_cp},
    {"$strLenBytes", 1, 1, [](function_call const& c, scope& s) { return run_length(c, s, true); }},
    {"$strLenCP", 1, 1, [](function_call const& c, scope& s) { return run_length(c, s, false); }},
    {"$indexOfBytes", 2, 4, [](function_call const& c, scope& s) { return run_index_of(c, s, true); }},
    {"$indexOfCP", 2, 4, [](function_call const& c, scope& s) { return run_index_of(c, s, false); }},
    {"$strcasecmp", 2, 2, run_strcasecmp},
};

// --- forms ------------------------------------------------------------------------------------------------------------

constexpr std::string_view blanks[] = {"\0", " ", "\t", "\n", "\v", "\f", "\r", "\u00A0", "\u1680", "\u2000", "\u2001", "\u2002",
    "\u2003", "\u2004", "\u2005", "\u2006", "\u2007", "\u2008", "\u2009", "\u200A"};

expression_ptr compile_trim(std::string_view name, value const& source, compile_context& context) {
    static constexpr std::array<std::string_view, 2> members = {"input", "chars"};
    named_arguments const given(name, source, members, 50696, 50694);
    auto input = given.compile("input", context, 50695);
    return make_expression([name = std::string(name), input = std::move(input), chars = given.compile("chars", context)](
                               scope& s) -> operand {
        operand const v = input->evaluate(s);
        if (v.nullish()) {
            return value();
        }
        std::string_view text = require_string(v, 50699, fmt::format("{} requires its input to be a string, got ", name));
        std::vector<std::string_view> set(std::begin(blanks), std::end(blanks));
        set.front() = std::string_view("\0", 1);
        operand const given_chars = chars ? chars->evaluate(s) : operand();
        if (chars) {
            if (given_chars.nullish()) {
                return value();
            }
            std::string_view rest =
                require_string(given_chars, 50700, fmt::format("{} requires 'chars' to be a string, got ", name));
            set.clear();
            while (!rest.empty()) {
                auto const size = text::offset_of(rest, 1);
                set.push_back(rest.substr(0, size));
                rest.remove_prefix(size);
            }
        }
        auto const one_at = [&](bool front) {
            return std::ranges::find_if(set, [&](std::string_view c) { return front ? text.starts_with(c) : text.ends_with(c); });
        };
        if (name != "$rtrim") {
            for (auto it = one_at(true); it != set.end(); it = one_at(true)) {
                text.remove_prefix(it->size());
            }
        }
        if (name != "$ltrim") {
            for (auto it = one_at(false); it != set.end(); it = one_at(false)) {
                text.remove_suffix(it->size());
            }
        }
        return value(text);
    });
}

expression_ptr compile_replace(std::string_view name, value const& source, compile_context& context) {
    static constexpr std::array<std::string_view, 3> members = {"input", "find", "replacement"};
    named_arguments const given(name, source, members, 51751, 51750);
    auto input = given.compile("input", context, 51749);
    auto find = given.compile("find", context, 51748);
    auto with = given.compile("replacement", context, 51747);
    return make_expression([name = std::string(name), input = std::move(input), find = std::move(find), with = std::move(with)](
                               scope& s) -> operand {
        operand const v = input->evaluate(s);
        operand const what = find->evaluate(s);
        operand const by = with->evaluate(s);
        auto const string_or_null = [&](operand const& o, int server_code, std::string_view part) {
            if (!o.nullish() && !o->is_string()) {
                refuse(server_code, fmt::format("{} requires that '{}' be a string, found: {}", name, part, to_string(o.get())));
            }
        };
        string_or_null(v, 51746, "input");
        string_or_null(what, 51745, "find");
        string_or_null(by, 51744, "replacement");
        if (v.nullish() || what.nullish() || by.nullish()) {
            return value();
        }
        std::string_view const text = v->as_string();
        std::string_view const needle = what->as_string();
        std::string result;
        std::size_t from = 0;
        for (auto at = text.find(needle); at != std::string_view::npos; at = text.find(needle, at)) {
            result += text.substr(from, at - from);
            result += by->as_string();
            at += needle.size();
            from = at;
            if (name == "$replaceOne") {
                break;
            }
            if (needle.empty()) { // matches before every character and at the end
                if (at >= text.size()) {
                    break;
                }
                result += text[at++];
                from = at;
            }
        }
        result += text.substr(std::min(from, text.size()));
        return value(result);
    });
}

expression_ptr compile_regex(std::string_view name, value const& source, compile_context& context) {
    static constexpr std::array<std::string_view, 3> members = {"input", "regex", "options"};
    named_arguments const given(name, source, members, 51103, 31024);
    auto input = given.compile("input", context, 31022);
    auto expression = given.compile("regex", context, 31023);
    auto options = given.compile("options", context);
    auto const make = [name = std::string(name)](operand const& r, operand const& o) -> std::optional<pattern> {
        if (r.nullish()) {
            return std::nullopt;
        }
        std::string text;
        std::string flags;
        if (r->is_regex()) {
            auto const literal = r->as_regex();
            text = literal.pattern;
            flags = literal.options;
        } else {
            text = require_string(r, 51105, fmt::format("{} needs 'regex' to be of type string or regex, found: ", name));
        }
        if (!o.nullish()) {
            auto const extra = require_string(o, 51106, fmt::format("{} needs 'options' to be of type string, found: ", name));
            if (!flags.empty()) {
                refuse(51107, fmt::format("{}: found regex option(s) specified in both 'regex' and 'option' fields", name));
            }
            flags = extra;
        }
        try {
            return pattern(text, flags);
        } catch (error const& e) {
            if (e.details().server_code == 51091) {
                refuse(51111, fmt::format("Invalid Regex in {}: {}", name, e.message()));
            }
            throw;
        }
    };
    // Compiled once, when both are constant.
    std::optional<pattern> fixed;
    bool const constant = expression->constant() && (!options || options->constant());
    if (constant) {
        fixed = make(operand::of(expression->constant()), operand::of(options ? options->constant() : nullptr));
    }
    return make_expression([name = std::string(name), input = std::move(input), expression = std::move(expression),
                               options = std::move(options), make, fixed, constant](scope& s) -> operand {
        operand const v = input->evaluate(s);
        if (!v.nullish()) {
            require_string(v, 51104, fmt::format("{} needs 'input' to be of type string, found: ", name));
        }
        auto const p = constant ? fixed : make(expression->evaluate(s), options ? options->evaluate(s) : operand());
        bool const nothing = v.nullish() || !p;
        if (name == "$regexMatch") {
            return value(!nothing && p->matches(v->as_string()));
        }
        array all;
        std::string_view const text = nothing ? std::string_view() : v->as_string();
        std::size_t from = 0;
        do {
            if (nothing) {
                break;
            }
            auto const found = p->find(text, from);
            if (!found) {
                break;
            }
            array captures;
            for (auto const& each : found->captures) {
                captures.push_back(each ? value(text.substr(each->first, each->second - each->first)) : value());
            }
            document match = doc("match", text.substr(found->begin, found->end - found->begin), "idx",
                static_cast<std::int32_t>(text::length(text.substr(0, found->begin))), "captures", std::move(captures));
            if (name == "$regexFind") {
                return value(std::move(match));
            }
            all.push_back(std::move(match));
            from = found->end > found->begin ? found->end : found->end + 1;
            while (is_inside(text, from)) {
                ++from;
            }
        } while (from < text.size()); // the server finds nothing at the end, not even an empty match
        return name == "$regexFind" ? operand(value()) : operand(value(std::move(all)));
    });
}

constexpr form forms[] = {
    {"$trim", compile_trim},
    {"$ltrim", compile_trim},
    {"$rtrim", compile_trim},
    {"$replaceOne", compile_replace},
    {"$replaceAll", compile_replace},
    {"$regexMatch", compile_regex},
    {"$regexFind", compile_regex},
    {"$regexFindAll", compile_regex},
};

} // namespace

std::span<function const> string_functions() noexcept {
    return functions;
}
std::span<form const> string_forms() noexcept {
    return forms;
}

} // namespace cormorant::memory
