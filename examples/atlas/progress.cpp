#include "progress.hpp"

#include <fmt/core.h>

#include <cstdio>
#include <unistd.h>

namespace atlas {

progress::progress(std::string what, std::size_t total)
    : what_(std::move(what)), total_(total), terminal_(::isatty(STDOUT_FILENO) == 1) {}

void progress::advance(std::size_t n) {
    done_ += n;
    draw();
}

void progress::finish() {
    if (terminal_)
        fmt::print("\n");
}

void progress::draw() const {
    if (!terminal_) {
        fmt::print("  {}: {} of {}\n", what_, done_, total_);
        return;
    }
    constexpr std::size_t width = 40;
    std::size_t const filled = total_ == 0 ? width : done_ * width / total_;
    std::string bar;
    for (std::size_t i = 0; i < width; ++i)
        bar += i < filled ? "█" : "░";
    fmt::print("\r  {:<14} {} {:>5} of {}", what_, bar, done_, total_);
    std::fflush(stdout);
}

} // namespace atlas
