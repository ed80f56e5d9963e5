#include "schema_fixture.hpp"

namespace cormorant::test {
namespace {

shared_schema posts() {
    auto const concat = [](char const* before, char const* path) {
        return [=](model_document& d) { return before + d.text(path); };
    };
    return schema::compile(
        model_definition("posts")
            .field("title", string())
            .field("body", string())
            .field("obj", object())
            .field("list", array_of())
            .virtual_field(virtual_field("heading").get(concat("h:", "title")).required_fields("title"))
            .virtual_field(virtual_field("hooked").get(concat("k:", "mark")).required_hooks("beforeFind_t", "afterFind_mark"))
            .virtual_field(virtual_field("chained").get(concat("c:", "heading")).required_fields("heading", "hooked"))
            .virtual_field(virtual_field("circle").get(concat("o", "title")).required_fields("other_circle"))
            .virtual_field(virtual_field("other_circle").get(concat("o", "body")).required_fields("circle", "body"))
            .virtual_field(virtual_field("byline").get(concat("by ", "author.name")).required_fields("author.name"))
            .virtual_field(virtual_field("raw").get(concat("", "undeclared")).required_fields("undeclared"))
            .virtual_field(virtual_field("part").get(concat("", "obj.a")).required_fields("obj.a"))
            .virtual_field(virtual_field("free").get(concat("", "nothing")))
            .relation(single("author").model("authors"))
            .relation(multiple("tags")));
}

strings names(hook_requests const& requests) {
    strings result;
    for (auto const& r : requests) {
        result.push_back(r.name);
    }
    return result;
}

struct plan_case {
    char const* name;
    bool cast_docs;
    char const* fields;
    char const* planned;
    char const* projection;
    strings hooks;
    strings virtuals;
    bool trims;
};

class plans : public testing::TestWithParam<plan_case> {};

TEST_P(plans, read_what_virtuals_and_relationships_require) {
    auto const& p = GetParam();
    auto const s = posts();
    auto const plan = s->plan_read(json(p.fields), p.cast_docs);
    EXPECT_EQ(plan.fields, json(p.planned));
    EXPECT_EQ(s->projection(plan.fields), json(p.projection));
    EXPECT_EQ(names(plan.hooks), p.hooks);
    EXPECT_EQ(plan.virtuals, p.virtuals);
    EXPECT_EQ(plan.kept != nullptr, p.trims);
}

INSTANTIATE_TEST_SUITE_P(schema, plans,
    testing::Values(plan_case{"nothing", true, "{}", "{}", "{}", {}, {}, false},
        plan_case{"inclusion_of_documents", true, R"({"title": 1})", R"({"title": 1})", R"({"title": 1})", {}, {}, false},
        plan_case{"inclusion_raw_drops_the_id", false, R"({"title": true})", R"({"title": true, "_id": 0})",
            R"({"title": true, "_id": 0})", {}, {}, false},
        plan_case{"inclusion_raw_keeps_a_named_id", false, R"({"_id": 1, "title": 1})", R"({"_id": 1, "title": 1})",
            R"({"_id": 1, "title": 1})", {}, {}, false},
        plan_case{"exclusion_raw_keeps_the_id", false, R"({"obj": 0})", R"({"obj": 0})", R"({"obj": 0})", {}, {}, false},
        plan_case{"other_values_are_the_servers", false, R"({"list": {"$slice": 1}, "title": 2})",
            R"({"list": {"$slice": 1}, "title": 2})", R"({"list": {"$slice": 1}, "title": 2})", {}, {}, false},
        plan_case{
            "a_number_other_than_one_names_no_virtual", false, R"({"heading": 2})", R"({"heading": 2})", "{}", {}, {}, false},
        plan_case{"virtual_raw", false, R"({"heading": 1})", R"({"heading": 1, "title": 1, "_id": 0})",
            R"({"title": 1, "_id": 0})", {}, {"heading"}, true},
        plan_case{"virtual_of_documents", true, R"({"body": 1, "heading": 1})", R"({"body": 1, "heading": 1, "title": 1})",
            R"({"body": 1, "title": 1})", {}, {}, false},
        plan_case{"id", false, R"({"id": 1})", R"({"id": 1, "_id": 1})", R"({"_id": 1})", {}, {"id"}, true},
        plan_case{"chain", false, R"({"chained": 1, "hooked": 1})", R"({"chained": 1, "hooked": 1, "title": 1, "_id": 0})",
            R"({"title": 1, "_id": 0})", {"beforeFind_t", "afterFind_mark"}, {"heading", "hooked", "chained"}, true},
        plan_case{"circle_ends", false, R"({"circle": 1})", R"({"circle": 1, "body": 1, "_id": 0})", R"({"body": 1, "_id": 0})",
            {}, {"other_circle", "circle"}, true},
        plan_case{"virtual_without_needs_reads_everything", false, R"({"free": 1})", R"({"free": 1, "_id": 0})", R"({"_id": 0})",
            {}, {"free"}, true},
        plan_case{"relation", true, R"({"title": 1, "author": 1})", R"({"title": 1, "author": 1, "author_id": 1})",
            R"({"title": 1, "author_id": 1})", {"afterFind_author"}, {}, false},
        plan_case{"relation_by_paths", false, R"({"author.name": 1, "author.image.src": 1, "tags.title": 1})",
            R"({"author.name": 1, "author.image.src": 1, "tags.title": 1, "author_id": 1, "tags_ids": 1, "_id": 0})",
            R"({"author_id": 1, "tags_ids": 1, "_id": 0})", {"afterFind_author", "afterFind_tags"}, {}, true},
        plan_case{"nothing_to_trim_when_all_that_is_read_was_named", false, R"({"author_id": 1, "author": 1})",
            R"({"author_id": 1, "author": 1, "_id": 0})", R"({"author_id": 1, "_id": 0})", {"afterFind_author"}, {}, false},
        plan_case{"an_exclusion_of_the_caller_stays", true, R"({"_id": 0, "id": 1, "title": 1})",
            R"({"_id": 0, "id": 1, "title": 1})", R"({"_id": 0, "title": 1})", {}, {}, false},
        plan_case{"exclusion_below_a_relation", true, R"({"body": 0, "author.email": 0})", R"({"body": 0, "author.email": 0})",
            R"({"body": 0})", {}, {}, false},
        plan_case{"exclusions_need_no_further_fields", true, R"({"body": 0, "author": 1})", R"({"body": 0, "author": 1})",
            R"({"body": 0})", {"afterFind_author"}, {}, false},
        plan_case{"path_through_a_relation_as_requirement", false, R"({"byline": 1})",
            R"({"byline": 1, "author.name": 1, "author_id": 1, "_id": 0})", R"({"author_id": 1, "_id": 0})", {"afterFind_author"},
            {"byline"}, true},
        plan_case{"a_whole_relation_covers_a_required_path", false, R"({"author": 1, "byline": 1})",
            R"({"author": 1, "byline": 1, "author_id": 1, "_id": 0})", R"({"author_id": 1, "_id": 0})", {"afterFind_author"},
            {"byline"}, true},
        plan_case{"a_named_exclusion_is_kept", false, R"({"id": 1, "_id": 0})", R"({"id": 1, "_id": 0})", R"({"_id": 0})", {},
            {"id"}, true},
        plan_case{"relation_named_with_its_reference", false, R"({"author.name": 1, "author_id": 1})",
            R"({"author.name": 1, "author_id": 1, "_id": 0})", R"({"author_id": 1, "_id": 0})", {"afterFind_author"}, {}, false},
        plan_case{"undeclared_requirement_is_not_stored", false, R"({"raw": 1})", R"({"raw": 1, "_id": 0})", R"({"_id": 0})", {},
            {"raw"}, true},
        plan_case{"part_of_a_field_as_requirement", false, R"({"part": 1})", R"({"part": 1, "obj.a": 1, "_id": 0})",
            R"({"obj.a": 1, "_id": 0})", {}, {"part"}, true}),
    case_name);

TEST(plans_of_open_models, read_requirements_that_are_not_declared) {
    auto const s = schema::compile(
        model_definition("open")
            .extra_keys(extra_keys::allow)
            .virtual_field(
                virtual_field("raw").required_fields("undeclared").get([](model_document& d) { return d.text("undeclared"); })));
    EXPECT_EQ(s->plan_read(json(R"({"raw": 1})"), true).fields, doc("raw", 1, "undeclared", 1));
}

TEST(plans_of_virtuals, tell_what_needs_each_hook) {
    auto const plan = posts()->plan_read(json(R"({"chained": 1, "author.name": 1})"), true);
    EXPECT_EQ(names(plan.hooks), (strings{"beforeFind_t", "afterFind_mark", "afterFind_author"}));
    EXPECT_EQ(plan.hook_reasons, (strings{"hooked", "hooked", "author"}));
}

TEST(related_fields, are_what_is_named_below_the_relationship) {
    auto const s = posts();
    auto const& author = *s->relation("author");
    auto const below = [&](char const* fields) { return s->related_fields(json(fields), author); };
    EXPECT_EQ(below(R"({"title": 1, "author": 1})"), document());
    EXPECT_EQ(below(R"({"author": 1, "author.name": 1, "authority.x": 1})"), doc("name", 1));
    EXPECT_EQ(below(R"({"author.image.src": true})"), doc("image.src", true));
    EXPECT_EQ(below(R"({"author.email": 0})"), doc("email", 0));
    EXPECT_EQ(below(R"({"author._id": 0, "author.name": 1})"), doc("_id", 0, "name", 1));
}

struct shape_case {
    char const* name;
    char const* fields;
    char const* read;
    char const* shaped;
};

class shapes : public testing::TestWithParam<shape_case> {};

TEST_P(shapes, hold_what_was_named_and_nothing_else) {
    auto const& p = GetParam();
    auto const s = posts();
    auto d = json(p.read);
    s->shape(d, s->plan_read(json(p.fields), false));
    EXPECT_EQ(to_string(d), to_string(json(p.shaped)));
}

INSTANTIATE_TEST_SUITE_P(schema, shapes,
    testing::Values(shape_case{"without_virtuals_nothing_is_trimmed", R"({"title": 1})", R"({"title": "a", "by_hook": 1})",
                        R"({"title": "a", "by_hook": 1})"},
        shape_case{"virtual", R"({"heading": 1})", R"({"title": "a", "by_hook": 1})", R"({"heading": "h:a"})"},
        shape_case{"virtual_with_its_field", R"({"title": 1, "heading": 1})", R"({"title": "a"})",
            R"({"title": "a", "heading": "h:a"})"},
        shape_case{"virtual_with_a_value_is_not_evaluated", R"({"heading": 1})", R"({"title": "a", "heading": null})",
            R"({"heading": null})"},
        shape_case{"virtual_from_keys_of_hooks", R"({"hooked": 1})", R"({"mark": "m"})", R"({"hooked": "k:m"})"},
        shape_case{
            "chain_trims_what_it_needed", R"({"chained": 1})", R"({"title": "a", "mark": "m"})", R"({"chained": "c:h:a"})"},
        shape_case{"virtual_through_a_relation", R"({"byline": 1})", R"({"author_id": 1, "author": {"_id": 1, "name": "Ann"}})",
            R"({"byline": "by Ann"})"},
        shape_case{"named_leaves_keep_empty_values", R"({"id": 1, "title": 1, "list": 1, "obj": 1})",
            R"({"title": "", "list": [], "obj": {}})", R"({"title": "", "list": [], "obj": {}})"},
        shape_case{"named_leaves_keep_null", R"({"id": 1, "title": 1})", R"({"title": null})", R"({"title": null})"},
        shape_case{"paths_into_objects", R"({"heading": 1, "obj.y.z": 1})",
            R"({"title": "a", "obj": {"x": 1, "y": {"z": 2, "w": 3}}})", R"({"obj": {"y": {"z": 2}}, "heading": "h:a"})"},
        shape_case{"paths_into_arrays", R"({"id": 1, "list.b": 1})", R"({"list": [{"a": 1, "b": 2}, {"b": 3}, {"a": 4}, 5]})",
            R"({"list": [{"b": 2}, {"b": 3}]})"},
        shape_case{"paths_into_arrays_of_arrays", R"({"id": 1, "list.b": 1})",
            R"({"list": [[{"b": 1, "c": 2}, {"c": 3}], [{"c": 4}]]})", R"({"list": [[{"b": 1}]]})"},
        shape_case{"empty_remains_go", R"({"id": 1, "obj.y.z": 1, "list.a": 1})",
            R"({"obj": {"y": {"w": 1}}, "list": [{"b": 1}], "title": "t"})", "{}"},
        shape_case{"relation_whole", R"({"author": 1})", R"({"author_id": 1, "author": {"_id": 1, "name": "Ann"}})",
            R"({"author": {"_id": 1, "name": "Ann"}})"},
        shape_case{"relation_in_part", R"({"title": 1, "author.name": 1})",
            R"({"title": "t", "author_id": 1, "author": {"_id": 1, "name": "Ann"}})",
            R"({"title": "t", "author": {"name": "Ann"}})"},
        shape_case{"relation_named_twice_is_narrow", R"({"author": 1, "author.name": 1})",
            R"({"author_id": 1, "author": {"_id": 1, "name": "Ann"}})", R"({"author": {"name": "Ann"}})"},
        shape_case{"relation_with_nothing_left", R"({"title": 1, "tags.color": 1})",
            R"({"title": "t", "tags": [{"_id": 1}, {"_id": 2, "color": "#f00"}]})",
            R"({"title": "t", "tags": [{"color": "#f00"}]})"}),
    case_name);

TEST(shape, leaves_trimming_to_the_find_above) {
    auto const s = posts();
    auto d = json(R"({"title": "a"})");
    s->shape(d, s->plan_read(json(R"({"heading": 1})"), false), false);
    EXPECT_EQ(d, doc("title", "a", "heading", "h:a"));
}

TEST(evaluate, refuses_unknown_virtuals) {
    auto const s = posts();
    document d;
    auto const e = caught([&] { s->evaluate(d, {"heading", "nope"}); });
    EXPECT_EQ(e.code(), errc::invalid_argument);
    EXPECT_EQ(e.details().path, "nope");
}

} // namespace
} // namespace cormorant::test
