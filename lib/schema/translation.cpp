#include "schema/translation.hpp"

#include "schema/failure.hpp"
#include "schema/type.hpp"

#include <cormorant/bson/path.hpp>
#include <cormorant/error/error.hpp>
#include <cormorant/schema/model_document.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <set>

namespace cormorant::detail {

namespace {

bool has_operators(document const& d) noexcept {
    return !d.empty() && d.begin()->key().starts_with('$');
}

/// What is stored in the place of a text; nothing: the text itself. Both forms have 24 characters.
std::optional<value> stored_text(std::string_view text) {
    if (text.size() != 24) {
        return std::nullopt;
    }
    if (auto const id = object_id::parse(text)) {
        return value(*id);
    }
    auto const when = text.ends_with('Z') ? parse_iso8601(text) : std::nullopt;
    return when && to_iso8601(*when) == text ? std::optional<value>(value(*when)) : std::nullopt;
}

/// Follows a path from `level`; `each(segment, entry, at)` is called for its segments, `at` being the level below.
template <class Find, class Each>
column_level const* follow(std::string_view path, column_level const* level, Find&& find, Each&& each) {
    for (;; path = path_rest(path)) {
        auto const segment = path_head(path);
        auto const* const found = level == nullptr ? nullptr : find(*level, segment);
        if (level != nullptr && (found != nullptr || !is_item(segment))) {
            level = level->below(found);
        }
        each(segment, found, level);
        if (!path_is_nested(path)) {
            return level;
        }
    }
}

struct translated_path {
    std::string text;
    column_level const* below;
};

translated_path to_columns(std::string_view path, column_level const* level) {
    translated_path result{{}, nullptr};
    result.below = follow(
        path, level, [](column_level const& at, std::string_view name) { return at.of_property(name); },
        [&](std::string_view segment, column_level::entry const* found, column_level const*) {
            result.text += result.text.empty() ? "" : ".";
            result.text += found == nullptr ? segment : std::string_view(found->column);
        });
    return result;
}

/// Gives every member the key that `name` makes of it.
template <class Name>
void rename_members(document& d, Name&& name) {
    document renamed(d.get_storage());
    renamed.reserve(d.size());
    for (auto& member : d) {
        renamed.append(name(member.key()), std::move(member.value()));
    }
    d.swap(renamed);
}

} // namespace

// --- names -----------------------------------------------------------------------------------------------------------

std::unique_ptr<column_level const> column_level::make(
    std::vector<field_definition> const& fields, std::string_view key, std::string_view model, std::string const& path) {
    auto level = std::make_unique<column_level>();
    std::vector<std::string> properties;
    std::vector<std::string> columns;
    std::set<std::string_view> taken;
    for (auto const& field : fields) {
        auto const inner = path.empty() ? field.name : fmt::format("{}.{}", path, field.name);
        std::string column = field.column.empty() ? field.name : field.column;
        if (path.empty() && field.name == key) {
            if (!field.column.empty() && field.column != "_id") {
                throw_definition(
                    model, inner, fmt::format("the key of a document is stored as '_id', not as '{}'", field.column));
            }
            column = "_id";
        } else if (path.empty() && column == "_id") {
            throw_definition(model, inner, fmt::format("'_id' is what the key '{}' is stored as", key));
        }
        if (column.starts_with('$') || column.find('.') != std::string::npos || column.find('\0') != std::string::npos) {
            throw_definition(
                model, inner, fmt::format("the column '{}' must not begin with '$' or contain '.' or a NUL byte", column));
        }
        auto below = make(field.type, model, inner);
        if (column != field.name || below) {
            properties.push_back(field.name);
            columns.push_back(column);
            level->entries_.push_back(entry{field.name, column, std::move(below)});
        }
    }
    for (auto const& field : fields) {
        auto const known = std::find(properties.begin(), properties.end(), field.name);
        auto const& column =
            known == properties.end() ? field.name : level->entries_[static_cast<std::size_t>(known - properties.begin())].column;
        if (!taken.insert(column).second) {
            throw_definition(model, path.empty() ? field.name : fmt::format("{}.{}", path, field.name),
                fmt::format("the column '{}' is that of another field", column));
        }
    }
    if (level->entries_.empty()) {
        return nullptr;
    }
    level->properties_ = name_table(std::move(properties));
    level->columns_ = name_table(std::move(columns));
    return level;
}

std::unique_ptr<column_level const> column_level::make(field_type const& type, std::string_view model, std::string const& path) {
    if (type.kind == type_kind::object) {
        return make(type.fields, {}, model, path);
    }
    auto below = type.element ? make(*type.element, model, path) : nullptr;
    if (!below || type.kind != type_kind::map) {
        return below;
    }
    auto level = std::make_unique<column_level>();
    level->any_ = std::move(below);
    return level;
}

std::unique_ptr<translation const> translation::make(model_definition const& definition) {
    std::unique_ptr<translation> result(new translation());
    result->top_ = column_level::make(definition.fields(), definition.key(), definition.name(), {});
    result->text_forms_ = definition.text_forms();
    result->definition_ = &definition;
    for (std::size_t i = 0; definition.empty_values().default_on_read() && i < definition.fields().size(); ++i) {
        auto const& field = definition.fields()[i];
        if (field.has_default() && field.persist && field.name != definition.key()) {
            result->defaults_.push_back(i);
        }
    }
    return result->top_ || result->text_forms_ || !result->defaults_.empty() ? std::move(result) : nullptr;
}

std::string translation::stored_path(std::string_view path) const {
    return to_columns(path, top_.get()).text;
}

std::string translation::property_path(std::string_view stored) const {
    std::string result;
    follow(
        stored, top_.get(), [](column_level const& at, std::string_view name) { return at.of_column(name); },
        [&](std::string_view segment, column_level::entry const* found, column_level const*) {
            result += result.empty() ? "" : ".";
            result += found == nullptr ? segment : std::string_view(found->property);
        });
    return result;
}

// --- documents -------------------------------------------------------------------------------------------------------

void translation::store(document& d, column_level const* level) const {
    if (level == nullptr && !text_forms_) {
        return;
    }
    bool renames = false;
    for (auto& member : d) {
        auto const* const e = level == nullptr ? nullptr : level->of_property(member.key());
        renames = renames || (e != nullptr && e->column != e->property);
        store(member.value(), level == nullptr ? nullptr : level->below(e));
    }
    if (level == nullptr) {
        return;
    }
    for (auto const& member : d) {
        auto const* const other = level->of_property(member.key()) == nullptr ? level->of_column(member.key()) : nullptr;
        if (other != nullptr && other->property != member.key()) {
            diagnostics details;
            details.path = member.key();
            throw error(errc::invalid_argument,
                fmt::format("'{}' is the column of the field '{}', and no field itself", other->column, other->property),
                std::move(details));
        }
    }
    if (renames) {
        rename_members(d, [&](std::string_view key) {
            auto const* const e = level->of_property(key);
            return e == nullptr ? key : std::string_view(e->column);
        });
    }
}

void translation::store(value& v, column_level const* level) const {
    if (auto* const d = v.if_document()) {
        store(*d, level);
    } else if (auto* const items = v.if_array()) {
        for (auto& item : *items) {
            store(item, level);
        }
    } else if (text_forms_ && v.is_string()) {
        if (auto form = stored_text(v.as_string())) {
            v = std::move(*form);
        }
    }
}

void translation::load(document& d, column_level const* level) const {
    if (level == nullptr && !text_forms_) {
        return;
    }
    bool renames = false;
    for (auto& member : d) {
        auto const* const e = level == nullptr ? nullptr : level->of_column(member.key());
        renames = renames || (e != nullptr && e->column != e->property);
        load(member.value(), level == nullptr ? nullptr : level->below(e));
    }
    if (renames) {
        rename_members(d, [&](std::string_view key) {
            auto const* const e = level->of_column(key);
            return e == nullptr ? key : std::string_view(e->property);
        });
    }
}

void translation::load(value& v, column_level const* level) const {
    if (auto* const d = v.if_document()) {
        load(*d, level);
    } else if (auto* const items = v.if_array()) {
        for (auto& item : *items) {
            load(item, level);
        }
    } else if (text_forms_ && v.is_object_id()) {
        v = v.as_object_id().to_string();
    } else if (text_forms_ && v.is_date()) {
        v = to_iso8601(v.as_date());
    }
}

void translation::show_defaults(schema const& s, document& d, document const& projection) const {
    if (defaults_.empty()) {
        return;
    }
    // 1 or true includes; other values say nothing about the other fields.
    auto const flag = [](value const& v) {
        auto const number = v.if_double();
        return number ? std::optional(*number != 0) : v.if_bool();
    };
    bool const includes =
        std::any_of(projection.begin(), projection.end(), [&](document::member const& m) { return flag(m.value()) == true; });
    model_document view(s, d);
    for (auto const position : defaults_) {
        auto const& field = definition_->fields()[position];
        auto const* const asked = projection.find(field.name);
        bool const shown = asked == nullptr ? !includes : flag(*asked) != false;
        if (shown && is_missing(&definition_->empty_values(), field.type.kind, d.find(field.name))) {
            d.set(field.name, make_default(field, d, &view));
        }
    }
}

void translation::show(document& d) const {
    load(d, nullptr);
}

// --- filters ---------------------------------------------------------------------------------------------------------

void translation::store_filter(document& filter, column_level const* level) const {
    document stored(filter.get_storage());
    stored.reserve(filter.size());
    for (auto& member : filter) {
        auto const key = member.key();
        auto& v = member.value();
        if (!key.starts_with('$')) {
            auto path = to_columns(key, level);
            store_condition(v, path.below);
            stored.append(path.text, std::move(v));
            continue;
        }
        if (auto* const parts = v.if_array(); parts != nullptr && (key == "$and" || key == "$or" || key == "$nor")) {
            for (auto& part : *parts) {
                if (auto* const inner = part.if_document()) {
                    store_filter(*inner, level);
                }
            }
        }
        stored.append(key, std::move(v));
    }
    filter.swap(stored);
}

void translation::store_condition(value& v, column_level const* level) const {
    if (auto* const d = v.if_document(); d != nullptr && has_operators(*d)) {
        store_operators(*d, level);
    } else {
        store(v, level);
    }
}

void translation::store_operators(document& operators, column_level const* level) const {
    static constexpr std::array<std::string_view, 6> comparing{"$eq", "$ne", "$gt", "$gte", "$lt", "$lte"};
    static constexpr std::array<std::string_view, 4> nested{"$in", "$nin", "$all", "$not"};
    for (auto& member : operators) {
        auto const name = member.key();
        auto& operand = member.value();
        if (std::find(comparing.begin(), comparing.end(), name) != comparing.end()) {
            store(operand, level);
        } else if (std::find(nested.begin(), nested.end(), name) != nested.end()) {
            store_items(operand, level);
        } else if (auto* const d = name == "$elemMatch" ? operand.if_document() : nullptr) {
            has_operators(*d) ? store_operators(*d, level) : store_filter(*d, level);
        }
    }
}

void translation::store_items(value& v, column_level const* level) const {
    auto* const items = v.if_array();
    if (items == nullptr) {
        store_condition(v, level);
        return;
    }
    for (auto& item : *items) {
        store_condition(item, level);
    }
}

void translation::store_paths(document& paths) const {
    store_paths(paths, top_.get());
}

void translation::store_paths(document& paths, column_level const* level) const {
    document stored(paths.get_storage());
    stored.reserve(paths.size());
    for (auto& member : paths) {
        auto path = to_columns(member.key(), level);
        store_condition(member.value(), path.below); // a projection may have {$elemMatch: ...}
        stored.append(path.text, std::move(member.value()));
    }
    paths.swap(stored);
}

// --- updates ---------------------------------------------------------------------------------------------------------

void translation::store_update(value& update, array& array_filters) const {
    auto* const d = update.if_document();
    if (d == nullptr) {
        return;
    }
    if (!has_operators(*d)) {
        store(*d, top_.get());
        return;
    }
    levels_by_name placeholders;
    for (auto& member : *d) {
        if (auto* const operands = member.value().if_document()) {
            store_operands(member.key(), *operands, placeholders);
        }
    }
    // `{"name.path": condition}`: the name stands for items of the array that a path `array.$[name]` leads to.
    for (auto& item : array_filters) {
        auto* const filter = item.if_document();
        auto const name = filter == nullptr || filter->empty() ? std::string_view() : path_head(filter->begin()->key());
        auto const known = std::find_if(placeholders.begin(), placeholders.end(), [&](auto const& p) { return p.first == name; });
        if (known == placeholders.end()) {
            continue;
        }
        rename_members(*filter, [&](std::string_view key) {
            return path_is_nested(key) ? fmt::format("{}.{}", name, to_columns(path_rest(key), known->second).text)
                                       : std::string(key);
        });
        for (auto& member : *filter) {
            store_condition(member.value(), known->second);
        }
    }
}

void translation::store_operands(std::string_view name, document& operands, levels_by_name& placeholders) const {
    document stored(operands.get_storage());
    stored.reserve(operands.size());
    for (auto& member : operands) {
        auto& v = member.value();
        std::string path;
        auto const* const below = follow(
            member.key(), top_.get(), [](column_level const& at, std::string_view key) { return at.of_property(key); },
            [&](std::string_view segment, column_level::entry const* found, column_level const* at) {
                path += path.empty() ? "" : ".";
                path += found == nullptr ? segment : std::string_view(found->column);
                if (segment.starts_with("$[") && segment.size() > 3) {
                    placeholders.emplace_back(segment.substr(2, segment.size() - 3), at);
                }
            });
        if (name == "$set" || name == "$setOnInsert" || name == "$min" || name == "$max" || name == "$pullAll") {
            store(v, below);
        } else if (name == "$push" || name == "$addToSet") {
            store_appended(v, below);
        } else if (name == "$rename" && v.is_string()) {
            v = stored_path(v.as_string());
        } else if (name == "$pull") {
            auto* const condition = v.if_document();
            if (condition != nullptr && !has_operators(*condition)) {
                store_filter(*condition, below);
            } else {
                store_condition(v, below);
            }
        }
        stored.append(path, std::move(v));
    }
    operands.swap(stored);
}

void translation::store_appended(value& v, column_level const* level) const {
    auto* const modifiers = v.if_document();
    if (modifiers == nullptr || !has_operators(*modifiers)) {
        store(v, level);
        return;
    }
    for (auto& member : *modifiers) {
        if (member.key() == "$each") {
            store(member.value(), level);
        } else if (auto* const order = member.key() == "$sort" ? member.value().if_document() : nullptr) {
            store_paths(*order, level);
        }
    }
}

} // namespace cormorant::detail
