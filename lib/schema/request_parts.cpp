#include "schema/request_parts.hpp"

#include "schema/request.hpp"

#include <cormorant/bson/path.hpp>
#include <cormorant/schema/conversion.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace cormorant::detail {

std::string shown_path(std::string_view path) {
    constexpr std::size_t longest = 64;
    std::string result;
    for (char const c : path.substr(0, longest)) {
        bool const plain = static_cast<unsigned char>(c) >= 0x20 && c != 0x7F;
        result += plain ? c : '?';
    }
    // A letter is not cut in two.
    while (path.size() > longest && !result.empty() && (static_cast<unsigned char>(result.back()) & 0xC0U) == 0x80U) {
        result.pop_back();
    }
    if (path.size() > longest && !result.empty() && (static_cast<unsigned char>(result.back()) & 0x80U) != 0) {
        result.pop_back();
    }
    return path.size() > longest ? result + "..." : result;
}

[[noreturn]] void refuse_request(errc code, schema const& s, std::string_view path, std::string_view message) {
    diagnostics details;
    details.model = s.name();
    details.path = shown_path(path);
    auto text = fmt::format("'{}' {}", details.path, message);
    throw error(code, std::move(text), std::move(details));
}

field_definition const* find_field(std::vector<field_definition> const& fields, std::string_view name) noexcept {
    auto const found = std::find_if(fields.begin(), fields.end(), [&](field_definition const& f) { return f.name == name; });
    return found == fields.end() ? nullptr : &*found;
}

field_type const* type_below(field_type const* type, std::string_view key) noexcept {
    while (type != nullptr && type->kind == type_kind::array) {
        type = type->element.get();
    }
    if (type == nullptr) {
        return nullptr;
    }
    if (type->kind == type_kind::map) {
        return type->element.get();
    }
    auto const* const field = type->kind == type_kind::object ? find_field(type->fields, key) : nullptr;
    return field == nullptr ? nullptr : &field->type;
}

field_type const* type_of(schema const& s, std::string_view path) noexcept {
    auto const* const field = s.field(s.property(path_head(path)));
    field_type const* type = field == nullptr ? nullptr : &field->type;
    while (type != nullptr && path_is_nested(path)) {
        path = path_rest(path);
        type = type_below(type, path_head(path));
    }
    while (type != nullptr && type->kind == type_kind::array) {
        type = type->element.get();
    }
    return type;
}

bool convert_text(value& v, type_kind kind) {
    auto const text = std::string(v.as_string());
    try {
        switch (kind) {
        case type_kind::number:
        case type_kind::integer:
            v = convert_value(std::move(v), "number");
            break;
        case type_kind::boolean:
            v = convert_value(std::move(v), "boolean");
            break;
        case type_kind::date:
            v = convert_value(std::move(v), "date");
            break;
        case type_kind::object_id:
            v = convert_value(std::move(v), "objectid");
            break;
        case type_kind::decimal:
            v = decimal128::parse(text);
            break;
        default:
            break;
        }
    } catch (error const&) {
        v = text;
        return false;
    }
    return true;
}

} // namespace cormorant::detail
