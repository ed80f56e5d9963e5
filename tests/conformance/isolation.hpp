#pragma once

/// Keeps a case that crashes or hangs from taking the others down.

#include <chrono>
#include <cstddef>
#include <functional>
#include <string>

namespace conformance {

/// Does job number `i` and gives its answer.
using job_function = std::function<std::string(std::size_t)>;

/// Does the jobs 0 to `count - 1` in order in a child process, and calls `report(job, answer)` here for each of them. When the
/// child dies within a job, or gives no answer for longer than `patience`, that is the job's answer, and a new child goes on with
/// the next one. `make_worker` is called once in every child; what it returns is destroyed there before the child ends. Throws
/// `std::runtime_error` when it throws. Nothing may run in other threads of the caller.
void run_isolated(std::size_t count, std::chrono::milliseconds patience, std::function<job_function()> const& make_worker,
    std::function<void(std::size_t, std::string const&)> const& report);

} // namespace conformance
