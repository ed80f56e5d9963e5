#pragma once

#include <cormorant/error/error.hpp>

#include <exception>
#include <utility>

namespace cormorant::detail {

/// Throws the error that is being handled with more in its diagnostics. Nested originals stay nested.
///
/// A store may hand one exception object to several operations, so it is not changed but copied; one that has an original nested
/// in it was made for this operation alone.
template <class F>
[[noreturn]] void rethrow_with(error& e, F const& fill) {
    if (dynamic_cast<std::nested_exception*>(&e) != nullptr) {
        fill(e.details());
        throw;
    }
    error copy(e);
    fill(copy.details());
    throw copy;
}

/// Whether the exception that is being handled only says that the operation was cancelled.
bool is_cancellation(boost::system::system_error const& e) noexcept;

} // namespace cormorant::detail
