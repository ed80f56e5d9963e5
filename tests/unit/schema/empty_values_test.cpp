#include "schema_fixture.hpp"

#include <cormorant/schema/preparation.hpp>

namespace cormorant::test {
namespace {

constexpr prepare_options keep_empty{.strip_empty = false};

shared_schema with_table(field_definition field, empty_values table = empty_values::by_type()) {
    return schema::compile(model_definition("items").field("v", std::move(field)).empty_values(std::move(table)));
}

struct emptiness {
    char const* name;
    field_definition field;
    std::vector<char const*> empty;
    std::vector<char const*> given;
};

class empty_by_type : public testing::TestWithParam<emptiness> {};

TEST_P(empty_by_type, do_not_satisfy_required_and_are_not_checked) {
    auto required = GetParam().field;
    required.required = true;
    auto const strict = with_table(required);
    auto const free = with_table(GetParam().field);
    EXPECT_EQ(wrong(*strict, document(), keep_empty), strings{"v required"});
    for (auto const* text : GetParam().empty) {
        EXPECT_EQ(wrong(*strict, doc("v", parse_json(text)), keep_empty), strings{"v required"}) << text;
        EXPECT_EQ(wrong(*free, doc("v", parse_json(text)), keep_empty), strings()) << text;
    }
    for (auto const* text : GetParam().given) {
        EXPECT_EQ(wrong(*strict, doc("v", parse_json(text)), keep_empty), strings()) << text;
    }
}

INSTANTIATE_TEST_SUITE_P(schema, empty_by_type,
    testing::Values(emptiness{"string", string(), {"null", R"("")"}, {R"(" ")", R"("0")"}},
        emptiness{"number", number(), {"null", "0", "0.0", R"({"$numberLong": "0"})"}, {"1", "-1"}},
        emptiness{"boolean", boolean(), {"null"}, {"false", "true"}},
        emptiness{"any", any(), {"null"}, {"0", R"("")", "[]", "{}"}}, emptiness{"array", array_of(), {"null", "[]"}, {"[null]"}},
        emptiness{"object", object(), {"null", "{}"}, {R"({"a": null})"}}),
    case_name);

TEST(empty_values, are_what_is_absent_unless_a_table_says_otherwise) {
    empty_values const plain;
    EXPECT_TRUE(plain.only_absent());
    EXPECT_FALSE(plain.is_empty(type_kind::string, ""));
    EXPECT_TRUE(plain.is_absent_empty(type_kind::string));
    EXPECT_EQ(wrong(*with_field(string().required()), doc("v", ""), keep_empty), strings()) << "as it always was";
}

TEST(empty_values, can_be_set_for_one_type_at_every_depth) {
    auto table = empty_values::by_type();
    table.set(type_kind::object, {doc("a", arr(1))}).set(type_kind::string, {"none"}, false);
    auto const s = schema::compile(
        model_definition("items").field("o", object().required()).field("s", string().required()).empty_values(table));
    EXPECT_EQ(wrong(*s, doc("o", doc("a", arr(1)), "s", "none"), keep_empty), (strings{"o required", "s required"}));
    EXPECT_EQ(wrong(*s, doc("o", document(), "s", ""), keep_empty), strings()) << "the whole set is replaced";
    EXPECT_EQ(wrong(*s, doc("o", document()), keep_empty), strings()) << "what is absent no longer counts";
}

TEST(empty_values, of_keys_of_objects_count_too_but_items_are_always_checked) {
    auto const s = with_table(object().field("k", string().required().min_length(3)).field("l", array_of(string())));
    EXPECT_EQ(wrong(*s, doc("v", doc("k", "")), keep_empty), strings{"v.k required"});
    EXPECT_EQ(wrong(*s, doc("v", doc("k", "abc", "l", arr(nullptr))), keep_empty), strings{"v.l.0 type"});
}

TEST(empty_values, are_replaced_by_defaults) {
    auto const s = with_table(string().default_value("d"));
    for (auto const& given : {document(), doc("v", nullptr), doc("v", "")}) {
        auto d = given;
        s->make(d);
        EXPECT_EQ(d.at("v"), value("d")) << to_json(given);
    }
    auto d = doc("v", "x");
    s->make(d);
    EXPECT_EQ(d.at("v"), value("x"));
}

TEST(empty_values, are_not_given_to_rules) {
    auto const never = [](value const& v) -> value {
        ADD_FAILURE() << "was given " << to_json(v);
        return v;
    };
    auto const s = with_table(string().transform("t", never).check("c", [&](value const& v) {
        never(v);
        return true;
    }));
    EXPECT_EQ(wrong(*s, doc("v", ""), keep_empty), strings());
}

TEST(empty_values, of_updates_are_looked_at_where_they_are_mentioned) {
    auto const s = schema::compile(model_definition("items")
                                       .field("r", string().required())
                                       .field("d", integer().default_value(7))
                                       .field("o", object().field("k", string()))
                                       .empty_values(empty_values::by_type()));
    std::vector<violation> found;
    value good = parse_json(R"({"$set": {"d": 0, "o.k": ""}})");
    s->prepare_delta(good, {}, found);
    EXPECT_TRUE(found.empty());
    EXPECT_EQ(to_json(good), R"({"$set":{"d":7,"o.k":""}})");
    value bad = parse_json(R"({"$set": {"r": ""}})");
    s->prepare_delta(bad, {}, found);
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0].code, errc::required);
    EXPECT_EQ(found[0].path, "r");
}

TEST(faults, are_reported_in_the_order_of_the_data_or_of_the_declaration) {
    auto definition = model_definition("items")
                          .field("a", string().required())
                          .field("b", integer())
                          .field("c", integer().check("odd", [](value const&) { return false; }));
    auto const data = doc("c", 2, "x", 1, "b", "no");
    EXPECT_EQ(wrong(*schema::compile(definition), data), (strings{"c odd", "x unknown_field", "b type", "a required"}));
    definition.faults_as_declared(true);
    EXPECT_EQ(wrong(*schema::compile(definition), data), (strings{"a required", "b type", "c odd", "x unknown_field"}));
}

} // namespace
} // namespace cormorant::test
