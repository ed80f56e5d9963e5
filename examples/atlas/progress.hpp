#pragma once

#include <cstddef>
#include <string>

namespace atlas {

/// Shows how far an import is: a bar that redraws itself on a terminal, one line for each step otherwise.
class progress {
public:
    progress(std::string what, std::size_t total);
    void advance(std::size_t n);
    /// Ends the line of the bar.
    void finish();

private:
    void draw() const;

    std::string what_;
    std::size_t total_;
    std::size_t done_ = 0;
    bool terminal_;
};

} // namespace atlas
