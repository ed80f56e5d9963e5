#include "schema/compiled.hpp"

#include <cormorant/bson/json.hpp>
#include <cormorant/bson/path.hpp>
#include <cormorant/schema/conversion.hpp>
#include <cormorant/schema/model_document.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace cormorant {

namespace {

[[noreturn]] void fail(errc code, schema const& s, std::string_view key, std::string message) {
    diagnostics details;
    details.model = s.name();
    details.path = key;
    throw error(code, std::move(message), std::move(details));
}

std::optional<value> copy_at(value const& from, std::string_view path) {
    auto const* const found = get_path(from, path);
    return found == nullptr ? std::nullopt : std::optional<value>(*found);
}

/// Notes that a virtual is being computed or set, as long as it lives.
class running {
public:
    running(std::vector<virtual_definition const*>& all, schema const& s, virtual_definition const& v) : all_(all) {
        if (std::find(all.begin(), all.end(), &v) != all.end()) {
            fail(errc::definition, s, v.name, fmt::format("the virtual '{}' depends on itself", v.name));
        }
        all.push_back(&v);
    }
    running(running const&) = delete;
    running& operator=(running const&) = delete;
    ~running() { all_.pop_back(); }

private:
    std::vector<virtual_definition const*>& all_;
};

} // namespace

std::optional<value> model_document::get(std::string_view path) {
    auto const head = path_head(path);
    auto const rest = path_rest(path);
    bool const nested = path_is_nested(path);
    if (auto* const own = data_.find(head)) {
        if (!nested) {
            return *own;
        }
        auto const* const r = schema_.relation(head);
        return r == nullptr ? copy_at(*own, rest) : get_related(*r, *own, rest);
    }
    auto const* const v = schema_.find_virtual(head);
    if (v == nullptr) {
        return std::nullopt;
    }
    if (strict_loading_) {
        if (auto const* const r = schema_.relation(head)) {
            require_populated(*r);
        }
    }
    auto result = evaluate(*v);
    return nested && result ? copy_at(*result, rest) : result;
}

void model_document::require_populated(relation_definition const& r) const {
    auto const* const reference = get_path(data_, r.left_key);
    if (reference == nullptr || reference->is_null() || (reference->is_array() && reference->as_array().empty())) {
        return;
    }
    diagnostics details;
    details.model = schema_.name();
    details.path = r.name;
    throw error(errc::not_populated,
        fmt::format(
            "the relationship '{0}' was not populated: ask for it with hooks(\"afterFind_{0}\") or fields(\"{0}\")", r.name),
        std::move(details));
}

std::optional<value> model_document::get_related(relation_definition const& r, value& from, std::string_view path) {
    if (auto* const d = from.if_document()) {
        if (auto const other = schema_of(r, *d)) {
            model_document related(*other, *d);
            return related.strict_loading(strict_loading_ || other->strict_loading()).get(path);
        }
        return copy_at(from, path);
    }
    auto* const items = from.if_array();
    auto const position = path_position(path_head(path));
    if (items == nullptr || !position || *position >= items->size()) {
        return std::nullopt;
    }
    auto& item = (*items)[*position];
    return path_is_nested(path) ? get_related(r, item, path_rest(path)) : std::optional<value>(item);
}

std::shared_ptr<schema const> model_document::schema_of(relation_definition const& r, document const& related) const {
    if (!r.polymorphic || r.inverse) {
        return schema_.related(r.model);
    }
    if (!r.discriminator.empty()) {
        auto const* const model = get_path(data_, r.discriminator);
        return model != nullptr && model->is_string() ? schema_.related(model->as_string()) : nullptr;
    }
    auto const* const references = data_.find(r.left_key);
    if (references == nullptr) {
        return nullptr;
    }
    auto const model_of = [&](value const& reference) -> std::shared_ptr<cormorant::schema const> {
        auto const* const target = get_path(reference, "id");
        auto const* const model = get_path(reference, "modelName");
        auto found = target != nullptr && model != nullptr && model->is_string() ? schema_.related(model->as_string()) : nullptr;
        auto const* const id = found ? get_path(related, found->property(r.right_key)) : nullptr;
        return id != nullptr && *id == *target ? found : nullptr;
    };
    auto const* const list = references->if_array();
    if (list == nullptr) {
        return model_of(*references);
    }
    for (auto const& reference : *list) {
        if (auto found = model_of(reference)) {
            return found;
        }
    }
    return nullptr;
}

std::optional<value> model_document::evaluate(virtual_definition const& v) {
    if (!v.getter) {
        return std::nullopt;
    }
    auto const known = std::find_if(cache_.begin(), cache_.end(), [&](cached_value const& c) { return c.owner == &v; });
    if (known != cache_.end()) {
        return known->result;
    }
    running const mark(running_, schema_, v);
    auto result = v.getter(*this);
    if (v.cache) {
        cache_.push_back({&v, result});
    }
    return result;
}

std::string model_document::text(std::string_view path) {
    auto const found = get(path);
    if (!found || found->is_null()) {
        return {};
    }
    if (auto const own = found->if_string()) {
        return std::string(*own);
    }
    auto json = cormorant::to_json(*found, json_mode::plain);
    // Dates, ids, decimals... are strings in JSON.
    return json.starts_with('"') ? json.substr(1, json.size() - 2) : json;
}

model_document& model_document::set(std::string_view key, value v) {
    if (auto const* const target = schema_.find_virtual(key)) {
        if (target->setter) {
            running const mark(running_, schema_, *target);
            target->setter(*this, std::move(v));
            return *this;
        }
        if (!target->writable) {
            fail(errc::invalid_argument, schema_, key, fmt::format("the virtual '{}' cannot be set", key));
        }
    } else if (schema_.document_method(key) != nullptr) {
        fail(errc::invalid_argument, schema_, key, fmt::format("'{}' is a method of the document", key));
    }
    data_.set(key, std::move(v));
    return *this;
}

value model_document::call(std::string_view method, array const& args) {
    auto const* const found = schema_.document_method(method);
    if (found == nullptr) {
        fail(errc::invalid_argument, schema_, method, fmt::format("the model has no document method '{}'", method));
    }
    return found->function(*this, args);
}

document model_document::render(form f) {
    auto const& compiled = *schema_.compiled_;
    document result;
    result.reserve(data_.size() + 1);
    for (auto& member : data_) {
        auto const role = compiled.role_of(member.key());
        switch (role.what) {
        case detail::key_role::kind::method:
            continue;
        case detail::key_role::kind::field:
            if (f == form::json && !schema_.fields()[role.position].to_json) {
                continue;
            }
            break;
        case detail::key_role::kind::virtual_field:
            if (!schema_.virtuals()[role.position].enumerable) {
                continue;
            }
            if (auto const* const r = schema_.relation(member.key())) {
                result.append(member.key(), render_related(*r, member.value(), f));
                continue;
            }
            break;
        case detail::key_role::kind::unknown:
            break;
        }
        result.append(member.key(), member.value());
    }
    for (auto const& v : schema_.virtuals()) {
        if (v.enumerable && v.getter && !result.contains(v.name)) {
            if (auto computed = evaluate(v)) {
                result.append(v.name, std::move(*computed));
            }
        }
    }
    return result;
}

value model_document::render_related(relation_definition const& r, value& from, form f) {
    if (auto* const d = from.if_document()) {
        if (auto const other = schema_of(r, *d)) {
            return model_document(*other, *d).render(f);
        }
    } else if (auto* const items = from.if_array()) {
        array result;
        result.reserve(items->size());
        for (auto& item : *items) {
            result.push_back(render_related(r, item, f));
        }
        return result;
    }
    return from;
}

document model_document::to_json() {
    return std::move(json_form(render(form::json)).as_document());
}

document model_document::to_plain() {
    return render(form::plain);
}

document schema::to_json(document& doc) const {
    return model_document(*this, doc).to_json();
}

document schema::to_plain(document& doc) const {
    return model_document(*this, doc).to_plain();
}

std::string schema::to_json_text(document& doc) const {
    return cormorant::to_json(model_document(*this, doc).render(model_document::form::json), json_mode::plain);
}

} // namespace cormorant
