#pragma once

/// What this process holds.

#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

namespace cormorant::testing {

/// Open file descriptors.
inline int open_descriptors() {
    int count = 0;
    for ([[maybe_unused]] auto const& entry : std::filesystem::directory_iterator("/proc/self/fd"))
        ++count;
    return count - 1; // that of the iterator
}

/// Memory in use, in KiB.
inline long resident_kib() {
    std::ifstream in("/proc/self/statm");
    long total = 0;
    long resident = 0;
    in >> total >> resident;
    return resident * (::sysconf(_SC_PAGESIZE) / 1024);
}

/// Waits until `condition()` holds, two seconds at most; answers whether it does.
template <class F>
bool soon(F condition, std::chrono::milliseconds limit = std::chrono::seconds(2)) {
    auto const end = std::chrono::steady_clock::now() + limit;
    while (!condition()) {
        if (std::chrono::steady_clock::now() > end)
            return false;
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return true;
}

} // namespace cormorant::testing
