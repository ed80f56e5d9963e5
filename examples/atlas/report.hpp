#pragma once

#include <cormorant/cormorant.hpp>

#include <memory>
#include <string_view>
#include <vector>

namespace orm = cormorant;

namespace atlas {

/// Prints what the steps do: headings, tables, and what each query cost.
class report {
public:
    explicit report(bool with_trace) : with_trace_(with_trace) {}

    void heading(std::string_view text) const;
    void say(std::string_view text) const;
    /// A recording for the next query: `find_options().trace(out.record())`.
    std::shared_ptr<orm::trace> record();
    /// Columns are dotted paths of the documents.
    void table(orm::documents const& docs, std::vector<std::string> const& columns) const;
    /// How many round trips the recorded query cost; with `--trace` also its tree.
    void cost() const;

private:
    bool with_trace_;
    std::shared_ptr<orm::trace> trace_;
};

} // namespace atlas
