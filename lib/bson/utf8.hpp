#pragma once

#include <string_view>

namespace cormorant::detail {

/// Quick for short ASCII text, which keys and most strings are.
bool is_utf8(std::string_view text) noexcept;

} // namespace cormorant::detail
