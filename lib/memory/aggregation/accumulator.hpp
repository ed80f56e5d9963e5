#pragma once

/// Accumulators: what `$group` and `$bucket` compute, and `$sum`, `$avg`... as expressions.

#include "memory/expression/expression.hpp"

#include <memory>
#include <string_view>

namespace cormorant::memory {

/// The running state of one accumulator for one group.
class accumulator {
public:
    virtual ~accumulator() = default;
    virtual void add(operand v) = 0;
    virtual value result() const = 0;
};

/// A field of `$group`: which accumulator, fed by which expression.
struct accumulation {
    std::unique_ptr<accumulator> (*make)(scope& s, expression const* n) = nullptr;
    expression_ptr input;
    /// The `n` of `$firstN` and its like.
    expression_ptr n;
};

/// Compiles `{$sum: "$x"}`. `field` is for messages.
accumulation compile_accumulation(std::string_view field, value const& source, compile_context& context);
/// Compiles what a window function is given: `"$x"` of `{$sum: "$x"}`, of which an array is an expression as any other. `make` is
/// null for what is no accumulator of windows.
accumulation compile_window_accumulation(std::string_view name, value const& argument, compile_context& context);

} // namespace cormorant::memory
