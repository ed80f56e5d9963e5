#pragma once

/// Text indexes and `$text`: the words of a document with their scores, and searches for them.

#include "text_language.hpp"

#include <cormorant/bson/value.hpp>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cormorant::memory {

/// Which texts of a document are indexed, and in which language. Immutable.
struct text_specification {
    /// By path.
    std::map<std::string, double, std::less<>> weights;
    /// `$**`: every text, those without a weight with 1.
    bool wildcard = false;
    text_language const* default_language = nullptr;
    /// The field in which a document says its language.
    std::string language_override;
    /// Fields of the index before the text, which a search binds by equality, and after it.
    std::vector<std::string> prefix;
    std::vector<std::string> suffix;

    /// Calls `visit(text, language, weight)` for each indexed text until it answers true; answers whether it did. Throws codes
    /// 17261 and 17262 for a bad language.
    using visitor = std::function<bool(std::string_view text, text_language const& language, double weight)>;
    bool visit(document const& doc, visitor const& v) const;

    /// The words of a document, each with its score by MongoDB's formula.
    std::map<std::string, double, std::less<>> scores(document const& doc) const;
};

/// A compiled `{$search: ..., $language: ..., $caseSensitive: ..., $diacriticSensitive: ...}`. Immutable.
class text_query {
public:
    /// Throws codes 2, 4, 14.
    text_query(value const& argument, std::shared_ptr<text_specification const> of);

    /// One of them is in every document that matches.
    std::vector<std::string> const& terms() const noexcept { return terms_; }
    text_specification const& specification() const noexcept { return *of_; }
    bool matches(document const& doc) const { return score(doc).has_value(); }
    /// `{$meta: "textScore"}`; nothing when the document does not match.
    std::optional<double> score(document const& doc) const;

private:
    void parse(std::string_view search, text_language const& language);
    bool contains_any(document const& doc, std::vector<std::string> const& words) const;
    bool contains(document const& doc, std::string const& folded_phrase) const;

    std::shared_ptr<text_specification const> of_;
    word_options options_;
    std::vector<std::string> terms_;
    /// As the options ask.
    std::vector<std::string> words_;
    std::vector<std::string> negated_words_;
    std::vector<std::string> phrases_;
    std::vector<std::string> negated_phrases_;
};

/// What `$text` finds where a filter is compiled.
struct text_context {
    enum class place {
        /// A filter on a collection.
        here,
        /// A stage that is not the first.
        later,
        /// A pipeline within a stage.
        within,
    };
    place where = place::here;
    /// Null: the collection has no text index.
    std::shared_ptr<text_specification const> index;
    /// Documents have a score.
    bool scored = false;
};

/// True when `$text` is among the conditions of a filter, at any place where it may stand.
bool asks_for_text(document const& filter);

} // namespace cormorant::memory
