#pragma once

/// The tree that update operators compile to, as in the server: one node for each segment of a path, so that conflicts show while
/// it is built, and fields are changed in the order of their names.

#include "memory/match/matcher.hpp"
#include "memory/query/query.hpp"

#include <cormorant/bson/value.hpp>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cormorant::memory {

/// What one application of an update knows.
struct update_context {
    /// Of the document, for messages; may be null.
    value const* id = nullptr;
    std::optional<std::size_t> position;
    bool insert = false;
    datetime now;
    /// What `$rename` took from its sources.
    std::vector<std::optional<value>> renamed;
    /// The path of the value being changed, for messages.
    std::string path;

    /// `{_id: 1}`
    std::string document_name() const;
};

/// One operator on one field.
class update_operator {
public:
    virtual ~update_operator() = default;
    /// Changes a value that exists; answers whether that made a difference.
    virtual bool apply(value& v, update_context& context) const = 0;
    /// The value of a field that does not exist; nothing when it is not made.
    virtual std::optional<value> create(update_context& context) const = 0;
    /// `$unset`: the field is removed instead.
    virtual bool removes() const noexcept { return false; }
    /// It makes nothing, and yet refuses a path that leads through a scalar: `$pull`, `$pop`.
    virtual bool needs_viable_path() const noexcept { return false; }
};
using operator_ptr = std::shared_ptr<update_operator const>;

/// The operator `name` (`$inc`) on `path`, with its operand. Null when it is no operator that a leaf holds (`$rename`).
operator_ptr make_update_operator(
    std::string_view name, std::string_view path, value const& operand, query_options const& options);
/// Operators on arrays: `$push`, `$addToSet`, `$pull`, `$pullAll`, `$pop`. Null for another name.
operator_ptr make_array_operator(
    std::string_view name, std::string_view path, value const& operand, query_options const& options);
/// Sets what `$rename` number `index` took from its source.
operator_ptr make_rename_target(std::size_t index);
/// Stands at the source of `$rename`, so that other operators conflict with it.
operator_ptr make_rename_source();

/// Field names; positions in arrays by number.
struct field_order {
    using is_transparent = void;
    bool operator()(std::string_view a, std::string_view b) const noexcept;
};

class update_tree {
public:
    struct node;
    using node_ptr = std::shared_ptr<node>;

    update_tree();
    /// Filters by identifier. Refuses malformed ones.
    void set_array_filters(array const& filters, query_options const& options);
    /// Refuses conflicts with what was added before, and malformed paths.
    void add(std::string_view path, operator_ptr op);
    /// Refuses array filters that no path uses.
    void finish() const;
    bool needs_position() const noexcept { return needs_position_; }

    bool apply(document& d, update_context& context) const;

private:
    struct array_filter {
        matcher condition;
        bool used = false;
    };
    node_ptr root_;
    std::map<std::string, array_filter, std::less<>> filters_;
    bool needs_position_ = false;
};

} // namespace cormorant::memory
