#pragma once

/// `empty_values`: which values of a field count as not given.

#include <cormorant/bson/value.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace cormorant {

enum class type_kind : std::uint8_t;

/// For each kind of type, the values that count as empty. An empty value of a field
/// - does not satisfy `required`,
/// - is replaced by the default of the field, if it has one,
/// - is not given to the type check, to checks and to transforms,
/// - is left out by a sparse unique index.
/// A value: set it up, then give it to `model_definition::empty_values`.
class empty_values {
public:
    /// Only what is absent is empty.
    empty_values() = default;
    /// Absent and null; for strings also `""`, for numbers also 0, for arrays `[]`, for objects and maps `{}`. Documents that are
    /// read show defaults in place of empty stored values (`default_on_read`).
    static empty_values by_type();

    /// The whole set of one kind: other values count no longer. Compared as `value` compares, at every depth.
    empty_values& set(type_kind kind, std::vector<value> values, bool absent = true);
    /// True: documents that are read show the default of a field in place of a missing or empty value; nothing is written.
    empty_values& default_on_read(bool on) {
        default_on_read_ = on;
        return *this;
    }

    bool is_empty(type_kind kind, value const& v) const noexcept;
    bool is_absent_empty(type_kind kind) const noexcept { return !of(kind).absent_counts; }
    std::vector<value> const& values(type_kind kind) const noexcept { return of(kind).values; }
    bool default_on_read() const noexcept { return default_on_read_; }
    /// True when no value that is there is empty.
    bool only_absent() const noexcept { return only_absent_; }

private:
    struct kind_rule {
        std::vector<value> values;
        bool absent_counts = false; // as a value
    };
    kind_rule const& of(type_kind kind) const noexcept { return rules_[static_cast<std::size_t>(kind)]; }

    std::array<kind_rule, 13> rules_; // by type_kind
    bool default_on_read_ = false;
    bool only_absent_ = true;
};

} // namespace cormorant
