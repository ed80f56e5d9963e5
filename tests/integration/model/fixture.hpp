#pragma once

#include "coroutine.hpp"
#include "failure.hpp"
#include "stores.hpp"

#include <cormorant/model/connection.hpp>

#include <boost/asio/use_awaitable.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

namespace cormorant::testing {

inline boost::asio::awaitable<void> empty_database(std::shared_ptr<store> s) {
    drop_database_op op;
    call_options how;
    (void)co_await s->async_run(std::move(op), std::move(how), boost::asio::use_awaitable);
}

/// A store of a kind, with nothing in it.
inline std::shared_ptr<store> empty_store(std::string const& kind) {
    auto s = store_of(kind);
    run(empty_database(s));
    return s;
}

/// A connection to an empty database on each store.
class OnEachStore : public ::testing::TestWithParam<std::string> {
protected:
    std::shared_ptr<cormorant::store> store = empty_store(GetParam());
    connection db{store};
};

/// The name of a test's store, in its own.
inline constexpr auto store_name = [](::testing::TestParamInfo<std::string> const& info) { return info.param; };

} // namespace cormorant::testing
