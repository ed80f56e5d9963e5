#pragma once

/// What an operation shares with the operations that its hooks start.

#include <cormorant/bson/storage.hpp>
#include <cormorant/pipeline/trace.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace cormorant {

/// What a call has read of related documents so far, at all levels.
struct population_count {
    std::int64_t queries = 0;
    std::int64_t documents = 0;
    /// As BSON.
    std::int64_t bytes = 0;
};

/// The place of a running operation among those that surround it. Operations make it, hooks hand it on with
/// `find_options().inside(args.common)`.
///
/// Thread safety: as the operation that it belongs to.
struct call_scope {
    /// Spans of inner operations go below this one of the trace.
    std::size_t span = trace::no_parent;
    /// Levels of related documents between the documents of the outermost call and this one's.
    int depth = 0;
    /// The relationships that lead here, `"author.image"`.
    std::string path;
    /// Shared by all operations of one outermost call.
    std::shared_ptr<population_count> populated = std::make_shared<population_count>();
    /// The arena that the documents of the find are made in, which takes it: those that related documents are put into have it, so
    /// that they get there without a copy. The heap: a find makes its own.
    storage arena;
};

} // namespace cormorant
