#pragma once

#include <cstddef>
#include <string>

namespace cormorant::detail {

/// Throws `errc::bad_bson`. `offset`: in the outermost document.
[[noreturn]] void throw_bad_bson(std::size_t offset, std::string const& reason);

} // namespace cormorant::detail
