#pragma once

/// From the server's answers to replies and errors.

#include "mongo/plan.hpp"
#include "mongo/request.hpp"

#include <cormorant/error/error.hpp>
#include <cormorant/store/store.hpp>

namespace cormorant::detail {

/// The reply to any operation but those with a cursor. Throws what went wrong.
reply read_reply(expectation const& expected, result const& r);

/// Throws what went wrong, if anything.
void require_success(expectation const& expected, result const& r);

/// The documents of a reply with a cursor; they stay in its bytes.
batch take_batch(bson_buffer&& reply);

/// Adds what a request cost.
void count(call_statistics& statistics, result const& r);

} // namespace cormorant::detail
