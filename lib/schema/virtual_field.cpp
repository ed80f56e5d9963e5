#include <cormorant/bson/json.hpp>
#include <cormorant/error/error.hpp>
#include <cormorant/schema/model_document.hpp>
#include <cormorant/schema/virtual_field.hpp>

#include <fmt/format.h>

namespace cormorant {

namespace {

[[noreturn]] void refuse(model_document const& d, std::string const& name, value const& v, std::string message) {
    diagnostics details;
    details.model = d.schema().name();
    details.path = name;
    details.value = shorten(v);
    throw error(errc::invalid_argument, std::move(message), std::move(details));
}

} // namespace

virtual_field& virtual_field::id_to_string(std::string key) {
    spec_.getter = [key](model_document& d) -> std::optional<value> {
        auto found = d.get(key);
        if (found && found->is_object_id()) {
            return value(found->as_object_id().to_string());
        }
        return found;
    };
    spec_.setter = [key = std::move(key), name = spec_.name](model_document& d, value v) {
        auto const* const field = d.schema().field(key);
        bool const holds_ids = field == nullptr || field->type.kind == type_kind::object_id;
        if (auto const text = v.if_string(); text && holds_ids) {
            auto const parsed = object_id::parse(*text);
            if (!parsed) {
                refuse(d, name, v, fmt::format("'{}' is set from the 24 hexadecimal digits of an object id", name));
            }
            v = *parsed;
        }
        d.set(key, std::move(v));
    };
    return *this;
}

virtual_field& virtual_field::json_to_object(std::string key) {
    spec_.getter = [key](model_document& d) -> std::optional<value> {
        auto const found = d.get(key);
        return found ? std::optional<value>(value(to_json(*found, json_mode::plain))) : std::nullopt;
    };
    spec_.setter = [key = std::move(key), name = spec_.name](model_document& d, value v) {
        if (!v.is_null()) {
            auto const text = v.if_string();
            if (!text) {
                refuse(d, name, v, fmt::format("'{}' is set from JSON text", name));
            }
            try {
                v = parse_json(*text, json_dialect::plain);
            } catch (error const& e) {
                refuse(d, name, v, fmt::format("'{}' is set from JSON text: {}", name, e.message()));
            }
        }
        d.set(key, std::move(v));
    };
    return *this;
}

} // namespace cormorant
