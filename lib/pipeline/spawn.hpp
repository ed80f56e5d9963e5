#pragma once

#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/this_coro.hpp>

#include <exception>
#include <memory>
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
///
/// A cancellation that comes from another executor goes over to this one before it meets the coroutine. `co_spawn` of Boost 1.81
/// does so with a pointer to what ends with the coroutine, which may have ended by the time that it gets there: so that is kept
/// here.
template <class Executor>
auto spawn(Executor const& executor, boost::asio::awaitable<void> work) {
    namespace asio = boost::asio;
    auto const start = [executor](auto handler, asio::awaitable<void> w) {
        auto const signal = std::make_shared<asio::cancellation_signal>();
        if (auto slot = asio::get_associated_cancellation_slot(handler); slot.is_connected())
            slot.assign([signal, executor](
                            asio::cancellation_type type) { asio::dispatch(executor, [signal, type] { signal->emit(type); }); });
        auto const target = asio::get_associated_executor(handler, executor);
        asio::co_spawn(executor, shielded(std::move(w)),
            asio::bind_cancellation_slot(
                signal->slot(), [signal, target, h = std::move(handler)](std::exception_ptr failure) mutable {
                    asio::dispatch(target, [h = std::move(h), failure]() mutable { std::move(h)(failure); });
                }));
    };
    return asio::async_initiate<asio::deferred_t const, void(std::exception_ptr)>(start, asio::deferred, std::move(work));
}

} // namespace cormorant::detail
