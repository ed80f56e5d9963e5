#pragma once

/// Letters of all scripts.

#include <string>
#include <string_view>

namespace cormorant::detail {

/// By the full mapping of Unicode, without regard to a language: `ß` becomes `SS`, a sigma at the end of a word `ς`. Bytes that
/// are no UTF-8 stay as they are.
std::string to_upper(std::string_view text);
std::string to_lower(std::string_view text);

/// Whether the character is a letter with an upper or lower-case form other than itself.
bool is_cased(char32_t character) noexcept;

/// Takes the first character off the text; a byte that is no UTF-8 counts as U+FFFD.
char32_t next_character(std::string_view& rest) noexcept;
void append_character(std::string& out, char32_t character);

} // namespace cormorant::detail
