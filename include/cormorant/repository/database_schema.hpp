#pragma once

/// `database_schema`: named datasources, the models that live in them, and a repository for each model.
/// \code
/// database_schema schema;
/// schema.define_datasource(datasource("main", "memory"));
/// schema.define_model(model_definition("country").primary_key("id", any()).field("name", string()), "main");
/// schema.define_model(R"({"name": "city", "datasource": "main", "properties": {"name": "string"},
///     "relations": {"country": {"type": "belongsTo", "model": "country"}}})");
/// auto city = schema.repository("city");
/// \endcode

#include <cormorant/model/connection.hpp>
#include <cormorant/repository/repository.hpp>
#include <cormorant/repository/typed_repository.hpp>
#include <cormorant/schema/definition.hpp>
#include <cormorant/schema/registry.hpp>
#include <cormorant/store/store.hpp>

#include <boost/asio/awaitable.hpp>

#include <concepts>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cormorant {

/// Who makes the keys of new documents that have none.
enum class key_source : std::uint8_t {
    /// Object ids as a server makes them, for keys of the types `any`, `object_id` and `string` (as text).
    object_ids,
    /// 1, 2, 3 ... for each collection, for keys of the types `any`, `number` and `integer`. Keys in use are passed over, keys of
    /// removed documents are not used again while the process lives; costs one more find of one key. For stores that one process
    /// writes to.
    sequence,
};

/// A database that models can live in. A value: it describes; the store is made when the first operation needs it.
class datasource {
public:
    /// `adapter`: `"memory"`, `"mongodb"`, or one that `database_schema::define_adapter` gave a name. It is looked for at first
    /// use.
    datasource(std::string name, std::string adapter);
    /// From `{name, adapter, ids: "objectId" | "sequence", textForms, anyKeyColumn, ...}`; everything else is a setting of the
    /// adapter. Throws `errc::definition`.
    static datasource from_document(document const& spec);

    /// For the adapter. `memory`: `database` (its name); for one that lasts `folder`, `sync`, `snapshot_size` (memory_store.hpp).
    /// `mongodb`: `url` (one of `mongodb+srv` after `resolve_connection_string`), or `host` (default 127.0.0.1), `port` (27017),
    /// `username`, `password`, `database`, and every option of a connection string.
    datasource& set(std::string_view setting, value v) {
        settings_.set(setting, std::move(v));
        return *this;
    }
    datasource& keys(key_source source) {
        keys_ = source;
        return *this;
    }
    /// See `model_definition::text_forms`; for all models of the datasource. Default false.
    datasource& text_forms(bool on) {
        text_forms_ = on;
        return *this;
    }
    /// False: a definition in the dialect of js-repository whose key has a column other than `id` and `_id` is refused, rather
    /// than stored under `_id` all the same. Default true.
    datasource& any_key_column(bool on) {
        any_key_column_ = on;
        return *this;
    }

    std::string const& name() const noexcept { return name_; }
    std::string const& adapter() const noexcept { return adapter_; }
    document const& settings() const noexcept { return settings_; }
    key_source keys() const noexcept { return keys_; }
    bool text_forms() const noexcept { return text_forms_; }
    bool any_key_column() const noexcept { return any_key_column_; }

private:
    std::string name_;
    std::string adapter_;
    document settings_;
    key_source keys_ = key_source::object_ids;
    bool text_forms_ = false;
    bool any_key_column_ = true;
};

/// Makes the store of a datasource from its settings, without talking to it. Unknown settings are errors.
using store_adapter = std::function<std::shared_ptr<store>(document const& settings)>;

/// Datasources, models and their repositories: a cheap handle, copies share one state.
///
/// Definitions refer to each other by name, and are looked up when an operation needs them: a model may be defined before its
/// datasource, its base and the models that its relationships lead to, which may live in another datasource. A datasource
/// connects with its first operation.
///
/// Names that differ only in case, `-` and `_` are one model. Models follow js-repository's rules for empty values
/// (`empty_values::by_type`) unless their definition has a table of its own; unique fields are checked and guarded by indexes.
/// Thread safety: all members may be called from any thread.
class database_schema {
public:
    database_schema();

    /// Throws `errc::definition` for an empty name and for one that is taken.
    database_schema& define_adapter(std::string name, store_adapter make);
    /// Throws `errc::definition` for an empty name or adapter, and for a name that is taken.
    database_schema& define_datasource(datasource definition);
    /// From js-repository's `{name, adapter, ...}`.
    database_schema& define_datasource(document const& spec) { return define_datasource(datasource::from_document(spec)); }

    /// A model; without a datasource it has no repository, and serves as a base or as the model of embedded objects. Throws
    /// `errc::definition` for an empty name and for one that is taken.
    database_schema& define_model(model_definition definition, std::string datasource = {});
    /// A model in the dialect of js-repository: `{name, datasource, tableName, base, properties, relations}`. Throws
    /// `errc::definition` naming model, property and value.
    database_schema& define_model(document const& spec);
    database_schema& define_model(std::string_view json);

    /// Functions that definitions in the dialect name: `{"default": {"$fn": "now"}}`, `{"validate": "slug"}`. Each throws
    /// `errc::definition` for an empty name, and those for validators and transformers for one that is taken; a default takes the
    /// place of one of the same name. A definition sees what was added before it.
    /// @{
    database_schema& add_default(std::string name, function_registry::default_factory make);
    database_schema& add_validator(std::string name, check_function check);
    database_schema& add_transformer(std::string name, transform_function transform);
    database_schema& add_validator_factory(std::string name, function_registry::validator_factory make);
    database_schema& add_transformer_factory(std::string name, function_registry::transformer_factory make);
    /// @}
    /// What counts as empty for a type, in the place of what counts now; also for models that are in use. `absent`: whether a
    /// missing property counts.
    database_schema& set_empty_values(type_kind kind, std::vector<value> values, bool absent = true);

    /// The repository of a model: for one name always the same. Throws `errc::definition` for an unknown model, and for one
    /// without a datasource.
    cormorant::repository repository(std::string_view model) const;
    template <class T>
    typed_repository<T> repository(std::string_view model) const {
        return typed_repository<T>(repository(model));
    }
    /// A repository with methods of your own: `T` is made of a `repository` (or, when it derives from a `typed_repository`, of
    /// that).
    template <class T>
        requires std::constructible_from<T, cormorant::repository>
    T repository_as(std::string_view model) const {
        return T(repository(model));
    }

    /// The connection of a datasource. Throws `errc::definition`.
    cormorant::connection connection(std::string_view datasource) const;
    /// Creates the indexes and views of all models that have a datasource. Unique indexes are made at the first write even
    /// without it.
    boost::asio::awaitable<void> sync() const;
    /// Ends what is in flight with `errc::cancelled` and closes the stores of all datasources.
    boost::asio::awaitable<void> close() const;

private:
    std::shared_ptr<detail::schema_state> state_;
};

} // namespace cormorant
