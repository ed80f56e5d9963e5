#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace cormorant::detail {

/// The complete test, for text that is not ASCII.
bool is_valid_utf8(std::string_view text) noexcept;

inline bool is_ascii(std::string_view text) noexcept {
    constexpr std::uint64_t high_bits = 0x8080'8080'8080'8080U;
    auto const word = [&](std::size_t position) {
        std::uint64_t result = 0;
        std::memcpy(&result, text.data() + position, sizeof result);
        return result;
    };
    std::uint64_t all = 0;
    if (text.size() >= 8) {
        for (std::size_t i = 0; i + 8 <= text.size(); i += 8) {
            all |= word(i);
        }
        all |= word(text.size() - 8);
    } else {
        for (char const c : text) {
            all |= static_cast<unsigned char>(c);
        }
    }
    return (all & high_bits) == 0;
}

/// The same for a text of which more bytes than its own may be read.
inline bool is_ascii(std::string_view text, std::size_t readable) noexcept {
    if (text.size() >= 8 || readable < 8) {
        return is_ascii(text);
    }
    std::uint64_t word = 0;
    std::memcpy(&word, text.data(), sizeof word);
    auto const mask = (std::uint64_t{1} << (8 * text.size())) - 1;
    return (word & mask & 0x8080'8080'8080'8080U) == 0;
}

/// Quick for ASCII, which keys and most strings are.
inline bool is_utf8(std::string_view text) noexcept {
    return is_ascii(text) || is_valid_utf8(text);
}

} // namespace cormorant::detail
