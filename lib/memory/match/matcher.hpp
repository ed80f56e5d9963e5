#pragma once

/// Filters: does a document match?

#include "memory/query/query.hpp"

#include <cormorant/bson/value.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace cormorant::memory {

/// A condition that every matching document meets on one path: among the values that an index on the path holds for the
/// document (with an array: its elements, and the array itself), at least one is in `any_of`, or between the bounds. Each
/// constraint stands alone: two on the same path may be met by different elements of an array, so bounds of two must not be
/// intersected. Given only for what an index with the binary order can answer: with another collation, strings are left out.
struct path_constraint {
    struct bound {
        value at;
        bool inclusive = true;
    };

    std::string path;
    /// Of `$eq` and `$in`: neither null, undefined, regex nor array. Absent when the constraint is a range.
    std::optional<std::vector<value>> any_of;
    /// `{$gt: 5}` gives a lower bound alone. Only values that compare with the bound match (numbers with numbers, ...), so the
    /// scan may end where another type begins.
    std::optional<bound> lower;
    std::optional<bound> upper;
};

/// A compiled filter. Cheap to copy (shared, immutable), safe to use from any thread.
class matcher {
public:
    class node;

    /// Matches every document.
    matcher();
    /// Throws what the server would answer (`errc::server`) or `errc::unsupported` naming the operator.
    static matcher compile(document const& filter, query_options const& options = query_options());
    /// A filter on the elements of an array, of `$pull` and `$elemMatch`: operators (`{$gt: 5}`) apply to the element itself,
    /// fields to its members.
    static matcher compile_element(document const& condition, query_options const& options = query_options());

    /// An array filter: the first segment of its paths stands for the element.
    static matcher compile_array_filter(document const& filter, query_options const& options = query_options());

    bool matches(document const& doc) const;
    /// Also answers the index of the array element that matched last, what the positional `$` stands for.
    bool matches(document const& doc, std::optional<std::size_t>& position) const;
    /// Of a matcher made by `compile_element` or `compile_array_filter`.
    bool matches_element(value const& element) const;

    /// True when it is the empty filter.
    bool matches_all() const noexcept;
    /// True when `$expr` occurs in it: the server refuses that for an upsert.
    bool uses_expr() const noexcept;
    /// What `$text` asks for; null when it does not occur.
    text_query const* text() const noexcept;
    /// True when every document that matches has to match `text()`.
    bool text_is_required() const noexcept;
    /// Conditions that must all hold, in the order of the filter.
    std::vector<path_constraint> const& constraints() const noexcept;
    /// The path and value of each top-level equality (implicit, `$eq`, `$in` and `$all` of one, within `$and` and an `$or` of
    /// one): what an upsert writes to the new document.
    struct equality {
        std::string path;
        value operand;
    };
    std::vector<equality> const& equalities() const noexcept;

private:
    struct state;
    explicit matcher(std::shared_ptr<state const>) noexcept;
    std::shared_ptr<state const> state_;
};

} // namespace cormorant::memory
