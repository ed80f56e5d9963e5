#pragma once

/// Counts calls that would park a thread: this program's definitions of `usleep`, `poll` and their like come before those of the
/// C library, for libmongoc as well.

#include <map>
#include <string>
#include <thread>

namespace cormorant::testing {

/// The calls of one thread, by name. Only what blocks: `poll` with a timeout, `connect` on a blocking socket.
using blocking_calls = std::map<std::string, int>;

void forget_blocking_calls();
blocking_calls blocking_calls_of(std::thread::id thread);
/// The thread that connected last.
std::thread::id connecting_thread();

} // namespace cormorant::testing
