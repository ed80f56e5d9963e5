#include "pipeline/deadline.hpp"

#include "pipeline/spawn.hpp"

#include <cormorant/error/error.hpp>

#include <boost/asio/bind_executor.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/experimental/parallel_group.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <fmt/format.h>

#include <utility>

namespace cormorant::detail {

namespace asio = boost::asio;

asio::awaitable<void> with_deadline(
    asio::awaitable<void> work, std::chrono::steady_clock::time_point deadline, std::string_view what) {
    auto const strand = asio::make_strand(co_await asio::this_coro::executor);
    asio::steady_timer timer(strand, deadline);
    auto group = asio::experimental::make_parallel_group(
        spawn(strand, std::move(work)), timer.async_wait(asio::bind_executor(strand, asio::deferred)));
    auto const [order, work_error, timer_error] =
        co_await group.async_wait(asio::experimental::wait_for_one(), asio::use_awaitable);
    if (order[0] == 1 && !timer_error) {
        diagnostics d;
        d.slow_phase = phase::hooks;
        throw error(errc::deadline, fmt::format("the deadline passed while {}", what), std::move(d));
    }
    if (work_error)
        std::rethrow_exception(work_error);
}

} // namespace cormorant::detail
