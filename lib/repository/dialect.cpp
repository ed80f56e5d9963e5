#include "repository/declaration.hpp"
#include "repository/naming.hpp"

#include <cormorant/bson/json.hpp>
#include <cormorant/error/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <initializer_list>
#include <memory>
#include <optional>
#include <utility>

namespace cormorant::detail {

namespace {

/// An object of a definition, whose keys are read by their types. Null is as good as no value, unless said otherwise.
class reader {
public:
    reader(document const& spec, std::string_view model, std::string path) : spec_(spec), model_(model), path_(std::move(path)) {}

    [[noreturn]] void fail(std::string message, value const* v = nullptr) const {
        diagnostics details;
        details.model = model_;
        details.path = path_;
        if (v != nullptr)
            details.value = shorten(*v);
        throw error(errc::definition, std::move(message), std::move(details));
    }

    void only(std::initializer_list<std::string_view> keys) const {
        for (auto const& [key, v] : spec_) {
            if (std::ranges::find(keys, key) == keys.end())
                fail(fmt::format("'{}' is no key of a definition here", key), &v);
        }
    }
    bool contains(std::string_view key) const noexcept { return spec_.contains(key); }
    value const* find(std::string_view key) const noexcept {
        auto const* const v = spec_.find(key);
        return v == nullptr || v->is_null() || v->is_undefined() ? nullptr : v;
    }
    /// Empty when it is not given.
    std::string text(std::string_view key) const {
        auto const* const v = find(key);
        if (v == nullptr)
            return {};
        auto const text = v->if_string();
        if (!text)
            fail(fmt::format("'{}' must be a text", key), v);
        return std::string(*text);
    }
    std::string required_text(std::string_view key) const {
        auto result = text(key);
        if (result.empty())
            fail(fmt::format("'{}' must be a text that is not empty", key), spec_.find(key));
        return result;
    }
    bool flag(std::string_view key) const {
        auto const* const v = find(key);
        if (v == nullptr)
            return false;
        if (!v->is_bool())
            fail(fmt::format("'{}' must be true or false", key), v);
        return v->as_bool();
    }
    /// Calls `f(name, definition)` for each member of an object.
    template <class F>
    void each(std::string_view key, F&& f) const {
        auto const* const v = find(key);
        if (v == nullptr)
            return;
        auto const* const members = v->if_document();
        if (members == nullptr)
            fail(fmt::format("'{}' must be an object", key), v);
        for (auto const& [name, definition] : *members) {
            if (name.empty())
                fail(fmt::format("'{}': a name is empty", key), v);
            f(std::string(name), definition);
        }
    }
    reader enter(document const& spec, std::string_view key) const {
        return {spec, model_, path_.empty() ? std::string(key) : fmt::format("{}.{}", path_, key)};
    }
    /// Runs `f`; a mistake that it finds is one of this object.
    template <class F>
    auto locate(F&& f) const {
        try {
            return f();
        } catch (error const& e) {
            if (e.code() != errc::definition)
                throw;
            fail(e.message());
        }
    }

private:
    document const& spec_;
    std::string_view model_;
    std::string path_;
};

type_kind type_named(reader const& r, std::string_view key) {
    static constexpr std::pair<std::string_view, type_kind> types[] = {{"any", type_kind::any}, {"string", type_kind::string},
        {"number", type_kind::number}, {"boolean", type_kind::boolean}, {"array", type_kind::array},
        {"object", type_kind::object}};
    auto const name = r.required_text(key);
    auto const found = std::ranges::find(types, name, [](auto const& t) { return t.first; });
    if (found == std::end(types))
        r.fail(fmt::format("'{}' is no type: any, string, number, boolean, array, object", name));
    return found->second;
}

uniqueness uniqueness_of(reader const& r) {
    auto const* const v = r.find("unique");
    if (v == nullptr)
        return uniqueness::none;
    if (v->is_bool())
        return v->as_bool() ? uniqueness::strict : uniqueness::none;
    static constexpr std::pair<std::string_view, uniqueness> words[] = {
        {"strict", uniqueness::strict}, {"sparse", uniqueness::sparse}, {"nonUnique", uniqueness::none}};
    auto const text = v->if_string();
    auto const found = std::ranges::find(words, text, [](auto const& w) { return std::optional(w.first); });
    if (found == std::end(words))
        r.fail("'unique' must be true, false, strict, sparse or nonUnique", v);
    return found->second;
}

/// Reads the properties and relationships of one model.
class declaration_reader {
public:
    declaration_reader(model_declaration& to, function_registry const& functions) : to_(to), functions_(functions) {}

    void property(reader const& model, std::string name, value const& definition) {
        auto const* const spec = definition.if_document();
        // The short form is the type.
        document const written = spec == nullptr ? doc("type", definition) : document();
        auto const r = model.enter(spec == nullptr ? written : *spec, name);
        r.only({"type", "itemType", "itemModel", "model", "primaryKey", "columnName", "columnType", "required", "default",
            "unique", "validate", "transform"});

        field_definition field;
        field.name = name;
        type(r, field);
        field.column = r.text("columnName");
        (void)r.text("columnType"); // MongoDB has no types of columns
        field.required = r.flag("required");
        field.unique = uniqueness_of(r);
        if (r.contains("default")) {
            if (field.required)
                r.fail("a property that is required has no default");
            field.default_source = default_of(r);
        }
        field.type.checks = r.locate([&] { return functions_.make_checks(member(r, "validate")); });
        field.type.transforms = r.locate([&] { return functions_.make_transforms(member(r, "transform")); });

        if (r.flag("primaryKey"))
            key(r, std::move(field));
        else
            to_.own.field(std::move(name), std::move(field));
    }

    void relation(reader const& model, std::string name, value const& definition) {
        auto const* const spec = definition.if_document();
        if (spec == nullptr)
            model.enter(document(), name).fail("a relationship is defined by an object", &definition);
        auto const r = model.enter(*spec, name);
        r.only({"type", "model", "foreignKey", "polymorphic", "discriminator"});
        auto const type = r.text("type");
        if (type == "belongsTo")
            to_.own.relation(belongs(r, std::move(name)));
        else if (type == "hasOne")
            to_.own.relation(has(r, has_one(std::move(name))));
        else if (type == "hasMany")
            to_.own.relation(has(r, has_many(std::move(name))));
        else if (type == "referencesMany")
            to_.own.relation(references(r, std::move(name)));
        else
            r.fail("the type of a relationship is belongsTo, hasOne, hasMany or referencesMany", spec->find("type"));
    }

private:
    static value member(reader const& r, std::string_view key) {
        auto const* const v = r.find(key);
        return v == nullptr ? value() : *v;
    }

    void type(reader const& r, field_definition& field) {
        field.type.kind = type_named(r, "type");
        auto const item_model = r.text("itemModel");
        if (r.find("itemType") != nullptr || !item_model.empty()) {
            if (field.type.kind != type_kind::array)
                r.fail("'itemType' and 'itemModel' belong to arrays");
            field_type item;
            item.kind = r.find("itemType") == nullptr ? type_kind::any : type_named(r, "itemType");
            if (!item_model.empty() && item.kind != type_kind::object)
                r.fail("'itemModel' needs the itemType object");
            field.type.element = std::make_shared<field_type const>(std::move(item));
        }
        auto const model = r.text("model");
        if (!model.empty() && field.type.kind != type_kind::object)
            r.fail("'model' belongs to objects");
        if (!model.empty() || !item_model.empty())
            to_.embedded.push_back({field.name, model.empty() ? item_model : model});
    }

    std::variant<std::monostate, value, default_function> default_of(reader const& r) const {
        auto const* const v = r.find("default");
        if (v == nullptr)
            return value();
        auto const* const d = v->if_document();
        if (d == nullptr || !d->contains("$fn"))
            return *v;
        return r.locate([&] { return functions_.make_default(*d); });
    }

    void key(reader const& r, field_definition field) {
        if (to_.declares_key)
            r.fail("a model has one primary key");
        if (field.required || field.has_default() || field.unique != uniqueness::none)
            r.fail("a primary key is neither required nor unique, and has no default: it is always there, and unique");
        if (!to_.embedded.empty() && to_.embedded.back().property == field.name)
            r.fail("a primary key is no embedded object");
        to_.declares_key = true;
        to_.key_column = field.column.empty() ? field.name : field.column;
        field.column.clear();
        auto name = field.name;
        to_.own.primary_key(std::move(name), std::move(field));
    }

    // --- relationships --------------------------------------------------------------------------------------------

    static bool is_polymorphic(reader const& r) {
        auto const* const v = r.find("polymorphic");
        return v != nullptr && v->if_bool() != false;
    }
    static void set_keys(reader const& r, cormorant::relation& relation) {
        if (auto key = r.text("foreignKey"); !key.empty())
            relation.foreign_key(std::move(key));
        if (auto key = r.text("discriminator"); !key.empty())
            relation.discriminator(std::move(key));
    }
    static void refuse(reader const& r, std::string_view key, std::string_view why) {
        if (auto const* const v = r.find(key))
            r.fail(fmt::format("'{}' {}", key, why), v);
    }

    static cormorant::relation belongs(reader const& r, std::string name) {
        auto relation = belongs_to(std::move(name));
        if (is_polymorphic(r)) {
            if (!r.find("polymorphic")->is_bool())
                r.fail("'polymorphic' of belongsTo is true or false", r.find("polymorphic"));
            (void)r.text("model");
            relation.polymorphic();
        } else {
            relation.model(r.required_text("model"));
            refuse(r, "discriminator", "belongs to polymorphic relationships");
        }
        set_keys(r, relation);
        return relation;
    }

    static cormorant::relation has(reader const& r, cormorant::relation relation) {
        relation.model(r.required_text("model"));
        if (!is_polymorphic(r)) {
            (void)r.required_text("foreignKey");
            refuse(r, "discriminator", "belongs to polymorphic relationships");
        } else if (r.find("polymorphic")->is_bool()) {
            (void)r.required_text("foreignKey");
            (void)r.required_text("discriminator");
            relation.polymorphic();
        } else {
            refuse(r, "foreignKey", "is that of the relationship which 'polymorphic' names");
            refuse(r, "discriminator", "is that of the relationship which 'polymorphic' names");
            relation.polymorphic(r.required_text("polymorphic"));
        }
        set_keys(r, relation);
        return relation;
    }

    static cormorant::relation references(reader const& r, std::string name) {
        refuse(r, "polymorphic", "does not go with referencesMany");
        refuse(r, "discriminator", "does not go with referencesMany");
        auto relation = references_many(std::move(name));
        relation.model(r.required_text("model"));
        set_keys(r, relation);
        return relation;
    }

    model_declaration& to_;
    function_registry const& functions_;
};

} // namespace

model_declaration parse_declaration(document const& spec, function_registry const& functions) {
    auto const name = reader(spec, {}, "name").required_text("name");
    if (name.find_first_of(" \t\r\n") != std::string::npos)
        reader(spec, {}, "name").fail("the name of a model has no white space", spec.find("name"));
    reader const r(spec, name, {});
    r.only({"name", "datasource", "tableName", "base", "properties", "relations"});

    model_declaration result{model_definition(name)};
    result.dialect = true;
    result.datasource = r.text("datasource");
    result.base = r.text("base");
    auto collection = r.text("tableName");
    result.own.collection(collection.empty() ? default_collection(name) : std::move(collection));
    result.own.extra_keys(extra_keys::allow).unknown_paths(unknown_paths::pass).faults_as_declared(true);

    declaration_reader parts(result, functions);
    r.each("properties", [&](std::string property, value const& d) { parts.property(r, std::move(property), d); });
    r.each("relations", [&](std::string relation, value const& d) { parts.relation(r, std::move(relation), d); });
    if (!result.declares_key && result.base.empty() &&
        std::ranges::count(result.own.fields(), "id", &field_definition::name) != 0)
        r.enter(spec, "id").fail("the property 'id' is the key: it is declared with primaryKey, or another property is");
    return result;
}

} // namespace cormorant::detail
