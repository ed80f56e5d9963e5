#pragma once

#include <cormorant/bson/value.hpp>
#include <cormorant/error/error.hpp>

#include <memory>
#include <string_view>
#include <vector>

namespace cormorant {
class schema;
struct relation_definition;
} // namespace cormorant

namespace cormorant::detail {

/// Values of fields that are declared `to_json(false)` are told to nobody: this takes them out of what goes to logs. It goes by
/// names, wherever they stand, so it hides rather too much. Thread safety: as a standard container; it refers to
/// the schema.
class concealment {
public:
    explicit concealment(schema const& of);
    /// Also of the related documents, at any depth, that `path` leads into.
    concealment(schema const& of, std::string_view path);

    void apply(violation& v) const;
    void apply(diagnostics& d) const;
    /// The filter with `"?"` in the place of such values.
    document apply(document const& filter) const;

private:
    void add(schema const& of);
    void add_related(schema const& of, relation_definition const& through);
    bool hides() const noexcept { return hides_all_ || !names_.empty(); }
    bool names_one(std::string_view path) const noexcept;
    bool may_tell(std::string_view path, std::string_view text) const noexcept;
    value apply(value const& v) const;

    /// Of the fields, and the keys under which they are stored.
    std::vector<std::string_view> names_;
    std::vector<std::shared_ptr<schema const>> related_;
    /// The models are not known whose fields may be told.
    bool hides_all_ = false;
};

} // namespace cormorant::detail
