// Every operation, as the server does it.

#include "fixture.hpp"

#include <gmock/gmock.h>

namespace cormorant::testing {
namespace {

using ::testing::HasSubstr;

using mongo_operations = mongo_test;

TEST_F(mongo_operations, insert_gives_an_id_to_documents_that_have_none_and_puts_it_first) {
    auto const result = run_op(insert_of("c", docs_of({doc("a", 1), doc("_id", 7, "a", 2)})));
    EXPECT_EQ(result.inserted_count, 2);
    ASSERT_EQ(result.inserted_ids.size(), 2U);
    EXPECT_TRUE(result.inserted_ids[0].is_object_id());
    EXPECT_EQ(result.inserted_ids[1], value(7));
    auto const found = find_all(find_in("c", doc("a", 1)));
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0].begin()->key(), "_id");
    EXPECT_EQ(found[0].at("_id"), result.inserted_ids[0]);
}

TEST_F(mongo_operations, insert_refuses_an_empty_batch_and_no_collection) {
    EXPECT_EQ(failure_of(insert_of("c", documents())).code(), errc::invalid_argument);
    EXPECT_EQ(failure_of(insert_of("", docs_of({doc("a", 1)}))).code(), errc::invalid_argument);
}

TEST_F(mongo_operations, insert_splits_what_exceeds_one_command) {
    auto const statistics = std::make_shared<call_statistics>();
    call_options options;
    options.statistics = statistics;
    insert_op op;
    op.collection = "c";
    std::string const text(1024 * 1024, 'x');
    for (int i = 0; i < 40; ++i)
        op.docs.push_back(doc("_id", i, "text", text));
    auto const result = run_op(std::move(op), options);
    EXPECT_EQ(result.inserted_count, 40);
    EXPECT_EQ(result.inserted_ids.size(), 40U);
    EXPECT_EQ(statistics->round_trips, 3);
    EXPECT_EQ(count_all("c"), 40);
}

TEST_F(mongo_operations, insert_takes_a_document_of_the_greatest_size_and_names_one_that_is_too_large) {
    auto const overhead = encode(doc("_id", 0, "text", "")).size();
    auto const sized = [&](std::size_t size) { return doc("_id", 0, "text", std::string(size - overhead, 'x')); };
    EXPECT_EQ(run_op(insert_of("c", docs_of({sized(max_bson_size)}))).inserted_count, 1);
    auto const e = failure_of(insert_of("c", docs_of({doc("_id", 1), sized(max_bson_size + 1)})));
    EXPECT_EQ(e.code(), errc::limit_exceeded);
    EXPECT_THAT(e.what(), HasSubstr("document 1 "));
    EXPECT_EQ(count_all("c"), 1);
}

TEST_F(mongo_operations, a_duplicate_key_names_the_field_and_its_value) {
    create_indexes_op index;
    index.collection = "c";
    index.indexes.push_back(index_model{doc("email", 1), doc("unique", true)});
    run_op(index);
    run_op(insert_of("c", docs_of({doc("email", "a@b")})));
    auto const e = failure_of(insert_of("c", docs_of({doc("email", "a@b")})));
    EXPECT_EQ(e.code(), errc::duplicate_key);
    EXPECT_EQ(e.details().path, "email");
    EXPECT_EQ(e.details().value, "\"a@b\"");
    EXPECT_EQ(e.details().server_code, 11000);
    EXPECT_THAT(e.details().server_message, HasSubstr("E11000"));
    EXPECT_EQ(e.details().what_happened, outcome::not_sent);
    EXPECT_EQ(e.details().written, 0);
    EXPECT_EQ(std::string(e.what()).find("E11000"), std::string::npos);
}

TEST_F(mongo_operations, an_update_that_would_duplicate_a_key_says_so_too) {
    create_indexes_op index;
    index.collection = "c";
    index.indexes.push_back(index_model{doc("n", 1), doc("unique", true)});
    run_op(index);
    run_op(insert_of("c", docs_of({doc("_id", 1, "n", 1), doc("_id", 2, "n", 2)})));
    update_op update;
    update.collection = "c";
    update.filter = doc("_id", 2);
    update.update = doc("$set", doc("n", 1));
    EXPECT_EQ(failure_of(update).details().path, "n");
    find_and_modify_op modify;
    modify.collection = "c";
    modify.filter = doc("_id", 2);
    modify.update = doc("$set", doc("n", 1));
    auto const e = failure_of(modify);
    EXPECT_EQ(e.code(), errc::duplicate_key);
    EXPECT_EQ(e.details().path, "n");
}

TEST_F(mongo_operations, an_ordered_insert_stops_at_the_first_error) {
    auto const e = failure_of(insert_of("c", docs_of({doc("_id", 1), doc("_id", 1), doc("_id", 2)})));
    EXPECT_EQ(e.code(), errc::duplicate_key);
    EXPECT_EQ(e.details().written, 1);
    EXPECT_EQ(e.details().what_happened, outcome::applied);
    EXPECT_EQ(count_all("c"), 1);
}

TEST_F(mongo_operations, an_unordered_insert_tries_all) {
    auto op = insert_of("c", docs_of({doc("_id", 1), doc("_id", 1), doc("_id", 2)}));
    op.ordered = false;
    auto const e = failure_of(op);
    EXPECT_EQ(e.code(), errc::duplicate_key);
    EXPECT_EQ(e.details().written, 2);
    EXPECT_EQ(count_all("c"), 2);
}

TEST_F(mongo_operations, find_obeys_filter_projection_sort_skip_limit_and_hint) {
    fill("c", 20);
    auto op = find_in("c", doc("_id", doc("$gte", 5)));
    op.projection = doc("text", 0);
    op.sort = doc("_id", -1);
    op.skip = 1;
    op.limit = 2;
    op.hint = value("_id_");
    auto const found = find_all(op);
    ASSERT_EQ(found.size(), 2U);
    EXPECT_EQ(found[0], doc("_id", 18));
    EXPECT_EQ(found[1], doc("_id", 17));
}

TEST_F(mongo_operations, find_refuses_negative_numbers_and_unknown_operators) {
    auto op = find_in("c");
    op.limit = -1;
    EXPECT_EQ(failure_of(op).code(), errc::invalid_argument);
    auto const e = failure_of(find_in("c", doc("a", doc("$nonsense", 1))));
    EXPECT_EQ(e.code(), errc::server);
    EXPECT_EQ(e.details().server_code, 2);
    EXPECT_THAT(e.details().server_message, HasSubstr("$nonsense"));
}

TEST_F(mongo_operations, aggregate_answers_documents_and_writes_with_out) {
    fill("c", 10);
    aggregate_op op;
    op.collection = "c";
    op.pipeline = arr(doc("$match", doc("_id", doc("$lt", 3))), doc("$count", "n"));
    auto const found = run(drain(run_op(op)));
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0], doc("n", 3));

    op.pipeline = arr(doc("$match", doc("_id", doc("$lt", 3))), doc("$out", "copy"));
    EXPECT_TRUE(run(drain(run_op(op))).empty());
    EXPECT_EQ(count_all("copy"), 3);
}

TEST_F(mongo_operations, count_takes_what_find_takes) {
    fill("c", 10);
    count_op op;
    op.collection = "c";
    EXPECT_EQ(run_op(op), 10);
    op.filter = doc("_id", doc("$gte", 4));
    EXPECT_EQ(run_op(op), 6);
    op.skip = 1;
    op.limit = 3;
    EXPECT_EQ(run_op(op), 3);
    op = count_op();
    op.collection = "c";
    op.filter = doc("$where", "this._id < 2");
    EXPECT_EQ(run_op(op), 2);
    op = count_op();
    op.collection = "missing";
    op.filter = doc("a", 1);
    EXPECT_EQ(run_op(op), 0);
}

TEST_F(mongo_operations, update_reports_matched_modified_and_upserted) {
    fill("c", 5);
    update_op op;
    op.collection = "c";
    op.filter = doc("_id", doc("$lt", 3));
    op.update = doc("$set", doc("text", "y"));
    op.multi = true;
    auto result = run_op(op);
    EXPECT_EQ(result.matched_count, 3);
    EXPECT_EQ(result.modified_count, 3);
    result = run_op(op);
    EXPECT_EQ(result.matched_count, 3);
    EXPECT_EQ(result.modified_count, 0);
    op = update_op();
    op.collection = "c";
    op.filter = doc("_id", 99);
    op.update = arr(doc("$set", doc("n", 1)));
    op.upsert = true;
    result = run_op(op);
    EXPECT_EQ(result.matched_count, 0);
    EXPECT_EQ(result.upserted_count, 1);
    EXPECT_EQ(result.upserted_id, value(99));
}

TEST_F(mongo_operations, update_obeys_array_filters_and_refuses_nonsense) {
    run_op(insert_of("c", docs_of({doc("_id", 1, "a", arr(1, 5, 9))})));
    update_op op;
    op.collection = "c";
    op.update = doc("$set", doc("a.$[big]", 0));
    op.array_filters = arr(doc("big", doc("$gt", 4)));
    EXPECT_EQ(run_op(op).modified_count, 1);
    EXPECT_EQ(find_all(find_in("c"))[0].at("a"), value(arr(1, 0, 0)));
    op.update = value(1);
    EXPECT_EQ(failure_of(op).code(), errc::invalid_argument);
}

TEST_F(mongo_operations, remove_takes_one_or_all) {
    fill("c", 5);
    remove_op op;
    op.collection = "c";
    op.just_one = true;
    EXPECT_EQ(run_op(op).deleted_count, 1);
    op.just_one = false;
    EXPECT_EQ(run_op(op).deleted_count, 4);
}

TEST_F(mongo_operations, find_and_modify_answers_the_document_before_or_after) {
    run_op(insert_of("c", docs_of({doc("_id", 1, "n", 1)})));
    find_and_modify_op op;
    op.collection = "c";
    op.filter = doc("_id", 1);
    op.update = doc("$inc", doc("n", 1));
    EXPECT_EQ(run_op(op), doc("_id", 1, "n", 1));
    op.return_new = true;
    EXPECT_EQ(run_op(op), doc("_id", 1, "n", 3));
    op.filter = doc("_id", 2);
    EXPECT_EQ(run_op(op), std::nullopt);
    op = find_and_modify_op();
    op.collection = "c";
    op.remove = true;
    op.projection = doc("n", 1, "_id", 0);
    EXPECT_EQ(run_op(op), doc("n", 3));
    EXPECT_EQ(count_all("c"), 0);
}

TEST_F(mongo_operations, distinct_answers_values) {
    run_op(insert_of("c", docs_of({doc("a", 1), doc("a", 2), doc("a", 1)})));
    distinct_op op;
    op.collection = "c";
    op.key = "a";
    EXPECT_EQ(run_op(op), arr(1, 2));
}

TEST_F(mongo_operations, indexes_are_made_listed_and_dropped) {
    list_indexes_op list;
    list.collection = "c";
    EXPECT_TRUE(run_op(list).empty()) << "a missing collection has none";
    create_indexes_op create;
    create.collection = "c";
    create.indexes.push_back(index_model{doc("a", 1, "b", -1), document()});
    create.indexes.push_back(index_model{doc("t", "text"), doc("name", "words")});
    EXPECT_EQ(run_op(create), arr("a_1_b_-1", "words"));
    auto const found = run_op(list);
    ASSERT_EQ(found.size(), 3U);
    EXPECT_EQ(found[1].at("name"), value("a_1_b_-1"));
    drop_index_op drop;
    drop.collection = "c";
    drop.index = "words";
    run_op(drop);
    EXPECT_EQ(run_op(list).size(), 2U);
    EXPECT_EQ(failure_of(drop).details().server_code, 27);
}

TEST_F(mongo_operations, a_collection_is_made_once) {
    create_collection_op create;
    create.collection = "b";
    create.options = doc("capped", true, "size", 4096);
    run_op(create);
    auto const e = failure_of(create);
    EXPECT_EQ(e.code(), errc::namespace_exists);
    EXPECT_THAT(e.what(), HasSubstr("b exists already"));
}

TEST_F(mongo_operations, a_view_shows_what_its_pipeline_says) {
    fill("c", 10);
    create_collection_op create;
    create.collection = "v";
    create.view_on = "c";
    create.pipeline = arr(doc("$match", doc("_id", doc("$lt", 2))));
    run_op(create);
    EXPECT_EQ(find_all(find_in("v")).size(), 2U);
    modify_view_op modify;
    modify.collection = "v";
    modify.view_on = "c";
    modify.pipeline = arr(doc("$match", doc("_id", doc("$lt", 4))));
    run_op(modify);
    EXPECT_EQ(find_all(find_in("v")).size(), 4U);
    EXPECT_EQ(failure_of(create).code(), errc::namespace_exists);

    list_collections_op list;
    list.filter = doc("name", doc("$in", arr("v", "c")));
    auto const found = run_op(list);
    ASSERT_EQ(found.size(), 2U);
    EXPECT_EQ(found[0], doc("name", "c", "type", "collection", "options", document()));
    EXPECT_EQ(found[1].at("type"), value("view"));

    drop_collection_op drop;
    drop.collection = "v";
    run_op(drop);
    run_op(drop); // what is missing is no error
    EXPECT_EQ(run_op(list).size(), 1U);
}

TEST_F(mongo_operations, drop_database_drops_all) {
    fill("c", 1);
    run_op(drop_database_op());
    EXPECT_TRUE(run_op(list_collections_op()).empty());
}

TEST_F(mongo_operations, a_command_answers_the_reply_of_the_server) {
    command_op op;
    op.command = doc("ping", 1);
    EXPECT_EQ(run_op(op).at("ok"), value(1));
    op.command = doc("nonsense", 1);
    auto const e = failure_of(op);
    EXPECT_EQ(e.code(), errc::server);
    EXPECT_EQ(e.details().server_code, 59);
    EXPECT_THAT(e.what(), HasSubstr("CommandNotFound"));
    op.command = document();
    EXPECT_EQ(failure_of(op).code(), errc::invalid_argument);
}

TEST_F(mongo_operations, a_validator_of_the_collection_is_an_error_of_its_own) {
    create_collection_op create;
    create.collection = "c";
    create.options = doc("validator", doc("a", doc("$gt", 0)));
    run_op(create);
    EXPECT_EQ(failure_of(insert_of("c", docs_of({doc("a", -1)}))).code(), errc::document_validation);
}

TEST_F(mongo_operations, a_write_concern_that_is_not_met_is_an_error_after_the_write) {
    call_options options;
    options.write_concern = doc("w", 5, "wtimeout", 100);
    auto const e = failure_of(insert_of("c", docs_of({doc("_id", 1)})), options);
    EXPECT_EQ(e.code(), errc::write_concern);
    EXPECT_EQ(e.details().what_happened, outcome::applied);
    EXPECT_EQ(count_all("c"), 1);
}

TEST_F(mongo_operations, an_unacknowledged_write_does_not_wait_for_an_answer) {
    call_options options;
    options.write_concern = doc("w", 0);
    EXPECT_EQ(run_op(insert_of("c", docs_of({doc("_id", 1)})), options).inserted_count, 0);
    find_op op = find_in("c");
    while (find_all(op).empty()) {
    }
}

TEST_F(mongo_operations, read_preference_and_read_concern_go_to_the_server) {
    fill("c", 1);
    call_options options;
    options.read_preference = doc("mode", "secondaryPreferred");
    options.read_concern = doc("level", "majority");
    count_op op;
    op.collection = "c";
    op.filter = doc("_id", 0);
    EXPECT_EQ(run_op(op, options), 1);
    options.read_concern = doc("level", "nonsense");
    EXPECT_EQ(failure_of(op, options).code(), errc::server);
    options.read_preference = doc("mode", "first");
    EXPECT_EQ(failure_of(op, options).code(), errc::invalid_argument);
    options.read_preference = doc("mood", "primary");
    EXPECT_EQ(failure_of(op, options).code(), errc::invalid_argument);
}

TEST_F(mongo_operations, extra_members_are_passed_on) {
    fill("c", 3);
    auto op = find_in("c");
    op.extra = doc("comment", "of the test", "maxTimeMS", 10000);
    EXPECT_EQ(find_all(op).size(), 3U);
    op.extra = doc("nonsense", 1);
    EXPECT_EQ(failure_of(op).code(), errc::server);
}

} // namespace
} // namespace cormorant::testing
