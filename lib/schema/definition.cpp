#include "schema/failure.hpp"

#include <cormorant/schema/definition.hpp>

#include <algorithm>
#include <iterator>

namespace cormorant {

namespace {

/// Puts an item in the place of the one of the same name, or at the end.
template <class T>
void declare(std::vector<T>& items, T item) {
    auto const known = std::find_if(items.begin(), items.end(), [&](T const& other) { return other.name == item.name; });
    if (known != items.end()) {
        *known = std::move(item);
    } else {
        items.push_back(std::move(item));
    }
}

/// The items of `base`, each in the form of the own one of that name, and the other own ones after them. What `is_own` names but
/// is no item of this kind hides that of the base.
template <class T, class Same, class IsOwn>
void inherit_items(std::vector<T>& own, std::vector<T> const& base, Same same, IsOwn is_own) {
    std::vector<T> result;
    result.reserve(own.size() + base.size());
    for (auto const& item : base) {
        auto const found = std::find_if(own.begin(), own.end(), [&](T const& other) { return same(other, item); });
        if (found != own.end()) {
            result.push_back(std::move(*found));
            own.erase(found);
        } else if (!is_own(item.name)) {
            result.push_back(item);
        }
    }
    std::move(own.begin(), own.end(), std::back_inserter(result));
    own = std::move(result);
}

} // namespace

model_definition::model_definition(std::string name) : name_(std::move(name)), collection_(name_) {}

model_definition& model_definition::collection(std::string name) {
    collection_ = std::move(name);
    return *this;
}

model_definition& model_definition::inherit(model_definition const& base) {
    std::vector<std::string> declared;
    auto const note = [&](auto const& items) {
        for (auto const& item : items) {
            declared.push_back(item.name);
        }
    };
    note(fields_);
    note(virtuals_);
    note(relations_);
    note(document_methods_);
    auto const is_own = [&](std::string_view name) {
        return std::find(declared.begin(), declared.end(), name) != declared.end();
    };
    auto const by_name = [](auto const& a, auto const& b) { return a.name == b.name; };

    auto inherited = base.fields_;
    if (key_ == "_id" && !is_own("_id")) {
        key_ = base.key_;
    } else { // the nearest key is the only one
        std::erase_if(inherited, [&](field_definition const& f) { return f.name == base.key_ && f.name != key_; });
    }
    inherit_items(fields_, inherited, by_name, is_own);
    inherit_items(virtuals_, base.virtuals_, by_name, is_own);
    inherit_items(relations_, base.relations_, by_name, is_own);
    inherit_items(document_methods_, base.document_methods_, by_name, is_own);
    inherit_items(model_methods_, base.model_methods_, by_name, [](std::string_view) { return false; });
    inherit_items(
        hooks_, base.hooks_, [](auto const& a, auto const& b) { return a.type == b.type && a.name == b.name; },
        [](std::string_view) { return false; });
    indexes_.insert(indexes_.begin(), base.indexes_.begin(), base.indexes_.end());
    if (!on_init_) {
        on_init_ = base.on_init_;
    }
    return *this;
}

model_definition& model_definition::primary_key(std::string name, field_definition definition) {
    if (name != key_) {
        std::erase_if(fields_, [&](field_definition const& f) { return f.name == key_; });
    }
    key_ = name;
    return field(std::move(name), std::move(definition));
}

model_definition& model_definition::field(std::string name, field_definition definition) {
    definition.name = std::move(name);
    declare(fields_, std::move(definition));
    return *this;
}

model_definition& model_definition::virtual_field(virtual_definition definition) {
    declare(virtuals_, std::move(definition));
    return *this;
}

model_definition& model_definition::relation(relation_definition definition) {
    declare(relations_, std::move(definition));
    return *this;
}

model_definition& model_definition::hook(std::string_view type, std::string name, hook_handler handler) {
    return hook(hook_definition(type, std::move(name), std::move(handler)));
}

model_definition& model_definition::hook(std::string_view type, std::string name, hook_handler handler, required_t) {
    return hook(hook_definition(type, std::move(name), std::move(handler), true));
}

model_definition& model_definition::hook(hook_definition definition) {
    auto const known = std::find_if(hooks_.begin(), hooks_.end(),
        [&](hook_definition const& other) { return other.type == definition.type && other.name == definition.name; });
    if (known != hooks_.end()) {
        *known = std::move(definition);
    } else {
        hooks_.push_back(std::move(definition));
    }
    return *this;
}

model_definition& model_definition::default_hooks(operation_kind kind, hook_requests requests) {
    default_hooks_[static_cast<std::size_t>(kind)] = std::move(requests);
    return *this;
}

hook_requests const& model_definition::default_hooks(operation_kind kind) const noexcept {
    return default_hooks_[static_cast<std::size_t>(kind)];
}

model_definition& model_definition::index(document keys, document options) {
    indexes_.push_back({std::move(keys), std::move(options)});
    return *this;
}

model_definition& model_definition::extra_keys(cormorant::extra_keys policy) {
    extra_keys_ = policy;
    return *this;
}

model_definition& model_definition::unknown_paths(cormorant::unknown_paths policy) {
    unknown_paths_ = policy;
    return *this;
}

model_definition& model_definition::limits(document_limits bounds) {
    limits_ = bounds;
    return *this;
}

model_definition& model_definition::requests(request_policy policy) {
    requests_ = std::move(policy);
    return *this;
}

model_definition& model_definition::empty_values(cormorant::empty_values table) {
    empty_values_ = std::move(table);
    return *this;
}

model_definition& model_definition::faults_as_declared(bool on) {
    faults_as_declared_ = on;
    return *this;
}

model_definition& model_definition::text_forms(bool on) {
    text_forms_ = on;
    return *this;
}

model_definition& model_definition::document_method(std::string name, document_method_function function) {
    declare(document_methods_, cormorant::document_method{std::move(name), std::move(function)});
    return *this;
}

model_definition& model_definition::model_method(std::string name, model_method_function function) {
    declare(model_methods_, cormorant::model_method{std::move(name), std::move(function)});
    return *this;
}

model_definition& model_definition::on_init(init_function function) {
    on_init_ = std::move(function);
    return *this;
}

model_definition& model_definition::view_on(std::string source, array pipeline) {
    view_on_ = std::move(source);
    pipeline_ = std::move(pipeline);
    return *this;
}

model_definition& model_definition::strict_loading(bool on) {
    strict_loading_ = on;
    return *this;
}

model_definition& model_definition::option(std::string_view name, value v) {
    options_.set(name, std::move(v));
    return *this;
}

} // namespace cormorant
