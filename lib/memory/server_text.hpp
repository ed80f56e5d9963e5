#pragma once

/// Values as the server prints them in its messages, and answers that are no plain `errc::server`.

#include <cormorant/bson/value.hpp>
#include <cormorant/error/error.hpp>

#include <string>

namespace cormorant::memory {

/// `{ a: 1, b: "x", c: [ 1.5, null ] }`: what `E11000 ... dup key:` and the messages about index specifications contain.
std::string server_text(value const& v);
std::string server_text(document const& d);

/// Throws a server's answer that has an `errc` of its own (`errc::namespace_exists`, ...).
[[noreturn]] void refuse_as(errc code, int server_code, std::string message);

} // namespace cormorant::memory
