#include "fixture.hpp"

#include <optional>

namespace cormorant {
namespace {

using ::testing::ElementsAre;
using testing::failure_of;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::run;

class Connection : public testing::ModelTest {};

TEST_F(Connection, KnowsItsModelsByName) {
    auto const b = add(model_definition("b"));
    auto const a = add(model_definition("a"));
    EXPECT_THAT(db.models(), ElementsAre("a", "b"));
    EXPECT_EQ(db.model("a"), a);
    EXPECT_EQ(db.find_model("b"), b);
    EXPECT_EQ(db.find_model("c"), std::nullopt);
    try {
        (void)db.model("c");
        FAIL() << "found";
    } catch (error const& e) {
        EXPECT_EQ(e.code(), errc::not_found);
        EXPECT_THAT(e.message(), HasSubstr("\"c\""));
    }
}

TEST_F(Connection, GivesAModelBackAndTakesItAgain) {
    auto const a = add(model_definition("a"));
    db.remove("a");
    EXPECT_FALSE(a.connected());
    EXPECT_THAT(db.models(), IsEmpty());
    EXPECT_THROW(db.remove("a"), error);
    EXPECT_EQ(failure_of(a.find()).code(), errc::not_connected);

    EXPECT_EQ(run(db.add(a)), a);
    EXPECT_TRUE(a.connected());
    db.remove_all();
    EXPECT_FALSE(a.connected());
}

TEST_F(Connection, ReplacesAModelOfTheSameName) {
    auto const first = add(model_definition("a"));
    auto const second = add(model_definition("a"));
    EXPECT_FALSE(first.connected());
    EXPECT_EQ(db.model("a"), second);
}

TEST_F(Connection, RefusesAModelOfAnotherConnection) {
    auto const a = add(model_definition("a"));
    connection const other(store);
    EXPECT_EQ(failure_of(other.add(a)).code(), errc::definition);
}

TEST_F(Connection, GoneModelsAreOnNoConnection) {
    std::optional<connection> other(store);
    auto const a = run(other->add(model_definition("a")));
    EXPECT_TRUE(a.connected());
    other.reset();
    EXPECT_FALSE(a.connected());
}

TEST_F(Connection, CreatesIndexesWhenAModelIsAdded) {
    auto const definition = [] { return model_definition("a").index(doc("n", 1)); };
    run(db.add(definition()));
    ASSERT_THAT(store->summary(), ElementsAre("create_indexes a"));
    add_options none;
    run(db.add(definition(), none.sync(false)));
    run(db.add(definition(), none.sync(true).create_indexes(false)));
    run(db.add(model_definition("b")));
    EXPECT_EQ(store->calls.size(), 1u);
}

TEST_F(Connection, KeepsTheModelWhenItsIndexesCannotBeMade) {
    store->answer = [](operation&) -> reply { throw error(errc::server, "other options"); };
    auto const e = failure_of(db.add(model_definition("a").index(doc("n", 1))));
    EXPECT_EQ(e.code(), errc::server);
    EXPECT_EQ(e.details().model, "a");
    EXPECT_THAT(db.models(), ElementsAre("a"));
}

class Views : public Connection {
protected:
    document present;

    view_change create(model_definition d) {
        store->answer = [this](operation& op) -> reply {
            if (!std::holds_alternative<list_collections_op>(op))
                return std::monostate();
            documents found;
            if (!present.empty())
                found.push_back(present);
            return found;
        };
        auto const m = add(std::move(d));
        return run(m.create_view());
    }
    static model_definition live() { return model_definition("live").view_on("items", arr(doc("$match", doc("on", true)))); }
};

TEST_F(Views, AreCreated) {
    auto const change = create(live());
    EXPECT_TRUE(change.created);
    EXPECT_FALSE(change.updated);
    auto const& op = store->call<create_collection_op>(1);
    EXPECT_EQ(op.collection, "live");
    EXPECT_EQ(op.view_on, "items");
    EXPECT_EQ(op.pipeline, arr(doc("$match", doc("on", true))));
}

TEST_F(Views, AreMadeOfTheCollectionOfAModel) {
    add(model_definition("items").collection("all_items"));
    create(live());
    EXPECT_EQ(store->call<create_collection_op>(1).view_on, "all_items");
}

TEST_F(Views, ThatAreTheSameAreLeftAlone) {
    present =
        doc("name", "live", "type", "view", "options", doc("viewOn", "items", "pipeline", arr(doc("$match", doc("on", true)))));
    auto const change = create(live());
    EXPECT_FALSE(change.created || change.updated);
    EXPECT_EQ(store->calls.size(), 1u);
}

TEST_F(Views, ThatDifferAreUpdated) {
    present = doc("name", "live", "type", "view", "options", doc("viewOn", "items", "pipeline", array()));
    auto const change = create(live());
    EXPECT_TRUE(change.updated);
    EXPECT_EQ(store->call<modify_view_op>(1).pipeline, arr(doc("$match", doc("on", true))));
}

TEST_F(Views, DoNotTakeThePlaceOfACollection) {
    present = doc("name", "live", "type", "collection", "options", document());
    EXPECT_THROW(create(live()), error);
    EXPECT_EQ(store->calls.size(), 1u);
}

TEST_F(Views, NeedADefinition) {
    EXPECT_THROW(create(model_definition("plain")), error);
}

TEST_F(Connection, DropsCollections) {
    run(db.drop_collection("old"));
    EXPECT_THAT(store->summary(), ElementsAre("drop_collection old"));
}

TEST_F(Connection, AttachesAModelWithoutTouchingTheDatabase) {
    auto const a = db.attach(model_definition("a").field("n", integer()).index(doc("n", 1)));
    EXPECT_EQ(db.model("a"), a);
    EXPECT_THAT(store->calls, IsEmpty());
}

TEST_F(Connection, RelationshipsMayLeadToModelsElsewhere) {
    connection const other(store);
    auto const author = other.attach(model_definition("author"));
    db = connection(store, connection_options().related_models(
                               [&](std::string_view name) { return name == "author" ? std::optional(author) : std::nullopt; }));
    auto const post = add(model_definition("post").relation(single("author")).relation(single("editor")));
    auto const ann = object_id::generate();
    store->answer = [&](operation& op) -> reply {
        if (collection_of(op) == "post")
            return list({doc("_id", 1, "author_id", ann, "editor_id", ann)});
        return list({doc("_id", ann, "name", "Ann")});
    };
    auto const found = run(post.find(document(), find_options().hooks("afterFind_author", "afterFind_editor")));
    EXPECT_EQ(found.at(0).at("author").as_document().at("name"), value("Ann"));
    EXPECT_FALSE(found.at(0).contains("editor"));
}

} // namespace
} // namespace cormorant
