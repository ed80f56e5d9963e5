#include "model/transaction_retry.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace cormorant::detail {
namespace {

using namespace std::chrono_literals;
using step = transaction_retry::step;

error failed(errc code, std::vector<std::string> labels, int server_code = 0) {
    diagnostics d;
    d.server_labels = std::move(labels);
    d.server_code = server_code;
    return error(code, "it failed", std::move(d));
}

constexpr transaction_retry::time_point start{};
constexpr transaction_retry::time_point end = start + 120s;

TEST(TransactionRetry, goes_by_the_labels) {
    struct row {
        char const* name;
        error e;
        step after_body;
        step after_commit;
    };
    std::vector<row> const rows = {
        {"none", failed(errc::duplicate_key, {}), step::give_up, step::give_up},
        {"transient", failed(errc::write_conflict, {"TransientTransactionError"}), step::run_again, step::run_again},
        {"unknown", failed(errc::network, {"UnknownTransactionCommitResult"}), step::give_up, step::commit_again},
        {"unknown, out of time", failed(errc::server_timeout, {"UnknownTransactionCommitResult"}, 50), step::give_up, step::give_up},
        {"another", failed(errc::network, {"RetryableWriteError"}), step::give_up, step::give_up},
    };
    for (row const& r : rows) {
        transaction_retry retry(end, 0);
        retry.begin();
        EXPECT_EQ(retry.after_body(r.e, start), r.after_body) << r.name;
        EXPECT_EQ(retry.after_commit(r.e, start), r.after_commit) << r.name;
        EXPECT_EQ(retry.after_body(r.e, end), step::give_up) << r.name;
        EXPECT_EQ(retry.after_commit(r.e, end), step::give_up) << r.name;
    }
}

TEST(TransactionRetry, counts_attempts) {
    transaction_retry retry(end, 2);
    auto const e = failed(errc::write_conflict, {"TransientTransactionError"});
    retry.begin();
    EXPECT_EQ(retry.after_body(e, start), step::run_again);
    retry.begin();
    EXPECT_EQ(retry.attempts(), 2);
    EXPECT_EQ(retry.after_body(e, start), step::give_up);
}

TEST(TransactionRetry, pauses_longer_each_time_up_to_half_a_second) {
    transaction_retry retry(end, 0);
    retry.begin();
    EXPECT_EQ(retry.pause(0), 0us);
    EXPECT_EQ(retry.pause(1), 5ms);
    retry.begin();
    EXPECT_EQ(retry.pause(1), 7500us);
    EXPECT_EQ(retry.pause(0.5), 3750us);
    for (int i = 0; i < 100; ++i)
        retry.begin();
    EXPECT_EQ(retry.pause(1), 500ms);
}

} // namespace
} // namespace cormorant::detail
