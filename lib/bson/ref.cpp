#include <cormorant/bson/json.hpp>
#include <cormorant/bson/ref.hpp>

#include <fmt/format.h>

namespace cormorant::detail {

void throw_not_populated(ref_place const* place, value const& id, bool missing) {
    diagnostics details;
    std::string name = "the reference";
    std::string how = "populate it by hooks or fields of the call";
    if (place != nullptr) {
        details.path = place->member;
        name = fmt::format("{}::{}", place->owner, place->member);
        how = fmt::format("ask for hooks(\"afterFind_{0}\") or fields(\"{0}\")", place->member);
    }
    if (id.is_null())
        throw error(errc::not_populated, fmt::format("{} refers to nothing", name), std::move(details));
    details.value = shorten(id);
    if (missing)
        throw error(errc::not_populated, fmt::format("{} refers to {}, which does not exist", name, details.value), details);
    throw error(errc::not_populated, fmt::format("{} (of {}) was not populated: {}", name, details.value, how), details);
}

} // namespace cormorant::detail
