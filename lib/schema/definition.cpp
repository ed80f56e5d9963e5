#include "schema/failure.hpp"

#include <cormorant/schema/definition.hpp>

#include <algorithm>

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

} // namespace

model_definition::model_definition(std::string name) : name_(std::move(name)), collection_(name_) {}

model_definition& model_definition::collection(std::string name) {
    collection_ = std::move(name);
    return *this;
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
