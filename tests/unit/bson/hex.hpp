#pragma once

#include <cormorant/bson/bson.hpp>

#include <span>
#include <string>
#include <string_view>

namespace cormorant::test {

/// Hexadecimal digits as bytes; spaces are skipped.
inline bson_buffer from_hex(std::string_view text) {
    auto const digit = [](char c) { return c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10; };
    bson_buffer bytes;
    int high = -1;
    for (char const c : text) {
        if (c == ' ') {
            continue;
        }
        if (high < 0) {
            high = digit(c);
        } else {
            bytes.push_back(static_cast<std::byte>(high << 4 | digit(c)));
            high = -1;
        }
    }
    return bytes;
}

inline std::string to_hex(std::span<std::byte const> bytes) {
    std::string text;
    for (auto const b : bytes) {
        text += "0123456789ABCDEF"[std::to_integer<int>(b) >> 4];
        text += "0123456789ABCDEF"[std::to_integer<int>(b) & 15];
    }
    return text;
}

} // namespace cormorant::test
