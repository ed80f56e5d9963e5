#pragma once

/// The hosts of a `mongodb+srv://` connection string.

#include <string>
#include <string_view>

namespace cormorant::detail {

inline constexpr std::string_view mongo_scheme = "mongodb://";
inline constexpr std::string_view mongo_srv_scheme = "mongodb+srv://";

/// The connection string with `mongodb://` that a `mongodb+srv://` one stands for: with the hosts of its SRV record, the options
/// of its TXT record where it has none of its own, and TLS unless it says otherwise.
///
/// Blocks while names are looked up, as long as the system's resolver takes. Throws `errc::bad_uri` for what breaks the rules,
/// and `errc::connect` when there is no such record. Source:
/// https://github.com/mongodb/specifications/blob/master/source/initial-dns-seedlist-discovery/initial-dns-seedlist-discovery.md
std::string list_hosts(std::string const& connection_string);

} // namespace cormorant::detail
