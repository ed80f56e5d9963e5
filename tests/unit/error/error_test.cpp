#include <cormorant/error/error.hpp>

#include <gtest/gtest.h>

#include <thread>

namespace cormorant {
namespace {

diagnostics some_details() {
    diagnostics d;
    d.model = "post";
    d.operation = "insert_one";
    d.path = "rows.1.k";
    d.value = "\"x\"";
    return d;
}

TEST(Error, WithoutATextSaysWhatTheCodeMeans) {
    error const e(errc::not_connected);
    EXPECT_EQ(e.code(), errc::not_connected);
    EXPECT_EQ(e.message(), "not on an open connection");
    EXPECT_STREQ(e.what(), "not on an open connection [not_connected]");
}

TEST(Error, IsASystemError) {
    try {
        throw error(errc::duplicate_key, "taken");
    } catch (boost::system::system_error const& e) {
        EXPECT_EQ(e.code(), errc::duplicate_key);
        EXPECT_STREQ(e.what(), "taken [duplicate_key]");
    }
}

TEST(Error, WhatNamesPlacePathAndValue) {
    error const e(errc::validation, "must be a number", some_details());
    EXPECT_STREQ(e.what(), "post.insert_one: must be a number (path rows.1.k, value \"x\") [validation]");
}

TEST(Error, WhatNamesHookServerCodePhaseOutcomeAndAttempts) {
    diagnostics d;
    d.operation = "update";
    d.hook = "beforeUpdate_slug";
    d.server_code = 11000;
    d.slow_phase = phase::queue;
    d.is_write = true;
    d.what_happened = outcome::maybe_applied;
    d.written = 3;
    d.attempts = 2;
    error const e(errc::deadline, "too late", d);
    EXPECT_STREQ(e.what(), "update: hook beforeUpdate_slug: too late (server code 11000, in phase queue, write maybe_applied, "
                           "written 3, attempts 2) [deadline]");
}

TEST(Error, WhatIsOneLine) {
    error const e(errc::server, "first\nsecond");
    EXPECT_STREQ(e.what(), "first second [server]");
}

TEST(Error, ReportListsAllViolationsAndTheServersText) {
    auto d = some_details();
    d.violations = {
        {"a", errc::required, "required", "is required", ""}, {"b", errc::validation, "min", "must be at least 3", "2"}};
    d.server_message = "E11000";
    error const e(errc::validation, "2 fields are wrong", d);
    EXPECT_EQ(e.report(), "post.insert_one: 2 fields are wrong (path rows.1.k, value \"x\", 2 violations) [validation]\n"
                          "  a: is required (rule required, required)\n"
                          "  b: must be at least 3 (rule min, value 2, validation)\n"
                          "  server: E11000");
}

TEST(Error, WhatDoesNotRepeatTheServersText) {
    diagnostics d;
    d.server_message = "secret";
    EXPECT_EQ(std::string(error(errc::server, "refused", d).what()).find("secret"), std::string::npos);
}

TEST(Error, ContextAddedOnTheWayUpShowsInWhat) {
    error e(errc::hook_failed, "no");
    EXPECT_STREQ(e.what(), "no [hook_failed]");
    e.details().hook = "afterFind_author";
    EXPECT_STREQ(e.what(), "hook afterFind_author: no [hook_failed]");
}

TEST(Error, AChangedCopyLeavesTheOriginalAlone) {
    error const original(errc::validation, "wrong", some_details());
    error copy = original;
    copy.details().model = "other";
    EXPECT_EQ(original.details().model, "post");
    EXPECT_EQ(copy.details().model, "other");
    EXPECT_NE(std::string(original.what()), copy.what());
}

TEST(Error, WhatKeepsItsPointerWhileNothingChanges) {
    error const e(errc::validation, "wrong", some_details());
    auto const* const first = e.what();
    EXPECT_EQ(first, e.what());
}

TEST(Error, CopiesMayBeAskedFromManyThreads) {
    error const e(errc::validation, "wrong", some_details());
    std::string const expected = error(errc::validation, "wrong", some_details()).what();
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
        threads.emplace_back([copy = e, &expected] {
            for (int j = 0; j < 100; ++j) {
                ASSERT_EQ(copy.what(), expected);
            }
        });
    }
    for (auto& t : threads) {
        t.join();
    }
}

TEST(Error, MakeExceptionKeepsTheType) {
    auto const pointer = make_exception(error(errc::cancelled, "stop"));
    try {
        std::rethrow_exception(pointer);
    } catch (error const& e) {
        EXPECT_EQ(e.code(), errc::cancelled);
        EXPECT_EQ(e.message(), "stop");
    }
}

TEST(Outcome, HasNames) {
    EXPECT_EQ(to_string(outcome::not_sent), "not_sent");
    EXPECT_EQ(to_string(outcome::maybe_applied), "maybe_applied");
    EXPECT_EQ(to_string(outcome::applied), "applied");
}

TEST(Phase, HasNames) {
    for (auto const p : {phase::none, phase::hooks, phase::queue, phase::resolve, phase::connect, phase::tls,
             phase::authentication, phase::selection, phase::server, phase::decode}) {
        EXPECT_NE(to_string(p), "unknown");
    }
}

} // namespace
} // namespace cormorant
