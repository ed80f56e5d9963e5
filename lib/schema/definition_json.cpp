#include "schema/section.hpp"

#include <cormorant/bson/json.hpp>
#include <cormorant/error/error.hpp>
#include <cormorant/schema/definition.hpp>
#include <cormorant/schema/registry.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <initializer_list>
#include <iterator>
#include <limits>
#include <utility>

namespace cormorant {

namespace {

using detail::section;

bool names_function(value const& v) noexcept {
    auto const* const d = v.if_document();
    return d != nullptr && d->contains("$fn");
}

class reader {
public:
    explicit reader(function_registry const& functions) : functions_(functions) {}

    model_definition read(section const& s) const {
        s.only({"collection", "name", "allowExtraKeys", "deleteExtraKeys", "fields", "virtuals", "relationships", "hooks",
            "defaultHooks", "indexes", "documentMethods", "modelMethods", "onInit", "viewOn", "pipeline", "strictLoading",
            "options", "primaryKey", "emptyValues", "faultsAsDeclared", "textForms", "unknownPaths", "limits", "requests"});
        auto const collection = s.text("collection");
        model_definition result(s.text("name", collection));
        result.collection(collection);
        result.extra_keys(policy(s, extra_keys::refuse));
        if (s.has("primaryKey")) {
            auto const key = s.enter("primaryKey");
            key.only({"name", "validation", "default", "required", "toJSON"});
            result.primary_key(key.text("name"), field(key));
        }
        for (auto const& f : s.sections("fields")) {
            f.only({"name", "validation", "default", "required", "persist", "toJSON", "column", "unique"});
            result.field(f.text("name"), field(f));
        }
        read_empty_values(s, result);
        result.unknown_paths(read_unknown_paths(s));
        if (s.has("limits")) {
            result.limits(read_limits(s.enter("limits")));
        }
        if (s.has("requests")) {
            result.requests(detail::read_request_policy(s.enter("requests")));
        }
        result.faults_as_declared(s.flag("faultsAsDeclared", false));
        result.text_forms(s.flag("textForms", false));
        for (auto const& v : s.sections("virtuals")) {
            result.virtual_field(read_virtual(v));
        }
        for (auto const& r : s.sections("relationships")) {
            result.relation(relation(r));
        }
        for (auto const& h : s.sections("hooks")) {
            result.hook(hook(h));
        }
        if (s.has("defaultHooks")) {
            read_default_hooks(s.enter("defaultHooks"), result);
        }
        for (auto const& i : s.sections("indexes")) {
            i.only({"keys", "options"});
            result.index(i.sub_document("keys"), i.has("options") ? i.sub_document("options") : document());
        }
        for (auto const& m : s.sections("documentMethods")) {
            result.document_method(
                method_name(m), m.locate("handler", [&] { return functions_.make_document_method(m.sub_document("handler")); }));
        }
        for (auto const& m : s.sections("modelMethods")) {
            result.model_method(
                method_name(m), m.locate("handler", [&] { return functions_.make_model_method(m.sub_document("handler")); }));
        }
        if (s.has("onInit")) {
            result.on_init(s.locate("onInit", [&] { return functions_.make_init(s.sub_document("onInit")); }));
        }
        if (s.has("strictLoading")) {
            result.strict_loading(s.flag("strictLoading", false));
        }
        if (s.has("viewOn") || s.has("pipeline")) {
            result.view_on(s.text("viewOn"), s.list("pipeline"));
        }
        if (s.has("options")) {
            for (auto const& [name, v] : s.sub_document("options")) {
                result.option(name, v);
            }
        }
        return result;
    }

private:
    static extra_keys policy(section const& s, extra_keys fallback) {
        if (s.flag("deleteExtraKeys", false)) {
            return extra_keys::remove;
        }
        return s.flag("allowExtraKeys", fallback == extra_keys::allow) ? extra_keys::allow : extra_keys::refuse;
    }

    static unknown_paths read_unknown_paths(section const& s) {
        static constexpr std::array<std::pair<std::string_view, unknown_paths>, 3> names{{
            {"refuse", unknown_paths::refuse},
            {"pass", unknown_paths::pass},
            {"matchNothing", unknown_paths::match_nothing},
        }};
        auto const name = s.text("unknownPaths", "refuse");
        auto const* const found = std::find_if(names.begin(), names.end(), [&](auto const& n) { return n.first == name; });
        if (found == names.end()) {
            s.fail("unknownPaths", "'unknownPaths' is 'refuse', 'pass' or 'matchNothing'", s.find("unknownPaths"));
        }
        return found->second;
    }

    static document_limits read_limits(section const& s) {
        s.only({"depth", "bytes", "arrayItems"});
        document_limits result;
        result.depth = static_cast<int>(s.bounded("depth", result.depth, std::numeric_limits<int>::max()));
        result.bytes = s.bounded("bytes", result.bytes, std::numeric_limits<std::int64_t>::max());
        result.array_items = s.bounded("arrayItems", result.array_items, std::numeric_limits<std::int64_t>::max());
        return result;
    }

    /// True: by type. An object: by type, with other values for the types that it names.
    static void read_empty_values(section const& s, model_definition& out) {
        auto const* const v = s.find("emptyValues");
        if (v == nullptr || v->if_bool() == false) {
            return;
        }
        auto table = empty_values::by_type();
        if (v->if_bool() != true) {
            auto const types = s.enter("emptyValues");
            for (auto const& [name, list] : s.sub_document("emptyValues")) {
                auto const kind = kind_named(name);
                if (!kind) {
                    types.fail(name, fmt::format("there is no type '{}'", name), &list);
                }
                auto const& items = types.list(name);
                table.set(*kind, std::vector<value>(items.begin(), items.end()));
            }
        }
        out.empty_values(std::move(table));
    }

    static std::optional<type_kind> kind_named(std::string_view name) noexcept {
        for (auto i = 0; i < static_cast<int>(type_kind::unknown); ++i) {
            if (to_string(static_cast<type_kind>(i)) == name) {
                return static_cast<type_kind>(i);
            }
        }
        return std::nullopt;
    }

    static uniqueness read_uniqueness(section const& s) {
        auto const* const v = s.find("unique");
        if (v == nullptr || v->if_bool() == false || v->if_string() == "nonUnique") {
            return uniqueness::none;
        }
        if (v->if_bool() == true || v->if_string() == "strict") {
            return uniqueness::strict;
        }
        if (v->if_string() != "sparse") {
            s.fail("unique", "'unique' is true or 'strict', 'sparse', false or 'nonUnique'", v);
        }
        return uniqueness::sparse;
    }

    static std::string method_name(section const& m) {
        m.only({"name", "handler"});
        return m.text("name");
    }

    /// What fields of a model and keys of an object have in common.
    void read_default(section const& s, field_definition& out) const {
        out.required = s.flag("required", false);
        auto const* const given = s.find("default");
        if (given == nullptr) {
            return;
        }
        if (names_function(*given)) {
            out.default_source = s.locate("default", [&] { return functions_.make_default(given->as_document()); });
        } else {
            out.default_source = *given;
        }
    }

    field_definition field(section const& s) const {
        field_definition result;
        read_default(s, result);
        result.persist = s.flag("persist", true);
        result.to_json = s.flag("toJSON", true);
        result.column = s.text("column", "");
        result.unique = read_uniqueness(s);
        if (s.has("validation")) {
            result.type = type(s.enter("validation"), false);
        }
        return result;
    }

    /// `keyed`: the type is that of a key of an object, and has its name beside it.
    field_type type(section const& s, bool keyed) const {
        field_type result;
        auto const name = s.text("type");
        auto const allow = [&](std::initializer_list<std::string_view> keys) {
            for (auto const key : {"enum", "min", "max", "regex", "class", "schema", "allowExtraKeys", "deleteExtraKeys"}) {
                if (s.has(key) && std::find(keys.begin(), keys.end(), key) == keys.end()) {
                    s.fail(key, fmt::format("'{}' has no meaning for the type '{}'", key, name), s.find(key));
                }
            }
        };
        if (keyed) {
            s.only({"name", "required", "default", "column", "type", "enum", "min", "max", "regex", "class", "schema",
                "allowExtraKeys", "deleteExtraKeys", "custom", "validate", "transform"});
        } else {
            s.only({"type", "enum", "min", "max", "regex", "class", "schema", "allowExtraKeys", "deleteExtraKeys", "custom",
                "validate", "transform"});
        }
        if (name == "string") {
            allow({"enum", "min", "max", "regex"});
            result.kind = type_kind::string;
            read_sizes(s, result);
            read_pattern(s, result);
        } else if (name == "number" || name == "integer" || name == "date") {
            allow({"enum", "min", "max"});
            result.kind = name == "number" ? type_kind::number : (name == "integer" ? type_kind::integer : type_kind::date);
            result.min = bound(s, "min", result.kind);
            result.max = bound(s, "max", result.kind);
        } else if (name == "boolean" || name == "any" || name == "decimal") {
            allow({});
            result.kind = name == "boolean" ? type_kind::boolean : (name == "any" ? type_kind::any : type_kind::decimal);
        } else if (name == "binary") {
            allow({"min", "max"});
            result.kind = type_kind::binary;
            read_sizes(s, result);
        } else if (name == "class") {
            allow({"class"});
            result.kind = class_kind(s.text("class"));
            result.unknown_name = "class " + s.text("class");
        } else if (name == "object") {
            allow({"schema", "allowExtraKeys", "deleteExtraKeys"});
            read_keys(s, result);
        } else if (name == "array") {
            allow({"schema", "min", "max"});
            result.kind = type_kind::array;
            read_sizes(s, result);
            if (s.has("schema")) {
                result.element = std::make_shared<field_type const>(type(s.enter("schema"), false));
            }
        } else if (name == "indexObject") {
            allow({"schema", "allowExtraKeys", "deleteExtraKeys"});
            result.kind = type_kind::map;
            auto const* const schema = s.find("schema");
            if (schema != nullptr && schema->is_array()) {
                field_type element;
                read_keys(s, element);
                result.element = std::make_shared<field_type const>(std::move(element));
            } else if (schema != nullptr) {
                result.element = std::make_shared<field_type const>(type(s.enter("schema"), false));
            }
        } else {
            // An error only when there is a value to check.
            result.kind = type_kind::unknown;
            result.unknown_name = name;
        }
        for (auto const& choice : s.list("enum")) {
            result.one_of.push_back(choice);
        }
        for (auto const& custom : s.sections("custom")) {
            custom.only({"label", "fn"});
            result.checks.push_back({custom.text("label", "custom"),
                custom.locate("fn", [&] { return functions_.make_validator(custom.sub_document("fn")); })});
        }
        if (auto const* const rules = s.find("validate")) {
            auto checks = s.locate("validate", [&] { return functions_.make_checks(*rules); });
            std::move(checks.begin(), checks.end(), std::back_inserter(result.checks));
        }
        if (auto const* const rules = s.find("transform")) {
            result.transforms = s.locate("transform", [&] { return functions_.make_transforms(*rules); });
        }
        return result;
    }

    static type_kind class_kind(std::string_view name) noexcept {
        if (name == "ObjectId") {
            return type_kind::object_id;
        }
        if (name == "Decimal128") {
            return type_kind::decimal;
        }
        return name == "Binary" ? type_kind::binary : type_kind::unknown;
    }

    static void read_sizes(section const& s, field_type& out) {
        out.min_size = s.whole("min");
        out.max_size = s.whole("max");
    }

    static std::optional<value> bound(section const& s, std::string_view key, type_kind kind) {
        auto const* const v = s.find(key);
        if (v == nullptr) {
            return std::nullopt;
        }
        if (kind == type_kind::date ? !v->is_date() : !v->is_number()) {
            s.fail(key, fmt::format("'{}' must be a {}", key, kind == type_kind::date ? "date" : "number"), v);
        }
        return *v;
    }

    static void read_pattern(section const& s, field_type& out) {
        auto const* const v = s.find("regex");
        if (v == nullptr) {
            return;
        }
        if (v->is_regex()) {
            out.pattern = v->as_regex();
        } else {
            out.pattern = regex{s.text("regex"), {}};
        }
    }

    void read_keys(section const& s, field_type& out) const {
        out.kind = type_kind::object;
        out.extra = policy(s, extra_keys::allow);
        for (auto const& key : s.sections("schema")) {
            field_definition inner;
            inner.name = key.text("name");
            read_default(key, inner);
            inner.column = key.text("column", "");
            inner.type = type(key, true);
            out.fields.push_back(std::move(inner));
        }
    }

    virtual_definition read_virtual(section const& s) const {
        s.only({"name", "get", "set", "type", "options", "enumerable", "cache", "writable", "requiredFields", "requiredHooks"});
        virtual_field result(s.text("name"));
        auto const ready_made = s.text("type", "");
        if (s.has("type")) {
            if (s.has("get") || s.has("set")) {
                s.fail("type", "a virtual has either a type or functions of its own", s.find("type"));
            }
            auto const options = s.enter("options");
            options.only({"key"});
            if (ready_made == "idToString") {
                result.id_to_string(options.text("key"));
            } else if (ready_made == "jsonToObject") {
                result.json_to_object(options.text("key"));
            } else {
                s.fail("type", fmt::format("there is no virtual of the type '{}'", ready_made), s.find("type"));
            }
        } else if (s.has("options")) {
            s.fail("options", "only virtuals of a type have options", s.find("options"));
        }
        if (s.has("get")) {
            result.get(s.locate("get", [&] { return functions_.make_getter(s.sub_document("get")); }));
        }
        if (s.has("set")) {
            result.set(s.locate("set", [&] { return functions_.make_setter(s.sub_document("set")); }));
        }
        result.enumerable(s.flag("enumerable", true));
        if (s.flag("cache", false)) {
            result.cache();
        }
        if (s.flag("writable", false)) {
            result.writable();
        }
        for (auto const& name : s.texts("requiredFields")) {
            result.required_fields(name);
        }
        for (auto const& name : s.texts("requiredHooks")) {
            result.required_hooks(name);
        }
        return result;
    }

    static cormorant::relation relation_of(section const& s) {
        auto const kind = s.text("type");
        using maker = cormorant::relation (*)(std::string);
        static constexpr std::array<std::pair<std::string_view, maker>, 6> kinds{{
            {"single", single},
            {"multiple", multiple},
            {"belongsTo", belongs_to},
            {"hasOne", has_one},
            {"hasMany", has_many},
            {"referencesMany", references_many},
        }};
        auto const* const found = std::find_if(kinds.begin(), kinds.end(), [&](auto const& k) { return k.first == kind; });
        if (found == kinds.end()) {
            s.fail("type", "a relationship is 'single', 'multiple', 'belongsTo', 'hasOne', 'hasMany' or 'referencesMany'",
                s.find("type"));
        }
        auto result = found->second(s.text("name"));
        if (s.has("foreignKey")) {
            result.foreign_key(s.text("foreignKey"));
        }
        if (auto const* const polymorphic = s.find("polymorphic"); polymorphic != nullptr && polymorphic->is_string()) {
            result.polymorphic(s.text("polymorphic"));
        } else if (s.flag("polymorphic", false)) {
            result.polymorphic();
        }
        if (s.has("discriminator")) {
            result.discriminator(s.text("discriminator"));
        }
        return result;
    }

    relation_definition relation(section const& s) const {
        s.only({"name", "type", "modelName", "multipleTypes", "required", "hookRequired", "leftKey", "rightKey",
            "rightKeyValidation", "foreignKey", "polymorphic", "discriminator"});
        relation_definition result = relation_of(s);
        if (auto const* const types = s.find("multipleTypes"); types != nullptr && types->is_array()) {
            result.polymorphic = true;
            result.models = s.texts("multipleTypes");
        } else if (s.flag("multipleTypes", false)) {
            result.polymorphic = true;
        }
        result.model = s.text("modelName", result.model);
        result.required = s.flag("required", false);
        result.hook_required = s.flag("hookRequired", false);
        result.left_key = s.text("leftKey", result.left_key);
        result.right_key = s.text("rightKey", result.right_key);
        if (s.has("rightKeyValidation")) {
            result.right_key_type = type(s.enter("rightKeyValidation"), false);
        }
        return result;
    }

    hook_definition hook(section const& s) const {
        s.only({"name", "type", "required", "handler"});
        auto const* const handler = s.find("handler");
        if (handler == nullptr) {
            s.fail("handler", "'handler' is missing");
        }
        auto function = s.locate("handler", [&] { return functions_.make_hook(*handler); });
        auto const type = s.text("type");
        auto name = s.text("name");
        auto const is_required = s.flag("required", false);
        return s.locate("type", [&] { return hook_definition(type, std::move(name), std::move(function), is_required); });
    }

    static void read_default_hooks(section const& s, model_definition& out) {
        s.only({"find", "count", "insert", "save", "update", "remove", "aggregate"});
        for (auto const name : {"find", "count", "insert", "save", "update", "remove", "aggregate"}) {
            if (auto const* const v = s.find(name)) {
                out.default_hooks(*parse_operation_kind(name), s.locate(name, [&] {
                    try {
                        return parse_hook_requests(*v);
                    } catch (error const& e) {
                        throw error(errc::definition, e.message());
                    }
                }));
            }
        }
    }

    function_registry const& functions_;
};

} // namespace

model_definition model_definition::from_document(document const& spec, function_registry const& functions) {
    auto const* const name = spec.find(spec.contains("name") ? "name" : "collection");
    auto const text = name == nullptr ? std::nullopt : name->if_string();
    return reader(functions).read(section(spec, std::string(text.value_or(std::string_view())), {}));
}

model_definition model_definition::from_document(document const& spec) {
    return from_document(spec, function_registry());
}

model_definition model_definition::parse(std::string_view json, function_registry const& functions) {
    return from_document(parse_json_document(json), functions);
}

model_definition model_definition::parse(std::string_view json) {
    return parse(json, function_registry());
}

model_definition load_model_definition(std::filesystem::path const& file, function_registry const& functions) {
    std::ifstream in(file, std::ios::binary);
    std::string const text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
    if (!in) {
        throw error(errc::bad_file, fmt::format("the model definition '{}' cannot be read", file.string()));
    }
    try {
        return model_definition::parse(text, functions);
    } catch (error const& e) {
        throw error(static_cast<errc>(e.code().value()), fmt::format("{}: {}", file.string(), e.message()), e.details());
    }
}

model_definition load_model_definition(std::filesystem::path const& file) {
    return load_model_definition(file, function_registry());
}

} // namespace cormorant
