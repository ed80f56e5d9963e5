#include "projector_tree.hpp"

#include <cormorant/bson/path.hpp>

#include <algorithm>

namespace cormorant::memory {

projection_node const* projection_node::find(std::string_view name) const noexcept {
    auto const found = std::ranges::find_if(children, [name](auto const& child) { return child.first == name; });
    return found == children.end() ? nullptr : found->second.get();
}

projection_node& projection_node::make(std::string_view path) {
    projection_node* at = this;
    for (std::string_view rest = path;; rest = path_rest(rest)) {
        auto const name = path_head(rest);
        bool const last = !path_is_nested(rest);
        auto const found = std::ranges::find_if(at->children, [name](auto const& child) { return child.first == name; });
        if (found == at->children.end()) {
            at->children.emplace_back(name, std::make_unique<projection_node>());
            at = at->children.back().second.get();
        } else {
            at = found->second.get();
            if (last) {
                refuse(31250, fmt::format("Path collision at {}", path));
            }
            if (at->what != action::descend) {
                refuse(31249, fmt::format("Path collision at {} remaining portion {}", path, path_rest(rest)));
            }
        }
        if (last) {
            return *at;
        }
    }
}

void projection_node::compute(std::string_view path, expression_ptr e) {
    projection_node& leaf = make(path);
    leaf.what = action::compute;
    leaf.computed = std::move(e);
    projection_node* at = this;
    at->computes = true;
    for (std::string_view rest = path; at != &leaf; rest = path_rest(rest)) {
        at = const_cast<projection_node*>(at->find(path_head(rest)));
        at->computes = true;
    }
}

namespace {

/// Applies `f` to the documents of a value, those in arrays too; other elements are kept as they are or dropped.
template <class F>
std::optional<value> map_documents(value const& v, bool keep_others, F f) {
    if (auto const* const d = v.if_document()) {
        return f(*d);
    }
    if (auto const* const a = v.if_array()) {
        array result;
        for (value const& e : *a) {
            if (auto made = map_documents(e, keep_others, f)) {
                result.push_back(std::move(*made));
            }
        }
        return result;
    }
    return keep_others ? std::optional(v) : std::nullopt;
}

void set_computed(projection_node const& n, value& v, scope& s) {
    if (auto* const a = v.if_array()) {
        for (value& e : *a) {
            set_computed(n, e, s);
        }
        return;
    }
    project_computed(n, v.is_document() ? v.as_document() : v.emplace_document(), s);
}

} // namespace

document project_included(projection_node const& n, document const& d) {
    document result;
    std::size_t left = n.children.size();
    for (auto const& [key, v] : d) {
        if (left == 0) {
            break;
        }
        projection_node const* const child = n.find(key);
        if (child == nullptr) {
            continue;
        }
        --left;
        if (child->what == projection_node::action::include) {
            result.append(key, v);
        } else if (child->what == projection_node::action::descend) {
            // What is no document is left out, unless a computed field below will replace it.
            if (auto made =
                    map_documents(v, child->computes, [&](document const& inner) { return project_included(*child, inner); })) {
                result.append(key, std::move(*made));
            }
        }
    }
    return result;
}

document project_excluded(projection_node const& n, document const& d) {
    document result;
    result.reserve(d.size());
    for (auto const& [key, v] : d) {
        projection_node const* const child = n.find(key);
        if (child == nullptr || child->what == projection_node::action::include ||
            child->what == projection_node::action::compute) {
            result.append(key, v);
        } else if (child->what == projection_node::action::descend) {
            result.append(key, *map_documents(v, true, [&](document const& inner) { return project_excluded(*child, inner); }));
        }
    }
    return result;
}

void project_computed(projection_node const& n, document& d, scope& s) {
    for (auto const& [name, child] : n.children) {
        if (!child->computes) {
            continue;
        }
        if (child->what == projection_node::action::compute) {
            operand made = child->computed->evaluate(s);
            if (made.missing()) {
                d.erase(name);
            } else {
                d.set(name, std::move(made).take());
            }
            continue;
        }
        if (value* const v = d.find(name)) {
            set_computed(*child, *v, s);
            continue;
        }
        document inner;
        project_computed(*child, inner, s);
        d.append(name, std::move(inner));
    }
}

} // namespace cormorant::memory
