#include "schema/translation.hpp"
#include "schema_fixture.hpp"

namespace cormorant::test {
namespace {

model_definition renamed() {
    return model_definition("items")
        .primary_key("id", any())
        .field("name", string().column("n"))
        .field("address", object().column("a").field("city", string().column("c")).field("zip", string()))
        .field("rows",
            array_of(object().field("key", string().column("k")).field("sub", array_of(object().field("x", any().column("y"))))))
        .field("langs", map_of(object().field("title", string().column("t"))))
        .field("plain", any())
        .extra_keys(extra_keys::allow);
}

struct filter_case {
    char const* name;
    char const* model;
    char const* stored;
};

class filters : public testing::TestWithParam<filter_case> {};

TEST_P(filters, name_what_is_stored) {
    auto const s = schema::compile(renamed());
    auto filter = json(GetParam().model);
    s->translation()->store_filter(filter);
    EXPECT_EQ(to_json(filter), to_json(json(GetParam().stored)));
}

INSTANTIATE_TEST_SUITE_P(schema, filters,
    testing::Values(filter_case{"key", R"({"id": 1, "plain": 2})", R"({"_id": 1, "plain": 2})"},
        filter_case{"the_stored_key_is_the_key", R"({"_id": 1})", R"({"_id": 1})"},
        filter_case{"paths", R"({"address.city": 1, "rows.0.key": 2, "rows.key": 3, "rows.sub.1.x": 4, "langs.en.title": 5})",
            R"({"a.c": 1, "rows.0.k": 2, "rows.k": 3, "rows.sub.1.y": 4, "langs.en.t": 5})"},
        filter_case{"undeclared", R"({"name.x": 1, "city": 2, "other.name": 3})", R"({"n.x": 1, "city": 2, "other.name": 3})"},
        filter_case{"whole_values", R"({"address": {"city": "x", "zip": 1}, "rows": [{"key": 1}]})",
            R"({"a": {"c": "x", "zip": 1}, "rows": [{"k": 1}]})"},
        filter_case{"logic", R"({"$or": [{"name": 1}, {"$and": [{"name": {"$ne": 2}}]}], "$nor": [{"id": 3}]})",
            R"({"$or": [{"n": 1}, {"$and": [{"n": {"$ne": 2}}]}], "$nor": [{"_id": 3}]})"},
        filter_case{"operators",
            R"({"address": {"$in": [{"city": 1}], "$exists": true}, "rows": {"$elemMatch": {"key": 1, "sub.x": 2}}})",
            R"({"a": {"$in": [{"c": 1}], "$exists": true}, "rows": {"$elemMatch": {"k": 1, "sub.y": 2}}})"},
        filter_case{
            "negation", R"({"rows": {"$not": {"$elemMatch": {"key": 1}}}})", R"({"rows": {"$not": {"$elemMatch": {"k": 1}}}})"},
        filter_case{"all", R"({"rows": {"$all": [{"$elemMatch": {"key": 1}}, {"key": 2}]}})",
            R"({"rows": {"$all": [{"$elemMatch": {"k": 1}}, {"k": 2}]}})"},
        filter_case{"expressions_stay", R"({"$expr": {"$eq": ["$name", 1]}, "$comment": "name"})",
            R"({"$expr": {"$eq": ["$name", 1]}, "$comment": "name"})"}),
    case_name);

class updates : public testing::TestWithParam<filter_case> {};

TEST_P(updates, name_what_is_stored) {
    auto const s = schema::compile(renamed());
    value update = parse_json(GetParam().model);
    array none;
    s->translation()->store_update(update, none);
    EXPECT_EQ(to_json(update), to_json(parse_json(GetParam().stored)));
}

INSTANTIATE_TEST_SUITE_P(schema, updates,
    testing::Values(filter_case{"set", R"({"$set": {"name": 1, "address": {"city": 2}, "rows.$.key": 3, "rows.$[].sub.0.x": 4}})",
                        R"({"$set": {"n": 1, "a": {"c": 2}, "rows.$.k": 3, "rows.$[].sub.0.y": 4}})"},
        filter_case{"others", R"({"$unset": {"address.city": ""}, "$inc": {"name": 1}, "$rename": {"name": "address.city"}})",
            R"({"$unset": {"a.c": ""}, "$inc": {"n": 1}, "$rename": {"n": "a.c"}})"},
        filter_case{"push",
            R"({"$push": {"rows": {"$each": [{"key": 1}], "$sort": {"key": -1}}}, "$addToSet": {"rows": {"key": 2}}})",
            R"({"$push": {"rows": {"$each": [{"k": 1}], "$sort": {"k": -1}}}, "$addToSet": {"rows": {"k": 2}}})"},
        filter_case{"pull", R"({"$pull": {"rows": {"key": {"$gt": 1}}}, "$pullAll": {"langs.en": [{"title": 1}]}})",
            R"({"$pull": {"rows": {"k": {"$gt": 1}}}, "$pullAll": {"langs.en": [{"t": 1}]}})"},
        filter_case{"whole", R"({"id": 1, "name": 2})", R"({"_id": 1, "n": 2})"},
        filter_case{"pipeline", R"([{"$set": {"name": 1}}])", R"([{"$set": {"name": 1}}])"}),
    case_name);

TEST(translation, of_array_filters_follows_the_paths_that_name_them) {
    auto const s = schema::compile(renamed());
    value update = parse_json(R"({"$set": {"rows.$[r].sub.$[s].x": 1}})");
    array filters = arr(json(R"({"r.key": {"$in": ["a"]}})"), json(R"({"s.x": 2, "s.z": 3})"), json(R"({"other.key": 1})"));
    s->translation()->store_update(update, filters);
    EXPECT_EQ(to_json(update), R"({"$set":{"rows.$[r].sub.$[s].y":1}})");
    EXPECT_EQ(to_json(filters), R"([{"r.k":{"$in":["a"]}},{"s.y":2,"s.z":3},{"other.key":1}])");
}

TEST(translation, of_documents_goes_both_ways) {
    auto const s = schema::compile(renamed());
    auto const model =
        json(R"({"id": 1, "name": "x", "address": {"zip": 2, "city": 3}, "rows": [{"key": 4, "sub": [{"x": 5}]}, 6],
        "langs": {"en": {"title": 7}}, "free": {"name": 8}})");
    auto const stored = json(R"({"_id": 1, "n": "x", "a": {"zip": 2, "c": 3}, "rows": [{"k": 4, "sub": [{"y": 5}]}, 6],
        "langs": {"en": {"t": 7}}, "free": {"name": 8}})");
    auto d = model;
    s->translation()->store_document(d);
    EXPECT_EQ(to_json(d), to_json(stored));
    s->translation()->load(d);
    EXPECT_EQ(to_json(d), to_json(model));
}

TEST(translation, lets_fields_change_places) {
    auto const s = schema::compile(model_definition("items").field("a", any().column("b")).field("b", any().column("a")));
    auto d = doc("a", 1, "b", 2);
    s->translation()->store_document(d);
    EXPECT_EQ(d, doc("b", 1, "a", 2));
    s->translation()->load(d);
    EXPECT_EQ(d, doc("a", 1, "b", 2));
}

TEST(translation, refuses_undeclared_keys_that_are_columns) {
    auto const s = schema::compile(renamed());
    auto d = doc("id", 1, "n", 2);
    auto const e = caught([&] { s->translation()->store_document(d); });
    EXPECT_EQ(e.code(), errc::invalid_argument);
    EXPECT_EQ(e.details().path, "n");
}

TEST(translation, of_paths_and_errors) {
    auto const s = schema::compile(renamed());
    auto sort = doc("address.city", 1, "id", -1);
    s->translation()->store_paths(sort);
    EXPECT_EQ(sort, doc("a.c", 1, "_id", -1));
    EXPECT_EQ(s->translation()->stored_path("rows.key"), "rows.k");
    EXPECT_EQ(s->translation()->property_path("a.c"), "address.city");
    EXPECT_EQ(s->translation()->property_path("_id"), "id");
    EXPECT_EQ(s->translation()->property_path("other"), "other");
}

TEST(translation, is_not_there_when_nothing_differs) {
    EXPECT_EQ(schema::compile(model_definition("items").field("a", string().column("a")))->translation(), nullptr);
}

TEST(text_forms, are_object_ids_and_dates_at_any_depth) {
    auto const s = schema::compile(model_definition("items").text_forms(true).extra_keys(extra_keys::allow));
    auto const text =
        json(R"({"_id": "0123456789abcdef01234567", "l": [{"d": "2024-05-01T10:00:00.000Z"}], "x": "2024-05-01T10:00:00Z",
        "y": "2024-13-01T10:00:00.000Z", "z": "0123456789abcdef0123456", "n": 1})");
    auto d = text;
    s->translation()->store_document(d);
    EXPECT_EQ(to_json(d), R"({"_id":{"$oid":"0123456789abcdef01234567"},"l":[{"d":{"$date":"2024-05-01T10:00:00Z"}}],)"
                          R"("x":"2024-05-01T10:00:00Z","y":"2024-13-01T10:00:00.000Z","z":"0123456789abcdef0123456","n":1})");
    s->translation()->load(d);
    EXPECT_EQ(to_json(d), to_json(text));
    auto filter = json(R"({"a": {"$in": ["0123456789abcdef01234567"], "$regex": "0123456789abcdef01234567"}})");
    s->translation()->store_filter(filter);
    EXPECT_EQ(to_json(filter), R"({"a":{"$in":[{"$oid":"0123456789abcdef01234567"}],"$regex":"0123456789abcdef01234567"}})");
}

TEST(defaults_on_read, stand_in_for_what_is_missing_or_empty_and_asked_for) {
    auto const s =
        schema::compile(model_definition("items")
                            .field("a", string().default_value("A"))
                            .field("b", integer().default_with([](default_context& c) { return c.get("a").value_or(value(1)); }))
                            .empty_values(empty_values::by_type()));
    auto const shown = [&](document d, document const& projection) {
        s->translation()->show_defaults(*s, d, projection);
        return to_json(d);
    };
    EXPECT_EQ(shown(document(), document()), R"({"a":"A","b":"A"})");
    EXPECT_EQ(shown(doc("a", "", "b", 0), document()), R"({"a":"A","b":"A"})");
    EXPECT_EQ(shown(doc("a", "x", "b", 2), document()), R"({"a":"x","b":2})");
    EXPECT_EQ(shown(document(), doc("a", 1)), R"({"a":"A"})");
    EXPECT_EQ(shown(document(), doc("_id", 1)), "{}");
    EXPECT_EQ(shown(document(), doc("a", 0)), R"({"b":1})");
    EXPECT_EQ(shown(document(), doc("_id", 0)), R"({"a":"A","b":"A"})");
}

struct wrong_column {
    char const* name;
    model_definition definition;
    char const* path;
};

class wrong_columns : public testing::TestWithParam<wrong_column> {};

TEST_P(wrong_columns, are_refused) {
    auto const e = caught([] { schema::compile(GetParam().definition); });
    EXPECT_EQ(e.code(), errc::definition);
    EXPECT_EQ(e.details().model, "m");
    EXPECT_EQ(e.details().path, GetParam().path);
}

INSTANTIATE_TEST_SUITE_P(schema, wrong_columns,
    testing::Values(wrong_column{"twice", model_definition("m").field("a", any().column("x")).field("b", any().column("x")), "b"},
        wrong_column{"of_another_field", model_definition("m").field("a", any()).field("b", any().column("a")), "b"},
        wrong_column{"inside", model_definition("m").field("o", object().field("a", any().column("x")).field("x", any())), "o.x"},
        wrong_column{"of_the_key", model_definition("m").field("a", any().column("_id")), "a"},
        wrong_column{"named_as_the_key", model_definition("m").primary_key("id", any()).field("_id", any()), "_id"},
        wrong_column{"key_elsewhere", model_definition("m").primary_key("id", any().column("key")), "id"},
        wrong_column{"dotted", model_definition("m").field("a", any().column("x.y")), "a"},
        wrong_column{"operator", model_definition("m").field("a", any().column("$x")), "a"},
        wrong_column{"unique_inside", model_definition("m").field("o", object().field("k", any().unique())), "o.k"}),
    case_name);

TEST(primary_key, takes_the_place_of_the_id_and_comes_first) {
    auto const s = schema::compile(model_definition("items").field("a", any()).primary_key("code", string().required()));
    EXPECT_EQ(s->key(), "code");
    EXPECT_EQ(s->fields().front().name, "code");
    EXPECT_EQ(s->field("_id"), nullptr);
    EXPECT_EQ(s->find_virtual("id"), nullptr);
    EXPECT_EQ(wrong(*s, doc("a", 1)), strings{"code required"});
    EXPECT_EQ(s->property("_id"), "code");
    EXPECT_EQ(to_json(s->plan_read(doc("a", 1), false).fields), R"({"a":1,"code":0})");
}

TEST(inherit, takes_what_the_base_declares_and_keeps_what_is_own) {
    auto const base = model_definition("base")
                          .primary_key("code", string())
                          .field("a", string())
                          .field("b", string())
                          .relation(belongs_to("owner"))
                          .virtual_field(virtual_field("v").get([](model_document&) { return 1; }))
                          .index(doc("a", 1))
                          .extra_keys(extra_keys::allow);
    auto const names = [](model_definition const& d) {
        strings result;
        for (auto const& f : d.fields()) {
            result.push_back(f.name + ":" + std::string(to_string(f.type.kind)));
        }
        return result;
    };
    auto child = model_definition("child").field("c", integer()).field("b", number());
    child.inherit(base);
    EXPECT_EQ(names(child), (strings{"code:string", "a:string", "b:number", "c:integer"}));
    EXPECT_EQ(child.key(), "code");
    EXPECT_EQ(child.collection(), "child");
    EXPECT_EQ(child.relations().size(), 1U);
    EXPECT_EQ(child.virtuals().size(), 1U);
    EXPECT_EQ(child.indexes().size(), 1U);
    EXPECT_EQ(child.extra_keys(), extra_keys::refuse);
    child.field("a", integer());
    EXPECT_EQ(names(child)[1], "a:integer") << "also when it is declared afterwards";

    auto own_key = model_definition("child").primary_key("id", any()).field("owner", string());
    own_key.inherit(base);
    EXPECT_EQ(own_key.key(), "id");
    EXPECT_EQ(names(own_key), (strings{"a:string", "b:string", "id:any", "owner:string"})) << "the nearest key is the only one";
    EXPECT_TRUE(own_key.relations().empty()) << "a field hides the relationship of its name";
    EXPECT_EQ(schema::compile(own_key)->fields().front().name, "id");
}

TEST(unique_fields, bring_their_indexes) {
    auto const s = schema::compile(model_definition("items")
                                       .field("a", string().unique())
                                       .field("b", string().unique(uniqueness::sparse))
                                       .field("c", number().unique(uniqueness::sparse))
                                       .field("d", boolean().unique(uniqueness::sparse))
                                       .field("e", array_of().unique())
                                       .field("f", any().unique())
                                       .field("g", string().unique())
                                       .index(doc("g", 1), doc("unique", true))
                                       .empty_values(empty_values::by_type()));
    strings found;
    for (auto const& index : s->definition().indexes()) {
        found.push_back(to_json(index.keys) + to_json(index.options));
    }
    EXPECT_EQ(found, (strings{R"({"g":1}{"unique":true})", R"({"a":1}{"unique":true})",
                         R"({"b":1}{"unique":true,"partialFilterExpression":{"b":{"$gt":""}}})",
                         R"({"c":1}{"unique":true,"partialFilterExpression":{"$or":[{"c":{"$lt":0}},{"c":{"$gt":0}}]}})",
                         R"({"d":1}{"unique":true,"partialFilterExpression":{"d":{"$type":"bool"}}})"}));
}

} // namespace
} // namespace cormorant::test
