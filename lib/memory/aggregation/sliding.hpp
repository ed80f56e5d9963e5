#pragma once

/// Accumulators that can forget: for windows whose lower bound moves.

#include "accumulator.hpp"

#include <memory>
#include <string_view>

namespace cormorant::memory {

/// The running state of one accumulator over a window.
class sliding_accumulator {
public:
    virtual ~sliding_accumulator() = default;
    virtual void add(value const& v) = 0;
    /// `v` was added before, and nothing that was added earlier is left.
    virtual void remove(value const& v) = 0;
    virtual value result() const = 0;
};

/// Null for an accumulator that has no such form. `n`: of `$minN` and `$maxN`.
std::unique_ptr<sliding_accumulator> make_sliding_accumulator(std::string_view name, std::size_t n, collator const* collation);

} // namespace cormorant::memory
