#include "schema/filter.hpp"
#include "schema_fixture.hpp"

namespace cormorant::test {
namespace {

using detail::reach;

// --- which documents fit ---------------------------------------------------------------------------------------------

struct reach_case {
    char const* name;
    char const* filter;
    reach expected;
};

class reaches : public testing::TestWithParam<reach_case> {};

TEST_P(reaches, are_told_by_the_words_of_a_filter) {
    EXPECT_EQ(static_cast<int>(detail::reach_of(json(GetParam().filter), "code")), static_cast<int>(GetParam().expected));
}

INSTANTIATE_TEST_SUITE_P(schema, reaches,
    testing::Values(reach_case{"empty", "{}", reach::every}, reach_case{"path", R"({"a": 1})", reach::some},
        reach_case{"and_of_nothing", R"({"$and": [{}]})", reach::every},
        reach_case{"and_of_something", R"({"$and": [{}, {"a": 1}]})", reach::some},
        reach_case{"or_with_nothing", R"({"$or": [{"a": 1}, {}]})", reach::every},
        reach_case{"or_of_something", R"({"$or": [{"a": 1}, {"b": 1}]})", reach::some},
        reach_case{"nor_of_what_none_fits", R"({"$nor": [{"a": {"$in": []}}]})", reach::every},
        reach_case{"nor_of_nothing", R"({"$nor": [{}]})", reach::none},
        reach_case{"nested", R"({"$and": [{"$or": [{"$and": [{}]}, {"a": 1}]}]})", reach::every},
        reach_case{"logic_without_parts_is_the_stores_affair", R"({"$nor": []})", reach::some},
        reach_case{"no_choice", R"({"a": {"$in": []}})", reach::none},
        reach_case{"no_choice_among_others", R"({"a": {"$in": []}, "b": 1})", reach::none},
        reach_case{"a_choice", R"({"a": {"$in": [1]}})", reach::some},
        reach_case{"nothing_excluded", R"({"a": {"$nin": []}})", reach::every},
        reach_case{"not_in_nothing", R"({"a": {"$not": {"$in": []}}})", reach::every},
        reach_case{"not_among_nothing_excluded", R"({"a": {"$not": {"$nin": []}}})", reach::none},
        reach_case{"all_of_nothing", R"({"a": {"$all": []}})", reach::none},
        reach_case{"bounds_of_everything", R"({"a": {"$gte": {"$minKey": 1}, "$lte": {"$maxKey": 1}}})", reach::every},
        reach_case{"the_key_exists", R"({"_id": {"$exists": true}})", reach::every},
        reach_case{"the_key_of_another_name_exists", R"({"code": {"$exists": 1}})", reach::every},
        reach_case{"no_key", R"({"_id": {"$exists": false}})", reach::none},
        reach_case{"the_key_is_not_null", R"({"_id": {"$ne": null}})", reach::every},
        reach_case{"another_path_exists", R"({"a": {"$exists": true}})", reach::some},
        reach_case{"an_empty_document_is_a_value", R"({"a": {}})", reach::some},
        reach_case{"pattern", R"({"a": {"$regex": "", "$options": "i"}})", reach::some},
        reach_case{"true_expression", R"({"$expr": true})", reach::every},
        reach_case{"number_as_expression", R"({"$expr": 1})", reach::every},
        reach_case{"zero_as_expression", R"({"$expr": 0})", reach::none},
        reach_case{"null_as_expression", R"({"$expr": null})", reach::none},
        reach_case{"text_as_expression", R"({"$expr": "yes"})", reach::every},
        reach_case{"path_as_expression", R"({"$expr": "$a"})", reach::some},
        reach_case{"literal", R"({"$expr": {"$literal": true}})", reach::every},
        reach_case{"logic_of_expressions", R"({"$expr": {"$and": [true, {"$not": [false]}]}})", reach::every},
        reach_case{"a_choice_of_expressions", R"({"$expr": {"$or": ["$a", true]}})", reach::every},
        reach_case{"equal_to_itself", R"({"$expr": {"$eq": ["$a", "$a"]}})", reach::every},
        reach_case{"unequal_to_itself", R"({"$expr": {"$ne": ["$a", "$a"]}})", reach::none},
        reach_case{"compared_expressions", R"({"$expr": {"$gt": ["$a", "$b"]}})", reach::some},
        reach_case{"comment", R"({"$comment": "why"})", reach::every},
        reach_case{"schema_of_everything", R"({"$jsonSchema": {}})", reach::every},
        reach_case{"whole_sample", R"({"$sampleRate": 1.0})", reach::every},
        reach_case{"code", R"({"$where": "true"})", reach::some}),
    case_name);

// --- paths -----------------------------------------------------------------------------------------------------------

model_definition people() {
    return model_definition("people")
        .field("name", string())
        .field("email", string().column("mail"))
        .field("secret", string().persist(false))
        .field("address", object().extra_keys(extra_keys::refuse).field("city", string()).field("zip", string()))
        .field("free", object().field("known", string()))
        .field("tags", array_of(string()))
        .field("rows", array_of(object().extra_keys(extra_keys::refuse).field("key", string()).field("n", integer())))
        .field("grid", array_of(array_of(integer())))
        .field("langs", map_of(object().extra_keys(extra_keys::refuse).field("title", string())))
        .field("any", any())
        .virtual_field(virtual_field("shout").get([](model_document&) { return value("!"); }))
        .relation(single("author").model("people"));
}

struct path_case {
    char const* name;
    char const* filter;
    /// The path that is found, null: none.
    char const* path;
    char const* message = "";
};

class unknown_paths_of : public testing::TestWithParam<path_case> {};

TEST_P(unknown_paths_of, filters_are_found_at_any_depth) {
    auto const s = schema::compile(people());
    auto const found = s->unknown_path(json(GetParam().filter));
    if (GetParam().path == nullptr) {
        EXPECT_FALSE(found) << found->path << ' ' << found->message;
        return;
    }
    ASSERT_TRUE(found);
    EXPECT_EQ(found->path, GetParam().path);
    EXPECT_EQ(found->code, errc::unknown_field);
    EXPECT_NE(found->message.find(GetParam().message), std::string::npos) << found->message;
}

INSTANTIATE_TEST_SUITE_P(schema, unknown_paths_of,
    testing::Values(
        path_case{"declared", R"({"name": 1, "_id": 2, "_ml.x": 3, "author_id": 4, "address.city": 5, "address": {"zip": 6}})",
            nullptr},
        path_case{"near_a_name", R"({"nmae": 1})", "nmae", "is 'name' meant?"},
        path_case{"near_no_name", R"({"population": 1})", "population", "is not declared"},
        path_case{"near_a_key", R"({"address.ctiy": 1})", "address.ctiy", "is 'address.city' meant?"},
        path_case{"whole_value_with_another_key", R"({"address": {"ctiy": 1}})", "address.ctiy", "is 'address.city' meant?"},
        path_case{"compared_with_another_key", R"({"address": {"$ne": {"ctiy": 1}}})", "address.ctiy"},
        path_case{"chosen_with_another_key", R"({"rows": {"$in": [{"key": 1}, {"kee": 1}]}})", "rows.kee"},
        path_case{"open_object", R"({"free.other.x": 1, "free": {"more": 1}})", nullptr},
        path_case{"any_type", R"({"any.a.b": 1, "any": {"$elemMatch": {"x": 1}}})", nullptr},
        path_case{"below_text", R"({"name.first": 1})", "name.first", "leads into a value of type string"},
        path_case{"items_with_and_without_position", R"({"tags": 1, "tags.0": 1, "rows.key": 1, "rows.3.n": 1, "grid.0.1": 1})",
            nullptr},
        path_case{"key_of_an_item", R"({"rows.0.kee": 1})", "rows.0.kee", "is 'rows.0.key' meant?"},
        path_case{"key_of_items", R"({"rows.kee": 1})", "rows.kee", "is 'rows.key' meant?"},
        path_case{"below_items_that_are_text", R"({"tags.x": 1})", "tags.x"},
        path_case{"keys_of_a_map", R"({"langs.en.title": 1, "langs.de": {"title": 1}})", nullptr},
        path_case{"below_a_key_of_a_map", R"({"langs.en.text": 1})", "langs.en.text"},
        path_case{"item_that_matches", R"({"rows": {"$elemMatch": {"key": 1, "n": {"$gt": 2}}}})", nullptr},
        path_case{"key_of_an_item_that_matches", R"({"rows": {"$elemMatch": {"key": 1, "m": 2}}})", "rows.m"},
        path_case{"logic_within_an_item", R"({"rows": {"$elemMatch": {"$or": [{"key": 1}, {"m": 2}]}}})", "rows.m"},
        path_case{"negation", R"({"rows": {"$not": {"$elemMatch": {"m": 1}}}})", "rows.m"},
        path_case{"all_items", R"({"rows": {"$all": [{"$elemMatch": {"m": 1}}]}})", "rows.m"},
        path_case{"logic", R"({"$and": [{"name": 1}, {"$or": [{"name": 2}, {"$nor": [{"nam": 3}]}]}]})", "nam"},
        path_case{"virtual_field", R"({"shout": 1})", "shout", "is a virtual"},
        path_case{"id_text", R"({"id": 1})", "id", "is a virtual"},
        path_case{"relationship", R"({"author": 1})", "author", "only the key 'author_id'"},
        path_case{"below_a_relationship", R"({"author.name": 1})", "author.name", "only the key 'author_id'"},
        path_case{"never_stored", R"({"secret": 1})", "secret", "is never stored"},
        path_case{"column", R"({"mail": 1})", "mail", "is the column of the field 'email'"},
        path_case{"expression", R"({"$expr": {"$eq": ["$name", {"$concat": ["$address.city", "x"]}]}})", nullptr},
        path_case{"expression_with_another_path", R"({"$expr": {"$gt": [{"$size": "$rwos"}, 1]}})", "rwos"},
        path_case{"expression_of_the_root", R"({"$expr": {"$eq": ["$$ROOT.nmae", 1]}})", "nmae"},
        path_case{"expression_with_variables", R"({"$expr": {"$let": {"vars": {"x": "$name"}, "in": "$$x.y"}}})", nullptr},
        path_case{"expression_with_a_literal", R"({"$expr": {"$eq": ["$name", {"$literal": "$nmae"}]}})", nullptr},
        path_case{"expressions_name_columns", R"({"$expr": {"$eq": ["$mail", 1]}})", nullptr},
        path_case{"expression_with_the_name_of_a_field", R"({"$expr": {"$eq": ["$email", 1]}})", "email", "is stored as 'mail'"},
        path_case{"words_without_paths", R"({"$text": {"$search": "x"}, "$comment": "y"})", nullptr}),
    case_name);

TEST(unknown_paths, are_none_where_any_key_may_be_stored) {
    auto const s = schema::compile(model_definition("items").extra_keys(extra_keys::allow).field("name", string()));
    EXPECT_FALSE(s->unknown_path(json(R"({"anything.at": {"all": 1}})")));
    EXPECT_TRUE(s->unknown_path(json(R"({"name.first": 1})")));
}

TEST(unknown_paths, of_the_key_under_any_name) {
    auto const s = schema::compile(model_definition("items").primary_key("code", string()));
    EXPECT_FALSE(s->unknown_path(json(R"({"code": "a", "_id": "b"})")));
    EXPECT_TRUE(s->unknown_path(json(R"({"id": "a"})")));
}

TEST(unknown_paths, are_chosen_in_json) {
    auto const with = [](char const* policy) {
        return model_definition::parse(std::string(R"({"collection": "a", "unknownPaths": )") + policy + "}").unknown_paths();
    };
    EXPECT_EQ(with("\"refuse\""), unknown_paths::refuse);
    EXPECT_EQ(with("\"pass\""), unknown_paths::pass);
    EXPECT_EQ(with("\"matchNothing\""), unknown_paths::match_nothing);
    auto const e = caught([&] { with("\"maybe\""); });
    EXPECT_EQ(e.code(), errc::definition);
    EXPECT_EQ(e.details().path, "unknownPaths");
}

} // namespace
} // namespace cormorant::test
