#include "schema_fixture.hpp"

namespace cormorant::test {
namespace {

TEST(relations, name_their_keys_by_their_kind) {
    relation_definition const b = belongs_to("author");
    EXPECT_EQ(b.left_key, "authorId");
    EXPECT_EQ(b.right_key, "_id");
    EXPECT_EQ(b.kind, cardinality::single);
    relation_definition const p = belongs_to("owner").polymorphic();
    EXPECT_EQ(p.discriminator, "ownerType");
    EXPECT_TRUE(p.polymorphic);
    relation_definition const own = belongs_to("owner").polymorphic().foreign_key("ref").discriminator("kind");
    EXPECT_EQ(own.left_key, "ref");
    EXPECT_EQ(own.discriminator, "kind");
    relation_definition const many = references_many("categories");
    EXPECT_EQ(many.left_key, "categoryIds");
    EXPECT_EQ(many.kind, cardinality::set);
    relation_definition const has = has_many("posts").model("post").foreign_key("authorId");
    EXPECT_TRUE(has.inverse);
    EXPECT_EQ(has.right_key, "authorId");
    EXPECT_EQ(has.kind, cardinality::set);
    relation_definition const through = has_one("file").polymorphic("owner");
    EXPECT_EQ(through.through, "owner");
    EXPECT_EQ(through.kind, cardinality::single);
}

TEST(relations, add_fields_for_the_references_that_the_document_holds) {
    auto const s = schema::compile(model_definition("m")
                                       .relation(belongs_to("owner").polymorphic())
                                       .relation(references_many("tags"))
                                       .relation(has_many("parts").foreign_key("mId")));
    EXPECT_NE(s->field("ownerId"), nullptr);
    EXPECT_NE(s->field("ownerType"), nullptr);
    EXPECT_EQ(s->field("tagIds")->type.kind, type_kind::any);
    EXPECT_EQ(s->field("mId"), nullptr);
    EXPECT_EQ(s->relation("parts")->left_key, "_id");
    EXPECT_EQ(s->find_virtual("owner")->required_fields, (strings{"ownerId", "ownerType"}));
    EXPECT_EQ(s->find_virtual("parts")->required_fields, strings{"_id"});
}

TEST(relations, of_certain_models_check_the_discriminator) {
    auto const s = schema::compile(model_definition("m").relation(belongs_to("owner").polymorphic().models("a", "b")));
    EXPECT_EQ(wrong(*s, doc("ownerType", "c")), strings{"ownerType one_of"});
    EXPECT_EQ(wrong(*s, doc("ownerType", "a")), strings());
}

struct wrong_relation {
    char const* name;
    relation_definition relation;
    char const* message;
};

class wrong_relations : public testing::TestWithParam<wrong_relation> {};

TEST_P(wrong_relations, are_refused_with_the_reason) {
    auto const e = caught([] { schema::compile(model_definition("m").relation(GetParam().relation)); });
    EXPECT_EQ(e.code(), errc::definition);
    EXPECT_EQ(e.details().model, "m");
    EXPECT_EQ(e.details().path, GetParam().relation.name);
    EXPECT_NE(e.message().find(GetParam().message), std::string::npos) << e.message();
}

INSTANTIATE_TEST_SUITE_P(schema, wrong_relations,
    testing::Values(wrong_relation{"inverse_without_key", has_many("a"), "foreign key has to be named"},
        wrong_relation{"inverse_required", has_one("a").foreign_key("b").required(), "cannot be required"},
        wrong_relation{"polymorphic_without_discriminator", has_one("a").polymorphic().foreign_key("b"), "discriminator"},
        wrong_relation{"through_with_keys", has_one("a").polymorphic("b").foreign_key("c"), "cannot be given"},
        wrong_relation{"through_on_the_wrong_side", belongs_to("a").polymorphic("b"), "only a relationship"},
        wrong_relation{"key_of_its_own_name", belongs_to("a").foreign_key("a"), "must differ"},
        wrong_relation{"without_model", has_many("a").foreign_key("b").model(""), "name of its model"}),
    [](auto const& p) { return p.param.name; });

TEST(singular, knows_the_plain_rules) {
    for (auto const& [plural, one] : {std::pair("categories", "category"), {"boxes", "box"}, {"matches", "match"},
             {"dishes", "dish"}, {"classes", "class"}, {"users", "user"}, {"address", "address"}, {"status", "status"},
             {"statuses", "status"}, {"s", "s"}, {"data", "data"}, {"houses", "house"}}) {
        EXPECT_EQ(singular(plural), one) << plural;
    }
}

} // namespace
} // namespace cormorant::test
