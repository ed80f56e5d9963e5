#include "document_limits.hpp"

#include "memory/query/query.hpp"

#include <cormorant/bson/bson.hpp>

#include <fmt/format.h>

#include <atomic>
#include <charconv>
#include <chrono>

namespace cormorant::memory {

namespace {

constexpr int max_depth = 180;
constexpr int invalid_id_field = 53;
/// What the server's own buffers hold beyond the size of a user's document.
constexpr std::size_t internal_overhead = 16 * 1024;

void refuse_dollar_fields(value const& v) {
    if (auto const* d = v.if_document()) {
        for (auto const& [key, inner] : *d) {
            if (key.starts_with('$'))
                refuse(code::dollar_prefixed_field_name,
                    fmt::format("_id fields may not contain '$'-prefixed fields: {} is not valid for storage.", key));
            refuse_dollar_fields(inner);
        }
    } else if (auto const* a = v.if_array()) {
        for (value const& element : *a)
            refuse_dollar_fields(element);
    }
}

void check_id(value const& id) {
    if (id.is_array() || id.is_regex() || id.is_undefined())
        refuse(invalid_id_field, fmt::format("The '_id' value cannot be of type {}", to_string(id.type())));
    refuse_dollar_fields(id);
}

timestamp current_timestamp() {
    static std::atomic<std::uint32_t> increment = 0;
    auto const seconds = std::chrono::floor<std::chrono::seconds>(now()).time_since_epoch().count();
    return {static_cast<std::uint32_t>(seconds), increment.fetch_add(1, std::memory_order_relaxed) + 1};
}

} // namespace

document prepare_for_insert(document given) {
    document d(std::move(given), storage());
    if (d.empty() || d.begin()->key() != "_id") {
        auto* const id = d.find("_id");
        d.prepend("_id", id == nullptr ? value(object_id::generate()) : value(std::move(*id)));
    }
    check_id(d.begin()->value());
    for (auto& [key, v] : d) {
        if (v.is_timestamp() && v.as_timestamp() == timestamp() && key != "_id")
            v = current_timestamp();
    }
    auto const extent = measure(d);
    if (extent.bytes > max_bson_size)
        throw error(errc::limit_exceeded, fmt::format("a document has {} bytes, it may have {}", extent.bytes, max_bson_size));
    if (extent.depth > max_depth)
        refuse(code::overflow, fmt::format("cannot insert document because it exceeds {} levels of nesting", max_depth));
    return d;
}

void check_updated(document const& d) {
    auto const extent = measure(d);
    if (extent.bytes > max_bson_size + internal_overhead)
        refuse(10334, fmt::format("BSONObj size: {} (0x{:X}) is invalid. Size must be between 0 and {}(16MB)", extent.bytes,
                          extent.bytes, max_bson_size + internal_overhead));
    if (extent.bytes > max_bson_size)
        refuse(17419, fmt::format("Resulting document after update is larger than {}", max_bson_size));
    if (extent.depth > max_depth)
        refuse(code::overflow, fmt::format("Document exceeds maximum nesting depth of {}", max_depth));
}

} // namespace cormorant::memory
