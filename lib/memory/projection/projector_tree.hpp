#pragma once

/// The tree that a projection compiles to.

#include "memory/expression/expression.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cormorant::memory {

/// What happens to the fields of one document.
struct projection_node {
    enum class action {
        /// Has children.
        descend,
        include,
        exclude,
        compute,
    };

    action what = action::descend;
    expression_ptr computed;
    std::vector<std::pair<std::string, std::unique_ptr<projection_node>>> children;
    /// Something below (or here) is computed.
    bool computes = false;

    projection_node const* find(std::string_view name) const noexcept;
    /// The node of a path, made with all that lead to it. Refuses paths that collide.
    projection_node& make(std::string_view path);
    void compute(std::string_view path, expression_ptr e);
};

/// Keeps what the tree names (inclusion), in the order of the document.
document project_included(projection_node const& n, document const& d);
/// Drops what the tree names (exclusion).
document project_excluded(projection_node const& n, document const& d);
/// Sets the computed fields in `d`: in place, or behind the others.
void project_computed(projection_node const& n, document& d, scope& s);

} // namespace cormorant::memory
