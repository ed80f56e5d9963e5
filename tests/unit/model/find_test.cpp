#include "fixture.hpp"

namespace cormorant {
namespace {

using ::testing::ElementsAre;
using testing::failure_of;
using ::testing::HasSubstr;
using testing::id_of;
using testing::run;

class Find : public testing::ModelTest {
protected:
    model items = add(model_definition("items")
                          .field("foo", string())
                          .field("n", number())
                          .virtual_field(virtual_field("loud").required_fields("foo").get(
                              [](model_document& d) { return d.text("foo") + "!"; })));
};

TEST_F(Find, SendsFilterAndOptions) {
    auto const found =
        run(items.find(doc("foo", "a"), find_options().sort("n", -1).skip(2).limit(5).batch_size(3).hint("foo_1")));
    EXPECT_TRUE(found.empty());
    auto const& op = store->call<find_op>(0);
    EXPECT_EQ(op.collection, "items");
    EXPECT_EQ(op.filter, doc("foo", "a"));
    EXPECT_EQ(op.sort, doc("n", -1));
    EXPECT_EQ(op.skip, 2);
    EXPECT_EQ(op.limit, 5);
    EXPECT_EQ(op.batch_size, 3);
    EXPECT_EQ(op.hint, value("foo_1"));
    EXPECT_TRUE(op.projection.empty());
}

TEST_F(Find, EveryOperationHandsItsHintOn) {
    value const index = doc("foo", 1);
    run(items.count(document(), count_options().hint(index)));
    run(items.aggregate(array(), aggregate_options().hint(index).batch_size(7)));
    run(items.update(all, doc("$set", doc("n", 1)), update_options().hint(index)));
    run(items.remove(all, remove_options().hint(index)));
    EXPECT_EQ(store->call<count_op>(0).hint, index);
    EXPECT_EQ(store->call<aggregate_op>(1).hint, index);
    EXPECT_EQ(store->call<aggregate_op>(1).batch_size, 7);
    EXPECT_EQ(store->call<update_op>(2).hint, index);
    EXPECT_EQ(store->call<remove_op>(3).hint, index);
}

TEST_F(Find, DrawsAtRandomInTheNamesThatAreStored) {
    auto const rows = add(model_definition("rows").primary_key("id", any()).field("size", number().column("s")));
    store->answer = [](operation& op) -> reply {
        if (std::holds_alternative<aggregate_op>(op))
            return list({doc("_id", 7)});
        return std::monostate();
    };
    run(rows.find(doc("size", 1), find_options().random(2)));
    EXPECT_EQ(store->call<aggregate_op>(0).pipeline[0], value(doc("$match", doc("s", 1))));
    EXPECT_EQ(store->call<find_op>(1).filter, doc("_id", doc("$in", arr(7))));
    EXPECT_EQ(rows.explain_find(doc("size", 1), find_options().random(2)).queries()[0].shape.substr(0, 20), "[{$match: {s: ?}}, {");
}

TEST_F(Find, ReadsAllBatches) {
    documents docs;
    for (int i = 0; i < 7; ++i)
        docs.push_back(doc("_id", i));
    store->batch_size = 3;
    answer_finds({{"items", docs}});
    EXPECT_EQ(run(items.find()), docs);
}

TEST_F(Find, StoreOptionsAreForTheStoreAndGiveWayToItsOwn) {
    run(items.find(document(), find_options().limit(2).options(doc("limit", 9, "sort", doc("n", 1), "comment", "why"))));
    auto const& op = store->call<find_op>(0);
    EXPECT_EQ(op.limit, 2);
    EXPECT_EQ(op.sort, doc("n", 1));
    EXPECT_EQ(op.extra, doc("comment", "why"));

    auto const e = failure_of(items.find(document(), find_options().options(doc("limit", "many"))));
    EXPECT_EQ(e.code(), errc::invalid_argument);
    EXPECT_THAT(e.message(), HasSubstr("limit"));
}

TEST_F(Find, OfOneIdAsksForOneDocument) {
    run(items.find(doc("_id", 7)));
    run(items.find(doc("_id", doc("$in", arr(1, 2)))));
    run(items.find(doc("_id", doc("a", 1))));
    EXPECT_EQ(store->call<find_op>(0).limit, 1);
    EXPECT_EQ(store->call<find_op>(1).limit, 0);
    EXPECT_EQ(store->call<find_op>(2).limit, 1);
}

TEST_F(Find, ByIdTakesObjectIdsAndTheirText) {
    answer_finds({{"items", list({doc("_id", id_of(1), "foo", "a")})}});
    auto const by_id = run(items.find_by_id(id_of(1)));
    auto const by_text = run(items.find_by_id("000000000000000000000001"));
    ASSERT_TRUE(by_id);
    EXPECT_EQ(*by_id, doc("_id", id_of(1), "foo", "a"));
    EXPECT_EQ(by_id, by_text);
    EXPECT_EQ(store->call<find_op>(1).filter, doc("_id", id_of(1)));

    auto const e = failure_of(items.find_by_id("abc"));
    EXPECT_EQ(e.code(), errc::invalid_argument);
    EXPECT_EQ(e.details().path, "_id");
    EXPECT_EQ(e.details().model, "items");
    EXPECT_THAT(e.message(), HasSubstr("\"abc\""));
}

TEST_F(Find, ByIdOfAnotherTypeTakesTextAsItIs) {
    auto codes = add(model_definition("codes").field("_id", string()));
    run(codes.find_by_id("DE"));
    EXPECT_EQ(store->call<find_op>(0).filter, doc("_id", "DE"));
}

TEST_F(Find, OneGivesTheFirstOrNothing) {
    EXPECT_EQ(run(items.find_one(doc("foo", "x"))), std::nullopt);
    EXPECT_EQ(store->call<find_op>(0).limit, 1);
    answer_finds({{"items", list({doc("n", 1)})}});
    EXPECT_EQ(run(items.find_one()), doc("n", 1));
}

TEST_F(Find, NeverChangesTheOptionsOfTheCaller) {
    find_options options;
    options.fields("loud").cast_docs(false);
    answer_finds({{"items", list({doc("_id", 1, "foo", "a")})}});
    auto const first = run(items.find(document(), options));
    auto const second = run(items.find(document(), options));
    EXPECT_EQ(first, list({doc("loud", "a!")}));
    EXPECT_EQ(first, second);
}

TEST_F(Find, ReadsWhatVirtualsRequire) {
    answer_finds({{"items", list({doc("foo", "a")})}});
    EXPECT_EQ(run(items.find(document(), find_options().fields("loud").cast_docs(false))), list({doc("loud", "a!")}));
    EXPECT_EQ(store->call<find_op>(0).projection, doc("foo", 1, "_id", 0));
    EXPECT_EQ(run(items.find(document(), find_options().fields("loud"))), list({doc("foo", "a")}))
        << "a document has its virtuals by itself";
}

TEST_F(Find, CountsAtTheSameTime) {
    store->answer = [](operation& op) -> reply {
        if (std::holds_alternative<count_op>(op))
            return std::int64_t(42);
        documents docs;
        docs.push_back(doc("n", 1));
        return docs;
    };
    auto const found = run(items.find_and_count(doc("foo", "a"), find_options().limit(1)));
    EXPECT_EQ(found.count, 42);
    EXPECT_EQ(found.docs, list({doc("n", 1)}));
    EXPECT_EQ(store->most_in_flight, 2);
    ASSERT_EQ(store->calls.size(), 2u);
    auto const& counting = store->call<count_op>(0);
    EXPECT_EQ(counting.filter, doc("foo", "a"));
    EXPECT_EQ(counting.limit, 0);
}

TEST_F(Find, DrawsAtRandomAmongWhatMatches) {
    store->answer = [](operation& op) -> reply {
        documents docs;
        docs.push_back(std::holds_alternative<aggregate_op>(op) ? doc("_id", 7) : doc("_id", 7, "foo", "a"));
        return docs;
    };
    EXPECT_EQ(run(items.find(doc("foo", "a"), find_options().random(3))).size(), 1u);
    EXPECT_EQ(store->call<aggregate_op>(0).pipeline,
        arr(doc("$match", doc("foo", "a")), doc("$sample", doc("size", 3)), doc("$project", doc("_id", 1))));
    EXPECT_EQ(store->call<find_op>(1).filter, doc("_id", doc("$in", arr(7))));

    EXPECT_EQ(failure_of(items.find(document(), find_options().random(1).limit(1))).code(), errc::invalid_argument);
    EXPECT_EQ(failure_of(items.find(document(), find_options().random(1).skip(1))).code(), errc::invalid_argument);
    EXPECT_EQ(failure_of(items.find(document(), find_options().random(-1))).code(), errc::invalid_argument);
}

TEST_F(Find, SortsAtRandomAtTheEnd) {
    documents docs;
    for (int i = 0; i < 50; ++i)
        docs.push_back(doc("_id", i));
    answer_finds({{"items", docs}});
    auto shuffled = run(items.find(document(), find_options().sort_random()));
    EXPECT_NE(shuffled, docs) << "1 in 50! that this fails by chance";
    std::ranges::sort(shuffled, [](document const& a, document const& b) { return compare(a, b) < 0; });
    EXPECT_EQ(shuffled, docs);
}

TEST_F(Find, MaxSizeBoundsTheJsonTextOfTheResult) {
    answer_finds({{"items", list({doc("_id", id_of(1), "foo", "a"), doc("_id", id_of(2))})}});
    std::int64_t const size = static_cast<std::int64_t>(
        std::string(R"([{"_id":"000000000000000000000001","foo":"a","id":"000000000000000000000001","loud":"a!"},)"
                    R"({"_id":"000000000000000000000002","id":"000000000000000000000002","loud":"!"}])")
            .size());
    EXPECT_EQ(run(items.find(document(), find_options().max_size(size))).size(), 2u);
    auto const e = failure_of(items.find(document(), find_options().max_size(size - 1)));
    EXPECT_EQ(e.code(), errc::limit_exceeded);
}

TEST_F(Find, BatchesComeAsTheStoreGaveThemWhenNobodyLooks) {
    store->answer = [](operation&) -> reply { return documents(3); };
    store->batch_size = 2;
    EXPECT_EQ(run(items.find_batches()).size(), 2u);
    EXPECT_EQ(run(items.find_batches(document(), find_options().fields("loud").cast_docs(false))).size(), 1u)
        << "a virtual has to look";
    items.hook(
        "afterFind", "x", [](hook_args&) {}, required);
    EXPECT_EQ(run(items.find_batches()).size(), 1u) << "a hook has to look";
}

TEST_F(Find, TellsTheQueryLog) {
    answer_finds({{"items", list({doc("_id", 1), doc("_id", 2)})}});
    std::vector<query_log_entry> entries;
    db.on_query([&](query_log_entry const& e) { entries.push_back(e); });
    run(items.find(doc("foo", "a")));
    run(items.count());
    ASSERT_EQ(entries.size(), 1u);
    EXPECT_EQ(entries[0].type, "find");
    EXPECT_EQ(entries[0].collection, "items");
    EXPECT_EQ(entries[0].filter, doc("foo", "a"));
    EXPECT_EQ(entries[0].count, 2);
    EXPECT_GE(entries[0].raw, entries[0].command);
    EXPECT_GT(entries[0].command.count(), 0);
    db.on_query({});
    run(items.find());
    EXPECT_EQ(entries.size(), 1u);
}

TEST_F(Find, RecordsATrace) {
    answer_finds({{"items", list({doc("_id", 1)})}});
    auto const t = std::make_shared<trace>();
    run(items.find(doc("foo", "secret", "n", doc("$in", arr(1, 2))), find_options().trace(t)));
    ASSERT_EQ(t->spans().size(), 2u);
    EXPECT_EQ(t->spans()[0].name, "items.find");
    EXPECT_EQ(t->spans()[1].name, "find items");
    EXPECT_EQ(t->spans()[1].parent, 0u);
    EXPECT_THAT(t->spans()[1].detail, HasSubstr("{foo: ?, n: {$in: [?]}}"));
    EXPECT_THAT(t->to_string(), ::testing::Not(HasSubstr("secret")));
}

TEST_F(Find, PassesDeadlineSessionAndPreferencesOn) {
    struct my_session : session {};
    auto const s = std::make_shared<my_session>();
    auto const deadline = std::chrono::steady_clock::now() + std::chrono::hours(1);
    run(items.find(document(),
        find_options().deadline(deadline).session(s).read_preference(doc("mode", "nearest")).write_concern(doc("w", 1))));
    auto const& sent = store->options.at(0);
    EXPECT_EQ(sent.deadline, deadline);
    EXPECT_EQ(sent.session, s);
    EXPECT_EQ(sent.read_preference, doc("mode", "nearest"));
    EXPECT_TRUE(sent.write_concern.empty()) << "not for reading";
}

TEST_F(Find, RunsOnInitWhenDocumentsAreCast) {
    auto things = add(model_definition("things").field("a", string()).on_init([](model_document& d) { d.set("seen", true); }));
    answer_finds({{"things", list({doc("a", "x")})}});
    EXPECT_EQ(run(things.find()), list({doc("a", "x", "seen", true)}));
    EXPECT_EQ(run(things.find(document(), find_options().cast_docs(false))), list({doc("a", "x")}));
}

TEST_F(Find, PopulateDoesWithDocumentsAtHandWhatFindDoes) {
    auto author = add(model_definition("author").field("name", string()));
    auto post = add(model_definition("post").field("title", string()).relation(single("author")));
    auto const ann = object_id::generate();
    store->answer = [&](operation&) -> reply { return list({doc("_id", ann, "name", "Ann")}); };
    int queries = 0;
    db.on_query([&](query_log_entry const&) { ++queries; });
    auto const done = run(post.populate(list({doc("_id", 1, "title", "t", "author_id", ann)}),
        find_options().fields("title", "author.name").cast_docs(false).hooks("afterFind_author")));
    EXPECT_EQ(done, list({doc("title", "t", "author", doc("name", "Ann"))}));
    EXPECT_EQ(run(post.populate(list({doc("_id", 1, "title", "t", "more", 2)}), find_options().fields("title").cast_docs(false))),
        list({doc("title", "t")}));
    EXPECT_THAT(store->summary(), ::testing::ElementsAre("find author"));
    EXPECT_EQ(queries, 1);
}

} // namespace
} // namespace cormorant
