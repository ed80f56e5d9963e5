#pragma once

/// The stages that write: `$out` and `$merge`, the last of a pipeline.

#include "memory/query/query.hpp"

#include <cormorant/bson/value.hpp>

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cormorant::memory {

/// What becomes of the documents that a pipeline gives. Immutable.
struct pipeline_output {
    /// A document of the target has the same values at `on`.
    enum class matched { replace, keep_existing, merge, fail, update };
    enum class not_matched { insert, discard, fail };

    /// `$out` or `$merge`.
    std::string_view stage;
    /// Empty: the database of the pipeline.
    std::string database;
    std::string collection;

    /// \name Of `$merge` alone
    /// @{
    /// Empty: `_id`.
    std::vector<std::string> on;
    matched when_matched = matched::merge;
    not_matched when_not_matched = not_matched::insert;
    /// `matched::update`: how a document is changed, and the variables that this uses of the document that is merged.
    array update;
    std::function<document(document const& merged)> variables;
    /// @}

    bool replaces() const noexcept { return stage == "$out"; }
};

/// Nothing for a stage of another name. Throws what the server answers to a bad specification.
std::optional<pipeline_output> compile_output(std::string_view stage, value const& source, query_options const& options);
/// Throws `server_code` when a pipeline writes that is within a stage.
void refuse_output(std::shared_ptr<pipeline_output const> const& output, int server_code, std::string_view within);

} // namespace cormorant::memory
