#include "fixture.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace cormorant {
namespace {

namespace asio = boost::asio;
using ::testing::ElementsAre;
using testing::failure_of;
using testing::run;

/// A model whose documents are stored under other names.
class StoredForm : public testing::ModelTest {
protected:
    model items = add(model_definition("items")
                          .primary_key("code", any())
                          .field("name", string().column("n").default_value("none"))
                          .field("address", object().field("city", string().column("c")))
                          .index(doc("name", 1, "address.city", -1), doc("partialFilterExpression", doc("name", doc("$gt", ""))))
                          .empty_values(empty_values::by_type()));
};

TEST_F(StoredForm, IsWhatAFindAsksForAndAnswersAreOfTheModel) {
    answer_finds({{"items", list({doc("_id", 1, "n", "x", "address", doc("c", "y")), doc("_id", 2)})}});
    auto const found = run(items.find(doc("name", doc("$ne", "z"), "code", doc("$gt", 0)),
        find_options().sort("address.city", 1).fields("name", "address.city").hint(doc("name", 1))));
    auto const& sent = store->call<find_op>(0);
    EXPECT_EQ(sent.filter, doc("n", doc("$ne", "z"), "_id", doc("$gt", 0)));
    EXPECT_EQ(sent.sort, doc("address.c", 1));
    EXPECT_EQ(sent.projection, doc("n", 1, "address.c", 1));
    EXPECT_EQ(*sent.hint, value(doc("n", 1)));
    EXPECT_EQ(found[0], doc("code", 1, "name", "x", "address", doc("city", "y")));
    EXPECT_EQ(found[1], doc("code", 2, "name", "none")) << "the default is shown";
}

TEST_F(StoredForm, OfTheKeyIsItsId) {
    run(items.find_by_id("text"));
    EXPECT_EQ(store->call<find_op>(0).filter, doc("_id", "text"));
    EXPECT_EQ(store->call<find_op>(0).limit, 1);
}

TEST_F(StoredForm, OfWindowsToo) {
    run(items.find(doc("name", "x"), find_options().per("address.city").limit(2).sort("name", 1)));
    EXPECT_THAT(to_json(store->call<aggregate_op>(0).pipeline),
        ::testing::StartsWith(R"([{"$match":{"n":"x"}},{"$setWindowFields":{"partitionBy":"$address.c","sortBy":{"n":1},)"));
}

TEST_F(StoredForm, IsWhatWritesSend) {
    auto const inserted = run(items.insert(doc("name", "x", "address", doc("city", "y"))));
    EXPECT_EQ(store->call<insert_op>(0).docs[0], doc("n", "x", "address", doc("c", "y")));
    EXPECT_TRUE(inserted.at("code").is_object_id()) << "the id that the store made";
    EXPECT_EQ(inserted.at("name"), value("x"));

    run(items.save(doc("code", 5, "name", "y")));
    EXPECT_EQ(store->call<update_op>(1).filter, doc("_id", 5));
    EXPECT_EQ(store->call<update_op>(1).update, value(doc("_id", 5, "n", "y")));

    run(items.update(doc("name", "y"), doc("$set", doc("address.city", "z"))));
    EXPECT_EQ(store->call<update_op>(2).filter, doc("n", "y"));
    EXPECT_EQ(store->call<update_op>(2).update, value(doc("$set", doc("address.c", "z"))));

    run(items.remove(doc("name", "y")));
    EXPECT_EQ(store->call<remove_op>(3).filter, doc("n", "y"));
    run(items.count(doc("name", "y")));
    EXPECT_EQ(store->call<count_op>(4).filter, doc("n", "y"));
}

TEST_F(StoredForm, IsWhatIndexesAreOf) {
    run(items.create_indexes());
    auto const& index = store->call<create_indexes_op>(0).indexes.at(0);
    EXPECT_EQ(index.keys, doc("n", 1, "address.c", -1));
    EXPECT_EQ(index.options.at("partialFilterExpression"), value(doc("n", doc("$gt", ""))));
}

TEST_F(StoredForm, OfPipelinesIsTheCallersAffair) {
    run(items.aggregate(arr(doc("$match", doc("name", 1)))));
    EXPECT_EQ(store->call<aggregate_op>(0).pipeline, arr(doc("$match", doc("name", 1))));
}

TEST_F(StoredForm, IsNoMatterOfErrors) {
    store->answer = [](operation&) -> reply {
        diagnostics d;
        d.path = "address.c";
        throw error(errc::duplicate_key, "taken", std::move(d));
    };
    EXPECT_EQ(failure_of(items.insert(doc("name", "x"))).details().path, "address.city");
}

TEST_F(StoredForm, OfRelatedDocumentsIsTheirModels) {
    auto const shelves =
        add(model_definition("shelf").field("_id", any()).relation(has_many("things").model("items").foreign_key("name")));
    answer_finds({{"shelf", list({doc("_id", "a"), doc("_id", "b")})},
        {"items", list({doc("_id", 1, "n", "b"), doc("_id", 2, "n", "a")})}});
    auto const found = run(shelves.find(document(), find_options().hooks("afterFind_things")));
    EXPECT_EQ(store->call<find_op>(1).filter, doc("n", doc("$in", arr("a", "b"))));
    EXPECT_EQ(found[0].at("things"), value(arr(doc("code", 2, "name", "a"))));

    auto const owners = add(model_definition("owner").field("_id", any()).relation(belongs_to("item").model("items")));
    answer_finds({{"owner", list({doc("_id", 1, "itemId", 7)})}, {"items", list({doc("_id", 7, "n", "x")})}});
    auto const owner = run(owners.find(document(), find_options().hooks("afterFind_item")));
    EXPECT_EQ(owner[0].at("item"), value(doc("code", 7, "name", "x"))) << "joined by the key, whatever its name";
}

TEST_F(StoredForm, OfTextIsTextToTheCaller) {
    auto const texts = add(model_definition("texts").field("_id", any()).field("at", any()).text_forms(true));
    std::string const id = "0123456789abcdef01234567";
    auto const saved = run(texts.insert(doc("_id", id, "at", datetime())));
    EXPECT_TRUE(store->call<insert_op>(0).docs[0].at("_id").is_object_id());
    EXPECT_EQ(saved, doc("_id", id, "at", "1970-01-01T00:00:00.000Z"));
    auto const made = run(texts.insert(doc("at", 1)));
    EXPECT_TRUE(made.at("_id").is_string()) << "an id that the store made";
    answer_finds({{"texts", list({doc("_id", *object_id::parse(id))})}});
    EXPECT_EQ(run(texts.find_by_id(id)).value(), doc("_id", id));
    EXPECT_TRUE(store->call<find_op>(2).filter.at("_id").is_object_id());
}

asio::awaitable<value> shout_later(value const& v) {
    co_await asio::post(asio::use_awaitable);
    co_return value(std::string(v.as_string()) + "!");
}
asio::awaitable<bool> refuse_later(value const& v) {
    co_await asio::post(asio::use_awaitable);
    co_return v != value("bad!");
}

TEST_F(StoredForm, IsMadeWhenRulesThatWaitHaveRun) {
    auto const loud =
        add(model_definition("loud").field("v", string().transform("shout", shout_later).check("not_bad", refuse_later)));
    EXPECT_EQ(run(loud.insert(doc("v", "a"))).at("v"), value("a!"));
    run(loud.save(doc("v", "a")));
    EXPECT_EQ(store->call<update_op>(1).update.as_document().at("v"), value("a!"));
    run(loud.update(all, doc("$set", doc("v", "b"))));
    EXPECT_EQ(store->call<update_op>(2).update, value(doc("$set", doc("v", "b!"))));
    auto const e = failure_of(loud.insert(docs(doc("v", "a"), doc("v", "bad"))));
    EXPECT_EQ(e.code(), errc::validation);
    EXPECT_EQ(e.details().path, "v");
    EXPECT_EQ(store->calls.size(), 3u);
}

TEST_F(StoredForm, HooksBeforeTheWriteSeeWhatIsWritten) {
    std::vector<std::string> seen;
    auto const m = add(model_definition("m")
                           .field("v", string().transform(transforms::trim()).default_value("d"))
                           .hook(
                               "beforeWrite", "look",
                               [&](write_args& a) {
                                   for (document& d : a.written) {
                                       seen.push_back(std::string(to_string(a.operation)) + ":" + d.at("v").as_string().data());
                                       d.set("v", "changed");
                                   }
                                   if (a.update_delta != nullptr)
                                       seen.push_back(to_json(*a.update_filter) + to_json(*a.update_delta));
                               },
                               required));
    EXPECT_EQ(run(m.insert(docs(doc("v", " a "), document())))[0].at("v"), value("changed"));
    run(m.save(doc("v", " b")));
    run(m.update(doc("v", 1), doc("$set", doc("v", " c"))));
    EXPECT_THAT(seen, ElementsAre("insert:a", "insert:d", "save:b", R"({"v":1}{"$set":{"v":"c"}})"));
    EXPECT_EQ(failure_of(m.insert(doc("v", 5))).code(), errc::type_mismatch) << "what is refused gets no further";
    EXPECT_EQ(seen.size(), 4u);
}

} // namespace
} // namespace cormorant
