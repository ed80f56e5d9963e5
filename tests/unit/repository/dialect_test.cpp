#include "repository/declaration.hpp"
#include "repository/naming.hpp"

#include <cormorant/bson/json.hpp>
#include <cormorant/error/error.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

namespace cormorant {
namespace {

using ::testing::ElementsAre;

class Dialect : public ::testing::Test {
protected:
    detail::model_declaration read(std::string_view json) {
        return detail::parse_declaration(parse_json_document(json), functions);
    }
    void define(std::string_view json) {
        auto d = read(json);
        auto key = detail::model_key(d.own.name());
        models.insert_or_assign(std::move(key), std::move(d));
    }
    model_definition made(std::string_view name) {
        auto const find = [this](std::string_view other) -> detail::model_declaration const& {
            return models.at(detail::model_key(other));
        };
        return detail::assemble(find(name), find).own;
    }
    static field_definition const& field(model_definition const& d, std::string_view name) {
        return *std::ranges::find(d.fields(), name, &field_definition::name);
    }
    static std::vector<std::string> names(std::vector<field_definition> const& fields) {
        std::vector<std::string> result;
        for (auto const& f : fields)
            result.push_back(f.name);
        return result;
    }

    function_registry functions;
    std::map<std::string, detail::model_declaration> models;
};

TEST_F(Dialect, ReadsPropertiesInBothForms) {
    auto const d = read(R"({"name": "thing", "datasource": "db", "tableName": "stuff", "properties": {
        "short": "string",
        "long": {"type": "number", "required": true, "columnName": "l", "columnType": "int", "unique": "sparse"},
        "list": {"type": "array", "itemType": "boolean"},
        "filled": {"type": "string", "default": "x"},
        "empty": {"type": "any", "default": null},
        "computed": {"type": "any", "default": {"$fn": "objectId"}},
        "checked": {"type": "string", "validate": {"minLength": 2}, "transform": ["trim", "toUpperCase"]}}})");
    EXPECT_EQ(d.datasource, "db");
    EXPECT_EQ(d.own.collection(), "stuff");
    EXPECT_EQ(d.own.extra_keys(), extra_keys::allow);
    EXPECT_EQ(field(d.own, "short").type.kind, type_kind::string);
    auto const& l = field(d.own, "long");
    EXPECT_TRUE(l.required);
    EXPECT_EQ(l.column, "l");
    EXPECT_EQ(l.unique, uniqueness::sparse);
    EXPECT_EQ(field(d.own, "list").type.element->kind, type_kind::boolean);
    EXPECT_EQ(std::get<value>(field(d.own, "filled").default_source), value("x"));
    EXPECT_TRUE(std::get<value>(field(d.own, "empty").default_source).is_null());
    EXPECT_TRUE(std::holds_alternative<default_function>(field(d.own, "computed").default_source));
    EXPECT_EQ(field(d.own, "checked").type.checks.size(), 1u);
    EXPECT_EQ(field(d.own, "checked").type.transforms.size(), 2u);
}

TEST_F(Dialect, ReadsRelationships) {
    auto const d = read(R"({"name": "thing", "relations": {
        "role": {"type": "belongsTo", "model": "role"},
        "owner": {"type": "belongsTo", "polymorphic": true, "discriminator": "kind"},
        "user": {"type": "hasOne", "model": "user", "foreignKey": "thingId"},
        "files": {"type": "hasMany", "model": "file", "polymorphic": "reference"},
        "covers": {"type": "hasMany", "model": "file", "polymorphic": true, "foreignKey": "rid", "discriminator": "rtype"},
        "categories": {"type": "referencesMany", "model": "category"}}})");
    auto const relation = [&](std::string_view name) {
        return *std::ranges::find(d.own.relations(), name, &relation_definition::name);
    };
    EXPECT_EQ(relation("role").left_key, "roleId");
    EXPECT_EQ(relation("owner").discriminator, "kind");
    EXPECT_EQ(relation("owner").left_key, "ownerId");
    EXPECT_EQ(relation("user").right_key, "thingId");
    EXPECT_EQ(relation("user").kind, cardinality::single);
    EXPECT_EQ(relation("files").through, "reference");
    EXPECT_EQ(relation("covers").discriminator, "rtype");
    EXPECT_EQ(relation("covers").right_key, "rid");
    EXPECT_EQ(relation("categories").left_key, "categoryIds");
    EXPECT_EQ(relation("categories").kind, cardinality::set);
}

struct fault {
    char const* name;
    char const* definition;
    char const* path;
};

class DialectFault : public Dialect, public ::testing::WithParamInterface<fault> {};

TEST_P(DialectFault, IsRefusedNamingTheProperty) {
    try {
        (void)read(GetParam().definition);
        FAIL() << "was taken";
    } catch (error const& e) {
        EXPECT_EQ(e.code(), errc::definition);
        EXPECT_EQ(e.details().path, GetParam().path) << e.what();
    }
}

constexpr fault faults[] = {
    {"no_name", R"({"datasource": "db"})", "name"},
    {"empty_name", R"({"name": ""})", "name"},
    {"name_with_white_space", R"({"name": "a b"})", "name"},
    {"unknown_key", R"({"name": "m", "colour": 1})", ""},
    {"datasource_is_text", R"({"name": "m", "datasource": 1})", ""},
    {"properties_are_an_object", R"({"name": "m", "properties": []})", ""},
    {"empty_property", R"({"name": "m", "properties": {"": "string"}})", ""},
    {"unknown_type", R"({"name": "m", "properties": {"p": "text"}})", "p"},
    {"no_type", R"({"name": "m", "properties": {"p": {}}})", "p"},
    {"unknown_option", R"({"name": "m", "properties": {"p": {"type": "any", "requird": true}}})", "p"},
    {"items_of_a_text", R"({"name": "m", "properties": {"p": {"type": "string", "itemType": "any"}}})", "p"},
    {"item_model_without_objects", R"({"name": "m", "properties": {"p": {"type": "array", "itemModel": "x"}}})", "p"},
    {"model_of_a_text", R"({"name": "m", "properties": {"p": {"type": "string", "model": "x"}}})", "p"},
    {"required_is_a_truth", R"({"name": "m", "properties": {"p": {"type": "any", "required": 1}}})", "p"},
    {"required_with_default", R"({"name": "m", "properties": {"p": {"type": "any", "required": true, "default": null}}})", "p"},
    {"unknown_uniqueness", R"({"name": "m", "properties": {"p": {"type": "any", "unique": "STRICT"}}})", "p"},
    {"unknown_default", R"({"name": "m", "properties": {"p": {"type": "any", "default": {"$fn": "none"}}}})", "p"},
    {"unknown_validator", R"({"name": "m", "properties": {"p": {"type": "any", "validate": "none"}}})", "p"},
    {"unknown_transformer", R"({"name": "m", "properties": {"p": {"type": "any", "transform": {"none": 1}}}})", "p"},
    {"required_key", R"({"name": "m", "properties": {"p": {"type": "any", "primaryKey": true, "required": true}}})", "p"},
    {"key_with_default", R"({"name": "m", "properties": {"p": {"type": "any", "primaryKey": true, "default": null}}})", "p"},
    {"two_keys",
        R"({"name": "m", "properties": {"a": {"type": "any", "primaryKey": true}, "b": {"type": "any", "primaryKey": true}}})",
        "b"},
    {"id_that_is_no_key", R"({"name": "m", "properties": {"id": "number"}})", "id"},
    {"relation_is_an_object", R"({"name": "m", "relations": {"r": "belongsTo"}})", "r"},
    {"unknown_relation", R"({"name": "m", "relations": {"r": {"type": "belongs", "model": "x"}}})", "r"},
    {"no_target", R"({"name": "m", "relations": {"r": {"type": "belongsTo"}}})", "r"},
    {"discriminator_without_polymorphic",
        R"({"name": "m", "relations": {"r": {"type": "belongsTo", "model": "x", "discriminator": "y"}}})", "r"},
    {"polymorphic_belongs_to_by_name", R"({"name": "m", "relations": {"r": {"type": "belongsTo", "polymorphic": "x"}}})", "r"},
    {"has_without_foreign_key", R"({"name": "m", "relations": {"r": {"type": "hasMany", "model": "x"}}})", "r"},
    {"polymorphic_has_without_discriminator",
        R"({"name": "m", "relations": {"r": {"type": "hasOne", "model": "x", "polymorphic": true, "foreignKey": "y"}}})", "r"},
    {"polymorphic_has_by_name_and_key",
        R"({"name": "m", "relations": {"r": {"type": "hasOne", "model": "x", "polymorphic": "o", "foreignKey": "y"}}})", "r"},
    {"references_without_target", R"({"name": "m", "relations": {"r": {"type": "referencesMany"}}})", "r"},
};
INSTANTIATE_TEST_SUITE_P(All, DialectFault, ::testing::ValuesIn(faults), [](auto const& p) { return std::string(p.param.name); });

TEST_F(Dialect, GivesEveryModelAKey) {
    define(R"({"name": "plain"})");
    define(R"({"name": "own", "properties": {"code": {"type": "string", "primaryKey": true}}})");
    EXPECT_EQ(made("plain").key(), "id");
    EXPECT_EQ(made("own").key(), "code");
}

TEST_F(Dialect, InheritsThroughAllLevels) {
    define(R"({"name": "root", "properties": {"key": {"type": "any", "primaryKey": true}, "a": "string", "b": "string"}})");
    define(R"({"name": "middle", "base": "root", "properties": {"b": "number", "c": "number"}})");
    define(R"({"name": "leaf", "base": "middle", "properties": {"c": "boolean", "d": "boolean"}})");
    auto const leaf = made("leaf");
    EXPECT_EQ(leaf.key(), "key");
    EXPECT_THAT(names(leaf.fields()), ElementsAre("key", "a", "b", "c", "d"));
    EXPECT_EQ(field(leaf, "b").type.kind, type_kind::number);
    EXPECT_EQ(field(leaf, "c").type.kind, type_kind::boolean);
    EXPECT_EQ(leaf.collection(), "leafs");
}

TEST_F(Dialect, EmbedsModels) {
    define(R"({"name": "street", "properties": {"title": {"type": "string", "columnName": "t", "required": true}}})");
    define(R"({"name": "address", "properties": {"city": {"type": "string", "default": "x", "unique": true, "transform": "trim",
        "validate": {"minLength": 2}}, "street": {"type": "object", "model": "street"}}})");
    define(R"({"name": "user", "properties": {"home": {"type": "object", "model": "address"},
        "others": {"type": "array", "itemType": "object", "itemModel": "address"}}})");
    auto const user = made("user");
    auto const check = [](field_type const& type) {
        ASSERT_EQ(type.fields.size(), 2u);
        EXPECT_EQ(type.extra, extra_keys::allow);
        EXPECT_FALSE(type.fields[0].has_default());
        EXPECT_EQ(type.fields[0].unique, uniqueness::none);
        EXPECT_TRUE(type.fields[0].type.transforms.empty());
        EXPECT_EQ(type.fields[0].type.checks.size(), 1u);
        ASSERT_EQ(type.fields[1].type.fields.size(), 1u);
        EXPECT_EQ(type.fields[1].type.fields[0].column, "t");
        EXPECT_TRUE(type.fields[1].type.fields[0].required);
    };
    check(field(user, "home").type);
    check(*field(user, "others").type.element);
}

TEST_F(Dialect, RefusesModelsThatLeadToThemselves) {
    define(R"({"name": "one", "base": "two"})");
    define(R"({"name": "two", "base": "One"})");
    define(R"({"name": "box", "properties": {"inner": {"type": "object", "model": "box"}}})");
    EXPECT_THROW((void)made("one"), error);
    EXPECT_THROW((void)made("box"), error);
}

} // namespace
} // namespace cormorant
