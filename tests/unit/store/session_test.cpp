// The rules of sessions, without a store.

#include "store/session_claim.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace cormorant::detail {
namespace {

struct recording_session final : session {
    explicit recording_session(std::string& to) : log(to) {}
    ~recording_session() override { end(); }
    void release(bool in_transaction) noexcept override { log += in_transaction ? "aborted" : "released"; }
    std::string& log;
};

class Sessions : public ::testing::Test {
protected:
    session_claim claim(operation op) { return session_claim(options_, op); }
    std::string refusal(operation op) {
        try {
            claim(std::move(op));
        } catch (error const& e) {
            EXPECT_EQ(e.code(), errc::invalid_argument);
            return e.message();
        }
        return "";
    }
    session& of() { return *options_.session; }

    std::string log_;
    call_options options_ = [this] {
        call_options o;
        o.session = std::make_shared<recording_session>(log_);
        return o;
    }();
};

TEST_F(Sessions, a_transaction_goes_through_its_states) {
    EXPECT_EQ(of().state(), transaction_state::none);
    EXPECT_FALSE(claim(find_op()).in_transaction());
    of().start_transaction();
    EXPECT_EQ(of().state(), transaction_state::starting);
    EXPECT_TRUE(of().in_transaction());
    {
        auto const first = claim(find_op());
        EXPECT_TRUE(first.in_transaction());
        EXPECT_TRUE(first.starts());
    }
    EXPECT_EQ(of().state(), transaction_state::in_progress);
    EXPECT_FALSE(claim(find_op()).starts());
    {
        auto const commit = claim(commit_transaction_op());
        EXPECT_TRUE(commit.sends());
        EXPECT_FALSE(commit.repeats());
    }
    EXPECT_TRUE(claim(commit_transaction_op()).repeats());
    EXPECT_EQ(of().state(), transaction_state::committed);
    EXPECT_FALSE(claim(find_op()).in_transaction());
    EXPECT_EQ(of().state(), transaction_state::none);
}

TEST_F(Sessions, an_empty_transaction_sends_nothing) {
    of().start_transaction();
    EXPECT_FALSE(claim(commit_transaction_op()).sends());
    EXPECT_FALSE(claim(commit_transaction_op()).sends()) << "nor when it is done again";
    of().start_transaction();
    EXPECT_FALSE(claim(abort_transaction_op()).sends());
}

TEST_F(Sessions, one_operation_of_a_transaction_at_a_time) {
    // Outside of one they may overlap.
    auto const plain = claim(find_op());
    EXPECT_EQ(refusal(find_op()), "");
    of().start_transaction();
    auto busy = claim(insert_op());
    auto const said = refusal(find_op());
    EXPECT_NE(said.find("the transaction is already running an operation (insert)"), std::string::npos) << said;
    EXPECT_EQ(refusal(commit_transaction_op()), said);
    auto moved = std::move(busy);
    EXPECT_EQ(refusal(find_op()), said);
    moved.give_back();
    EXPECT_EQ(refusal(find_op()), "");
    EXPECT_TRUE(moved.in_transaction()) << "what it says stays";
}

TEST_F(Sessions, an_abort_does_not_wait_for_what_it_ends) {
    of().start_transaction();
    auto busy = claim(insert_op());
    auto abort = claim(abort_transaction_op());
    busy.give_back();
    EXPECT_EQ(of().state(), transaction_state::aborted);
    abort.give_back();
    of().start_transaction();
    EXPECT_EQ(refusal(find_op()), "");
}

TEST_F(Sessions, a_cursor_belongs_to_its_transaction) {
    of().start_transaction();
    auto opened = claim(find_op());
    auto const kept = opened.reference();
    EXPECT_THROW(session_claim(kept, "getMore"), error) << "while the find is under way";
    opened.give_back();
    EXPECT_TRUE(session_claim(kept, "getMore").in_transaction());
    claim(commit_transaction_op());
    EXPECT_THROW(session_claim(kept, "getMore"), error);
    of().start_transaction();
    claim(find_op());
    EXPECT_THROW(session_claim(kept, "getMore"), error) << "the next transaction is another one";
}

TEST_F(Sessions, end_aborts_and_refuses) {
    of().start_transaction();
    claim(find_op());
    of().end();
    of().end();
    EXPECT_EQ(log_, "aborted");
    EXPECT_NE(refusal(find_op()).find("the session has ended"), std::string::npos);
    EXPECT_THROW(of().start_transaction(), error);
    options_.session = std::make_shared<recording_session>(log_);
    log_.clear();
    options_.session.reset();
    EXPECT_EQ(log_, "released");
}

TEST_F(Sessions, times_go_forward_only) {
    auto const at = [](std::uint32_t seconds) {
        timestamp t;
        t.seconds = seconds;
        return t;
    };
    auto const cluster = [&](std::uint32_t seconds) { return doc("clusterTime", at(seconds)); };
    EXPECT_FALSE(of().operation_time().has_value());
    of().advance_operation_time(at(5));
    of().advance_operation_time(at(4));
    EXPECT_EQ(of().operation_time(), at(5));
    of().advance_cluster_time(cluster(7));
    of().advance_cluster_time(cluster(6));
    EXPECT_EQ(of().cluster_time(), cluster(7));
}

TEST_F(Sessions, the_deadline_is_that_of_the_transaction) {
    auto const t = std::chrono::steady_clock::time_point(std::chrono::seconds(9));
    of().start_transaction(transaction_terms().deadline(t));
    EXPECT_EQ(of().transaction_deadline(), t);
    claim(commit_transaction_op());
    EXPECT_FALSE(of().transaction_deadline().has_value());
}

} // namespace
} // namespace cormorant::detail
