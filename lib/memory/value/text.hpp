#pragma once

/// Text as code points: what expressions, collation and regular expressions need of UTF-8.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace cormorant::memory::text {

/// Takes the first code point off `rest`; a byte that is no UTF-8 counts as one code point (U+FFFD).
char32_t next(std::string_view& rest) noexcept;
void append(std::string& out, char32_t code_point);
std::size_t length(std::string_view) noexcept;
/// The byte at which code point number `n` begins; the size when there are fewer.
std::size_t offset_of(std::string_view, std::size_t n) noexcept;
bool is_ascii(std::string_view) noexcept;

/// The lower-case form; Latin (to U+017F), Greek and Cyrillic.
char32_t lower(char32_t) noexcept;
/// A letter without its accent, and the accent: the combining character less U+02FF, 0 when there is none. Latin to U+017F.
struct accented {
    char32_t base;
    std::uint8_t accent;
};
accented split_accent(char32_t) noexcept;

/// ASCII only, as `$toLower` and `$strcasecmp` do it.
std::string ascii_lower(std::string_view);
std::string ascii_upper(std::string_view);

} // namespace cormorant::memory::text
