#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/this_coro.hpp>

#include <exception>
#include <utility>

namespace cormorant::detail {

/// `co_spawn` of Boost 1.81 throws out of the event loop when a coroutine that was cancelled ends without having been suspended:
/// it waits once more itself, and that wait throws. A coroutine that goes through this function does not mind being cancelled any
/// more once it has ended.
inline boost::asio::awaitable<void> shielded(boost::asio::awaitable<void> work) {
    std::exception_ptr failure;
    try {
        co_await std::move(work);
    } catch (...) {
        failure = std::current_exception();
    }
    co_await boost::asio::this_coro::throw_if_cancelled(false);
    if (failure)
        std::rethrow_exception(failure);
}

/// The deferred operation that runs `work` on `executor`; it completes with `void(std::exception_ptr)`.
template <class Executor>
auto spawn(Executor const& executor, boost::asio::awaitable<void> work) {
    return boost::asio::co_spawn(executor, shielded(std::move(work)), boost::asio::deferred);
}

} // namespace cormorant::detail
