#include "schema/compiled.hpp"
#include "schema/failure.hpp"
#include "schema/request.hpp"

#include <cormorant/bson/path.hpp>
#include <cormorant/schema/schema.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>
#include <vector>

namespace cormorant {

namespace {

using detail::compiled_schema;
using detail::key_role;
using detail::throw_definition;

template <class T>
bool has_name(std::vector<T> const& items, std::string_view name) {
    return std::any_of(items.begin(), items.end(), [&](T const& item) { return item.name == name; });
}

/// The type of the field that holds the reference.
field_definition reference_field(relation_definition const& r) {
    field_definition reference;
    reference.name = r.left_key;
    reference.required = r.required;
    reference.type = r.right_key_type;
    if (r.polymorphic && r.discriminator.empty()) {
        field_definition target;
        target.type = std::move(reference.type);
        target.required = true;
        string_field model;
        model.required();
        for (auto const& name : r.models) {
            model.one_of(name);
        }
        reference.type = object_field().field("id", std::move(target)).field("modelName", model).definition().type;
    }
    // A reference of any type may also be no list: it counts as an empty one.
    if (r.kind != cardinality::single && reference.type.kind != type_kind::any) {
        field_type list;
        list.kind = type_kind::array;
        list.element = std::make_shared<field_type const>(std::move(reference.type));
        reference.type = std::move(list);
    }
    return reference;
}

/// The field that names the model which a reference leads to.
field_definition discriminator_field(relation_definition const& r) {
    field_definition discriminator = any();
    if (!r.models.empty()) {
        string_field names;
        for (auto const& name : r.models) {
            names.one_of(name);
        }
        discriminator = names;
    }
    discriminator.name = r.discriminator;
    discriminator.required = r.required;
    return discriminator;
}

void check_key(std::string const& model, std::string_view what, std::string const& name) {
    if (name.empty()) {
        throw_definition(model, {}, fmt::format("a {} needs a name", what));
    }
    if (name.front() == '$' || name.find('.') != std::string::npos || name.find('\0') != std::string::npos) {
        throw_definition(model, name, fmt::format("the name of a {} must not begin with '$' or contain '.' or a NUL byte", what));
    }
}

/// The related documents hold the reference.
void check_inverse(std::string const& model, relation_definition const& r) {
    if (r.required) {
        throw_definition(model, r.name, "a relationship whose reference the related documents hold cannot be required");
    }
    if (!r.through.empty()) {
        if (!r.right_key.empty() || !r.discriminator.empty()) {
            throw_definition(model, r.name,
                fmt::format("the keys are those of the relationship '{}' of the related model, and cannot be given", r.through));
        }
        return;
    }
    if (r.right_key.empty()) {
        throw_definition(
            model, r.name, "the foreign key has to be named: the field of the related documents that refers to this model");
    }
    if (r.polymorphic && r.discriminator.empty()) {
        throw_definition(model, r.name, "a polymorphic relationship needs the discriminator of the related documents");
    }
}

void check_relation(std::string const& model, relation_definition const& r) {
    check_key(model, "relationship", r.name);
    check_key(model, "left key", r.left_key);
    if (r.left_key == r.name || r.discriminator == r.name) {
        throw_definition(
            model, r.name, "the keys of a relationship must differ from its name, where the related documents are put");
    }
    if (r.inverse) {
        check_inverse(model, r);
    } else if (!r.through.empty()) {
        throw_definition(
            model, r.name, "only a relationship whose reference the related documents hold goes through one of theirs");
    } else if (r.right_key.empty()) {
        throw_definition(model, r.name, "a relationship needs a right key");
    }
    if ((!r.polymorphic || r.inverse) && r.model.empty()) {
        throw_definition(model, r.name, "a relationship needs the name of its model");
    }
}

/// The BSON types of the values of a field, as `$type` names them; null where an index would compare items of arrays.
char const* bson_type_of(type_kind kind) noexcept {
    switch (kind) {
    case type_kind::string:
        return "string";
    case type_kind::number:
    case type_kind::integer:
        return "number";
    case type_kind::boolean:
        return "bool";
    case type_kind::date:
        return "date";
    case type_kind::object_id:
        return "objectId";
    case type_kind::decimal:
        return "decimal";
    case type_kind::binary:
        return "binData";
    case type_kind::object:
    case type_kind::map:
        return "object";
    case type_kind::any:
    case type_kind::array:
    case type_kind::unknown:
        break;
    }
    return nullptr;
}

/// What a sparse index holds: the values of the type but for those that are empty.
document counted_values(field_definition const& field, empty_values const& table) {
    std::vector<value> left_out;
    for (auto const& v : table.values(field.type.kind)) {
        if (!v.is_null()) {
            left_out.push_back(v);
        }
    }
    if (left_out.empty()) {
        return doc(field.name, doc("$type", bson_type_of(field.type.kind)));
    }
    std::sort(left_out.begin(), left_out.end(), [](value const& a, value const& b) { return compare(a, b) < 0; });
    array ranges;
    for (std::size_t i = 0; i <= left_out.size(); ++i) {
        document range;
        if (i > 0) {
            range.append("$gt", left_out[i - 1]);
        }
        if (i < left_out.size()) {
            range.append("$lt", left_out[i]);
        }
        // Nothing is less than the empty text or object.
        bool const least = i == 0 && (left_out[0] == value("") || left_out[0] == value(document()));
        if (!least) {
            ranges.push_back(doc(field.name, std::move(range)));
        }
    }
    return ranges.size() == 1 ? ranges[0].as_document() : doc("$or", std::move(ranges));
}

/// The index of a unique field, if one can express the rule.
std::optional<index_model> unique_index(field_definition const& field, empty_values const& table) {
    if (field.unique == uniqueness::none || bson_type_of(field.type.kind) == nullptr) {
        return std::nullopt;
    }
    auto options = doc("unique", true);
    if (field.unique == uniqueness::sparse) {
        options.append("partialFilterExpression", counted_values(field, table));
    }
    return index_model{doc(field.name, 1), std::move(options)};
}

void check_virtual(std::string const& model, virtual_definition const& v) {
    check_key(model, "virtual", v.name);
    if (v.writable && v.getter) {
        throw_definition(model, v.name, "a virtual is either writable or computed by a getter");
    }
    if (!v.writable && !v.getter && !v.setter) {
        throw_definition(model, v.name, "a virtual needs a getter, a setter, or to be writable");
    }
}

} // namespace

schema::schema(std::shared_ptr<compiled_schema const> compiled, schema_resolver related, bool strict_loading)
    : compiled_(std::move(compiled)), related_(std::move(related)), strict_loading_(strict_loading) {}

std::shared_ptr<schema const> schema::compile(model_definition definition, schema_resolver related, bool strict_loading) {
    auto const& model = definition.name_;
    if (model.empty()) {
        throw_definition(model, {}, "a model needs a name");
    }
    if (definition.collection_.empty()) {
        throw_definition(model, {}, "a model needs a collection");
    }

    // What every model has comes first, and yields to what the model declares itself.
    model_definition complete(model);
    if (definition.key_ == "_id") {
        complete.field("_id", cormorant::id().default_new());
        complete.virtual_field(cormorant::virtual_field("id").id_to_string("_id").required_fields("_id"));
    } else {
        auto const key = std::find_if(definition.fields_.begin(), definition.fields_.end(),
            [&](field_definition const& f) { return f.name == definition.key_; });
        if (key == definition.fields_.end()) {
            throw_definition(model, definition.key_, "the key of the model is no field of it");
        }
        complete.field(key->name, *key);
    }
    complete.field("_ml", object());
    for (auto& field : definition.fields_) {
        complete.field(field.name, field);
    }
    if (has_name(complete.fields_, "id")) {
        complete.virtuals_.clear();
    }
    for (auto& v : definition.virtuals_) {
        complete.virtual_field(v);
    }
    for (auto& r : definition.relations_) {
        if (r.inverse && r.left_key.empty()) {
            r.left_key = definition.key_;
        }
        check_relation(model, r);
        cormorant::virtual_field stand_in(r.name);
        stand_in.writable().required_fields(r.left_key).required_hooks("afterFind_" + r.name);
        if (!r.inverse) {
            if (!has_name(complete.fields_, r.left_key)) {
                complete.field(r.left_key, reference_field(r));
            }
            if (!r.discriminator.empty()) {
                stand_in.required_fields(r.discriminator);
                if (!has_name(complete.fields_, r.discriminator)) {
                    complete.field(r.discriminator, discriminator_field(r));
                }
            }
        }
        complete.virtual_field(stand_in);
    }
    definition.fields_ = std::move(complete.fields_);
    definition.virtuals_ = std::move(complete.virtuals_);
    for (auto const& field : definition.fields_) {
        auto const index = unique_index(field, definition.empty_values_);
        auto const same = [&](index_model const& other) { return other.keys == index->keys; };
        if (index && std::none_of(definition.indexes_.begin(), definition.indexes_.end(), same)) {
            definition.indexes_.push_back(*index);
        }
    }

    auto compiled = std::make_shared<compiled_schema>(std::move(definition));
    auto const& d = compiled->definition;
    auto const& name = d.name_;
    std::vector<std::string> keys;
    std::set<std::string_view> taken;
    auto const take = [&](std::string const& key, key_role role) {
        if (!taken.insert(key).second) {
            throw_definition(name, key, "fields, virtuals, relationships and document methods must have different names");
        }
        keys.push_back(key);
        compiled->roles.push_back(role);
    };
    compiled->types.reserve(d.fields_.size());
    for (std::size_t i = 0; i < d.fields_.size(); ++i) {
        auto const& field = d.fields_[i];
        check_key(name, "field", field.name);
        take(field.name, {key_role::kind::field, i});
        compiled->types.emplace_back(field.type, compiled->empties(), name, field.name);
        if (compiled->types.back().has_transforms()) {
            compiled->with_transforms.push_back(i);
        }
        if (compiled->types.back().has_checks()) {
            compiled->with_checks.push_back(i);
        }
        if (field.has_default()) {
            compiled->with_default.push_back(i);
        }
        if (field.required) {
            compiled->required.push_back(i);
        }
    }
    for (std::size_t i = 0; i < d.virtuals_.size(); ++i) {
        check_virtual(name, d.virtuals_[i]);
        take(d.virtuals_[i].name, {key_role::kind::virtual_field, i});
    }
    for (std::size_t i = 0; i < d.document_methods_.size(); ++i) {
        auto const& method = d.document_methods_[i];
        check_key(name, "document method", method.name);
        if (!method.function) {
            throw_definition(name, method.name, "a document method needs a function");
        }
        take(method.name, {key_role::kind::method, i});
    }
    compiled->keys = detail::name_table(std::move(keys));

    std::vector<std::string> relations;
    for (auto const& r : d.relations_) {
        relations.push_back(r.name);
    }
    compiled->relations = detail::name_table(std::move(relations));
    std::vector<std::string> methods;
    for (auto const& method : d.model_methods_) {
        if (method.name.empty() || !method.function) {
            throw_definition(name, method.name, "a model method needs a name and a function");
        }
        methods.push_back(method.name);
    }
    compiled->model_methods = detail::name_table(std::move(methods));
    for (auto const& index : d.indexes_) {
        if (index.keys.empty()) {
            throw_definition(name, "indexes", "an index needs keys");
        }
    }
    if (d.view_on_.empty() && !d.pipeline_.empty()) {
        throw_definition(name, "pipeline", "a pipeline needs the collection that the view is on");
    }
    compiled->translation = detail::translation::make(d);
    compiled->nested_convert_schema = detail::make_convert_schema(d.fields_);
    compiled->convert_schema = detail::flatten_convert_schema(compiled->nested_convert_schema);
    strict_loading = d.strict_loading_.value_or(strict_loading);
    std::shared_ptr<schema const> result(new schema(std::move(compiled), std::move(related), strict_loading));
    if (d.requests_) {
        detail::check_policy(*result, *d.requests_);
    }
    return result;
}

std::shared_ptr<schema const> schema::with_related(schema_resolver related) const {
    return std::shared_ptr<schema const>(new schema(compiled_, std::move(related), strict_loading_));
}

std::string const& schema::name() const noexcept {
    return compiled_->definition.name();
}
std::string const& schema::collection() const noexcept {
    return compiled_->definition.collection();
}
std::string const& schema::key() const noexcept {
    return compiled_->definition.key();
}
model_definition const& schema::definition() const noexcept {
    return compiled_->definition;
}
std::vector<field_definition> const& schema::fields() const noexcept {
    return compiled_->definition.fields();
}
std::vector<virtual_definition> const& schema::virtuals() const noexcept {
    return compiled_->definition.virtuals();
}
std::vector<relation_definition> const& schema::relations() const noexcept {
    return compiled_->definition.relations();
}

field_definition const* schema::field(std::string_view name) const noexcept {
    auto const role = compiled_->role_of(name);
    return role.what == key_role::kind::field ? &fields()[role.position] : nullptr;
}

virtual_definition const* schema::find_virtual(std::string_view name) const noexcept {
    auto const role = compiled_->role_of(name);
    return role.what == key_role::kind::virtual_field ? &virtuals()[role.position] : nullptr;
}

relation_definition const* schema::relation(std::string_view name) const noexcept {
    auto const position = compiled_->relations.find(name);
    return position == detail::name_table::npos ? nullptr : &relations()[position];
}

document_method const* schema::document_method(std::string_view name) const noexcept {
    auto const role = compiled_->role_of(name);
    return role.what == key_role::kind::method ? &definition().document_methods()[role.position] : nullptr;
}

model_method const* schema::model_method(std::string_view name) const noexcept {
    auto const position = compiled_->model_methods.find(name);
    return position == detail::name_table::npos ? nullptr : &definition().model_methods()[position];
}

field_type const* schema::type_at(std::string_view path) const noexcept {
    auto const role = compiled_->role_of(path_head(path));
    if (role.what != key_role::kind::field) {
        return nullptr;
    }
    detail::compiled_type const* type = &compiled_->types[role.position];
    while (type != nullptr && path_is_nested(path)) {
        path = path_rest(path);
        type = type->step(path_head(path));
    }
    return type == nullptr ? nullptr : &type->description();
}

detail::translation const* schema::translation() const noexcept {
    return compiled_->translation.get();
}

std::shared_ptr<schema const> schema::related(std::string_view model) const {
    return related_ ? related_(model) : nullptr;
}

document const& schema::convert_schema() const noexcept {
    return compiled_->convert_schema;
}
document const& schema::nested_convert_schema() const noexcept {
    return compiled_->nested_convert_schema;
}

void throw_violations(std::string_view model, std::string_view operation_name, std::vector<violation> violations) {
    auto const& first = violations.front();
    auto const code = first.code;
    auto message = fmt::format("'{}' {}", first.path, first.message);
    diagnostics details;
    details.model = model;
    details.operation = operation_name;
    details.path = first.path;
    details.value = first.value;
    details.violations = std::move(violations);
    throw error(code, std::move(message), std::move(details));
}

} // namespace cormorant
