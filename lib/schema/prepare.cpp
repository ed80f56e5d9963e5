#include "schema/prepare.hpp"

#include <cormorant/schema/model_document.hpp>
#include <cormorant/schema/schema.hpp>

#include <algorithm>

namespace cormorant {

namespace {

using detail::key_role;

/// True when nothing is left of the value.
bool strip(value& v);

void strip(array& items) {
    auto const kept = std::remove_if(items.begin(), items.end(), [](value& item) { return strip(item); });
    items.erase(kept, items.end());
}

bool strip(value& v) {
    switch (v.type()) {
    case bson_type::string:
        return v.as_string().empty();
    case bson_type::document:
        strip_empty(v.as_document());
        return v.as_document().empty();
    case bson_type::array:
        strip(v.as_array());
        return v.as_array().empty();
    case bson_type::undefined:
        return true;
    default:
        return false;
    }
}

/// Puts data through the setters of virtuals, in the order of its keys.
void assign(schema const& s, detail::compiled_schema const& compiled, document& doc) {
    document data(doc.get_storage());
    data.swap(doc);
    model_document target(s, doc);
    for (auto& member : data) {
        auto const role = compiled.role_of(member.key());
        if (role.what == key_role::kind::method) {
            continue;
        }
        if (role.what == key_role::kind::virtual_field) {
            auto const& v = compiled.definition.virtuals()[role.position];
            if (!v.setter && !v.writable) {
                continue;
            }
        }
        target.set(member.key(), std::move(member.value()));
    }
}

} // namespace

void strip_empty(document& doc) {
    for (auto it = doc.begin(); it != doc.end();) {
        if (strip(it->value())) {
            it = doc.erase(it);
        } else {
            ++it;
        }
    }
}

void schema::make(document& doc, make_options options) const {
    auto const& compiled = *compiled_;
    auto const& all = fields();
    auto const* const empties = compiled.empties();
    detail::field_set present(all.size());
    bool plain = true;
    auto const look = [&] {
        std::size_t next = 0;
        for (auto const& member : doc) {
            auto const role = compiled.role_of(member.key(), next);
            if (role.what == key_role::kind::field) {
                if (empties == nullptr || !empties->is_empty(all[role.position].type.kind, member.value())) {
                    present.insert(role.position);
                }
            } else if (role.what != key_role::kind::unknown) {
                plain = false;
            }
        }
    };
    look();
    if (!plain) {
        assign(*this, compiled, doc);
        look();
    }
    auto const is_given = [&](std::size_t position) { return present.contains(position); };
    bool const fill = options.fill_defaults && !std::ranges::all_of(compiled.with_default, is_given);
    auto const& on_init = definition().on_init();
    if (!fill && !on_init) {
        return;
    }
    model_document view(*this, doc);
    if (fill) {
        for (auto const position : compiled.with_default) {
            if (is_given(position)) {
                continue;
            }
            auto const& field = all[position];
            if (empties != nullptr && !detail::is_missing(empties, field.type.kind, doc.find(field.name))) {
                continue;
            }
            auto v = detail::make_default(field, doc, &view);
            compiled.types[position].complete(v);
            // The function may have put it there itself.
            doc.set(field.name, std::move(v));
        }
    }
    if (on_init) {
        on_init(view);
    }
}

namespace detail {

void validate_document(
    compiled_schema const& compiled, document& doc, prepare_options options, std::vector<violation>& violations) {
    auto const& definition = compiled.definition;
    auto const& all = definition.fields();
    auto const* const empties = compiled.empties();
    detail::findings findings(definition.name(), violations);
    field_set present(all.size());
    std::size_t next = 0;
    for (auto it = doc.begin(); it != doc.end();) {
        auto const role = compiled.role_of(it->key(), next);
        bool drop = false;
        switch (role.what) {
        case key_role::kind::field: {
            auto const& field = all[role.position];
            bool const empty = empties != nullptr && empties->is_empty(field.type.kind, it->value());
            // A field that is not persisted counts as given, so that it can be required of the caller.
            if (!empty) {
                present.insert(role.position);
            }
            if (!field.persist) {
                drop = options.validate;
            } else if (options.validate && !empty && !it->value().is_null()) {
                compiled.types[role.position].check(it->value(), place(it->key()), findings);
            }
            break;
        }
        case key_role::kind::virtual_field:
        case key_role::kind::method:
            drop = options.validate;
            break;
        case key_role::kind::unknown:
            if (options.validate) {
                drop = definition.extra_keys() == extra_keys::remove;
                if (definition.extra_keys() == extra_keys::refuse) {
                    findings.add(
                        place(it->key()), "unknown_field", "is not a field of the model", &it->value(), errc::unknown_field);
                }
            }
            break;
        }
        if (drop) {
            it = doc.erase(it);
        } else {
            ++it;
        }
    }
    if (!options.check_required) {
        return;
    }
    for (auto const position : compiled.required) {
        auto const& field = all[position];
        if (!present.contains(position) && (empties == nullptr || is_missing(empties, field.type.kind, doc.find(field.name)))) {
            findings.add(place(field.name), "required", "is required", nullptr, errc::required);
        }
    }
}

void collect_rules(compiled_schema const& compiled, document& doc, rule_kind kind, std::vector<rule_call>& out) {
    for (auto const position : kind == rule_kind::transform ? compiled.with_transforms : compiled.with_checks) {
        auto const& name = compiled.definition.fields()[position].name;
        auto* const v = doc.find(name);
        if (v != nullptr && !v->is_null()) {
            compiled.types[position].collect(*v, name, kind, out);
        }
    }
}

} // namespace detail

} // namespace cormorant
