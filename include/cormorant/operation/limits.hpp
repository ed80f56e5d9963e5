#pragma once

/// Bounds, so that no data and no call costs more than was thought of. docs/limits.md has all of them on one page.

#include <cstdint>

namespace cormorant {

/// What a document may be that is written. Exceeding a bound is `errc::limit_exceeded`, whose path names the place; nothing was sent
/// then. 0 is no bound.
struct document_limits {
    /// Documents and arrays within each other, the document itself included. The server takes no more than 180.
    int depth = 100;
    /// As BSON. The server takes no more than 16 MiB.
    std::int64_t bytes = 16 * 1024 * 1024;
    /// Items of an array, at any depth. A field has a bound of its own by `max_items`.
    std::int64_t array_items = 0;

    friend bool operator==(document_limits const&, document_limits const&) = default;
};

/// Bounds of the work that populating relationships may cause in one call. Exceeding one ends the call with
/// `errc::limit_exceeded`, whose path names the relationship (`"author.friends.author"`).
struct population_limits {
    /// Levels of related documents below the documents of the call.
    int depth = 16;
    /// Finds of related models.
    std::int64_t queries = 1'000;
    /// Related documents read.
    std::int64_t documents = 1'000'000;
    /// Related documents read, as BSON.
    std::int64_t bytes = 256 * 1024 * 1024;

    friend bool operator==(population_limits const&, population_limits const&) = default;
};

/// What `untrusted` takes from a request. Exceeding a bound is `errc::limit_exceeded`.
struct input_limits {
    /// Of the text.
    std::int64_t bytes = 1024 * 1024;
    /// Objects and lists within each other, the outermost included.
    int depth = 16;
    /// Keys and items at all depths.
    std::int64_t values = 10'000;

    friend bool operator==(input_limits const&, input_limits const&) = default;
};

} // namespace cormorant
