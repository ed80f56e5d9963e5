#pragma once

/// The whole library.

#include <cormorant/bson/bson.hpp>
#include <cormorant/bson/json.hpp>
#include <cormorant/bson/mapping.hpp>
#include <cormorant/bson/path.hpp>
#include <cormorant/bson/ref.hpp>
#include <cormorant/bson/value.hpp>
#include <cormorant/connect.hpp>
#include <cormorant/error/error.hpp>
#include <cormorant/memory/memory_store.hpp>
#include <cormorant/model/connection.hpp>
#include <cormorant/model/explanation.hpp>
#include <cormorant/model/model.hpp>
#include <cormorant/model/typed_model.hpp>
#include <cormorant/mongo/mongo_store.hpp>
#include <cormorant/operation/operations.hpp>
#include <cormorant/operation/options.hpp>
#include <cormorant/pipeline/call_scope.hpp>
#include <cormorant/pipeline/hook.hpp>
#include <cormorant/pipeline/registry.hpp>
#include <cormorant/pipeline/runner.hpp>
#include <cormorant/pipeline/trace.hpp>
#include <cormorant/repository/database_schema.hpp>
#include <cormorant/repository/query.hpp>
#include <cormorant/repository/repository.hpp>
#include <cormorant/repository/typed_repository.hpp>
#include <cormorant/repository/where.hpp>
#include <cormorant/schema/conversion.hpp>
#include <cormorant/schema/definition.hpp>
#include <cormorant/schema/describe.hpp>
#include <cormorant/schema/registry.hpp>
#include <cormorant/schema/schema.hpp>
#include <cormorant/store/store.hpp>
