#include "table.hpp"

#include <fmt/core.h>

#include <algorithm>

namespace atlas {
namespace {

constexpr std::size_t widest = 40;

bool continues(char c) noexcept { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

bool combining(std::string_view rest) noexcept {
    // U+0300..U+036F are CC 80 .. CD AF
    if (rest.size() < 2)
        return false;
    auto const first = static_cast<unsigned char>(rest[0]);
    auto const second = static_cast<unsigned char>(rest[1]);
    return first == 0xCC || (first == 0xCD && second <= 0xAF);
}

std::string fitted(std::string const& text, std::size_t width) {
    if (display_width(text) <= width)
        return text + std::string(width - display_width(text), ' ');
    std::size_t end = 0, seen = 0;
    while (end < text.size() && seen + 1 < width) {
        seen += combining(std::string_view(text).substr(end)) ? 0 : 1;
        do
            ++end;
        while (end < text.size() && continues(text[end]));
    }
    return text.substr(0, end) + "…" + std::string(width - seen - 1, ' ');
}

} // namespace

std::size_t display_width(std::string_view text) noexcept {
    std::size_t n = 0;
    for (std::size_t i = 0; i < text.size(); ++i)
        n += !continues(text[i]) && !combining(text.substr(i)) ? 1 : 0;
    return n;
}

table::table(std::vector<std::string> header) { rows_.push_back(std::move(header)); }

void table::row(std::vector<std::string> cells) {
    cells.resize(rows_.front().size());
    rows_.push_back(std::move(cells));
}

void table::print() const {
    std::vector<std::size_t> widths(rows_.front().size());
    for (auto const& row : rows_)
        for (std::size_t i = 0; i < row.size(); ++i)
            widths[i] = std::min(widest, std::max(widths[i], display_width(row[i])));
    for (std::size_t r = 0; r < rows_.size(); ++r) {
        std::string line;
        for (std::size_t i = 0; i < widths.size(); ++i)
            line.append("  ").append(fitted(rows_[r][i], widths[i]));
        line.erase(line.find_last_not_of(' ') + 1);
        fmt::print("{}\n", line);
        if (r == 0) {
            std::string rule;
            for (std::size_t width : widths) {
                rule.append("  ");
                for (std::size_t i = 0; i < width; ++i)
                    rule += "─";
            }
            fmt::print("{}\n", rule);
        }
    }
}

} // namespace atlas
