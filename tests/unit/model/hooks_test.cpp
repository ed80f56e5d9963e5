#include "fixture.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <functional>

namespace cormorant {
namespace {

namespace asio = boost::asio;
using ::testing::ElementsAre;
using testing::failure_of;
using ::testing::IsEmpty;
using testing::run;

class Hooks : public testing::ModelTest {
protected:
    /// A model with a required, tracing hook of every type.
    model traced() {
        model_definition d("items");
        d.field("n", number());
        for (std::size_t i = 0; i < hook_type_count; ++i)
            note(d, std::string(to_string(static_cast<hook_type>(i))).c_str());
        return add(std::move(d));
    }
};

struct stages {
    char const* name;
    std::function<void(model const&)> call;
    std::vector<std::string> types;
    char const* sent;
};

class HookStages : public Hooks, public ::testing::WithParamInterface<stages> {};

TEST_P(HookStages, RunInTheirOrderAroundTheStoreCall) {
    auto const items = traced();
    store->answer = [this](operation& op) -> reply {
        log.push_back(std::string(name_of(op)));
        return std::monostate();
    };
    GetParam().call(items);
    std::vector<std::string> expected;
    for (auto const& type : GetParam().types)
        expected.push_back(type == GetParam().sent ? type : "items:" + type);
    EXPECT_EQ(log, expected);
}

INSTANTIATE_TEST_SUITE_P(All, HookStages,
    ::testing::Values(
        stages{"find", [](model const& m) { run(m.find()); }, {"beforeFind", "beforeFilter", "find", "afterFind"}, "find"},
        stages{"find_by_id", [](model const& m) { run(m.find_by_id(object_id())); },
            {"beforeFind", "beforeFilter", "find", "afterFind"}, "find"},
        stages{
            "find_one", [](model const& m) { run(m.find_one()); }, {"beforeFind", "beforeFilter", "find", "afterFind"}, "find"},
        stages{"count", [](model const& m) { run(m.count()); }, {"beforeCount", "beforeFilter", "count", "afterCount"}, "count"},
        stages{"insert_two", [](model const& m) { run(m.insert(documents(2))); },
            {"beforeInsert", "beforePut", "beforePut", "beforeWrite", "insert", "afterPut", "afterPut", "afterInsert"}, "insert"},
        stages{"save", [](model const& m) { run(m.save(document())); },
            {"beforeSave", "beforePut", "beforeWrite", "update", "afterPut", "afterSave"}, "update"},
        stages{"update", [](model const& m) { run(m.update(all, doc("$set", doc("n", 1)))); },
            {"beforeUpdate", "beforeFilter", "beforeWrite", "update", "afterUpdate"}, "update"},
        stages{"remove", [](model const& m) { run(m.remove(all)); },
            {"beforeRemove", "beforeFilter", "remove", "afterRemove"}, "remove"},
        stages{"aggregate", [](model const& m) { run(m.aggregate(array())); }, {"beforeAggregate", "aggregate", "afterAggregate"},
            "aggregate"},
        stages{"remove_all", [](model const& m) { run(m.remove_all()); }, {"remove"}, "remove"}),
    [](auto const& row) { return std::string(row.param.name); });

TEST_F(Hooks, ChangeWhatIsSent) {
    auto items = add(model_definition("items").field("n", number()).field("a", number()).field("tenant", number()));
    items.hook(
        "beforeFilter", "tenant", [](filter_args& a) { a.filter.set("tenant", 7); }, required);
    items.hook(
        "beforeFind", "few", [](before_find_args& a) { a.options.limit(3).sort("n", 1); }, required);
    items.hook(
        "beforeUpdate", "stamp", [](before_update_args& a) { a.delta.as_document().set("$inc", doc("n", 1)); }, required);
    items.hook(
        "beforeAggregate", "match",
        [](before_aggregate_args& a) { a.pipeline.insert(a.pipeline.begin(), doc("$match", doc("a", 1))); }, required);
    items.hook(
        "beforePut", "n", [](put_args& a) { a.doc.set("n", 5); }, required);

    run(items.find(doc("a", 1)));
    EXPECT_EQ(store->call<find_op>(0).filter, doc("a", 1, "tenant", 7));
    EXPECT_EQ(store->call<find_op>(0).limit, 3);
    run(items.count());
    EXPECT_EQ(store->call<count_op>(1).filter, doc("tenant", 7));
    run(items.remove(doc("a", 1)));
    EXPECT_EQ(store->call<remove_op>(2).filter, doc("a", 1, "tenant", 7));
    run(items.update(doc("a", 1), doc("$set", doc("n", 2))));
    EXPECT_EQ(store->call<update_op>(3).filter, doc("a", 1, "tenant", 7));
    EXPECT_EQ(store->call<update_op>(3).update, value(doc("$set", doc("n", 2), "$inc", doc("n", 1))));
    run(items.aggregate(arr(doc("$limit", 1))));
    EXPECT_EQ(store->call<aggregate_op>(4).pipeline, arr(doc("$match", doc("a", 1)), doc("$limit", 1)));
    run(items.insert(doc("_id", testing::id_of(1))));
    EXPECT_EQ(store->call<insert_op>(5).docs.front(), doc("_id", testing::id_of(1), "n", 5));
}

TEST_F(Hooks, ChangeWhatIsAnswered) {
    auto items = add(model_definition("items"));
    items.hook(
        "afterFind", "more", [](after_find_args& a) { a.docs.push_back(doc("n", a.docs.size())); }, required);
    items.hook(
        "afterCount", "more", [](after_count_args& a) { a.count += 10; }, required);
    items.hook(
        "afterRemove", "more", [](after_remove_args& a) { a.result.deleted_count = 99; }, required);
    items.hook(
        "afterUpdate", "more", [](after_update_args& a) { a.result.matched_count = 98; }, required);
    items.hook(
        "afterAggregate", "more", [](after_aggregate_args& a) { a.docs.push_back(doc("x", 1)); }, required);
    items.hook(
        "afterInsert", "more", [](after_insert_args& a) { a.docs.front().set("inserted", a.result.inserted_count); }, required);
    items.hook(
        "afterSave", "more", [](after_save_args& a) { a.doc.set("saved", true); }, required);

    EXPECT_EQ(run(items.find()).size(), 1u);
    EXPECT_EQ(run(items.count()), 10);
    EXPECT_EQ(run(items.remove(all)).deleted_count, 99);
    EXPECT_EQ(run(items.update(all, doc("$set", document()))).matched_count, 98);
    EXPECT_EQ(run(items.aggregate(array())).size(), 1u);
    EXPECT_EQ(run(items.insert(document())).at("inserted"), value(1));
    EXPECT_EQ(run(items.save(document())).at("saved"), value(true));
    EXPECT_FALSE(store->call<insert_op>(5).docs.front().contains("inserted")) << "it is written already";
}

TEST_F(Hooks, FindTheCompleteListInTheOptions) {
    std::vector<hook_requests> seen;
    auto items = add(model_definition("items")
                         .field("foo", string())
                         .hook(
                             "beforeFind", "see", [&](before_find_args& a) { seen.push_back(*a.options.hooks_value); }, required)
                         .hook("afterFind", "x", [](hook_args&) {})
                         .hook("afterFind", "y", [](hook_args&) {})
                         .virtual_field(virtual_field("v").required_hooks("afterFind_y").get([](model_document&) { return 1; }))
                         .default_hooks(operation_kind::find, "afterFind_x"));
    run(items.find());
    run(items.find(document(), find_options().hooks()));
    run(items.find(document(), find_options().fields("v")));
    run(items.find(document(), find_options().hooks("afterFind_y").fields("v")));
    ASSERT_EQ(seen.size(), 4u);
    EXPECT_EQ(seen[0], hook_requests({"afterFind_x"}));
    EXPECT_THAT(seen[1], IsEmpty());
    EXPECT_EQ(seen[2], hook_requests({"afterFind_x", "afterFind_y"})) << "fields add to the default hooks";
    EXPECT_EQ(seen[3], hook_requests({"afterFind_y"})) << "once";
}

TEST_F(Hooks, MayAskForLaterHooks) {
    auto items = add(model_definition("items"));
    items.hook("beforeFind", "ask", [](before_find_args& a) { a.options.hooks("afterFind_late"); });
    items.hook("afterFind", "late", [this](hook_args&) { log.push_back("late"); });
    items.hook("beforeFind", "wrong", [](before_find_args& a) { a.options.hooks("afterFind_nope"); });
    run(items.find(document(), find_options().hooks("beforeFind_ask")));
    EXPECT_THAT(log, ElementsAre("late"));
    EXPECT_EQ(failure_of(items.find(document(), find_options().hooks("beforeFind_wrong"))).code(), errc::invalid_argument);
}

TEST_F(Hooks, OfTypesThatRunMustExistBeforeAnythingIsSent) {
    auto items = add(model_definition("items").hook(
        "beforeInsert", "x", [this](hook_args&) { log.push_back("x"); }, required));
    auto const e = failure_of(items.insert(document(), insert_options().hooks("afterInsert_nope")));
    EXPECT_EQ(e.code(), errc::invalid_argument);
    EXPECT_EQ(e.details().model, "items");
    EXPECT_EQ(e.details().operation, "insert");
    EXPECT_THAT(store->calls, IsEmpty());
    EXPECT_THAT(log, IsEmpty());
    EXPECT_NO_THROW(run(items.insert(document(), insert_options().hooks("afterFind_nope"))));
}

asio::awaitable<void> pause() {
    co_await asio::post(co_await asio::this_coro::executor, asio::use_awaitable);
}

TEST_F(Hooks, MayWaitAndUseOtherModels) {
    auto items = add(model_definition("items"));
    auto notes = add(model_definition("notes").field("text", string()));
    items.hook(
        "afterInsert", "note",
        [](after_insert_args& a) -> asio::awaitable<void> {
            co_await pause();
            auto other = a.model.connection().model("notes");
            auto text = doc("text", "inserted");
            insert_options options;
            options.inside(a.common);
            co_await other.insert(std::move(text), std::move(options));
        },
        required);
    auto const t = std::make_shared<trace>();
    run(items.insert(document(), insert_options().trace(t)));
    EXPECT_THAT(store->summary(), ElementsAre("insert items", "insert notes"));
    std::vector<std::string> names;
    for (auto const& s : t->spans())
        names.push_back(s.name);
    EXPECT_THAT(names,
        ElementsAre("items.insert", "validate", "insert items", "afterInsert_note", "notes.insert", "validate", "insert notes"));
    EXPECT_EQ(t->spans()[4].parent, 3u) << "the inner operation goes below the hook";
}

TEST_F(Hooks, ShareTheContextOfTheCall) {
    auto items = add(model_definition("items"));
    items.hook(
        "beforeFind", "put", [](hook_args& a) { a.context.set("user", "Ann"); }, required);
    items.hook(
        "afterFind", "get", [this](hook_args& a) { log.push_back(std::string(a.context.at("user").as_string())); }, required);
    run(items.find());
    EXPECT_THAT(log, ElementsAre("Ann"));
    context mine;
    mine.share();
    run(items.find(document(), find_options().context(mine)));
    EXPECT_EQ(mine.at("user"), value("Ann")) << "the caller's context is the one that hooks have";
}

TEST_F(Hooks, AddedLaterDoNotChangeAnOperationUnderWay) {
    auto items = add(model_definition("items"));
    items.hook(
        "beforeFind", "adds",
        [this](before_find_args& a) {
            a.model.hook(
                "afterFind", "new", [this](hook_args&) { log.push_back("new"); }, required);
        },
        required);
    run(items.find());
    EXPECT_THAT(log, IsEmpty());
    run(items.find());
    EXPECT_THAT(log, ElementsAre("new"));
}

} // namespace
} // namespace cormorant
