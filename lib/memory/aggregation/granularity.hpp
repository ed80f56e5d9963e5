#pragma once

/// Series of preferred numbers, to which `$bucketAuto` rounds its bounds.

#include <cormorant/bson/value.hpp>

#include <span>
#include <string_view>

namespace cormorant::memory {

/// A series: `R5` to `R80`, `E6` to `E192`, `1-2-5`, `POWERSOF2`. A cheap value, safe to use from any thread.
class granularity {
public:
    /// Throws code 40257 for a series that does not exist.
    explicit granularity(std::string_view name);

    /// The next number of the series above `v`, and the next below. Zero stays as it is. Both throw codes 40258, 40259 and 40260
    /// for what is no number, NaN and negative.
    value above(value const& v) const;
    value below(value const& v) const;

private:
    /// Of one decade, in ascending order; empty for powers of two.
    std::span<double const> series_;
};

} // namespace cormorant::memory
