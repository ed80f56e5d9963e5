#pragma once

/// The hash of the keys of large documents. `std::hash` has a seed that everybody knows: whoever sends an object could choose
/// keys that all have one hash, and make each look-up a walk through all of them.

#include <cstdint>
#include <string_view>

namespace cormorant::detail {

struct hash_secret {
    std::uint64_t first = 0;
    std::uint64_t second = 0;
};

/// SipHash-1-3. Source: https://www.aumasson.jp/siphash/siphash.pdf
std::uint64_t sip_hash(std::string_view text, hash_secret secret) noexcept;

/// With a secret that the process draws once: nothing that outlives it may depend on it.
std::uint64_t hash_key(std::string_view key) noexcept;

} // namespace cormorant::detail
