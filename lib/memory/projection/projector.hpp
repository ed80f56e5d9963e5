#pragma once

/// Projections of `find` and `findAndModify`, and the stages `$project`, `$addFields`, `$unset` on top of the same tree.

#include "memory/match/matcher.hpp"
#include "memory/query/query.hpp"

#include <cormorant/bson/value.hpp>

#include <cstddef>
#include <memory>
#include <optional>

namespace cormorant::memory {

/// A compiled projection. Cheap to copy (shared, immutable), safe to use from any thread.
class projector {
public:
    /// Answers documents as they are.
    projector();
    /// The projection of a `find`: inclusion or exclusion, expressions, `$slice`, `$elemMatch`, positional `$`. `filter` is that
    /// of the command (the positional `$` needs it). Throws what the server would answer, or `errc::unsupported`.
    static projector compile(document const& projection, matcher const& filter, query_options const& options = query_options());

    /// The stages `$project`, `$addFields` (also `$set`) and `$unset`; that one gets the paths.
    static projector compile_project(document const& specification, query_options const& options);
    static projector compile_add_fields(document const& specification, query_options const& options);
    static projector compile_unset(array const& paths, query_options const& options);

    /// True when it answers documents as they are.
    bool is_identity() const noexcept;
    document apply(document const& doc, std::optional<double> text_score = std::nullopt) const;

    struct state;

private:
    explicit projector(std::shared_ptr<state const>) noexcept;
    std::shared_ptr<state const> state_;
};

} // namespace cormorant::memory
