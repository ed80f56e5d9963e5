#pragma once

/// What can be said of a filter without looking at any document.

#include <cormorant/bson/value.hpp>

#include <cstdint>
#include <string_view>

namespace cormorant::detail {

/// Which documents fit a filter, as far as its words alone tell.
enum class reach : std::uint8_t { none, some, every };

/// `key`: the name of what every document has. Every document fits `{}`, `{$and: [{}]}`, `{$or: [{}, ...]}`, `{$nor: [{a: {$in:
/// []}}]}`,
/// `{a: {$nin: []}}`, `{$expr: true}`, `{_id: {$exists: true}}` and the like; none `{a: {$in: []}}`. Conditions whose answer
/// depends on documents are `some`, even if all that are there happen to fit.
reach reach_of(document const& filter, std::string_view key) noexcept;

} // namespace cormorant::detail
