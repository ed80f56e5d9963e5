#pragma once

#include <cormorant/bson/value.hpp>

#include <cstddef>
#include <span>

namespace cormorant::detail {

/// As `decode_bson`, but long texts, long keys and binary data are not copied: they point into `bytes`, which the arena has
/// adopted.
document decode_in_place(std::span<std::byte const> bytes, storage const& arena);

} // namespace cormorant::detail
