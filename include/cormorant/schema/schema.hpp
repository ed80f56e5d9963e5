#pragma once

/// `schema`: a model definition in its compiled form. It completes and validates what is written, plans what is read, and shapes
/// what is answered.

#include <cormorant/error/error.hpp>
#include <cormorant/schema/definition.hpp>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cormorant {

namespace detail {
struct compiled_schema;
struct path_tree;
class translation;
} // namespace detail

/// How a document of a model is made of data.
struct make_options {
    /// False: as for documents that were read; absent fields stay absent.
    bool fill_defaults = true;
};

/// How a document is made ready to be written.
struct prepare_options {
    /// Removes `""`, `[]`, `{}` and undefined at every depth, before validation.
    bool strip_empty = true;
    /// Checks every key, and drops those that are never stored.
    bool validate = true;
    bool check_required = true;
};

/// What an update is.
enum class update_kind : std::uint8_t {
    /// `{$set: ...}`
    operators,
    /// An aggregation pipeline.
    pipeline,
    /// A whole document that replaces the stored one.
    replacement,
};

/// What a find with `fields` has to do. It belongs to the schema that made it.
struct read_plan {
    /// The caller's fields, and those that the named virtuals and relationships require: what hooks see in the options.
    document fields;
    /// Hooks that named virtuals and relationships require, each once, to run after all others that were asked for. Those that
    /// were asked for already are still among them: leave them out.
    hook_requests hooks;
    /// For each of them the virtual or relationship that requires it.
    std::vector<std::string> hook_reasons;
    /// Names of the virtuals to evaluate, each after those that it depends on. Empty when documents are cast.
    std::vector<std::string> virtuals;
    /// The paths to keep in the answer; null: nothing is trimmed.
    std::shared_ptr<detail::path_tree const> kept;
};

/// A compiled model definition: immutable, built once for a definition, shared by all operations of the model.
///
/// Every model has, before what it declares itself: the field `_id` (an object id, new by default) and the virtual `id` (the text
/// of `_id`), or the key that it declares; and the field `_ml` (an object). A relationship adds its reference field and a virtual
/// of its name that holds the related documents; its hook is added by the model. Thread safety: safe to use from several threads
/// at the same time.
class schema {
public:
    /// Throws `errc::definition` naming model and property when the definition makes no sense.
    /// `strict_loading` counts when the definition does not say.
    static std::shared_ptr<schema const> compile(
        model_definition definition, schema_resolver related = {}, bool strict_loading = false);
    /// The same schema, with other neighbours. Cheap.
    std::shared_ptr<schema const> with_related(schema_resolver related) const;

    std::string const& name() const noexcept;
    std::string const& collection() const noexcept;
    /// The name of the key of the documents, `_id` unless the definition says otherwise.
    std::string const& key() const noexcept;
    /// `name`, or the name of the key for `_id`: in filters and relationships that stands for the key, whatever its name.
    std::string_view property(std::string_view name) const noexcept { return name == "_id" ? std::string_view(key()) : name; }
    /// The definition, completed with what every model has and what relationships add.
    model_definition const& definition() const noexcept;
    std::vector<field_definition> const& fields() const noexcept;
    std::vector<virtual_definition> const& virtuals() const noexcept;
    std::vector<relation_definition> const& relations() const noexcept;
    /// \name By name; null when there is none.
    /// @{
    field_definition const* field(std::string_view name) const noexcept;
    virtual_definition const* find_virtual(std::string_view name) const noexcept;
    relation_definition const* relation(std::string_view name) const noexcept;
    cormorant::document_method const* document_method(std::string_view name) const noexcept;
    cormorant::model_method const* model_method(std::string_view name) const noexcept;
    /// @}
    /// The type at a dotted path through objects, arrays and maps: null when the path leads to nothing that is declared.
    field_type const* type_at(std::string_view path) const noexcept;
    /// Whether touching a relationship that was not populated is an error, see `model_definition::strict_loading`.
    bool strict_loading() const noexcept { return strict_loading_; }
    /// The schema of another model; null when there is none.
    std::shared_ptr<schema const> related(std::string_view model) const;

    /// \name Writing
    /// @{

    /// Makes a document of the model out of plain data: setters of virtuals run for keys in the order of the data, defaults are
    /// filled in the order of the fields for keys that are absent, `on_init` runs. Keys of virtuals that cannot be set and of
    /// document methods are dropped. Throws `errc::invalid_argument` from setters, and whatever functions of the application
    /// throw.
    void make(document& doc, make_options options = {}) const;
    /// Makes the document, strips and validates it and drops what is not stored. Appends everything that is wrong to
    /// `violations`: keys in their order, then required fields; the document is ready to be written when there is nothing new in
    /// it. Throws `errc::definition` for a value of a field whose type does not exist, and `errc::unsupported` for a rule that is
    /// a coroutine: see `preparation`.
    void prepare_for_write(document& doc, prepare_options options, std::vector<violation>& violations) const;
    /// Makes an update ready. Operators: values of `$set`, `$setOnInsert`, `$push` ... are validated against the type at their
    /// path, virtuals and fields that are not persisted are dropped, no defaults but those inside of objects, nothing required. A
    /// whole document is prepared as for writing and loses its `_id`. A pipeline is passed on as it is. Throws
    /// `errc::invalid_argument` for an update that is neither, or mixes operators and fields.
    update_kind prepare_delta(value& delta, prepare_options options, std::vector<violation>& violations) const;
    /// @}

    /// \name Reading
    /// @{

    /// `fields` as callers give it: 1 or true includes, 0 or false excludes; other values are MongoDB's affair.
    /// With `cast_docs` false an inclusion brings `_id` only when it is named.
    /// `whole`: the documents are at hand with all that they have, so an inclusion trims them even if nothing else had to be
    /// read.
    read_plan plan_read(document const& fields, bool cast_docs, bool whole = false) const;
    /// What to ask the store for: `fields` (as hooks left it) without virtuals and paths through relationships.
    document projection(document const& fields) const;
    /// The fields to read of the documents of a relationship: what `fields` names below it. Empty: everything.
    document related_fields(document const& fields, relation_definition const& through) const;
    /// Evaluates the virtuals of the plan to plain keys (where there is no value yet) and trims to the kept paths.
    /// `trim` false leaves the trimming to the find that populates this one.
    void shape(document& doc, read_plan const& plan, bool trim = true) const;
    /// Evaluates these virtuals to plain keys, where there is no value yet. Throws `errc::invalid_argument` for an unknown name.
    void evaluate(document& doc, std::vector<std::string> const& virtuals) const;
    /// @}

    /// \name Filters and sorts, see `unknown_paths`
    /// @{

    /// The first path of a filter, at any depth, that leads to nothing which the definition declares and the store has: with the
    /// code `errc::unknown_field` and a sentence that names the nearest declared path. Nothing: all of them do.
    std::optional<violation> unknown_path(document const& filter) const;
    /// The same of one path, of a sort for instance.
    std::optional<violation> unknown_path(std::string_view path) const;
    /// @}

    /// \name Answering. Getters run, so the documents must be changeable.
    /// @{

    /// The JSON form: own keys but those that are declared `to_json(false)`, and the enumerable virtuals that have a value;
    /// object ids as hexadecimal text, dates as ISO 8601 text. Related documents follow their own model.
    document to_json(document& doc) const;
    /// Own keys and the enumerable virtuals that have a value; values stay what they are.
    document to_plain(document& doc) const;
    /// The JSON form as compact text.
    std::string to_json_text(document& doc) const;
    /// @}

    /// The convertible paths of the model, for `string_convert`: `{"rows.n": "number", "langs.~.title": "string"}`.
    document const& convert_schema() const noexcept;
    /// The same, nested: `{rows: {n: "number"}, langs: {"~": {title: "string"}}}`.
    document const& nested_convert_schema() const noexcept;

    /// Between the documents of the model and those that are stored; null when they are the same.
    detail::translation const* translation() const noexcept;

private:
    friend class model_document;
    friend class preparation;
    schema(std::shared_ptr<detail::compiled_schema const> compiled, schema_resolver related, bool strict_loading);

    std::shared_ptr<detail::compiled_schema const> compiled_;
    schema_resolver related_;
    bool strict_loading_;
};

/// Throws the error for what `schema` found: code, path and value of the first violation, with all of them in its diagnostics.
/// `operation_name` as in `"insert"`. Expects at least one violation.
[[noreturn]] void throw_violations(std::string_view model, std::string_view operation_name, std::vector<violation> violations);

/// Removes `""`, `[]`, `{}` and undefined at every depth, and what becomes empty by that. Array items close up.
void strip_empty(document& doc);

} // namespace cormorant
