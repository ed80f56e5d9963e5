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

/// Closes the store of that kind when what is in it lasts: the next `store_of` opens it again. False: it does not last.
bool close_lasting_store(std::string const& kind);

} // namespace cormorant::testing
