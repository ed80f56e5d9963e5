#include "schema/failure.hpp"
#include "schema/prepare.hpp"

#include <cormorant/bson/json.hpp>
#include <cormorant/bson/path.hpp>
#include <cormorant/schema/schema.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace cormorant {

namespace {

using detail::compiled_type;
using detail::findings;
using detail::key_role;
using detail::place;

[[noreturn]] void refuse(std::string const& model, std::string message, std::string path, value const& v) {
    diagnostics details;
    details.model = model;
    details.path = std::move(path);
    details.value = shorten(v);
    throw error(errc::invalid_argument, std::move(message), std::move(details));
}

/// What a path of an update leads to.
struct target {
    enum class verdict {
        /// The path was refused, and the violation is noted.
        refused,
        /// Nothing is known of it, and it is allowed.
        free,
        /// It is never stored.
        dropped,
        /// It has a type.
        typed
    } what;
    compiled_type const* type = nullptr;
    /// The field itself; null when it is something inside of it.
    field_definition const* field = nullptr;
};

class operator_checker {
public:
    operator_checker(detail::compiled_schema const& schema, findings& out) : schema_(schema), out_(out) {}

    void run(document& delta) {
        for (auto it = delta.begin(); it != delta.end();) {
            auto const function = check_of(it->key());
            if (function == nullptr) {
                refuse(schema_.definition.name(), fmt::format("'{}' is no update operator", it->key()), std::string(it->key()),
                    it->value());
            }
            auto* const operands = it->value().if_document();
            if (operands == nullptr) {
                refuse(schema_.definition.name(), fmt::format("{} takes a document of paths", it->key()), std::string(it->key()),
                    it->value());
            }
            name_ = it->key();
            bool const emptied = run(*operands, function);
            // An update that had all its operators removed would replace the document.
            if (emptied && delta.size() > 1) {
                it = delta.erase(it);
            } else {
                ++it;
            }
        }
    }

private:
    using check = void (operator_checker::*)(target const&, value&, place const&);

    static check check_of(std::string_view name) {
        struct entry {
            std::string_view name;
            check function;
        };
        static constexpr std::array<entry, 15> table{{
            {"$set", &operator_checker::assign},
            {"$setOnInsert", &operator_checker::assign},
            {"$min", &operator_checker::assign},
            {"$max", &operator_checker::assign},
            {"$inc", &operator_checker::calculate},
            {"$mul", &operator_checker::calculate},
            {"$bit", &operator_checker::bits},
            {"$unset", &operator_checker::nothing},
            {"$rename", &operator_checker::rename},
            {"$currentDate", &operator_checker::current_date},
            {"$push", &operator_checker::append},
            {"$addToSet", &operator_checker::append},
            {"$pull", &operator_checker::take_out},
            {"$pullAll", &operator_checker::take_out},
            {"$pop", &operator_checker::take_out},
        }};
        auto const* const found = std::find_if(table.begin(), table.end(), [&](entry const& e) { return e.name == name; });
        return found == table.end() ? nullptr : found->function;
    }

    /// True when everything was dropped.
    bool run(document& operands, check function) {
        if (function == &operator_checker::nothing) // what is no longer declared is removed above all
            return false;
        bool const had_some = !operands.empty();
        for (auto it = operands.begin(); it != operands.end();) {
            place const at(it->key());
            auto const found = find(it->key(), at, it->value());
            if (found.what == target::verdict::dropped) {
                it = operands.erase(it);
                continue;
            }
            if (found.what == target::verdict::typed) {
                (this->*function)(found, it->value(), at);
            }
            ++it;
        }
        return had_some && operands.empty();
    }

    target find(std::string_view path, place const& at, value const& v) {
        auto const role = schema_.role_of(path_head(path));
        if (role.what == key_role::kind::unknown) {
            return undeclared(schema_.definition.extra_keys(), at, v, "is not a field of the model", errc::unknown_field);
        }
        if (role.what != key_role::kind::field || !schema_.definition.fields()[role.position].persist) {
            return {target::verdict::dropped};
        }
        compiled_type const* type = &schema_.types[role.position];
        auto const* const field = path_is_nested(path) ? nullptr : &schema_.definition.fields()[role.position];
        while (path_is_nested(path)) {
            path = path_rest(path);
            auto const segment = path_head(path);
            auto const& description = type->description();
            switch (description.kind) {
            case type_kind::any:
                return {target::verdict::free};
            case type_kind::unknown:
                out_.unknown_type(at, description.unknown_name);
            case type_kind::object:
                if (type->step(segment) == nullptr) {
                    return undeclared(description.extra, at, v, "is not a declared key of the object", errc::validation);
                }
                break;
            case type_kind::array:
                if (!detail::is_item(segment)) {
                    out_.add(at, "type", fmt::format("leads into an array, whose items have positions, not '{}'", segment), &v);
                    return {target::verdict::refused};
                }
                break;
            case type_kind::map:
                break;
            default:
                out_.add(
                    at, "type", fmt::format("leads into a value of type {}, which has no keys", to_string(description.kind)), &v);
                return {target::verdict::refused};
            }
            type = type->step(segment);
            if (type == nullptr) {
                return {target::verdict::free};
            }
        }
        return {target::verdict::typed, type, field};
    }

    target undeclared(extra_keys policy, place const& at, value const& v, char const* message, errc code) {
        switch (policy) {
        case extra_keys::allow:
            return {target::verdict::free};
        case extra_keys::remove:
            return {target::verdict::dropped};
        case extra_keys::refuse:
            break;
        }
        out_.add(at, "unknown_field", message, &v, code);
        return {target::verdict::refused};
    }

    void assign(target const& t, value& v, place const& at) {
        auto const* const empties = schema_.empties();
        if (empties != nullptr && empties->is_empty(t.type->description().kind, v)) {
            if (t.field != nullptr && t.field->required) {
                out_.add(at, "required", "is required", &v, errc::required);
            }
        } else if (t.field == nullptr || !v.is_null()) {
            t.type->check(v, at, out_);
        }
    }

    void calculate(target const& t, value& v, place const& at) {
        auto const kind = t.type->description().kind;
        bool const whole = kind == type_kind::integer;
        if (!whole && kind != type_kind::number && kind != type_kind::decimal && kind != type_kind::any) {
            unfit(t, v, at);
        } else if (whole ? !v.if_int64().has_value() : !v.is_number()) {
            out_.add(at, "type", fmt::format("takes {} for {}", whole ? "an integer" : "a number", name_), &v);
        }
    }

    void bits(target const& t, value& v, place const& at) {
        fits(t, v, at, {type_kind::integer, type_kind::number, type_kind::any});
    }

    void current_date(target const& t, value& v, place const& at) { fits(t, v, at, {type_kind::date, type_kind::any}); }

    void take_out(target const& t, value& v, place const& at) { fits(t, v, at, {type_kind::array, type_kind::any}); }

    void append(target const& t, value& v, place const& at) {
        if (!fits(t, v, at, {type_kind::array, type_kind::any}) || t.type->element() == nullptr) {
            return;
        }
        auto* const modifiers = v.if_document();
        auto* const each = modifiers == nullptr ? nullptr : modifiers->find("$each");
        auto* const items = each == nullptr ? nullptr : each->if_array();
        if (items == nullptr) {
            t.type->element()->check(v, at, out_);
            return;
        }
        for (std::size_t i = 0; i < items->size(); ++i) {
            t.type->element()->check((*items)[i], place(i, &at), out_);
        }
    }

    void rename(target const&, value& v, place const& at) {
        auto const name = v.if_string();
        if (!name) {
            out_.add(at, "type", "takes the new name for $rename", &v);
            return;
        }
        if (find(*name, place(*name), v).what == target::verdict::dropped) {
            out_.add(at, "type", fmt::format("cannot become '{}', which is not stored", *name), &v);
        }
    }

    void nothing(target const&, value&, place const&) {}

    bool fits(target const& t, value const& v, place const& at, std::initializer_list<type_kind> kinds) {
        bool const fit = std::find(kinds.begin(), kinds.end(), t.type->description().kind) != kinds.end();
        if (!fit) {
            unfit(t, v, at);
        }
        return fit;
    }

    void unfit(target const& t, value const& v, place const& at) {
        auto const& description = t.type->description();
        if (description.kind == type_kind::unknown) {
            out_.unknown_type(at, description.unknown_name);
        }
        out_.add(at, "type", fmt::format("is of type {}, which {} cannot change", to_string(description.kind), name_), &v);
    }

    detail::compiled_schema const& schema_;
    findings& out_;
    std::string_view name_;
};

/// The type at the path of an operand, without a word about a path that leads nowhere.
compiled_type const* type_of(detail::compiled_schema const& schema, std::string_view path) {
    auto const role = schema.role_of(path_head(path));
    if (role.what != key_role::kind::field || !schema.definition.fields()[role.position].persist) {
        return nullptr;
    }
    compiled_type const* type = &schema.types[role.position];
    while (type != nullptr && path_is_nested(path)) {
        path = path_rest(path);
        type = type->step(path_head(path));
    }
    return type;
}

bool is_operator(document::member const& m) {
    return m.key().starts_with('$');
}

} // namespace

namespace detail {

update_kind form_of(std::string const& model, value const& delta) {
    if (delta.is_array()) {
        return update_kind::pipeline;
    }
    auto const* const d = delta.if_document();
    if (d == nullptr) {
        refuse(model, "an update is a document or a pipeline", {}, delta);
    }
    auto const operators = std::count_if(d->begin(), d->end(), is_operator);
    if (operators == 0) {
        return update_kind::replacement;
    }
    if (static_cast<std::size_t>(operators) != d->size()) {
        auto const* const other = std::find_if_not(d->begin(), d->end(), is_operator);
        refuse(model, fmt::format("an update has operators or fields, not both: '{}'", other->key()), std::string(other->key()),
            other->value());
    }
    return update_kind::operators;
}

void fill_operands(compiled_schema const& compiled, document& delta) {
    auto const* const empties = compiled.empties();
    if (empties == nullptr) {
        return;
    }
    for (auto const name : {"$set", "$setOnInsert"}) {
        auto* const found = delta.find(name);
        auto* const operands = found == nullptr ? nullptr : found->if_document();
        if (operands == nullptr) {
            continue;
        }
        for (auto& member : *operands) {
            auto const role = compiled.role_of(member.key());
            if (role.what != key_role::kind::field) {
                continue;
            }
            auto const& field = compiled.definition.fields()[role.position];
            if (field.has_default() && empties->is_empty(field.type.kind, member.value())) {
                auto v = make_default(field, *operands, nullptr);
                compiled.types[role.position].complete(v);
                member.value() = std::move(v);
            }
        }
    }
}

void validate_operators(compiled_schema const& compiled, document& delta, std::vector<violation>& violations) {
    findings out(compiled.definition.name(), violations);
    operator_checker(compiled, out).run(delta);
}

void collect_operand_rules(compiled_schema const& compiled, document& delta, rule_kind kind, std::vector<rule_call>& out) {
    static constexpr std::array<std::string_view, 4> assigning{"$set", "$setOnInsert", "$min", "$max"};
    static constexpr std::array<std::string_view, 2> appending{"$push", "$addToSet"};
    for (auto& op : delta) {
        auto* const operands = op.value().if_document();
        bool const assigns = std::find(assigning.begin(), assigning.end(), op.key()) != assigning.end();
        bool const appends = std::find(appending.begin(), appending.end(), op.key()) != appending.end();
        if (operands == nullptr || !(assigns || appends)) {
            continue;
        }
        for (auto& member : *operands) {
            auto const* type = type_of(compiled, member.key());
            auto& v = member.value();
            if (type == nullptr || (assigns && v.is_null())) {
                continue;
            }
            if (assigns) {
                type->collect(v, std::string(member.key()), kind, out);
                continue;
            }
            type = type->element();
            auto* const modifiers = v.if_document();
            auto* const each = modifiers == nullptr ? nullptr : modifiers->find("$each");
            auto* const items = each == nullptr ? nullptr : each->if_array();
            if (type == nullptr) {
                continue;
            }
            if (items == nullptr) {
                type->collect(v, std::string(member.key()), kind, out);
                continue;
            }
            for (std::size_t i = 0; i < items->size(); ++i) {
                type->collect((*items)[i], fmt::format("{}.{}", member.key(), i), kind, out);
            }
        }
    }
}

} // namespace detail

} // namespace cormorant
