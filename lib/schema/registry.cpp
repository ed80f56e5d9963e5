#include "schema/failure.hpp"

#include <cormorant/bson/json.hpp>
#include <cormorant/schema/registry.hpp>

#include <fmt/format.h>

#include <memory>
#include <vector>

namespace cormorant {

namespace {

/// The function that `spec` names under `key`.
template <class Table>
auto make(Table const& table, std::string_view kind, std::string_view key, document const& spec) {
    auto const* const name = spec.find(key);
    if (name == nullptr || !name->is_string()) {
        detail::throw_definition({}, {}, fmt::format("a {} is named by '{}', not given as {}", kind, key, shorten(spec)));
    }
    auto const found = table.find(name->as_string());
    if (found == table.end()) {
        detail::throw_definition({}, {}, fmt::format("there is no {} '{}' in the function registry", kind, name->as_string()));
    }
    return found->second(spec);
}

template <class Table, class Factory>
void add(Table& table, std::string name, Factory factory) {
    table.insert_or_assign(std::move(name), std::move(factory));
}

using hook_list = std::vector<hook_handler>;

boost::asio::awaitable<void> run_in_order(std::shared_ptr<hook_list const> handlers, hook_args& args) {
    for (auto const& handler : *handlers) {
        if (handler.plain()) {
            handler.plain()(args);
        } else {
            co_await handler.coroutine()(args);
        }
    }
}

} // namespace

function_registry::function_registry() {
    add_default("now", [](document const&) -> default_function { return [](default_context&) { return value(now()); }; });
    add_default("objectId",
        [](document const&) -> default_function { return [](default_context&) { return value(object_id::generate()); }; });
}

function_registry& function_registry::add_default(std::string name, default_factory factory) {
    add(defaults_, std::move(name), std::move(factory));
    return *this;
}
function_registry& function_registry::add_getter(std::string name, getter_factory factory) {
    add(getters_, std::move(name), std::move(factory));
    return *this;
}
function_registry& function_registry::add_setter(std::string name, setter_factory factory) {
    add(setters_, std::move(name), std::move(factory));
    return *this;
}
function_registry& function_registry::add_validator(std::string name, validator_factory factory) {
    add(validators_, std::move(name), std::move(factory));
    return *this;
}
function_registry& function_registry::add_hook(std::string action, hook_factory factory) {
    add(hooks_, std::move(action), std::move(factory));
    return *this;
}
function_registry& function_registry::add_document_method(std::string name, document_method_factory factory) {
    add(document_methods_, std::move(name), std::move(factory));
    return *this;
}
function_registry& function_registry::add_model_method(std::string name, model_method_factory factory) {
    add(model_methods_, std::move(name), std::move(factory));
    return *this;
}
function_registry& function_registry::add_init(std::string name, init_factory factory) {
    add(inits_, std::move(name), std::move(factory));
    return *this;
}

default_function function_registry::make_default(document const& spec) const {
    return make(defaults_, "default", "$fn", spec);
}
getter_function function_registry::make_getter(document const& spec) const {
    return make(getters_, "getter", "$fn", spec);
}
setter_function function_registry::make_setter(document const& spec) const {
    return make(setters_, "setter", "$fn", spec);
}
check_function function_registry::make_validator(document const& spec) const {
    return make(validators_, "validator", "$fn", spec);
}
document_method_function function_registry::make_document_method(document const& spec) const {
    return make(document_methods_, "document method", "$fn", spec);
}
model_method_function function_registry::make_model_method(document const& spec) const {
    return make(model_methods_, "model method", "$fn", spec);
}
init_function function_registry::make_init(document const& spec) const {
    return make(inits_, "init function", "$fn", spec);
}

hook_handler function_registry::make_hook(value const& spec) const {
    auto const action = [this](value const& item) {
        auto const* const d = item.if_document();
        if (d == nullptr) {
            detail::throw_definition(
                {}, {}, fmt::format("a hook handler is an action or a list of actions, not {}", shorten(item)));
        }
        return make(hooks_, "hook action", "action", *d);
    };
    auto const* const list = spec.if_array();
    if (list == nullptr) {
        return action(spec);
    }
    auto handlers = std::make_shared<hook_list>();
    bool all_plain = true;
    for (auto const& item : *list) {
        auto handler = action(item);
        if (handler.batch()) {
            detail::throw_definition(
                {}, {}, fmt::format("the action {} runs in batches and cannot be part of a list", shorten(item)));
        }
        all_plain = all_plain && handler.plain();
        handlers->push_back(std::move(handler));
    }
    if (all_plain) {
        return hook_handler([handlers](hook_args& args) {
            for (auto const& handler : *handlers) {
                handler.plain()(args);
            }
        });
    }
    // The coroutine itself captures nothing: its arguments live in its frame.
    return hook_handler([handlers](hook_args& args) { return run_in_order(handlers, args); });
}

} // namespace cormorant
