#pragma once

/// `model_document`: a document seen through the schema of its model.

#include <cormorant/schema/schema.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cormorant {

/// A view of a document: virtuals can be read and set like keys, methods called, relationships followed. It owns nothing: schema
/// and document must outlive it. Values of cached virtuals live as long as the view. Thread safety: as the document.
class model_document {
public:
    model_document(cormorant::schema const& schema, document& data) noexcept
        : schema_(schema), data_(data), strict_loading_(schema.strict_loading()) {}
    model_document(model_document const&) = delete;
    model_document& operator=(model_document const&) = delete;

    cormorant::schema const& schema() const noexcept { return schema_; }
    /// The keys that the document itself holds.
    document& data() noexcept { return data_; }
    document const& data() const noexcept { return data_; }

    /// The value at a dotted path, `"author.name"`, `"tags.0.id"`; nothing when there is none. A key that the document holds
    /// comes before a virtual of that name. Paths through related documents go by the schema of their model.
    /// Throws `errc::definition` when a virtual reads itself, and with strict loading `errc::not_populated` for a relationship
    /// that has a reference and was not populated.
    std::optional<value> get(std::string_view path);
    /// Switches strict loading on or off for this view; default: as the schema says (`model_definition::strict_loading`).
    model_document& strict_loading(bool on) noexcept {
        strict_loading_ = on;
        return *this;
    }
    /// The value as text: strings as they are, numbers, dates and ids in their usual form; empty when there is none.
    std::string text(std::string_view path);
    /// Sets a key, or runs the setter of the virtual of that name. Throws `errc::invalid_argument` for a virtual that cannot be
    /// set and for the name of a method.
    model_document& set(std::string_view key, value v);
    /// Runs a document method. Throws `errc::invalid_argument` when the model has none of that name.
    value call(std::string_view method, array const& args = {});

    /// See `schema::to_json`.
    document to_json();
    /// See `schema::to_plain`.
    document to_plain();

private:
    friend class cormorant::schema;
    enum class form { json, plain };
    struct cached_value {
        virtual_definition const* owner;
        std::optional<value> result;
    };

    void require_populated(relation_definition const& r) const;
    std::optional<value> evaluate(virtual_definition const& v);
    std::optional<value> get_related(relation_definition const& r, value& from, std::string_view path);
    document render(form f);
    value render_related(relation_definition const& r, value& from, form f);
    std::shared_ptr<cormorant::schema const> schema_of(relation_definition const& r, document const& related) const;

    cormorant::schema const& schema_;
    document& data_;
    bool strict_loading_;
    std::vector<cached_value> cache_;
    std::vector<virtual_definition const*> running_;
};

} // namespace cormorant
