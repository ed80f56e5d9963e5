#include "suite.hpp"

namespace cormorant::testing {
namespace {

constexpr std::string_view three = R"([{"_id": 1, "a": 1}, {"_id": 2, "a": 1}, {"_id": 3, "a": 2}])";

awaitable<void> expect_contents(store_fixture& f, std::string_view wanted) {
    EXPECT_EQ(text_of(co_await f.contents("c")), text_of(json_documents(wanted)));
}

// --- insert
// ------------------------------------------------------------------------------------------------------------------------

awaitable<void> insert_answers_the_ids_in_order(store_fixture& f) {
    auto const result = co_await f.insert("c", R"([{"_id": "x"}, {"_id": 2}])");
    EXPECT_EQ(result.inserted_count, 2);
    EXPECT_EQ(text_of(value(result.inserted_ids)), text_of(value(json_array(R"(["x", 2])"))));
}

awaitable<void> insert_generates_ids_and_puts_them_first(store_fixture& f) {
    auto const result = co_await f.insert("c", R"([{"a": 1}, {"b": 1, "_id": 7}])");
    EXPECT_EQ(result.inserted_ids.size(), 2u);
    EXPECT_TRUE(result.inserted_ids.at(0).is_object_id());
    documents const found = co_await f.all(find_of(document()));
    EXPECT_EQ(found.size(), 2u);
    for (document const& d : found)
        EXPECT_EQ(d.begin()->key(), "_id");
    EXPECT_EQ(found.at(0).at("_id"), result.inserted_ids.at(0));
}

awaitable<void> an_ordered_insert_stops_at_the_first_error(store_fixture& f) {
    insert_op op;
    op.collection = "c";
    op.docs = json_documents(R"([{"_id": 1}, {"_id": 1, "again": true}, {"_id": 2}])");
    error const e = co_await f.refused(std::move(op));
    EXPECT_EQ(e.code(), errc::duplicate_key);
    EXPECT_EQ(e.details().server_code, 11000);
    EXPECT_EQ(e.details().written, 1);
    EXPECT_EQ(e.details().what_happened, outcome::applied) << "the first document was written";
    EXPECT_TRUE(e.details().is_write);
    EXPECT_EQ(e.details().operation, "insert");
    co_await expect_contents(f, R"([{"_id": 1}])");
}

awaitable<void> an_unordered_insert_tries_all(store_fixture& f) {
    insert_op op;
    op.collection = "c";
    op.docs = json_documents(R"([{"_id": 1}, {"_id": 1}, {"_id": 2}, {"_id": [1]}, {"_id": 3}])");
    op.ordered = false;
    error const e = co_await f.refused(std::move(op));
    EXPECT_EQ(e.code(), errc::duplicate_key);
    EXPECT_EQ(e.details().written, 3);
    co_await expect_contents(f, R"([{"_id": 1}, {"_id": 2}, {"_id": 3}])");
}

/// `a` applied, `n` not sent, `m` maybe; in capitals when the document has an error of its own.
std::string outcomes_of(error const& e) {
    std::string text;
    for (auto const& one : e.details().documents) {
        EXPECT_EQ(one.position, text.size());
        EXPECT_EQ(one.code != errc(), one.server_code != 0);
        char const letter = to_string(one.what_happened).front();
        text += one.code == errc() ? letter : static_cast<char>(letter - 'a' + 'A');
    }
    return text;
}

awaitable<void> a_failed_insert_tells_of_every_document(store_fixture& f) {
    std::string_view const docs = R"([{"_id": 1}, {"_id": 2}, {"_id": 1}, {"_id": 3}, {"_id": [1]}, {"_id": 4}])";
    insert_op ordered;
    ordered.collection = "c";
    ordered.docs = json_documents(docs);
    error const first = co_await f.refused(std::move(ordered));
    EXPECT_EQ(outcomes_of(first), "aaNnnn");
    EXPECT_EQ(first.details().documents.at(2).code, errc::duplicate_key);
    co_await f.clear();
    insert_op unordered;
    unordered.collection = "c";
    unordered.docs = json_documents(docs);
    unordered.ordered = false;
    error const second = co_await f.refused(std::move(unordered));
    EXPECT_EQ(outcomes_of(second), "aaNaNa");
    EXPECT_EQ(second.details().what_happened, outcome::applied);
    insert_op again;
    again.collection = "c";
    again.docs = json_documents(R"([{"_id": 1}, {"_id": 9}])");
    error const third = co_await f.refused(std::move(again));
    EXPECT_EQ(outcomes_of(third), "Nn");
    EXPECT_EQ(third.details().what_happened, outcome::not_sent);
}

awaitable<void> ids_of_equal_value_are_duplicates(store_fixture& f) {
    co_await f.insert("c", R"([{"_id": 1}, {"_id": {"a": 1}}, {"_id": null}])");
    insert_op op;
    op.collection = "c";
    for (char const* const again : {R"([{"_id": 1.0}])", R"([{"_id": {"$numberDecimal": "1"}}])",
             R"([{"_id": {"a": {"$numberLong": "1"}}}])", R"([{"_id": null}])"}) {
        op.docs = json_documents(again);
        error const e = co_await f.refused(op);
        EXPECT_EQ(e.code(), errc::duplicate_key) << again;
        EXPECT_EQ(e.details().path, "_id");
    }
}

awaitable<void> values_that_are_no_ids_are_refused(store_fixture& f) {
    insert_op op;
    op.collection = "c";
    op.docs = json_documents(R"([{"_id": [1]}])");
    EXPECT_EQ((co_await f.refused(op)).details().server_code, 53);
    op.docs = json_documents(R"([{"_id": {"$regularExpression": {"pattern": "a", "options": ""}}}])");
    EXPECT_EQ((co_await f.refused(op)).details().server_code, 53);
    op.docs = documents(1, doc("_id", doc("a", doc("$x", 1))));
    EXPECT_EQ((co_await f.refused(op)).details().server_code, 52);
    co_await expect_contents(f, "[]");
}

awaitable<void> writes_that_make_no_sense_are_refused(store_fixture& f) {
    insert_op insert;
    insert.collection = "c";
    EXPECT_EQ((co_await f.refused(insert)).code(), errc::invalid_argument) << "nothing to insert";
    insert.docs.push_back(doc("_id", 1));
    insert.collection = "";
    EXPECT_EQ((co_await f.refused(insert)).code(), errc::invalid_argument) << "no collection";
    EXPECT_EQ((co_await f.refused(update_of(document(), value(7)))).code(), errc::invalid_argument) << "no update";
    create_indexes_op indexes;
    indexes.collection = "c";
    EXPECT_EQ((co_await f.refused(indexes)).code(), errc::invalid_argument) << "no index";
}

awaitable<void> size_is_bounded(store_fixture& f) {
    std::string const large(16 * 1024 * 1024 - 100, 'x');
    co_await f.insert("c", documents(1, doc("_id", 1, "a", large)));
    insert_op op;
    op.collection = "c";
    op.docs.push_back(doc("_id", 2, "a", large + large.substr(0, 100)));
    EXPECT_EQ((co_await f.refused(std::move(op))).code(), errc::limit_exceeded);
    auto const little = update_of(doc("_id", 1), doc("$set", doc("b", large.substr(0, 200))));
    EXPECT_EQ((co_await f.refused(little)).details().server_code, 17419);
    auto const more = update_of(doc("_id", 1), doc("$set", doc("b", large.substr(0, 100000))));
    EXPECT_EQ((co_await f.refused(more)).details().server_code, 10334);
}

document nested(int levels) {
    document result;
    for (int i = 0; i < levels; ++i)
        result = doc("a", std::move(result));
    return result;
}

awaitable<void> depth_is_bounded(store_fixture& f) {
    co_await f.insert("c", documents(1, nested(180)));
    insert_op op;
    op.collection = "c";
    op.docs.push_back(nested(181));
    EXPECT_EQ((co_await f.refused(op)).details().server_code, 15);
}

awaitable<void> an_update_must_not_go_too_deep(store_fixture& f) {
    auto deep = nested(100);
    deep.set("_id", 1);
    co_await f.insert("c", documents(1, std::move(deep)));
    std::string path = "a";
    for (int i = 0; i < 90; ++i)
        path += ".a";
    error const e = co_await f.refused(update_of(doc("_id", 1), doc("$set", doc(path, nested(120)))));
    EXPECT_EQ(e.details().server_code, 15);
}

awaitable<void> an_empty_timestamp_becomes_the_current_one(store_fixture& f) {
    co_await f.insert("c", documents(1, doc("_id", 1, "now", timestamp(), "n", doc("stays", timestamp()))));
    documents const found = co_await f.contents("c");
    EXPECT_GT(found.at(0).at("now").as_timestamp().seconds, 0u);
    EXPECT_EQ(found.at(0).at("n").as_document().at("stays").as_timestamp(), timestamp());
}

// --- update
// ------------------------------------------------------------------------------------------------------------------------

awaitable<void> update_changes_the_first_that_matches(store_fixture& f) {
    co_await f.insert("c", three);
    update_result const r = co_await f.run(update_of(doc("a", 1), json(R"({"$set": {"b": 1}})")));
    EXPECT_EQ(r.matched_count, 1);
    EXPECT_EQ(r.modified_count, 1);
    EXPECT_FALSE(r.upserted_id);
    co_await expect_contents(f, R"([{"_id": 1, "a": 1, "b": 1}, {"_id": 2, "a": 1}, {"_id": 3, "a": 2}])");
}

awaitable<void> multi_changes_all_and_counts_what_changed(store_fixture& f) {
    co_await f.insert("c", three);
    auto op = update_of(document(), json(R"({"$set": {"a": 2}})"));
    op.multi = true;
    update_result const r = co_await f.run(std::move(op));
    EXPECT_EQ(r.matched_count, 3);
    EXPECT_EQ(r.modified_count, 2);
}

awaitable<void> updates_of_nothing_match_nothing(store_fixture& f) {
    update_result const r = co_await f.run(update_of(doc("_id", 1), json(R"({"$set": {"a": 2}})")));
    EXPECT_EQ(r.matched_count, 0);
    EXPECT_EQ(r.modified_count, 0);
    EXPECT_EQ(r.upserted_count, 0);
    list_collections_op list;
    list.filter = doc("name", "c");
    EXPECT_TRUE((co_await f.run(std::move(list))).empty()) << "no collection is made";
}

awaitable<void> multi_replacement_is_refused(store_fixture& f) {
    co_await f.insert("c", three);
    auto op = update_of(document(), json(R"({"b": 2})"));
    op.multi = true;
    error const e = co_await f.refused(std::move(op));
    EXPECT_EQ(e.details().server_code, 9);
    co_await expect_contents(f, three);
}

awaitable<void> upsert_takes_the_equalities_of_the_filter(store_fixture& f) {
    auto op = update_of(json(R"({"_id": 5, "a": {"$eq": 1}, "b": {"$gt": 3}, "c.d": "x", "$and": [{"e": 1}]})"),
        json(R"({"$set": {"n": 1}, "$setOnInsert": {"m": 2}, "$inc": {"i": 3}})"));
    op.upsert = true;
    update_result const r = co_await f.run(op);
    EXPECT_EQ(r.matched_count, 0);
    EXPECT_EQ(r.modified_count, 0);
    EXPECT_EQ(r.upserted_count, 1);
    EXPECT_TRUE(r.upserted_id);
    EXPECT_EQ(*r.upserted_id, value(5));
    documents const found = co_await f.contents("c");
    EXPECT_EQ(found.size(), 1u);
    EXPECT_EQ(found.at(0).begin()->key(), "_id");
    for (char const* const key : {"_id", "a", "c", "e", "n", "m", "i"})
        EXPECT_TRUE(found.at(0).contains(key)) << key;
    EXPECT_FALSE(found.at(0).contains("b"));
}

awaitable<void> upsert_generates_an_id(store_fixture& f) {
    auto op = update_of(doc("a", 9), json(R"({"$set": {"b": 1}})"));
    op.upsert = true;
    update_result const r = co_await f.run(op);
    EXPECT_TRUE(r.upserted_id && r.upserted_id->is_object_id());
    update_result const again = co_await f.run(op);
    EXPECT_EQ(again.matched_count, 1);
    EXPECT_EQ(again.modified_count, 0);
    EXPECT_EQ(again.upserted_count, 0);
}

awaitable<void> upsert_of_a_replacement_takes_the_id_of_the_filter(store_fixture& f) {
    auto op = update_of(json(R"({"_id": 3, "x": 1})"), json(R"({"b": 1})"));
    op.upsert = true;
    co_await f.run(std::move(op));
    co_await expect_contents(f, R"([{"_id": 3, "b": 1}])");
}

awaitable<void> upsert_that_meets_a_duplicate_is_refused(store_fixture& f) {
    co_await f.insert("c", three);
    auto op = update_of(json(R"({"_id": 1, "a": 77})"), json(R"({"$set": {"b": 1}})"));
    op.upsert = true;
    error const e = co_await f.refused(std::move(op));
    EXPECT_EQ(e.code(), errc::duplicate_key);
    co_await expect_contents(f, three);
}

awaitable<void> upsert_with_contradicting_equalities_is_refused(store_fixture& f) {
    auto op = update_of(json(R"({"$and": [{"a": 1}, {"a": 2}]})"), json(R"({"$set": {"b": 1}})"));
    op.upsert = true;
    EXPECT_EQ((co_await f.refused(std::move(op))).details().server_code, 54);
}

awaitable<void> upsert_by_pipeline(store_fixture& f) {
    auto op = update_of(json(R"({"_id": 1, "a": 5})"), value(json_array(R"([{"$set": {"b": {"$add": ["$a", 1]}}}])")));
    op.upsert = true;
    co_await f.run(std::move(op));
    co_await expect_contents(f, R"([{"_id": 1, "a": 5, "b": 6}])");
}

awaitable<void> what_a_multi_update_did_before_an_error_stays(store_fixture& f) {
    co_await f.insert("c", R"([{"_id": 1, "a": 1}, {"_id": 2, "a": "x"}, {"_id": 3, "a": 1}])");
    auto op = update_of(document(), json(R"({"$inc": {"a": 1}})"));
    op.multi = true;
    error const e = co_await f.refused(std::move(op));
    EXPECT_EQ(e.details().server_code, 14);
    co_await expect_contents(f, R"([{"_id": 1, "a": 2}, {"_id": 2, "a": "x"}, {"_id": 3, "a": 1}])");
}

awaitable<void> update_respects_the_collation(store_fixture& f) {
    co_await f.insert("c", R"([{"_id": 1, "n": "Ann"}])");
    auto op = update_of(doc("n", "ann"), json(R"({"$set": {"b": 1}})"));
    op.collation = doc("locale", "en", "strength", 2);
    EXPECT_EQ((co_await f.run(std::move(op))).matched_count, 1);
}

// --- remove
// ------------------------------------------------------------------------------------------------------------------------

awaitable<void> remove_takes_one_or_all(store_fixture& f) {
    co_await f.insert("c", three);
    auto op = remove_of(doc("a", 1));
    op.just_one = true;
    EXPECT_EQ((co_await f.run(op)).deleted_count, 1);
    co_await expect_contents(f, R"([{"_id": 2, "a": 1}, {"_id": 3, "a": 2}])");
    op.filter = document();
    op.just_one = false;
    EXPECT_EQ((co_await f.run(op)).deleted_count, 2);
    EXPECT_EQ((co_await f.run(op)).deleted_count, 0);
    op.collection = "never_made";
    EXPECT_EQ((co_await f.run(op)).deleted_count, 0);
}

// --- find and modify
// -----------------------------------------------------------------------------------------------------------------

find_and_modify_op modify_of(document filter, value update) {
    find_and_modify_op op;
    op.collection = "c";
    op.filter = std::move(filter);
    op.update = std::move(update);
    return op;
}

awaitable<void> expect_answer(store_fixture& f, find_and_modify_op op, std::string_view wanted) {
    std::optional<document> const found = co_await f.run(std::move(op));
    EXPECT_EQ(found ? text_of(*found) : "nothing", wanted.empty() ? "nothing" : text_of(json(wanted)));
}

awaitable<void> find_and_modify_answers_before_or_after(store_fixture& f) {
    co_await f.insert("c", three);
    auto op = modify_of(doc("_id", 1), json(R"({"$inc": {"a": 1}})"));
    co_await expect_answer(f, op, R"({"_id": 1, "a": 1})");
    op.return_new = true;
    co_await expect_answer(f, op, R"({"_id": 1, "a": 3})");
    op.filter = doc("_id", 99);
    co_await expect_answer(f, op, "");
}

awaitable<void> find_and_modify_takes_the_first_in_order(store_fixture& f) {
    co_await f.insert("c", three);
    auto op = modify_of(document(), json(R"({"$set": {"hit": true}})"));
    op.sort = doc("a", -1);
    op.projection = doc("_id", 1);
    co_await expect_answer(f, std::move(op), R"({"_id": 3})");
}

awaitable<void> find_and_modify_removes(store_fixture& f) {
    co_await f.insert("c", three);
    auto op = modify_of(doc("a", 1), value());
    op.remove = true;
    op.sort = doc("_id", -1);
    co_await expect_answer(f, op, R"({"_id": 2, "a": 1})");
    co_await expect_contents(f, R"([{"_id": 1, "a": 1}, {"_id": 3, "a": 2}])");
    op.filter = doc("a", 99);
    co_await expect_answer(f, op, "");
}

awaitable<void> find_and_modify_upserts(store_fixture& f) {
    auto op = modify_of(doc("_id", 1), json(R"({"$set": {"x": 1}})"));
    op.upsert = true;
    co_await expect_answer(f, op, "");
    op.filter = doc("_id", 2);
    op.return_new = true;
    co_await expect_answer(f, op, R"({"_id": 2, "x": 1})");
    co_await expect_contents(f, R"([{"_id": 1, "x": 1}, {"_id": 2, "x": 1}])");
}

awaitable<void> find_and_modify_replaces(store_fixture& f) {
    co_await f.insert("c", three);
    auto op = modify_of(doc("_id", 2), json(R"({"z": 1})"));
    op.return_new = true;
    co_await expect_answer(f, std::move(op), R"({"_id": 2, "z": 1})");
}

awaitable<void> find_and_modify_knows_positions_and_array_filters(store_fixture& f) {
    co_await f.insert("c", R"([{"_id": 1, "a": [1, 5, 9]}])");
    auto positional = modify_of(json(R"({"a": 5})"), json(R"({"$set": {"a.$": 0}})"));
    positional.return_new = true;
    co_await expect_answer(f, std::move(positional), R"({"_id": 1, "a": [1, 0, 9]})");
    auto filtered = modify_of(document(), json(R"({"$set": {"a.$[x]": 7}})"));
    filtered.array_filters = json_array(R"([{"x": {"$gte": 1}}])");
    filtered.return_new = true;
    co_await expect_answer(f, std::move(filtered), R"({"_id": 1, "a": [7, 0, 7]})");
}

awaitable<void> find_and_modify_wants_one_thing(store_fixture& f) {
    auto op = modify_of(document(), value());
    EXPECT_EQ((co_await f.refused(op)).code(), errc::invalid_argument);
    op.update = json(R"({"$set": {"a": 1}})");
    op.remove = true;
    EXPECT_EQ((co_await f.refused(op)).code(), errc::invalid_argument);
    op.update = value();
    op.return_new = true;
    EXPECT_EQ((co_await f.refused(op)).details().server_code, 9);
    op.return_new = false;
    op.upsert = true;
    EXPECT_EQ((co_await f.refused(op)).details().server_code, 9);
}

awaitable<void> find_and_modify_meets_a_duplicate(store_fixture& f) {
    co_await f.insert("c", three);
    co_await f.run(indexes_of(std::vector<index_model>(1, index_of(json(R"({"a": 1, "_id": 1})"), doc("unique", true)))));
    co_await f.run(indexes_of(std::vector<index_model>(1, index_of(doc("u", 1), doc("unique", true, "sparse", true)))));
    co_await f.run(update_of(doc("_id", 1), json(R"({"$set": {"u": 1}})")));
    error const e = co_await f.refused(modify_of(doc("_id", 2), json(R"({"$set": {"u": 1}})")));
    EXPECT_EQ(e.code(), errc::duplicate_key);
    EXPECT_EQ(e.details().path, "u");
}

awaitable<void> validation_can_be_bypassed(store_fixture& f) {
    create_collection_op strict;
    strict.collection = "c";
    strict.options = json(R"({"validator": {"n": {"$lt": 3}}})");
    co_await f.run(std::move(strict));
    auto const bypass = doc("bypassDocumentValidation", true);

    insert_op insert;
    insert.collection = "c";
    insert.docs = json_documents(R"([{"_id": 1, "n": 9}])");
    error const refused = co_await f.refused(insert);
    EXPECT_EQ(refused.code(), errc::document_validation);
    insert.extra = bypass;
    co_await f.run(std::move(insert));

    auto update = update_of(doc("_id", 1), doc("$inc", doc("n", 1)));
    error const not_changed = co_await f.refused(update);
    EXPECT_EQ(not_changed.code(), errc::document_validation);
    update.extra = bypass;
    co_await f.run(std::move(update));

    auto upsert = update_of(doc("_id", 2), doc("$set", doc("n", 8)));
    upsert.upsert = true;
    upsert.extra = bypass;
    co_await f.run(std::move(upsert));

    find_and_modify_op modify;
    modify.collection = "c";
    modify.filter = doc("_id", 2);
    modify.update = doc("$inc", doc("n", 1));
    modify.extra = bypass;
    co_await f.run(std::move(modify));

    aggregate_op out;
    out.collection = "c";
    out.pipeline = json_array(R"([{"$set": {"n": {"$add": ["$n", 10]}}}, {"$out": "c"}])");
    out.extra = bypass;
    co_await f.all(out);
    out.pipeline = json_array(R"([{"$set": {"n": {"$add": ["$n", 100]}}}, {"$merge": "c"}])");
    co_await f.all(std::move(out));
    co_await expect_contents(f, R"([{"_id": 1, "n": 120}, {"_id": 2, "n": 119}])");
}

constexpr store_case cases[] = {
    {"validation_can_be_bypassed", validation_can_be_bypassed},
    {"insert_answers_the_ids_in_order", insert_answers_the_ids_in_order},
    {"insert_generates_ids_and_puts_them_first", insert_generates_ids_and_puts_them_first},
    {"an_ordered_insert_stops_at_the_first_error", an_ordered_insert_stops_at_the_first_error},
    {"an_unordered_insert_tries_all", an_unordered_insert_tries_all},
    {"a_failed_insert_tells_of_every_document", a_failed_insert_tells_of_every_document},
    {"ids_of_equal_value_are_duplicates", ids_of_equal_value_are_duplicates},
    {"values_that_are_no_ids_are_refused", values_that_are_no_ids_are_refused},
    {"writes_that_make_no_sense_are_refused", writes_that_make_no_sense_are_refused},
    {"size_is_bounded", size_is_bounded},
    {"depth_is_bounded", depth_is_bounded},
    {"an_update_must_not_go_too_deep", an_update_must_not_go_too_deep},
    {"an_empty_timestamp_becomes_the_current_one", an_empty_timestamp_becomes_the_current_one},
    {"update_changes_the_first_that_matches", update_changes_the_first_that_matches},
    {"multi_changes_all_and_counts_what_changed", multi_changes_all_and_counts_what_changed},
    {"updates_of_nothing_match_nothing", updates_of_nothing_match_nothing},
    {"multi_replacement_is_refused", multi_replacement_is_refused},
    {"upsert_takes_the_equalities_of_the_filter", upsert_takes_the_equalities_of_the_filter},
    {"upsert_generates_an_id", upsert_generates_an_id},
    {"upsert_of_a_replacement_takes_the_id_of_the_filter", upsert_of_a_replacement_takes_the_id_of_the_filter},
    {"upsert_that_meets_a_duplicate_is_refused", upsert_that_meets_a_duplicate_is_refused},
    {"upsert_with_contradicting_equalities_is_refused", upsert_with_contradicting_equalities_is_refused},
    {"upsert_by_pipeline", upsert_by_pipeline},
    {"what_a_multi_update_did_before_an_error_stays", what_a_multi_update_did_before_an_error_stays},
    {"update_respects_the_collation", update_respects_the_collation},
    {"remove_takes_one_or_all", remove_takes_one_or_all},
    {"find_and_modify_answers_before_or_after", find_and_modify_answers_before_or_after},
    {"find_and_modify_takes_the_first_in_order", find_and_modify_takes_the_first_in_order},
    {"find_and_modify_removes", find_and_modify_removes},
    {"find_and_modify_upserts", find_and_modify_upserts},
    {"find_and_modify_replaces", find_and_modify_replaces},
    {"find_and_modify_knows_positions_and_array_filters", find_and_modify_knows_positions_and_array_filters},
    {"find_and_modify_wants_one_thing", find_and_modify_wants_one_thing},
    {"find_and_modify_meets_a_duplicate", find_and_modify_meets_a_duplicate},
};

} // namespace

std::span<store_case const> write_cases() {
    return cases;
}

} // namespace cormorant::testing
