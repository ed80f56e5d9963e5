#pragma once

/// `model_definition`: everything that is declared of a model, built fluently or read from JSON.
/// \code
/// model_definition("post")
///     .field("title", string().required().max_length(200))
///     .relation(single("author").model("authors"))
///     .index(doc("title", 1))
/// \endcode

#include <cormorant/operation/limits.hpp>
#include <cormorant/operation/operations.hpp>
#include <cormorant/operation/options.hpp>
#include <cormorant/pipeline/hook.hpp>
#include <cormorant/schema/empty_values.hpp>
#include <cormorant/schema/field.hpp>
#include <cormorant/schema/relation.hpp>
#include <cormorant/schema/request_policy.hpp>
#include <cormorant/schema/virtual_field.hpp>

#include <boost/asio/awaitable.hpp>

#include <array>
#include <concepts>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cormorant {

using document_method_function = std::function<value(model_document&, array const&)>;
using model_method_function = std::function<boost::asio::awaitable<value>(model&, array)>;
using init_function = std::function<void(model_document&)>;

struct document_method {
    std::string name;
    document_method_function function;
};
struct model_method {
    std::string name;
    model_method_function function;
};

/// What becomes of an operation whose filter, sort or fields name a path that the definition does not declare. Such a filter is
/// almost always a mistake, and one that matches other documents than was meant.
enum class unknown_paths : std::uint8_t {
    /// `errc::unknown_field` naming the path and the nearest declared one.
    refuse,
    /// The store gets the filter as it is.
    pass,
    /// No document fits the filter. With `upsert`, where nothing may match without anything happening: as `refuse`. Sorts and
    /// fields
    /// pass.
    match_nothing,
};

/// Everything that is declared of a model. A value: it describes, and does nothing until a model is made of it. A later
/// declaration of the same name and kind takes the place of the earlier one. Mistakes are found when it is compiled
/// (`schema::compile`).
class model_definition {
public:
    /// The collection has the same name, unless `collection` gives another.
    explicit model_definition(std::string name);

    /// Reads a definition in JSON (Extended JSON for what JSON lacks). Code is named, `{"$fn": "now"}`, and comes from the
    /// registry. Throws `errc::definition` naming model, path and value for an unknown key, a wrong type or an unknown function.
    static model_definition parse(std::string_view json, function_registry const& functions);
    static model_definition parse(std::string_view json);
    static model_definition from_document(document const& spec, function_registry const& functions);
    static model_definition from_document(document const& spec);

    model_definition& collection(std::string name);
    /// Takes over what another definition declares: fields (its key too), virtuals, relationships, hooks, methods and indexes.
    /// What this one declares under the same name, before or after, wins and stays at its place among those of the base. Name,
    /// collection, view, options and policies are not taken over.
    model_definition& inherit(model_definition const& base);
    /// The key of the documents, under any name; it is stored as `_id`. In the place of the `_id` that every model has otherwise,
    /// and of the virtual `id`.
    model_definition& primary_key(std::string name, field_definition definition);
    model_definition& field(std::string name, field_definition definition);
    model_definition& virtual_field(virtual_definition definition);
    model_definition& relation(relation_definition definition);
    /// `type` as in `"beforeFind"`. Throws `errc::definition` for an unknown type, or a handler that does not take its arguments.
    model_definition& hook(std::string_view type, std::string name, hook_handler handler);
    /// A hook that no call can skip.
    model_definition& hook(std::string_view type, std::string name, hook_handler handler, required_t);
    model_definition& hook(hook_definition definition);
    /// The hooks that run when a call asks for none: `default_hooks(operation_kind::find, "afterFind_author")`.
    template <class... Requests>
    model_definition& default_hooks(operation_kind kind, Requests&&... requests) {
        hook_requests list;
        (list.push_back(hook_request(std::forward<Requests>(requests))), ...);
        return default_hooks(kind, std::move(list));
    }
    model_definition& default_hooks(operation_kind kind, hook_requests requests);
    model_definition& index(document keys, document options = {});
    /// What happens to keys that are not declared; default: they are refused.
    model_definition& extra_keys(cormorant::extra_keys policy);
    /// What happens to filters (of every operation, hooks' changes included), sorts and fields to read that name undeclared
    /// paths; default: they are refused. Paths below an object that allows extra keys, a map or a field of any type are declared,
    /// as are all paths where `extra_keys` of the model allows them. Fields may also name virtuals, relationships and what lies
    /// below them (which the related model looks at), fields that are never stored, and keys that the store computes. Pipelines
    /// are not looked at, and neither are the fields of `model::populate`.
    model_definition& unknown_paths(cormorant::unknown_paths policy);
    /// Bounds of the documents that are written. Default: as the connection says.
    model_definition& limits(document_limits bounds);
    /// What input of clients may become: `model::query`, `model::accept`, `model::changes`.
    model_definition& requests(request_policy policy);
    /// Which values count as not given; default: only what is absent.
    model_definition& empty_values(cormorant::empty_values table);
    /// The order in which faults of a document are reported, and so which is the error's own. False (default): in the order of
    /// the keys of the document, then required fields that are absent. True: in the order in which the fields are declared.
    model_definition& faults_as_declared(bool on);
    /// True: text that looks like an object id (24 hexadecimal digits) or a date (`2024-05-01T10:00:00.000Z`) is stored as one,
    /// at any depth and whatever the field; both come back as text. Filters and updates are treated alike.
    model_definition& text_forms(bool on);
    /// A function of the application's that works on a document: `model_document::call`.
    model_definition& document_method(std::string name, document_method_function function);
    /// A coroutine of the application's that works on the model: `model::call`.
    model_definition& model_method(std::string name, model_method_function function);
    /// Runs whenever a document of the model is made, after defaults are filled.
    model_definition& on_init(init_function function);
    /// The collection is a view of another one (a model's name, else a collection's).
    model_definition& view_on(std::string source, array pipeline = {});
    /// Whether touching a relationship that was not populated, through a `model_document` or in a virtual, is
    /// `errc::not_populated` instead of nothing. Default: as the connection says, and there false. Where it is on, populating
    /// leaves null (for multiple: an empty list) where a reference leads nowhere.
    model_definition& strict_loading(bool on);
    /// A switch for hook packs and applications; the library itself reads none.
    model_definition& option(std::string_view name, value v);

    std::string const& name() const noexcept { return name_; }
    std::string const& collection() const noexcept { return collection_; }
    /// The name of the key, `_id` unless `primary_key` gave another.
    std::string const& key() const noexcept { return key_; }
    std::vector<field_definition> const& fields() const noexcept { return fields_; }
    std::vector<virtual_definition> const& virtuals() const noexcept { return virtuals_; }
    std::vector<relation_definition> const& relations() const noexcept { return relations_; }
    std::vector<hook_definition> const& hooks() const noexcept { return hooks_; }
    hook_requests const& default_hooks(operation_kind kind) const noexcept;
    std::vector<index_model> const& indexes() const noexcept { return indexes_; }
    cormorant::extra_keys extra_keys() const noexcept { return extra_keys_; }
    cormorant::unknown_paths unknown_paths() const noexcept { return unknown_paths_; }
    /// Nothing: as the connection says.
    std::optional<document_limits> const& limits() const noexcept { return limits_; }
    /// Nothing: the model takes no input of clients.
    std::optional<request_policy> const& requests() const noexcept { return requests_; }
    cormorant::empty_values const& empty_values() const noexcept { return empty_values_; }
    bool faults_as_declared() const noexcept { return faults_as_declared_; }
    bool text_forms() const noexcept { return text_forms_; }
    std::vector<cormorant::document_method> const& document_methods() const noexcept { return document_methods_; }
    std::vector<cormorant::model_method> const& model_methods() const noexcept { return model_methods_; }
    init_function const& on_init() const noexcept { return on_init_; }
    /// Empty: the model is no view.
    std::string const& view_on() const noexcept { return view_on_; }
    array const& pipeline() const noexcept { return pipeline_; }
    /// Nothing: as the connection says.
    std::optional<bool> strict_loading() const noexcept { return strict_loading_; }
    document const& options() const noexcept { return options_; }

private:
    friend class schema; // completes it

    std::string name_;
    std::string collection_;
    std::string key_ = "_id";
    std::vector<field_definition> fields_;
    std::vector<virtual_definition> virtuals_;
    std::vector<relation_definition> relations_;
    std::vector<hook_definition> hooks_;
    std::array<hook_requests, 7> default_hooks_;
    std::vector<index_model> indexes_;
    cormorant::extra_keys extra_keys_ = cormorant::extra_keys::refuse;
    cormorant::unknown_paths unknown_paths_ = cormorant::unknown_paths::refuse;
    std::optional<document_limits> limits_;
    std::optional<request_policy> requests_;
    cormorant::empty_values empty_values_;
    bool faults_as_declared_ = false;
    bool text_forms_ = false;
    std::vector<cormorant::document_method> document_methods_;
    std::vector<cormorant::model_method> model_methods_;
    init_function on_init_;
    std::string view_on_;
    array pipeline_;
    std::optional<bool> strict_loading_;
    document options_;
};

/// Reads a definition from a file (see `model_definition::parse`). Throws `errc::bad_file` when it cannot be read; errors of the
/// definition name the file.
model_definition load_model_definition(std::filesystem::path const& file, function_registry const& functions);
model_definition load_model_definition(std::filesystem::path const& file);

} // namespace cormorant
