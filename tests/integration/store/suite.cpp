#include "suite.hpp"

#include <cormorant/bson/value.hpp>

namespace cormorant::testing {

document json(std::string_view text) {
    return parse_json_document(text);
}

array json_array(std::string_view text) {
    return parse_json(text).as_array();
}

documents json_documents(std::string_view text) {
    documents result;
    for (value const& v : json_array(text))
        result.push_back(v.as_document());
    return result;
}

std::string text_of(document const& d) {
    return to_json(d, json_mode::canonical);
}
std::string text_of(value const& v) {
    return to_json(v, json_mode::canonical);
}

std::string text_of(documents const& docs) {
    std::string result;
    for (document const& d : docs)
        result += text_of(d) + "\n";
    return result;
}

awaitable<documents> store_fixture::drain(cursor c) {
    documents result;
    for (;;) {
        batch b = co_await c.async_next(use_awaitable);
        if (b.empty())
            co_return result;
        for (document& d : std::move(b).take_documents())
            result.push_back(std::move(d));
    }
}

awaitable<documents> store_fixture::all(find_op op) {
    cursor c = co_await run(std::move(op));
    co_return co_await drain(std::move(c));
}

awaitable<documents> store_fixture::all(aggregate_op op) {
    cursor c = co_await run(std::move(op));
    co_return co_await drain(std::move(c));
}

awaitable<documents> store_fixture::contents(std::string collection) {
    find_op op;
    op.collection = std::move(collection);
    op.sort = doc("_id", 1);
    return all(std::move(op));
}

awaitable<insert_result> store_fixture::insert(std::string collection, documents docs) {
    insert_op op;
    op.collection = std::move(collection);
    op.docs = std::move(docs);
    return run(std::move(op));
}

awaitable<insert_result> store_fixture::insert(std::string collection, std::string_view text) {
    return insert(std::move(collection), json_documents(text));
}

awaitable<void> store_fixture::clear() {
    list_collections_op list;
    auto const found = co_await run(std::move(list));
    for (document const& d : found) {
        if (d.at("name").as_string().starts_with("system."))
            continue;
        drop_collection_op drop;
        drop.collection = d.at("name").as_string();
        co_await run(std::move(drop));
    }
}

find_op find_of(document filter) {
    find_op op;
    op.collection = "c";
    op.filter = std::move(filter);
    return op;
}

update_op update_of(document filter, value update) {
    update_op op;
    op.collection = "c";
    op.filter = std::move(filter);
    op.update = std::move(update);
    return op;
}

remove_op remove_of(document filter) {
    remove_op op;
    op.collection = "c";
    op.filter = std::move(filter);
    return op;
}

index_model index_of(document keys) {
    return index_of(std::move(keys), document());
}

index_model index_of(document keys, document options) {
    index_model result;
    result.keys = std::move(keys);
    result.options = std::move(options);
    return result;
}

create_indexes_op indexes_of(std::vector<index_model> indexes) {
    create_indexes_op op;
    op.collection = "c";
    op.indexes = std::move(indexes);
    return op;
}

} // namespace cormorant::testing
