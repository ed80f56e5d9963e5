#include "schema/compiled.hpp"

#include <cormorant/bson/path.hpp>
#include <cormorant/error/error.hpp>
#include <cormorant/schema/model_document.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace cormorant {

namespace detail {

path_tree const* path_tree::child(std::string_view name) const noexcept {
    auto const found = std::find_if(children.begin(), children.end(), [&](path_tree const& c) { return c.key == name; });
    return found == children.end() ? nullptr : &*found;
}

void path_tree::add(std::string_view path) {
    auto const head = path_head(path);
    auto found = std::find_if(children.begin(), children.end(), [&](path_tree const& c) { return c.key == head; });
    if (found == children.end()) {
        found = children.insert(children.end(), path_tree{std::string(head), {}});
    }
    if (path_is_nested(path)) {
        found->add(path_rest(path));
    }
}

} // namespace detail

namespace {

using detail::path_tree;

/// 1 or true. Other values are handed to the store as they are and bring nothing else about.
bool is_included(value const& v) noexcept {
    auto const flag = v.if_bool();
    return flag ? *flag : v.if_double() == 1.0;
}

bool is_excluded(value const& v) noexcept {
    auto const flag = v.if_bool();
    return flag ? !*flag : v.if_double() == 0.0;
}

void trim(document& d, path_tree const& kept);

/// False when nothing is left.
bool trim(value& v, path_tree const& kept) {
    if (auto* const d = v.if_document()) {
        trim(*d, kept);
        return !d->empty();
    }
    auto* const items = v.if_array();
    if (items == nullptr) {
        return false;
    }
    auto const end = std::remove_if(items->begin(), items->end(), [&](value& item) { return !trim(item, kept); });
    items->erase(end, items->end());
    return !items->empty();
}

void trim(document& d, path_tree const& kept) {
    for (auto it = d.begin(); it != d.end();) {
        auto const* const child = kept.child(it->key());
        if (child != nullptr && (child->children.empty() || trim(it->value(), *child))) {
            ++it;
        } else {
            it = d.erase(it);
        }
    }
}

/// Follows what virtuals require.
class requirements {
public:
    requirements(schema const& s, read_plan& plan, bool reads_part) : schema_(s), plan_(plan), reads_part_(reads_part) {}

    void follow(virtual_definition const& v) {
        if (std::find(seen_.begin(), seen_.end(), &v) != seen_.end()) {
            return;
        }
        seen_.push_back(&v);
        for (auto const& path : v.required_fields) {
            auto const root = path_head(path);
            auto const* const other = schema_.find_virtual(root);
            // A virtual is not read itself; what is asked of related documents is.
            bool const readable =
                other == nullptr ? may_be_stored(root) : path_is_nested(path) && schema_.relation(root) != nullptr;
            if (reads_part_ && readable) {
                read(path, root);
            }
            if (other != nullptr) {
                follow(*other);
            }
        }
        for (auto const& hook : v.required_hooks) {
            if (std::none_of(plan_.hooks.begin(), plan_.hooks.end(), [&](hook_request const& r) { return r.name == hook; })) {
                plan_.hooks.emplace_back(hook);
                plan_.hook_reasons.push_back(v.name);
            }
        }
        if (v.getter) {
            plan_.virtuals.push_back(v.name);
        }
    }

    /// Whether more is read than the caller named.
    bool adds() const noexcept { return adds_ || !reads_part_; }

private:
    /// What is not declared is there only when the model lets it in; else a hook may put it there.
    bool may_be_stored(std::string_view key) const {
        return schema_.field(key) != nullptr || schema_.definition().extra_keys() == extra_keys::allow;
    }

    void read(std::string_view path, std::string_view root) {
        // What the caller named stays as it is, also an exclusion. A whole field covers its parts: to name both would be a
        // collision, or narrow what was asked for.
        for (auto const& member : plan_.fields) {
            if (member.key() == path || (member.key() == root && is_included(member.value()))) {
                return;
            }
        }
        plan_.fields.set(path, 1);
        adds_ = true;
    }

    schema const& schema_;
    read_plan& plan_;
    bool reads_part_;
    bool adds_ = false;
    std::vector<virtual_definition const*> seen_;
};

} // namespace

read_plan schema::plan_read(document const& fields, bool cast_docs, bool whole) const {
    read_plan plan;
    plan.fields = fields;
    // With exclusions the whole rest is read anyway.
    bool const excludes = std::any_of(fields.begin(), fields.end(), [&](document::member const& m) {
        return m.key() != key() && is_excluded(m.value()) && find_virtual(path_head(m.key())) == nullptr;
    });
    requirements needed(*this, plan, !excludes);
    path_tree kept;
    bool includes = false;
    bool names_virtual = false;
    for (auto const& member : fields) {
        if (!is_included(member.value())) {
            continue;
        }
        includes = true;
        kept.add(member.key());
        if (auto const* const v = find_virtual(path_head(member.key()))) {
            names_virtual = true;
            needed.follow(*v);
        }
    }
    if (cast_docs) {
        plan.virtuals.clear();
        return plan;
    }
    // When the named fields are all that is read there is nothing to trim; so keys that hooks put there stay.
    if ((includes && whole) || (names_virtual && (needed.adds() || !plan.virtuals.empty()))) {
        plan.kept = std::make_shared<path_tree const>(std::move(kept));
    }
    if (includes && !plan.fields.contains(key())) {
        plan.fields.append(key(), 0);
    }
    return plan;
}

document schema::projection(document const& fields) const {
    document result;
    for (auto const& member : fields) {
        if (find_virtual(path_head(member.key())) == nullptr) {
            result.append(member.key(), member.value());
        }
    }
    return result;
}

document schema::related_fields(document const& fields, relation_definition const& through) const {
    document result;
    for (auto const& member : fields) {
        if (path_is_nested(member.key()) && path_head(member.key()) == through.name) {
            result.set(path_rest(member.key()), member.value());
        }
    }
    return result;
}

void schema::evaluate(document& doc, std::vector<std::string> const& virtuals) const {
    model_document view(*this, doc);
    for (auto const& name : virtuals) {
        auto const* const v = find_virtual(name);
        if (v == nullptr) {
            diagnostics details;
            details.model = this->name();
            details.path = name;
            throw error(errc::invalid_argument, fmt::format("the model has no virtual '{}'", name), std::move(details));
        }
        if (doc.contains(name)) {
            continue;
        }
        if (auto result = view.evaluate(*v)) {
            doc.set(name, std::move(*result));
        }
    }
}

void schema::shape(document& doc, read_plan const& plan, bool trim_too) const {
    if (!plan.virtuals.empty()) {
        evaluate(doc, plan.virtuals);
    }
    if (trim_too && plan.kept) {
        trim(doc, *plan.kept);
    }
}

} // namespace cormorant
