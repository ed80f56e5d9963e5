#include "suite.hpp"

namespace cormorant::testing {
namespace {

create_collection_op collection_of(std::string name, document options) {
    create_collection_op op;
    op.collection = std::move(name);
    op.options = std::move(options);
    return op;
}

create_collection_op view_of(std::string name, std::string on, std::string_view pipeline) {
    create_collection_op op;
    op.collection = std::move(name);
    op.view_on = std::move(on);
    op.pipeline = json_array(pipeline);
    return op;
}

awaitable<void> drop(store_fixture& f, std::string name) {
    drop_collection_op op;
    op.collection = std::move(name);
    co_await f.run(std::move(op));
}

awaitable<void> collections_are_listed_by_name(store_fixture& f) {
    co_await f.run(collection_of("b", document()));
    co_await f.insert("a", R"([{"_id": 1}])");
    co_await f.run(view_of("v", "a", R"([{"$match": {"x": 1}}])"));
    list_collections_op op;
    documents found;
    for (document& d : co_await f.run(op)) {
        if (!d.at("name").as_string().starts_with("system."))
            found.push_back(std::move(d));
    }
    EXPECT_EQ(text_of(found),
        text_of(json_documents(
            R"([{"name": "a", "type": "collection", "options": {}}, {"name": "b", "type": "collection", "options": {}},
        {"name": "v", "type": "view", "options": {"viewOn": "a", "pipeline": [{"$match": {"x": 1}}]}}])")));
    op.filter = json(R"({"type": "view"})");
    EXPECT_EQ((co_await f.run(op)).size(), 1u);
    op.filter = doc("name", "b");
    EXPECT_EQ((co_await f.run(op)).size(), 1u);
}

awaitable<void> what_exists_cannot_be_created(store_fixture& f) {
    co_await f.run(collection_of("a", document()));
    co_await f.run(view_of("v", "a", "[]"));
    std::vector<create_collection_op> again;
    again.push_back(collection_of("a", document()));
    again.push_back(view_of("a", "b", "[]"));
    again.push_back(collection_of("v", document()));
    again.push_back(view_of("v", "b", "[]"));
    for (create_collection_op& op : again) {
        error const e = co_await f.refused(std::move(op));
        EXPECT_EQ(e.code(), errc::namespace_exists);
        EXPECT_EQ(e.details().server_code, 48);
    }
}

awaitable<void> names_that_cannot_be_are_refused(store_fixture& f) {
    EXPECT_EQ((co_await f.refused(collection_of("a$b", document()))).details().server_code, 73);
    EXPECT_EQ((co_await f.refused(collection_of("system.foo", document()))).details().server_code, 73);
    insert_op op;
    op.collection = "a$b";
    op.docs = documents(1, doc("_id", 1));
    EXPECT_EQ((co_await f.refused(std::move(op))).details().server_code, 73);
}

awaitable<void> dropping_takes_documents_and_indexes(store_fixture& f) {
    co_await f.insert("c", R"([{"_id": 1}])");
    co_await f.run(indexes_of(std::vector<index_model>(1, index_of(doc("a", 1)))));
    co_await drop(f, "c");
    EXPECT_TRUE((co_await f.contents("c")).empty());
    list_indexes_op list;
    list.collection = "c";
    EXPECT_TRUE((co_await f.run(std::move(list))).empty());
    co_await drop(f, "c");
    co_await drop(f, "never_made");
}

awaitable<void> a_database_can_be_dropped(store_fixture& f) {
    co_await f.insert("a", R"([{"_id": 1}])");
    co_await f.run(view_of("v", "a", "[]"));
    co_await f.run(drop_database_op());
    list_collections_op list;
    EXPECT_TRUE((co_await f.run(std::move(list))).empty());
}

awaitable<void> a_validator_refuses_documents(store_fixture& f) {
    co_await f.run(collection_of("c", json(R"({"validator": {"a": {"$gt": 5}}})")));
    insert_op op;
    op.collection = "c";
    op.docs = json_documents(R"([{"_id": 1, "a": 6}, {"_id": 2, "a": 1}])");
    error const e = co_await f.refused(std::move(op));
    EXPECT_EQ(e.code(), errc::document_validation);
    EXPECT_EQ(e.details().server_code, 121);
    EXPECT_EQ(e.details().written, 1);
    EXPECT_EQ((co_await f.refused(update_of(doc("_id", 1), json(R"({"$set": {"a": 1}})")))).code(), errc::document_validation);
    co_await f.run(update_of(doc("_id", 1), json(R"({"$set": {"a": 7}})")));
}

awaitable<void> bad_options_of_a_collection_are_refused(store_fixture& f) {
    EXPECT_EQ((co_await f.refused(collection_of("c", json(R"({"validator": {"a": {"$foo": 5}}})")))).details().server_code, 2);
    EXPECT_EQ((co_await f.refused(collection_of("c", json(R"({"validationLevel": "foo"})")))).details().server_code, 2);
    error const e = co_await f.refused(collection_of("c", json(R"({"nonsense": 5})")));
    EXPECT_EQ(e.code(), f.is_mongo() ? errc::server : errc::unsupported);
}

// --- views
// -------------------------------------------------------------------------------------------------------------------------

constexpr std::string_view content =
    R"([{"_id": 1, "a": 5, "on": true}, {"_id": 2, "a": 6, "on": false}, {"_id": 3, "a": 7, "on": true}, {"_id": 4, "a": 8, "on": true}])";

awaitable<void> make_views(store_fixture& f) {
    co_await f.insert("c", content);
    co_await f.run(view_of("v", "c", R"([{"$match": {"on": true}}, {"$project": {"a": 1, "twice": {"$multiply": ["$a", 2]}}}])"));
    co_await f.run(view_of("w", "v", R"([{"$match": {"twice": {"$gte": 14}}}])"));
}

awaitable<void> views_are_read_like_collections(store_fixture& f) {
    co_await make_views(f);
    EXPECT_EQ(text_of(co_await f.contents("v")),
        text_of(json_documents(
            R"([{"_id": 1, "a": 5, "twice": 10}, {"_id": 3, "a": 7, "twice": 14}, {"_id": 4, "a": 8, "twice": 16}])")));
    auto find = find_of(json(R"({"a": {"$gt": 5}})"));
    find.collection = "w";
    find.sort = doc("_id", -1);
    find.skip = 1;
    find.limit = 5;
    find.projection = json(R"({"a": 1, "_id": 0})");
    EXPECT_EQ(text_of(co_await f.all(std::move(find))), text_of(json_documents(R"([{"a": 7}])")));
    count_op count;
    count.collection = "w";
    EXPECT_EQ(co_await f.run(count), 2);
    count.collection = "v";
    count.filter = doc("twice", 10);
    EXPECT_EQ(co_await f.run(count), 1);
    distinct_op distinct;
    distinct.collection = "w";
    distinct.key = "a";
    EXPECT_EQ((co_await f.run(std::move(distinct))).size(), 2u);
    aggregate_op aggregate;
    aggregate.collection = "w";
    aggregate.pipeline = json_array(R"([{"$group": {"_id": null, "sum": {"$sum": "$twice"}}}])");
    EXPECT_EQ(text_of(co_await f.all(std::move(aggregate))), text_of(json_documents(R"([{"_id": null, "sum": 30}])")));
}

awaitable<void> views_follow_their_collection(store_fixture& f) {
    co_await make_views(f);
    co_await f.insert("c", R"([{"_id": 9, "a": 100, "on": true}])");
    EXPECT_EQ((co_await f.contents("w")).size(), 3u);
    co_await drop(f, "c");
    EXPECT_TRUE((co_await f.contents("w")).empty());
}

awaitable<void> views_refuse_writes(store_fixture& f) {
    co_await make_views(f);
    insert_op insert;
    insert.collection = "v";
    insert.docs = documents(1, doc("_id", 1));
    EXPECT_EQ((co_await f.refused(std::move(insert))).details().server_code, 166);
    auto update = update_of(document(), json(R"({"$set": {"a": 1}})"));
    update.collection = "v";
    EXPECT_EQ((co_await f.refused(update)).details().server_code, 166);
    update.filter = doc("_id", 99);
    update.upsert = true;
    EXPECT_EQ((co_await f.refused(update)).details().server_code, 166);
    auto remove = remove_of(document());
    remove.collection = "v";
    EXPECT_EQ((co_await f.refused(std::move(remove))).details().server_code, 166);
    find_and_modify_op modify;
    modify.collection = "v";
    modify.remove = true;
    EXPECT_EQ((co_await f.refused(std::move(modify))).details().server_code, 166);
    auto index = indexes_of(std::vector<index_model>(1, index_of(doc("a", 1))));
    index.collection = "v";
    EXPECT_EQ((co_await f.refused(std::move(index))).details().server_code, 166);
    list_indexes_op list;
    list.collection = "v";
    EXPECT_EQ((co_await f.refused(std::move(list))).details().server_code, 166);
    EXPECT_EQ(text_of(co_await f.contents("c")), text_of(json_documents(content)));
}

awaitable<void> views_refuse_a_collation(store_fixture& f) {
    co_await make_views(f);
    auto op = find_of(document());
    op.collection = "v";
    op.collation = doc("locale", "en", "strength", 2);
    EXPECT_EQ((co_await f.refused(std::move(op))).details().server_code, 167);
}

awaitable<void> a_view_can_be_changed(store_fixture& f) {
    co_await make_views(f);
    modify_view_op op;
    op.collection = "v";
    op.view_on = "c";
    op.pipeline = json_array(R"([{"$match": {"on": false}}])");
    co_await f.run(op);
    EXPECT_EQ((co_await f.contents("v")).size(), 1u);
    op.collection = "nothing";
    EXPECT_EQ((co_await f.refused(op)).code(), errc::namespace_not_found);
    op.collection = "c";
    EXPECT_EQ((co_await f.refused(op)).details().server_code, 72);
    op.collection = "v";
    op.view_on = "w";
    EXPECT_EQ((co_await f.refused(op)).details().server_code, 5) << "a cycle";
}

awaitable<void> bad_views_are_refused(store_fixture& f) {
    EXPECT_EQ((co_await f.refused(view_of("v", "v", "[]"))).details().server_code, 5);
    EXPECT_EQ((co_await f.refused(view_of("v", "c", R"([{"$foo": 1}])"))).details().server_code, 40324);
    EXPECT_EQ((co_await f.refused(view_of("v", "c", R"([{"$out": "x"}])"))).details().server_code, 167);
}

awaitable<void> ping_is_answered(store_fixture& f) {
    command_op op;
    op.command = doc("ping", 1);
    document const answer = co_await f.run(std::move(op));
    EXPECT_EQ(answer.at("ok").as_double(), 1.0);
}

constexpr store_case cases[] = {
    {"collections_are_listed_by_name", collections_are_listed_by_name},
    {"what_exists_cannot_be_created", what_exists_cannot_be_created},
    {"names_that_cannot_be_are_refused", names_that_cannot_be_are_refused},
    {"dropping_takes_documents_and_indexes", dropping_takes_documents_and_indexes},
    {"a_database_can_be_dropped", a_database_can_be_dropped},
    {"a_validator_refuses_documents", a_validator_refuses_documents},
    {"bad_options_of_a_collection_are_refused", bad_options_of_a_collection_are_refused},
    {"views_are_read_like_collections", views_are_read_like_collections},
    {"views_follow_their_collection", views_follow_their_collection},
    {"views_refuse_writes", views_refuse_writes},
    {"views_refuse_a_collation", views_refuse_a_collation},
    {"a_view_can_be_changed", a_view_can_be_changed},
    {"bad_views_are_refused", bad_views_are_refused},
    {"ping_is_answered", ping_is_answered},
};

} // namespace

std::span<store_case const> admin_cases() {
    return cases;
}

} // namespace cormorant::testing
