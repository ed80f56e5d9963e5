#pragma once

/// Languages of text indexes: how a text is cut into words, and which words are the same.

#include <string>
#include <string_view>
#include <vector>

namespace cormorant::memory {

/// What becomes of the words of a text.
struct word_options {
    bool case_sensitive = false;
    bool accent_sensitive = false;
};

/// A language that MongoDB's text indexes (version 3) know.
class text_language {
public:
    /// By its name or its code of two letters, `"english"`, `"EN"`; null when there is no such language. `"none"` has neither
    /// stop words nor stems.
    static text_language const* find(std::string_view name) noexcept;

    /// The words of a text as they stand in an index: without stop words, each cut to its stem (Snowball), then folded as asked.
    std::vector<std::string> words(std::string_view text, word_options options = word_options()) const;

private:
    struct table;
    constexpr text_language(std::string_view name, std::string_view code) noexcept : name_(name), code_(code) {}
    std::string stem(std::string const& word) const;
    bool is_delimiter(char32_t c) const noexcept;

    std::string_view name_;
    std::string_view code_;
};

/// The text with case and accents folded as asked: what phrases are compared by.
std::string fold_text(std::string_view text, word_options options);

/// The stop words of a language in one text, each between two blanks; empty when there are none.
std::string_view stop_words_of(std::string_view language) noexcept;

} // namespace cormorant::memory
