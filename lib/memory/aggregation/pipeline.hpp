#pragma once

/// Aggregation pipelines.

#include "memory/query/query.hpp"
#include "output.hpp"

#include <cormorant/bson/value.hpp>

#include <memory>
#include <string>
#include <vector>

namespace cormorant::memory {

/// A compiled pipeline. Cheap to copy (shared, immutable), safe to use from any thread.
class pipeline {
public:
    /// Throws what the server would answer (`errc::server`), or `errc::unsupported` naming the stage.
    static pipeline compile(array const& stages, query_options const& options = query_options());

    /// The conditions of the stages `$match` at its beginning: the input may leave out documents that do not match. Empty when
    /// it does not begin with one.
    document const& leading_filter() const noexcept;
    /// True when it makes its own documents (`$documents`) and does not read the collection.
    bool makes_own_input() const noexcept;
    /// Collections that it reads beside its own, with those of its inner pipelines.
    std::vector<std::string> const& collections() const noexcept;
    /// Where the documents are meant to go; null when they are the answer. Whoever runs the pipeline has to put them there.
    std::shared_ptr<pipeline_output const> const& output() const noexcept;

    /// Documents are computed as they are asked for, as far as the stages allow. The stream keeps what it needs of the pipeline.
    std::unique_ptr<document_stream> run(std::unique_ptr<document_stream> input) const;

private:
    struct state;
    explicit pipeline(std::shared_ptr<state const>) noexcept;
    std::shared_ptr<state const> state_;
};

} // namespace cormorant::memory
