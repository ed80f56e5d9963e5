#include "bson/utf8.hpp"
#include "schema/request.hpp"

#include <cormorant/bson/json.hpp>
#include <cormorant/error/error.hpp>
#include <cormorant/schema/untrusted.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace cormorant {

namespace {

void check_size(std::string_view text, input_limits const& limits) {
    if (limits.bytes > 0 && std::cmp_greater(text.size(), limits.bytes)) {
        throw error(errc::limit_exceeded, fmt::format("the input has {} bytes, it may have {}", text.size(), limits.bytes));
    }
}

/// Counts the levels and values of a text before it is parsed, whose cost depends on them. Text that is no JSON is the
/// parser's affair.
void check_extent(std::string_view json, input_limits const& limits) {
    std::int64_t values = 0;
    int depth = 0;
    for (std::size_t i = 0; i < json.size(); ++i) {
        char const c = json[i];
        if (c == '"') {
            for (++i; i < json.size() && json[i] != '"'; ++i) {
                i += json[i] == '\\' ? 1 : 0;
            }
        } else if (c == '{' || c == '[') {
            ++values;
            if (++depth > limits.depth && limits.depth > 0) {
                throw error(errc::limit_exceeded, fmt::format("the input has more than {} levels", limits.depth));
            }
        } else if (c == '}' || c == ']') {
            --depth;
        } else if (c == ',') {
            ++values;
        }
    }
    if (limits.values > 0 && values > limits.values) {
        throw error(errc::limit_exceeded, fmt::format("the input has more than {} values", limits.values));
    }
}

[[noreturn]] void throw_query(std::string message, std::string_view name = {}) {
    diagnostics details;
    details.path = detail::shown_path(name);
    throw error(errc::invalid_argument, std::move(message), std::move(details));
}

int digit(char c) noexcept {
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    char const lower = static_cast<char>(c | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

std::string decode(std::string_view text) {
    std::string result;
    result.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            result += text[i] == '+' ? ' ' : text[i];
            continue;
        }
        int const high = i + 2 < text.size() ? digit(text[i + 1]) : -1;
        int const low = i + 2 < text.size() ? digit(text[i + 2]) : -1;
        if (high < 0 || low < 0) {
            throw_query("a query string has a % that two hexadecimal digits do not follow");
        }
        result += static_cast<char>(high * 16 + low);
        i += 2;
    }
    if (!detail::is_utf8(result)) {
        throw_query("a query string is not UTF-8");
    }
    return result;
}

/// `"a[b][c]"` is `a`, `b`, `c`.
std::vector<std::string> split_name(std::string_view name) {
    std::vector<std::string> parts;
    auto const first = name.substr(0, name.find('['));
    parts.emplace_back(first);
    for (auto rest = name.substr(first.size()); !rest.empty();) {
        auto const end = rest.find(']');
        if (rest.front() != '[' || end == std::string_view::npos || end == 1) {
            throw_query("the brackets of a query string have to close, and to name something", name);
        }
        parts.emplace_back(rest.substr(1, end - 1));
        rest.remove_prefix(end + 1);
    }
    if (std::any_of(parts.begin(), parts.end(),
            [](std::string const& part) { return part.empty() || part.find('\0') != std::string::npos; })) {
        throw_query("a query string has a value without a name", name);
    }
    return parts;
}

} // namespace

untrusted untrusted::parse_json(std::string_view text, input_limits limits) {
    check_size(text, limits);
    check_extent(text, limits);
    value parsed;
    try {
        parsed = cormorant::parse_json(text, json_dialect::plain);
    } catch (error const& e) {
        // What is quoted is of the text.
        bool const quotes = e.message().find('"') != std::string::npos;
        throw error(errc::bad_json, quotes ? std::string("the input is no JSON: a key occurs twice in one object")
                                           : fmt::format("the input is no JSON: {}", e.message()));
    }
    if (!parsed.is_document()) {
        throw error(errc::bad_json, "the input is no JSON object");
    }
    return untrusted(std::move(parsed.as_document()));
}

untrusted untrusted::parse_query(std::string_view text, input_limits limits) {
    check_size(text, limits);
    document result;
    std::int64_t values = 0;
    for (std::size_t begin = 0; begin < text.size();) {
        auto const end = std::min(text.find('&', begin), text.size());
        auto const pair = text.substr(begin, end - begin);
        begin = end + 1;
        if (pair.empty()) {
            continue;
        }
        auto const equals = std::min(pair.find('='), pair.size());
        auto const parts = split_name(decode(pair.substr(0, equals)));
        values += static_cast<std::int64_t>(parts.size());
        if (limits.values > 0 && values > limits.values) {
            throw error(errc::limit_exceeded, fmt::format("the input has more than {} values", limits.values));
        }
        if (limits.depth > 0 && std::cmp_greater(parts.size(), limits.depth)) {
            throw error(errc::limit_exceeded, fmt::format("the input has more than {} levels", limits.depth));
        }
        document* at = &result;
        for (std::size_t i = 0; i + 1 < parts.size(); ++i) {
            value* below = at->find(parts[i]);
            if (below == nullptr) {
                below = &at->append(parts[i], document());
            }
            if (!below->is_document()) {
                throw_query("a name of a query string has a value and brackets too", parts[i]);
            }
            at = &below->as_document();
        }
        if (at->contains(parts.back())) {
            throw_query("a name occurs twice in a query string", parts.back());
        }
        at->append(parts.back(), decode(pair.substr(std::min(equals + 1, pair.size()))));
    }
    return untrusted(std::move(result));
}

std::optional<std::string> untrusted::text(std::string_view key) const {
    auto const* const v = data_.find(key);
    auto const found = v == nullptr ? std::nullopt : v->if_string();
    return found ? std::optional<std::string>(*found) : std::nullopt;
}

bool untrusted::contains(std::string_view key) const noexcept {
    return data_.contains(key);
}

} // namespace cormorant
