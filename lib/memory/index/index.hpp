#pragma once

/// Ordered indexes: what an index is, which keys a document has in it, and the tree of them.

#include "memory/match/matcher.hpp"
#include "memory/query/query.hpp"
#include "memory/value/field_path.hpp"

#include <cormorant/bson/value.hpp>
#include <cormorant/operation/operations.hpp>

#include <boost/container/small_vector.hpp>
#include <boost/unordered/unordered_flat_set.hpp>

#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace cormorant::memory {

/// A stored document. `number` grows with every insertion: the natural order, and the order of equal keys.
struct record {
    document_ptr doc;
    std::uint64_t number = 0;
    std::size_t id_hash = 0;

    value const& id() const noexcept { return doc->begin()->value(); } // `_id` is always first
};
/// Stays valid until the record is erased.
using record_handle = std::list<record>::const_iterator;

/// What an index is, checked and normalised as the server does it.
struct index_definition {
    struct part {
        std::string path;
        bool descending = false;
    };

    std::string name;
    /// As given: `{a: 1, "b.c": -1}`.
    document keys;
    std::vector<part> parts;
    /// Of the parts, ready to be followed.
    std::vector<field_path> paths;
    bool unique = false;
    bool sparse = false;
    /// Kept, and not used by queries.
    bool hidden = false;
    /// Null without `partialFilterExpression`.
    std::shared_ptr<document const> partial_filter;
    matcher partial;
    /// Null: binary.
    std::shared_ptr<collator const> collation;
    /// Of a text index, whose entries are words; null for others.
    std::shared_ptr<text_specification const> text;
    /// `{v, key, name, ...}` as `list_indexes` answers it.
    document listing;

    /// Throws what the server answers to a bad specification, `errc::unsupported` for geo, hashed and wildcard indexes.
    static index_definition compile(index_model const& model);
    /// From `listing`.
    static index_definition from_listing(document const& listing);
    /// `{_id: 1}`, unique.
    static index_definition of_id();
    bool is_id() const { return name == "_id_"; }
};

/// How an index that is asked for relates to one that exists: true when there is nothing to do, false when they have nothing
/// to do with each other. Throws codes 85 and 86 for what the server calls a conflict.
bool is_same_index(index_definition const& asked, index_definition const& existing);

/// The values of one entry, one for each part.
using index_key = boost::container::small_vector<value, 1>;

struct index_keys {
    /// Sorted, without duplicates. Empty when the index leaves the document out.
    std::vector<index_key> keys;
    /// An array was expanded.
    bool multikey = false;
};

/// The keys of a document: an array gives one for each element, a missing field null, an empty array undefined.
/// Throws code 171 for two arrays side by side. Those of a text index are the words of the document.
index_keys keys_of(index_definition const& definition, document const& doc);

/// One end of a range of values.
struct range_end {
    value at;
    bool inclusive = true;
};

/// Some keys that follow each other: those that begin with `prefix`, and whose next part is between the two ends.
struct key_range {
    index_key prefix;
    std::optional<range_end> lower;
    std::optional<range_end> upper;
};

/// An index: a tree of its entries for ranges and order, and beside it a hash of its keys, which makes finding a whole key cost
/// the same in a small and in a large collection. Not thread safe.
class index {
public:
    explicit index(index_definition definition);

    index_definition const& definition() const noexcept { return *definition_; }
    /// True once a document with an array was put in.
    bool multikey() const noexcept { return multikey_; }
    std::size_t size() const noexcept { return entries_.size(); }

    /// The record that keeps these keys from being put in, when the index is unique. `self` is no obstacle.
    struct conflict {
        record_handle owner;
        index_key key;
    };
    std::optional<conflict> find_conflict(index_keys const& keys, record const* self) const;
    /// Throws nothing but `bad_alloc`. Uniqueness was checked before.
    void insert(index_keys const& keys, record_handle record);
    void erase(index_keys const& keys, record_handle record);

    /// Calls `visit(record_handle)` for the entries of the range in the order of the index (or against it) until it answers
    /// false. A record with several keys in the range comes several times. Answers false when it was stopped.
    template <class F>
    bool scan(key_range const& range, bool backward, F&& visit) const {
        if (!backward && range.prefix.size() == definition_->parts.size())
            return scan_key(range.prefix, visit);
        auto [first, last] = bounds(range);
        if (backward) {
            while (last != first) {
                if (!visit((--last)->record))
                    return false;
            }
        } else {
            for (; first != last; ++first) {
                if (!visit(first->record))
                    return false;
            }
        }
        return true;
    }

private:
    struct entry {
        index_key key;
        record_handle record;
    };
    /// A place between entries: before (or after) all whose key begins with these values.
    struct place {
        index_key const& begin;
        value const* next;
        bool after;
    };
    /// The place of one entry.
    struct exact {
        index_key const& key;
        std::uint64_t number;
    };
    struct order {
        using is_transparent = void;
        index_definition const* definition;

        std::weak_ordering part(value const& a, value const& b, std::size_t i) const noexcept;
        std::weak_ordering keys(index_key const& a, index_key const& b) const noexcept;
        std::weak_ordering keys(index_key const& a, place const& b) const noexcept;
        bool operator()(entry const& a, entry const& b) const noexcept;
        bool operator()(entry const& a, place const& b) const noexcept;
        bool operator()(entry const& a, exact const& b) const noexcept;
        bool operator()(exact const& a, entry const& b) const noexcept;
    };
    using tree = std::set<entry, order>;

    /// The entries with one key, which follow each other in the tree. What may change is not what it is found by.
    struct run {
        std::size_t hash;
        mutable tree::const_iterator first;
        mutable std::size_t size;
    };
    struct run_hash {
        using is_transparent = void;
        std::size_t operator()(run const& r) const noexcept { return r.hash; }
        std::size_t operator()(index_key const& key) const noexcept;
    };
    struct run_equal {
        using is_transparent = void;
        bool operator()(run const& a, run const& b) const noexcept { return (*this)(a.first->key, b); }
        bool operator()(index_key const& a, run const& b) const noexcept;
        bool operator()(run const& a, index_key const& b) const noexcept { return (*this)(b, a); }
    };

    template <class F>
    bool scan_key(index_key const& key, F& visit) const {
        auto const found = runs_.find(key);
        if (found == runs_.end())
            return true;
        auto at = found->first;
        for (std::size_t left = found->size; visit(at->record); ++at) {
            if (--left == 0)
                return true;
        }
        return false;
    }
    std::pair<tree::const_iterator, tree::const_iterator> bounds(key_range const& range) const;

    std::unique_ptr<index_definition const> definition_;
    tree entries_;
    boost::unordered_flat_set<run, run_hash, run_equal> runs_;
    bool multikey_ = false;
};

} // namespace cormorant::memory
