#include "repository/declaration.hpp"
#include "repository/naming.hpp"

#include <cormorant/error/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <utility>

namespace cormorant::detail {

namespace {

[[noreturn]] void throw_cycle(model_declaration const& of, std::string path, std::string_view what) {
    diagnostics details;
    details.model = of.own.name();
    details.path = std::move(path);
    throw error(errc::definition, fmt::format("model {} {} itself", of.own.name(), what), std::move(details));
}

/// Whether a model is on the way that leads to it: its bases, or the models that it is embedded in.
using way = std::vector<std::string>;
bool enter(way& w, model_declaration const& d) {
    auto key = model_key(d.own.name());
    if (std::ranges::find(w, key) != w.end())
        return false;
    w.push_back(std::move(key));
    return true;
}

/// The declaration with those of its bases.
model_declaration with_bases(model_declaration const& declared, declaration_lookup const& find, way bases) {
    model_declaration result = declared;
    if (!enter(bases, declared))
        throw_cycle(declared, "base", "is the base of");
    if (declared.base.empty())
        return result;
    auto const base = with_bases(find(declared.base), find, std::move(bases));
    result.own.inherit(base.own);
    if (!result.declares_key) {
        result.declares_key = base.declares_key;
        result.key_column = base.key_column;
    }
    for (embedded_model const& e : base.embedded) {
        // What it declares anew is its own affair.
        if (std::ranges::find(declared.own.fields(), e.property, &field_definition::name) == declared.own.fields().end())
            result.embedded.push_back(e);
    }
    return result;
}

void embed(model_declaration& to, declaration_lookup const& find, way const& outer);

/// The type of objects that are documents of a model. They are checked as such; defaults, transformers and uniqueness are those
/// of documents that are stored on their own.
field_type type_of_embedded(std::string_view model, declaration_lookup const& find, way outer) {
    model_declaration part = with_bases(find(model), find, {});
    if (!enter(outer, part))
        throw_cycle(part, {}, "is embedded in");
    embed(part, find, outer);
    field_type type;
    type.kind = type_kind::object;
    type.extra = part.own.extra_keys();
    for (field_definition field : part.own.fields()) {
        if (part.declares_key && field.name == part.own.key())
            field.column = part.key_column; // no key here, but a property
        field.default_source = {};
        field.unique = uniqueness::none;
        field.type.transforms.clear();
        type.fields.push_back(std::move(field));
    }
    return type;
}

void embed(model_declaration& to, declaration_lookup const& find, way const& outer) {
    for (embedded_model const& e : to.embedded) {
        auto const& fields = to.own.fields();
        field_definition field = *std::ranges::find(fields, e.property, &field_definition::name);
        auto type = type_of_embedded(e.model, find, outer);
        if (field.type.kind == type_kind::array) {
            field.type.element = std::make_shared<field_type const>(std::move(type));
        } else {
            field.type.fields = std::move(type.fields);
            field.type.extra = type.extra;
        }
        to.own.field(e.property, std::move(field));
    }
}

} // namespace

model_declaration assemble(model_declaration const& declared, declaration_lookup const& find) {
    model_declaration result = with_bases(declared, find, {});
    if (result.dialect && !result.declares_key) {
        result.declares_key = true;
        result.key_column = "id";
        result.own.primary_key("id", any());
    }
    embed(result, find, {model_key(declared.own.name())});
    return result;
}

} // namespace cormorant::detail
