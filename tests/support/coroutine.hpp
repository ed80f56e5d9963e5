#pragma once

/// Running coroutines in tests.

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <exception>
#include <optional>
#include <utility>

namespace cormorant::testing {

/// Runs a coroutine to its end on an event loop of its own and answers its result. What it throws is thrown here.
template <class T>
T run(boost::asio::awaitable<T> work) {
    boost::asio::io_context loop;
    std::exception_ptr failure;
    if constexpr (std::is_void_v<T>) {
        boost::asio::co_spawn(loop, std::move(work), [&](std::exception_ptr e) { failure = e; });
        loop.run();
        if (failure)
            std::rethrow_exception(failure);
    } else {
        std::optional<T> result;
        boost::asio::co_spawn(loop, std::move(work), [&](std::exception_ptr e, T value) {
            failure = e;
            result.emplace(std::move(value));
        });
        loop.run();
        if (failure)
            std::rethrow_exception(failure);
        return std::move(*result);
    }
}

} // namespace cormorant::testing
