#pragma once

#include <cormorant/error/error.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>

namespace cormorant::test {

/// The error that the call throws, nothing when it throws none.
template <class F>
std::optional<error> error_of(F&& call) {
    try {
        call();
    } catch (error const& e) {
        return e;
    }
    return std::nullopt;
}

} // namespace cormorant::test

/// The expression throws `cormorant::error` with that code and a message that contains the text.
#define EXPECT_ERROR(expression, expected_code, text)                                                                            \
    do {                                                                                                                         \
        auto const thrown = ::cormorant::test::error_of([&] { static_cast<void>(expression); });                                 \
        ASSERT_TRUE(thrown.has_value()) << #expression << " throws no cormorant::error";                                         \
        EXPECT_EQ(thrown->code(), ::cormorant::errc::expected_code) << thrown->what();                                           \
        EXPECT_THAT(thrown->message(), ::testing::HasSubstr(text));                                                              \
    } while (false)
