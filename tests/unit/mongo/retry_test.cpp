#include "mongo/retry.hpp"

#include <gtest/gtest.h>

namespace cormorant::detail {
namespace {

using enum retry_verdict;

constexpr retry_rules reads{true, false, false};
constexpr retry_rules numbered{false, true, false};
constexpr retry_rules other_writes{false, false, false};
constexpr retry_rules get_more{false, false, true};

answer replied(document reply) {
    answer a;
    a.replied = true;
    a.sent = true;
    if (auto const* code = reply.find("code"))
        a.server_code = static_cast<int>(code->as_int64());
    a.reply = encode(reply);
    return a;
}

answer failed(errc code, bool sent) {
    answer a;
    a.code = code;
    a.sent = sent;
    return a;
}

TEST(retry, the_first_outcome_of_a_command_decides) {
    struct row {
        char const* name;
        answer a;
        retry_rules rules;
        retry_verdict expected;
    };
    row const rows[] = {
        {"an answer", replied(doc("ok", 1)), reads, accept},
        {"an error", replied(doc("ok", 0, "code", 13)), reads, accept},
        {"a read at no primary", replied(doc("ok", 0, "code", 10107)), reads, repeat},
        {"a write at no primary, unlabelled", replied(doc("ok", 0, "code", 10107)), numbered, accept},
        {"a write at no primary, labelled", replied(doc("ok", 0, "code", 10107, "errorLabels", arr("RetryableWriteError"))),
            numbered, repeat},
        {"a write concern error, labelled", replied(doc("ok", 1, "errorLabels", arr("RetryableWriteError"))), numbered, repeat},
        {"a label on a write of many", replied(doc("ok", 0, "code", 10107, "errorLabels", arr("RetryableWriteError"))),
            other_writes, accept},
        {"a read on a broken connection", failed(errc::network, true), reads, repeat},
        {"a numbered write on a broken connection", failed(errc::network, true), numbered, repeat},
        {"a write of many on a broken connection", failed(errc::network, true), other_writes, give_up},
        {"a write of many that was not sent", failed(errc::network, false), other_writes, repeat},
        {"a getMore on a broken connection", failed(errc::network, true), get_more, give_up},
        {"a getMore that was not sent", failed(errc::network, false), get_more, give_up},
        {"a cancelled read", failed(errc::cancelled, true), reads, give_up},
        {"a read after its deadline", failed(errc::deadline, true), reads, give_up},
        {"no server", failed(errc::server_selection, false), other_writes, look_again},
        {"no connection", failed(errc::connect, false), numbered, look_again},
    };
    for (auto const& r : rows)
        EXPECT_EQ(retry_logic().judge(r.a, r.rules, true), r.expected) << r.name;
}

// https://github.com/mongodb/specifications/blob/master/source/retryable-reads/retryable-reads.md#retryable-error
TEST(retry, reads_are_repeated_on_the_codes_of_the_specification_only) {
    for (int const code : {6, 7, 89, 91, 134, 189, 262, 9001, 10107, 11600, 11602, 13435, 13436})
        EXPECT_EQ(retry_logic().judge(replied(doc("ok", 0, "code", code)), reads, true), repeat) << code;
    for (int const code : {1, 11, 13, 26, 43, 50, 59, 63, 64, 112, 133, 211, 251, 11000, 11601})
        EXPECT_EQ(retry_logic().judge(replied(doc("ok", 0, "code", code)), reads, true), accept) << code;
    EXPECT_EQ(
        retry_logic().judge(replied(doc("ok", 0, "code", 13, "errorLabels", arr("RetryableWriteError"))), reads, true), accept);
}

// https://github.com/mongodb/specifications/blob/master/source/retryable-writes/retryable-writes.md#determining-retryable-errors
TEST(retry, writes_are_repeated_on_the_label_only) {
    for (int const code : {6, 7, 89, 91, 189, 262, 9001, 10107, 11600, 11602, 13435, 13436}) {
        EXPECT_EQ(retry_logic().judge(replied(doc("ok", 0, "code", code)), numbered, true), accept) << code;
        EXPECT_EQ(retry_logic().judge(
                      replied(doc("ok", 0, "code", code, "errorLabels", arr("TransientTransactionError"))), numbered, true),
            accept)
            << code;
        EXPECT_EQ(retry_logic().judge(
                      replied(doc("ok", 0, "code", code, "errorLabels", arr("A", "RetryableWriteError"))), numbered, true),
            repeat)
            << code;
    }
}

TEST(retry, of_two_errors_the_second_is_reported_unless_it_got_less_far) {
    struct row {
        char const* name;
        answer second;
        attempt expected;
    };
    row const rows[] = {
        {"it succeeded", replied(doc("ok", 1, "n", 1)), attempt::second},
        {"another error", replied(doc("ok", 0, "code", 13)), attempt::second},
        {"an error of a server that wrote nothing",
            replied(doc("ok", 0, "code", 91, "errorLabels", arr("RetryableWriteError", "NoWritesPerformed"))), attempt::first},
        {"the connection broke again", failed(errc::network, true), attempt::second},
        {"there was no server", failed(errc::server_selection, false), attempt::first},
        {"it could not be written", failed(errc::network, false), attempt::first},
    };
    for (auto const& r : rows)
        EXPECT_EQ(attempt_to_report(r.second), r.expected) << r.name;
}

TEST(retry, what_leaves_doubt) {
    EXPECT_TRUE(leaves_doubt(failed(errc::network, true)));
    EXPECT_FALSE(leaves_doubt(failed(errc::network, false)));
    EXPECT_FALSE(leaves_doubt(replied(doc("ok", 1))));
    EXPECT_FALSE(leaves_doubt(replied(doc("ok", 0, "code", 13))));
    EXPECT_TRUE(leaves_doubt(replied(doc("ok", 0, "code", 91))));
    EXPECT_TRUE(leaves_doubt(replied(doc("ok", 0, "code", 13, "errorLabels", arr("RetryableWriteError")))));
}

TEST(retry, nothing_is_repeated_twice) {
    retry_logic logic;
    EXPECT_EQ(logic.judge(failed(errc::network, true), reads, true), repeat);
    EXPECT_EQ(logic.judge(failed(errc::network, true), reads, true), give_up);
    EXPECT_EQ(logic.judge(replied(doc("ok", 0, "code", 10107)), reads, true), accept);
    logic.begin_next();
    EXPECT_EQ(logic.judge(failed(errc::network, true), reads, true), repeat);
}

TEST(retry, servers_are_looked_for_only_as_long_as_there_is_time) {
    retry_logic logic;
    for (int i = 0; i < 5; ++i)
        EXPECT_EQ(logic.judge(failed(errc::server_selection, false), reads, true), look_again);
    EXPECT_EQ(logic.judge(failed(errc::server_selection, false), reads, false), give_up);
}

} // namespace
} // namespace cormorant::detail
