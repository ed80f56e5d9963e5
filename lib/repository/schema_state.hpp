#pragma once

/// What the handles of one schema share.

#include "repository/declaration.hpp"
#include "repository/keys.hpp"

#include <cormorant/repository/database_schema.hpp>

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cormorant::detail {

/// Thread safety: all members may be called from any thread.
class schema_state : public std::enable_shared_from_this<schema_state> {
public:
    schema_state();
    ~schema_state();

    void define_adapter(std::string name, store_adapter make);
    void define_datasource(datasource definition);
    void define_model(model_declaration declaration);
    void define_model(document const& spec);
    /// Adds to the functions that definitions name, while nobody reads them.
    void add_function(std::string name, std::string_view what, bool (function_registry::*taken)(std::string_view) const noexcept,
        std::function<void(function_registry&, std::string)> const& add);
    void set_empty_values(type_kind kind, std::vector<value> values, bool absent);

    /// The key under which the repository of a model goes. Throws `errc::definition` when it cannot have one.
    std::string repository_key(std::string_view model) const;
    std::string model_name(std::string const& key) const;
    /// The model at work: assembled and put on the connection of its datasource the first time. Throws `errc::definition`.
    cormorant::model bind(std::string const& key);
    cormorant::connection connect(std::string_view datasource);
    /// All models that have a datasource, at work. Throws `errc::definition`.
    std::vector<cormorant::model> bind_all();
    /// The connections that were made.
    std::vector<cormorant::connection> connections() const;

private:
    struct source {
        explicit source(datasource d) : definition(std::move(d)) {}

        datasource definition;
        /// Empty until the first operation.
        std::optional<cormorant::connection> connection;
        std::shared_ptr<key_sequence> numbers;
    };
    struct entry {
        explicit entry(model_declaration d) : declaration(std::move(d)) {}

        model_declaration declaration;
        std::optional<cormorant::model> bound;
    };

    entry const& find(std::string_view model) const;
    source& open(std::string_view name, std::string const& model);
    cormorant::model make(entry const& e);
    std::optional<cormorant::model> related(std::string_view name);

    // Recursive: what an adapter or a definition's own code calls may come back.
    mutable std::recursive_mutex mutex_;
    std::map<std::string, store_adapter, std::less<>> adapters_;
    std::map<std::string, source, std::less<>> sources_;
    std::map<std::string, entry, std::less<>> models_; // by model_key
    function_registry functions_;
    empty_values empty_values_ = empty_values::by_type();
};

struct repository_access {
    static repository make(std::shared_ptr<schema_state> state, std::string key) noexcept {
        return repository(std::move(state), std::move(key));
    }
};

} // namespace cormorant::detail
