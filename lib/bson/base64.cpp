#include "base64.hpp"

#include <array>
#include <cstdint>

namespace cormorant::detail {
namespace {

constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

constexpr std::array<std::int8_t, 256> make_values() {
    std::array<std::int8_t, 256> values{};
    values.fill(-1);
    for (std::size_t i = 0; i < digits.size(); ++i) {
        values[static_cast<unsigned char>(digits[i])] = static_cast<std::int8_t>(i);
    }
    return values;
}

constexpr auto values = make_values();

} // namespace

void append_base64(std::string& out, std::span<std::byte const> bytes) {
    out.reserve(out.size() + (bytes.size() + 2) / 3 * 4);
    for (std::size_t i = 0; i < bytes.size(); i += 3) {
        auto const left = bytes.size() - i;
        auto const at = [&](std::size_t j) { return j < left ? std::to_integer<std::uint32_t>(bytes[i + j]) : 0U; };
        auto const group = at(0) << 16U | at(1) << 8U | at(2);
        out += digits[group >> 18U];
        out += digits[(group >> 12U) & 63U];
        out += left > 1 ? digits[(group >> 6U) & 63U] : '=';
        out += left > 2 ? digits[group & 63U] : '=';
    }
}

std::optional<std::vector<std::byte>> parse_base64(std::string_view text) {
    std::size_t padding = 0;
    while (padding < 2 && text.ends_with('=')) {
        text.remove_suffix(1);
        ++padding;
    }
    auto const tail = text.size() % 4;
    if (tail == 1 || (padding != 0 && (text.size() + padding) % 4 != 0)) {
        return std::nullopt;
    }
    std::vector<std::byte> bytes;
    bytes.reserve(text.size() / 4 * 3 + 2);
    std::uint32_t group = 0;
    unsigned bits = 0;
    for (char const c : text) {
        auto const digit = values[static_cast<unsigned char>(c)];
        if (digit < 0) {
            return std::nullopt;
        }
        group = (group << 6U | static_cast<std::uint32_t>(digit)) & 0xFFFFFFU;
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            bytes.push_back(static_cast<std::byte>(group >> bits));
        }
    }
    // Bits that are left over belong to no byte and must be zero.
    if ((group & ((1U << bits) - 1)) != 0) {
        return std::nullopt;
    }
    return bytes;
}

} // namespace cormorant::detail
