// Every command that the library sends x everything that a server may do instead of answering it: what the error says, and what
// the data says afterwards, have to agree.
//
// CORMORANT_CHAOS_LONG: all of it; otherwise the driver thread, which serves the same commands, gets a selection.

#include "faults.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <map>
#include <string_view>
#include <vector>

namespace cormorant::testing {
namespace {

using namespace std::chrono_literals;

enum class manner { read, read_once, numbered_write, other_write };

struct command_case {
    char const* name;
    /// As the server calls it.
    char const* command;
    manner how;
    /// Never on the fast lane.
    bool control_plane = false;
    std::function<void(store&, std::string const& collection, call_options)> run;
    /// How often the write was applied; nothing for reads.
    std::function<int(store&, std::string const& collection)> applied;
};

enum class fault_kind {
    closed_before,
    closed_after,
    not_primary,
    shutting_down,
    time_limit,
    out_of_time,
    duplicate,
    write_concern,
    hang
};

struct fault_case {
    char const* name;
    fault_kind kind;
};

constexpr fault_case all_faults[] = {
    {"closed connection before", fault_kind::closed_before},
    {"closed connection after", fault_kind::closed_after},
    {"not primary", fault_kind::not_primary},
    {"shutting down", fault_kind::shutting_down},
    {"exceeded time limit", fault_kind::time_limit},
    {"used up maxTimeMS", fault_kind::out_of_time},
    {"duplicate key", fault_kind::duplicate},
    {"write concern error", fault_kind::write_concern},
    {"network hang", fault_kind::hang},
};

template <class Op>
reply_of<Op> awaited(store& s, Op op, call_options options = call_options()) {
    return run(s.async_run(std::move(op), std::move(options), asio::use_awaitable));
}

template <class Op>
Op on(std::string const& collection) {
    Op op;
    op.collection = collection;
    return op;
}

/// The value of `n` in the document 1, which was 10.
int increments(store& s, std::string const& collection) {
    auto op = on<find_and_modify_op>(collection);
    op.filter = doc("_id", 1);
    op.update = doc("$set", doc("seen", true));
    auto const found = awaited(s, std::move(op));
    return found ? static_cast<int>(found->at("n").as_int64()) - 10 : -1;
}

int has_document(store& s, std::string const& collection, int id) {
    auto op = on<count_op>(collection);
    op.filter = doc("_id", id);
    return static_cast<int>(awaited(s, std::move(op)));
}

bool has_collection(store& s, std::string const& collection) {
    list_collections_op op;
    op.filter = doc("name", collection);
    return !awaited(s, std::move(op)).empty();
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
            [](store& s, std::string const& c, call_options o) { awaited(s, on<count_op>(c), std::move(o)); }, nothing},
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
            [](store& s, std::string const& c) { return has_collection(s, c + "_out") ? 1 : 0; }},
        {"createIndexes", "createIndexes", manner::other_write, true,
            [](store& s, std::string const& c, call_options o) { awaited(s, index_on(c, "m"), std::move(o)); },
            [](store& s, std::string const& c) { return has_index(s, c, "m_1") ? 1 : 0; }},
        {"dropIndexes", "dropIndexes", manner::other_write, true,
            [](store& s, std::string const& c, call_options o) {
                auto op = on<drop_index_op>(c);
                op.index = "n_1";
                awaited(s, std::move(op), std::move(o));
            },
            [](store& s, std::string const& c) { return has_index(s, c, "n_1") ? 0 : 1; }},
        {"listIndexes", "listIndexes", manner::read, true,
            [](store& s, std::string const& c, call_options o) { awaited(s, on<list_indexes_op>(c), std::move(o)); }, nothing},
        {"create", "create", manner::other_write, true,
            [](store& s, std::string const& c, call_options o) {
                awaited(s, on<create_collection_op>(c + "_new"), std::move(o));
            },
            [](store& s, std::string const& c) { return has_collection(s, c + "_new") ? 1 : 0; }},
        {"drop", "drop", manner::other_write, true,
            [](store& s, std::string const& c, call_options o) { awaited(s, on<drop_collection_op>(c), std::move(o)); },
            [](store& s, std::string const& c) { return has_collection(s, c) ? 0 : 1; }},
        {"listCollections", "listCollections", manner::read, true,
            [](store& s, std::string const&, call_options o) { awaited(s, list_collections_op(), std::move(o)); }, nothing},
    };
    return all;
}

bool is_write(manner how) {
    return how == manner::numbered_write || how == manner::other_write;
}

/// What has to come of it, by the rules alone.
struct expectation {
    bool succeeds = false;
    errc code = errc();
    outcome what_happened = outcome::not_sent;
    int attempts = 1;
    /// The server says that it may be sent again.
    bool labelled = false;
};

expectation expected(command_case const& c, fault_kind kind, int times) {
    expectation e;
    bool const repeats_on_code = c.how == manner::read || c.how == manner::numbered_write;
    auto const repeated = [&](errc code) {
        e.succeeds = repeats_on_code && times == 1;
        e.code = code;
        e.attempts = repeats_on_code ? 2 : 1;
        e.what_happened = outcome::maybe_applied;
    };
    switch (kind) {
    case fault_kind::closed_before:
    case fault_kind::closed_after:
        repeated(errc::network);
        break;
    case fault_kind::not_primary:
    case fault_kind::shutting_down:
        repeated(errc::not_primary);
        e.labelled = c.how == manner::numbered_write;
        break;
    case fault_kind::time_limit:
        repeated(errc::server);
        e.labelled = c.how == manner::numbered_write;
        break;
    case fault_kind::out_of_time:
        e.code = errc::server_timeout;
        e.what_happened = outcome::maybe_applied;
        break;
    case fault_kind::duplicate: {
        bool const many = c.how == manner::other_write && std::string_view(c.name).ends_with("of many");
        e.code = errc::duplicate_key;
        e.what_happened = many ? outcome::maybe_applied : outcome::not_sent;
        break;
    }
    case fault_kind::write_concern:
        e.code = errc::write_concern;
        e.what_happened = outcome::applied;
        break;
    case fault_kind::hang:
        e.code = errc::deadline;
        e.what_happened = outcome::maybe_applied;
        break;
    }
    return e;
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
        return doc("blockConnection", true, "blockTimeMS", 1000);
    case fault_kind::closed_after:
        break;
    }
    return document();
}

class fail_command : public fault_test {
protected:
    void prepare(std::string const& collection) {
        auto op = on<insert_op>(collection);
        for (int i = 1; i <= 5; ++i)
            op.docs.push_back(doc("_id", i, "n", 10));
        run_on(*direct_, std::move(op));
        run_on(*direct_, index_on(collection, "n"));
    }

    void check(store& s, command_case const& c, fault_case const& f, int times) {
        std::string const collection = fmt::format("c{}", ++rows_);
        SCOPED_TRACE(fmt::format("{}, {}, {} times", c.name, f.name, times));
        prepare(collection);
        if (f.kind == fault_kind::closed_after) {
            // It is connected, and has told the server of what was left there.
            for (int i = 0; i < 2; ++i) {
                run_on(s, on<count_op>(collection));
                if (c.control_plane)
                    run_on(s, list_collections_op());
            }
            gate_.cut_next_answer(times, c.how == manner::read_once ? 1 : 0); // the first answer is to the find
        } else {
            auto data = fail_point_of(f.kind);
            data.set("failCommands", arr(c.command));
            fail_point(doc("times", times), std::move(data));
        }
        call_options options;
        options.statistics = std::make_shared<call_statistics>();
        options.deadline = std::chrono::steady_clock::now() + (f.kind == fault_kind::hang ? 150ms : 20s);
        auto const wanted = expected(c, f.kind, times);
        std::optional<error> failed;
        try {
            c.run(s, collection, options);
        } catch (error const& e) {
            failed = e;
        }
        gate_.cut_next_answer(0);
        fail_point("off", document());
        int const applied = c.applied(*direct_, collection);

        ++outcomes_[failed ? std::string(to_string(failed->details().what_happened)) : "succeeded"];
        EXPECT_EQ(!failed, wanted.succeeds) << (failed ? failed->what() : "it succeeded");
        if (!failed) {
            EXPECT_EQ(applied, is_write(c.how) ? 1 : 0);
            return;
        }
        auto const& d = failed->details();
        // The time that the server had is the deadline.
        auto const code = failed->code() == errc::deadline && f.kind == fault_kind::out_of_time
                              ? errc::server_timeout
                              : static_cast<errc>(failed->code().value());
        EXPECT_EQ(to_string(code), to_string(wanted.code)) << failed->what();
        if (f.kind != fault_kind::closed_after || c.how != manner::read_once) {
            EXPECT_EQ(d.attempts, wanted.attempts) << failed->what();
        }
        EXPECT_EQ(d.is_write, is_write(c.how));
        if (!is_write(c.how))
            return;
        EXPECT_EQ(to_string(d.what_happened), to_string(wanted.what_happened)) << failed->what();
        auto const has_label = std::ranges::find(d.server_labels, "RetryableWriteError") != d.server_labels.end();
        EXPECT_EQ(has_label, wanted.labelled) << failed->what();
        // And now the truth.
        EXPECT_GE(applied, 0);
        EXPECT_LE(applied, 1) << "it was applied twice";
        if (d.what_happened != outcome::maybe_applied) {
            EXPECT_EQ(applied, d.what_happened == outcome::applied ? 1 : 0) << failed->what();
        }
        if (f.kind == fault_kind::closed_after) {
            EXPECT_EQ(applied, 1);
        }
    }

    int rows_ = 0;
    std::map<std::string, int> outcomes_;
};

TEST_P(fail_command, what_is_said_of_a_command_is_true) {
    auto const s = make_store(mongo_options().max_pool_size(1));
    bool const all = std::getenv("CORMORANT_CHAOS_LONG") != nullptr;
    for (auto const& c : commands()) {
        if (c.control_plane && GetParam())
            continue; // the other parameter has it
        for (auto const& f : all_faults) {
            if (f.kind == fault_kind::write_concern && !is_write(c.how))
                continue;
            // libmongoc looks for servers anew after most of these, half a second long: all of them are the long form.
            bool const representative = f.kind == fault_kind::closed_before || f.kind == fault_kind::closed_after ||
                                        f.kind == fault_kind::not_primary || f.kind == fault_kind::write_concern;
            if (!all && !GetParam() && !c.control_plane && !representative)
                continue;
            check(*s, c, f, 1);
            bool const differs = f.kind <= fault_kind::time_limit && (c.how == manner::read || c.how == manner::numbered_write);
            if (differs && (all || (GetParam() && f.kind <= fault_kind::not_primary)))
                check(*s, c, f, 2);
        }
    }
    fmt::print("{}: {} rows", GetParam() ? "fast lane" : "driver thread", rows_);
    for (auto const& [what, count] : outcomes_)
        fmt::print(", {} {}", count, what);
    fmt::print("\n");
}

TEST_P(fail_command, what_goes_on_in_the_background_may_fail) {
    auto const s = make_store();
    prepare("c");
    for (auto const* command : {"ping", "hello", "isMaster", "killCursors", "endSessions", "killSessions"}) {
        SCOPED_TRACE(command);
        fail_point(doc("times", 1), doc("failCommands", arr(command), "closeConnection", true));
        auto op = on<find_op>("c");
        op.batch_size = 2;
        run_on(*s, op); // an open cursor, which is killed
        EXPECT_EQ(run_on(*s, on<count_op>("c")), 5);
        EXPECT_EQ(run_on(*make_store(), on<count_op>("c")), 5);
    }
}

INSTANTIATE_TEST_SUITE_P(faults, fail_command, ::testing::Bool(), lane_name);

} // namespace
} // namespace cormorant::testing
