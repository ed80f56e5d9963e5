#include "fixture.hpp"

#include <utility>

namespace cormorant::testing {

mongo_test::mongo_test() : database_(test_database("mongo_test")), store_(make_store()) {}

std::shared_ptr<store> mongo_test::make_store(mongo_options options, std::string_view uri_options) const {
    return make_mongo_store(test_dsn(database_, uri_options), test_options(std::move(options)));
}

void mongo_test::TearDown() {
    auto const cleaner = make_store();
    if (fail_point_set_) {
        command_op off;
        off.database = "admin";
        off.command = doc("configureFailPoint", "failCommand", "mode", "off");
        run_on(*cleaner, off);
    }
    run_on(*cleaner, drop_database_op());
}

void mongo_test::fill(std::string const& collection, int count, std::size_t padding) {
    insert_op op;
    op.collection = collection;
    std::string const text(padding, 'x');
    for (int i = 0; i < count; ++i)
        op.docs.push_back(doc("_id", i, "text", text));
    run_op(std::move(op));
}

asio::awaitable<documents> drain(cursor c) {
    documents all;
    for (;;) {
        auto b = co_await c.async_next(asio::use_awaitable);
        if (b.empty())
            co_return all;
        auto docs = std::move(b).take_documents();
        all.insert(all.end(), std::make_move_iterator(docs.begin()), std::make_move_iterator(docs.end()));
    }
}

documents mongo_test::find_all(find_op op) {
    return run(drain(run_op(std::move(op))));
}

std::int64_t mongo_test::count_all(std::string const& collection) {
    count_op op;
    op.collection = collection;
    return run_op(op);
}

document mongo_test::server_status() {
    command_op op;
    op.database = "admin";
    op.command = doc("serverStatus", 1);
    return run_op(op);
}

void mongo_test::fail_point(value mode, document data) {
    fail_point_set_ = true;
    data.set("appName", "cormorant");
    command_op op;
    op.database = "admin";
    op.command = doc("configureFailPoint", "failCommand", "mode", std::move(mode), "data", std::move(data));
    run_op(std::move(op));
}

insert_op insert_of(std::string collection, documents docs) {
    insert_op op;
    op.collection = std::move(collection);
    op.docs = std::move(docs);
    return op;
}

find_op find_in(std::string collection, document filter) {
    find_op op;
    op.collection = std::move(collection);
    op.filter = std::move(filter);
    return op;
}

documents docs_of(std::initializer_list<document> docs) {
    return documents(docs);
}

} // namespace cormorant::testing
