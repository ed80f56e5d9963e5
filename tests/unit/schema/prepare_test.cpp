#include "schema_fixture.hpp"

namespace cormorant::test {
namespace {

object_id const id1("000000000000000000000001");

TEST(schema_make, fills_defaults_in_the_order_of_fields_and_lets_functions_see_the_earlier_ones) {
    auto const joined = [](default_context& c) {
        auto const text = [&](char const* path) { return std::string(c.get(path).value_or(value("-")).as_string()); };
        return c.field() == "b" ? value("b:" + text("a") + text("z") + text("given")) : value(text("b"));
    };
    auto const s = schema::compile(model_definition("items")
                                       .field("a", string().default_value("A"))
                                       .field("b", string().default_with(joined))
                                       .field("z", string().default_value("Z"))
                                       .field("given", string())
                                       .field("nested", object().field("b", string().default_with(joined))));
    auto d = doc("_id", id1, "given", "G", "nested", document());
    s->make(d);
    EXPECT_EQ(d, doc("_id", id1, "given", "G", "nested", document(), "a", "A", "b", "b:A-G", "z", "Z"));
}

TEST(schema_make, gives_every_document_an_id_of_its_own) {
    auto const s = schema::compile(model_definition("items"));
    document a;
    document b;
    s->make(a);
    s->make(b);
    EXPECT_TRUE(a.at("_id").is_object_id());
    EXPECT_NE(a.at("_id"), b.at("_id"));
}

TEST(schema_make, null_is_a_value_and_blocks_the_default) {
    auto const s = with_field(string().default_value("d"));
    auto d = doc("_id", id1, "v", nullptr);
    s->make(d);
    EXPECT_EQ(d, doc("_id", id1, "v", nullptr));
}

TEST(schema_make, without_defaults_leaves_absent_fields_absent_and_still_runs_on_init) {
    auto const s =
        schema::compile(model_definition("items").field("v", string().default_value("d")).on_init([](model_document& d) {
            d.set("label", "<" + d.text("v") + ">");
        }));
    auto read = doc("_id", id1);
    s->make(read, {.fill_defaults = false});
    EXPECT_EQ(read, doc("_id", id1, "label", "<>"));
    auto made = doc("_id", id1);
    s->make(made);
    EXPECT_EQ(made, doc("_id", id1, "v", "d", "label", "<d>"));
}

TEST(schema_make, defaults_that_are_objects_are_copies_with_their_own_inner_defaults) {
    auto const s =
        with_field(object().field("state", string().default_value("new")).field("l", array_of()).default_value(document()));
    document a;
    document b;
    s->make(a);
    s->make(b);
    EXPECT_EQ(a.at("v"), value(doc("state", "new")));
    a.at("v").as_document().set("state", "changed");
    EXPECT_EQ(b.at("v"), value(doc("state", "new")));
}

TEST(schema_make, inner_defaults_of_a_default_are_filled_at_every_depth) {
    auto const row =
        object().field("n", integer().default_value(0)).field("deep", object().field("d", integer().default_value(1)));
    auto const s = with_field(array_of(row).default_value(arr(document(), doc("n", 5, "deep", document()))));
    document d;
    s->make(d);
    EXPECT_EQ(d.at("v"), value(arr(doc("n", 0), doc("n", 5, "deep", doc("d", 1)))));
}

shared_schema person() {
    return schema::compile(model_definition("people")
                               .field("first", string())
                               .field("last", string())
                               .virtual_field(virtual_field("full")
                                                  .get([](model_document& d) { return d.text("first") + ' ' + d.text("last"); })
                                                  .set([](model_document& d, value v) {
                                                      auto const text = std::string(v.as_string());
                                                      auto const space = text.find(' ');
                                                      d.set("first", text.substr(0, space));
                                                      d.set("last", text.substr(space + 1));
                                                  }))
                               .virtual_field(virtual_field("loud").get([](model_document& d) { return d.text("first") + '!'; }))
                               .virtual_field(virtual_field("extra").writable())
                               .document_method("shout", [](model_document& d, array const&) { return value(d.text("loud")); })
                               .relation(single("friend").model("people")));
}

TEST(schema_make, setters_run_in_the_order_of_the_data) {
    auto const s = person();
    auto d = json(R"({"last": "Old", "full": "Bob Ray", "first": "Eve"})");
    s->make(d);
    d.erase("_id");
    EXPECT_EQ(d, doc("last", "Ray", "first", "Eve"));
}

TEST(schema_make, drops_what_cannot_be_set_and_methods_and_keeps_what_is_writable) {
    auto const s = person();
    auto d = json(R"({"first": "a", "loud": "ignored", "shout": 1, "extra": 5, "friend": {"first": "b"}})");
    s->make(d);
    d.erase("_id");
    EXPECT_EQ(d, doc("first", "a", "extra", 5, "friend", doc("first", "b")));
}

TEST(schema_make, the_text_id_becomes_the_object_id) {
    auto const s = schema::compile(model_definition("items"));
    auto d = doc("id", "000000000000000000000001");
    s->make(d);
    EXPECT_EQ(d, doc("_id", id1));
    auto bad = doc("id", "xyz");
    auto const e = caught([&] { s->make(bad); });
    EXPECT_EQ(e.code(), errc::invalid_argument);
    EXPECT_EQ(e.details().path, "id");
    EXPECT_EQ(e.details().value, "\"xyz\"");
}

TEST(schema_write, drops_virtuals_methods_and_fields_that_are_not_persisted) {
    auto const s = schema::compile(model_definition("items")
                                       .field("a", string())
                                       .field("cached", any().persist(false).required())
                                       .virtual_field(virtual_field("w").writable())
                                       .relation(single("author")));
    EXPECT_EQ(stored(*s, doc("_id", id1, "cached", 1, "a", "x", "w", 2, "author_id", id1, "author", doc("name", "Ann"))),
        doc("_id", id1, "a", "x", "author_id", id1));
    EXPECT_EQ(wrong(*s, doc("_id", id1)), strings{"cached required"});
}

TEST(schema_write, keeps_every_type_of_bson_as_it_is) {
    auto const d = json(R"({"_id": {"$oid": "000000000000000000000001"}, "v": {
        "dec": {"$numberDecimal": "1.10"}, "bin": {"$binary": {"base64": "AAA=", "subType": "04"}}, "long": {"$numberLong": "5"},
        "ts": {"$timestamp": {"t": 1, "i": 2}}, "re": {"$regularExpression": {"pattern": "a", "options": "i"}}, "min": {"$minKey": 1},
        "date": {"$date": "2020-01-01T00:00:00Z"}, "double": 2.0, "null": null, "list": [{"$numberInt": "1"}]}})");
    EXPECT_TRUE(identical(stored(*with_field(any()), d), d));
}

TEST(schema_write, strips_empty_values_at_every_depth_before_validation) {
    auto const s = schema::compile(model_definition("items")
                                       .field("a", array_of())
                                       .field("s", string().min_length(1))
                                       .field("o", object().field("k", string().required())));
    EXPECT_EQ(
        stored(*s,
            json(
                R"({"_id": {"$oid": "000000000000000000000001"}, "s": "", "o": {"k": ""}, "a": [1, "", {}, [], "x", {"e": ["", {}]}, {"f": 2}]})")),
        doc("_id", id1, "a", arr(1, "x", doc("f", 2))));
}

TEST(schema_write, keeps_null_zero_and_false) {
    auto const d =
        json(R"({"_id": {"$oid": "000000000000000000000001"}, "v": {"n": null, "z": 0, "f": false, "l": [null, 0, false]}})");
    EXPECT_EQ(stored(*with_field(any()), d), d);
}

TEST(schema_write, stripping_can_be_switched_off) {
    auto const d = json(R"({"_id": {"$oid": "000000000000000000000001"}, "v": {"a": "", "l": ["", {}, []]}})");
    EXPECT_EQ(stored(*with_field(any()), d, {.strip_empty = false}), d);
}

TEST(schema_write, inner_defaults_are_stored_also_when_they_are_empty) {
    auto const s = with_field(object().field("a", integer()).field("s", string().default_value("")));
    EXPECT_EQ(stored(*s, doc("_id", id1, "v", doc("a", 1))), doc("_id", id1, "v", doc("a", 1, "s", "")));
    EXPECT_EQ(stored(*s, doc("_id", id1)), doc("_id", id1));
}

TEST(schema_write, an_inner_default_sees_the_object_that_it_completes) {
    auto const s = with_field(object().field("first", string()).field("copy", string().default_with([](default_context& c) {
        return "copy of " + std::string(c.get("first")->as_string());
    })));
    EXPECT_EQ(stored(*s, doc("_id", id1, "v", doc("first", "x"))).at("v"), value(doc("first", "x", "copy", "copy of x")));
}

struct extra_case {
    char const* name;
    extra_keys policy;
    strings errors;
    document result;
};

class extra_key_policies : public testing::TestWithParam<extra_case> {};

TEST_P(extra_key_policies, hold_at_the_top_and_inside_of_objects) {
    auto const& p = GetParam();
    auto const s = schema::compile(
        model_definition("items").extra_keys(p.policy).field("o", object().field("a", integer()).extra_keys(p.policy)));
    auto const given = doc("_id", id1, "o", doc("a", 1, "b", 2), "x", 3);
    EXPECT_EQ(wrong(*s, given), p.errors);
    if (p.errors.empty()) {
        EXPECT_EQ(stored(*s, given), p.result);
    }
}

INSTANTIATE_TEST_SUITE_P(schema, extra_key_policies,
    testing::Values(extra_case{"refuse", extra_keys::refuse, {"o.b unknown_field", "x unknown_field"}, {}},
        extra_case{"allow", extra_keys::allow, {}, doc("_id", id1, "o", doc("a", 1, "b", 2), "x", 3)},
        extra_case{"remove", extra_keys::remove, {}, doc("_id", id1, "o", doc("a", 1))}),
    case_name);

TEST(schema_write, without_validation_only_completes_and_strips) {
    auto const s =
        schema::compile(model_definition("items").field("a", string().required()).field("n", number().default_value(3)));
    EXPECT_EQ(stored(*s, doc("_id", id1, "a", 5, "other", 1), {.validate = false, .check_required = false}),
        doc("_id", id1, "a", 5, "other", 1, "n", 3));
}

TEST(schema_write, required_fields_are_met_by_null_defaults_and_setters) {
    auto const s = schema::compile(
        model_definition("items")
            .field("a", string().required())
            .field("b", number().required().default_value(1))
            .virtual_field(virtual_field("alias").set([](model_document& d, value v) { d.set("a", std::move(v)); })));
    EXPECT_EQ(stored(*s, doc("_id", id1, "alias", "x")), doc("_id", id1, "a", "x", "b", 1));
    EXPECT_EQ(wrong(*s, doc("_id", id1, "a", nullptr)), strings());
    EXPECT_EQ(wrong(*s, doc("_id", id1, "a", "")), strings{"a required"});
}

TEST(schema_write, tracks_more_fields_than_fit_its_small_set) {
    model_definition definition("wide");
    document full;
    for (int i = 0; i < 300; ++i) {
        auto const name = "f" + std::to_string(i);
        definition.field(name, integer().required());
        full.append(name, i);
    }
    auto const s = schema::compile(definition);
    EXPECT_EQ(wrong(*s, full), strings());
    full.erase("f299");
    full.erase("f7");
    EXPECT_EQ(wrong(*s, full), (strings{"f7 required", "f299 required"}));
}

TEST(schema_write, a_value_of_an_unknown_type_is_a_definition_error) {
    auto const s = schema::compile(
        model_definition::parse(R"({"collection": "items", "fields": [{"name": "foo", "validation": {"type": "strnig"}}]})"));
    std::vector<violation> found;
    auto without = doc("_id", id1);
    s->prepare_for_write(without, {}, found);
    EXPECT_TRUE(found.empty());
    auto with = doc("_id", id1, "foo", "a");
    auto const e = caught([&] { s->prepare_for_write(with, {}, found); });
    EXPECT_EQ(e.code(), errc::definition);
    EXPECT_EQ(e.details().model, "items");
    EXPECT_EQ(e.details().path, "foo");
    EXPECT_NE(e.message().find("strnig"), std::string::npos);
}

TEST(schema_write, the_error_carries_the_first_violation_and_all_others) {
    auto const s = schema::compile(model_definition("items").field("a", string()).field("b", string().required()));
    std::vector<violation> found;
    auto d = json(R"({"a": 5})");
    s->prepare_for_write(d, {}, found);
    auto const e = caught([&] { throw_violations(s->name(), "insert", found); });
    EXPECT_EQ(e.code(), errc::validation);
    EXPECT_EQ(e.details().model, "items");
    EXPECT_EQ(e.details().operation, "insert");
    EXPECT_EQ(e.details().path, "a");
    EXPECT_EQ(e.details().value, "5");
    ASSERT_EQ(e.details().violations.size(), 2U);
    EXPECT_EQ(e.details().violations[1].path, "b");
    EXPECT_EQ(std::string(e.what()), "items.insert: 'a' must be a string, not int (path a, value 5, 2 violations) [validation]");
}

TEST(schema_write, works_within_an_arena) {
    auto const memory = make_arena();
    auto const s = person();
    document d(doc("full", "Bob Ray", "extra", "", "friend_id", id1), memory);
    std::vector<violation> found;
    s->prepare_for_write(d, {}, found);
    EXPECT_TRUE(found.empty());
    EXPECT_EQ(d.get_storage(), memory);
    EXPECT_EQ(d.at("last"), value("Ray"));
}

} // namespace
} // namespace cormorant::test
