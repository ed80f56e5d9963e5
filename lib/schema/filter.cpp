#include "schema/filter.hpp"

#include "schema/compiled.hpp"

#include <cormorant/bson/path.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

namespace cormorant {

namespace detail {

// --- reach -----------------------------------------------------------------------------------------------------------

namespace {

bool has_operators(document const& d) noexcept {
    return !d.empty() && d.begin()->key().starts_with('$');
}

reach both(reach a, reach b) noexcept {
    return std::min(a, b);
}
reach either(reach a, reach b) noexcept {
    return std::max(a, b);
}
reach opposite(reach r) noexcept {
    return r == reach::some ? r : (r == reach::none ? reach::every : reach::none);
}
reach when(bool truth) noexcept {
    return truth ? reach::every : reach::none;
}

/// As the server sees a value that has to be true or false.
bool is_true(value const& v) noexcept {
    if (auto const number = v.if_double()) {
        return *number != 0;
    }
    return v.if_bool().value_or(!v.is_null() && !v.is_undefined());
}

reach of_filter(document const& filter, std::string_view key) noexcept;

/// Of the parts of `$and`, `$or`, `$nor`. Without parts the store refuses it.
template <class Join>
reach of_parts(value const& v, std::string_view key, reach neutral, Join join) noexcept {
    auto const* const parts = v.if_array();
    if (parts == nullptr || parts->empty()) {
        return reach::some;
    }
    reach result = neutral;
    for (auto const& part : *parts) {
        auto const* const d = part.if_document();
        result = join(result, d == nullptr ? reach::some : of_filter(*d, key));
    }
    return result;
}

/// Of an expression: its answer where it is the same for every document.
reach of_expression(value const& e) noexcept {
    if (auto const text = e.if_string()) {
        return text->starts_with('$') ? reach::some : reach::every;
    }
    auto const* const d = e.if_document();
    if (d == nullptr) {
        return e.is_array() ? reach::every : when(is_true(e));
    }
    if (d->size() != 1) {
        return reach::some;
    }
    auto const name = d->begin()->key();
    auto const& operand = d->begin()->value();
    if (name == "$literal") {
        return when(is_true(operand));
    }
    auto const* const operands = operand.if_array();
    if (name == "$not") {
        return opposite(of_expression(operands != nullptr && operands->size() == 1 ? (*operands)[0] : operand));
    }
    if (operands == nullptr) {
        return reach::some;
    }
    if (name == "$and" || name == "$or") {
        reach result = when(name == "$and");
        for (auto const& part : *operands) {
            result = name == "$and" ? both(result, of_expression(part)) : either(result, of_expression(part));
        }
        return result;
    }
    if (operands->size() == 2 && (*operands)[0] == (*operands)[1]) {
        if (name == "$eq" || name == "$gte" || name == "$lte") {
            return reach::every;
        }
        if (name == "$ne" || name == "$gt" || name == "$lt") {
            return reach::none;
        }
    }
    return reach::some;
}

/// Of the operators that a path is compared with. `always`: every document has a value there.
reach of_operators(document const& operators, bool always) noexcept {
    reach result = reach::every;
    for (auto const& member : operators) {
        auto const name = member.key();
        auto const& v = member.value();
        auto const* const list = v.if_array();
        reach one = reach::some;
        if (list != nullptr && list->empty() && (name == "$in" || name == "$all")) {
            one = reach::none;
        } else if (list != nullptr && list->empty() && name == "$nin") {
            one = reach::every;
        } else if (auto const* const inner = v.if_document(); inner != nullptr && name == "$not") {
            one = opposite(of_operators(*inner, always));
        } else if (always && name == "$exists") {
            one = when(is_true(v));
        } else if (always && name == "$ne" && v.is_null()) {
            one = reach::every;
        } else if ((v.is_min_key() && (name == "$gte" || name == "$gt")) ||
                   (v.is_max_key() && (name == "$lte" || name == "$lt"))) {
            one = reach::every;
        } else if (name == "$options") {
            one = reach::every; // belongs to $regex
        }
        result = both(result, one);
    }
    return result;
}

reach of_filter(document const& filter, std::string_view key) noexcept {
    reach result = reach::every;
    for (auto const& member : filter) {
        auto const name = member.key();
        auto const& v = member.value();
        reach one = reach::some;
        if (!name.starts_with('$')) {
            auto const* const d = v.if_document();
            if (d != nullptr && has_operators(*d)) {
                one = of_operators(*d, name == "_id" || name == key);
            }
        } else if (name == "$and") {
            one = of_parts(v, key, reach::every, both);
        } else if (name == "$or") {
            one = of_parts(v, key, reach::none, either);
        } else if (name == "$nor") {
            one = opposite(of_parts(v, key, reach::none, either));
        } else if (name == "$expr") {
            one = of_expression(v);
        } else if (name == "$comment" || name == "$alwaysTrue") {
            one = reach::every;
        } else if (name == "$alwaysFalse") {
            one = reach::none;
        } else if (name == "$sampleRate") {
            one = v.if_double().value_or(0) >= 1 ? reach::every : reach::some;
        } else if (auto const* const d = name == "$jsonSchema" ? v.if_document() : nullptr) {
            one = d->empty() ? reach::every : reach::some;
        }
        result = both(result, one);
    }
    return result;
}

} // namespace

reach reach_of(document const& filter, std::string_view key) noexcept {
    return of_filter(filter, key);
}

// --- paths -----------------------------------------------------------------------------------------------------------

namespace {

/// Changes (an insertion, a removal, a replacement, two neighbours swapped) between two names.
std::size_t distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> before(b.size() + 1);
    std::vector<std::size_t> last(b.size() + 1);
    std::vector<std::size_t> row(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j) {
        last[j] = j;
    }
    for (std::size_t i = 1; i <= a.size(); ++i) {
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)});
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
                row[j] = std::min(row[j], before[j - 2] + 1);
            }
        }
        before.swap(last);
        last.swap(row);
    }
    return last[b.size()];
}

constexpr std::size_t longest_name_compared = 64;

/// The name that was probably meant, empty when none is near.
std::string_view nearest(std::string_view name, std::vector<field_definition> const& fields) {
    std::string_view found;
    if (name.size() > longest_name_compared) {
        return found;
    }
    std::size_t least = std::max<std::size_t>(1, name.size() / 3) + 1;
    for (auto const& field : fields) {
        auto const d = field.name.size() > longest_name_compared || !field.persist ? least : distance(name, field.name);
        if (d < least && d < name.size()) {
            least = d;
            found = field.name;
        }
    }
    return found;
}

/// Looks for the first path of a filter that is not declared. A level is the type that paths start from: null for the model.
class path_finder {
public:
    explicit path_finder(compiled_schema const& s) noexcept : schema_(s) {}

    std::optional<violation> filter(document const& f, compiled_type const* level, std::string_view above) const {
        for (auto const& member : f) {
            auto const name = member.key();
            auto const& v = member.value();
            std::optional<violation> found;
            if (!name.starts_with('$')) {
                auto const end = resolve(name, level);
                if (end.unknown) {
                    found = fault(name, level, above);
                } else if (end.type != nullptr && v.is_document()) { // else anything may be there, or nothing is named
                    found = condition(v, end.type, join(above, name));
                }
            } else if (name == "$expr") {
                found = expression(v);
            } else if (joins_filters(name)) {
                if (auto const* const parts = v.if_array()) {
                    for (std::size_t i = 0; i < parts->size() && !found; ++i) {
                        if (auto const* const d = (*parts)[i].if_document()) {
                            found = filter(*d, level, above);
                        }
                    }
                }
            }
            if (found) {
                return found;
            }
        }
        return std::nullopt;
    }

    std::optional<violation> path(std::string_view p) const {
        return resolve(p, nullptr).unknown ? std::optional(fault(p, nullptr, {})) : std::nullopt;
    }

private:
    /// Where a path ends. Neither unknown nor with a type: anything may be there.
    struct end_of_path {
        compiled_type const* type = nullptr;
        bool unknown = false;
    };

    bool is_open() const noexcept { return schema_.definition.extra_keys() == extra_keys::allow; }

    /// One segment down from a type; items of arrays are reached with and without their position.
    static end_of_path step(compiled_type const* type, std::string_view segment) noexcept {
        for (;;) {
            auto const& description = type->description();
            switch (description.kind) {
            case type_kind::any:
            case type_kind::unknown:
                return {};
            case type_kind::object: {
                auto const* const below = type->step(segment);
                return {below, below == nullptr && description.extra != extra_keys::allow};
            }
            case type_kind::map:
                return {type->element(), false};
            case type_kind::array:
                if (type->element() == nullptr) {
                    return {};
                }
                if (path_position(segment)) {
                    return {type->element(), false};
                }
                type = type->element();
                break;
            default:
                return {nullptr, true};
            }
        }
    }

    end_of_path resolve(std::string_view p, compiled_type const* level) const noexcept {
        end_of_path at{level, false};
        if (level == nullptr) {
            auto const head = path_head(p);
            auto const role = schema_.role_of(head == "_id" ? std::string_view(schema_.definition.key()) : head);
            if (role.what == key_role::kind::unknown) {
                return {nullptr, !is_open()};
            }
            if (role.what != key_role::kind::field || !schema_.definition.fields()[role.position].persist) {
                return {nullptr, true};
            }
            at.type = &schema_.types[role.position];
            if (!path_is_nested(p)) {
                return at;
            }
            p = path_rest(p);
        }
        for (;; p = path_rest(p)) {
            at = step(at.type, path_head(p));
            if (at.unknown || at.type == nullptr || !path_is_nested(p)) {
                return at;
            }
        }
    }

    std::optional<violation> condition(value const& v, compiled_type const* type, std::string const& above) const {
        auto const* const d = v.if_document();
        if (d == nullptr) {
            return std::nullopt;
        }
        return has_operators(*d) ? operators(*d, type, above) : literal(*d, type, above);
    }

    static bool joins_filters(std::string_view name) noexcept { return name == "$and" || name == "$or" || name == "$nor"; }

    std::optional<violation> operators(document const& d, compiled_type const* type, std::string const& above) const {
        for (auto const& member : d) {
            auto const name = member.key();
            auto const& v = member.value();
            std::optional<violation> found;
            if (name == "$elemMatch") {
                auto const* const inner = v.if_document();
                auto const* const item = type->description().kind == type_kind::array ? type->element() : nullptr;
                if (inner != nullptr && item != nullptr) {
                    found = has_operators(*inner) && !joins_filters(inner->begin()->key()) ? operators(*inner, item, above)
                                                                                           : filter(*inner, item, above);
                }
            } else if (name == "$not" || name == "$eq" || name == "$ne") {
                found = condition(v, type, above);
            } else if (name == "$in" || name == "$nin" || name == "$all") {
                if (auto const* const items = v.if_array()) {
                    for (std::size_t i = 0; i < items->size() && !found; ++i) {
                        found = condition((*items)[i], type, above);
                    }
                }
            }
            if (found) {
                return found;
            }
        }
        return std::nullopt;
    }

    /// A document that a value is compared with as a whole: with a key that is not declared it is equal to none.
    std::optional<violation> literal(document const& d, compiled_type const* type, std::string const& above) const {
        while (type != nullptr && type->description().kind == type_kind::array) {
            type = type->element();
        }
        if (type == nullptr || type->description().kind != type_kind::object) {
            return std::nullopt;
        }
        for (auto const& member : d) {
            auto const below = step(type, member.key());
            if (below.unknown) {
                return fault(member.key(), type, above);
            }
            auto const* const inner = member.value().if_document();
            if (inner != nullptr && below.type != nullptr) {
                if (auto found = literal(*inner, below.type, join(above, member.key()))) {
                    return found;
                }
            }
        }
        return std::nullopt;
    }

    /// Expressions name what is stored, `"$a.b"`.
    std::optional<violation> expression(value const& v) const {
        if (auto const text = v.if_string()) {
            auto p = *text;
            if (p.starts_with("$$")) {
                auto const variable = path_head(p);
                p = variable == "$$ROOT" || variable == "$$CURRENT" ? path_rest(p) : std::string_view();
            } else {
                p = p.starts_with('$') ? p.substr(1) : std::string_view();
            }
            if (p.empty()) {
                return std::nullopt;
            }
            if (schema_.translation == nullptr) {
                return path(p);
            }
            if (schema_.translation->stored_path(p) != p && schema_.translation->property_path(p) == p) {
                auto found = fault(p, nullptr, {});
                found.message =
                    fmt::format("is stored as '{}', which is what expressions name", schema_.translation->stored_path(p));
                return found;
            }
            auto found = path(schema_.translation->property_path(p));
            return found;
        }
        if (auto const* const items = v.if_array()) {
            for (auto const& item : *items) {
                if (auto found = expression(item)) {
                    return found;
                }
            }
        } else if (auto const* const d = v.if_document()) {
            for (auto const& member : *d) {
                if (member.key() == "$literal") {
                    continue;
                }
                if (auto found = expression(member.value())) {
                    return found;
                }
            }
        }
        return std::nullopt;
    }

    static std::string join(std::string_view above, std::string_view name) {
        return above.empty() ? std::string(name) : fmt::format("{}.{}", above, name);
    }

    /// What is wrong with a path that was found to be unknown.
    violation fault(std::string_view p, compiled_type const* level, std::string_view above) const {
        violation result;
        result.path = join(above, p);
        result.code = errc::unknown_field;
        result.rule = "unknown_path";
        result.message = reason(p, level, std::string(above));
        return result;
    }

    std::string reason(std::string_view p, compiled_type const* level, std::string above) const {
        auto const& d = schema_.definition;
        auto segment = path_head(p);
        std::vector<field_definition> const* fields = &d.fields();
        if (level == nullptr) {
            auto const name = segment == "_id" ? std::string_view(d.key()) : segment;
            auto const role = schema_.role_of(name);
            if (role.what == key_role::kind::virtual_field) {
                auto const relation = schema_.relations.find(segment);
                return relation == name_table::npos ? "is a virtual, of which nothing is stored"
                                                    : fmt::format("is a relationship, of which only the key '{}' is stored",
                                                          d.relations()[relation].left_key);
            }
            if (role.what == key_role::kind::method) {
                return "is a method, of which nothing is stored";
            }
            if (role.what == key_role::kind::field) {
                if (!d.fields()[role.position].persist) {
                    return "is a field that is never stored";
                }
                level = &schema_.types[role.position];
                above = join(above, segment);
                p = path_rest(p);
                segment = path_head(p);
            } else if (schema_.translation != nullptr && schema_.translation->property_path(segment) != segment) {
                return fmt::format(
                    "is the column of the field '{}', which is what filters name", schema_.translation->property_path(segment));
            }
        }
        while (level != nullptr) { // to the object that lacks the key
            auto const at = step(level, segment);
            if (at.unknown || at.type == nullptr) {
                break;
            }
            level = at.type;
            above = join(above, segment);
            p = path_rest(p);
            segment = path_head(p);
        }
        if (level != nullptr) {
            auto const* type = level;
            while (type->description().kind == type_kind::array && type->element() != nullptr) {
                type = type->element();
            }
            if (type->description().kind != type_kind::object) {
                return fmt::format("leads into a value of type {}, which has no keys", to_string(type->description().kind));
            }
            fields = &type->description().fields;
        }
        auto const near = nearest(segment, *fields);
        return near.empty() ? std::string("is not declared") : fmt::format("is not declared: is '{}' meant?", join(above, near));
    }

    compiled_schema const& schema_;
};

} // namespace

} // namespace detail

std::optional<violation> schema::unknown_path(document const& filter) const {
    return detail::path_finder(*compiled_).filter(filter, nullptr, {});
}

std::optional<violation> schema::unknown_path(std::string_view path) const {
    return detail::path_finder(*compiled_).path(path);
}

} // namespace cormorant
