#pragma once

/// Relationships: a document holds the id of another one, or a list of ids, and can be populated with what they refer to.

#include <cormorant/schema/field.hpp>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace cormorant {

enum class cardinality : std::uint8_t { single, multiple };

/// A relationship, as data.
struct relation_definition {
    std::string name;
    cardinality kind = cardinality::single;
    /// The name of the related model. Unused when polymorphic.
    std::string model;
    /// The reference names its model: `{id, modelName}`.
    bool polymorphic = false;
    /// The models that a polymorphic reference may name; empty: any.
    std::vector<std::string> models;
    bool required = false;
    bool hook_required = false;
    /// The field that holds the reference.
    std::string left_key;
    /// The key of the related documents that it refers to.
    std::string right_key = "_id";
    field_type right_key_type;
};

/// Builds a relationship; start with `single` or `multiple`. It adds to the model: the field of the reference, a virtual of the
/// relationship's name that stands for the related documents, and the hook `afterFind_NAME` that reads them.
class relation {
public:
    relation(std::string name, cardinality kind);

    /// The name of the related model; default: the name of the relationship.
    relation& model(std::string name) {
        spec_.model = std::move(name);
        return *this;
    }
    /// A reference may lead to several models and so names its own: `{id: ..., modelName: "authors"}`. Without names: any model.
    template <class... Names>
    relation& models(Names const&... names) {
        spec_.polymorphic = true;
        (spec_.models.emplace_back(names), ...);
        return *this;
    }
    /// A document must have the reference (for multiple: the list) to be stored.
    relation& required() {
        spec_.required = true;
        return *this;
    }
    /// Every find populates it, whatever hooks are asked for.
    relation& hook_required() {
        spec_.hook_required = true;
        return *this;
    }
    /// The field that holds the reference; default `NAME_id`, for multiple `NAME_ids`.
    relation& left_key(std::string key) {
        spec_.left_key = std::move(key);
        return *this;
    }
    /// The key of the related documents that the reference is a value of; default `_id`.
    relation& right_key(std::string key) {
        spec_.right_key = std::move(key);
        return *this;
    }
    /// The type of that key; default an object id.
    relation& right_key_type(field_definition type) {
        spec_.right_key_type = std::move(type.type);
        return *this;
    }

    operator relation_definition() const& { return spec_; }
    operator relation_definition() && { return std::move(spec_); }

private:
    relation_definition spec_;
};

/// A document refers to one other: `single("author")` keeps an id in `author_id`.
inline relation single(std::string name) {
    return relation(std::move(name), cardinality::single);
}
/// A document refers to several others, in order: `multiple("tags")` keeps ids in `tags_ids`.
inline relation multiple(std::string name) {
    return relation(std::move(name), cardinality::multiple);
}

} // namespace cormorant
