#include "schema/failure.hpp"

#include <cormorant/bson/path.hpp>
#include <cormorant/schema/field.hpp>
#include <cormorant/schema/model_document.hpp>

#include <algorithm>

namespace cormorant {

std::string_view to_string(type_kind kind) noexcept {
    switch (kind) {
    case type_kind::any:
        return "any";
    case type_kind::string:
        return "string";
    case type_kind::number:
        return "number";
    case type_kind::integer:
        return "integer";
    case type_kind::boolean:
        return "boolean";
    case type_kind::date:
        return "date";
    case type_kind::object_id:
        return "class";
    case type_kind::decimal:
        return "decimal";
    case type_kind::binary:
        return "binary";
    case type_kind::object:
        return "object";
    case type_kind::array:
        return "array";
    case type_kind::map:
        return "indexObject";
    case type_kind::unknown:
        break;
    }
    return "unknown";
}

std::optional<value> default_context::get(std::string_view path) const {
    if (root_ != nullptr) {
        return root_->get(path);
    }
    auto const* const found = get_path(data_, path);
    return found == nullptr ? std::nullopt : std::optional<value>(*found);
}

namespace {

std::shared_ptr<field_type const> item_type(field_definition item) {
    if (item.required || item.has_default() || !item.persist || !item.to_json || !item.column.empty() ||
        item.unique != uniqueness::none) {
        detail::throw_definition({}, item.name,
            "the items of an array and the values of a map have a type with rules, but cannot be required or unique, have a "
            "default or "
            "a column, or be left out");
    }
    return std::make_shared<field_type const>(std::move(item.type));
}

} // namespace

object_field& object_field::field(std::string name, field_definition definition) {
    definition.name = std::move(name);
    auto& fields = type().fields;
    auto const known =
        std::find_if(fields.begin(), fields.end(), [&](field_definition const& f) { return f.name == definition.name; });
    if (known != fields.end()) {
        *known = std::move(definition);
    } else {
        fields.push_back(std::move(definition));
    }
    return *this;
}

array_field::array_field(field_definition item) : array_field() {
    type().element = item_type(std::move(item));
}

map_field::map_field(field_definition item) : map_field() {
    type().element = item_type(std::move(item));
}

} // namespace cormorant
