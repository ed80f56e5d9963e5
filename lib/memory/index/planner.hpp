#pragma once

/// How to find the documents of a query: by `_id`, by a part of an index, or by reading everything. Decides only, reads no data.

#include "index.hpp"
#include "memory/match/matcher.hpp"
#include "memory/query/sorter.hpp"

#include <cormorant/bson/value.hpp>

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

namespace cormorant::memory {

/// What the planner knows of an index.
struct index_view {
    index_definition const* definition;
    bool multikey = false;
};

struct access_request {
    /// The filter, and its constraints as the matcher gives them.
    document const& filter;
    std::vector<path_constraint> const& constraints;
    /// Null or empty: any order will do.
    sorter const* order = nullptr;
    /// The query compares strings by bytes.
    bool binary = true;
    /// A name or keys, `{$natural: 1 | -1}` included.
    std::optional<value> const* hint = nullptr;
    /// Of a `$text` that has to match; null without one.
    text_query const* text = nullptr;
};

/// The documents that the plan gives are all those that can match (and others: each has to be matched).
struct access_plan {
    enum class kind {
        /// All documents in natural order.
        collection,
        /// The documents with one of the ids in `ids`, by the hash of ids.
        id,
        /// `ranges` of the index at position `index`.
        index,
    };
    kind how = kind::collection;
    std::size_t index = 0;
    std::vector<value> ids;
    /// One after the other, in the order of the scan.
    std::vector<key_range> ranges;
    bool backward = false;
    /// The documents come in the order asked for.
    bool sorted = false;
};

/// Chooses: `_id`; else the index with the most parts bound by equality, then with a bound part, then in the order asked for.
/// A `$text` that has to match goes through the text index in any case. Throws code 2 when the hint names no index, code 291 when
/// the fields before the text in a text index are not bound.
access_plan choose_plan(access_request const& request, std::span<index_view const> indexes);

/// True when every document that matches the filter (given by itself and its constraints) matches the filter of a partial index.
/// May answer false where a proof would be possible.
bool implies(document const& filter, std::vector<path_constraint> const& constraints, document const& partial);

} // namespace cormorant::memory
