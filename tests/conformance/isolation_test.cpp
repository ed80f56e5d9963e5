#include "isolation.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <vector>

namespace conformance {
namespace {

using namespace std::chrono_literals;

struct outcome {
    std::size_t job;
    std::string answer;
    friend bool operator==(outcome const&, outcome const&) = default;
};

std::vector<outcome> run(std::size_t count, job_function const& job, std::chrono::milliseconds patience = 20s) {
    std::vector<outcome> outcomes;
    run_isolated(
        count, patience, [&job] { return job; },
        [&outcomes](std::size_t i, std::string const& answer) {
            outcomes.push_back({i, answer});
        });
    return outcomes;
}

TEST(Isolation, reports_every_job_in_order) {
    auto const outcomes = run(3, [](std::size_t i) { return std::string(i, 'x'); });
    EXPECT_EQ(outcomes, (std::vector<outcome>{{0, ""}, {1, "x"}, {2, "xx"}}));
}

TEST(Isolation, passes_on_answers_that_fill_the_pipe) {
    auto const outcomes = run(2, [](std::size_t i) { return std::string(300'000 + i, 'x'); });
    ASSERT_EQ(outcomes.size(), 2u);
    EXPECT_EQ(outcomes[1].answer.size(), 300'001u);
}

TEST(Isolation, goes_on_after_a_job_that_crashes) {
    auto const outcomes = run(3, [](std::size_t i) -> std::string {
        if (i == 1) {
            std::signal(SIGABRT, SIG_DFL);
            std::abort();
        }
        return "done";
    });
    ASSERT_EQ(outcomes.size(), 3u);
    EXPECT_EQ(outcomes[0].answer, "done");
    EXPECT_EQ(outcomes[1].answer, "the process died of signal 6 (Aborted)");
    EXPECT_EQ(outcomes[2].answer, "done");
}

TEST(Isolation, goes_on_after_a_job_that_throws_at_the_end) {
    auto const outcomes = run(2, [](std::size_t i) -> std::string {
        if (i == 1) {
            throw std::runtime_error("an expected message of this test");
        }
        return "done";
    });
    ASSERT_EQ(outcomes.size(), 2u);
    EXPECT_EQ(outcomes[1].answer, "the process ended with status 1");
}

TEST(Isolation, gives_up_a_job_that_hangs) {
    auto const outcomes = run(
        2,
        [](std::size_t i) -> std::string {
            while (i == 0) {
                ::raise(SIGSTOP);
            }
            return "done";
        },
        200ms);
    EXPECT_EQ(outcomes, (std::vector<outcome>{{0, "no end within the time allowed"}, {1, "done"}}));
}

TEST(Isolation, throws_when_no_worker_can_be_made) {
    EXPECT_THROW(run_isolated(
                     2, 20s, []() -> job_function { throw std::runtime_error("an expected message of this test"); },
                     [](std::size_t, std::string const&) { FAIL(); }),
        std::runtime_error);
}

} // namespace
} // namespace conformance
