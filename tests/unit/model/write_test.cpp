#include "fixture.hpp"

namespace cormorant {
namespace {

using ::testing::ElementsAre;
using testing::failure_of;
using ::testing::HasSubstr;
using testing::id_of;
using ::testing::IsEmpty;
using testing::run;

class Write : public testing::ModelTest {
protected:
    model items = add(model_definition("items")
                          .field("foo", string().required())
                          .field("n", number().default_value(3))
                          .field("scratch", string().persist(false)));
};

TEST_F(Write, InsertCompletesAndAnswersWhatIsStored) {
    auto const stored = run(items.insert(doc("foo", "a", "scratch", "x", "empty", "")));
    auto const& op = store->call<insert_op>(0);
    ASSERT_EQ(op.docs.size(), 1u);
    EXPECT_TRUE(op.docs[0].at("_id").is_object_id());
    EXPECT_EQ(op.docs[0].at("n"), value(3));
    EXPECT_FALSE(op.docs[0].contains("scratch"));
    EXPECT_EQ(stored, op.docs[0]);
}

TEST_F(Write, InsertChecksAllDocumentsBeforeAnyIsWritten) {
    auto const e = failure_of(items.insert(list({doc("foo", "a"), doc("foo", 7), document()})));
    EXPECT_THAT(store->calls, IsEmpty());
    EXPECT_EQ(e.code(), errc::validation);
    EXPECT_EQ(e.details().model, "items");
    EXPECT_EQ(e.details().operation, "insert");
    EXPECT_EQ(e.details().path, "foo");
    EXPECT_TRUE(e.details().is_write);
    EXPECT_EQ(e.details().what_happened, outcome::not_sent);
    ASSERT_EQ(e.details().violations.size(), 2u);
    EXPECT_THAT(e.details().violations[0].message, HasSubstr("(document 1)"));
    EXPECT_EQ(e.details().violations[1].code, errc::required);
}

TEST_F(Write, InsertOfNothingIsRefused) {
    EXPECT_EQ(failure_of(items.insert(documents())).code(), errc::invalid_argument);
    items.hook(
        "beforeInsert", "drop", [](before_insert_args& a) { a.docs.clear(); }, required);
    EXPECT_EQ(failure_of(items.insert(doc("foo", "a"))).code(), errc::invalid_argument);
    EXPECT_THAT(store->calls, IsEmpty());
}

TEST_F(Write, InsertTakesTheIdsThatTheStoreMade) {
    auto codes = add(model_definition("codes").field("_id", integer()));
    store->answer = [](operation&) -> reply {
        insert_result r;
        r.inserted_count = 2;
        r.inserted_ids = arr(1, 2);
        return r;
    };
    auto const done = run(codes.insert_with_result(list({doc("_id", 1), document()})));
    EXPECT_EQ(done.docs, list({doc("_id", 1), doc("_id", 2)}));
    EXPECT_EQ(done.result.inserted_count, 2);
}

TEST_F(Write, InsertHandsItsOptionsOn) {
    run(items.insert(
        list({doc("foo", "a")}), insert_options().ordered(false).write_concern(doc("w", 2)).options(doc("comment", 1))));
    EXPECT_FALSE(store->call<insert_op>(0).ordered);
    EXPECT_EQ(store->call<insert_op>(0).extra, doc("comment", 1));
    EXPECT_EQ(store->options[0].write_concern, doc("w", 2));
    run(items.insert(list({doc("foo", "a")}), insert_options().options(doc("ordered", false))));
    EXPECT_FALSE(store->call<insert_op>(1).ordered);
}

TEST_F(Write, SaveReplacesByIdOrInserts) {
    auto const saved = run(items.save_with_result(doc("_id", id_of(1), "foo", "a")));
    auto const& op = store->call<update_op>(0);
    EXPECT_EQ(op.filter, doc("_id", id_of(1)));
    EXPECT_EQ(op.update, value(doc("_id", id_of(1), "foo", "a", "n", 3)));
    EXPECT_TRUE(op.upsert);
    EXPECT_FALSE(op.multi);
    EXPECT_EQ(saved.doc, op.update.as_document());
    EXPECT_EQ(saved.result.matched_count, 1);
}

TEST_F(Write, SaveWithoutAnIdLetsTheStoreMakeOne) {
    auto codes = add(model_definition("codes").field("_id", any()).field("foo", string()));
    auto const saved = run(codes.save_with_result(doc("foo", "a")));
    EXPECT_EQ(store->call<insert_op>(0).docs.front(), doc("foo", "a"));
    EXPECT_EQ(saved.doc, doc("_id", object_id(), "foo", "a"));
    EXPECT_EQ(saved.result.upserted_count, 1);
    EXPECT_EQ(saved.result.upserted_id, value(object_id()));
}

TEST_F(Write, UpdateByOperatorsChangesOneOrAll) {
    run(items.update(doc("foo", "a"), doc("$set", doc("foo", "b"))));
    EXPECT_FALSE(store->call<update_op>(0).multi);
    run(items.update(doc("foo", "a"), doc("$set", doc("foo", "b")), update_options().multi(true).upsert(true)));
    EXPECT_TRUE(store->call<update_op>(1).multi);
    EXPECT_TRUE(store->call<update_op>(1).upsert);
    run(items.update(doc("foo", "a"), doc("$set", doc("foo", "b")),
        update_options().options(doc("multi", true, "arrayFilters", arr(doc("x", 1))))));
    EXPECT_TRUE(store->call<update_op>(2).multi);
    EXPECT_EQ(store->call<update_op>(2).array_filters, arr(doc("x", 1)));
}

TEST_F(Write, UpdateByAWholeDocumentReplacesOne) {
    run(items.update(doc("foo", "a"), doc("_id", id_of(9), "foo", "b"), update_options().multi(true)));
    auto const& op = store->call<update_op>(0);
    EXPECT_EQ(op.update, value(doc("foo", "b", "n", 3))) << "completed, and without its id";
    EXPECT_FALSE(op.multi);
}

TEST_F(Write, UpdateIsValidated) {
    auto const e = failure_of(items.update(all, doc("$set", doc("foo", 7))));
    EXPECT_EQ(e.code(), errc::validation);
    EXPECT_EQ(e.details().operation, "update");
    EXPECT_EQ(e.details().path, "foo");
    EXPECT_THAT(store->calls, IsEmpty());
}

TEST_F(Write, RemoveTakesAllOrTheFirst) {
    run(items.remove(doc("foo", "a")));
    EXPECT_FALSE(store->call<remove_op>(0).just_one);
    run(items.remove(doc("foo", "a"), remove_options().just_one(true)));
    EXPECT_TRUE(store->call<remove_op>(1).just_one);
}

TEST_F(Write, CountHandsItsOptionsOn) {
    run(items.count(doc("foo", "a"), count_options().skip(1).limit(2)));
    EXPECT_EQ(store->call<count_op>(0).skip, 1);
    EXPECT_EQ(store->call<count_op>(0).limit, 2);
    run(items.count(doc("foo", "a"), count_options().options(doc("limit", 5))));
    EXPECT_EQ(store->call<count_op>(1).limit, 5);
}

TEST_F(Write, AggregateEvaluatesVirtuals) {
    auto things =
        add(model_definition("things").field("a", string()).virtual_field(virtual_field("loud").get([](model_document& d) {
            return d.text("a") + "!";
        })));
    store->answer = [](operation&) -> reply { return list({doc("a", "x"), doc("loud", "kept")}); };
    EXPECT_EQ(run(things.aggregate(array(), aggregate_options().virtuals("loud"))),
        list({doc("a", "x", "loud", "x!"), doc("loud", "kept")}));
    EXPECT_EQ(failure_of(things.aggregate(array(), aggregate_options().virtuals("nope"))).code(), errc::invalid_argument);
    EXPECT_EQ(failure_of(things.aggregate(array(), aggregate_options().max_size(10))).code(), errc::limit_exceeded);
}

TEST_F(Write, ProcessGivesWhatWouldBeStored) {
    EXPECT_EQ(items.process(list({doc("_id", 1, "foo", "a")}), process_options().validate(false)),
        list({doc("_id", 1, "foo", "a", "n", 3)}));
    EXPECT_THROW((void)items.process(list({document()})), error);
    EXPECT_NO_THROW((void)items.process(list({document()}), process_options().check_required(false)));
}

TEST_F(Write, FindAndUpdateAnswersTheChangedDocumentInOneCall) {
    store->answer = [](operation&) -> reply { return std::optional<document>(doc("_id", 1, "foo", "b")); };
    std::int64_t seen = 0;
    items.hook(
        "afterUpdate", "look", [&](after_update_args& a) { seen = a.result.matched_count; }, required);
    EXPECT_EQ(run(items.find_and_update(doc("_id", 1), doc("$set", doc("foo", "b")))), doc("_id", 1, "foo", "b"));
    auto const& op = store->call<find_and_modify_op>(0);
    EXPECT_EQ(op.filter, doc("_id", 1));
    EXPECT_EQ(op.update, value(doc("$set", doc("foo", "b"))));
    EXPECT_TRUE(op.return_new);
    EXPECT_EQ(seen, 1);
}

TEST_F(Write, FindAndUpdateValidatesAsUpdateDoes) {
    EXPECT_EQ(failure_of(items.find_and_update(all, doc("$set", doc("foo", 7)))).code(), errc::validation);
    EXPECT_EQ(failure_of(items.find_and_update(all, doc("$set", doc("foo", "b")), update_options().multi(true))).code(),
        errc::invalid_argument);
    EXPECT_THAT(store->calls, IsEmpty());
    store->answer = [](operation&) -> reply { return std::optional<document>(); };
    EXPECT_EQ(run(items.find_and_update(doc("_id", 1), doc("foo", "c"))), std::nullopt);
    EXPECT_EQ(store->call<find_and_modify_op>(0).update, value(doc("foo", "c", "n", 3)));
}

} // namespace
} // namespace cormorant
