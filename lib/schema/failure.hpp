#pragma once

#include <cormorant/error/error.hpp>

#include <string>
#include <string_view>

namespace cormorant::detail {

/// A mistake in a definition. `path` is the field, virtual, relationship... that it is in.
[[noreturn]] inline void throw_definition(std::string_view model, std::string path, std::string message) {
    diagnostics details;
    details.model = model;
    details.path = std::move(path);
    throw error(errc::definition, std::move(message), std::move(details));
}

} // namespace cormorant::detail
