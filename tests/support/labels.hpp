#pragma once

/// The labels that a server gives to its errors.

#include <cormorant/error/error.hpp>

#include <algorithm>
#include <string_view>

namespace cormorant::testing {

inline bool has_label(error const& e, std::string_view label) {
    auto const& all = e.details().server_labels;
    return std::find(all.begin(), all.end(), label) != all.end();
}

} // namespace cormorant::testing
