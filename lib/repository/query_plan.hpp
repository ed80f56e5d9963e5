#pragma once

/// From queries to the options of a find.

#include "repository/where.hpp"

#include <cormorant/operation/options.hpp>
#include <cormorant/schema/schema.hpp>

#include <optional>
#include <vector>

namespace cormorant::detail {

/// What of a query counts.
enum class query_scope {
    /// All of it.
    find,
    /// What shapes one document that is known otherwise: `fields` and `include`. The rest is ignored.
    shape,
};

struct query_plan {
    document filter;
    document sort;
    std::int64_t skip = 0;
    std::int64_t limit = 0;
    /// Empty: everything.
    document fields;
    /// One for each relationship to include.
    hook_requests includes;
    std::vector<written_pattern> patterns;

    /// Whether a document is answered otherwise than it is stored.
    bool shapes() const noexcept { return !fields.empty() || !includes.empty(); }
    /// Puts it into the options of a find, beside what the caller has set there. Documents come as they are stored, and have
    /// nothing but what was asked for.
    void apply(find_options& options, schema const& s);
};

/// Throws `errc::invalid_argument` with path and value for what is not understood.
query_plan plan_query(schema const& s, document const& query, query_scope scope = query_scope::find);

} // namespace cormorant::detail
