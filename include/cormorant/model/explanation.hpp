#pragma once

/// `explanation`: what an operation will do, told before it runs.

#include <cormorant/bson/value.hpp>
#include <cormorant/pipeline/trace.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace cormorant {

/// Why a hook runs.
enum class hook_origin : std::uint8_t {
    /// It is required, and nobody asked for it.
    required_hook,
    /// It is among the default hooks of the model.
    default_hook,
    /// The call asks for it.
    runtime_hook,
    /// A virtual or relationship that `fields` names needs it.
    field_hook,
};
/// `"required"`, `"default"`, `"runtime"`, `"field"`.
std::string_view to_string(hook_origin) noexcept;

/// The steps of an operation in their order, as `model::explain_find` and its like predict them from the definitions alone: the
/// store is not asked, no hook runs, nothing is validated.
///
/// Steps have the kinds and names that a `trace` of the same call gives its spans. A prediction supposes that
/// - hooks change neither filter nor options (`hook::internal` tells whose they are: after one of yours things may go
/// differently);
/// - there are documents and references: a population that has nothing to read sends nothing, and a very long list of references
///   is read in several finds;
/// - the call is alone: with the loader (`find_options::loader`) a find by id may be sent as one with others of its turn.
/// A value: it holds no reference to the model. Filters are given as their shape, so that it may be logged.
class explanation {
public:
    static constexpr std::size_t no_parent = trace::no_parent;

    struct step {
        span_kind kind = span_kind::call;
        /// `"post.find"`, `"afterFind_author"`, `"find authors"`, `"author -> authors"`.
        std::string name;
        /// The position of the step that this one is a part of.
        std::size_t parent = no_parent;
        /// The model of the operation that it belongs to.
        std::string model;
        /// Levels of related documents between the documents of the call and those of this step.
        int level = 0;

        /// \name Hooks
        /// @{
        hook_origin origin = hook_origin::required_hook;
        /// Who asked for it: the model whose default hooks name it, or the virtual or relationship that needs it.
        std::string reason;
        /// The library's own: it populates a relationship.
        bool internal = false;
        /// The key that such a hook needs, when the call does not read it: it populates nothing then.
        std::string unread_key;
        /// @}

        /// \name Store calls
        /// @{

        /// `{country: ?, population: {$gt: ?}}`
        std::string shape;
        /// The projection of a find; empty: whole documents are read.
        document fields;
        /// Sort, skip and limit of a find, as far as they are given; the number of `documents` of an insert.
        document options;
        /// @}

        /// Population: further levels are not told, as they exceed the bounds of `population_limits`. The call itself fails with
        /// `errc::limit_exceeded` if there are documents down there.
        bool exceeds_limits = false;
    };

    /// A parent stands before its parts.
    std::vector<step> const& steps() const noexcept { return steps_; }
    /// The hooks in the order in which they run.
    std::vector<step> hooks() const { return of(span_kind::hook); }
    /// What is sent to the store, the finds of related models included.
    std::vector<step> queries() const { return of(span_kind::store); }

    /// The tree as text, a line for each step, indented by depth:
    /// \code
    /// post.find
    ///   beforeFilter_tenant  required
    ///   find post  {tenant: ?}  reads title, author_id
    ///   afterFind_author  needed by author
    ///   author -> author
    ///     author.find
    ///       find author  {_id: {$in: [?]}}  reads name, _id
    /// \endcode
    std::string to_string() const;
    /// The tree as a document: `{call: "post.find", steps: [{hook: ..., origin: ...}, {store: ..., filter: ..., fields: ...},
    /// {populate: ..., steps: [...]}]}`.
    document to_document() const;

    /// Adds a step and answers its position.
    std::size_t add(step s);

private:
    std::vector<step> of(span_kind kind) const;
    document to_document(std::size_t position) const;

    std::vector<step> steps_;
};

} // namespace cormorant
