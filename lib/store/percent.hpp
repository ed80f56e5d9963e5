#pragma once

/// The encoding of the parts of a connection string.

#include <fmt/format.h>

#include <string>
#include <string_view>

namespace cormorant::detail {

/// All but letters, digits and what is in `also_plain` as `%XX`.
inline std::string percent_encoded(std::string_view part, std::string_view also_plain = "-._~") {
    std::string result;
    for (char const c : part) {
        bool const plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                           also_plain.find(c) != std::string_view::npos;
        if (plain)
            result += c;
        else
            result += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
    return result;
}

} // namespace cormorant::detail
