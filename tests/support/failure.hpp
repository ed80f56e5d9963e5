#pragma once

/// Coroutines that have to fail.

#include "coroutine.hpp"

#include <cormorant/error/error.hpp>

#include <gtest/gtest.h>

#include <utility>

namespace cormorant::testing {

/// Runs `work`, which must fail with an error of the library.
template <class T>
error failure_of(boost::asio::awaitable<T> work) {
    try {
        run(std::move(work));
    } catch (error const& e) {
        return e;
    }
    ADD_FAILURE() << "no error";
    return error(errc::invalid_argument, "there was no error");
}

} // namespace cormorant::testing
