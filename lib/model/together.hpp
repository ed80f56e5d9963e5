#pragma once

#include <boost/asio/awaitable.hpp>

#include <vector>

namespace cormorant::detail {

/// Runs all tasks, which must not depend on each other, and comes back when each has ended. They are in flight together, but on
/// one strand: no two of them run at the same time. When one fails the others are cancelled, and its exception is thrown after
/// all have ended.
boost::asio::awaitable<void> run_together(std::vector<boost::asio::awaitable<void>> tasks);

} // namespace cormorant::detail
