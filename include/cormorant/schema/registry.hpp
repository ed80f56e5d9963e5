#pragma once

/// `function_registry`: the code that definitions in JSON refer to by name.

#include <cormorant/schema/definition.hpp>

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace cormorant {

/// Named factories of functions. A definition says `{"$fn": "prefix", "text": "a"}`; the factory `prefix` gets that document and
/// gives the function. Hook handlers are actions, `{"action": "prefix", ...}`, or a list of them that run in order.
///
/// Validators and transformers are also known by their bare names, with an argument beside them: `{"minLength": 3}`; their
/// functions find it in their `rule_context`, and their factories get `{"$fn": name, "argument": argument}`.
///
/// A new registry knows the defaults `now` (the current time) and `objectId` (a new object id), the validators `regexp`,
/// `minLength`, `maxLength`, `isEmail`, `isLowerCase` and `isUpperCase` (see `checks`; the argument false switches each off) and
/// the transformers `trim`, `toUpperCase`, `toLowerCase`, `cut`, `truncate` and `capitalize` (see `transforms`). There is no
/// global registry: hand one to `model_definition::parse`. Thread safety: safe to read from several threads.
class function_registry {
public:
    using default_factory = std::function<default_function(document const& spec)>;
    using getter_factory = std::function<getter_function(document const& spec)>;
    using setter_factory = std::function<setter_function(document const& spec)>;
    using validator_factory = std::function<check_function(document const& spec)>;
    using transformer_factory = std::function<transform_function(document const& spec)>;
    using hook_factory = std::function<hook_handler(document const& spec)>;
    using document_method_factory = std::function<document_method_function(document const& spec)>;
    using model_method_factory = std::function<model_method_function(document const& spec)>;
    using init_factory = std::function<init_function(document const& spec)>;

    function_registry();

    /// Each replaces what was registered under the same name.
    function_registry& add_default(std::string name, default_factory factory);
    function_registry& add_getter(std::string name, getter_factory factory);
    function_registry& add_setter(std::string name, setter_factory factory);
    function_registry& add_validator(std::string name, validator_factory factory);
    function_registry& add_transformer(std::string name, transformer_factory factory);
    function_registry& add_hook(std::string action, hook_factory factory);
    function_registry& add_document_method(std::string name, document_method_factory factory);
    function_registry& add_model_method(std::string name, model_method_factory factory);
    function_registry& add_init(std::string name, init_factory factory);

    bool has_validator(std::string_view name) const noexcept;
    bool has_transformer(std::string_view name) const noexcept;

    /// Each makes the function that `spec` names. Throws `errc::definition` naming the function when there is none of that name
    /// and kind, or when `spec` has no name.
    default_function make_default(document const& spec) const;
    getter_function make_getter(document const& spec) const;
    setter_function make_setter(document const& spec) const;
    check_function make_validator(document const& spec) const;
    transform_function make_transformer(document const& spec) const;
    /// \name As definitions name rules: a name, a function (`{"$fn": ...}`), a list of these, or an object of names and
    /// arguments. Null is none. Throws `errc::definition` for an unknown name and for anything else.
    /// @{
    std::vector<value_check> make_checks(value const& spec) const;
    std::vector<value_transform> make_transforms(value const& spec) const;
    /// @}
    /// `spec` is an action or a list of actions.
    hook_handler make_hook(value const& spec) const;
    document_method_function make_document_method(document const& spec) const;
    model_method_function make_model_method(document const& spec) const;
    init_function make_init(document const& spec) const;

private:
    void add_rules();

    template <class Factory>
    using table = std::map<std::string, Factory, std::less<>>;

    table<default_factory> defaults_;
    table<getter_factory> getters_;
    table<setter_factory> setters_;
    table<validator_factory> validators_;
    table<transformer_factory> transformers_;
    table<hook_factory> hooks_;
    table<document_method_factory> document_methods_;
    table<model_method_factory> model_methods_;
    table<init_factory> inits_;
};

} // namespace cormorant
