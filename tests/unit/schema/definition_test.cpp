#include "schema_fixture.hpp"

namespace cormorant::test {
namespace {

strings field_names(schema const& s) {
    strings result;
    for (auto const& f : s.fields()) {
        result.push_back(f.name);
    }
    return result;
}

TEST(schema_compile, every_model_has_an_id_a_reserved_object_and_the_text_of_its_id) {
    auto const s = schema::compile(model_definition("items"));
    EXPECT_EQ(s->name(), "items");
    EXPECT_EQ(s->collection(), "items");
    EXPECT_EQ(field_names(*s), (strings{"_id", "_ml"}));
    EXPECT_EQ(s->field("_id")->type.kind, type_kind::object_id);
    EXPECT_EQ(s->field("_ml")->type.kind, type_kind::object);
    ASSERT_NE(s->find_virtual("id"), nullptr);
    EXPECT_EQ(s->find_virtual("id")->required_fields, strings{"_id"});
}

TEST(schema_compile, a_later_declaration_takes_the_place_of_the_earlier) {
    auto const s = schema::compile(
        model_definition("items").field("a", string()).field("b", string()).field("a", number()).field("_id", string()));
    EXPECT_EQ(field_names(*s), (strings{"_id", "_ml", "a", "b"}));
    EXPECT_EQ(s->field("a")->type.kind, type_kind::number);
    EXPECT_EQ(s->field("_id")->type.kind, type_kind::string);
    EXPECT_FALSE(s->field("_id")->has_default());
}

TEST(schema_compile, a_field_id_takes_the_place_of_the_virtual) {
    auto const s = schema::compile(model_definition("items").field("id", integer()));
    EXPECT_EQ(s->find_virtual("id"), nullptr);
    EXPECT_EQ(wrong(*s, doc("id", 5)), strings());
}

TEST(schema_compile, a_relationship_adds_its_reference_and_a_virtual) {
    auto const s = schema::compile(model_definition("posts")
                                       .relation(single("author").model("authors").required())
                                       .relation(multiple("tags").left_key("labels").right_key("slug").right_key_type(string()))
                                       .relation(multiple("parts").models("a", "b")));
    EXPECT_EQ(field_names(*s), (strings{"_id", "_ml", "author_id", "labels", "parts_ids"}));
    EXPECT_TRUE(s->field("author_id")->required);
    EXPECT_EQ(s->field("author_id")->type.kind, type_kind::object_id);
    EXPECT_EQ(s->field("labels")->type.element->kind, type_kind::string);
    EXPECT_EQ(s->type_at("parts_ids.0.modelName")->one_of, (std::vector<value>{"a", "b"}));
    ASSERT_NE(s->find_virtual("author"), nullptr);
    EXPECT_TRUE(s->find_virtual("author")->writable);
    EXPECT_EQ(s->find_virtual("author")->required_fields, strings{"author_id"});
    EXPECT_EQ(s->find_virtual("author")->required_hooks, strings{"afterFind_author"});
    EXPECT_EQ(s->relation("tags")->model, "tags");
    EXPECT_EQ(s->relation("author_id"), nullptr);
}

TEST(schema_compile, polymorphic_references_are_validated) {
    auto const s =
        schema::compile(model_definition("posts").relation(single("owner").models()).relation(multiple("parts").models("tags")));
    object_id const id;
    EXPECT_EQ(wrong(*s, doc("owner_id", doc("id", id))), strings{"owner_id.modelName required"});
    EXPECT_EQ(wrong(*s, doc("owner_id", doc("id", "x", "modelName", "any"))), strings{"owner_id.id type"});
    EXPECT_EQ(wrong(*s, doc("parts_ids", arr(doc("id", id, "modelName", "tags"), doc("id", id, "modelName", "other")))),
        strings{"parts_ids.1.modelName one_of"});
}

TEST(schema_compile, a_reference_that_the_model_declares_itself_stays) {
    auto const s = schema::compile(model_definition("posts").field("author_id", string().required()).relation(single("author")));
    EXPECT_EQ(s->field("author_id")->type.kind, type_kind::string);
}

TEST(schema_compile, compiling_a_completed_definition_again_changes_nothing) {
    auto const once = schema::compile(model_definition("posts").field("a", string()).relation(single("author")));
    auto const twice = schema::compile(once->definition());
    EXPECT_EQ(field_names(*twice), field_names(*once));
    EXPECT_EQ(twice->virtuals().size(), once->virtuals().size());
}

TEST(schema_compile, keeps_all_else_that_was_declared) {
    auto definition = model_definition("posts")
                          .collection("blog")
                          .hook("beforeFind", "one", [](before_find_args&) {})
                          .hook(
                              "beforeFind", "two", [](before_find_args&) {}, required)
                          .default_hooks(operation_kind::find, "beforeFind_one", "author.afterFind_image")
                          .index(doc("a", 1), doc("unique", true))
                          .option("soft_delete", true)
                          .view_on("source", arr(doc("$match", doc("on", true))))
                          .document_method("m", [](model_document&, array const&) { return value(1); });
    auto const s = schema::compile(definition);
    EXPECT_EQ(s->collection(), "blog");
    ASSERT_EQ(s->definition().hooks().size(), 2U);
    EXPECT_TRUE(s->definition().hooks()[1].required);
    EXPECT_EQ(s->definition().default_hooks(operation_kind::find).size(), 2U);
    EXPECT_TRUE(s->definition().default_hooks(operation_kind::count).empty());
    EXPECT_EQ(s->definition().indexes().at(0).options, doc("unique", true));
    EXPECT_EQ(s->definition().options(), doc("soft_delete", true));
    EXPECT_EQ(s->definition().view_on(), "source");
    EXPECT_NE(s->document_method("m"), nullptr);
    EXPECT_EQ(s->document_method("n"), nullptr);
    EXPECT_EQ(s->model_method("m"), nullptr);
}

TEST(schema_compile, a_hook_of_the_same_type_and_name_is_replaced) {
    model_definition definition("posts");
    definition.hook("beforeFind", "a", [](before_find_args&) {});
    definition.hook("afterFind", "a", [](after_find_args&) {});
    definition.hook(
        "beforeFind", "a", [](before_find_args&) {}, required);
    ASSERT_EQ(definition.hooks().size(), 2U);
    EXPECT_TRUE(definition.hooks()[0].required);
}

TEST(schema_compile, knows_the_type_at_a_path) {
    auto const s = schema::compile(model_definition("items").field("rows", array_of(object().field("k", map_of(date())))));
    EXPECT_EQ(s->type_at("rows")->kind, type_kind::array);
    EXPECT_EQ(s->type_at("rows.3.k.any")->kind, type_kind::date);
    EXPECT_EQ(s->type_at("rows.k"), nullptr);
    EXPECT_EQ(s->type_at("nope"), nullptr);
    EXPECT_EQ(s->type_at("id"), nullptr);
}

TEST(schema_compile, neighbours_can_be_changed_without_compiling_again) {
    auto const alone = schema::compile(model_definition("a"));
    EXPECT_EQ(alone->related("b"), nullptr);
    auto const b = schema::compile(model_definition("b"));
    auto const linked = alone->with_related([b](std::string_view name) { return name == "b" ? b : nullptr; });
    EXPECT_EQ(linked->related("b"), b);
    EXPECT_EQ(&linked->fields(), &alone->fields());
}

struct bad_definition {
    char const* name;
    model_definition definition;
    char const* path;
};

class bad_definitions : public testing::TestWithParam<bad_definition> {};

TEST_P(bad_definitions, name_model_and_property) {
    auto const e = caught([&] { schema::compile(GetParam().definition); });
    EXPECT_EQ(e.code(), errc::definition);
    EXPECT_EQ(e.details().model, GetParam().definition.name());
    EXPECT_EQ(e.details().path, GetParam().path);
}

value nothing(model_document&) {
    return {};
}

INSTANTIATE_TEST_SUITE_P(schema, bad_definitions,
    testing::Values(bad_definition{"no_name", model_definition(""), ""},
        bad_definition{"no_collection", model_definition("m").collection(""), ""},
        bad_definition{"field_without_name", model_definition("m").field("", string()), ""},
        bad_definition{"field_with_a_dot", model_definition("m").field("a.b", string()), "a.b"},
        bad_definition{"field_with_a_dollar", model_definition("m").field("$a", string()), "$a"},
        bad_definition{
            "virtual_and_field", model_definition("m").field("a", string()).virtual_field(virtual_field("a").get(nothing)), "a"},
        bad_definition{
            "relationship_and_field", model_definition("m").field("author", string()).relation(single("author")), "author"},
        bad_definition{"method_and_virtual",
            model_definition("m").document_method("id", [](model_document&, array const&) { return value(); }), "id"},
        bad_definition{"virtual_without_functions", model_definition("m").virtual_field(virtual_field("v")), "v"},
        bad_definition{
            "writable_virtual_with_getter", model_definition("m").virtual_field(virtual_field("v").writable().get(nothing)), "v"},
        bad_definition{"relationship_without_model", model_definition("m").relation(single("r").model("")), "r"},
        bad_definition{"relationship_on_itself", model_definition("m").relation(single("r").left_key("r")), "r"},
        bad_definition{"relationship_without_right_key", model_definition("m").relation(single("r").right_key("")), "r"},
        bad_definition{"index_without_keys", model_definition("m").index(document()), "indexes"},
        bad_definition{"pipeline_without_view", model_definition("m").view_on("", arr(doc("$match", document()))), "pipeline"},
        bad_definition{"document_method_without_function", model_definition("m").document_method("x", nullptr), "x"},
        bad_definition{"model_method_without_function", model_definition("m").model_method("x", nullptr), "x"}),
    case_name);

TEST(model_definition, refuses_hooks_of_unknown_types_and_handlers_of_other_types) {
    model_definition definition("m");
    EXPECT_EQ(caught([&] { definition.hook("beforeFnid", "a", [](hook_args&) {}); }).code(), errc::definition);
    EXPECT_EQ(caught([&] { definition.hook("beforeFind", "a", [](after_find_args&) {}); }).code(), errc::definition);
}

} // namespace
} // namespace cormorant::test
