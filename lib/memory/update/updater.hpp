#pragma once

/// Updates: operators, a whole document, or an aggregation pipeline.

#include "memory/match/matcher.hpp"
#include "memory/query/query.hpp"

#include <cormorant/bson/value.hpp>

#include <cstddef>
#include <memory>
#include <optional>

namespace cormorant::memory {

/// A compiled update. Cheap to copy (shared, immutable), safe to use from any thread.
class updater {
public:
    class implementation;

    /// `update` and `array_filters` as in `update_op`. Throws what the server would answer (`errc::server`) or
    /// `errc::unsupported`.
    static updater compile(value const& update, array const& array_filters = {}, query_options const& options = query_options());

    /// A whole document: refused by the server together with `multi`.
    bool is_replacement() const noexcept;
    /// True when it uses the positional `$`, so that `position` must be found by the matcher.
    bool needs_position() const noexcept;

    /// Changes `doc` and answers whether that made a difference. `position`: of `matcher::matches`. After an exception `doc` is
    /// unspecified, so work on a copy of what must survive. `_id` is never changed (code 66).
    bool apply(document& doc, std::optional<std::size_t> position = std::nullopt) const;

    /// The document that an upsert inserts when nothing matched `filter`: its equalities, then the update with `$setOnInsert`.
    /// Without `_id` when neither has one; otherwise `_id` comes first.
    document upsert(matcher const& filter) const;

private:
    explicit updater(std::shared_ptr<implementation const>) noexcept;
    std::shared_ptr<implementation const> impl_;
};

} // namespace cormorant::memory
