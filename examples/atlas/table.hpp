#pragma once

#include <string>
#include <vector>

namespace atlas {

/// A table of text for the terminal. Columns are as wide as their widest cell, up to 40 characters.
class table {
public:
    explicit table(std::vector<std::string> header);
    void row(std::vector<std::string> cells);
    void print() const;

private:
    std::vector<std::vector<std::string>> rows_;
};

/// Characters of UTF-8 text as a terminal counts them (combining marks are free).
std::size_t display_width(std::string_view text) noexcept;

} // namespace atlas
