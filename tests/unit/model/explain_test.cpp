#include "fixture.hpp"

namespace cormorant {
namespace {

using ::testing::HasSubstr;
using testing::id_of;
using testing::run;

class Explanation : public testing::ModelTest {
protected:
    static void nothing(hook_args&) {}

    model posts = add(model_definition("posts")
                          .field("title", string())
                          .relation(single("author").model("authors"))
                          .relation(multiple("links").models())
                          .hook("beforeFilter", "tenant", nothing, required)
                          .hook("afterFind", "stars", nothing)
                          .hook("beforePut", "slug", nothing)
                          .virtual_field(virtual_field("byline")
                                             .required_fields("author.name")
                                             .required_hooks("afterFind_stars")
                                             .get([](model_document& d) { return d.text("author.name"); }))
                          .default_hooks(operation_kind::insert, "beforePut_slug"));
    model authors = add(model_definition("authors")
                            .field("name", string())
                            .relation(single("image").model("images"))
                            .default_hooks(operation_kind::find, "afterFind_image"));
    model images = add(model_definition("images").field("src", string()));

    template <class F>
    static error refused(F f) {
        try {
            (void)f();
        } catch (error const& e) {
            return e;
        }
        ADD_FAILURE() << "explained";
        return error(errc::cancelled);
    }
};

TEST_F(Explanation, IsATree) {
    auto const e = posts.explain_find(
        doc("title", "x"), find_options().fields("title", "author.name").hooks("afterFind_stars").sort("title", -1).limit(3));
    EXPECT_EQ(e.to_string(), "posts.find\n"
                             "  beforeFilter_tenant  required\n"
                             "  find posts  {title: ?}  reads title, author_id  sort {\"title\":-1}  limit 3\n"
                             "  afterFind_stars  asked for\n"
                             "  afterFind_author  needed by author\n"
                             "  author -> authors\n"
                             "    authors.find\n"
                             "      find authors  {_id: {$in: [?]}}  reads name, _id\n"
                             "      afterFind_image  default hook of authors, populates nothing: image_id is not read\n");
    EXPECT_TRUE(store->calls.empty());
}

TEST_F(Explanation, IsADocument) {
    auto const e = posts.explain_find(document(), find_options().hooks("afterFind_author"));
    EXPECT_EQ(e.to_document(), parse_json_document(R"({"call": "posts.find", "steps": [
        {"hook": "beforeFilter_tenant", "origin": "required"},
        {"store": "find posts", "filter": "{}"},
        {"hook": "afterFind_author", "origin": "runtime"},
        {"populate": "author -> authors", "level": 1, "steps": [{"call": "authors.find", "steps": [
            {"store": "find authors", "filter": "{_id: {$in: [?]}}"},
            {"hook": "afterFind_image", "origin": "default", "reason": "authors"},
            {"populate": "author.image -> images", "level": 2, "steps": [{"call": "images.find", "steps": [
                {"store": "find images", "filter": "{_id: {$in: [?]}}"}]}]}]}]}]})"));
}

TEST_F(Explanation, ListsHooksAndQueries) {
    auto const e = posts.explain_find(document(), find_options().fields("byline"));
    std::vector<std::string> hooks;
    for (auto const& h : e.hooks())
        hooks.push_back(
            h.model + ':' + h.name + ' ' + std::string(to_string(h.origin)) + ' ' + h.reason + (h.internal ? " internal" : ""));
    EXPECT_THAT(
        hooks, ::testing::ElementsAre("posts:beforeFilter_tenant required ", "posts:afterFind_author field author internal",
                   "authors:afterFind_image default authors internal", "posts:afterFind_stars field byline"));
    auto const queries = e.queries();
    ASSERT_EQ(queries.size(), 2u);
    EXPECT_EQ(queries[0].fields, doc("author_id", 1));
    EXPECT_EQ(queries[1].model, "authors");
    EXPECT_EQ(queries[1].level, 1);
    EXPECT_EQ(e.hooks()[2].unread_key, "image_id");
}

TEST_F(Explanation, OfNestedHooksSaysWhoAskedForThem) {
    posts.change(
        [](model_definition& d) { d.default_hooks(operation_kind::find, "afterFind_author", "author.afterFind_image"); });
    auto const origin = [&](find_options const& options) {
        auto const hooks = posts.explain_find(document(), options).hooks();
        return std::string(to_string(hooks.back().origin)) + ' ' + hooks.back().reason;
    };
    EXPECT_EQ(origin(find_options()), "default posts");
    EXPECT_EQ(origin(find_options().hooks("afterFind_author", "author.afterFind_image")), "runtime ");
}

TEST_F(Explanation, OfWritesNamesValidationAndNumbers) {
    EXPECT_EQ(posts.explain_insert(list({document(), document()})).to_string(), "posts.insert\n"
                                                                                "  beforePut_slug  default hook of posts\n"
                                                                                "  validate\n"
                                                                                "  insert posts    documents 2\n");
    EXPECT_THAT(posts.explain_update(doc("title", 1), doc("$set", doc("title", 5))).to_string(), HasSubstr("update posts  {title: ?}"))
        << "nothing is validated";
}

TEST_F(Explanation, OfAnOpenReferenceCannotNameTheModels) {
    EXPECT_THAT(posts.explain_find(document(), find_options().hooks("afterFind_links")).to_string(),
        HasSubstr("links -> whatever the references name"));
}

TEST_F(Explanation, LeavesOutModelsThatAreNotThere) {
    db.remove("authors");
    EXPECT_EQ(posts.explain_find(document(), find_options().hooks("afterFind_author")).queries().size(), 1u);
}

TEST_F(Explanation, RefusesWhatTheCallWouldRefuse) {
    auto const e = refused([&] { return posts.explain_find(document(), find_options().hooks("afterFind_nope")); });
    EXPECT_EQ(e.code(), errc::invalid_argument);
    EXPECT_EQ(e.details().model, "posts");
    EXPECT_EQ(e.details().operation, "find");
    EXPECT_EQ(refused([&] { return posts.explain_find_by_id("x"); }).code(), errc::invalid_argument);
    EXPECT_EQ(refused([&] { return model(model_definition("alone")).explain_find(); }).code(), errc::not_connected);
}

TEST_F(Explanation, WithinAHookIsNoPartOfItsOperation) {
    posts.hook(
        "afterFind", "ask",
        [this](after_find_args& a) {
            auto const e = posts.explain_find(document(), find_options().hooks("afterFind_author").inside(a.common));
            EXPECT_EQ(e.steps()[0].level, 0);
        },
        required);
    auto const t = std::make_shared<trace>();
    run(posts.find(document(), find_options().trace(t)));
    EXPECT_EQ(store->calls.size(), 1u);
    EXPECT_EQ(std::ranges::count(t->spans(), span_kind::call, &trace::span::kind), 1);
}

} // namespace
} // namespace cormorant
