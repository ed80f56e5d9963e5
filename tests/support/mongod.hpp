#pragma once

/// The MongoDB server that tests use: the one that `MONGO_DSN` names, for instance `mongodb://127.0.0.1:27017/?replicaSet=rs0`.

#include <string>
#include <string_view>

namespace cormorant::testing {

/// The connection string of that server with this database, and with further options such as `"maxPoolSize=3&tls=true"`.
/// Throws `std::runtime_error` when `MONGO_DSN` is not set.
std::string test_dsn(std::string_view database, std::string_view options = {});

/// A database name that no other process uses: `prefix_<process id>`.
std::string test_database(std::string_view prefix);

} // namespace cormorant::testing
