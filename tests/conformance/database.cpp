#include "database.hpp"

#include <algorithm>

namespace conformance {

using boost::asio::awaitable;
using cormorant::array;
using cormorant::doc;
using cormorant::document;
using cormorant::documents;

awaitable<void> raw_database::reset(emptiness wanted) {
    documents const collections = co_await run(cormorant::list_collections_op());
    for (auto const& collection : collections) {
        auto const name = collection.at("name").to<std::string>();
        if (name.starts_with("system.")) {
            continue;
        }
        auto const* const options = collection.find("options");
        auto const plain =
            collection.get_or("type", "collection") == "collection" && (options == nullptr || options->as_document().empty());
        auto keep = wanted == emptiness::of_documents && plain;
        if (keep) {
            cormorant::list_indexes_op list;
            list.collection = name;
            auto const present = co_await run(std::move(list));
            keep = present.size() <= 1;
        }
        if (keep) {
            cormorant::remove_op remove;
            remove.collection = name;
            co_await run(std::move(remove));
        } else {
            cormorant::drop_collection_op drop;
            drop.collection = name;
            co_await run(std::move(drop));
        }
    }
}

awaitable<void> raw_database::drop() {
    co_await run(cormorant::drop_database_op());
}

awaitable<void> raw_database::put(std::string collection, documents docs) {
    if (docs.empty()) {
        cormorant::list_collections_op list;
        list.filter = doc("name", collection);
        auto const present = co_await run(std::move(list));
        if (present.empty()) {
            cormorant::create_collection_op create;
            create.collection = std::move(collection);
            co_await run(std::move(create));
        }
        co_return;
    }
    cormorant::insert_op insert;
    insert.collection = std::move(collection);
    insert.docs = std::move(docs);
    co_await run(std::move(insert));
}

awaitable<array> raw_database::contents(std::string collection) {
    cormorant::find_op find;
    find.collection = std::move(collection);
    find.sort = doc("_id", 1);
    cormorant::cursor cursor = co_await run(std::move(find));
    array result;
    for (;;) {
        cormorant::batch batch = co_await cursor.async_next(boost::asio::use_awaitable);
        if (batch.empty()) {
            co_return result;
        }
        for (auto& d : std::move(batch).take_documents()) {
            result.push_back(std::move(d));
        }
    }
}

awaitable<array> raw_database::indexes(std::string collection) {
    cormorant::list_indexes_op list;
    list.collection = std::move(collection);
    documents present = co_await run(std::move(list));
    std::sort(present.begin(), present.end(),
        [](document const& a, document const& b) { return a.at("name").as_string() < b.at("name").as_string(); });
    array result;
    for (auto const& index : present) {
        auto const* const unique = index.find("unique");
        document shown = doc("name", index.at("name"), "key", index.at("key"));
        shown.set("unique", unique != nullptr && unique->truthy());
        result.push_back(std::move(shown));
    }
    co_return result;
}

} // namespace conformance
