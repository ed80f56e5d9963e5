#pragma once

/// Relationships: how the documents of one model lead to those of another, and how they are populated.

#include <cormorant/schema/field.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cormorant {

/// What a relationship leads to.
enum class cardinality : std::uint8_t {
    /// One document; nothing is put when none is found.
    single,
    /// A list with an entry for each reference, in their order.
    multiple,
    /// Each document that is found once, in the order of the query; an empty list when there is none.
    set,
};

/// A relationship, as data: the value at `left_key` of a document equals that at `right_key` of the related ones.
struct relation_definition {
    std::string name;
    cardinality kind = cardinality::single;
    /// False: the document refers to the related ones, and the left key is a field that the relationship declares. True: they
    /// refer to it, by its own key.
    bool inverse = false;
    /// The name of the related model. Unused when a reference names its own.
    std::string model;
    /// References may lead to several models.
    bool polymorphic = false;
    /// The models that a polymorphic reference may name; empty: any.
    std::vector<std::string> models;
    /// The field beside the reference that names the model which it leads to; empty: a polymorphic reference names it itself,
    /// `{id, modelName}`. It is a field of the documents that hold the reference: of the related ones when inverse.
    std::string discriminator;
    /// Of an inverse polymorphic relationship: the relationship of the related model that leads here; it says what right key and
    /// discriminator are.
    std::string through;
    bool required = false;
    bool hook_required = false;
    /// The key that is compared on this side. Empty: the key of the model.
    std::string left_key;
    /// The key of the related documents that is compared. `_id` is their key, whatever its name.
    std::string right_key = "_id";
    /// The type of the reference.
    field_type right_key_type;
};

/// Builds a relationship; start with one of the functions below. It adds to the model: the field of the reference (unless the
/// related documents hold it), a virtual of the relationship's name that stands for the related documents, and the hook
/// `afterFind_NAME` that reads them.
class relation {
public:
    /// A document that holds references to others.
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
    /// A document must have the reference (for lists: the list) to be stored.
    relation& required() {
        spec_.required = true;
        return *this;
    }
    /// Every find populates it, whatever hooks are asked for.
    relation& hook_required() {
        spec_.hook_required = true;
        return *this;
    }
    /// The field that holds the reference, on the side that holds it: of this model for `single`, `multiple`, `belongs_to` and
    /// `references_many`, of the related one for `has_one` and `has_many`.
    relation& foreign_key(std::string key) {
        (spec_.inverse ? spec_.right_key : spec_.left_key) = std::move(key);
        return *this;
    }
    /// The field beside it that names the model. Makes the relationship polymorphic.
    relation& discriminator(std::string key) {
        spec_.polymorphic = true;
        spec_.discriminator = std::move(key);
        return *this;
    }
    /// `belongs_to`: documents of several models may be meant; a field of the document names which, `NAMEType` unless
    /// `discriminator` says otherwise. `has_one` and `has_many`: the related documents refer to several models; their keys are
    /// given by `foreign_key` and `discriminator`.
    relation& polymorphic();
    /// `has_one` and `has_many`: those that refer to this model by their own polymorphic relationship of this name, whose keys
    /// are used.
    relation& polymorphic(std::string relation_of_target) {
        spec_.polymorphic = true;
        spec_.through = std::move(relation_of_target);
        return *this;
    }
    /// The key that is compared on this side; default: see the functions below.
    relation& left_key(std::string key) {
        spec_.left_key = std::move(key);
        return *this;
    }
    /// The key of the related documents that the reference is a value of; default `_id`, which is their key whatever its name.
    relation& right_key(std::string key) {
        spec_.right_key = std::move(key);
        return *this;
    }
    /// The type of the reference; default: an object id for `single` and `multiple`, anything for the others.
    relation& right_key_type(field_definition type) {
        spec_.right_key_type = std::move(type.type);
        return *this;
    }

    operator relation_definition() const& { return spec_; }
    operator relation_definition() && { return std::move(spec_); }

private:
    friend relation belongs_to(std::string name);
    friend relation has_one(std::string name);
    friend relation has_many(std::string name);
    friend relation references_many(std::string name);

    relation_definition spec_;
};

/// A document refers to one other: `single("author")` keeps an object id in `author_id`.
inline relation single(std::string name) {
    return relation(std::move(name), cardinality::single);
}
/// A document refers to several others, in order: `multiple("tags")` keeps object ids in `tags_ids`.
inline relation multiple(std::string name) {
    return relation(std::move(name), cardinality::multiple);
}
/// As `single`, in the words of js-repository: `belongs_to("author")` keeps a key of any type in `authorId`.
relation belongs_to(std::string name);
/// The first document that refers to this one: `has_one("passport").foreign_key("ownerId")`.
relation has_one(std::string name);
/// The documents that refer to this one, in the order of the query: `has_many("posts").model("post").foreign_key("authorId")`.
relation has_many(std::string name);
/// A document refers to several others, each of which is given once, in the order of the query: `references_many("categories")`
/// keeps keys in `categoryIds`.
relation references_many(std::string name);

/// The name of one of several: `categories` -> `category`, `boxes` -> `box`, `address` -> `address`.
std::string singular(std::string_view plural);

} // namespace cormorant
