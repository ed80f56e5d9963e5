/// Strict loading: a relationship that was not populated cannot be touched unnoticed.

#include "fixture.hpp"

namespace cormorant {
namespace {

using testing::failure_of;
using ::testing::HasSubstr;
using testing::run;

class StrictLoading : public testing::OnEachStore {
protected:
    model posts_on(connection const& on, std::optional<bool> strict = std::nullopt) {
        run(on.add(model_definition("images").field("src", string())));
        run(on.add(model_definition("authors").field("name", string()).relation(single("image").model("images"))));
        run(on.add(model_definition("tags").field("title", string())));
        auto d = model_definition("posts")
                     .field("title", string())
                     .relation(single("author").model("authors"))
                     .relation(multiple("tags"))
                     .virtual_field(virtual_field("byline").required_fields("author_id").get([](model_document& p) {
                         return "by " + p.text("author.name");
                     }));
        if (strict)
            d.strict_loading(*strict);
        return run(on.add(std::move(d)));
    }
    static connection_options strict() {
        connection_options options;
        options.strict_loading(true);
        return options;
    }
    void fill(connection const& on) {
        auto const image = run(on.model("images").insert(doc("src", "/a"))).at("_id");
        auto const ann = run(on.model("authors").insert(doc("name", "Ann", "image_id", image))).at("_id");
        auto const gone = object_id::generate();
        run(on.model("posts").insert(docs(doc("title", "a", "author_id", ann), doc("title", "b"),
            doc("title", "c", "author_id", gone, "tags_ids", arr(gone)))));
    }
    static documents all(model const& posts, find_options options = {}) {
        return run(posts.find(document(), options.sort("title", 1)));
    }
    template <class F>
    static error touching(F f) {
        try {
            f();
        } catch (error const& e) {
            return e;
        }
        ADD_FAILURE() << "it was touched";
        return error(errc::invalid_argument, "there was no error");
    }
};

TEST_P(StrictLoading, IsOffByDefault) {
    auto const posts = posts_on(db);
    fill(db);
    auto found = all(posts);
    EXPECT_EQ(posts.bind(found[0]).get("author.name"), std::nullopt);
    EXPECT_EQ(posts.bind(found[0]).text("byline"), "by ");
    auto const populated = all(posts, find_options().hooks("afterFind_author", "afterFind_tags"));
    EXPECT_FALSE(populated[2].contains("author"));
    EXPECT_FALSE(populated[2].contains("tags"));
}

TEST_P(StrictLoading, NamesModelRelationshipAndRemedy) {
    auto const posts = posts_on(db, true);
    fill(db);
    auto found = all(posts);
    for (char const* path : {"author", "author.name", "byline"}) {
        auto const e = touching([&] { posts.bind(found[0]).get(path); });
        EXPECT_EQ(e.code(), errc::not_populated) << path;
        EXPECT_EQ(e.details().model, "posts");
        EXPECT_EQ(e.details().path, "author");
        EXPECT_THAT(e.message(), HasSubstr("hooks(\"afterFind_author\")"));
        EXPECT_THAT(e.message(), HasSubstr("fields(\"author\")"));
    }
    EXPECT_EQ(posts.bind(found[1]).get("author.name"), std::nullopt) << "there is nothing to populate";
}

TEST_P(StrictLoading, TellsWhatWasPopulatedFromWhatDoesNotExist) {
    auto const posts = posts_on(db, true);
    fill(db);
    auto found = all(posts, find_options().hooks("afterFind_author", "afterFind_tags"));
    EXPECT_EQ(posts.bind(found[0]).get("author.name"), value("Ann"));
    EXPECT_EQ(posts.bind(found[0]).text("byline"), "by Ann");
    EXPECT_FALSE(found[1].contains("author"));
    EXPECT_EQ(found[2].at("author"), value()) << "populated, and there is none";
    EXPECT_EQ(found[2].at("tags"), value(array()));
    EXPECT_EQ(posts.bind(found[2]).get("author.name"), std::nullopt);
    auto const stored = run(posts.save(found[2]));
    EXPECT_FALSE(stored.contains("author")) << "what was populated is not stored";
}

TEST_P(StrictLoading, HoldsInVirtualsThatACallEvaluates) {
    auto const posts = posts_on(db, true);
    fill(db);
    auto const e = failure_of(posts.find(document(), find_options().fields("byline").cast_docs(false)));
    EXPECT_EQ(e.code(), errc::not_populated);
    EXPECT_EQ(e.details().operation, "find");
}

TEST_P(StrictLoading, OfTheConnectionIsForModelsThatDoNotSay) {
    connection const on(store, strict());
    auto const posts = posts_on(on);
    fill(on);
    auto found = all(posts, find_options().hooks("afterFind_author"));
    EXPECT_EQ(touching([&] { posts.bind(found[0]).get("author.image.src"); }).details().model, "authors") << "at every level";
    EXPECT_EQ(posts.bind(found[0]).strict_loading(false).get("tags"), std::nullopt);

    on.remove("posts");
    EXPECT_FALSE(posts.schema()->strict_loading()) << "the connection's word counts on the connection";
    auto const lenient = posts_on(on, false);
    auto again = all(lenient);
    EXPECT_EQ(lenient.bind(again[0]).get("author"), std::nullopt);
    EXPECT_EQ(touching([&] { lenient.bind(again[0]).strict_loading(true).get("author"); }).code(), errc::not_populated);
}

INSTANTIATE_TEST_SUITE_P(stores, StrictLoading, ::testing::ValuesIn(testing::store_kinds()), testing::store_name);

} // namespace
} // namespace cormorant
