#include "text.hpp"

#include <algorithm>
#include <array>

namespace cormorant::memory::text {

namespace {

constexpr char32_t replacement = 0xFFFD;
constexpr char32_t first_accented = 0xC0;
// For U+00C0 to U+017F: the letter without its accent ('.': has none), and the combining character less U+0300.
constexpr std::string_view bases =
    "AAAAAA.CEEEEIIII.NOOOOO..UUUUY..aaaaaa.ceeeeiiii.nooooo..uuuuy.yAaAaAaCcCcCcCcDd..EeEeEeEeEeGgGgGgGgHh..IiIiIiI"
    "iI...JjKk.LlLlLl....NnNnNn...OoOoOo..RrRrRrSsSsSsSsTtTt..UuUuUuUuUuUuWwYyYZzZzZz.";
constexpr std::array<std::uint8_t, bases.size()> accents = {0x0, 0x1, 0x2, 0x3, 0x8, 0xa, 0x0, 0x27, 0x0, 0x1, 0x2, 0x8, 0x0, 0x1,
    0x2, 0x8, 0x0, 0x3, 0x0, 0x1, 0x2, 0x3, 0x8, 0x0, 0x0, 0x0, 0x1, 0x2, 0x8, 0x1, 0x0, 0x0, 0x0, 0x1, 0x2, 0x3, 0x8, 0xa, 0x0,
    0x27, 0x0, 0x1, 0x2, 0x8, 0x0, 0x1, 0x2, 0x8, 0x0, 0x3, 0x0, 0x1, 0x2, 0x3, 0x8, 0x0, 0x0, 0x0, 0x1, 0x2, 0x8, 0x1, 0x0, 0x8,
    0x4, 0x4, 0x6, 0x6, 0x28, 0x28, 0x1, 0x1, 0x2, 0x2, 0x7, 0x7, 0xc, 0xc, 0xc, 0xc, 0x0, 0x0, 0x4, 0x4, 0x6, 0x6, 0x7, 0x7,
    0x28, 0x28, 0xc, 0xc, 0x2, 0x2, 0x6, 0x6, 0x7, 0x7, 0x27, 0x27, 0x2, 0x2, 0x0, 0x0, 0x3, 0x3, 0x4, 0x4, 0x6, 0x6, 0x28, 0x28,
    0x7, 0x0, 0x0, 0x0, 0x2, 0x2, 0x27, 0x27, 0x0, 0x1, 0x1, 0x27, 0x27, 0xc, 0xc, 0x0, 0x0, 0x0, 0x0, 0x1, 0x1, 0x27, 0x27, 0xc,
    0xc, 0x0, 0x0, 0x0, 0x4, 0x4, 0x6, 0x6, 0xb, 0xb, 0x0, 0x0, 0x1, 0x1, 0x27, 0x27, 0xc, 0xc, 0x1, 0x1, 0x2, 0x2, 0x27, 0x27,
    0xc, 0xc, 0x27, 0x27, 0xc, 0xc, 0x0, 0x0, 0x3, 0x3, 0x4, 0x4, 0x6, 0x6, 0xa, 0xa, 0xb, 0xb, 0x28, 0x28, 0x2, 0x2, 0x2, 0x2,
    0x8, 0x1, 0x1, 0x7, 0x7, 0xc, 0xc, 0x0};

unsigned byte(char c) noexcept {
    return static_cast<unsigned char>(c);
}

template <class Change>
std::string mapped(std::string_view s, Change change) {
    std::string result(s);
    std::ranges::transform(result, result.begin(), change);
    return result;
}

} // namespace

char32_t next(std::string_view& rest) noexcept {
    unsigned const lead = byte(rest.front());
    std::size_t const size = lead < 0x80 ? 1 : lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC0 ? 2 : 0;
    if (size == 1) {
        rest.remove_prefix(1);
        return lead;
    }
    if (size == 0 || size > rest.size()) {
        rest.remove_prefix(1);
        return replacement;
    }
    char32_t result = lead & (0x7FU >> size);
    for (std::size_t i = 1; i < size; ++i) {
        if ((byte(rest[i]) & 0xC0U) != 0x80U) {
            rest.remove_prefix(1);
            return replacement;
        }
        result = result << 6U | (byte(rest[i]) & 0x3FU);
    }
    rest.remove_prefix(size);
    return result;
}

void append(std::string& out, char32_t c) {
    auto const put = [&](char32_t bits) { out.push_back(static_cast<char>(static_cast<unsigned char>(bits))); };
    if (c < 0x80) {
        put(c);
    } else if (c < 0x800) {
        put(0xC0 | c >> 6U);
        put(0x80 | (c & 0x3F));
    } else if (c < 0x10000) {
        put(0xE0 | c >> 12U);
        put(0x80 | (c >> 6U & 0x3F));
        put(0x80 | (c & 0x3F));
    } else {
        put(0xF0 | c >> 18U);
        put(0x80 | (c >> 12U & 0x3F));
        put(0x80 | (c >> 6U & 0x3F));
        put(0x80 | (c & 0x3F));
    }
}

std::size_t length(std::string_view s) noexcept {
    return static_cast<std::size_t>(std::ranges::count_if(s, [](char c) { return (byte(c) & 0xC0U) != 0x80U; }));
}

std::size_t offset_of(std::string_view s, std::size_t n) noexcept {
    for (std::size_t i = 0; i < s.size(); ++i) {
        if ((byte(s[i]) & 0xC0U) != 0x80U && n-- == 0) {
            return i;
        }
    }
    return s.size();
}

bool is_ascii(std::string_view s) noexcept {
    return std::ranges::all_of(s, [](char c) { return byte(c) < 0x80; });
}

char32_t lower(char32_t c) noexcept {
    if (c < 0x80) {
        return c >= 'A' && c <= 'Z' ? c + 32 : c;
    }
    if (c < 0x100) {
        return c >= 0xC0 && c <= 0xDE && c != 0xD7 ? c + 32 : c;
    }
    if (c < 0x180) {
        if (c == 0x130 || c == 0x131 || c == 0x138 || c == 0x149 || c == 0x17F) {
            return c;
        }
        if (c == 0x178) {
            return 0xFF;
        }
        // Pairs; the upper case is even up to U+0137 and from U+014A to U+0177, odd elsewhere.
        bool const upper_is_odd = (c >= 0x139 && c <= 0x148) || c >= 0x179;
        return (c % 2 == 1) == upper_is_odd ? c + 1 : c;
    }
    if (c >= 0x391 && c <= 0x3AB && c != 0x3A2) {
        return c + 32;
    }
    if (c >= 0x410 && c <= 0x42F) {
        return c + 32;
    }
    return c >= 0x400 && c <= 0x40F ? c + 80 : c;
}

accented split_accent(char32_t c) noexcept {
    if (c < first_accented || c >= first_accented + bases.size() || bases[c - first_accented] == '.') {
        return {c, 0};
    }
    return {static_cast<char32_t>(bases[c - first_accented]), static_cast<std::uint8_t>(accents[c - first_accented] + 1)};
}

std::string ascii_lower(std::string_view s) {
    return mapped(s, [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
}

std::string ascii_upper(std::string_view s) {
    return mapped(s, [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
}

} // namespace cormorant::memory::text
