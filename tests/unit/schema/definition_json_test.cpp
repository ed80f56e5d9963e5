#include "schema_fixture.hpp"

#include <cormorant/schema/registry.hpp>

#include <filesystem>
#include <fstream>

namespace cormorant::test {
namespace {

function_registry functions() {
    function_registry result;
    result.add_default("prefix", [](document const& spec) -> default_function {
        return [text = std::string(spec.at("text").as_string())](
                   default_context& c) { return value(text + std::string(c.field())); };
    });
    result.add_getter("text", [](document const& spec) -> getter_function {
        return [key = std::string(spec.at("key").as_string())](
                   model_document& d) -> std::optional<value> { return value(d.text(key)); };
    });
    result.add_setter("into", [](document const& spec) -> setter_function {
        return [key = std::string(spec.at("key").as_string())](model_document& d, value v) { d.set(key, std::move(v)); };
    });
    result.add_validator("even", [](document const&) -> check_function {
        return [](value const& v) { return v.as_int64() % 2 == 0 ? std::nullopt : std::optional<std::string>("must be even"); };
    });
    result.add_hook("nothing", [](document const&) { return hook_handler([](hook_args&) {}); });
    result.add_document_method("one",
        [](document const&) -> document_method_function { return [](model_document&, array const&) { return value(1); }; });
    result.add_model_method("none", [](document const&) -> model_method_function {
        return [](model&, array) -> boost::asio::awaitable<value> { co_return value(); };
    });
    result.add_init("label", [](document const&) -> init_function { return [](model_document& d) { d.set("label", "made"); }; });
    return result;
}

constexpr auto full = R"({
    "name": "post", "collection": "posts", "deleteExtraKeys": true,
    "fields": [
        {"name": "title", "validation": {"type": "string", "min": 2, "max": 4, "enum": ["ab", "abc"], "regex": {"$regularExpression": {"pattern": "^a", "options": "i"}}}, "required": true},
        {"name": "n", "validation": {"type": "number", "min": 0, "custom": [{"label": "even", "fn": {"$fn": "even"}}]}, "default": 4},
        {"name": "at", "validation": {"type": "date"}, "default": {"$fn": "now"}},
        {"name": "label", "validation": {"type": "string"}, "default": {"$fn": "prefix", "text": "x"}},
        {"name": "ref", "validation": {"type": "class", "class": "ObjectId"}},
        {"name": "cached", "persist": false, "toJSON": false},
        {"name": "rows", "validation": {"type": "array", "max": 5, "schema": {"type": "object", "allowExtraKeys": false, "schema": [
            {"name": "k", "type": "string", "required": true, "max": 3}, {"name": "d", "type": "integer", "default": 0}]}}},
        {"name": "langs", "validation": {"type": "indexObject", "deleteExtraKeys": true, "schema": [{"name": "title", "type": "string"}]}},
        {"name": "counts", "validation": {"type": "indexObject", "schema": {"type": "number"}}},
        {"name": "flag", "validation": {"type": "boolean"}}
    ],
    "virtuals": [
        {"name": "alias", "get": {"$fn": "text", "key": "title"}, "set": {"$fn": "into", "key": "title"}, "enumerable": false, "cache": true, "requiredFields": ["title"], "requiredHooks": ["afterFind_h"]},
        {"name": "ref_text", "type": "idToString", "options": {"key": "ref"}},
        {"name": "rows_json", "type": "jsonToObject", "options": {"key": "rows"}},
        {"name": "bag", "writable": true}
    ],
    "relationships": [
        {"name": "author", "type": "single", "modelName": "authors", "required": true, "hookRequired": true},
        {"name": "tags", "type": "multiple", "leftKey": "slugs", "rightKey": "slug", "rightKeyValidation": {"type": "string"}},
        {"name": "parts", "type": "multiple", "multipleTypes": true},
        {"name": "owner", "type": "single", "multipleTypes": ["authors"]}
    ],
    "hooks": [{"name": "h", "type": "afterFind", "required": true, "handler": [{"action": "nothing"}, {"action": "nothing"}]}],
    "defaultHooks": {"find": ["afterFind_author", {"name": "afterFind_tags", "args": {"fields": {"slug": 1}}}]},
    "indexes": [{"keys": {"title": 1}, "options": {"unique": true}}],
    "documentMethods": [{"name": "uno", "handler": {"$fn": "one"}}],
    "modelMethods": [{"name": "none", "handler": {"$fn": "none"}}],
    "onInit": {"$fn": "label"},
    "options": {"soft_delete": true}
})";

TEST(definition_in_json, says_all_that_the_fluent_form_can_say) {
    auto const s = schema::compile(model_definition::parse(full, functions()));
    auto const& d = s->definition();
    EXPECT_EQ(s->name(), "post");
    EXPECT_EQ(s->collection(), "posts");
    EXPECT_EQ(d.extra_keys(), extra_keys::remove);
    EXPECT_EQ(s->field("title")->type.max_size, 4);
    EXPECT_EQ(s->field("title")->type.pattern, (regex{"^a", "i"}));
    EXPECT_TRUE(s->field("title")->required);
    EXPECT_FALSE(s->field("cached")->persist);
    EXPECT_FALSE(s->field("cached")->to_json);
    EXPECT_EQ(s->field("cached")->type.kind, type_kind::any);
    EXPECT_EQ(s->type_at("rows.0")->extra, extra_keys::refuse);
    EXPECT_EQ(s->type_at("rows.0.k")->max_size, 3);
    EXPECT_EQ(s->type_at("langs.en")->extra, extra_keys::remove);
    EXPECT_EQ(s->type_at("langs.en.title")->kind, type_kind::string);
    EXPECT_EQ(s->type_at("counts.x")->kind, type_kind::number);
    EXPECT_FALSE(s->find_virtual("alias")->enumerable);
    EXPECT_TRUE(s->find_virtual("alias")->cache);
    EXPECT_EQ(s->find_virtual("alias")->required_hooks, strings{"afterFind_h"});
    EXPECT_TRUE(s->relation("author")->hook_required);
    EXPECT_EQ(s->relation("tags")->right_key, "slug");
    EXPECT_EQ(s->field("slugs")->type.element->kind, type_kind::string);
    EXPECT_TRUE(s->relation("parts")->polymorphic);
    EXPECT_EQ(s->relation("owner")->models, strings{"authors"});
    ASSERT_EQ(d.hooks().size(), 1U);
    EXPECT_TRUE(d.hooks()[0].required);
    auto const& requests = d.default_hooks(operation_kind::find);
    ASSERT_EQ(requests.size(), 2U);
    EXPECT_EQ(requests[1], hook_request("afterFind_tags", doc("fields", doc("slug", 1))));
    EXPECT_EQ(d.indexes().at(0).keys, doc("title", 1));
    EXPECT_NE(s->model_method("none"), nullptr);
    EXPECT_EQ(d.options(), doc("soft_delete", true));

    document data = doc("_id", object_id(), "alias", "abc", "author_id", object_id(), "rows", arr(doc("k", "a")), "extra", 1);
    auto const result = stored(*s, data);
    EXPECT_EQ(result.at("title"), value("abc"));
    EXPECT_EQ(result.at("n"), value(4));
    EXPECT_EQ(result.at("label"), value("made"));
    EXPECT_TRUE(result.at("at").is_date());
    EXPECT_EQ(result.at("rows"), value(arr(doc("k", "a", "d", 0))));
    EXPECT_FALSE(result.contains("extra"));
    EXPECT_EQ(wrong(*s, doc("title", "abc", "author_id", object_id(), "n", 3)), strings{"n even"});
}

TEST(definition_in_json, takes_the_collection_as_name) {
    EXPECT_EQ(model_definition::parse(R"({"collection": "items"})").name(), "items");
}

TEST(definition_in_json, describes_views) {
    auto const d =
        model_definition::parse(R"({"collection": "live", "viewOn": "items", "pipeline": [{"$match": {"on": true}}]})");
    EXPECT_EQ(d.view_on(), "items");
    EXPECT_EQ(d.pipeline(), arr(doc("$match", doc("on", true))));
}

struct bad_json {
    char const* name;
    char const* text;
    char const* path;
    char const* value = "";
};

class bad_definitions_in_json : public testing::TestWithParam<bad_json> {};

TEST_P(bad_definitions_in_json, name_path_and_value) {
    auto const& p = GetParam();
    auto const e = caught([&] { model_definition::parse(p.text, functions()); });
    EXPECT_EQ(e.code(), errc::definition) << e.what();
    EXPECT_EQ(e.details().path, p.path) << e.what();
    EXPECT_EQ(e.details().value, p.value) << e.what();
}

INSTANTIATE_TEST_SUITE_P(schema, bad_definitions_in_json,
    testing::Values(bad_json{"no_collection", R"({"fields": []})", "collection"},
        bad_json{"collection_of_wrong_type", R"({"collection": 5})", "collection", "5"},
        bad_json{"switch_of_wrong_type", R"({"collection": "x", "allowExtraKeys": "yes"})", "allowExtraKeys", "\"yes\""},
        bad_json{"unknown_key", R"({"collection": "x", "feilds": []})", "feilds", "[]"},
        bad_json{"fields_of_wrong_type", R"({"collection": "x", "fields": {}})", "fields", "{}"},
        bad_json{"field_of_wrong_type", R"({"collection": "x", "fields": [5]})", "fields.0", "5"},
        bad_json{"field_without_name", R"({"collection": "x", "fields": [{}]})", "fields.0.name"},
        bad_json{"unknown_key_of_a_field", R"({"collection": "x", "fields": [{"name": "a"}, {"name": "b", "requierd": true}]})",
            "fields.1.requierd", "true"},
        bad_json{"unknown_rule", R"({"collection": "x", "fields": [{"name": "a", "validation": {"type": "string", "mx": 1}}]})",
            "fields.0.validation.mx", "1"},
        bad_json{"rule_of_another_type",
            R"({"collection": "x", "fields": [{"name": "a", "validation": {"type": "boolean", "max": 1}}]})",
            "fields.0.validation.max", "1"},
        bad_json{"rule_of_wrong_type",
            R"({"collection": "x", "fields": [{"name": "a", "validation": {"type": "string", "max": "1"}}]})",
            "fields.0.validation.max", "\"1\""},
        bad_json{"inner_rule",
            R"({"collection": "x", "fields": [{"name": "a", "validation": {"type": "array", "schema": {"type": "object", "schema": [{"name": "k", "type": "number", "min": true}]}}}]})",
            "fields.0.validation.schema.schema.0.min", "true"},
        bad_json{"unknown_default", R"({"collection": "x", "fields": [{"name": "a", "default": {"$fn": "nope"}}]})",
            "fields.0.default", R"({"$fn":"nope"})"},
        bad_json{"unknown_validator",
            R"({"collection": "x", "fields": [{"name": "a", "validation": {"type": "any", "custom": [{"label": "l", "fn": {"$fn": "nope"}}]}}]})",
            "fields.0.validation.custom.0.fn", R"({"$fn":"nope"})"},
        bad_json{"virtual_type", R"({"collection": "x", "virtuals": [{"name": "a", "type": "upper", "options": {"key": "k"}}]})",
            "virtuals.0.type", "\"upper\""},
        bad_json{"virtual_without_key",
            R"({"collection": "x", "virtuals": [{"name": "a", "type": "idToString", "options": {}}]})", "virtuals.0.options.key"},
        bad_json{"virtual_with_type_and_getter",
            R"({"collection": "x", "virtuals": [{"name": "a", "type": "idToString", "options": {"key": "k"}, "get": {"$fn": "text", "key": "k"}}]})",
            "virtuals.0.type", "\"idToString\""},
        bad_json{"required_fields",
            R"({"collection": "x", "virtuals": [{"name": "a", "writable": true, "requiredFields": [1]}]})",
            "virtuals.0.requiredFields", "[1]"},
        bad_json{"relationship_type", R"({"collection": "x", "relationships": [{"name": "a", "type": "many"}]})",
            "relationships.0.type", "\"many\""},
        bad_json{"hook_type",
            R"({"collection": "x", "hooks": [{"name": "h", "type": "beforeFnid", "handler": {"action": "nothing"}}]})",
            "hooks.0.type", "\"beforeFnid\""},
        bad_json{
            "hook_without_handler", R"({"collection": "x", "hooks": [{"name": "h", "type": "beforeFind"}]})", "hooks.0.handler"},
        bad_json{"hook_action",
            R"({"collection": "x", "hooks": [{"name": "h", "type": "beforeFind", "handler": [{"action": "nope"}]}]})",
            "hooks.0.handler", R"([{"action":"nope"}])"},
        bad_json{"default_hooks_of_unknown_operation", R"({"collection": "x", "defaultHooks": {"fnid": []}})",
            "defaultHooks.fnid", "[]"},
        bad_json{"default_hooks", R"({"collection": "x", "defaultHooks": {"find": "afterFind_a"}})", "defaultHooks.find",
            "\"afterFind_a\""},
        bad_json{"index_without_keys", R"({"collection": "x", "indexes": [{"options": {}}]})", "indexes.0.keys"},
        bad_json{"method", R"({"collection": "x", "documentMethods": [{"name": "m", "handler": {"$fn": "nope"}}]})",
            "documentMethods.0.handler", R"({"$fn":"nope"})"},
        bad_json{"init", R"({"collection": "x", "onInit": {"action": "a"}})", "onInit", R"({"action":"a"})"},
        bad_json{"pipeline_without_view", R"({"collection": "x", "pipeline": []})", "viewOn"}),
    case_name);

TEST(definition_in_json, names_the_model) {
    auto const e = caught([] { model_definition::parse(R"({"name": "post", "collection": "x", "wrong": 1})"); });
    EXPECT_EQ(e.details().model, "post");
}

TEST(definition_in_json, text_that_is_no_json_is_an_error_of_its_own) {
    EXPECT_EQ(caught([] { model_definition::parse("{"); }).code(), errc::bad_json);
}

TEST(definition_in_a_file, is_read_and_named_in_errors) {
    auto const folder = std::filesystem::temp_directory_path() / ("cormorant_" + object_id::generate().to_string());
    std::filesystem::create_directory(folder);
    auto const file = folder / "post.json";
    std::ofstream(file) << R"({"collection": "posts"})";
    EXPECT_EQ(load_model_definition(file).name(), "posts");
    std::ofstream(file) << R"({"collection": "posts", "x": 1})";
    auto const e = caught([&] { load_model_definition(file); });
    EXPECT_EQ(e.code(), errc::definition);
    EXPECT_EQ(e.details().path, "x");
    EXPECT_NE(e.message().find("post.json"), std::string::npos);
    std::filesystem::remove_all(folder);
    EXPECT_EQ(caught([&] { load_model_definition(file); }).code(), errc::bad_file);
}

TEST(definition_in_json, knows_keys_columns_rules_and_empty_values) {
    auto const d = model_definition::parse(R"({
        "collection": "members",
        "primaryKey": {"name": "code", "validation": {"type": "string"}, "required": true},
        "fields": [
            {"name": "mail", "column": "m", "unique": "sparse",
             "validation": {"type": "string", "transform": ["trim"], "validate": {"minLength": 2, "even": null}}},
            {"name": "a", "unique": true}, {"name": "b", "unique": "strict"}, {"name": "c", "unique": false}, {"name": "d", "unique": "nonUnique"},
            {"name": "o", "validation": {"type": "object", "schema": [{"name": "k", "column": "x", "type": "string", "transform": "toUpperCase"}]}},
            {"name": "l", "validation": {"type": "array", "schema": {"type": "string", "validate": "isEmail"}}}
        ],
        "emptyValues": {"string": ["", "none"]}, "faultsAsDeclared": true, "textForms": true
    })",
        functions());
    EXPECT_EQ(d.key(), "code");
    EXPECT_TRUE(d.text_forms());
    EXPECT_TRUE(d.faults_as_declared());
    EXPECT_TRUE(d.empty_values().is_empty(type_kind::string, "none"));
    EXPECT_FALSE(d.empty_values().is_empty(type_kind::string, nullptr)) << "the set of a type is replaced";
    EXPECT_TRUE(d.empty_values().is_empty(type_kind::array, array())) << "others are by type";
    auto const s = schema::compile(d);
    auto const& mail = *s->field("mail");
    EXPECT_EQ(mail.column, "m");
    EXPECT_EQ(mail.unique, uniqueness::sparse);
    ASSERT_EQ(mail.type.checks.size(), 2U);
    EXPECT_EQ(mail.type.checks[0].label, "minLength");
    EXPECT_EQ(mail.type.checks[0].argument, value(2));
    EXPECT_EQ(mail.type.transforms.at(0).label, "trim");
    EXPECT_EQ(s->field("a")->unique, uniqueness::strict);
    EXPECT_EQ(s->field("b")->unique, uniqueness::strict);
    EXPECT_EQ(s->field("c")->unique, uniqueness::none);
    EXPECT_EQ(s->field("d")->unique, uniqueness::none);
    auto good = stored(*s, json(R"({"code": "1", "o": {"k": "a"}, "l": ["a@b.de"]})"));
    EXPECT_EQ(to_json(good.at("o")), R"({"k":"A"})");
    EXPECT_EQ(wrong(*s, json(R"({"code": "1", "l": ["x"]})")), strings{"l.0 isEmail"});
}

TEST(definition_in_json, knows_all_kinds_of_relationships) {
    auto const d = model_definition::parse(R"({"collection": "m", "relationships": [
        {"name": "a", "type": "belongsTo", "modelName": "x", "foreignKey": "ref"},
        {"name": "b", "type": "belongsTo", "polymorphic": true, "discriminator": "kind"},
        {"name": "c", "type": "hasOne", "polymorphic": "owner"},
        {"name": "ds", "type": "hasMany", "foreignKey": "mId"},
        {"name": "es", "type": "referencesMany"}]})");
    auto const& r = d.relations();
    ASSERT_EQ(r.size(), 5U);
    EXPECT_EQ(r[0].left_key, "ref");
    EXPECT_EQ(r[0].model, "x");
    EXPECT_EQ(r[1].discriminator, "kind");
    EXPECT_EQ(r[2].through, "owner");
    EXPECT_EQ(r[3].right_key, "mId");
    EXPECT_TRUE(r[3].inverse);
    EXPECT_EQ(r[4].left_key, "eIds");
}

struct wrong_json {
    char const* name;
    char const* text;
    char const* path;
};

class wrong_definitions : public testing::TestWithParam<wrong_json> {};

TEST_P(wrong_definitions, say_where) {
    auto const e = caught([] { model_definition::parse(GetParam().text); });
    EXPECT_EQ(e.code(), errc::definition);
    EXPECT_EQ(e.details().path, GetParam().path);
}

INSTANTIATE_TEST_SUITE_P(schema, wrong_definitions,
    testing::Values(
        wrong_json{"unique", R"({"collection": "m", "fields": [{"name": "a", "unique": "maybe"}]})", "fields.0.unique"},
        wrong_json{"transform",
            R"({"collection": "m", "fields": [{"name": "a", "validation": {"type": "any", "transform": 5}}]})",
            "fields.0.validation.transform"},
        wrong_json{"validator",
            R"({"collection": "m", "fields": [{"name": "a", "validation": {"type": "any", "validate": "none"}}]})",
            "fields.0.validation.validate"},
        wrong_json{
            "column_of_the_key", R"({"collection": "m", "primaryKey": {"name": "a", "column": "b"}})", "primaryKey.column"},
        wrong_json{"empty_values", R"({"collection": "m", "emptyValues": {"text": []}})", "emptyValues.text"},
        wrong_json{
            "relation", R"({"collection": "m", "relationships": [{"name": "a", "type": "hasAll"}]})", "relationships.0.type"}),
    case_name);

} // namespace
} // namespace cormorant::test
