#pragma once

/// The order of strings by a collation.

#include <cormorant/bson/value.hpp>

#include <compare>
#include <memory>
#include <string>
#include <string_view>

namespace cormorant::memory {

/// Compares strings as a collation says; other values as `compare`. Only the simple binary collation (null pointer) and
/// case (strength 2) or case and accent (strength 1) insensitive comparison of Latin text exist.
class collator {
public:
    /// Null for the binary order: an empty document or `{locale: "simple"}`. Throws `errc::server` for what a server refuses
    /// and `errc::unsupported` for options that are not simple.
    static std::shared_ptr<collator const> make(document const& collation);

    /// They order alike.
    bool operator==(collator const&) const noexcept = default;

    std::weak_ordering compare_strings(std::string_view, std::string_view) const;
    std::weak_ordering operator()(value const&, value const&) const;
    /// Strings that compare equal have the same key, and keys compare (binary) as the strings do.
    std::string key(std::string_view) const;
    /// The value with every string (at any depth) replaced by its key: for hashing and grouping.
    value key(value const&) const;

private:
    int strength_ = 3;
};

/// `collation` may be null.
std::weak_ordering compare(value const&, value const&, collator const* collation);
bool equal(value const&, value const&, collator const* collation);

} // namespace cormorant::memory
