#include "suite.hpp"

namespace cormorant::testing {
namespace {

awaitable<array> create(store_fixture& f, document keys, document options) {
    std::vector<index_model> models(1, index_of(std::move(keys), std::move(options)));
    return f.run(indexes_of(std::move(models)));
}

awaitable<array> create(store_fixture& f, document keys) {
    return create(f, std::move(keys), document());
}

awaitable<int> code_of_create(store_fixture& f, std::string_view keys, std::string_view options) {
    std::vector<index_model> models(1, index_of(json(keys), json(options)));
    error const e = co_await f.refused(indexes_of(std::move(models)));
    co_return e.details().server_code;
}

awaitable<documents> listed(store_fixture& f) {
    list_indexes_op op;
    op.collection = "c";
    return f.run(std::move(op));
}

awaitable<error> refused_insert(store_fixture& f, std::string_view text) {
    insert_op op;
    op.collection = "c";
    op.docs = json_documents(text);
    return f.refused(std::move(op));
}

awaitable<void> a_missing_collection_has_no_indexes(store_fixture& f) {
    EXPECT_TRUE((co_await listed(f)).empty());
}

awaitable<void> every_collection_has_an_index_on_its_ids(store_fixture& f) {
    co_await f.insert("c", R"([{"_id": 1}])");
    EXPECT_EQ(text_of(co_await listed(f)), text_of(json_documents(R"([{"v": 2, "key": {"_id": 1}, "name": "_id_"}])")));
}

awaitable<void> indexes_are_listed_with_their_options(store_fixture& f) {
    co_await create(f, json(R"({"a": 1, "b.c": -1})"));
    co_await create(f, json(R"({"u": 1})"), json(R"({"sparse": true, "unique": true, "name": "mine"})"));
    co_await create(f, json(R"({"t": 1})"), json(R"({"expireAfterSeconds": 3600})"));
    co_await create(
        f, json(R"({"p": 1})"), json(R"({"partialFilterExpression": {"x": {"$gt": 5}}, "hidden": true, "unique": false})"));
    EXPECT_EQ(text_of(co_await listed(f)), text_of(json_documents(R"([{"v": 2, "key": {"_id": 1}, "name": "_id_"},
        {"v": 2, "key": {"a": 1, "b.c": -1}, "name": "a_1_b.c_-1"},
        {"v": 2, "key": {"u": 1}, "name": "mine", "unique": true, "sparse": true},
        {"v": 2, "key": {"t": 1}, "name": "t_1", "expireAfterSeconds": 3600},
        {"v": 2, "key": {"p": 1}, "name": "p_1", "hidden": true, "partialFilterExpression": {"x": {"$gt": 5}}}])")));
}

awaitable<void> creating_answers_the_names_and_is_idempotent(store_fixture& f) {
    std::vector<index_model> models;
    models.push_back(index_of(doc("a", 1)));
    models.push_back(index_of(doc("b", -1), doc("name", "second")));
    array const names = co_await f.run(indexes_of(models));
    EXPECT_EQ(text_of(value(names)), text_of(value(json_array(R"(["a_1", "second"])"))));
    co_await f.run(indexes_of(models));
    co_await create(f, doc("_id", 1));
    EXPECT_EQ((co_await listed(f)).size(), 3u);
}

awaitable<void> a_unique_index_refuses_what_is_there(store_fixture& f) {
    co_await create(f, doc("a", 1, "b", 1), doc("unique", true));
    co_await f.insert("c", R"([{"_id": 1, "a": 1, "b": "x"}, {"_id": 2, "a": 1, "b": "y"}])");
    error const e = co_await refused_insert(f, R"([{"_id": 3, "a": 1.0, "b": "x"}])");
    EXPECT_EQ(e.code(), errc::duplicate_key);
    EXPECT_EQ(e.details().server_code, 11000);
    EXPECT_EQ(e.details().path, "a");
    EXPECT_EQ(e.details().written, 0);
    EXPECT_NE(e.details().server_message.find("E11000 duplicate key error collection: "), std::string::npos);
    EXPECT_NE(e.details().server_message.find(".c index: a_1_b_1 dup key: { a: 1"), std::string::npos)
        << e.details().server_message;
    error const by_update = co_await f.refused(update_of(doc("_id", 2), json(R"({"$set": {"b": "x"}})")));
    EXPECT_EQ(by_update.code(), errc::duplicate_key);
    EXPECT_EQ(text_of(co_await f.contents("c")),
        text_of(json_documents(R"([{"_id": 1, "a": 1, "b": "x"}, {"_id": 2, "a": 1, "b": "y"}])")));
    co_await f.run(update_of(doc("_id", 1), json(R"({"$set": {"c": 1}})")));
    co_await f.run(remove_of(doc("_id", 1)));
    co_await f.insert("c", R"([{"_id": 3, "a": 1, "b": "x"}])");
}

awaitable<void> the_value_of_a_duplicate_is_reported(store_fixture& f) {
    co_await create(f, doc("a", 1), doc("unique", true));
    co_await f.insert("c", R"([{"a": "ann"}])");
    error const e = co_await refused_insert(f, R"([{"a": "ann"}])");
    EXPECT_EQ(e.details().path, "a");
    EXPECT_EQ(e.details().value, R"("ann")");
    EXPECT_NE(e.details().server_message.find(R"(dup key: { a: "ann" })"), std::string::npos) << e.details().server_message;
}

awaitable<void> missing_is_null_to_a_unique_index(store_fixture& f) {
    co_await create(f, doc("a", 1), doc("unique", true));
    co_await f.insert("c", R"([{"_id": 1}])");
    EXPECT_EQ((co_await refused_insert(f, R"([{"_id": 2}])")).code(), errc::duplicate_key);
    EXPECT_EQ((co_await refused_insert(f, R"([{"_id": 2, "a": null}])")).code(), errc::duplicate_key);
    co_await f.insert("c", R"([{"_id": 2, "a": []}])");
    EXPECT_EQ((co_await refused_insert(f, R"([{"_id": 3, "a": []}])")).code(), errc::duplicate_key);
}

awaitable<void> a_sparse_index_leaves_out_what_lacks_the_field(store_fixture& f) {
    co_await create(f, doc("a", 1), doc("unique", true, "sparse", true));
    co_await f.insert("c", R"([{"_id": 1}, {"_id": 2}, {"_id": 3, "a": null}])");
    EXPECT_EQ((co_await refused_insert(f, R"([{"_id": 4, "a": null}])")).code(), errc::duplicate_key);
    EXPECT_EQ((co_await f.all(find_of(doc("a", nullptr)))).size(), 3u);
}

awaitable<void> a_partial_index_holds_what_its_filter_matches(store_fixture& f) {
    co_await create(f, doc("a", 1), json(R"({"unique": true, "partialFilterExpression": {"on": true, "n": {"$gt": 5}}})"));
    co_await f.insert(
        "c", R"([{"_id": 1, "a": 1}, {"_id": 2, "a": 1, "on": true, "n": 5}, {"_id": 3, "a": 1, "on": true, "n": 6}])");
    EXPECT_EQ((co_await refused_insert(f, R"([{"_id": 4, "a": 1, "on": true, "n": 7}])")).code(), errc::duplicate_key);
    EXPECT_EQ((co_await f.refused(update_of(doc("_id", 2), json(R"({"$set": {"n": 9}})")))).code(), errc::duplicate_key);
    EXPECT_EQ((co_await f.all(find_of(doc("a", 1)))).size(), 3u);
    EXPECT_EQ((co_await f.all(find_of(json(R"({"a": 1, "on": true, "n": {"$gte": 6}})")))).size(), 1u);
}

awaitable<void> a_multikey_index_holds_every_element(store_fixture& f) {
    co_await create(f, doc("tags", 1), doc("unique", true));
    co_await f.insert("c", R"([{"_id": 1, "tags": ["a", "b", "a"]}, {"_id": 2, "tags": "c"}])");
    EXPECT_EQ((co_await refused_insert(f, R"([{"_id": 3, "tags": ["x", "b"]}])")).code(), errc::duplicate_key);
    co_await f.insert("c", R"([{"_id": 3, "tags": ["x", "y"]}])");
    EXPECT_EQ((co_await f.refused(update_of(doc("_id", 3), json(R"({"$push": {"tags": "c"}})")))).code(), errc::duplicate_key);
    EXPECT_EQ((co_await f.all(find_of(doc("tags", "y")))).size(), 1u);
    EXPECT_EQ((co_await f.all(find_of(json(R"({"tags": {"$gte": "a"}})")))).size(), 3u);
}

awaitable<void> arrays_side_by_side_cannot_be_indexed(store_fixture& f) {
    co_await create(f, doc("a", 1, "b", 1));
    co_await f.insert("c", R"([{"_id": 1, "a": [1], "b": 1}, {"_id": 2, "a": 1, "b": [1]}])");
    EXPECT_EQ((co_await refused_insert(f, R"([{"_id": 3, "a": [1], "b": [1]}])")).details().server_code, 171);
    EXPECT_EQ((co_await f.refused(update_of(doc("_id", 1), json(R"({"$set": {"b": []}})")))).details().server_code, 171);
    EXPECT_EQ((co_await f.contents("c")).size(), 2u);
}

awaitable<void> elements_of_one_array_are_indexed_together(store_fixture& f) {
    co_await create(f, doc("r.a", 1, "r.b", 1), doc("unique", true));
    co_await f.insert("c", R"([{"_id": 1, "r": [{"a": 1, "b": 1}, {"a": 2, "b": 2}]}])");
    co_await f.insert("c", R"([{"_id": 2, "r": [{"a": 1, "b": 2}]}])");
    EXPECT_EQ((co_await refused_insert(f, R"([{"_id": 3, "r": [{"a": 2, "b": 2}]}])")).code(), errc::duplicate_key);
    EXPECT_EQ((co_await f.all(find_of(json(R"({"r.a": 1, "r.b": 2})")))).size(), 2u) << "by different elements too";
}

awaitable<void> documents_that_do_not_fit_keep_an_index_from_being_made(store_fixture& f) {
    co_await f.insert("c", R"([{"_id": 1, "a": 1}, {"_id": 2, "a": 1}, {"_id": 3, "b": [1], "c": [1]}])");
    std::vector<index_model> models(1, index_of(doc("a", 1), doc("unique", true)));
    EXPECT_EQ((co_await f.refused(indexes_of(std::move(models)))).code(), errc::duplicate_key);
    EXPECT_EQ(co_await code_of_create(f, R"({"b": 1, "c": 1})", "{}"), 171);
    EXPECT_EQ((co_await listed(f)).size(), 1u);
}

awaitable<void> indexes_that_contradict_each_other_are_refused(store_fixture& f) {
    co_await create(f, doc("a", 1));
    EXPECT_EQ(co_await code_of_create(f, R"({"a": 1})", R"({"name": "other"})"), 85);
    EXPECT_EQ(co_await code_of_create(f, R"({"b": 1})", R"({"name": "a_1"})"), 86);
    EXPECT_EQ(co_await code_of_create(f, R"({"a": 1})", R"({"unique": true})"), 86);
    co_await create(f, doc("a", 1), doc("unique", true, "name", "another"));
    co_await create(f, doc("a", -1));
    co_await create(f, doc("t", 1), doc("expireAfterSeconds", 1));
    EXPECT_EQ(co_await code_of_create(f, R"({"t": 1})", R"({"expireAfterSeconds": 2})"), 85);
    std::vector<index_model> twice(2, index_of(doc("z", 1)));
    EXPECT_EQ((co_await f.refused(indexes_of(std::move(twice)))).details().server_code, 68);
}

awaitable<void> indexes_are_made_all_or_none(store_fixture& f) {
    std::vector<index_model> models;
    models.push_back(index_of(doc("a", 1), doc("name", "same")));
    models.push_back(index_of(doc("b", 1), doc("name", "same")));
    EXPECT_EQ((co_await f.refused(indexes_of(models))).details().server_code, 86);
    list_collections_op list;
    list.filter = doc("name", "c");
    EXPECT_TRUE((co_await f.run(std::move(list))).empty()) << "nor is the collection";
    co_await f.insert("c", R"([{"_id": 1, "b": 1}, {"_id": 2, "b": 1}])");
    models.clear();
    models.push_back(index_of(doc("a", 1)));
    models.push_back(index_of(doc("b", 1), doc("unique", true)));
    EXPECT_EQ((co_await f.refused(indexes_of(models))).code(), errc::duplicate_key);
    EXPECT_EQ((co_await listed(f)).size(), 1u);
}

awaitable<void> bad_specifications_are_refused(store_fixture& f) {
    EXPECT_EQ(co_await code_of_create(f, R"({"g": 0})", "{}"), 67);
    EXPECT_EQ(co_await code_of_create(f, R"({"g": "foo"})", "{}"), 67);
    EXPECT_EQ(co_await code_of_create(f, R"({"g": true})", "{}"), 67);
    EXPECT_EQ(co_await code_of_create(f, R"({"a.": 1})", "{}"), 67);
    EXPECT_EQ(co_await code_of_create(f, R"({"a..b": 1})", "{}"), 67);
    EXPECT_EQ(co_await code_of_create(f, R"({"g": 1})", R"({"foo": 1})"), 197);
    EXPECT_EQ(co_await code_of_create(f, R"({"g": 1})", R"({"unique": "x"})"), 14);
    EXPECT_EQ(co_await code_of_create(f, R"({"g": 1})", R"({"expireAfterSeconds": "x"})"), 67);
    EXPECT_EQ(co_await code_of_create(f, R"({"g": 1, "h": 1})", R"({"expireAfterSeconds": 1})"), 67);
    EXPECT_EQ(co_await code_of_create(f, R"({"g": 1})", R"({"name": "*"})"), 2);
    EXPECT_EQ(co_await code_of_create(f, R"({"g": 1})", R"({"sparse": true, "partialFilterExpression": {"a": 1}})"), 67);
    EXPECT_EQ(co_await code_of_create(f, R"({"g": 1})", R"({"partialFilterExpression": {"a": {"$ne": 1}}})"), 67);
    EXPECT_EQ(co_await code_of_create(f, R"({"g": 1})", R"({"partialFilterExpression": {"a": {"$exists": false}}})"), 67);
    EXPECT_EQ(co_await code_of_create(f, R"({"_id": -1})", "{}"), 2);
    EXPECT_EQ(co_await code_of_create(f, R"({"_id": 1})", R"({"unique": true})"), 197);
    EXPECT_TRUE((co_await listed(f)).empty());
}

awaitable<void> drop_one(store_fixture& f, std::string name) {
    drop_index_op op;
    op.collection = "c";
    op.index = std::move(name);
    co_await f.run(std::move(op));
}

awaitable<error> refused_drop(store_fixture& f, std::string collection, std::string name) {
    drop_index_op op;
    op.collection = std::move(collection);
    op.index = std::move(name);
    return f.refused(std::move(op));
}

awaitable<void> indexes_can_be_dropped(store_fixture& f) {
    co_await create(f, doc("a", 1), doc("unique", true));
    co_await create(f, doc("b", 1));
    co_await f.insert("c", R"([{"_id": 1, "a": 1}])");
    co_await drop_one(f, "a_1");
    co_await f.insert("c", R"([{"_id": 2, "a": 1}])");
    EXPECT_EQ((co_await listed(f)).size(), 2u);
    co_await drop_one(f, "*");
    EXPECT_EQ((co_await listed(f)).size(), 1u);
    EXPECT_EQ((co_await refused_drop(f, "c", "nope")).details().server_code, 27);
    EXPECT_EQ((co_await refused_drop(f, "c", "_id_")).details().server_code, 72);
}

awaitable<void> what_is_missing_cannot_be_dropped(store_fixture& f) {
    co_await f.insert("c", R"([{"_id": 1}])");
    create_collection_op view;
    view.collection = "v";
    view.view_on = "c";
    co_await f.run(std::move(view));
    struct {
        char const* collection;
        char const* index;
        errc expected;
        int server_code;
    } const cases[] = {
        {"c", "a_1", errc::server, 27},
        {"c", "_id_", errc::server, 72},
        {"c", "", errc::server, 27},
        {"nothing", "a_1", errc::namespace_not_found, 26},
        {"nothing", "_id_", errc::namespace_not_found, 26},
        {"nothing", "*", errc::namespace_not_found, 26},
        {"v", "a_1", errc::server, 166},
    };
    for (auto const& [collection, index, expected, server_code] : cases) {
        error const e = co_await refused_drop(f, collection, index);
        EXPECT_EQ(e.code(), expected) << collection << " " << index;
        EXPECT_EQ(e.details().server_code, server_code) << collection << " " << index;
        EXPECT_TRUE(e.details().is_write) << collection << " " << index;
    }
    // A collection that is not there is dropped already.
    drop_collection_op again;
    again.collection = "nothing";
    co_await f.run(std::move(again));
}

/// The same answers with and without indexes: what the planner chooses must not be seen.
awaitable<void> indexes_do_not_change_answers(store_fixture& f) {
    documents docs;
    std::string_view const values[] = {R"({"a": 1, "b": 2})", R"({"a": 1, "b": "x"})", R"({"a": [1, 5, 9], "b": 3})",
        R"({"a": null, "b": null})", R"({"b": 1})", R"({"a": "text", "b": 2.5})", R"({"a": [], "b": 7})",
        R"({"a": {"x": 1}, "b": [1, 2]})", R"({"a": {"$numberDouble": "NaN"}, "b": 0})", R"({"a": [[1, 2], 3]})",
        R"({"a": {"$date": {"$numberLong": "0"}}, "b": true})", R"({"a": {"$numberLong": "5"}, "b": 5})", R"({"a": 7, "b": 5})",
        R"({"a": {"$minKey": 1}, "b": 5})", R"({"a": {"$maxKey": 1}, "b": 5})"};
    int id = 0;
    for (std::string_view const v : values) {
        auto d = json(v);
        d.prepend("_id", ++id);
        docs.push_back(std::move(d));
    }
    co_await f.insert("c", docs);
    std::string_view const filters[] = {R"({"a": 1})", R"({"a": {"$gt": 1}})", R"({"a": {"$lt": 7}})",
        R"({"a": {"$gte": 1, "$lte": 5}})", R"({"a": {"$gt": 5, "$lt": 3}})", R"({"a": {"$in": [1, "text", 7, null]}})",
        R"({"a": {"$in": [9, 1]}, "b": {"$gt": 1}})", R"({"a": null})", R"({"a": {"$exists": true}, "b": 5})",
        R"({"a": {"$gt": ""}})", R"({"a": {"x": 1}})", R"({"a": [1, 2]})", R"({"a": {"$gte": {"$minKey": 1}}})",
        R"({"a": {"$lt": {"$maxKey": 1}}})", R"({"a": {"$ne": 1}})", R"({"a": {"$not": {"$gt": 1}}})",
        R"({"b": 5, "a": {"$lte": 7}})", R"({"a": {"$elemMatch": {"$gt": 4, "$lt": 6}}})", R"({"$or": [{"a": 7}, {"b": 0}]})",
        R"({"a": {"$gte": {"$numberDouble": "NaN"}}})", R"({"a": {"$size": 0}})", R"({"a": {"$type": "string"}})",
        R"({"a.x": 1})", R"({"a": {"$all": [1, 9]}})", R"({"a": {"$eq": []}})", R"({"a": {"$gt": [1]}})",
        R"({"_id": {"$gt": 3, "$lt": 9}})", R"({"_id": {"$in": [9, 2, 99]}, "b": {"$gte": 1}})"};
    std::string_view const orders[] = {
        R"({"_id": 1})", R"({"_id": -1})", R"({"a": 1, "_id": 1})", R"({"b": -1, "_id": 1})", R"({"b": 1, "a": -1, "_id": 1})"};
    auto const answers = [](store_fixture& g, std::string_view filter, std::string_view order) {
        auto op = find_of(json(filter));
        op.sort = json(order);
        return g.all(std::move(op));
    };
    std::vector<std::string> before;
    for (std::string_view const filter : filters) {
        for (std::string_view const order : orders)
            before.push_back(text_of(co_await answers(f, filter, order)));
    }
    std::string_view const indexes[] = {R"({"a": 1})", R"({"a": -1, "b": 1})", R"({"b": 1, "_id": -1})"};
    for (std::string_view const keys : indexes) {
        // Documents 10 has an array in `a` and document 8 one in `b`, so every compound index of the two can be made.
        co_await create(f, json(keys));
        std::size_t next = 0;
        for (std::string_view const filter : filters) {
            for (std::string_view const order : orders)
                EXPECT_EQ(text_of(co_await answers(f, filter, order)), before[next++]) << keys << " " << filter << " " << order;
        }
    }
}

constexpr store_case cases[] = {
    {"a_missing_collection_has_no_indexes", a_missing_collection_has_no_indexes},
    {"every_collection_has_an_index_on_its_ids", every_collection_has_an_index_on_its_ids},
    {"indexes_are_listed_with_their_options", indexes_are_listed_with_their_options},
    {"creating_answers_the_names_and_is_idempotent", creating_answers_the_names_and_is_idempotent},
    {"a_unique_index_refuses_what_is_there", a_unique_index_refuses_what_is_there},
    {"the_value_of_a_duplicate_is_reported", the_value_of_a_duplicate_is_reported},
    {"missing_is_null_to_a_unique_index", missing_is_null_to_a_unique_index},
    {"a_sparse_index_leaves_out_what_lacks_the_field", a_sparse_index_leaves_out_what_lacks_the_field},
    {"a_partial_index_holds_what_its_filter_matches", a_partial_index_holds_what_its_filter_matches},
    {"a_multikey_index_holds_every_element", a_multikey_index_holds_every_element},
    {"arrays_side_by_side_cannot_be_indexed", arrays_side_by_side_cannot_be_indexed},
    {"elements_of_one_array_are_indexed_together", elements_of_one_array_are_indexed_together},
    {"documents_that_do_not_fit_keep_an_index_from_being_made", documents_that_do_not_fit_keep_an_index_from_being_made},
    {"indexes_that_contradict_each_other_are_refused", indexes_that_contradict_each_other_are_refused},
    {"indexes_are_made_all_or_none", indexes_are_made_all_or_none},
    {"bad_specifications_are_refused", bad_specifications_are_refused},
    {"indexes_can_be_dropped", indexes_can_be_dropped},
    {"what_is_missing_cannot_be_dropped", what_is_missing_cannot_be_dropped},
    {"indexes_do_not_change_answers", indexes_do_not_change_answers},
};

} // namespace

std::span<store_case const> index_cases() {
    return cases;
}

} // namespace cormorant::testing
