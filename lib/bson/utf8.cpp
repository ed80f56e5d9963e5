#include "utf8.hpp"

#include <simdjson.h>

#include <cstdint>
#include <cstring>

namespace cormorant::detail {

bool is_utf8(std::string_view text) noexcept {
    std::size_t i = 0;
    std::uint64_t high = 0;
    for (; i + 8 <= text.size(); i += 8) {
        std::uint64_t chunk;
        std::memcpy(&chunk, text.data() + i, 8);
        high |= chunk;
    }
    for (; i < text.size(); ++i) {
        high |= static_cast<unsigned char>(text[i]);
    }
    return (high & 0x8080'8080'8080'8080U) == 0 || simdjson::validate_utf8(text.data(), text.size());
}

} // namespace cormorant::detail
