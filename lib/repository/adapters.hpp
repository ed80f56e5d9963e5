#pragma once

#include <cormorant/repository/database_schema.hpp>

#include <memory>

namespace cormorant::detail {

/// \name The adapters that every schema has.
/// @{
std::shared_ptr<store> make_memory_adapter(document const& settings);
std::shared_ptr<store> make_mongodb_adapter(document const& settings);
/// @}

} // namespace cormorant::detail
