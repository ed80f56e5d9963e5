#pragma once

/// What is declared of a model of a schema, before what it refers to by name is looked up.

#include <cormorant/schema/definition.hpp>
#include <cormorant/schema/registry.hpp>

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace cormorant::detail {

/// A property whose objects (or, of an array, whose items) are those of another model.
struct embedded_model {
    std::string property;
    std::string model;
};

struct model_declaration {
    explicit model_declaration(model_definition d) : own(std::move(d)) {}

    model_definition own;
    /// Empty: the model has no repository.
    std::string datasource;
    /// Empty: none.
    std::string base;
    std::vector<embedded_model> embedded;
    /// Of the dialect: whether it declares a key, and the column that it names for that.
    bool dialect = false;
    bool declares_key = false;
    std::string key_column;
};

/// Reads the dialect of js-repository. Throws `errc::definition` naming model, property and value.
model_declaration parse_declaration(document const& spec, function_registry const& functions);

/// The declaration of a model, by any spelling of its name. Throws `errc::definition` when there is none.
using declaration_lookup = std::function<model_declaration const&(std::string_view name)>;

/// A declaration with what its bases and embedded models give it. Throws `errc::definition`, also for a model that is its own
/// base or is embedded in itself.
model_declaration assemble(model_declaration const& declared, declaration_lookup const& find);

} // namespace cormorant::detail
