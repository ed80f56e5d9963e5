#include <cormorant/error/errc.hpp>

#include <boost/system/errc.hpp>

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

namespace cormorant {
namespace {

using enum errc;

std::vector<errc> const all_codes{validation, required, unknown_field, type_mismatch, not_found, invalid_argument, hook_failed,
    unauthorized, disallowed, referenced, definition, not_connected, limit_exceeded, unsupported, bad_bson, bad_json, bad_uri,
    bad_file, duplicate_key, errc::server, write_conflict, not_primary, write_concern, cursor_not_found, server_timeout,
    authentication, namespace_exists, namespace_not_found, document_validation, connect, tls, errc::network, server_selection,
    pool_timeout, deadline, cancelled};

bool meets(errc code, condition c) {
    return make_error_code(code) == make_error_condition(c);
}

TEST(Errc, HasNameAndMessageForEveryCode) {
    std::set<std::string_view> names;
    for (auto const code : all_codes) {
        auto const error = make_error_code(code);
        EXPECT_NE(to_string(code), "unknown");
        EXPECT_TRUE(names.insert(to_string(code)).second) << to_string(code);
        EXPECT_EQ(error.message().find("unknown error"), std::string::npos) << to_string(code);
        EXPECT_STREQ(error.category().name(), "cormorant");
    }
}

TEST(Errc, NamesACodeThatItDoesNotKnow) {
    auto const foreign = static_cast<errc>(99);
    EXPECT_EQ(to_string(foreign), "unknown");
    EXPECT_EQ(make_error_code(foreign).message(), "unknown error 99");
}

TEST(Errc, ConvertsToAnErrorCode) {
    boost::system::error_code const code = duplicate_key;
    EXPECT_EQ(code, duplicate_key);
    EXPECT_NE(code, not_found);
    EXPECT_TRUE(code.failed());
}

TEST(Condition, EveryCodeHasOneOrigin) {
    std::set<errc> const neither{deadline, pool_timeout, cancelled}; // nobody's fault
    for (auto const code : all_codes) {
        auto const origins =
            int{meets(code, condition::client)} + int{meets(code, condition::server)} + int{meets(code, condition::network)};
        EXPECT_EQ(origins, neither.contains(code) ? 0 : 1) << to_string(code);
    }
}

TEST(Condition, TimeoutsAreRecognised) {
    std::set<errc> const timeouts{deadline, pool_timeout, server_selection, server_timeout};
    for (auto const code : all_codes) {
        EXPECT_EQ(meets(code, condition::timeout), timeouts.contains(code)) << to_string(code);
    }
}

TEST(Condition, RetryableErrorsAreRecognised) {
    std::set<errc> const retryable{connect, errc::network, server_selection, pool_timeout, not_primary, write_conflict};
    for (auto const code : all_codes) {
        EXPECT_EQ(meets(code, condition::retryable), retryable.contains(code)) << to_string(code);
    }
}

TEST(Condition, DoesNotMatchCodesOfOtherCategories) {
    boost::system::error_code const generic(static_cast<int>(validation), boost::system::generic_category());
    EXPECT_FALSE(generic == condition::client);
    EXPECT_FALSE(make_error_code(static_cast<errc>(99)) == condition::client);
}

TEST(Condition, HasAMessage) {
    for (auto const c : {condition::client, condition::server, condition::network, condition::timeout, condition::retryable}) {
        EXPECT_EQ(make_error_condition(c).message().find("unknown"), std::string::npos);
    }
}

TEST(Errc, CancellationAndDeadlineHavePortableNames) {
    EXPECT_EQ(make_error_code(cancelled), boost::system::errc::operation_canceled);
    EXPECT_EQ(make_error_code(deadline), boost::system::errc::timed_out);
    EXPECT_NE(make_error_code(errc::network), boost::system::errc::timed_out);
}

} // namespace
} // namespace cormorant
