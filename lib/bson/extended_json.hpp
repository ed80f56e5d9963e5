#pragma once

#include <cormorant/bson/value.hpp>

#include <string>

namespace cormorant::detail {

/// Throws `errc::bad_json`.
[[noreturn]] void throw_bad_json(std::string const& reason);

/// Replaces `v`, a document whose members are converted already, when it stands for another value: `{"$oid": "..."}`.
void convert_extended_json(value& v);

} // namespace cormorant::detail
