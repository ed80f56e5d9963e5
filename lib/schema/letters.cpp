#include "schema/letters.hpp"

#include "schema/letter_table.hpp"

#include <algorithm>
#include <optional>

namespace cormorant::detail {

namespace {

constexpr char32_t replacement = 0xFFFD;
constexpr char32_t capital_sigma = 0x3A3;
constexpr char32_t final_sigma = 0x3C2;

/// How many bytes a character has that begins with this one; 0 for a byte that begins none.
std::size_t length_of(unsigned char lead) noexcept {
    if (lead < 0x80) {
        return 1;
    }
    if (lead < 0xC2) {
        return 0;
    }
    return lead < 0xE0 ? 2 : (lead < 0xF0 ? 3 : (lead < 0xF5 ? 4 : 0));
}

template <class Runs>
char32_t map_simple(Runs const& runs, char32_t c) noexcept {
    auto const* const run =
        std::upper_bound(runs.begin(), runs.end(), c, [](char32_t wanted, letter_run const& r) { return wanted <= r.last; });
    if (run == runs.end() || c < run->first || (c - run->first) % run->stride != 0) {
        return c;
    }
    return static_cast<char32_t>(static_cast<std::int64_t>(c) + run->delta);
}

template <class Special>
std::optional<std::string_view> map_special(Special const& special, char32_t c) noexcept {
    auto const* const found = std::lower_bound(
        special.begin(), special.end(), c, [](special_letter const& s, char32_t wanted) { return s.letter < wanted; });
    return found != special.end() && found->letter == c ? std::optional(found->mapped) : std::nullopt;
}

template <class Runs, class Special, class Exception>
std::string map(std::string_view text, Runs const& runs, Special const& special, Exception&& exception) {
    std::string out;
    out.reserve(text.size());
    for (auto rest = text; !rest.empty();) {
        auto const before = rest;
        auto const c = next_character(rest);
        auto const bytes = before.substr(0, before.size() - rest.size());
        if (auto const mapped = map_special(special, c)) {
            out += *mapped;
        } else if (auto const made = exception(c, out, rest)) {
            append_character(out, *made);
        } else if (auto const other = map_simple(runs, c); other != c) {
            append_character(out, other);
        } else {
            out += bytes;
        }
    }
    return out;
}

/// The last character of a text.
std::optional<char32_t> last_of(std::string_view text) noexcept {
    auto begin = text.size();
    while (begin > 0 && (static_cast<unsigned char>(text[begin - 1]) & 0xC0U) == 0x80U) {
        --begin;
    }
    if (begin == 0) {
        return std::nullopt;
    }
    auto rest = text.substr(begin - 1);
    return next_character(rest);
}

} // namespace

char32_t next_character(std::string_view& rest) noexcept {
    auto const lead = static_cast<unsigned char>(rest.front());
    auto const length = length_of(lead);
    if (length == 1) {
        rest.remove_prefix(1);
        return lead;
    }
    bool const whole = length != 0 && rest.size() >= length &&
                       std::all_of(rest.begin() + 1, rest.begin() + static_cast<std::ptrdiff_t>(length),
                           [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; });
    if (!whole) {
        rest.remove_prefix(1);
        return replacement;
    }
    char32_t c = lead & (0xFFU >> (length + 1));
    for (std::size_t i = 1; i < length; ++i) {
        c = (c << 6U) | (static_cast<unsigned char>(rest[i]) & 0x3FU);
    }
    rest.remove_prefix(length);
    return c;
}

void append_character(std::string& out, char32_t c) {
    auto const put = [&](char32_t byte) { out += static_cast<char>(static_cast<unsigned char>(byte)); };
    if (c < 0x80) {
        put(c);
    } else if (c < 0x800) {
        put(0xC0U | (c >> 6U));
        put(0x80U | (c & 0x3FU));
    } else if (c < 0x10000) {
        put(0xE0U | (c >> 12U));
        put(0x80U | ((c >> 6U) & 0x3FU));
        put(0x80U | (c & 0x3FU));
    } else {
        put(0xF0U | (c >> 18U));
        put(0x80U | ((c >> 12U) & 0x3FU));
        put(0x80U | ((c >> 6U) & 0x3FU));
        put(0x80U | (c & 0x3FU));
    }
}

bool is_cased(char32_t c) noexcept {
    return map_simple(upper_runs, c) != c || map_simple(lower_runs, c) != c || map_special(upper_special, c) ||
           map_special(lower_special, c);
}

std::string to_upper(std::string_view text) {
    return map(text, upper_runs, upper_special,
        [](char32_t, std::string const&, std::string_view) { return std::optional<char32_t>(); });
}

std::string to_lower(std::string_view text) {
    return map(text, lower_runs, lower_special, [](char32_t c, std::string const& before, std::string_view after) {
        auto const previous = c == capital_sigma ? last_of(before) : std::nullopt;
        bool const ends_word = previous && is_cased(*previous) && (after.empty() || !is_cased(next_character(after)));
        return ends_word ? std::optional(final_sigma) : std::nullopt;
    });
}

} // namespace cormorant::detail
