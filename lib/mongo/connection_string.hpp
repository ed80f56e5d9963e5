#pragma once

/// The text of a connection string, before it is settings. No error repeats a part of its credentials.

#include "mongo/native.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace cormorant::detail {

[[noreturn]] void bad_uri(std::string const& why);
/// Lower case, as the names of options are compared.
std::string lower(std::string_view text);

struct uri_option {
    std::string_view name;
    std::string_view value;
};
/// The options behind the question mark as they stand there, in order, without the empty ones.
std::vector<uri_option> options_of(std::string_view connection_string);

/// What libmongoc makes of a string that begins with `mongodb://` or `mongodb+srv://`, connecting to nothing. Throws
/// `errc::bad_uri`, for an option that nobody knows too.
native::uri parse_uri(std::string const& connection_string);

/// A text may be passed on only when no part of a secret is in it: gives the text, or what can be said instead.
std::string without_credentials(std::string_view message, std::string_view connection_string);

} // namespace cormorant::detail
