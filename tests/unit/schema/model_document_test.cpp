#include "schema_fixture.hpp"

namespace cormorant::test {
namespace {

object_id const id1("000000000000000000000001");
object_id const id2("000000000000000000000002");

/// Models that find each other by name.
class linked_documents : public testing::Test {
protected:
    using schemas = std::map<std::string, shared_schema, std::less<>>;
    std::shared_ptr<schemas> models = std::make_shared<schemas>();

    void add(model_definition definition) {
        auto const name = definition.name();
        auto const resolve = [weak = std::weak_ptr(models)](std::string_view model) -> shared_schema {
            auto const all = weak.lock();
            auto const found = all->find(model);
            return found == all->end() ? nullptr : found->second;
        };
        models->insert_or_assign(name, schema::compile(std::move(definition), resolve));
    }

    void SetUp() override {
        add(model_definition("posts")
                .field("title", string())
                .field("secret", string().to_json(false))
                .field("at", date())
                .virtual_field(virtual_field("loud").get([](model_document& d) { return d.text("title") + '!'; }))
                .virtual_field(virtual_field("hidden").enumerable(false).get([](model_document&) { return 1; }))
                .virtual_field(virtual_field("maybe").get([](model_document& d) -> std::optional<std::string> {
                    return d.get("at") ? std::optional<std::string>("dated") : std::nullopt;
                }))
                .document_method(
                    "greet", [](model_document& d,
                                 array const& args) { return value(std::string(args.at(0).as_string()) + d.text("title")); })
                .relation(single("author").model("authors"))
                .relation(multiple("tags"))
                .relation(single("owner").models())
                .relation(multiple("parts").models("authors", "tags")));
        add(model_definition("authors")
                .field("name", string())
                .field("password", string().to_json(false))
                .virtual_field(virtual_field("card").get([](model_document& d) { return '<' + d.text("name") + '>'; }))
                .relation(single("image").model("images")));
        add(model_definition("tags").field("title", string()));
    }

    schema const& posts() const { return *models->at("posts"); }

    document post = doc("_id", id1, "title", "T", "secret", "s", "at", datetime(std::chrono::milliseconds(1577934245678)),
        "author_id", id2, "author", doc("_id", id2, "name", "Ann", "password", "p"), "tags",
        arr(doc("_id", id1, "title", "red"), doc("_id", id2, "title", "blue")));
};

TEST_F(linked_documents, read_virtuals_at_every_level) {
    model_document d(posts(), post);
    EXPECT_EQ(d.get("title"), value("T"));
    EXPECT_EQ(d.get("loud"), value("T!"));
    EXPECT_EQ(d.get("id"), value("000000000000000000000001"));
    EXPECT_EQ(d.get("author.card"), value("<Ann>"));
    EXPECT_EQ(d.get("author.id"), value("000000000000000000000002"));
    EXPECT_EQ(d.get("tags.1.id"), value("000000000000000000000002"));
    EXPECT_EQ(d.get("tags.1"), value(doc("_id", id2, "title", "blue")));
    for (auto const* const path :
        {"nothing", "nothing.at.all", "author.nothing", "tags.2.id", "tags.x", "title.x", "owner", "loud.x"}) {
        EXPECT_EQ(d.get(path), std::nullopt) << path;
    }
}

TEST_F(linked_documents, give_text_of_any_value) {
    auto data = doc("s", "a\"b", "n", 2.0, "l", 5'000'000'000, "b", true, "d", datetime(std::chrono::milliseconds(0)), "i", id1,
        "z", nullptr);
    model_document d(posts(), data);
    EXPECT_EQ(d.text("s"), "a\"b");
    EXPECT_EQ(d.text("n"), "2");
    EXPECT_EQ(d.text("l"), "5000000000");
    EXPECT_EQ(d.text("b"), "true");
    EXPECT_EQ(d.text("d"), "1970-01-01T00:00:00.000Z");
    EXPECT_EQ(d.text("i"), "000000000000000000000001");
    EXPECT_EQ(d.text("z"), "");
    EXPECT_EQ(d.text("nothing"), "");
}

TEST_F(linked_documents, have_a_json_form_in_which_every_document_follows_its_model) {
    EXPECT_EQ(to_string(posts().to_json(post)),
        to_string(json(
            R"({"_id": "000000000000000000000001", "title": "T", "at": "2020-01-02T03:04:05.678Z", "author_id": "000000000000000000000002",
            "author": {"_id": "000000000000000000000002", "name": "Ann", "id": "000000000000000000000002", "card": "<Ann>"},
            "tags": [{"_id": "000000000000000000000001", "title": "red", "id": "000000000000000000000001"},
                     {"_id": "000000000000000000000002", "title": "blue", "id": "000000000000000000000002"}],
            "id": "000000000000000000000001", "loud": "T!", "maybe": "dated"})")));
    EXPECT_EQ(posts().to_json_text(post), to_json(posts().to_json(post), json_mode::plain));
}

TEST_F(linked_documents, have_a_plain_form_that_keeps_types_and_all_own_keys) {
    auto data = doc("_id", id1, "title", "T", "secret", "s", "author", doc("_id", id2, "password", "p"));
    EXPECT_EQ(posts().to_plain(data), doc("_id", id1, "title", "T", "secret", "s", "author",
                                          doc("_id", id2, "password", "p", "id", "000000000000000000000002", "card", "<>"), "id",
                                          "000000000000000000000001", "loud", "T!"));
}

TEST_F(linked_documents, show_values_of_virtuals_that_they_hold_once) {
    auto data = doc("_id", id1, "loud", "given", "hidden", 2);
    EXPECT_EQ(posts().to_json(data), doc("_id", "000000000000000000000001", "loud", "given", "id", "000000000000000000000001"));
    EXPECT_EQ(model_document(posts(), data).get("loud"), value("given"));
}

TEST_F(linked_documents, of_several_models_are_told_apart_by_their_references) {
    auto data = doc("owner_id", doc("id", id2, "modelName", "authors"), "owner", doc("_id", id2, "name", "Ann"), "parts_ids",
        arr(doc("id", id1, "modelName", "tags"), doc("id", id2, "modelName", "authors")), "parts",
        arr(doc("_id", id2, "name", "Bob"), doc("_id", id1, "title", "red")));
    model_document d(posts(), data);
    EXPECT_EQ(d.get("owner.card"), value("<Ann>"));
    EXPECT_EQ(d.get("parts.0.card"), value("<Bob>"));
    EXPECT_EQ(d.get("parts.1.card"), std::nullopt);
    EXPECT_EQ(d.get("parts.1.id"), value("000000000000000000000001"));
}

TEST_F(linked_documents, of_models_that_are_not_there_are_plain) {
    auto data = doc("_id", id1, "author", doc("_id", id2, "image", doc("_id", id1, "src", "/a")));
    model_document d(posts(), data);
    EXPECT_EQ(d.get("author.image.src"), value("/a"));
    EXPECT_EQ(d.get("author.image.id"), std::nullopt);
    EXPECT_FALSE(d.to_json().at("author").as_document().at("image").as_document().contains("id"));
}

TEST_F(linked_documents, call_methods_with_arguments) {
    model_document d(posts(), post);
    EXPECT_EQ(d.call("greet", arr("Dear ")), value("Dear T"));
    auto const e = caught([&] { d.call("nope"); });
    EXPECT_EQ(e.code(), errc::invalid_argument);
    EXPECT_EQ(e.details().path, "nope");
}

TEST_F(linked_documents, set_keys_run_setters_and_refuse_what_cannot_be_set) {
    model_document d(posts(), post);
    d.set("title", "new").set("id", "000000000000000000000002").set("author", nullptr).set("undeclared", 5);
    EXPECT_EQ(post.at("title"), value("new"));
    EXPECT_EQ(post.at("_id"), value(id2));
    EXPECT_EQ(post.at("author"), value());
    EXPECT_EQ(post.at("undeclared"), value(5));
    EXPECT_FALSE(post.contains("id"));
    EXPECT_EQ(caught([&] { d.set("loud", "x"); }).code(), errc::invalid_argument);
    EXPECT_EQ(caught([&] { d.set("greet", "x"); }).code(), errc::invalid_argument);
    EXPECT_EQ(caught([&] { d.set("id", "no id"); }).code(), errc::invalid_argument);
    d.set("id", nullptr);
    EXPECT_EQ(post.at("_id"), value());
    EXPECT_EQ(d.get("id"), value());
}

TEST(model_document, evaluates_each_time_unless_cached) {
    auto const counter = [](model_document& d) {
        auto const n = d.data().get_or<int>("count", 0) + 1;
        d.set("count", n);
        return n;
    };
    auto const s = schema::compile(model_definition("items")
                                       .virtual_field(virtual_field("tick").get(counter))
                                       .virtual_field(virtual_field("once").cache().get(counter)));
    document data;
    model_document d(*s, data);
    EXPECT_EQ(d.get("tick"), value(1));
    EXPECT_EQ(d.get("tick"), value(2));
    EXPECT_EQ(d.get("once"), value(3));
    EXPECT_EQ(d.get("once"), value(3));
    EXPECT_EQ(model_document(*s, data).get("once"), value(4));
}

TEST(model_document, a_virtual_that_reads_or_sets_itself_is_a_definition_error) {
    auto const s =
        schema::compile(model_definition("items")
                            .virtual_field(virtual_field("a").get([](model_document& d) { return d.get("b"); }))
                            .virtual_field(virtual_field("b").get([](model_document& d) { return d.get("a"); }))
                            .virtual_field(virtual_field("c").set([](model_document& d, value v) { d.set("c", std::move(v)); })));
    document data;
    model_document d(*s, data);
    auto const e = caught([&] { d.get("a"); });
    EXPECT_EQ(e.code(), errc::definition);
    EXPECT_EQ(e.details().path, "a");
    EXPECT_EQ(caught([&] { d.set("c", 1); }).code(), errc::definition);
}

TEST(model_document, a_virtual_with_only_a_setter_reads_nothing) {
    auto const s = schema::compile(model_definition("items").virtual_field(
        virtual_field("alias").set([](model_document& d, value v) { d.set("first", std::move(v)); })));
    document data;
    model_document d(*s, data);
    d.set("alias", "x");
    EXPECT_EQ(d.get("alias"), std::nullopt);
    EXPECT_EQ(data, doc("first", "x"));
}

TEST(model_document, reads_and_sets_an_object_as_json) {
    auto const s =
        schema::compile(model_definition("items").field("o", any()).virtual_field(virtual_field("text").json_to_object("o")));
    document data;
    model_document d(*s, data);
    EXPECT_EQ(d.get("text"), std::nullopt);
    d.set("text", R"({"a": [1, null], "$oid": "x"})");
    EXPECT_EQ(data, doc("o", doc("a", arr(1, nullptr), "$oid", "x")));
    EXPECT_EQ(d.get("text"), value(R"({"a":[1,null],"$oid":"x"})"));
    EXPECT_EQ(caught([&] { d.set("text", "{"); }).code(), errc::invalid_argument);
    EXPECT_EQ(caught([&] { d.set("text", 5); }).code(), errc::invalid_argument);
    d.set("text", nullptr);
    EXPECT_EQ(data, doc("o", nullptr));
}

TEST(model_document, the_text_id_follows_an_id_of_another_type) {
    auto const s = schema::compile(model_definition("items").field("_id", string()));
    auto data = doc("_id", "alpha");
    model_document d(*s, data);
    EXPECT_EQ(d.get("id"), value("alpha"));
    d.set("id", "beta");
    EXPECT_EQ(data, doc("_id", "beta"));
}

} // namespace
} // namespace cormorant::test
