#include "schema/concealment.hpp"

#include <cormorant/bson/path.hpp>
#include <cormorant/schema/schema.hpp>

#include <algorithm>
#include <utility>

namespace cormorant::detail {

concealment::concealment(schema const& of) {
    add(of);
}

concealment::concealment(schema const& of, std::string_view path) : concealment(of) {
    for (auto rest = path; !rest.empty(); rest = path_rest(rest)) {
        if (auto const* relation = of.relation(path_head(rest))) {
            add_related(of, *relation);
            return;
        }
    }
}

void concealment::add(schema const& of) {
    for (auto const& field : of.fields()) {
        if (field.to_json)
            continue;
        names_.emplace_back(field.name);
        if (!field.column.empty())
            names_.emplace_back(field.column);
    }
}

void concealment::add_related(schema const& of, relation_definition const& through) {
    bool const several = through.polymorphic && !through.inverse;
    if (several && through.models.empty())
        hides_all_ = true;
    for (auto const& name : several ? through.models : std::vector(1, through.model)) {
        auto target = of.related(name);
        if (!target) {
            hides_all_ = true;
        } else if (std::ranges::find(related_, target) == related_.end()) {
            auto const& added = *related_.emplace_back(std::move(target));
            add(added);
            for (auto const& next : added.relations())
                add_related(added, next);
        }
    }
}

bool concealment::names_one(std::string_view path) const noexcept {
    for (auto rest = path; !rest.empty(); rest = path_rest(rest))
        if (std::ranges::find(names_, path_head(rest)) != names_.end())
            return true;
    return false;
}

// A value without a path may be that of any field, and a document may have one in it.
bool concealment::may_tell(std::string_view path, std::string_view text) const noexcept {
    return !hides_all_ && !path.empty() && !names_one(path) &&
           std::ranges::none_of(names_, [&](std::string_view name) { return text.find(name) != std::string_view::npos; });
}

void concealment::apply(violation& v) const {
    if (hides() && !may_tell(v.path, v.value))
        v.value.clear();
}

void concealment::apply(diagnostics& d) const {
    if (!hides())
        return;
    if (!may_tell(d.path, d.value))
        d.value.clear();
    if (!may_tell("server", d.server_message)) // which repeats keys of indexes
        d.server_message.clear();
    for (auto& v : d.violations)
        apply(v);
}

document concealment::apply(document const& filter) const {
    if (names_.empty())
        return filter;
    document shown;
    for (auto const& [key, v] : filter) {
        if (names_one(key))
            shown.append(key, "?");
        else
            shown.append(key, apply(v));
    }
    return shown;
}

value concealment::apply(value const& v) const {
    if (auto const* const inner = v.if_document())
        return apply(*inner);
    auto const* const items = v.if_array();
    if (items == nullptr)
        return v;
    // `{$eq: ["$password", "x"]}`
    auto const stands_for_one = [&](value const& item) {
        auto const text = item.if_string();
        return text && text->starts_with('$') && names_one(text->substr(1));
    };
    if (std::any_of(items->begin(), items->end(), stands_for_one))
        return value("?");
    array shown;
    for (value const& item : *items)
        shown.push_back(apply(item));
    return shown;
}

} // namespace cormorant::detail
