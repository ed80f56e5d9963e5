#include "suite.hpp"

namespace cormorant::testing {
namespace {

constexpr std::string_view five =
    R"([{"_id": 1, "a": 10}, {"_id": 2, "a": 20}, {"_id": 3, "a": 30}, {"_id": 4, "a": 40}, {"_id": 5, "a": 50}])";

std::string ids(documents const& docs) {
    std::string result;
    for (document const& d : docs)
        result += to_json(d.at("_id")) + " ";
    return result;
}

awaitable<void> a_missing_collection_is_empty(store_fixture& f) {
    EXPECT_TRUE((co_await f.all(find_of(document()))).empty());
    count_op count;
    count.collection = "c";
    EXPECT_EQ(co_await f.run(std::move(count)), 0);
    distinct_op distinct;
    distinct.collection = "c";
    distinct.key = "a";
    EXPECT_TRUE((co_await f.run(std::move(distinct))).empty());
    aggregate_op aggregate;
    aggregate.collection = "c";
    EXPECT_TRUE((co_await f.all(std::move(aggregate))).empty());
}

awaitable<void> every_type_comes_back_as_it_went(store_fixture& f) {
    documents docs;
    docs.push_back(json(
        R"x({"_id": 1, "double": 1.5, "whole": 2.0, "nan": {"$numberDouble": "NaN"}, "string": "Zo\u00eb\u0000x", "empty": "",
        "document": {"a": {"b": {}}}, "array": [1, [2, []], {"c": 3}], "binary": {"$binary": {"base64": "AAEC", "subType": "05"}},
        "uuid": {"$binary": {"base64": "AAAAAAAAAAAAAAAAAAAAAA==", "subType": "04"}},
        "id": {"$oid": "5f0000000000000000000001"}, "true": true, "false": false, "date": {"$date": {"$numberLong": "-1"}}, "null": null,
        "regex": {"$regularExpression": {"pattern": "^a", "options": "i"}}, "int": 7, "long": {"$numberLong": "7"},
        "timestamp": {"$timestamp": {"t": 1, "i": 2}}, "decimal": {"$numberDecimal": "1.10"}, "min": {"$minKey": 1}, "max": {"$maxKey": 1},
        "code": {"$code": "f()"}, "scoped": {"$code": "f()", "$scope": {"x": 1}}, "symbol": {"$symbol": "s"}, "undefined": {"$undefined": true},
        "with space": 1, "": 2, "dotted.key": 3, "$dollar": 4})x"));
    documents const sent = docs;
    co_await f.insert("c", std::move(docs));
    EXPECT_EQ(text_of(co_await f.contents("c")), text_of(sent));
}

awaitable<void> find_keeps_the_order_of_insertion(store_fixture& f) {
    co_await f.insert("c", R"([{"_id": 3}, {"_id": 1}, {"_id": 2}])");
    EXPECT_EQ(ids(co_await f.all(find_of(document()))), "3 1 2 ");
}

awaitable<void> find_skips_and_limits(store_fixture& f) {
    co_await f.insert("c", five);
    auto op = find_of(document());
    op.sort = doc("_id", -1);
    op.skip = 1;
    op.limit = 3;
    EXPECT_EQ(ids(co_await f.all(op)), "4 3 2 ");
    op.sort = doc("a", 1);
    EXPECT_EQ(ids(co_await f.all(op)), "2 3 4 ");
    op.skip = 9;
    EXPECT_EQ(ids(co_await f.all(op)), "");
    op.skip = 3;
    op.limit = 9;
    EXPECT_EQ(ids(co_await f.all(op)), "4 5 ");
}

awaitable<void> negative_numbers_are_refused(store_fixture& f) {
    auto find = find_of(document());
    find.skip = -1;
    EXPECT_EQ((co_await f.refused(find)).code(), errc::invalid_argument);
    find.skip = 0;
    find.limit = -1;
    EXPECT_EQ((co_await f.refused(find)).code(), errc::invalid_argument);
    find.limit = 0;
    find.batch_size = -1;
    error const e = co_await f.refused(find);
    EXPECT_EQ(e.code(), errc::invalid_argument);
    EXPECT_EQ(e.message(), "batch_size must not be negative, it is -1");
    count_op count;
    count.collection = "c";
    count.limit = -1;
    EXPECT_EQ((co_await f.refused(count)).code(), errc::invalid_argument);
}

awaitable<void> a_cursor_gives_batches_of_the_size_asked_for(store_fixture& f) {
    co_await f.insert("c", five);
    auto op = find_of(document());
    op.batch_size = 2;
    cursor c = co_await f.run(std::move(op));
    std::vector<std::size_t> sizes;
    for (;;) {
        batch const b = co_await c.async_next(use_awaitable);
        if (b.empty())
            break;
        sizes.push_back(b.size());
    }
    std::vector<std::size_t> const wanted = {2, 2, 1};
    EXPECT_EQ(sizes, wanted);
    EXPECT_TRUE((co_await c.async_next(use_awaitable)).empty()) << "the end stays the end";
}

awaitable<void> each_later_batch_is_a_round_trip(store_fixture& f) {
    co_await f.insert("c", five);
    auto op = find_of(document());
    op.batch_size = 3;
    call_options options;
    options.statistics = std::make_shared<call_statistics>();
    auto const statistics = options.statistics;
    cursor c = co_await f.run(std::move(op), std::move(options));
    EXPECT_EQ(statistics->round_trips, 1);
    (void)co_await c.async_next(use_awaitable);
    EXPECT_EQ(statistics->round_trips, 1) << "the first batch came with the answer";
    (void)co_await c.async_next(use_awaitable);
    EXPECT_EQ(statistics->round_trips, 2);
    EXPECT_TRUE((co_await c.async_next(use_awaitable)).empty());
    EXPECT_EQ(statistics->round_trips, 2);
    EXPECT_EQ(statistics->documents, 5);
}

awaitable<void> aggregate_gives_batches_too(store_fixture& f) {
    co_await f.insert("c", five);
    aggregate_op op;
    op.collection = "c";
    op.pipeline = json_array(R"([{"$sort": {"_id": 1}}, {"$project": {"_id": 1}}])");
    op.batch_size = 2;
    cursor c = co_await f.run(std::move(op));
    batch first = co_await c.async_next(use_awaitable);
    EXPECT_EQ(first.size(), 2u);
    batch second = co_await c.async_next(use_awaitable);
    EXPECT_EQ(ids(std::move(second).take_documents()), "3 4 ");
}

awaitable<void> a_cursor_may_be_closed_early(store_fixture& f) {
    co_await f.insert("c", five);
    auto op = find_of(document());
    op.batch_size = 1;
    cursor c = co_await f.run(op);
    (void)co_await c.async_next(use_awaitable);
    c.close();
    c.close();
    { cursor const unread = co_await f.run(op); }
    EXPECT_EQ((co_await f.all(op)).size(), 5u);
}

awaitable<void> the_documents_of_a_batch_share_one_storage(store_fixture& f) {
    co_await f.insert("c", five);
    cursor c = co_await f.run(find_of(document()));
    batch b = co_await c.async_next(use_awaitable);
    documents const found = std::move(b).take_documents();
    EXPECT_EQ(found.size(), 5u);
    for (document const& d : found)
        EXPECT_EQ(d.get_storage(), found.front().get_storage());
}

awaitable<void> hints_name_an_index(store_fixture& f) {
    co_await f.insert("c", five);
    co_await f.run(indexes_of(std::vector<index_model>(1, index_of(doc("a", -1)))));
    auto op = find_of(document());
    op.hint = value("a_-1");
    EXPECT_EQ(ids(co_await f.all(op)), "5 4 3 2 1 ");
    op.hint = value(doc("a", -1));
    EXPECT_EQ(ids(co_await f.all(op)), "5 4 3 2 1 ");
    op.hint = value(doc("$natural", -1));
    EXPECT_EQ(ids(co_await f.all(op)), "5 4 3 2 1 ");
    op.hint = value(doc("$natural", 1));
    EXPECT_EQ(ids(co_await f.all(op)), "1 2 3 4 5 ");
}

awaitable<void> a_hint_that_names_no_index_is_refused(store_fixture& f) {
    co_await f.insert("c", five);
    auto find = find_of(document());
    find.hint = value("nothing");
    error const e = co_await f.refused(find);
    EXPECT_EQ(e.code(), errc::server);
    EXPECT_EQ(e.details().server_code, 2);
    auto update = update_of(document(), doc("$set", doc("a", 1)));
    update.hint = value(doc("nothing", 1));
    EXPECT_EQ((co_await f.refused(update)).details().server_code, 2);
    auto remove = remove_of(document());
    remove.hint = value("nothing");
    EXPECT_EQ((co_await f.refused(remove)).details().server_code, 2);
    count_op count;
    count.collection = "c";
    count.hint = value("nothing");
    EXPECT_EQ((co_await f.refused(count)).details().server_code, 2);
}

awaitable<void> a_sparse_index_that_is_hinted_hides_documents(store_fixture& f) {
    co_await f.insert("c", R"([{"_id": 1, "a": 1}, {"_id": 2}])");
    co_await f.run(indexes_of(std::vector<index_model>(1, index_of(doc("a", 1), doc("sparse", true)))));
    auto op = find_of(document());
    op.sort = doc("a", 1);
    EXPECT_EQ(ids(co_await f.all(op)), "2 1 ");
    op.hint = value("a_1");
    EXPECT_EQ(ids(co_await f.all(op)), "1 ");
}

awaitable<void> collation_compares_without_case(store_fixture& f) {
    co_await f.insert(
        "c", R"([{"_id": 1, "n": "ann"}, {"_id": 2, "n": "Bob"}, {"_id": 3, "n": "ANN"}, {"_id": 4, "n": "carl"}])");
    document const no_case = doc("locale", "en", "strength", 2);
    auto op = find_of(doc("n", "Ann"));
    EXPECT_TRUE((co_await f.all(op)).empty());
    op.collation = no_case;
    EXPECT_EQ(ids(co_await f.all(op)), "1 3 ");
    auto all = find_of(document());
    all.sort = doc("n", 1, "_id", 1);
    EXPECT_EQ(ids(co_await f.all(all)), "3 2 1 4 ");
    all.collation = no_case;
    EXPECT_EQ(ids(co_await f.all(all)), "1 3 2 4 ");
    distinct_op distinct;
    distinct.collection = "c";
    distinct.key = "n";
    distinct.collation = no_case;
    EXPECT_EQ((co_await f.run(std::move(distinct))).size(), 3u);
    count_op count;
    count.collection = "c";
    count.filter = doc("n", "BOB");
    count.collation = no_case;
    EXPECT_EQ(co_await f.run(std::move(count)), 1);
    aggregate_op group;
    group.collection = "c";
    group.pipeline = json_array(R"([{"$group": {"_id": "$n", "count": {"$sum": 1}}}, {"$match": {"count": 2}}])");
    group.collation = no_case;
    EXPECT_EQ((co_await f.all(std::move(group))).size(), 1u);
}

awaitable<void> a_collation_does_not_use_an_index_without_it(store_fixture& f) {
    co_await f.insert("c", R"([{"_id": 1, "n": "ann"}, {"_id": 2, "n": "Ann"}])");
    co_await f.run(indexes_of(std::vector<index_model>(1, index_of(doc("n", 1)))));
    auto op = find_of(doc("n", "ANN"));
    op.collation = doc("locale", "en", "strength", 2);
    EXPECT_EQ(ids(co_await f.all(op)), "1 2 ");
}

awaitable<void> variables_of_let_are_seen_by_expressions(store_fixture& f) {
    co_await f.insert("c", five);
    auto op = find_of(json(R"({"$expr": {"$gt": ["$a", "$$least"]}})"));
    op.extra = doc("let", doc("least", 35));
    EXPECT_EQ(ids(co_await f.all(op)), "4 5 ");
    aggregate_op aggregate;
    aggregate.collection = "c";
    aggregate.pipeline =
        json_array(R"([{"$match": {"$expr": {"$eq": ["$a", "$$x"]}}}, {"$project": {"y": {"$add": ["$$x", 1]}}}])");
    aggregate.extra = doc("let", doc("x", 20));
    EXPECT_EQ(text_of(co_await f.all(std::move(aggregate))), text_of(json_documents(R"([{"_id": 2, "y": 21}])")));
}

awaitable<void> harmless_options_are_accepted(store_fixture& f) {
    co_await f.insert("c", five);
    auto op = find_of(doc("_id", 3));
    op.extra = doc("comment", "who asks", "maxTimeMS", 10000, "noCursorTimeout", false, "allowDiskUse", true);
    EXPECT_EQ(ids(co_await f.all(op)), "3 ");
}

awaitable<void> unknown_options_are_refused(store_fixture& f) {
    auto op = find_of(document());
    op.extra = doc("nonsense", 1);
    error const e = co_await f.refused(op);
    EXPECT_EQ(e.code(), f.is_mongo() ? errc::server : errc::unsupported);
    EXPECT_NE((e.message() + e.details().server_message).find("nonsense"), std::string::npos) << e.what();
}

awaitable<void> single_batch_ends_after_the_first(store_fixture& f) {
    co_await f.insert("c", five);
    auto op = find_of(document());
    op.batch_size = 2;
    op.extra = doc("singleBatch", true);
    EXPECT_EQ((co_await f.all(op)).size(), 2u);
}

awaitable<void> count_counts(store_fixture& f) {
    co_await f.insert("c", five);
    count_op op;
    op.collection = "c";
    EXPECT_EQ(co_await f.run(op), 5);
    op.skip = 2;
    EXPECT_EQ(co_await f.run(op), 3);
    op.limit = 2;
    EXPECT_EQ(co_await f.run(op), 2);
    op.filter = json(R"({"a": {"$gt": 25}})");
    EXPECT_EQ(co_await f.run(op), 1);
    op.skip = 0;
    op.limit = 0;
    EXPECT_EQ(co_await f.run(op), 3);
    op.filter = json(R"({"a": {"$foo": 25}})");
    EXPECT_EQ((co_await f.refused(op)).details().server_code, 2);
}

awaitable<void> distinct_takes_arrays_apart(store_fixture& f) {
    co_await f.insert(
        "c", R"([{"_id": 1, "a": [1, 2]}, {"_id": 2, "a": 2}, {"_id": 3, "a": [[3], 1.0]}, {"_id": 4}, {"_id": 5, "a": null},
        {"_id": 6, "a": []}, {"_id": 7, "b": [{"c": 1}, {"c": [2, 3]}, 4]}, {"_id": 8, "b": {"c": {"d": 1}}}])");
    distinct_op op;
    op.collection = "c";
    op.key = "a";
    EXPECT_EQ(text_of(value(co_await f.run(op))), text_of(value(json_array("[null, 1, 2, [3]]"))));
    op.key = "b.c";
    EXPECT_EQ(text_of(value(co_await f.run(op))), text_of(value(json_array(R"([1, 2, 3, {"d": 1}])"))));
    op.key = "a.0";
    EXPECT_EQ(text_of(value(co_await f.run(op))), text_of(value(json_array("[1, 3]"))));
    op.key = "a";
    op.filter = json(R"({"_id": {"$lte": 2}})");
    EXPECT_EQ(text_of(value(co_await f.run(op))), text_of(value(json_array("[1, 2]"))));
    op.key = "";
    EXPECT_EQ((co_await f.refused(op)).details().server_code, 40352);
}

awaitable<void> an_error_in_the_first_batch_is_one_of_the_operation(store_fixture& f) {
    co_await f.insert("c", five);
    aggregate_op op;
    op.collection = "c";
    op.pipeline = json_array(R"([{"$project": {"x": {"$divide": [1, {"$subtract": ["$a", 10]}]}}}])");
    bool opened = false;
    try {
        cursor const c = co_await f.run(std::move(op));
        opened = true;
    } catch (error const& e) {
        EXPECT_EQ(e.details().operation, "aggregate");
    }
    EXPECT_FALSE(opened);
}

awaitable<void> an_aggregation_without_collection_makes_its_own_documents(store_fixture& f) {
    aggregate_op op;
    op.pipeline = json_array(R"([{"$documents": [{"a": 1}, {"a": 2}]}, {"$match": {"a": {"$gt": 1}}}])");
    EXPECT_EQ(text_of(co_await f.all(op)), text_of(json_documents(R"([{"a": 2}])")));
    op.pipeline = json_array(R"([{"$match": {"a": 1}}])");
    EXPECT_EQ((co_await f.refused(op)).details().server_code, 73);
}

awaitable<void> lookup_reads_views(store_fixture& f) {
    co_await f.insert("c", five);
    co_await f.insert("d", R"([{"_id": 1, "k": 20, "on": true}, {"_id": 2, "k": 20, "on": false}])");
    create_collection_op view;
    view.collection = "v";
    view.view_on = "d";
    view.pipeline = json_array(R"([{"$match": {"on": true}}])");
    co_await f.run(std::move(view));
    aggregate_op op;
    op.collection = "c";
    op.pipeline = json_array(R"([{"$match": {"_id": {"$lte": 2}}}, {"$sort": {"_id": 1}},
        {"$lookup": {"from": "v", "localField": "a", "foreignField": "k", "as": "v"}}, {"$project": {"v._id": 1}}])");
    EXPECT_EQ(text_of(co_await f.all(std::move(op))),
        text_of(json_documents(R"([{"_id": 1, "v": []}, {"_id": 2, "v": [{"_id": 1}]}])")));
}

constexpr store_case cases[] = {
    {"a_missing_collection_is_empty", a_missing_collection_is_empty},
    {"every_type_comes_back_as_it_went", every_type_comes_back_as_it_went},
    {"find_keeps_the_order_of_insertion", find_keeps_the_order_of_insertion},
    {"find_skips_and_limits", find_skips_and_limits},
    {"negative_numbers_are_refused", negative_numbers_are_refused},
    {"a_cursor_gives_batches_of_the_size_asked_for", a_cursor_gives_batches_of_the_size_asked_for},
    {"each_later_batch_is_a_round_trip", each_later_batch_is_a_round_trip},
    {"aggregate_gives_batches_too", aggregate_gives_batches_too},
    {"a_cursor_may_be_closed_early", a_cursor_may_be_closed_early},
    {"the_documents_of_a_batch_share_one_storage", the_documents_of_a_batch_share_one_storage},
    {"hints_name_an_index", hints_name_an_index},
    {"a_hint_that_names_no_index_is_refused", a_hint_that_names_no_index_is_refused},
    {"a_sparse_index_that_is_hinted_hides_documents", a_sparse_index_that_is_hinted_hides_documents},
    {"collation_compares_without_case", collation_compares_without_case},
    {"a_collation_does_not_use_an_index_without_it", a_collation_does_not_use_an_index_without_it},
    {"variables_of_let_are_seen_by_expressions", variables_of_let_are_seen_by_expressions},
    {"harmless_options_are_accepted", harmless_options_are_accepted},
    {"unknown_options_are_refused", unknown_options_are_refused},
    {"single_batch_ends_after_the_first", single_batch_ends_after_the_first},
    {"count_counts", count_counts},
    {"distinct_takes_arrays_apart", distinct_takes_arrays_apart},
    {"an_error_in_the_first_batch_is_one_of_the_operation", an_error_in_the_first_batch_is_one_of_the_operation},
    {"an_aggregation_without_collection_makes_its_own_documents", an_aggregation_without_collection_makes_its_own_documents},
    {"lookup_reads_views", lookup_reads_views},
};

} // namespace

std::span<store_case const> read_cases() {
    return cases;
}

} // namespace cormorant::testing
