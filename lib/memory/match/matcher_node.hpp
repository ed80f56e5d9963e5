#pragma once

/// The tree that a filter compiles to.

#include "matcher.hpp"
#include "memory/value/field_path.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cormorant::memory {

/// A condition on a document, or (within `$elemMatch`) on one element by itself.
class matcher::node {
public:
    using position = std::optional<std::size_t>;

    virtual ~node() = default;
    /// `at` may be null; it is only written to.
    virtual bool matches(match_target const& target, position* at) const = 0;
    /// The element itself, without looking for a path; null is a missing value.
    virtual bool matches_value(value const* v) const = 0;
    /// The order in which the server evaluates conditions that stand side by side: which array position the last one
    /// leaves behind depends on it.
    virtual std::pair<int, std::string_view> rank() const noexcept { return {0, {}}; }
};
using match_node = std::unique_ptr<matcher::node const>;

/// A condition on one value.
class predicate {
public:
    virtual ~predicate() = default;
    /// Null is a missing value. `at` may be null; conditions on arrays answer the position of the element that matched.
    virtual bool test(value const* v, matcher::node::position* at) const = 0;
    /// Conditions on arrays as such do not look at the elements one by one.
    virtual bool whole_arrays() const noexcept { return false; }
    virtual int rank() const noexcept = 0;
};
using predicate_ptr = std::unique_ptr<predicate const>;

enum class comparison { eq, lt, lte, gt, gte };

predicate_ptr make_comparison(comparison op, value const& operand, query_options const& options);
/// `operands`: values and regexes.
predicate_ptr make_in(array const& operands, query_options const& options);
predicate_ptr make_regex(std::string_view source, std::string_view regex_options);
predicate_ptr make_mod(value const& operand);
predicate_ptr make_size(value const& operand);
predicate_ptr make_type(std::string_view path, value const& operand);
predicate_ptr make_exists();
/// `name`: `$bitsAllSet`, `$bitsAnySet`, `$bitsAllClear`, `$bitsAnyClear`.
predicate_ptr make_bits(std::string_view path, std::string_view name, value const& operand);
predicate_ptr make_elem_match_value(match_node conditions);
predicate_ptr make_elem_match_object(match_node conditions);

match_node make_path(field_path path, predicate_ptr condition);
match_node make_and(std::vector<match_node> children);
match_node make_or(std::vector<match_node> children);
match_node make_not(match_node child);
match_node make_constant(bool answer);
match_node make_text(std::shared_ptr<text_query const> query);
match_node make_expr(value const& expression, query_options const& options);

} // namespace cormorant::memory
