#pragma once

#include <cormorant/bson/fwd.hpp>

#include <functional>
#include <memory>
#include <string_view>

namespace cormorant {

class default_context;
class empty_values;
class function_registry;
class model;
class model_definition;
class model_document;
class preparation;
class schema;
class virtual_field;
class relation;
struct field_definition;
struct field_type;
struct read_plan;
struct relation_definition;
struct rule_context;
struct virtual_definition;

/// Finds the schema of another model by its name, null when there is none. Names are resolved at each use, so models may be
/// added in any order.
using schema_resolver = std::function<std::shared_ptr<schema const>(std::string_view model)>;

} // namespace cormorant
