#include "report.hpp"

#include "table.hpp"

#include <fmt/core.h>

namespace atlas {
namespace {

std::string cell(orm::document const& d, std::string_view path) {
    orm::value const* const v = orm::get_path(d, path);
    if (!v)
        return "";
    if (auto const text = v->if_string())
        return std::string(*text);
    return orm::to_json(*v, orm::json_mode::plain);
}

} // namespace

void report::heading(std::string_view text) const { fmt::print("\n{}\n", text); }

void report::say(std::string_view text) const { fmt::print("  {}\n", text); }

std::shared_ptr<orm::trace> report::record() {
    trace_ = std::make_shared<orm::trace>();
    return trace_;
}

void report::table(orm::documents const& docs, std::vector<std::string> const& columns) const {
    atlas::table t(columns);
    for (orm::document const& d : docs) {
        std::vector<std::string> cells;
        for (auto const& column : columns)
            cells.push_back(cell(d, column));
        t.row(std::move(cells));
    }
    t.print();
}

void report::cost() const {
    fmt::print("  -> {} round trip{} to the store\n", trace_->round_trips(), trace_->round_trips() == 1 ? "" : "s");
    if (with_trace_)
        fmt::print("{}\n", trace_->to_string());
}

} // namespace atlas
