#pragma once

/// What a write did to a database: the unit of journals and snapshots.

#include "memory/query/query.hpp"

#include <cormorant/bson/value.hpp>

#include <cstdint>
#include <functional>
#include <string>

namespace cormorant::memory {

/// One change. Replaying the effects of a database in their order gives the same database, since they say what came about and not
/// what was asked for.
struct effect {
    /// The numbers are those in files.
    enum class kind : std::uint8_t {
        /// `body` takes the place of the document with the same `_id`, or comes last.
        put = 1,
        /// The document with the `_id` of `body` goes.
        remove = 2,
        /// `body`: the options.
        create_collection = 3,
        /// `body`: `{viewOn, pipeline}`. The view may exist.
        create_view = 4,
        /// A collection or view.
        drop = 5,
        /// `body`: as `list_indexes` shows it.
        create_index = 6,
        /// `body`: `{name}`.
        drop_index = 7,
        /// All collections and views.
        drop_all = 8,
        /// The end of a snapshot.
        end = 9,
    };
    kind what = kind::end;
    std::string collection;
    /// Null where there is nothing to say.
    document_ptr body;
};

/// The effects that make up a database; calls its argument with each. It does not look at the database any more.
using effect_source = std::function<void(std::function<void(effect const&)> const&)>;

/// Is told of every change of a database, in their order, while the database is locked.
class effect_log {
public:
    virtual ~effect_log() = default;
    virtual void record(effect e) = 0;
    /// An operation has come to its end: what was recorded since the last one belongs together.
    virtual void commit() noexcept = 0;
};

} // namespace cormorant::memory
