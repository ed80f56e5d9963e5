#pragma once

#include <cormorant/bson/json.hpp>
#include <cormorant/error/error.hpp>

#include <string>
#include <string_view>
#include <utility>

namespace cormorant::detail {

/// An argument that makes no sense. `path` is the property that it is about, or the word of the query.
[[noreturn]] inline void throw_argument(std::string_view path, std::string message, value const* v = nullptr) {
    diagnostics details;
    details.path = path;
    if (v != nullptr)
        details.value = shorten(*v);
    throw error(errc::invalid_argument, std::move(message), std::move(details));
}

} // namespace cormorant::detail
