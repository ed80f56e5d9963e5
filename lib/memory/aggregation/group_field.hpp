#pragma once

/// The fields of `$group`, `$bucket` and `$bucketAuto`.

#include "accumulator.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace cormorant::memory {

/// A field of a group, and what accumulates in it.
struct group_field {
    std::string name;
    accumulation what;
};

/// Refuses names that no field of a group may have.
group_field compile_group_field(std::string_view name, value const& source, compile_context& context);
/// The number of documents: what a group counts when nothing else was asked for.
std::vector<group_field> count_field(std::string_view name, compile_context& context);

} // namespace cormorant::memory
