#pragma once

/// Forward declarations of what the headers of other libraries and of applications name most.

#include <cormorant/bson/fwd.hpp>

#include <vector>

namespace cormorant {

using documents = std::vector<document>;

class context;
class operation_options;
class find_options;
class count_options;
class insert_options;
class save_options;
class update_options;
class remove_options;
class aggregate_options;
struct insert_result;
struct update_result;
struct remove_result;

struct hook_args;
class hook_handler;
class trace;

class schema;
class request_policy;
class untrusted;
class model_definition;
class model_document;

class store;
class session;
class cursor;
class batch;

class model;
class connection;
class transaction;
template <class T>
class typed_model;

class database_schema;
class datasource;
class repository;
template <class T>
class typed_repository;

} // namespace cormorant
