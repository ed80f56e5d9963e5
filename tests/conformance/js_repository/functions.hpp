#pragma once

#include "../matcher.hpp"

#include <cormorant/repository/database_schema.hpp>
#include <cormorant/schema/registry.hpp>

#include <memory>

namespace conformance::js_repository {

/// Makes the named functions (section 6 of the vocabulary) known to a schema.
void add_functions(cormorant::database_schema& schema);

/// \name The function that `{"$fn": name, ...}` stands for.
/// @{
cormorant::check_function make_validator(document const& spec);
cormorant::transform_function make_transformer(document const& spec);
/// @}

/// A definition in which the functions of the vocabulary have names that no registered one has.
document with_own_functions(document definition);

} // namespace conformance::js_repository
