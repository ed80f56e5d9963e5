#pragma once

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <string_view>

namespace cormorant::detail {

/// Ends `work` with `errc::deadline` when it takes longer: it is cancelled, and waited for. `what` names it in the message. Both
/// run on one strand, as a cancellation must not meet what it cancels.
boost::asio::awaitable<void> with_deadline(
    boost::asio::awaitable<void> work, std::chrono::steady_clock::time_point deadline, std::string_view what);

} // namespace cormorant::detail
