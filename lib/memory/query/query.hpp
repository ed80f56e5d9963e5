#pragma once

/// What the parts of the query engine share: documents on their way, and the world that a query may ask.
///
/// Everything here is pure computation on documents: nothing suspends, nothing is locked. What is compiled is immutable and
/// may be used from any thread.

#include "memory/search/text_search.hpp"
#include "memory/value/collator.hpp"
#include "memory/value/refusal.hpp"

#include <cormorant/bson/value.hpp>

#include <fmt/format.h>

#include <cmath>
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

/// The type of an alias of `$type` and `$convert`: `"objectId"`. Not `"number"`, which is several.
std::optional<bson_type> type_of_alias(std::string_view alias) noexcept;

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
    /// `bypassDocumentValidation`.
    bool bypasses_validation = false;
};

} // namespace cormorant::memory
