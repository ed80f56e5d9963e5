// Every command x every fault, in a transaction: as its first command and as a later one, and the commands that end it. What the
// error says, what its labels allow, and what the data says afterwards, have to agree.
//
// CORMORANT_CHAOS_LONG: all of it; otherwise the driver thread, which serves the same commands, gets a selection.

#include "commands.hpp"

#include <fmt/format.h>

#include <map>
#include <string>
#include <string_view>

namespace cormorant::testing {
namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;

constexpr char const* transient = "TransientTransactionError";
constexpr char const* unknown_result = "UnknownTransactionCommitResult";
constexpr int marked = 999; // the document that says whether a transaction has happened
constexpr auto patience = 100s;

enum class place { first, later };

class fail_transaction : public fault_test {
protected:
    std::int64_t open_transactions() {
        return on_server(doc("serverStatus", 1)).at("transactions").as_document().at("currentOpen").as_int64();
    }

    /// The transaction that what follows belongs to, on a collection of its own.
    std::string begin(store& s, command_case const* c) {
        std::string const collection = fmt::format("t{}", ++rows_);
        prepare(*direct_, collection);
        if (c != nullptr && c->before)
            c->before(*direct_, collection);
        in_ = call_options();
        in_.session = s.make_session();
        in_.session->start_transaction();
        return collection;
    }
    void mark(store& s, std::string const& collection) {
        auto op = on<insert_op>(collection);
        op.docs.push_back(doc("_id", marked));
        awaited(s, std::move(op), in_);
    }

    void arm(char const* command, fault_kind kind, int times, int answers_before) {
        if (kind == fault_kind::closed_after)
            return gate_.cut_next_answer(times, answers_before);
        auto data = fail_point_of(kind);
        data.set("failCommands", arr(command));
        fail_point(doc("times", times), std::move(data));
    }
    void disarm() {
        gate_.cut_next_answer(0);
        fail_point("off", document());
    }

    template <class F>
    std::optional<error> failure(F f) {
        try {
            f();
        } catch (error const& e) {
            ++outcomes_[fmt::format("{}{}", to_string(e.details().what_happened),
                has_label(e, transient)        ? ", transient"
                : has_label(e, unknown_result) ? ", unknown"
                                               : "")];
            return e;
        }
        ++outcomes_["succeeded"];
        return std::nullopt;
    }

    call_options with_time_for(fault_kind kind) const {
        auto options = in_;
        options.statistics = std::make_shared<call_statistics>();
        options.deadline = steady_clock::now() + (kind == fault_kind::hang ? 150ms : 20s);
        return options;
    }

    void check_command(store& s, command_case const& c, fault_case const& f, place where) {
        SCOPED_TRACE(fmt::format("{}, {}, {}", c.name, f.name, where == place::first ? "first" : "later"));
        auto const collection = begin(s, &c);
        if (where == place::later)
            mark(s, collection);
        else if (f.kind == fault_kind::closed_after)
            run_on(s, on<count_op>(collection)); // it is connected
        arm(c.command_in_transaction(), f.kind, 1, c.how == manner::read_once ? 1 : 0);
        auto const failed = failure([&] { c.run(s, collection, with_time_for(f.kind)); });
        disarm();

        ASSERT_TRUE(failed) << "nothing is sent again in a transaction";
        bool const refused =
            c.in_transaction == taken::no && (f.kind == fault_kind::closed_after || f.kind == fault_kind::write_concern);
        auto wanted = error_of(c, f.kind);
        if (refused && f.kind == fault_kind::write_concern) {
            wanted.code = errc::server;
            wanted.what_happened = outcome::not_sent;
        }
        auto const& d = failed->details();
        EXPECT_EQ(code_of(*failed, f.kind), to_string(wanted.code)) << failed->what();
        EXPECT_EQ(d.attempts, 1) << failed->what();
        EXPECT_EQ(has_label(*failed, transient), may_pass(f.kind)) << failed->what();
        EXPECT_FALSE(has_label(*failed, unknown_result)) << failed->what();
        EXPECT_EQ(d.is_write, is_write(c.how));
        if (is_write(c.how)) {
            EXPECT_EQ(to_string(d.what_happened), to_string(wanted.what_happened)) << failed->what();
        }
        EXPECT_EQ(c.applied(*direct_, collection), 0) << "it is seen outside before the commit";

        // What was done in it is done with it: only a statement whose write concern was not met is one.
        if (f.kind == fault_kind::write_concern && !refused) {
            awaited(s, commit_transaction_op(), in_);
            EXPECT_EQ(c.applied(*direct_, collection), is_write(c.how) ? 1 : 0);
            if (where == place::later && has_collection(collection) && c.how != manner::other_write) {
                EXPECT_EQ(has_document(*direct_, collection, marked), 1);
            }
        } else {
            awaited(s, abort_transaction_op(), in_);
            in_ = call_options();
            EXPECT_EQ(c.applied(*direct_, collection), 0);
            EXPECT_EQ(has_document(*direct_, collection, marked), 0) << "half of it has happened";
        }
        expect_the_next_one_works(s, collection);
    }

    bool has_collection(std::string const& collection) {
        list_collections_op op;
        op.filter = doc("name", collection);
        return !run_on(*direct_, op).empty();
    }

    void expect_the_next_one_works(store& s, std::string const& collection) {
        in_ = call_options();
        in_.session = s.make_session();
        in_.session->start_transaction();
        auto op = on<insert_op>(collection);
        op.docs.push_back(doc("_id", marked + 1));
        awaited(s, std::move(op), in_);
        awaited(s, commit_transaction_op(), in_);
        EXPECT_EQ(has_document(*direct_, collection, marked + 1), 1);
    }

    void check_commit(store& s, fault_case const& f, int times) {
        SCOPED_TRACE(fmt::format("commit, {}, {} times", f.name, times));
        auto const collection = begin(s, nullptr);
        mark(s, collection);
        arm("commitTransaction", f.kind, times, 0);
        auto const options = with_time_for(f.kind);
        auto const failed = failure([&] { awaited(s, commit_transaction_op(), options); });
        disarm();
        bool const repeated = may_pass(f.kind);
        int const committed = has_document(*direct_, collection, marked);
        EXPECT_EQ(!failed, repeated && times == 1) << (failed ? failed->what() : "it succeeded");
        EXPECT_EQ(options.statistics->attempts, repeated ? 2 : 1);
        if (failed) {
            auto const wanted = error_of(commands().front(), f.kind);
            auto const& d = failed->details();
            EXPECT_EQ(code_of(*failed, f.kind), to_string(wanted.code)) << failed->what();
            EXPECT_EQ(has_label(*failed, unknown_result), f.kind != fault_kind::duplicate) << failed->what();
            EXPECT_FALSE(has_label(*failed, transient)) << "all of it may not be done twice";
            EXPECT_EQ(to_string(d.what_happened), to_string(wanted.what_happened)) << failed->what();
            if (d.what_happened != outcome::maybe_applied) {
                EXPECT_EQ(committed, d.what_happened == outcome::applied ? 1 : 0) << failed->what();
            }
            if (f.kind == fault_kind::closed_after) {
                EXPECT_EQ(committed, 1);
            }
            // It may be done once more, whatever came of it.
            awaited(s, commit_transaction_op(), in_);
        }
        EXPECT_EQ(has_document(*direct_, collection, marked), 1);
    }

    void check_abort(store& s, fault_case const& f, int times) {
        SCOPED_TRACE(fmt::format("abort, {}, {} times", f.name, times));
        auto const collection = begin(s, nullptr);
        mark(s, collection);
        arm("abortTransaction", f.kind, times, 0);
        auto const options = with_time_for(f.kind);
        EXPECT_FALSE(failure([&] { awaited(s, abort_transaction_op(), options); })) << "it is no error";
        disarm();
        EXPECT_EQ(options.statistics->attempts, may_pass(f.kind) ? 2 : 1);
        EXPECT_EQ(in_.session->state(), transaction_state::aborted);
        EXPECT_EQ(has_document(*direct_, collection, marked), 0);
        expect_the_next_one_works(s, collection);
    }

    void report(std::string_view what) {
        fmt::print("{}, {}: {} rows", what, GetParam() ? "fast lane" : "driver thread", rows_);
        for (auto const& [outcome, count] : outcomes_)
            fmt::print(", {} {}", count, outcome);
        fmt::print("\n");
    }

    bool const all_ = std::getenv("CORMORANT_CHAOS_LONG") != nullptr;
    /// libmongoc looks for servers anew after most of these, half a second long: all of them are the long form.
    bool wanted(fault_kind kind) const {
        return all_ || GetParam() || kind == fault_kind::closed_before || kind == fault_kind::closed_after ||
               kind == fault_kind::write_concern;
    }

    call_options in_;
    int rows_ = 0;
    std::map<std::string, int> outcomes_;
};

TEST_P(fail_transaction, what_is_said_of_a_command_in_a_transaction_is_true) {
    auto const s = make_store(mongo_options().max_pool_size(1));
    auto const open = open_transactions();
    for (auto const& c : commands()) {
        for (auto const& f : all_faults) {
            if (!wanted(f.kind) || (f.kind == fault_kind::write_concern && !is_write(c.how)))
                continue;
            check_command(*s, c, f, place::later);
            if (c.in_transaction == taken::yes && (GetParam() || all_))
                check_command(*s, c, f, place::first);
        }
    }
    report("in a transaction");
    in_ = call_options();
    EXPECT_TRUE(soon([&] { return open_transactions() <= open; }, patience)) << open_transactions() << " are open";
}

TEST_P(fail_transaction, what_a_transaction_does_not_take_is_refused_and_changes_nothing) {
    auto const s = make_store();
    for (auto const& c : commands()) {
        SCOPED_TRACE(c.name);
        auto const collection = begin(*s, &c);
        auto const failed = failure([&] { c.run(*s, collection, in_); });
        EXPECT_EQ(!failed, c.in_transaction == taken::yes) << (failed ? failed->what() : "it was taken");
        if (failed) {
            constexpr int operation_not_supported_in_transaction = 263;
            EXPECT_EQ(failed->details().server_code, operation_not_supported_in_transaction) << failed->what();
            EXPECT_EQ(failed->details().what_happened, outcome::not_sent) << failed->what();
        }
        awaited(*s, abort_transaction_op(), in_);
        EXPECT_EQ(c.applied(*direct_, collection), 0);
    }
}

TEST_P(fail_transaction, what_is_said_of_a_commit_is_true) {
    auto const s = make_store(mongo_options().max_pool_size(1));
    for (auto const& f : all_faults) {
        check_commit(*s, f, 1);
        if (may_pass(f.kind))
            check_commit(*s, f, 2);
    }
    report("commit");
}

TEST_P(fail_transaction, a_commit_that_may_have_been_done_stays_in_doubt_when_no_server_is_found_any_more) {
    prepare(*direct_, "c");
    connection const db(make_store(mongo_options().max_pool_size(1), "&serverSelectionTimeoutMS=300"));
    auto const c = run(db.add(model_definition("c").field("_id", integer())));
    auto work = [this](connection on, model m) -> asio::awaitable<void> {
        co_await on.transaction(
            [&](transaction& tx) -> asio::awaitable<void> {
                auto mark = doc("_id", marked);
                co_await tx.with(m).insert(std::move(mark));
                gate_.cut_next_answer();
                passage closed;
                closed.refused = true;
                gate_.set(closed);
            },
            transaction_options().timeout(2s));
    };
    auto const failed = failure([&] { run(work(db, c)); });
    gate_.set(passage());
    ASSERT_TRUE(failed);
    EXPECT_EQ(to_string(failed->details().what_happened), to_string(outcome::maybe_applied)) << failed->what();
    EXPECT_EQ(has_document(*direct_, "c", marked), 1);
}

TEST_P(fail_transaction, an_abort_is_never_an_error) {
    auto const s = make_store(mongo_options().max_pool_size(1));
    auto const open = open_transactions();
    for (auto const& f : all_faults) {
        check_abort(*s, f, 1);
        if (may_pass(f.kind))
            check_abort(*s, f, 2);
    }
    report("abort");
    in_ = call_options();
    EXPECT_TRUE(soon([&] { return open_transactions() <= open; }, patience)) << open_transactions() << " are open";
}

INSTANTIATE_TEST_SUITE_P(faults, fail_transaction, ::testing::Bool(), lane_name);

} // namespace
} // namespace cormorant::testing
