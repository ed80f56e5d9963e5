#include "schema/failure.hpp"
#include "schema/letters.hpp"
#include "schema/type.hpp"

#include <cormorant/bson/json.hpp>
#include <cormorant/error/error.hpp>
#include <cormorant/schema/rule.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <memory>

namespace cormorant {

namespace {

using detail::next_character;

[[noreturn]] void refuse(rule_context const& c, std::string_view wanted, value const& v) {
    diagnostics details;
    details.value = shorten(v);
    throw error(
        errc::type_mismatch, fmt::format("'{}' takes {}, not {}", c.rule, wanted, to_string(v.type())), std::move(details));
}

std::string_view text_of(value const& v, rule_context const& c) {
    auto const text = v.if_string();
    if (!text) {
        refuse(c, "text", v);
    }
    return *text;
}

/// White space and line ends of all scripts, as JavaScript's `trim` takes them.
bool is_space(char32_t c) noexcept {
    return (c >= 0x09 && c <= 0x0D) || c == 0x20 || c == 0xA0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200A) || c == 0x2028 ||
           c == 0x2029 || c == 0x202F || c == 0x205F || c == 0x3000 || c == 0xFEFF;
}

std::string_view trimmed(std::string_view text) noexcept {
    auto begin = text.size();
    auto end = text.size();
    bool blank = true;
    for (auto rest = text; !rest.empty();) {
        auto const at = text.size() - rest.size();
        if (is_space(next_character(rest))) {
            continue;
        }
        begin = blank ? at : begin;
        end = text.size() - rest.size();
        blank = false;
    }
    return text.substr(begin, end - begin);
}

std::int64_t characters(std::string_view text) noexcept {
    std::int64_t n = 0;
    for (; !text.empty(); ++n) {
        next_character(text);
    }
    return n;
}

std::string_view first_characters(std::string_view text, std::int64_t n) noexcept {
    auto rest = text;
    for (; n > 0 && !rest.empty(); --n) {
        next_character(rest);
    }
    return text.substr(0, text.size() - rest.size());
}

std::string capitals(std::string_view text, bool first_word_only) {
    std::string out;
    bool in_word = false;
    bool done = false;
    for (auto rest = text; !rest.empty();) {
        auto const before = rest;
        bool const space = is_space(next_character(rest));
        auto const bytes = before.substr(0, before.size() - rest.size());
        bool const begins = !space && !in_word && !done;
        out += begins ? detail::to_upper(bytes) : std::string(bytes);
        done = done || (begins && first_word_only);
        in_word = !space;
    }
    return out;
}

template <class F>
value_transform of_text(std::string name, F fn) {
    return {std::move(name),
        [fn = std::move(fn)](value const& v, rule_context const& c) { return value(std::string(fn(text_of(v, c)))); }};
}

std::int64_t size_of(value const& v, rule_context const& c) {
    if (auto const* const items = v.if_array()) {
        return static_cast<std::int64_t>(items->size());
    }
    auto const text = v.if_string();
    if (!text) {
        refuse(c, "text or an array", v);
    }
    return characters(*text);
}

void require_length(std::string_view name, std::int64_t length) {
    if (length < 0) {
        detail::throw_definition({}, {}, fmt::format("the length of '{}' must not be negative", name));
    }
}

} // namespace

namespace transforms {

value_transform trim() {
    return of_text("trim", trimmed);
}
value_transform to_upper_case() {
    return of_text("toUpperCase", detail::to_upper);
}
value_transform to_lower_case() {
    return of_text("toLowerCase", detail::to_lower);
}

value_transform cut(std::int64_t length) {
    require_length("cut", length);
    return {"cut", [length](value const& v, rule_context const& c) {
                if (auto const* const items = v.if_array()) {
                    array kept;
                    for (auto const& item : *items) {
                        if (static_cast<std::int64_t>(kept.size()) == length) {
                            break;
                        }
                        kept.push_back(item);
                    }
                    return value(std::move(kept));
                }
                auto const text = v.if_string();
                if (!text) {
                    refuse(c, "text or an array", v);
                }
                return value(first_characters(*text, length));
            }};
}

value_transform truncate(std::int64_t length) {
    require_length("truncate", length);
    return of_text("truncate", [length](std::string_view text) {
        if (length == 0 || characters(text) <= length) {
            return std::string(first_characters(text, length));
        }
        return std::string(first_characters(text, length - 1)) + "\xE2\x80\xA6";
    });
}

value_transform capitalize(bool first_word_only) {
    return of_text("capitalize", [first_word_only](std::string_view text) { return capitals(text, first_word_only); });
}

} // namespace transforms

namespace checks {

value_check regexp(regex expression) {
    std::shared_ptr<boost::regex const> const compiled = detail::compile_pattern(expression, {}, "regexp");
    auto message = fmt::format("must match /{}/{}", expression.pattern, expression.options);
    return {"regexp", [compiled, message](value const& v, rule_context const& c) {
                auto const text = text_of(v, c);
                return detail::matches(*compiled, text) ? std::nullopt : std::optional<std::string>(message);
            }};
}

value_check min_length(std::int64_t length) {
    require_length("minLength", length);
    return {"minLength", [length](value const& v, rule_context const& c) {
                auto const size = size_of(v, c);
                return size >= length ? std::nullopt
                                      : std::optional(fmt::format("must have a length of at least {}, has {}", length, size));
            }};
}

value_check max_length(std::int64_t length) {
    require_length("maxLength", length);
    return {"maxLength", [length](value const& v, rule_context const& c) {
                auto const size = size_of(v, c);
                return size <= length ? std::nullopt
                                      : std::optional(fmt::format("must have a length of at most {}, has {}", length, size));
            }};
}

value_check is_email() {
    // What HTML demands of the value of an e-mail input.
    auto result = regexp(regex{"^[a-zA-Z0-9.!#$%&'*+/=?^_`{|}~-]+@[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?"
                               "(?:\\.[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)*$",
        {}});
    return {"isEmail", [matches = std::move(result.test)](value const& v, rule_context const& c) {
                return matches.plain()(v, c) ? std::optional<std::string>("must be an e-mail address") : std::nullopt;
            }};
}

value_check is_lower_case() {
    return {"isLowerCase", [](value const& v, rule_context const& c) {
                auto const text = text_of(v, c);
                return detail::to_lower(text) == text ? std::nullopt : std::optional<std::string>("must be in lower case");
            }};
}

value_check is_upper_case() {
    return {"isUpperCase", [](value const& v, rule_context const& c) {
                auto const text = text_of(v, c);
                return detail::to_upper(text) == text ? std::nullopt : std::optional<std::string>("must be in upper case");
            }};
}

} // namespace checks

} // namespace cormorant
