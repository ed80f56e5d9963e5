#include "updater_tree.hpp"

#include "memory/value/field_path.hpp"

#include <algorithm>

namespace cormorant::memory {

std::string update_context::document_name() const {
    return id ? fmt::format("{{_id: {}}}", to_string(*id)) : std::string("{no id}");
}

bool field_order::operator()(std::string_view a, std::string_view b) const noexcept {
    auto const x = path_position(a);
    auto const y = path_position(b);
    return x && y ? *x < *y : a < b;
}

/// Either a leaf with an operator, or an inner node for the fields of a document (or positions of an array), or one for the
/// elements of an array that filters pick.
struct update_tree::node {
    enum class kind { fields, elements, leaf };

    kind what = kind::fields;
    operator_ptr op;
    /// Of `fields`: by name. Of `elements`: by identifier, empty for `$[]`.
    std::map<std::string, node_ptr, field_order> children;
    /// Of `fields`: the child `$`.
    node_ptr positional;
    /// Of `elements`, beside `children`; null for `$[]`.
    std::map<std::string, matcher, std::less<>> conditions;
};

namespace {

using node = update_tree::node;
using node_ptr = update_tree::node_ptr;

/// Extends the path of the context while it lives.
class path_extension {
public:
    path_extension(update_context& context, std::string_view segment) : path_(context.path), size_(context.path.size()) {
        if (!path_.empty()) {
            path_ += '.';
        }
        path_ += segment;
    }
    path_extension(path_extension const&) = delete;
    path_extension& operator=(path_extension const&) = delete;
    ~path_extension() { path_.resize(size_); }

private:
    std::string& path_;
    std::size_t size_;
};

/// Both trees in one, when two filters (or a position and a filter) meet at the same element.
node_ptr merge(node_ptr const& a, node_ptr const& b, std::string const& path) {
    if (a->what == node::kind::leaf || a->what != b->what) {
        refuse(code::conflicting_update_operators, fmt::format("Update created a conflict at '{}'", path));
    }
    auto result = std::make_shared<node>(*a);
    auto const add = [&path](node_ptr& to, node_ptr const& from, std::string const& name) {
        to = to ? merge(to, from, fmt::format("{}.{}", path, name)) : from;
    };
    for (auto const& [name, child] : b->children) {
        add(result->children[name], child, name);
    }
    if (b->positional) {
        add(result->positional, b->positional, "$");
    }
    result->conditions.insert(b->conditions.begin(), b->conditions.end());
    return result;
}

/// Applies a tree to a document.
class application {
public:
    explicit application(update_context& context) noexcept : context_(context) {}

    bool to_document(node const& n, document& d) {
        bool changed = false;
        for_each_field(n, [&](std::string const& name, node const& child) {
            path_extension const here(context_, name);
            if (value* const v = d.find(name)) {
                if (child.what == node::kind::leaf && child.op->removes()) {
                    changed = d.erase(name) || changed;
                } else {
                    changed = to_value(child, *v) || changed;
                }
            } else if (auto made = create(child)) {
                d.append(name, std::move(*made));
                changed = true;
            }
        });
        return changed;
    }

private:
    bool to_value(node const& n, value& v) {
        switch (n.what) {
        case node::kind::leaf:
            return n.op->apply(v, context_);
        case node::kind::elements:
            return to_elements(n, v);
        case node::kind::fields:
            break;
        }
        if (auto* const d = v.if_document()) {
            return to_document(n, *d);
        }
        if (auto* const a = v.if_array()) {
            return to_positions(n, v, *a);
        }
        for_each_field(n, [&](std::string const& name, node const& child) { check_blocked(name, child, v); });
        return false;
    }

    bool to_positions(node const& n, value const& whole, array& a) {
        bool changed = false;
        for_each_field(n, [&](std::string const& name, node const& child) {
            auto const position = path_position(name);
            if (!position) {
                check_blocked(name, child, whole);
                return;
            }
            path_extension const here(context_, name);
            if (*position < a.size()) {
                if (child.what == node::kind::leaf && child.op->removes()) {
                    a[*position] = nullptr; // counts as a change even where null was
                    changed = true;
                } else {
                    changed = to_value(child, a[*position]) || changed;
                }
            } else if (auto made = create(child)) {
                if (*position - a.size() > max_path_padding) {
                    refuse(34, fmt::format("can't backfill more than {} elements", max_path_padding));
                }
                a.resize(*position);
                a.push_back(std::move(*made));
                changed = true;
            }
        });
        return changed;
    }

    bool to_elements(node const& n, value& v) {
        auto* const a = v.if_array();
        if (a == nullptr) {
            refuse(code::bad_value,
                fmt::format("Cannot apply array updates to non-array element {}: {}", path_leaf(context_.path), to_string(v)));
        }
        // All filters look at the array as it was.
        std::vector<node_ptr> chosen(a->size());
        for (std::size_t i = 0; i < a->size(); ++i) {
            for (auto const& [identifier, child] : n.children) {
                auto const condition = n.conditions.find(identifier);
                if (condition == n.conditions.end() || condition->second.matches_element((*a)[i])) {
                    chosen[i] = chosen[i] ? merge(chosen[i], child, fmt::format("{}.{}", context_.path, i)) : child;
                }
            }
        }
        bool changed = false;
        for (std::size_t i = 0; i < a->size(); ++i) {
            if (!chosen[i]) {
                continue;
            }
            path_extension const here(context_, std::to_string(i));
            if (chosen[i]->what == node::kind::leaf && chosen[i]->op->removes()) {
                (*a)[i] = nullptr;
                changed = true;
            } else {
                changed = to_value(*chosen[i], (*a)[i]) || changed;
            }
        }
        return changed;
    }

    /// The children of a node in order, with `$` at the position of the match.
    template <class F>
    void for_each_field(node const& n, F f) {
        if (!n.positional) {
            for (auto const& [name, child] : n.children) {
                f(name, *child);
            }
            return;
        }
        if (!context_.position) {
            refuse(code::bad_value, "The positional operator did not find the match needed from the query.");
        }
        auto const at = std::to_string(*context_.position);
        auto resolved = n.children;
        node_ptr& child = resolved[at];
        child = child ? merge(child, n.positional, fmt::format("{}.{}", context_.path, at)) : n.positional;
        for (auto const& [name, c] : resolved) {
            f(name, *c);
        }
    }

    /// The value that a path makes where nothing was.
    std::optional<value> create(node const& n) {
        switch (n.what) {
        case node::kind::leaf:
            return n.op->create(context_);
        case node::kind::elements:
            refuse(code::bad_value,
                fmt::format("The path '{}' must exist in the document in order to apply array updates.", context_.path));
        case node::kind::fields:
            break;
        }
        document d;
        for_each_field(n, [&](std::string const& name, node const& child) {
            path_extension const here(context_, name);
            if (auto made = create(child)) {
                d.append(name, std::move(*made));
            }
        });
        return d.empty() ? std::nullopt : std::optional<value>(std::move(d));
    }

    /// A path ends at a value that cannot have this field: refused, unless the operator would do nothing.
    void check_blocked(std::string_view name, node const& n, value const& in) {
        path_extension const here(context_, name);
        if (create(n)) {
            refuse(code::path_not_viable, fmt::format("Cannot create field '{}' in element {{{}: {}}}", name,
                                              path_leaf(path_parent(context_.path)), to_string(in)));
        }
        if (needs_viable_path(n)) {
            refuse(code::path_not_viable, fmt::format("Cannot use the part ({}) of ({}) to traverse the element ({{{}: {}}})",
                                              name, context_.path, path_leaf(path_parent(context_.path)), to_string(in)));
        }
    }

    static bool needs_viable_path(node const& n) {
        return n.op ? n.op->needs_viable_path()
                    : std::ranges::any_of(n.children, [](auto const& child) { return needs_viable_path(*child.second); });
    }

    update_context& context_;
};

} // namespace

update_tree::update_tree() : root_(std::make_shared<node>()) {}

void update_tree::set_array_filters(array const& filters, query_options const& options) {
    for (value const& v : filters) {
        auto const* const d = v.if_document();
        if (d == nullptr) {
            refuse(code::type_mismatch, fmt::format("an array filter must be a document, not {}", to_string(v)));
        }
        // The identifier is the first segment of every path, also within $and and $or.
        std::optional<std::string> identifier;
        auto const look = [&](auto const& self, document const& part) -> void {
            for (auto const& [key, operand] : part) {
                if (key.starts_with('$')) {
                    if (auto const* const list = operand.if_array()) {
                        for (value const& each : *list) {
                            if (auto const* const inner = each.if_document()) {
                                self(self, *inner);
                            }
                        }
                    }
                    continue;
                }
                auto const head = path_head(key);
                if (identifier && *identifier != head) {
                    refuse(code::failed_to_parse, fmt::format("Error parsing array filter :: caused by :: Expected a single "
                                                              "top-level field name, found '{}' and '{}'",
                                                      *identifier, head));
                }
                identifier = head;
            }
        };
        look(look, *d);
        if (!identifier) {
            refuse(code::failed_to_parse, "Cannot use an expression without a top-level field name in arrayFilters");
        }
        auto const alphanumeric = [](char c) {
            return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        };
        if (identifier->empty() || identifier->front() < 'a' || identifier->front() > 'z' ||
            !std::ranges::all_of(*identifier, alphanumeric)) {
            refuse(code::bad_value, fmt::format("Error parsing array filter :: caused by :: The top-level field name must be an "
                                                "alphanumeric string beginning "
                                                "with a lowercase letter, found '{}'",
                                        *identifier));
        }
        if (!filters_.try_emplace(*identifier, array_filter{matcher::compile_array_filter(*d, options)}).second) {
            refuse(code::failed_to_parse,
                fmt::format("Found multiple array filters with the same top-level field name {}", *identifier));
        }
    }
}

void update_tree::add(std::string_view path, operator_ptr op) {
    if (path.empty()) {
        refuse(code::empty_field_name, "An empty update path is not valid.");
    }
    field_path const segments(path);
    node* at = root_.get();
    std::string_view const shown = path;
    std::size_t walked = 0;
    auto const conflict = [&] {
        refuse(code::conflicting_update_operators, fmt::format("Updating the path '{}' would create a conflict at '{}'", shown,
                                                       shown.substr(0, walked ? walked - 1 : 0)));
    };
    bool has_positional = false;
    for (std::size_t i = 0; i < segments.size(); ++i) {
        std::string const& name = segments[i].name;
        if (name == "$" && std::exchange(has_positional, true)) {
            refuse(code::bad_value, fmt::format("Too many positional (i.e. '$') elements found in path '{}'", path));
        }
        if (name.empty()) {
            refuse(code::empty_field_name,
                fmt::format("The update path '{}' contains an empty field name, which is not allowed.", path));
        }
        bool const elements = name.starts_with("$[") && name.ends_with(']');
        bool const positional = name == "$";
        if (i == 0 && (elements || positional)) {
            refuse(
                code::bad_value, fmt::format("Cannot have {} (i.e. '{}') element in the first position in path '{}'",
                                     positional ? "positional" : "array filter identifier", positional ? "$" : "$[<id>]", path));
        }
        if (i == 0 && name.starts_with('$')) {
            refuse(code::dollar_prefixed_field_name, fmt::format("The dollar ($) prefixed field '{}' in '{}' is not allowed in "
                                                                 "the context of an update's replacement document. "
                                                                 "Consider using an aggregation pipeline with $replaceWith.",
                                                         name, path));
        }
        bool const untouched = at->what == node::kind::fields && at->children.empty() && !at->positional;
        if (at->what == node::kind::leaf || (!untouched && elements != (at->what == node::kind::elements))) {
            conflict();
        }
        node_ptr* child = nullptr;
        if (elements) {
            at->what = node::kind::elements;
            std::string const identifier = name.substr(2, name.size() - 3);
            if (!identifier.empty()) {
                auto const filter = filters_.find(identifier);
                if (filter == filters_.end()) {
                    refuse(
                        code::bad_value, fmt::format("No array filter found for identifier '{}' in path '{}'", identifier, path));
                }
                filter->second.used = true;
                at->conditions.try_emplace(identifier, filter->second.condition);
            }
            child = &at->children[identifier];
        } else if (positional) {
            needs_position_ = true;
            child = &at->positional;
        } else {
            child = &at->children[name];
        }
        walked += name.size() + 1;
        if (i + 1 == segments.size()) {
            if (*child) {
                conflict();
            }
            *child = std::make_shared<node>();
            (*child)->what = node::kind::leaf;
            (*child)->op = std::move(op);
        } else if (!*child) {
            *child = std::make_shared<node>();
        }
        at = child->get();
    }
}

void update_tree::finish() const {
    for (auto const& [identifier, filter] : filters_) {
        if (!filter.used) {
            refuse(code::failed_to_parse,
                fmt::format("The array filter for identifier '{}' was not used in the update", identifier));
        }
    }
}

bool update_tree::apply(document& d, update_context& context) const {
    return application(context).to_document(*root_, d);
}

} // namespace cormorant::memory
