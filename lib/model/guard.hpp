#pragma once

/// What stands between an operation and the store, right before it is sent: after the hooks, which may have changed everything.

#include <cormorant/bson/value.hpp>
#include <cormorant/operation/limits.hpp>

#include <span>

namespace cormorant::detail {

class call_frame;

/// Throws `errc::invalid_argument` for a filter that every document fits, unless the caller said `all`.
void refuse_everything(call_frame const& frame, document const& filter, bool everything);
/// Does with undeclared paths of a filter what the definition says.
void guard_paths(call_frame const& frame, document& filter, bool upsert = false);
/// The same of a sort, where paths that the definition lets pass are passed on.
void guard_sort(call_frame const& frame, document const& sort);
/// The same of the fields that are to be read, where virtuals, relationships and what lies below them, and fields that are never
/// stored may be named too, and keys of one's own that the store computes.
void guard_fields(call_frame const& frame, document const& fields);
/// Throws `errc::limit_exceeded` for a document that is larger than documents of the model may be.
void guard_extent(call_frame const& frame, std::span<document const> docs);
/// The same of an update: for what it puts into a document.
void guard_update(call_frame const& frame, value const& update);

} // namespace cormorant::detail
