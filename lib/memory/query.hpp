#pragma once

/// What the parts of the query engine share: errors, collation, and the world that a query may ask.
///
/// Everything here is pure computation on documents: nothing suspends, nothing is locked. What is compiled is immutable and
/// may be used from any thread.

#include "text_search.hpp"

#include <cormorant/bson/value.hpp>
#include <cormorant/error/error.hpp>

#include <fmt/format.h>

#include <cmath>
#include <compare>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cormorant::memory {

/// A document that is shared and no longer changed. Documents pass through pipelines in this form: a stage that changes one
/// copies it, unless it is the only owner (`take`). With it goes what `$text` found out about it.
class document_ptr : public std::shared_ptr<document const> {
public:
    using shared_ptr::shared_ptr;
    document_ptr() noexcept = default;
    document_ptr(std::shared_ptr<document const> d) noexcept : shared_ptr(std::move(d)) {}

    /// `{$meta: "textScore"}`.
    std::optional<double> text_score() const noexcept {
        return std::isnan(text_score_) ? std::nullopt : std::optional(text_score_);
    }
    void set_text_score(std::optional<double> score) noexcept { text_score_ = score.value_or(no_score); }

private:
    static constexpr double no_score = std::numeric_limits<double>::quiet_NaN();
    double text_score_ = no_score;
};

/// The document itself: moved out of its only owner, else copied.
document take(document_ptr&& doc);

/// MongoDB's error codes, as far as the engine answers them.
namespace code {
inline constexpr int bad_value = 2;
inline constexpr int failed_to_parse = 9;
inline constexpr int type_mismatch = 14;
inline constexpr int overflow = 15;
inline constexpr int path_not_viable = 28;
inline constexpr int conflicting_update_operators = 40;
inline constexpr int dollar_prefixed_field_name = 52;
inline constexpr int empty_field_name = 56;
inline constexpr int immutable_field = 66;
inline constexpr int unrecognised_pipeline_stage = 40324;
inline constexpr int conversion_failure = 241;
} // namespace code

/// Throws what a MongoDB server would answer: `errc::server` with its code.
[[noreturn]] void refuse(int server_code, std::string message);
/// Throws `errc::unsupported`: a server could do it, this store cannot.
[[noreturn]] void unsupported(std::string message);

/// The type of an alias of `$type` and `$convert`: `"objectId"`. Not `"number"`, which is several.
std::optional<bson_type> type_of_alias(std::string_view alias) noexcept;

/// Compares strings as a collation says; other values as `compare`. Only the simple binary collation (null pointer) and
/// case (strength 2) or case and accent (strength 1) insensitive comparison of Latin text exist.
class collator {
public:
    /// Null for the binary order: an empty document or `{locale: "simple"}`. Throws `errc::server` for what a server refuses
    /// and `errc::unsupported` for options that are not simple.
    static std::shared_ptr<collator const> make(document const& collation);

    std::weak_ordering compare_strings(std::string_view, std::string_view) const;
    std::weak_ordering operator()(value const&, value const&) const;
    /// Strings that compare equal have the same key, and keys compare (binary) as the strings do.
    std::string key(std::string_view) const;
    /// The value with every string (at any depth) replaced by its key: for hashing and grouping.
    value key(value const&) const;

private:
    int strength_ = 3;
};

/// `collation` may be null.
std::weak_ordering compare(value const&, value const&, collator const* collation);
bool equal(value const&, value const&, collator const* collation);

/// Documents one by one. Not thread safe.
class document_stream {
public:
    virtual ~document_stream() = default;
    /// Null at the end.
    virtual document_ptr next() = 0;
};

/// A stream over documents that are there already.
std::unique_ptr<document_stream> stream_of(std::vector<document_ptr> docs);

/// The world around one command. It outlives whatever was compiled with it.
class environment {
public:
    virtual ~environment() = default;
    /// `$$NOW`, `$currentDate`: the same for the whole command. Default: when the environment was made.
    virtual datetime now() const;
    /// In [0, 1): `$rand`, `$sample`. Default: a generator of the thread.
    virtual double random() const;
    /// `$lookup`, `$unionWith`, `$graphLookup`: the documents of a collection or view of the same database; none when it does not
    /// exist. `filter` is a hint: those that it leaves out need not be given. Default: `errc::unsupported`.
    virtual std::unique_ptr<document_stream> open(std::string_view collection, document const& filter) const;

private:
    datetime now_ = cormorant::now();
};

/// What a command says beside its filter, update or pipeline.
struct query_options {
    query_options();
    /// Null: binary.
    std::shared_ptr<collator const> collation;
    /// Never null.
    std::shared_ptr<environment const> world;
    /// Variables of the command's `let`, already evaluated.
    document let;
    text_context text;
};

} // namespace cormorant::memory
