#pragma once

#include <boost/asio/awaitable.hpp>

#include <vector>

namespace cormorant::detail {

/// Runs all tasks, which must not depend on each other, and comes back when each has ended. They are in flight together, but on
/// one strand: no two of them run at the same time. When one fails the others are cancelled, and its exception is thrown after
/// all have ended. In a session, which is for one operation after the other, so do they run.
boost::asio::awaitable<void> run_together(std::vector<boost::asio::awaitable<void>> tasks, bool in_session = false);

} // namespace cormorant::detail
