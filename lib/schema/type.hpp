#pragma once

/// Types in their compiled form: what validates values.

#include "schema/name_table.hpp"

#include <cormorant/error/error.hpp>
#include <cormorant/schema/empty_values.hpp>
#include <cormorant/schema/field.hpp>

#include <boost/regex.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace cormorant::detail {

/// The way to a value, as a list on the stack: its text is made when something is wrong.
struct place {
    std::string_view key;
    std::size_t position = 0; // counts when the key is a null pointer
    place const* parent = nullptr;

    place(std::string_view k, place const* p = nullptr) noexcept : key(k), parent(p) {}
    place(std::size_t i, place const* p) noexcept : position(i), parent(p) {}
    std::string path() const;
};

/// Collects what is wrong.
class findings {
public:
    findings(std::string_view model, std::vector<violation>& out) noexcept : model_(model), out_(out) {}

    void add(place const& at, std::string_view rule, std::string message, value const* v, errc code = errc::validation);
    [[noreturn]] void unknown_type(place const& at, std::string_view name) const;
    std::size_t size() const noexcept { return out_.size(); }

private:
    std::string_view model_;
    std::vector<violation>& out_;
};

/// `model` and `path` are for errors: throws `errc::definition` for what is no regular expression.
std::unique_ptr<boost::regex> compile_pattern(regex const& r, std::string_view model, std::string const& path);
/// Whether the text contains a match; false also where the search would take exponential time.
bool matches(boost::regex const& pattern, std::string_view text);

class compiled_type;

/// The application's rules of one kind for one value: to be run in their order.
struct rule_call {
    value* target;
    compiled_type const* type;
    std::string path;
    std::size_t next = 0;
};
enum class rule_kind : std::uint8_t { transform, check };

/// Whether a field counts as not given. `empties` is null when only what is absent does.
inline bool is_missing(empty_values const* empties, type_kind kind, value const* v) noexcept {
    if (empties == nullptr) {
        return v == nullptr;
    }
    return v == nullptr ? empties->is_absent_empty(kind) : empties->is_empty(kind, *v);
}

/// A type, ready to check values. It refers to the description that it was compiled from.
class compiled_type {
public:
    /// `model` and `path` are for errors: throws `errc::definition` when the rules make no sense. `empties`: see `is_missing`.
    compiled_type(field_type const& type, empty_values const* empties, std::string_view model, std::string const& path);

    field_type const& description() const noexcept { return *type_; }

    /// Checks the value at every depth but for the application's own rules, fills in the defaults of missing keys of objects and
    /// removes keys that are to be removed. A null is refused unless the type is `any`.
    void check(value& v, place const& at, findings& out) const;
    /// Fills in defaults inside of a value, without a check.
    void complete(value& v) const;
    /// True when `complete` may change a value.
    bool has_defaults() const noexcept { return has_defaults_; }
    /// True when the application has rules of its own for the type, or below it.
    bool has_transforms() const noexcept { return has_transforms_; }
    bool has_checks() const noexcept { return has_checks_; }
    /// Appends the rules of one kind for the value and what is in it, inner ones first. Empty values have none.
    void collect(value& v, std::string path, rule_kind kind, std::vector<rule_call>& out) const;

    /// The type of a key of an object or map, or of an item of an array for a position or a placeholder (`$`, `$[]`, `$[name]`).
    /// Null when there is none.
    compiled_type const* step(std::string_view segment) const noexcept;
    /// The type of the items of an array or values of a map; null: any, or no such type.
    compiled_type const* element() const noexcept { return element_.get(); }

private:
    void check_object(document& d, place const& at, findings& out) const;
    void check_text(std::string_view text, value const& v, place const& at, findings& out) const;
    void check_size(std::int64_t size, std::string_view unit, value const& v, place const& at, findings& out) const;
    void check_bounds(value const& v, place const& at, findings& out) const;
    bool is_choice(value const& v) const;
    void fill(document& d) const;

    bool has(rule_kind kind) const noexcept { return kind == rule_kind::transform ? has_transforms_ : has_checks_; }

    field_type const* type_;
    empty_values const* empties_;
    std::unique_ptr<boost::regex> pattern_;
    name_table keys_;
    std::vector<compiled_type> fields_;
    std::unique_ptr<compiled_type> element_;
    bool has_defaults_ = false;
    bool has_transforms_ = false;
    bool has_checks_ = false;
};

/// True for what follows an array in the path of an update: a position, `$`, `$[]` or `$[name]`.
bool is_item(std::string_view segment) noexcept;

/// The value of a default. `data` is what the default is for, `root` the document of the model or null inside of an object.
value make_default(field_definition const& field, document& data, model_document* root);

} // namespace cormorant::detail
