#include <cormorant/bson/types.hpp>

namespace cormorant {

// Source: https://www.mongodb.com/docs/manual/reference/bson-types/
std::string_view to_string(bson_type type) noexcept {
    switch (type) {
    case bson_type::double_:
        return "double";
    case bson_type::string:
        return "string";
    case bson_type::document:
        return "object";
    case bson_type::array:
        return "array";
    case bson_type::binary:
        return "binData";
    case bson_type::undefined:
        return "undefined";
    case bson_type::object_id:
        return "objectId";
    case bson_type::boolean:
        return "bool";
    case bson_type::date:
        return "date";
    case bson_type::null:
        return "null";
    case bson_type::regex:
        return "regex";
    case bson_type::db_pointer:
        return "dbPointer";
    case bson_type::code:
        return "javascript";
    case bson_type::symbol:
        return "symbol";
    case bson_type::code_with_scope:
        return "javascriptWithScope";
    case bson_type::int32:
        return "int";
    case bson_type::timestamp:
        return "timestamp";
    case bson_type::int64:
        return "long";
    case bson_type::decimal128:
        return "decimal";
    case bson_type::max_key:
        return "maxKey";
    case bson_type::min_key:
        return "minKey";
    }
    return "unknown";
}

} // namespace cormorant
