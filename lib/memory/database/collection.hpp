#pragma once

/// The documents of one collection with their indexes.

#include "memory/index/index.hpp"
#include "memory/index/planner.hpp"
#include "memory/journal/effect.hpp"
#include "memory/match/matcher.hpp"
#include "memory/query/query.hpp"

#include <cormorant/bson/value.hpp>

#include <boost/unordered/unordered_flat_set.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cormorant::memory {

/// A record that has been taken out of a collection, and what stood behind it.
struct taken_record {
    std::list<record> node;
    record_handle next;
};

/// A change of a document: none `before` it came, none `after` it went.
struct written_record {
    /// Where it is; of no meaning when it went.
    record_handle at;
    document_ptr before;
    document_ptr after;
    /// When it went.
    taken_record taken;
};

class collection;

/// Is told of every change of a collection, in their order.
class collection_log {
public:
    virtual ~collection_log() = default;
    /// A document with this id is about to come, to change or to go. What it throws keeps it from that.
    virtual void about_to_write(collection const& c, value const& id) = 0;
    virtual void wrote(collection& c, written_record w) = 0;
    /// An index came or went; `body` as in `effect`.
    virtual void defined(collection const& c, effect::kind what, document_ptr body) = 0;
};

/// Documents in the order in which they came, a hash of their ids, and indexes that always fit them: a change that an index
/// refuses changes nothing. Documents are shared and never changed in place, so whoever holds one keeps it as it was. Not thread
/// safe.
class collection {
public:
    /// `ns`: the full name, `"db.users"`. `options`: of `create`; throws what the server answers to bad ones. `log`, unless it is
    /// null, is told of what becomes of documents and indexes, and outlives the collection.
    explicit collection(std::string ns, document options = document(), collection_log* log = nullptr);

    std::string const& ns() const noexcept { return ns_; }
    /// Without the database.
    std::string_view name() const noexcept { return std::string_view(ns_).substr(ns_.find('.') + 1); }
    document const& options() const noexcept { return options_; }
    std::size_t size() const noexcept { return records_.size(); }

    /// Whether the validator is asked.
    enum class validation { wanted, bypassed };
    /// `doc` has an `_id` as its first member. Throws `errc::duplicate_key`, `errc::document_validation` and code 171.
    record_handle insert(document doc, validation v = validation::wanted);
    /// The new document has the same `_id`.
    void replace(record_handle at, document doc, validation v = validation::wanted);
    void erase(record_handle at);
    /// Puts back a document as it was: in the place of the one with its `_id`, or last. It is not validated again, since a
    /// validator may ask for the time.
    void restore(document doc);

    /// Of a collection that was made without a log: from now on there is one, which is told of every index and document first.
    void record_to(collection_log& log);

    /// \name Changes that nobody is told of, and that are not checked: the documents were there before. What is taken out can be
    /// put back to its place as long as everything behind it is as it was.
    /// @{
    record_handle add(document_ptr doc);
    /// Answers the document that was there, which has the same `_id`.
    document_ptr exchange(record_handle at, document_ptr doc);
    taken_record take_out(record_handle at);
    void put_back(taken_record taken);
    /// Throws `errc::duplicate_key` when the document could not come, or take the place of `at`.
    void check_indexes(document const& doc, std::optional<record_handle> at) const;
    /// @}

    /// False when the index exists already. Throws `errc::duplicate_key` when the documents do not fit it: there is no index
    /// then.
    bool create_index(index_definition definition);
    /// Throws code 27 and 72.
    void drop_index(std::string_view name);
    std::vector<std::unique_ptr<index>> const& indexes() const noexcept { return indexes_; }
    /// Of its text index; null without one.
    std::shared_ptr<text_specification const> text() const noexcept;

    std::optional<record_handle> find_id(value const& id) const;
    /// All of them, in their order.
    std::vector<document_ptr> documents() const;
    access_plan plan(access_request const& request) const;
    /// Calls `visit` for the documents of the plan in its order, each once, until it answers false. The collection may not change
    /// meanwhile.
    void scan(access_plan const& plan, std::function<bool(record_handle)> const& visit) const;

private:
    struct hash_of_id {
        using is_transparent = void;
        std::size_t operator()(record_handle r) const noexcept { return r->id_hash; }
        std::size_t operator()(value const& id) const noexcept { return hash_value(id); }
    };
    struct same_id {
        using is_transparent = void;
        bool operator()(record_handle a, record_handle b) const noexcept { return a->id() == b->id(); }
        bool operator()(value const& a, record_handle b) const noexcept { return a == b->id(); }
        bool operator()(record_handle a, value const& b) const noexcept { return a->id() == b; }
    };

    record_handle add(document_ptr doc, std::vector<index_keys> const& keys);
    document_ptr exchange(record_handle at, document_ptr doc, std::vector<index_keys> const& keys);
    void change(record_handle at, document doc);
    void validate(document const& doc) const;
    [[noreturn]] void refuse_duplicate(index_definition const& definition, index_key const& key) const;
    /// The keys of a document in each index, checked against each of them.
    std::vector<index_keys> checked_keys(document const& doc, record const* self) const;
    std::vector<index_keys> all_keys(document const& doc) const;

    std::string ns_;
    document options_;
    collection_log* log_;
    std::optional<matcher> validator_;
    std::list<record> records_;
    std::uint64_t next_number_ = 1;
    boost::unordered_flat_set<record_handle, hash_of_id, same_id> ids_;
    /// `_id_` is the first.
    std::vector<std::unique_ptr<index>> indexes_;
};

} // namespace cormorant::memory
