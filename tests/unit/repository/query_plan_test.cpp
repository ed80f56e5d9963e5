#include "repository/query_plan.hpp"

#include <cormorant/bson/json.hpp>
#include <cormorant/error/error.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

namespace cormorant {
namespace {

/// City, country and street, which know each other; `file` refers to any of them.
class QueryPlan : public ::testing::Test {
protected:
    QueryPlan() {
        add(model_definition("country")
                .field("name", string())
                .relation(has_many("cities").model("city").foreign_key("countryId")));
        add(model_definition("city")
                .field("name", string())
                .field("size", integer())
                .relation(belongs_to("country"))
                .relation(has_many("streets").model("street").foreign_key("cityId")));
        add(model_definition("street").field("name", string()).field("cityId", any()).relation(belongs_to("city")));
        add(model_definition("file").relation(belongs_to("owner").polymorphic()));
    }

    void add(model_definition d) {
        auto const name = d.name();
        d.primary_key("id", any());
        models[name] = schema::compile(std::move(d), [this](std::string_view other) {
            auto const found = models.find(other);
            return found == models.end() ? nullptr : found->second;
        });
    }
    detail::query_plan plan(char const* model, char const* query, detail::query_scope scope = detail::query_scope::find) {
        return detail::plan_query(*models.at(model), parse_json_document(query), scope);
    }
    array includes(char const* model, char const* include) {
        return to_array(detail::plan_query(*models.at(model), doc("include", parse_json(include))).includes);
    }
    error refusal_of(char const* model, char const* query) {
        try {
            (void)plan(model, query);
        } catch (error const& e) {
            return e;
        }
        ADD_FAILURE() << query << " was taken";
        return error(errc::definition);
    }

    std::map<std::string, std::shared_ptr<schema const>, std::less<>> models;
};

TEST_F(QueryPlan, OfNothingAsksForEverything) {
    for (char const* query :
        {"{}", R"({"where": null, "order": null, "limit": null, "skip": 0, "fields": null, "include": null})",
            R"({"fields": [], "include": [], "order": []})"}) {
        auto const p = plan("city", query);
        EXPECT_EQ(p.filter, document());
        EXPECT_EQ(p.sort, document());
        EXPECT_EQ(p.limit, 0);
        EXPECT_FALSE(p.shapes());
    }
}

TEST_F(QueryPlan, HasWhatIsSelected) {
    auto const p =
        plan("city", R"({"where": {"size": {"gt": 1}}, "order": ["size DESC", "name", "size ASC"], "limit": 2, "skip": 3})");
    EXPECT_EQ(p.filter, doc("size", doc("$gt", 1)));
    EXPECT_EQ(p.sort, doc("size", -1, "name", 1));
    EXPECT_EQ(p.limit, 2);
    EXPECT_EQ(p.skip, 3);
}

TEST_F(QueryPlan, TakesAnyWhiteSpaceBeforeADirection) {
    EXPECT_EQ(plan("city", R"({"order": "size \t DESC "})").sort, doc("size", -1));
    EXPECT_EQ(plan("city", R"({"order": "size  ASC"})").sort, doc("size", 1));
}

TEST_F(QueryPlan, AlwaysGivesTheKeyOfADocument) {
    EXPECT_EQ(plan("city", R"({"fields": "name"})").fields, doc("id", 1, "name", 1));
    EXPECT_EQ(plan("city", R"({"fields": ["id"]})").fields, doc("id", 1));
}

TEST_F(QueryPlan, NamesEveryPartOfADocumentOnce) {
    add(model_definition("thing").extra_keys(extra_keys::allow));
    EXPECT_EQ(plan("thing", R"({"fields": ["a.b.c", "a", "d.e", "a.b"]})").fields, doc("id", 1, "a", 1, "d.e", 1));
}

TEST_F(QueryPlan, LeavesRelatedDocumentsToInclude) {
    EXPECT_EQ(plan("city", R"({"fields": ["name", "country"]})").fields, doc("id", 1, "name", 1));
    EXPECT_EQ(plan("city", R"({"fields": ["name"], "include": "country"})").fields, doc("id", 1, "name", 1, "country", 1));
    EXPECT_EQ(plan("city", R"({"include": "country"})").fields, document());
}

TEST_F(QueryPlan, OfAKnownDocumentHasItsShapeOnly) {
    auto const p =
        plan("city", R"({"where": {"$bad": 1}, "order": 5, "limit": "x", "fields": "name"})", detail::query_scope::shape);
    EXPECT_EQ(p.filter, document());
    EXPECT_EQ(p.fields, doc("id", 1, "name", 1));
}

TEST_F(QueryPlan, IncludesEveryForm) {
    auto const country = doc("name", "afterFind_country");
    EXPECT_EQ(includes("city", R"("country")"), arr(country));
    EXPECT_EQ(includes("city", R"(["country", [["streets"]]])"), arr(country, doc("name", "afterFind_streets")));
    EXPECT_EQ(
        includes("street", R"({"city": "country"})"), arr(doc("name", "afterFind_city", "args", doc("hooks", arr(country)))));
    EXPECT_EQ(includes("street", R"({"city": ["country", {"streets": "city"}]})"),
        arr(doc("name", "afterFind_city", "args",
            doc("hooks",
                arr(country, doc("name", "afterFind_streets", "args", doc("hooks", arr(doc("name", "afterFind_city")))))))));
    EXPECT_EQ(includes("city", R"({"relation": "country"})"), arr(country));
    EXPECT_EQ(includes("city", R"({"relation": "country", "scope": null})"), arr(country));
}

TEST_F(QueryPlan, CompilesScopes) {
    EXPECT_EQ(
        includes("city", R"({"relation": "streets", "scope": {"where": {"name": {"neq": "x"}}, "order": "name DESC", "limit": 2,
                  "skip": 1, "fields": "name", "include": "city"}})"),
        arr(doc("name", "afterFind_streets", "args",
            doc("filter", doc("name", doc("$ne", "x")), "sort", doc("name", -1), "limit", 2, "skip", 1, "fields",
                doc("id", 1, "name", 1, "city", 1), "hooks", arr(doc("name", "afterFind_city"))))));
}

TEST_F(QueryPlan, KnowsNothingOfDocumentsThatMayBeOfAnyModel) {
    EXPECT_EQ(
        includes("file", R"({"relation": "owner", "scope": {"where": {"anything": 1}, "fields": ["x"], "include": "whatever"}})"),
        arr(doc("name", "afterFind_owner", "args",
            doc("filter", doc("anything", doc("$eq", 1)), "fields", doc("x", 1, "whatever", 1), "hooks",
                arr(doc("name", "afterFind_whatever"))))));
}

TEST_F(QueryPlan, RefusesWhatItDoesNotUnderstand) {
    struct {
        char const* query;
        char const* path;
    } const cases[] = {
        {R"({"wher": {}})", "wher"},
        {R"({"where": []})", "where"},
        {R"({"where": {"size": {"foo": 1}}})", "size"},
        {R"({"order": 5})", "order"},
        {R"({"order": [""]})", "order"},
        {R"({"order": ["name", null]})", "order"},
        {R"({"order": {"name": 1}})", "order"},
        {R"({"order": "name UP"})", "name"},
        {R"({"order": "nmae"})", "nmae"},
        {R"({"limit": "2"})", "limit"},
        {R"({"limit": -1})", "limit"},
        {R"({"limit": 1.5})", "limit"},
        {R"({"skip": true})", "skip"},
        {R"({"fields": 5})", "fields"},
        {R"({"fields": [null]})", "fields"},
        {R"({"fields": "nmae"})", "nmae"},
        {R"({"include": 5})", "include"},
        {R"({"include": [""]})", "include"},
        {R"({"include": {"relation": 5}})", "include"},
        {R"({"include": {"relation": "country", "scop": {}}})", "include"},
        {R"({"include": {"relation": "country", "scope": 5}})", "country"},
        {R"({"include": "nothing"})", "nothing"},
        {R"({"include": "name"})", "name"},
        {R"({"include": ["country", "country"]})", "country"},
        {R"({"include": {"country": "nothing"}})", "country.nothing"},
        {R"({"include": {"country": 5}})", "country.include"},
        {R"({"include": {"relation": "streets", "scope": {"where": {"nmae": 1}}}})", "streets.nmae"},
        {R"({"include": {"relation": "streets", "scope": {"include": ["city", "city"]}}})", "streets.city"},
    };
    for (auto const& c : cases) {
        auto const e = refusal_of("city", c.query);
        EXPECT_EQ(e.code(), errc::invalid_argument) << c.query;
        EXPECT_EQ(e.details().path, c.path) << c.query;
    }
}

TEST_F(QueryPlan, RunsIncludesBesideTheDefaultHooks) {
    model_definition d("post");
    d.hook("afterFind", "count", [](after_find_args&) {})
        .default_hooks(operation_kind::find, "afterFind_count")
        .relation(belongs_to("country"));
    add(std::move(d));
    auto p = plan("post", R"({"include": "country"})");
    find_options options;
    p.apply(options, *models.at("post"));
    EXPECT_EQ(*options.hooks_value, hook_requests({"afterFind_count", "afterFind_country"}));

    find_options none;
    none.hooks();
    plan("post", R"({"include": "country"})").apply(none, *models.at("post"));
    EXPECT_EQ(*none.hooks_value, hook_requests({"afterFind_country"}));
    find_options untouched;
    plan("post", "{}").apply(untouched, *models.at("post"));
    EXPECT_EQ(untouched.hooks_value, std::nullopt);
}

} // namespace
} // namespace cormorant
