#include "schema_fixture.hpp"

namespace cormorant::test {
namespace {

object_id const id1("000000000000000000000001");

model_definition definition(extra_keys policy = extra_keys::refuse) {
    return model_definition("items")
        .extra_keys(policy)
        .field("foo", string().required())
        .field("n", number())
        .field("i", integer())
        .field("at", date())
        .field("tags", array_of(string()))
        .field("rows", array_of(object().field("k", string().required()).field("n", integer().default_value(0))))
        .field("meta", object().field("x", number()).field("state", string().default_value("new")))
        .field("strict", object().field("x", number()).extra_keys(extra_keys::refuse))
        .field("lang", map_of(object().field("title", string())))
        .field("free", any())
        .field("bag", object())
        .field("cached", any().persist(false))
        .virtual_field(virtual_field("alias").get([](model_document& d) { return d.text("foo"); }))
        .relation(single("author"));
}

struct delta_case {
    char const* name;
    char const* delta;
    strings errors;
    char const* result = nullptr; // null: as given
};

class deltas : public testing::TestWithParam<delta_case> {};

TEST_P(deltas, are_validated_by_the_type_at_each_path) {
    auto const s = schema::compile(definition());
    auto const& p = GetParam();
    auto delta = parse_json(p.delta);
    std::vector<violation> found;
    EXPECT_EQ(s->prepare_delta(delta, {}, found), update_kind::operators);
    strings errors;
    for (auto const& v : found) {
        errors.push_back(v.path + ' ' + v.rule);
    }
    EXPECT_EQ(errors, p.errors);
    if (p.errors.empty()) {
        EXPECT_EQ(delta, parse_json(p.result == nullptr ? p.delta : p.result));
    }
}

INSTANTIATE_TEST_SUITE_P(schema, deltas,
    testing::Values(delta_case{"set", R"({"$set": {"foo": "a", "n": 1, "tags": ["a"]}})", {}},
        delta_case{"set_wrong_types", R"({"$set": {"foo": 5, "tags": ["ok", 1], "meta": {"x": "1"}}})",
            {"foo type", "tags.1 type", "meta.x type"}},
        delta_case{"set_on_insert", R"({"$setOnInsert": {"foo": 5, "nope": 1}})", {"foo type", "nope unknown_field"}},
        delta_case{"set_null", R"({"$set": {"n": null, "tags": null}})", {}},
        delta_case{"set_null_inside", R"({"$set": {"meta.x": null}})", {"meta.x type"}},
        delta_case{
            "set_gets_inner_defaults", R"({"$set": {"meta": {"x": 1}}})", {}, R"({"$set": {"meta": {"x": 1, "state": "new"}}})"},
        delta_case{"set_keeps_empty_values", R"({"$set": {"foo": "", "tags": []}})", {}},
        delta_case{"set_drops_what_is_not_stored",
            R"({"$set": {"foo": "a", "cached": 1, "alias": "x", "author": {"a": 1}, "author.name": "x"}})", {},
            R"({"$set": {"foo": "a"}})"},
        delta_case{"operators_left_empty_go", R"({"$set": {"cached": 1}, "$inc": {"n": 1}})", {}, R"({"$inc": {"n": 1}})"},
        delta_case{
            "the_last_operator_stays", R"({"$set": {"cached": 1}, "$setOnInsert": {"alias": 1}})", {}, R"({"$setOnInsert": {}})"},
        delta_case{"dotted_into_object", R"({"$set": {"meta.x": 1, "meta.more": true, "strict.x": 2}})", {}},
        delta_case{"dotted_wrong_type", R"({"$set": {"meta.x": "1", "rows.0.n": "2", "lang.en.title": 5}})",
            {"meta.x type", "rows.0.n type", "lang.en.title type"}},
        delta_case{
            "dotted_undeclared", R"({"$set": {"strict.y": 1, "nope.x": 1}})", {"strict.y unknown_field", "nope.x unknown_field"}},
        delta_case{"dotted_items", R"({"$set": {"tags.0": "a", "tags.$": "b", "tags.$[]": "c", "rows.$[row].k": "d"}})", {}},
        delta_case{
            "dotted_item_wrong", R"({"$set": {"tags.$[t]": 5, "rows.1": {"n": 1}}})", {"tags.$[t] type", "rows.1.k required"}},
        delta_case{"key_of_an_array", R"({"$set": {"rows.k": "a"}})", {"rows.k type"}},
        delta_case{"below_a_scalar", R"({"$set": {"foo.bar": 1}})", {"foo.bar type"}},
        delta_case{"below_anything", R"({"$set": {"free.a.b": 1, "bag.a.b": 2}})", {}},
        delta_case{"min_max", R"({"$min": {"n": 1}, "$max": {"foo": 2}})", {"foo type"}},
        delta_case{"inc", R"({"$inc": {"n": 1.5, "i": 2, "free": 1, "meta.x": 1, "lang.en.n": 1}})", {}},
        delta_case{"inc_wrong", R"({"$inc": {"foo": 1, "i": 1.5, "n": "1"}, "$mul": {"tags": 2}})",
            {"foo type", "i type", "n type", "tags type"}},
        delta_case{"inc_undeclared", R"({"$inc": {"nope": 1}})", {"nope unknown_field"}},
        delta_case{"unset_may_remove_required_fields", R"({"$unset": {"foo": "", "meta.x": ""}})", {}},
        delta_case{"unset_undeclared", R"({"$unset": {"nope": ""}})", {}},
        delta_case{"push", R"({"$push": {"tags": "a", "rows": {"k": "a"}}})", {},
            R"({"$push": {"tags": "a", "rows": {"k": "a", "n": 0}}})"},
        delta_case{"push_each",
            R"({"$push": {"tags": {"$each": ["a", 5], "$slice": 3}}, "$addToSet": {"rows": {"$each": [{"n": 1}]}}})",
            {"tags.1 type", "rows.0.k required"}},
        delta_case{"push_to_a_scalar", R"({"$push": {"foo": "a"}})", {"foo type"}},
        delta_case{"push_to_anything", R"({"$push": {"free": 1, "bag.list": 2}})", {}},
        delta_case{"pull", R"({"$pull": {"tags": {"$in": ["a"]}}, "$pop": {"rows": 1}, "$pullAll": {"free": [1]}})", {}},
        delta_case{"pull_from_a_scalar", R"({"$pull": {"n": 1}})", {"n type"}},
        delta_case{"rename", R"({"$rename": {"foo": "nope", "n": "i"}})", {"nope unknown_field"}},
        delta_case{"rename_to_what_is_not_stored", R"({"$rename": {"foo": "cached"}})", {"foo type"}},
        delta_case{"current_date", R"({"$currentDate": {"at": true, "foo": true}})", {"foo type"}},
        delta_case{"bit", R"({"$bit": {"i": {"and": 5}, "foo": {"or": 1}}})", {"foo type"}}),
    case_name);

TEST(schema_delta, undeclared_paths_are_allowed_or_removed_as_the_model_says) {
    std::vector<violation> found;
    auto delta = parse_json(R"({"$set": {"foo": "a", "bar": 1, "deep.y": 2}, "$inc": {"count": 1}})");
    auto allowed = delta;
    schema::compile(definition(extra_keys::allow))->prepare_delta(allowed, {}, found);
    EXPECT_EQ(allowed, delta);
    schema::compile(definition(extra_keys::remove))->prepare_delta(delta, {}, found);
    EXPECT_EQ(delta, parse_json(R"({"$set": {"foo": "a"}})"));
    EXPECT_TRUE(found.empty());
}

TEST(schema_delta, a_whole_document_is_completed_validated_and_loses_its_id) {
    auto const s =
        schema::compile(model_definition("items").field("foo", string().required()).field("n", number().default_value(7)));
    std::vector<violation> found;
    value delta(doc("_id", id1, "foo", "x", "empty", ""));
    EXPECT_EQ(s->prepare_delta(delta, {}, found), update_kind::replacement);
    EXPECT_TRUE(found.empty());
    EXPECT_EQ(delta, value(doc("foo", "x", "n", 7)));
    value bad(doc("nope", 1));
    s->prepare_delta(bad, {}, found);
    ASSERT_EQ(found.size(), 2U);
    EXPECT_EQ(found[0].code, errc::unknown_field);
    EXPECT_EQ(found[1].code, errc::required);
}

TEST(schema_delta, a_pipeline_is_passed_on_as_it_is) {
    std::vector<violation> found;
    value delta(arr(doc("$set", doc("nope", "$foo"))));
    auto const before = delta;
    EXPECT_EQ(schema::compile(definition())->prepare_delta(delta, {}, found), update_kind::pipeline);
    EXPECT_EQ(delta, before);
    EXPECT_TRUE(found.empty());
}

struct bad_delta {
    char const* name;
    char const* delta;
    char const* path;
};

class bad_deltas : public testing::TestWithParam<bad_delta> {};

TEST_P(bad_deltas, are_invalid_arguments) {
    auto delta = parse_json(GetParam().delta);
    std::vector<violation> found;
    auto const e = caught([&] { schema::compile(definition())->prepare_delta(delta, {}, found); });
    EXPECT_EQ(e.code(), errc::invalid_argument);
    EXPECT_EQ(e.details().model, "items");
    EXPECT_EQ(e.details().path, GetParam().path);
}

INSTANTIATE_TEST_SUITE_P(schema, bad_deltas,
    testing::Values(bad_delta{"scalar", "5", ""}, bad_delta{"null", "null", ""},
        bad_delta{"operators_and_fields", R"({"$set": {"foo": "a"}, "n": 1})", "n"},
        bad_delta{"unknown_operator", R"({"$sett": {"foo": "a"}})", "$sett"}, bad_delta{"operand", R"({"$set": 5})", "$set"}),
    case_name);

} // namespace
} // namespace cormorant::test
