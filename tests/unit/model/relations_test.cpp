#include "fixture.hpp"

namespace cormorant {
namespace {

using ::testing::ElementsAre;
using testing::failure_of;
using ::testing::HasSubstr;
using testing::run;

/// Authors have posts and a passport; posts belong to an author and have files; files belong to whatever their discriminator
/// says.
class Relations : public testing::ModelTest {
protected:
    static model_definition loose(char const* name) {
        model_definition d(name);
        d.field("_id", any()).extra_keys(extra_keys::allow);
        return d;
    }

    model authors = add(loose("author")
                            .relation(has_many("posts").model("post").foreign_key("authorId"))
                            .relation(has_one("passport").foreign_key("holder"))
                            .relation(has_many("files").model("file").polymorphic("owner"))
                            .relation(references_many("friends").model("author")));
    model posts =
        add(loose("post")
                .relation(belongs_to("author"))
                .relation(has_many("pictures").model("file").polymorphic().foreign_key("ownerId").discriminator("ownerType")));
    model passports = add(loose("passport"));
    model files = add(loose("file").relation(belongs_to("owner").polymorphic()));

    documents some_authors = list({doc("_id", 1, "friendIds", arr(3, 2, 3)), doc("_id", 2, "friendIds", 1), doc("_id", 3)});
    documents some_posts = list({doc("_id", 12, "authorId", 1), doc("_id", 11, "authorId", 2), doc("_id", 13, "authorId", 1)});
    documents some_files = list({doc("_id", 31, "ownerId", 1, "ownerType", "author"),
        doc("_id", 32, "ownerId", 1, "ownerType", "post"), doc("_id", 33, "ownerId", 1, "ownerType", "ghost"), doc("_id", 34)});

    /// What populating these documents gives; the finds of related models are answered with `related`.
    documents populate(
        model const& m, documents docs, hook_requests hooks, std::vector<std::pair<std::string, documents>> related) {
        related.emplace_back(m.collection(), std::move(docs));
        answer_finds(std::move(related));
        return run(m.find(document(), find_options().hooks(std::move(hooks))));
    }
    static std::vector<std::string> ids(document const& d, char const* key) {
        std::vector<std::string> result;
        for (value const& v : d.at(key).as_array())
            result.push_back(to_json(v.as_document().at("_id")));
        return result;
    }
};

TEST_F(Relations, HasManyFindsForAllDocumentsWithOneQuery) {
    auto const found = populate(authors, some_authors, {"afterFind_posts"}, {{"post", some_posts}});
    EXPECT_THAT(store->summary(), ElementsAre("find author", "find post"));
    EXPECT_EQ(store->call<find_op>(1).filter, doc("authorId", doc("$in", arr(1, 2, 3))));
    EXPECT_THAT(ids(found[0], "posts"), ElementsAre("12", "13")) << "in the order of the query";
    EXPECT_THAT(ids(found[1], "posts"), ElementsAre("11"));
    EXPECT_THAT(ids(found[2], "posts"), ElementsAre()) << "an empty list, not nothing";
}

TEST_F(Relations, BelongsToNamesItsKeyAndIsAbsentWithoutADocument) {
    auto const found = populate(posts, list({doc("_id", 1, "authorId", 2), doc("_id", 2, "authorId", 9), doc("_id", 3)}),
        {"afterFind_author"}, {{"author", some_authors}});
    EXPECT_EQ(store->call<find_op>(1).filter, doc("_id", doc("$in", arr(2, 9))));
    EXPECT_EQ(found[0].at("author").as_document().at("_id"), value(2));
    EXPECT_FALSE(found[1].contains("author"));
    EXPECT_FALSE(found[2].contains("author"));
}

TEST_F(Relations, HasOneOfOneDocumentIsAFindWithALimit) {
    auto const found =
        populate(authors, list({doc("_id", 1)}), {"afterFind_passport"}, {{"passport", list({doc("_id", 21, "holder", 1)})}});
    EXPECT_EQ(store->call<find_op>(1).limit, 1);
    EXPECT_EQ(found[0].at("passport"), value(doc("_id", 21, "holder", 1)));
}

TEST_F(Relations, HasOneOfSeveralDocumentsCountsInWindows) {
    store->answer = [this](operation& op) -> reply {
        if (std::holds_alternative<aggregate_op>(op))
            return list({doc("_id", 22, "holder", 2), doc("_id", 21, "holder", 1)});
        return some_authors;
    };
    auto const found = run(authors.find(document(), find_options().hooks("afterFind_passport")));
    EXPECT_THAT(store->summary(), ElementsAre("find author", "aggregate passport"));
    EXPECT_EQ(to_json(store->call<aggregate_op>(1).pipeline),
        R"([{"$match":{"holder":{"$in":[1,2,3]}}},)"
        R"({"$setWindowFields":{"partitionBy":"$holder","sortBy":{"_id":1},)"
        R"("output":{"__number":{"$sum":1,"window":{"documents":["unbounded","current"]}}}}},)"
        R"({"$match":{"__number":{"$gt":0,"$lte":1}}},{"$unset":"__number"}])");
    EXPECT_EQ(found[0].at("passport").as_document().at("_id"), value(21));
    EXPECT_EQ(found[1].at("passport").as_document().at("_id"), value(22));
    EXPECT_FALSE(found[2].contains("passport"));
}

TEST_F(Relations, ReferencesManyGivesEachDocumentOnceInTheOrderOfTheQuery) {
    auto const found = populate(authors, some_authors, {"afterFind_friends"}, {});
    EXPECT_EQ(store->call<find_op>(1).filter, doc("_id", doc("$in", arr(3, 2))));
    EXPECT_THAT(ids(found[0], "friends"), ElementsAre("2", "3"));
    EXPECT_THAT(ids(found[1], "friends"), ElementsAre()) << "what is no list counts as an empty one";
    EXPECT_THAT(ids(found[2], "friends"), ElementsAre());
}

TEST_F(Relations, PolymorphicBelongsToIsOneQueryForEachModel) {
    auto const found =
        populate(files, some_files, {"afterFind_owner"}, {{"author", some_authors}, {"post", list({doc("_id", 1)})}});
    EXPECT_THAT(store->summary(), ::testing::UnorderedElementsAre("find file", "find author", "find post"));
    EXPECT_TRUE(found[0].at("owner").as_document().contains("friendIds"));
    EXPECT_EQ(found[1].at("owner"), value(doc("_id", 1)));
    EXPECT_FALSE(found[2].contains("owner")) << "a model that does not exist leads nowhere";
    EXPECT_FALSE(found[3].contains("owner"));
}

TEST_F(Relations, PolymorphicHasManyTakesTheKeysOfTheRelationBack) {
    auto const found = populate(authors, list({doc("_id", 1)}), {"afterFind_files"}, {{"file", list({some_files[0]})}});
    EXPECT_EQ(store->call<find_op>(1).filter, doc("ownerId", doc("$in", arr(1)), "ownerType", "author"));
    EXPECT_THAT(ids(found[0], "files"), ElementsAre("31"));
}

TEST_F(Relations, PolymorphicHasManyMayNameTheKeysItself) {
    populate(posts, list({doc("_id", 1)}), {"afterFind_pictures"}, {});
    EXPECT_EQ(store->call<find_op>(1).filter, doc("ownerId", doc("$in", arr(1)), "ownerType", "post"));
}

TEST_F(Relations, ThroughARelationThatDoesNotLeadBackIsRefused) {
    add(loose("shelf")
            .relation(has_many("a").model("post").polymorphic("author"))
            .relation(has_many("b").model("post").polymorphic("missing")));
    auto const shelf = db.model("shelf");
    answer_finds({{"shelf", list({doc("_id", 1)})}});
    auto const a = failure_of(shelf.find(document(), find_options().hooks("afterFind_a")));
    EXPECT_EQ(a.code(), errc::definition);
    EXPECT_THAT(a.message(), HasSubstr("is no polymorphic relationship"));
    EXPECT_EQ(a.details().path, "a");
    auto const b = failure_of(shelf.find(document(), find_options().hooks("afterFind_b")));
    EXPECT_THAT(b.message(), HasSubstr("does not exist"));
}

TEST_F(Relations, ThatLeadToNoModelFindNothing) {
    add(loose("shelf").relation(belongs_to("room")).relation(has_many("books").foreign_key("shelfId")));
    answer_finds({{"shelf", list({doc("_id", 1, "roomId", 2)})}});
    auto const found = run(db.model("shelf").find(document(), find_options().hooks("afterFind_room", "afterFind_books")));
    EXPECT_EQ(found[0], doc("_id", 1, "roomId", 2, "books", array()));
}

TEST_F(Relations, AScopeNarrowsAndShapesWhatIsFound) {
    auto const found = populate(authors, list({doc("_id", 1)}),
        {hook_request("afterFind_posts",
            doc("filter", doc("title", "t"), "sort", doc("title", -1), "skip", 1, "limit", 2, "fields", doc("title", 1)))},
        {{"post", list({doc("_id", 11, "title", "t", "authorId", 1)})}});
    auto const& sent = store->call<find_op>(1);
    EXPECT_EQ(sent.filter, doc("authorId", doc("$in", arr(1)), "$and", arr(doc("title", "t"))));
    EXPECT_EQ(sent.sort, doc("title", -1));
    EXPECT_EQ(sent.skip, 1);
    EXPECT_EQ(sent.limit, 2);
    EXPECT_EQ(sent.projection, doc("title", 1, "authorId", 1)) << "the join needs the key";
    EXPECT_EQ(found[0].at("posts"), value(arr(doc("_id", 11, "title", "t")))) << "which was not asked for";
}

TEST_F(Relations, AScopeOfSeveralDocumentsCountsForEach) {
    answer_finds({{"author", some_authors}});
    run(authors.find(document(), find_options().hooks(hook_request("afterFind_posts",
                                     doc("limit", 2, "skip", 1, "sort", doc("title", 1), "fields", doc("title", 1))))));
    EXPECT_EQ(to_json(store->call<aggregate_op>(1).pipeline),
        R"([{"$match":{"authorId":{"$in":[1,2,3]}}},)"
        R"({"$setWindowFields":{"partitionBy":"$authorId","sortBy":{"title":1},)"
        R"("output":{"__number":{"$sum":1,"window":{"documents":["unbounded","current"]}}}}},)"
        R"({"$match":{"__number":{"$gt":1,"$lte":3}}},{"$unset":"__number"},{"$project":{"title":1,"authorId":1}}])");
}

TEST_F(Relations, AScopeOfReferencesCountsForAllOfThem) {
    populate(posts, some_posts, {hook_request("afterFind_author", doc("limit", 1))}, {});
    EXPECT_EQ(store->call<find_op>(1).limit, 1);
}

TEST_F(Relations, AScopeHasHooksOfItsOwn) {
    populate(authors, list({doc("_id", 1)}), {hook_request("afterFind_posts", doc("hooks", arr("afterFind_author")))},
        {{"post", some_posts}});
    EXPECT_THAT(store->summary(), ElementsAre("find author", "find post", "find author"));
}

TEST_F(Relations, AreNotAskedForTwiceWithDifferentScopes) {
    auto const e = failure_of(authors.find(document(), find_options().hooks(hook_request("afterFind_posts", doc("limit", 1)),
                                                           hook_request("afterFind_posts", doc("limit", 2)))));
    EXPECT_EQ(e.code(), errc::invalid_argument);
    EXPECT_THAT(e.message(), HasSubstr("posts"));
}

TEST_F(Relations, RefuseScopesThatMakeNoSense) {
    for (auto const& scope :
        {doc("limit", -1), doc("limit", "1"), doc("filter", 1), doc("sort", "a"), doc("where", document())}) {
        auto const e = failure_of(authors.find(document(), find_options().hooks(hook_request("afterFind_posts", scope))));
        EXPECT_EQ(e.code(), errc::invalid_argument) << to_json(scope);
    }
}

TEST_F(Relations, RunTheHooksOfTheRelatedModel) {
    posts.hook(
        "beforeFilter", "visible", [](filter_args& a) { a.filter.set("visible", true); }, required);
    populate(authors, list({doc("_id", 1)}), {"afterFind_posts"}, {});
    EXPECT_EQ(store->call<find_op>(1).filter, doc("authorId", doc("$in", arr(1)), "visible", true));
}

TEST_F(Relations, ShareAFindWhenTheyAskForTheSame) {
    authors.add_relation(has_many("drafts").model("post").foreign_key("authorId"));
    auto const found = populate(authors, some_authors, {"afterFind_posts", "afterFind_drafts"}, {{"post", some_posts}});
    EXPECT_THAT(store->summary(), ElementsAre("find author", "find post"));
    EXPECT_THAT(ids(found[0], "posts"), ElementsAre("12", "13"));
    EXPECT_THAT(ids(found[0], "drafts"), ElementsAre("12", "13"));
}

TEST_F(Relations, RenderTheirDocumentsByTheirModel) {
    posts.add_virtual(virtual_field("shout").get([](model_document& d) { return d.text("title") + "!"; }));
    auto found = populate(
        authors, list({doc("_id", 1)}), {"afterFind_posts"}, {{"post", list({doc("_id", 11, "title", "t", "authorId", 1)})}});
    auto const rendered = authors.schema()->to_json(found[0]);
    EXPECT_EQ(get_path(rendered, "posts.0.shout")->as_string(), "t!");
}

TEST_F(Relations, PopulateDocumentsThatAreNotTheModels) {
    answer_finds({{"post", some_posts}});
    auto const found = run(db.populate(list({doc("_id", 1)}), has_many("posts").model("post").foreign_key("authorId"), {}));
    EXPECT_THAT(ids(found[0], "posts"), ElementsAre("12", "13"));
}

} // namespace
} // namespace cormorant
