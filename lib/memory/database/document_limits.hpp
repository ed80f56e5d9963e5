#pragma once

/// What a server demands of a document before it stores it.

#include <cormorant/bson/value.hpp>

namespace cormorant::memory {

/// Makes `_id` the first member (a new object id when there is none), gives an empty timestamp the current time, copies to the
/// heap what is in an arena. Throws `errc::limit_exceeded` for a document that is too large, code 15 for one that is too deep, 52
/// and 53 for an `_id` that cannot be one.
document prepare_for_insert(document d);

/// Throws codes 10334, 17419 and 15 when an update made the document too large or too deep.
void check_updated(document const& d);

} // namespace cormorant::memory
