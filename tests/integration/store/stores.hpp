#pragma once

/// The stores that tests run on.

#include <cormorant/store/store.hpp>

#include <memory>
#include <string>
#include <vector>

namespace cormorant::testing {

/// `"memory"`, `"lasting"` (memory with a folder), and `"mongo"` and `"mongo_without_fast_lane"` when it is built and MONGO_DSN
/// names a server.
std::vector<std::string> store_kinds();

/// The store of that kind, the same one every time: its database is the program's own.
std::shared_ptr<store> store_of(std::string const& kind);

/// Closes the lasting store; the next `store_of` opens its folder again.
void close_lasting_store();

} // namespace cormorant::testing
