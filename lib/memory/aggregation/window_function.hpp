#pragma once

/// Window functions: what `$setWindowFields` computes for each document from its neighbours.

#include "accumulator.hpp"
#include "memory/expression/expression.hpp"
#include "memory/query/query.hpp"

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace cormorant::memory {

/// A window function at work on one partition, whose documents are in order. They outlive it.
class window_run {
public:
    virtual ~window_run() = default;
    /// The answer for the document at `i`. Asked for once each, from the first to the last.
    virtual operand at(std::size_t i) = 0;
};

/// A compiled window function. Immutable.
class window_function {
public:
    virtual ~window_function() = default;
    virtual std::unique_ptr<window_run> begin(std::span<document_ptr const> partition, query_options const& options) const = 0;
};

/// Compiles a field of `output`, `{$sum: "$x", window: {documents: [-1, 1]}}`. `order` is the `sortBy` of the stage. Throws what
/// the server would answer, or `errc::unsupported` for windows of a range and for functions that the store lacks.
std::shared_ptr<window_function const> compile_window_function(
    std::string_view field, value const& source, document const& order, compile_context& context);

} // namespace cormorant::memory
