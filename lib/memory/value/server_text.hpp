#pragma once

/// Values as the server prints them in its messages.

#include <cormorant/bson/value.hpp>

#include <string>

namespace cormorant::memory {

/// `{ a: 1, b: "x", c: [ 1.5, null ] }`: what `E11000 ... dup key:` and the messages about index specifications contain.
std::string server_text(value const& v);
std::string server_text(document const& d);

} // namespace cormorant::memory
