#pragma once

/// Rules for the arguments of operations that hold for every store, so that all refuse the same calls with the same words.

#include <cormorant/operation/operations.hpp>

namespace cormorant::detail {

/// Throws `errc::invalid_argument` for an operation that makes no sense on any store: no collection, negative numbers, nothing to
/// insert, an update that is neither a document nor a pipeline.
void check_arguments(operation const& op);

} // namespace cormorant::detail
