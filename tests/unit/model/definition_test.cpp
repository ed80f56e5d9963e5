#include "fixture.hpp"

namespace cormorant {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::id_of;
using testing::run;

class LiveModel : public testing::ModelTest {
protected:
    model items = add(model_definition("item").collection("items").field("foo", string()));
};

TEST_F(LiveModel, TellsWhatItIs) {
    EXPECT_EQ(items.name(), "item");
    EXPECT_EQ(items.collection(), "items");
    EXPECT_TRUE(items.connected());
    EXPECT_EQ(items.connection(), db);
    EXPECT_TRUE(items.methods().empty());
    EXPECT_EQ(items.schema()->name(), "item");
    EXPECT_FALSE(model());
}

TEST_F(LiveModel, TakesNewDeclarationsAtOnce) {
    items.add_field("n", number().default_value(1))
        .add_virtual(virtual_field("loud").get([](model_document& d) { return d.text("foo") + "!"; }))
        .add_relation(single("author"))
        .add_index(doc("n", 1), doc("unique", true))
        .add_document_method("twice", [](model_document& d, array const&) { return value(d.text("foo") + d.text("foo")); })
        .add_model_method("echo", [](model& m, array args) -> boost::asio::awaitable<value> {
            auto answer = value(doc("model", m.name(), "args", std::move(args)));
            co_return answer;
        });
    EXPECT_EQ(run(items.insert(doc("foo", "a"))).at("n"), value(1));
    auto d = doc("foo", "a");
    auto bound = items.bind(d);
    EXPECT_EQ(bound.get("loud"), value("a!"));
    EXPECT_EQ(bound.call("twice"), value("aa"));
    EXPECT_NE(items.schema()->relation("author"), nullptr);
    EXPECT_THAT(items.methods(), ElementsAre("echo"));
    EXPECT_EQ(run(items.call("echo", arr(1))), value(doc("model", "item", "args", arr(1))));
    run(items.create_indexes());
    EXPECT_EQ(store->call<create_indexes_op>(1).indexes.at(0).keys, doc("n", 1));
}

TEST_F(LiveModel, KeepsItsDefinitionWhenAChangeIsWrong) {
    EXPECT_THROW(items.add_virtual(virtual_field("v")), error) << "neither getter, setter nor writable";
    EXPECT_THROW(items.change([](model_definition& d) {
        d.field("x", string());
        d.collection("others");
    }),
        error);
    EXPECT_EQ(items.schema()->field("x"), nullptr);
    EXPECT_THROW(items.hook("beforeFnd", "x", [](hook_args&) {}), error);
}

TEST_F(LiveModel, RefusesDefaultHooksThatAreNoNames) {
    try {
        model const m(model_definition("m").default_hooks(operation_kind::count, "nonsense"));
        FAIL() << "accepted";
    } catch (error const& e) {
        EXPECT_EQ(e.code(), errc::definition);
        EXPECT_THAT(e.message(), HasSubstr("default hooks of count"));
    }
}

TEST_F(LiveModel, MakesDocumentsWithAndWithoutDefaults) {
    items.add_field("n", number().default_value(1));
    EXPECT_EQ(items.new_document(doc("_id", id_of(1))), doc("_id", id_of(1), "n", 1));
    EXPECT_EQ(items.new_document(doc("id", "000000000000000000000001"), false), doc("_id", id_of(1)));
}

TEST_F(LiveModel, BoundDocumentsOutliveAChangeOfTheDefinition) {
    auto d = doc("_id", id_of(1));
    auto bound = items.bind(d);
    items.add_field("n", number());
    EXPECT_EQ(bound.get("id"), value("000000000000000000000001"));
}

TEST_F(LiveModel, HasNoMethodThatWasNotDeclared) {
    EXPECT_EQ(testing::failure_of(items.call("nope")).code(), errc::not_found);
}

TEST_F(LiveModel, UserHookTakesThePlaceOfARelationship) {
    items.add_relation(single("author"));
    items.hook("afterFind", "author", [this](after_find_args&) { log.push_back("mine"); });
    answer_finds({{"items", list({doc("author_id", id_of(1))})}});
    run(items.find(document(), find_options().hooks("afterFind_author")));
    EXPECT_THAT(log, ElementsAre("mine"));
    EXPECT_EQ(store->calls.size(), 1u);
}

} // namespace
} // namespace cormorant
