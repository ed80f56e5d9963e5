#pragma once

#include "schema/name_table.hpp"

#include <cormorant/operation/operations.hpp>
#include <cormorant/schema/definition.hpp>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace cormorant::detail {

/// The fields at one level of a document that are stored under other names, or have such fields below them.
class column_level {
public:
    struct entry {
        std::string property;
        std::string column;
        std::unique_ptr<column_level const> below; // null: all names below are the same
    };

    /// Null when every name at and below the level is the one it is stored under. `key`: the key of the model, at the top.
    /// Throws `errc::definition` for names that cannot be stored, or are stored twice.
    static std::unique_ptr<column_level const> make(
        std::vector<field_definition> const& fields, std::string_view key, std::string_view model, std::string const& path);

    /// Null when the name is its own and nothing below it is renamed.
    entry const* of_property(std::string_view name) const noexcept { return find(properties_, name); }
    entry const* of_column(std::string_view name) const noexcept { return find(columns_, name); }
    /// What lies below a key: of a map this is so for every key.
    column_level const* below(entry const* e) const noexcept {
        return any_ ? any_.get() : (e == nullptr ? nullptr : e->below.get());
    }

private:
    static std::unique_ptr<column_level const> make(field_type const& type, std::string_view model, std::string const& path);
    entry const* find(name_table const& names, std::string_view name) const noexcept {
        auto const position = names.find(name);
        return position == name_table::npos ? nullptr : &entries_[position];
    }

    std::vector<entry> entries_;
    name_table properties_;
    name_table columns_;
    std::unique_ptr<column_level const> any_; // below every key
};

/// The one place between documents as the model has them and as they are stored: names of columns, values that are text to the
/// application, and defaults that stand in for what is missing. Positions in arrays are no level; paths that lead to nothing
/// declared stay as they are, so that `_id` is the key.
class translation {
public:
    /// Null when there is nothing to translate. Throws `errc::definition`. The definition must outlive it.
    static std::unique_ptr<translation const> make(model_definition const& definition);

    /// \name To the store
    /// @{

    /// A whole document. Throws `errc::invalid_argument` for an undeclared key that is the column of a field.
    void store_document(document& d) const { store(d, top_.get()); }
    void store_filter(document& filter) const { store_filter(filter, top_.get()); }
    /// Operators or a whole document; pipelines stay as they are. `array_filters` belong to the paths of the update.
    void store_update(value& update, array& array_filters) const;
    /// `{path: anything}`: projections, sorts, hints, the keys of indexes.
    void store_paths(document& paths) const;
    std::string stored_path(std::string_view path) const;
    /// @}

    /// \name From the store
    /// @{
    void load(document& d) const { load(d, top_.get()); }
    void load(value& v) const { load(v, nullptr); }
    /// Puts defaults in the place of empty values that `projection` (in the names of the model) asks for.
    void show_defaults(schema const& s, document& d, document const& projection) const;
    std::string property_path(std::string_view stored) const;
    /// @}

    /// Gives a value of the caller's the form in which it comes back.
    void show(document& d) const;

private:
    translation() = default;

    using levels_by_name = std::vector<std::pair<std::string, column_level const*>>;

    void store(document& d, column_level const* level) const;
    void store(value& v, column_level const* level) const;
    void store_filter(document& filter, column_level const* level) const;
    void store_condition(value& v, column_level const* level) const;
    void store_operators(document& operators, column_level const* level) const;
    void store_operands(std::string_view name, document& operands, levels_by_name& placeholders) const;
    void store_items(value& v, column_level const* level) const;
    void store_appended(value& v, column_level const* level) const;
    void store_paths(document& paths, column_level const* level) const;
    void load(document& d, column_level const* level) const;
    void load(value& v, column_level const* level) const;

    std::unique_ptr<column_level const> top_;
    bool text_forms_ = false;
    model_definition const* definition_ = nullptr;
    std::vector<std::size_t> defaults_; // positions of the fields whose defaults are shown
};

} // namespace cormorant::detail
