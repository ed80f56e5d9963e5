#pragma once

/// What a schema holds, shared by the sources of this folder.

#include "schema/name_table.hpp"
#include "schema/translation.hpp"
#include "schema/type.hpp"

#include <cormorant/schema/schema.hpp>

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

namespace cormorant::detail {

/// What a key of a document is to its model.
struct key_role {
    enum class kind : std::uint8_t { unknown, field, virtual_field, method } what = kind::unknown;
    std::size_t position = 0;
};

/// Which fields a document has. Sets of up to 256 fields need no memory.
class field_set {
public:
    explicit field_set(std::size_t size) {
        if (size > words_.size() * 64) {
            more_.resize(size);
        }
    }
    void insert(std::size_t position) {
        if (more_.empty()) {
            words_[position / 64] |= std::uint64_t{1} << (position % 64);
        } else {
            more_[position] = true;
        }
    }
    bool contains(std::size_t position) const {
        return more_.empty() ? ((words_[position / 64] >> (position % 64)) & 1U) != 0 : more_[position];
    }

private:
    std::array<std::uint64_t, 4> words_{};
    std::vector<bool> more_;
};

/// Everything that is worked out once. Built in place and never moved: types refer to the definition.
struct compiled_schema {
    explicit compiled_schema(model_definition d) : definition(std::move(d)) {}
    compiled_schema(compiled_schema const&) = delete;
    compiled_schema& operator=(compiled_schema const&) = delete;

    key_role role_of(std::string_view key) const noexcept {
        auto const found = keys.find(key);
        return found == name_table::npos ? key_role() : roles[found];
    }
    /// Of keys in the order of a document: see `name_table::find`.
    key_role role_of(std::string_view key, std::size_t& next) const noexcept {
        auto const found = keys.find(key, next);
        return found == name_table::npos ? key_role() : roles[found];
    }

    /// Null when nothing that is there is empty.
    empty_values const* empties() const noexcept {
        return definition.empty_values().only_absent() ? nullptr : &definition.empty_values();
    }

    model_definition definition;
    /// One for each field, in their order.
    std::vector<compiled_type> types;
    /// All names that keys of documents can have, and what they stand for.
    name_table keys;
    std::vector<key_role> roles;
    name_table relations;
    name_table model_methods;
    /// Positions of the fields with a default, and of those that are required.
    std::vector<std::size_t> with_default;
    std::vector<std::size_t> required;
    /// Positions of the fields with transforms or checks at any depth.
    std::vector<std::size_t> with_transforms;
    std::vector<std::size_t> with_checks;
    std::unique_ptr<detail::translation const> translation;
    document convert_schema;
    document nested_convert_schema;
};

/// The types of a model's fields as `string_convert` wants them.
document make_convert_schema(std::vector<field_definition> const& fields);
/// The flat form of a nested convert schema.
document flatten_convert_schema(document const& nested);

/// The paths to keep of a document. A leaf keeps everything below it.
struct path_tree {
    std::string key;
    std::vector<path_tree> children;

    path_tree const* child(std::string_view name) const noexcept;
    void add(std::string_view path);
};

} // namespace cormorant::detail
