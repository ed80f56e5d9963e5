#include "schema/compiled.hpp"

#include <cormorant/bson/json.hpp>
#include <cormorant/bson/path.hpp>
#include <cormorant/error/error.hpp>
#include <cormorant/schema/conversion.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace cormorant {

namespace {

using conversion = std::optional<value> (*)(value const&);

template <class Number>
std::optional<Number> parse_number(std::string_view text) noexcept {
    Number number{};
    auto const [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
    return code == std::errc() && end == text.data() + text.size() && !text.empty() ? std::optional(number) : std::nullopt;
}

std::optional<value> to_number(value const& v) {
    if (v.is_number()) {
        return v;
    }
    auto const text = v.if_string();
    if (!text) {
        return std::nullopt;
    }
    if (auto const small = parse_number<std::int32_t>(*text)) {
        return value(*small);
    }
    if (auto const whole = parse_number<std::int64_t>(*text)) {
        return value(*whole);
    }
    auto const real = parse_number<double>(*text);
    return real && std::isfinite(*real) ? std::optional<value>(value(*real)) : std::nullopt;
}

std::optional<value> to_decimal(value const& v) {
    if (v.is_decimal128()) {
        return v;
    }
    auto const text = v.is_number() ? std::optional<std::string>(to_json(v, json_mode::plain))
                                    : (v.is_string() ? std::optional<std::string>(v.as_string()) : std::nullopt);
    auto const parsed = text ? decimal128::try_parse(*text) : std::nullopt;
    return parsed ? std::optional<value>(value(*parsed)) : std::nullopt;
}

std::optional<value> to_boolean(value const& v) {
    if (v.is_bool()) {
        return v;
    }
    auto const text = v.is_number() ? std::optional<std::string>(to_json(v, json_mode::plain))
                                    : (v.is_string() ? std::optional<std::string>(v.as_string()) : std::nullopt);
    if (text == "true" || text == "yes" || text == "1") {
        return value(true);
    }
    if (text == "false" || text == "no" || text == "0") {
        return value(false);
    }
    return std::nullopt;
}

std::optional<value> to_date(value const& v) {
    if (v.is_date()) {
        return v;
    }
    auto milliseconds = v.if_int64();
    if (auto const text = v.if_string()) {
        milliseconds = parse_number<std::int64_t>(*text);
        if (!milliseconds) {
            auto const parsed = parse_iso8601(*text);
            return parsed ? std::optional<value>(value(*parsed)) : std::nullopt;
        }
    }
    return milliseconds ? std::optional<value>(value(datetime(std::chrono::milliseconds(*milliseconds)))) : std::nullopt;
}

std::optional<value> to_object_id(value const& v) {
    if (v.is_object_id()) {
        return v;
    }
    auto const text = v.if_string();
    auto const parsed = text ? object_id::parse(*text) : std::nullopt;
    return parsed ? std::optional<value>(value(*parsed)) : std::nullopt;
}

std::optional<value> to_text(value const& v) {
    switch (v.type()) {
    case bson_type::string:
        return v;
    case bson_type::object_id:
        return value(v.as_object_id().to_string());
    case bson_type::date:
        return value(to_iso8601(v.as_date()));
    case bson_type::decimal128:
        return value(v.as_decimal128().to_string());
    case bson_type::boolean:
    case bson_type::int32:
    case bson_type::int64:
    case bson_type::double_:
        return value(to_json(v, json_mode::plain));
    default:
        return std::nullopt;
    }
}

conversion find_conversion(std::string_view type) {
    struct entry {
        std::string_view name;
        conversion function;
    };
    static constexpr std::array<entry, 6> table{{
        {"number", &to_number},
        {"boolean", &to_boolean},
        {"date", &to_date},
        {"objectid", &to_object_id},
        {"string", &to_text},
        {"decimal", &to_decimal},
    }};
    auto const* const found = std::find_if(table.begin(), table.end(), [&](entry const& e) { return e.name == type; });
    if (found == table.end()) {
        throw error(errc::invalid_argument, fmt::format("there is no conversion to the type '{}'", type));
    }
    return found->function;
}

value convert(value v, std::string_view type, conversion function, std::string const& path) {
    if (v.is_null() || v.is_undefined()) {
        return v;
    }
    auto result = function(v);
    if (!result) {
        diagnostics details;
        details.path = path;
        details.value = shorten(v);
        throw error(errc::type_mismatch, fmt::format("the value cannot be converted to the type '{}'", type), std::move(details));
    }
    return std::move(*result);
}

/// What to do with the values at a path, and below it.
struct conversion_tree {
    std::string type;
    conversion function = nullptr;
    std::vector<std::pair<std::string, conversion_tree>> children;

    explicit conversion_tree() = default;
    explicit conversion_tree(document const& spec) { add(spec); }

    conversion_tree const* child(std::string_view key) const noexcept {
        conversion_tree const* any = nullptr;
        for (auto const& [name, tree] : children) {
            if (name == key) {
                return &tree;
            }
            if (name == "~") {
                any = &tree;
            }
        }
        return any;
    }

    /// Positions in arrays are no level.
    conversion_tree const* find(std::string_view path) const noexcept {
        auto const head = path_head(path);
        auto const* next = child(head);
        if (next == nullptr && path_position(head)) {
            next = this;
        }
        return next != nullptr && path_is_nested(path) ? next->find(path_rest(path)) : next;
    }

private:
    void add(document const& spec) {
        for (auto const& [path, target] : spec) {
            auto& tree = make(path);
            if (auto const* const nested = target.if_document()) {
                tree.add(*nested);
            } else if (auto const name = target.if_string()) {
                tree.type = *name;
                tree.function = find_conversion(*name);
            } else {
                diagnostics details;
                details.path = path;
                details.value = shorten(target);
                throw error(errc::invalid_argument, "a convert schema maps paths to names of types", std::move(details));
            }
        }
    }

    conversion_tree& make(std::string_view path) {
        auto const head = path_head(path);
        auto found = std::find_if(children.begin(), children.end(), [&](auto const& c) { return c.first == head; });
        if (found == children.end()) {
            found = children.insert(children.end(), {std::string(head), conversion_tree()});
        }
        return path_is_nested(path) ? found->second.make(path_rest(path)) : found->second;
    }
};

void convert_at(value& v, conversion_tree const& tree, std::string const& path);

void convert_fields(document& d, conversion_tree const& tree, std::string const& parent) {
    for (auto& member : d) {
        auto const key = member.key();
        if (key == "$and" || key == "$or" || key == "$nor") {
            if (auto* const parts = member.value().if_array()) {
                for (auto& part : *parts) {
                    if (auto* const filter = part.if_document()) {
                        convert_fields(*filter, tree, parent);
                    }
                }
            }
        } else if (auto const* const target = tree.find(key)) {
            convert_at(member.value(), *target, parent.empty() ? std::string(key) : fmt::format("{}.{}", parent, key));
        }
    }
}

void convert_items(value& v, conversion_tree const& tree, std::string const& path) {
    if (auto* const items = v.if_array()) {
        for (std::size_t i = 0; i < items->size(); ++i) {
            convert_at((*items)[i], tree, fmt::format("{}.{}", path, i));
        }
    } else {
        convert_at(v, tree, path);
    }
}

void convert_operators(document& operators, conversion_tree const& tree, std::string const& path) {
    static constexpr std::array<std::string_view, 11> comparing{
        "$eq", "$ne", "$gt", "$gte", "$lt", "$lte", "$in", "$nin", "$all", "$elemMatch", "$not"};
    static constexpr std::array<std::string_view, 3> passed_on{"$regex", "$options", "$type"};
    auto const is_one_of = [](auto const& names, std::string_view name) {
        return std::find(names.begin(), names.end(), name) != names.end();
    };
    for (auto& member : operators) {
        auto const name = member.key();
        auto const inner = fmt::format("{}.{}", path, name);
        auto& operand = member.value();
        if (is_one_of(comparing, name)) {
            convert_items(operand, tree, inner);
        } else if (name == "$exists") {
            operand = convert(std::move(operand), "boolean", &to_boolean, inner);
        } else if (name == "$size") {
            operand = convert(std::move(operand), "number", &to_number, inner);
        } else if (!is_one_of(passed_on, name)) {
            diagnostics details;
            details.path = path;
            details.value = shorten(operand);
            throw error(
                errc::invalid_argument, fmt::format("the operands of '{}' cannot be converted", name), std::move(details));
        }
    }
}

void convert_at(value& v, conversion_tree const& tree, std::string const& path) {
    if (v.is_array()) {
        convert_items(v, tree, path);
        return;
    }
    if (auto* const d = v.if_document()) {
        if (!d->empty() && d->begin()->key().starts_with('$')) {
            convert_operators(*d, tree, path);
            return;
        }
        if (!tree.children.empty()) {
            convert_fields(*d, tree, path);
            return;
        }
    }
    if (tree.function != nullptr) {
        v = convert(std::move(v), tree.type, tree.function, path);
    }
}

} // namespace

value convert_value(value v, std::string_view type) {
    auto const function = find_conversion(type);
    return convert(std::move(v), type, function, {});
}

document string_convert(document data, document const& spec) {
    convert_fields(data, conversion_tree(spec), {});
    return data;
}

object_id test_id(std::string_view text) {
    if (text.size() > object_id::size) {
        throw error(
            errc::invalid_argument, fmt::format("'{}' is longer than the {} bytes of an object id", text, object_id::size));
    }
    std::array<std::byte, object_id::size> bytes{};
    std::transform(text.begin(), text.end(), bytes.begin(), [](char c) { return static_cast<std::byte>(c); });
    return object_id(bytes);
}

value json_form(value v) {
    if (auto* const d = v.if_document()) {
        for (auto& member : *d) {
            member.value() = json_form(std::move(member.value()));
        }
    } else if (auto* const items = v.if_array()) {
        for (auto& item : *items) {
            item = json_form(std::move(item));
        }
    } else if (v.is_object_id()) {
        return v.as_object_id().to_string();
    } else if (v.is_date()) {
        return to_iso8601(v.as_date());
    }
    return v;
}

namespace detail {

namespace {

/// Null when nothing at or below the type can be converted.
value convert_node(field_type const& type) {
    switch (type.kind) {
    case type_kind::string:
        return "string";
    case type_kind::number:
    case type_kind::integer:
        return "number";
    case type_kind::boolean:
        return "boolean";
    case type_kind::date:
        return "date";
    case type_kind::object_id:
        return "objectid";
    case type_kind::decimal:
        return "decimal";
    case type_kind::array:
        return type.element ? convert_node(*type.element) : value();
    case type_kind::object: {
        auto inner = make_convert_schema(type.fields);
        return inner.empty() ? value() : value(std::move(inner));
    }
    case type_kind::map: {
        auto inner = type.element ? convert_node(*type.element) : value();
        return inner.is_null() ? std::move(inner) : value(doc("~", std::move(inner)));
    }
    default:
        return {};
    }
}

void flatten(document& out, document const& nested, std::string const& prefix) {
    for (auto const& [key, target] : nested) {
        auto const path = prefix.empty() ? std::string(key) : fmt::format("{}.{}", prefix, key);
        if (auto const* const inner = target.if_document()) {
            flatten(out, *inner, path);
        } else {
            out.append(path, target);
        }
    }
}

} // namespace

document make_convert_schema(std::vector<field_definition> const& fields) {
    document result;
    for (auto const& field : fields) {
        auto node = convert_node(field.type);
        if (!node.is_null()) {
            result.append(field.name, std::move(node));
        }
    }
    return result;
}

document flatten_convert_schema(document const& nested) {
    document result;
    flatten(result, nested, {});
    return result;
}

} // namespace detail

} // namespace cormorant
