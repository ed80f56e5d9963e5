#pragma once

/// Sort orders.

#include "query.hpp"

#include <cormorant/bson/value.hpp>

#include <compare>
#include <memory>
#include <string>
#include <vector>

namespace cormorant::memory {

/// A compiled sort order. Cheap to copy (shared, immutable), safe to use from any thread.
class sorter {
public:
    struct part {
        std::string path;
        bool descending = false;
        /// `{$meta: "textScore"}`, from the best.
        bool by_text_score = false;
    };
    /// The values that a document is sorted by, one for each part; with arrays the least (descending: the greatest) element.
    using key = std::vector<value>;

    /// Keeps the order as it is.
    sorter();
    /// `{a: 1, "b.c": -1}`. Throws what the server would answer, or `errc::unsupported` for `$meta` of what
    /// the store does not have.
    static sorter compile(document const& order, query_options const& options = query_options());

    bool empty() const noexcept;
    std::vector<part> const& parts() const noexcept;

    key key_of(document const& doc, std::optional<double> text_score = std::nullopt) const;
    key key_of(document_ptr const& doc) const { return key_of(*doc, doc.text_score()); }
    std::weak_ordering compare(key const&, key const&) const;
    /// Compares by fields, without building keys where no array is met.
    bool less(document const&, document const&) const;

    /// Stable. With a limit (not 0) only the first `limit` are kept.
    void sort(std::vector<document_ptr>& docs, std::size_t limit = 0) const;

private:
    struct state;
    explicit sorter(std::shared_ptr<state const>) noexcept;
    std::shared_ptr<state const> state_;
};

} // namespace cormorant::memory
