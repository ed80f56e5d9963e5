#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cormorant::detail {

/// RFC 4648, section 4, with padding.
void append_base64(std::string& out, std::span<std::byte const> bytes);
/// Nothing when the text is no base64; the padding may be left out.
std::optional<std::vector<std::byte>> parse_base64(std::string_view text);

} // namespace cormorant::detail
