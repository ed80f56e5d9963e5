#include "commands.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

namespace cormorant::testing {
namespace {

/// The value of `n` in the document 1, which was 10.
int increments(store& s, std::string const& collection) {
    auto op = on<distinct_op>(collection);
    op.key = "n";
    op.filter = doc("_id", 1);
    auto const found = awaited(s, std::move(op));
    return found.empty() ? -1 : static_cast<int>(found[0].as_int64()) - 10;
}

bool has_collection(store& s, std::string const& collection) {
    list_collections_op op;
    op.filter = doc("name", collection);
    return !awaited(s, std::move(op)).empty();
}

/// Of a view.
int stages_of(store& s, std::string const& view) {
    list_collections_op op;
    op.filter = doc("name", view);
    auto const found = awaited(s, std::move(op));
    return static_cast<int>(found.at(0).at("options").as_document().at("pipeline").as_array().size());
}

bool has_index(store& s, std::string const& collection, std::string_view name) {
    auto const all = awaited(s, on<list_indexes_op>(collection));
    return std::ranges::any_of(all, [&](document const& d) { return d.at("name").as_string() == name; });
}

create_indexes_op index_on(std::string const& collection, std::string const& field) {
    auto op = on<create_indexes_op>(collection);
    op.indexes.emplace_back().keys.set(field, 1);
    return op;
}

void read_all(store& s, find_op op, call_options options) {
    auto const read = [](store& from, find_op o, call_options c) -> asio::awaitable<void> {
        auto found = co_await from.async_run(std::move(o), std::move(c), asio::use_awaitable);
        while (!(co_await found.async_next(asio::use_awaitable)).empty()) {
        }
    };
    run(read(s, std::move(op), std::move(options)));
}

} // namespace

int has_document(store& s, std::string const& collection, int id) {
    auto op = on<count_op>(collection);
    op.filter = doc("_id", id);
    return static_cast<int>(awaited(s, std::move(op)));
}

void prepare(store& s, std::string const& collection) {
    auto op = on<insert_op>(collection);
    for (int i = 1; i <= 5; ++i)
        op.docs.push_back(doc("_id", i, "n", 10));
    awaited(s, std::move(op));
}

std::vector<command_case> const& commands() {
    auto const nothing = [](store&, std::string const&) { return 0; };
    static std::vector<command_case> const all = {
        {"find", "find", manner::read, false,
            [](store& s, std::string const& c, call_options o) { read_all(s, on<find_op>(c), std::move(o)); }, nothing},
        {"getMore", "getMore", manner::read_once, false,
            [](store& s, std::string const& c, call_options o) {
                auto op = on<find_op>(c);
                op.batch_size = 2;
                read_all(s, std::move(op), std::move(o));
            },
            nothing},
        {"aggregate", "aggregate", manner::read, false,
            [](store& s, std::string const& c, call_options o) { awaited(s, on<aggregate_op>(c), std::move(o)); }, nothing},
        {"count", "count", manner::read, false,
            [](store& s, std::string const& c, call_options o) { awaited(s, on<count_op>(c), std::move(o)); }, nothing,
            taken::yes, "aggregate"},
        {"count with a filter", "aggregate", manner::read, false,
            [](store& s, std::string const& c, call_options o) {
                auto op = on<count_op>(c);
                op.filter = doc("n", 10);
                awaited(s, std::move(op), std::move(o));
            },
            nothing},
        {"distinct", "distinct", manner::read, false,
            [](store& s, std::string const& c, call_options o) {
                auto op = on<distinct_op>(c);
                op.key = "n";
                awaited(s, std::move(op), std::move(o));
            },
            nothing},
        {"insert", "insert", manner::numbered_write, false,
            [](store& s, std::string const& c, call_options o) {
                auto op = on<insert_op>(c);
                op.docs.push_back(doc("_id", 100));
                awaited(s, std::move(op), std::move(o));
            },
            [](store& s, std::string const& c) { return has_document(s, c, 100); }},
        {"update", "update", manner::numbered_write, false,
            [](store& s, std::string const& c, call_options o) {
                auto op = on<update_op>(c);
                op.filter = doc("_id", 1);
                op.update = doc("$inc", doc("n", 1));
                awaited(s, std::move(op), std::move(o));
            },
            increments},
        {"update of many", "update", manner::other_write, false,
            [](store& s, std::string const& c, call_options o) {
                auto op = on<update_op>(c);
                op.update = doc("$inc", doc("n", 1));
                op.multi = true;
                awaited(s, std::move(op), std::move(o));
            },
            increments},
        {"delete", "delete", manner::numbered_write, false,
            [](store& s, std::string const& c, call_options o) {
                auto op = on<remove_op>(c);
                op.filter = doc("_id", 2);
                op.just_one = true;
                awaited(s, std::move(op), std::move(o));
            },
            [](store& s, std::string const& c) { return 1 - has_document(s, c, 2); }},
        {"delete of many", "delete", manner::other_write, false,
            [](store& s, std::string const& c, call_options o) { awaited(s, on<remove_op>(c), std::move(o)); },
            [](store& s, std::string const& c) { return 1 - has_document(s, c, 2); }},
        {"findAndModify", "findAndModify", manner::numbered_write, false,
            [](store& s, std::string const& c, call_options o) {
                auto op = on<find_and_modify_op>(c);
                op.filter = doc("_id", 1);
                op.update = doc("$inc", doc("n", 1));
                awaited(s, std::move(op), std::move(o));
            },
            increments},
        {"aggregate with $out", "aggregate", manner::other_write, false,
            [](store& s, std::string const& c, call_options o) {
                auto op = on<aggregate_op>(c);
                op.pipeline.push_back(doc("$out", c + "_out"));
                awaited(s, std::move(op), std::move(o));
            },
            [](store& s, std::string const& c) { return has_collection(s, c + "_out") ? 1 : 0; }, taken::no},
        {"createIndexes", "createIndexes", manner::other_write, true,
            [](store& s, std::string const& c, call_options o) { awaited(s, index_on(c, "m"), std::move(o)); },
            [](store& s, std::string const& c) { return has_index(s, c, "m_1") ? 1 : 0; }, taken::no},
        {"dropIndexes", "dropIndexes", manner::other_write, true,
            [](store& s, std::string const& c, call_options o) {
                auto op = on<drop_index_op>(c);
                op.index = "n_1";
                awaited(s, std::move(op), std::move(o));
            },
            [](store& s, std::string const& c) { return has_index(s, c, "n_1") ? 0 : 1; }, taken::no, nullptr,
            [](store& s, std::string const& c) { awaited(s, index_on(c, "n")); }},
        {"listIndexes", "listIndexes", manner::read, true,
            [](store& s, std::string const& c, call_options o) { awaited(s, on<list_indexes_op>(c), std::move(o)); }, nothing,
            taken::no},
        {"create", "create", manner::other_write, true,
            [](store& s, std::string const& c, call_options o) {
                awaited(s, on<create_collection_op>(c + "_new"), std::move(o));
            },
            [](store& s, std::string const& c) { return has_collection(s, c + "_new") ? 1 : 0; }},
        {"drop", "drop", manner::other_write, true,
            [](store& s, std::string const& c, call_options o) { awaited(s, on<drop_collection_op>(c), std::move(o)); },
            [](store& s, std::string const& c) { return has_collection(s, c) ? 0 : 1; }, taken::no},
        {"collMod", "collMod", manner::other_write, true,
            [](store& s, std::string const& c, call_options o) {
                auto op = on<modify_view_op>(c + "_view");
                op.view_on = c;
                op.pipeline.push_back(doc("$match", doc("n", 10)));
                awaited(s, std::move(op), std::move(o));
            },
            [](store& s, std::string const& c) { return stages_of(s, c + "_view"); }, taken::no, nullptr,
            [](store& s, std::string const& c) {
                auto op = on<create_collection_op>(c + "_view");
                op.view_on = c;
                awaited(s, std::move(op));
            }},
        {"dropDatabase", "dropDatabase", manner::other_write, true,
            [](store& s, std::string const&, call_options o) { awaited(s, drop_database_op(), std::move(o)); },
            [](store& s, std::string const& c) { return has_collection(s, c) ? 0 : 1; }, taken::no},
        {"listCollections", "listCollections", manner::read, true,
            [](store& s, std::string const&, call_options o) { awaited(s, list_collections_op(), std::move(o)); }, nothing,
            taken::no},
    };
    return all;
}

expected_error error_of(command_case const& c, fault_kind kind) {
    expected_error e;
    switch (kind) {
    case fault_kind::closed_before:
    case fault_kind::closed_after:
        e.code = errc::network;
        break;
    case fault_kind::not_primary:
    case fault_kind::shutting_down:
        e.code = errc::not_primary;
        break;
    case fault_kind::time_limit:
        e.code = errc::server;
        break;
    case fault_kind::out_of_time:
        e.code = errc::server_timeout;
        break;
    case fault_kind::duplicate:
        e.code = errc::duplicate_key;
        if (!std::string_view(c.name).ends_with("of many"))
            e.what_happened = outcome::not_sent;
        break;
    case fault_kind::write_concern:
        e.code = errc::write_concern;
        e.what_happened = outcome::applied;
        break;
    case fault_kind::hang:
        e.code = errc::deadline;
        break;
    }
    return e;
}

std::string code_of(error const& e, fault_kind kind) {
    bool const same = kind == fault_kind::out_of_time && e.code() == errc::deadline;
    return std::string(to_string(same ? errc::server_timeout : static_cast<errc>(e.code().value())));
}

document fail_point_of(fault_kind kind) {
    switch (kind) {
    case fault_kind::closed_before:
        return doc("closeConnection", true);
    case fault_kind::not_primary:
        return doc("errorCode", 10107);
    case fault_kind::shutting_down:
        return doc("errorCode", 91);
    case fault_kind::time_limit:
        return doc("errorCode", 262);
    case fault_kind::out_of_time:
        return doc("errorCode", 50);
    case fault_kind::duplicate:
        return doc("errorCode", 11000, "errorExtraInfo", doc("keyPattern", doc("n", 1), "keyValue", doc("n", 10)));
    case fault_kind::write_concern:
        return doc("writeConcernError", doc("code", 64, "errmsg", "waiting for replication timed out"));
    case fault_kind::hang:
        return doc("blockConnection", true, "blockTimeMS", 500);
    case fault_kind::closed_after:
        break;
    }
    return document();
}

} // namespace cormorant::testing
