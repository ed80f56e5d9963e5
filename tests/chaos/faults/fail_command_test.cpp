// Every command x every fault, outside of transactions: what the error says, and what the data says afterwards, have to agree.
//
// CORMORANT_CHAOS_LONG: all of it; otherwise the driver thread, which serves the same commands, gets a selection.

#include "commands.hpp"

#include <fmt/format.h>

#include <map>
#include <string>

namespace cormorant::testing {
namespace {

using namespace std::chrono_literals;

/// What has to come of it, by the rules alone.
struct expectation {
    bool succeeds = false;
    int attempts = 1;
    /// The server says that it may be sent again.
    bool labelled = false;
};

expectation expected(command_case const& c, fault_kind kind, int times) {
    expectation e;
    if (may_pass(kind) && (c.how == manner::read || c.how == manner::numbered_write)) {
        e.succeeds = times == 1;
        e.attempts = 2;
        bool const replied = kind != fault_kind::closed_before && kind != fault_kind::closed_after;
        e.labelled = replied && c.how == manner::numbered_write;
    }
    return e;
}

class fail_command : public fault_test {
protected:
    void check(store& s, command_case const& c, fault_case const& f, int times) {
        std::string const collection = fmt::format("c{}", ++rows_);
        SCOPED_TRACE(fmt::format("{}, {}, {} times", c.name, f.name, times));
        prepare(*direct_, collection);
        if (c.before)
            c.before(*direct_, collection);
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
        auto const told = error_of(c, f.kind);
        EXPECT_EQ(code_of(*failed, f.kind), to_string(told.code)) << failed->what();
        if (f.kind != fault_kind::closed_after || c.how != manner::read_once) {
            EXPECT_EQ(d.attempts, wanted.attempts) << failed->what();
        }
        EXPECT_EQ(d.is_write, is_write(c.how));
        if (!is_write(c.how))
            return;
        EXPECT_EQ(to_string(d.what_happened), to_string(told.what_happened)) << failed->what();
        EXPECT_EQ(has_label(*failed, "RetryableWriteError"), wanted.labelled) << failed->what();
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
            bool const differs = may_pass(f.kind) && (c.how == manner::read || c.how == manner::numbered_write);
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
    prepare(*direct_, "c");
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
