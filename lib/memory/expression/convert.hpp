#pragma once

/// Conversions between types, as `$convert` does them.

#include <cormorant/bson/value.hpp>

namespace cormorant::memory {

/// Throws `errc::server` with code 241 (ConversionFailure) when it is impossible. Neither side is null.
value convert(value const& v, bson_type to);

} // namespace cormorant::memory
