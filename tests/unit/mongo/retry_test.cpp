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
