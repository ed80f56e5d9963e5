#include "repository/schema_state.hpp"

#include "repository/adapters.hpp"
#include "repository/naming.hpp"

#include <cormorant/bson/json.hpp>
#include <cormorant/error/error.hpp>
#include <cormorant/hooks/unique.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace cormorant::detail {

namespace {

using lock = std::lock_guard<std::recursive_mutex>;

[[noreturn]] void fail(std::string_view model, std::string_view path, std::string message) {
    diagnostics details;
    details.model = model;
    details.path = path;
    throw error(errc::definition, std::move(message), std::move(details));
}

void require_name(std::string const& name, std::string_view what) {
    if (name.empty())
        fail({}, "name", fmt::format("the name of {} is empty", what));
}

bool is_unique(model_definition const& d) {
    return std::ranges::any_of(d.fields(), [](field_definition const& f) { return f.unique != uniqueness::none; });
}

} // namespace

schema_state::schema_state() {
    adapters_.emplace("memory", make_memory_adapter);
    adapters_.emplace("mongodb", make_mongodb_adapter);
}

schema_state::~schema_state() = default;

// --- defining --------------------------------------------------------------------------------------------------------

void schema_state::define_adapter(std::string name, store_adapter make) {
    require_name(name, "an adapter");
    lock const held(mutex_);
    if (!adapters_.try_emplace(name, std::move(make)).second)
        fail({}, "name", fmt::format("there is an adapter '{}' already", name));
}

void schema_state::define_datasource(datasource definition) {
    require_name(definition.name(), "a datasource");
    require_name(definition.adapter(), "the adapter of a datasource");
    lock const held(mutex_);
    auto const name = definition.name();
    if (!sources_.try_emplace(name, std::move(definition)).second)
        fail({}, "name", fmt::format("there is a datasource '{}' already", name));
}

void schema_state::define_model(model_declaration declaration) {
    auto const name = declaration.own.name();
    require_name(name, "a model");
    lock const held(mutex_);
    auto const [at, added] = models_.try_emplace(model_key(name), std::move(declaration));
    if (!added)
        fail(name, "name", fmt::format("there is a model '{}' already", at->second.declaration.own.name()));
}

void schema_state::define_model(document const& spec) {
    lock const held(mutex_);
    define_model(parse_declaration(spec, functions_));
}

void schema_state::add_function(std::string name, std::string_view what,
    bool (function_registry::*taken)(std::string_view) const noexcept,
    std::function<void(function_registry&, std::string)> const& add) {
    require_name(name, what);
    lock const held(mutex_);
    if (taken != nullptr && (functions_.*taken)(name))
        fail({}, "name", fmt::format("{} cannot be named '{}': there is one already", what, name));
    add(functions_, std::move(name));
}

void schema_state::set_empty_values(type_kind kind, std::vector<value> values, bool absent) {
    lock const held(mutex_);
    empty_values_.set(kind, std::move(values), absent);
    for (auto& [key, e] : models_) {
        // Definitions with a table of their own keep it.
        if (e.bound && e.declaration.own.empty_values().only_absent())
            e.bound->change([this](model_definition& d) { d.empty_values(empty_values_); });
    }
}

// --- looking up ------------------------------------------------------------------------------------------------------

schema_state::entry const& schema_state::find(std::string_view model) const {
    auto const found = models_.find(model_key(model));
    if (found == models_.end())
        fail(model, {}, fmt::format("there is no model '{}'", model));
    return found->second;
}

std::string schema_state::repository_key(std::string_view model) const {
    lock const held(mutex_);
    if (find(model).declaration.datasource.empty())
        fail(model, "datasource", fmt::format("model {} has no datasource, so it has no repository", model));
    return model_key(model);
}

std::string schema_state::model_name(std::string const& key) const {
    lock const held(mutex_);
    return models_.at(key).declaration.own.name();
}

schema_state::source& schema_state::open(std::string_view name, std::string const& model) {
    auto const found = sources_.find(name);
    if (found == sources_.end())
        fail(model, "datasource", fmt::format("there is no datasource '{}'", name));
    source& s = found->second;
    if (s.connection)
        return s;
    auto const adapter = adapters_.find(s.definition.adapter());
    if (adapter == adapters_.end())
        fail(model, "datasource", fmt::format("datasource {}: there is no adapter '{}'", name, s.definition.adapter()));
    auto store = adapter->second(s.definition.settings());
    if (!store)
        fail(model, "datasource", fmt::format("datasource {}: the adapter '{}' made no store", name, s.definition.adapter()));
    if (s.definition.keys() == key_source::sequence)
        s.numbers = std::make_shared<key_sequence>();
    // Relationships lead to models of the schema, in whatever datasource they live.
    s.connection.emplace(std::move(store), connection_options().related_models([weak = weak_from_this()](std::string_view other) {
        auto const self = weak.lock();
        return self ? self->related(other) : std::nullopt;
    }));
    return s;
}

cormorant::connection schema_state::connect(std::string_view datasource) {
    lock const held(mutex_);
    return *open(datasource, {}).connection;
}

std::optional<cormorant::model> schema_state::related(std::string_view name) {
    lock const held(mutex_);
    auto const found = models_.find(model_key(name));
    if (found == models_.end() || found->second.declaration.datasource.empty())
        return std::nullopt;
    return bind(found->first);
}

cormorant::model schema_state::bind(std::string const& key) {
    lock const held(mutex_);
    entry& e = models_.at(key);
    if (!e.bound)
        e.bound = make(e);
    return *e.bound;
}

cormorant::model schema_state::make(entry const& e) {
    auto const& name = e.declaration.own.name();
    source& in = open(e.declaration.datasource, name);
    auto made =
        assemble(e.declaration, [this](std::string_view other) -> model_declaration const& { return find(other).declaration; });
    model_definition& definition = made.own;
    auto const& column = made.key_column;
    if (made.dialect && !in.definition.any_key_column() && column != "id" && column != "_id")
        fail(name, definition.key(), fmt::format("the key is stored under '_id': its column cannot be '{}'", column));
    if (definition.empty_values().only_absent())
        definition.empty_values(empty_values_);
    if (in.definition.text_forms())
        definition.text_forms(true);
    if (is_unique(definition))
        hooks::unique(definition);
    make_keys(definition, in.numbers);
    return in.connection->attach(std::move(definition));
}

std::vector<cormorant::model> schema_state::bind_all() {
    lock const held(mutex_);
    std::vector<cormorant::model> all;
    for (auto const& [key, e] : models_) {
        if (!e.declaration.datasource.empty())
            all.push_back(bind(key));
    }
    return all;
}

std::vector<cormorant::connection> schema_state::connections() const {
    lock const held(mutex_);
    std::vector<cormorant::connection> all;
    for (auto const& [name, s] : sources_) {
        if (s.connection)
            all.push_back(*s.connection);
    }
    return all;
}

} // namespace cormorant::detail
