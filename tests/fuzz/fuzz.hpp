#pragma once

/// What the fuzz targets have in common. Each of them defines `LLVMFuzzerTestOneInput`, which libFuzzer calls in the preset
/// `fuzz` and driver.cpp in all others.

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

namespace cormorant::fuzz {

/// A property does not hold. It is no `cormorant::error`, so no target takes it for an answer.
class violation : public std::logic_error {
public:
    using std::logic_error::logic_error;
};

inline void require(bool holds, std::string const& property) {
    if (!holds)
        throw violation(property);
}

inline std::string_view text_of(std::uint8_t const* data, std::size_t size) {
    return {reinterpret_cast<char const*>(data), size};
}

} // namespace cormorant::fuzz

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size);
