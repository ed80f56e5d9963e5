#include <cormorant/bson/bson.hpp>

#include <algorithm>
#include <concepts>

namespace cormorant {

namespace {

std::size_t measure_value(value const& v, int depth, document_extent& extent) noexcept;

template <class Container>
std::size_t measure_container(Container const& c, int depth, document_extent& extent) noexcept {
    extent.depth = std::max(extent.depth, depth);
    std::size_t bytes = 5; // length and end
    if constexpr (std::same_as<Container, array>) {
        extent.longest_array = std::max(extent.longest_array, c.size());
        std::size_t position = 0;
        for (value const& v : c) {
            std::size_t digits = 1;
            for (std::size_t n = position++; n >= 10; n /= 10)
                ++digits;
            bytes += 2 + digits + measure_value(v, depth, extent);
        }
    } else {
        for (auto const& [key, v] : c)
            bytes += 2 + key.size() + measure_value(v, depth, extent);
    }
    return bytes;
}

std::size_t measure_value(value const& v, int depth, document_extent& extent) noexcept {
    switch (v.type()) {
    case bson_type::boolean:
        return 1;
    case bson_type::int32:
        return 4;
    case bson_type::double_:
    case bson_type::date:
    case bson_type::timestamp:
    case bson_type::int64:
        return 8;
    case bson_type::object_id:
        return 12;
    case bson_type::decimal128:
        return 16;
    case bson_type::string:
        return 5 + v.as_string().size();
    case bson_type::symbol:
        return 5 + v.as_symbol().text.size();
    case bson_type::code:
        return 5 + v.as_code().text.size();
    case bson_type::document:
        return measure_container(v.as_document(), depth + 1, extent);
    case bson_type::array:
        return measure_container(v.as_array(), depth + 1, extent);
    case bson_type::binary:
        // The old form has a second length within.
        return 5 + v.bytes().size() + (v.binary_subtype() == 2 ? 4 : 0);
    case bson_type::regex: {
        auto const r = v.as_regex();
        return 2 + r.pattern.size() + r.options.size();
    }
    case bson_type::db_pointer:
        return 17 + v.as_db_pointer().ns.size();
    case bson_type::code_with_scope: {
        auto const c = v.as_code_with_scope();
        return 9 + c.text.size() + measure_container(c.scope, depth + 1, extent);
    }
    case bson_type::undefined:
    case bson_type::null:
    case bson_type::max_key:
    case bson_type::min_key:
        return 0;
    }
    return 0;
}

} // namespace

document_extent measure(document const& d) noexcept {
    document_extent result;
    result.bytes = measure_container(d, 0, result);
    return result;
}

} // namespace cormorant
