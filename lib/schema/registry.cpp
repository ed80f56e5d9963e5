#include "schema/failure.hpp"

#include <cormorant/bson/json.hpp>
#include <cormorant/schema/registry.hpp>

#include <fmt/format.h>

#include <algorithm>
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

/// What stands beside the name of a rule, which must be of this type.
template <class Get>
auto argument_of(document const& spec, std::string_view wanted, Get&& get) {
    auto const* const v = spec.find("argument");
    auto result = v == nullptr ? std::nullopt : get(*v);
    if (!result) {
        detail::throw_definition({}, {},
            fmt::format("'{}' takes {}, not {}", spec.at("$fn").as_string(), wanted, v == nullptr ? "nothing" : shorten(*v)));
    }
    return *result;
}

std::int64_t length_of(document const& spec) {
    return argument_of(spec, "a length", [](value const& v) { return v.if_int64(); });
}

regex expression_of(document const& spec) {
    return argument_of(spec, "a regular expression", [](value const& v) -> std::optional<regex> {
        if (v.is_regex()) {
            return v.as_regex();
        }
        auto const text = v.if_string();
        return text ? std::optional(regex{std::string(*text), {}}) : std::nullopt;
    });
}

/// The rules that `spec` names, in order: `named(name, argument)` makes one of them, `function(spec)` one without a name.
template <class Rule, class Named, class Function>
void read_rules(value const& spec, std::string_view kind, std::vector<Rule>& out, Named const& named, Function const& function) {
    auto const read_one = [&](value const& item) {
        auto const* const d = item.if_document();
        if (auto const name = item.if_string()) {
            out.push_back(named(*name, nullptr));
        } else if (d != nullptr && d->contains("$fn")) {
            out.push_back(function(*d));
        } else {
            detail::throw_definition({}, {},
                fmt::format("a {} is given by its name, as a function, as a list of these, or as an object of names and "
                            "arguments, not as {}",
                    kind, shorten(item)));
        }
    };
    auto const* const d = spec.if_document();
    if (auto const* const list = spec.if_array()) {
        std::for_each(list->begin(), list->end(), read_one);
    } else if (d != nullptr && !d->contains("$fn")) {
        for (auto const& [key, argument] : *d) {
            out.push_back(named(key, &argument));
        }
    } else if (!spec.is_null()) {
        read_one(spec);
    }
}

/// How a factory learns of a rule that is named.
document named_spec(std::string_view name, value const* argument) {
    auto spec = doc("$fn", name);
    if (argument != nullptr) {
        spec.append("argument", *argument);
    }
    return spec;
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
    add_rules();
    add_default("now", [](document const&) -> default_function { return [](default_context&) { return value(now()); }; });
    add_default("objectId",
        [](document const&) -> default_function { return [](default_context&) { return value(object_id::generate()); }; });
}

void function_registry::add_rules() {
    // The argument false switches a validator off.
    auto const check = [this](std::string name, value_check (*make_rule)(document const&)) {
        add_validator(std::move(name), [make_rule](document const& spec) -> check_function {
            auto const* const argument = spec.find("argument");
            if (argument != nullptr && argument->if_bool() == false) {
                return [](value const&) { return true; };
            }
            return make_rule(spec).test;
        });
    };
    check("regexp", [](document const& spec) { return checks::regexp(expression_of(spec)); });
    check("minLength", [](document const& spec) { return checks::min_length(length_of(spec)); });
    check("maxLength", [](document const& spec) { return checks::max_length(length_of(spec)); });
    check("isEmail", [](document const&) { return checks::is_email(); });
    check("isLowerCase", [](document const&) { return checks::is_lower_case(); });
    check("isUpperCase", [](document const&) { return checks::is_upper_case(); });
    auto const transform = [this](std::string name, value_transform (*make_rule)(document const&)) {
        add_transformer(std::move(name), [make_rule](document const& spec) { return make_rule(spec).function; });
    };
    transform("trim", [](document const&) { return transforms::trim(); });
    transform("toUpperCase", [](document const&) { return transforms::to_upper_case(); });
    transform("toLowerCase", [](document const&) { return transforms::to_lower_case(); });
    transform("cut", [](document const& spec) { return transforms::cut(length_of(spec)); });
    transform("truncate", [](document const& spec) { return transforms::truncate(length_of(spec)); });
    transform("capitalize", [](document const& spec) {
        auto const* const argument = spec.find("argument");
        auto const* const options = argument == nullptr ? nullptr : argument->if_document();
        auto const* const first = options == nullptr ? nullptr : options->find("firstWordOnly");
        return transforms::capitalize(first != nullptr && first->if_bool() == true);
    });
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
function_registry& function_registry::add_transformer(std::string name, transformer_factory factory) {
    add(transformers_, std::move(name), std::move(factory));
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
transform_function function_registry::make_transformer(document const& spec) const {
    return make(transformers_, "transformer", "$fn", spec);
}
bool function_registry::has_validator(std::string_view name) const noexcept {
    return validators_.contains(name);
}
bool function_registry::has_transformer(std::string_view name) const noexcept {
    return transformers_.contains(name);
}

std::vector<value_check> function_registry::make_checks(value const& spec) const {
    std::vector<value_check> result;
    read_rules(
        spec, "validator", result,
        [this](std::string_view name, value const* argument) {
            return value_check{std::string(name), make_validator(named_spec(name, argument)),
                argument == nullptr ? std::nullopt : std::optional(*argument)};
        },
        [this](document const& function) {
            return value_check{{}, make_validator(function)};
        });
    return result;
}

std::vector<value_transform> function_registry::make_transforms(value const& spec) const {
    std::vector<value_transform> result;
    read_rules(
        spec, "transformer", result,
        [this](std::string_view name, value const* argument) {
            return value_transform{std::string(name), make_transformer(named_spec(name, argument)),
                argument == nullptr ? std::nullopt : std::optional(*argument)};
        },
        [this](document const& function) {
            return value_transform{{}, make_transformer(function)};
        });
    return result;
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
