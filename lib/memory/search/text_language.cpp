#include "text_language.hpp"

#include "memory/value/text.hpp"

#include <libstemmer.h>

#include <algorithm>
#include <array>
#include <memory>
#include <unordered_map>

namespace cormorant::memory {

struct text_language::table {
    static constexpr std::array<text_language, 16> all = {text_language{"danish", "da"}, {"dutch", "nl"}, {"english", "en"},
        {"finnish", "fi"}, {"french", "fr"}, {"german", "de"}, {"hungarian", "hu"}, {"italian", "it"}, {"norwegian", "nb"},
        {"portuguese", "pt"}, {"romanian", "ro"}, {"russian", "ru"}, {"spanish", "es"}, {"swedish", "sv"}, {"turkish", "tr"},
        {"none", "none"}};
};

namespace {

struct range {
    char32_t first;
    char32_t last;
};

/// What parts words beyond ASCII: white space, the characters that Unicode's Pattern_Syntax reserves for syntax (a set that never
/// changes), and the marks that end sentences in other scripts. In order.
constexpr range delimiters[] = {{0x85, 0x85}, {0xA0, 0xA7}, {0xA9, 0xA9}, {0xAB, 0xAE}, {0xB0, 0xB1}, {0xB6, 0xB6}, {0xBB, 0xBB},
    {0xBF, 0xBF}, {0xD7, 0xD7}, {0xF7, 0xF7}, {0x37E, 0x37E}, {0x387, 0x387}, {0x55A, 0x55F}, {0x589, 0x58A}, {0x5BE, 0x5BE},
    {0x5C0, 0x5C0}, {0x5C3, 0x5C3}, {0x5F3, 0x5F4}, {0x60C, 0x60D}, {0x61B, 0x61B}, {0x61E, 0x61F}, {0x66A, 0x66D},
    {0x6D4, 0x6D4}, {0x964, 0x965}, {0xE5A, 0xE5B}, {0xF0D, 0xF12}, {0x104A, 0x104B}, {0x10FB, 0x10FB}, {0x1361, 0x1368},
    {0x1680, 0x1680}, {0x16EB, 0x16ED}, {0x17D4, 0x17D6}, {0x1802, 0x1809}, {0x2000, 0x206F}, {0x2190, 0x245F}, {0x2500, 0x2775},
    {0x2794, 0x2BFF}, {0x2E00, 0x2E7F}, {0x3000, 0x3003}, {0x3008, 0x3020}, {0x3030, 0x3030}, {0x303D, 0x303D}, {0x30FB, 0x30FB},
    {0xFD3E, 0xFD3F}, {0xFE10, 0xFE19}, {0xFE30, 0xFE6F}, {0xFF01, 0xFF0F}, {0xFF1A, 0xFF20}, {0xFF3B, 0xFF40}, {0xFF5B, 0xFF65}};

bool is_combining_accent(char32_t c) noexcept {
    return c >= 0x300 && c <= 0x36F;
}

struct delete_stemmer {
    void operator()(sb_stemmer* s) const noexcept { sb_stemmer_delete(s); }
};

/// Null for `"none"`. A stemmer has working memory, so that each thread needs its own.
sb_stemmer* stemmer_of(std::string_view language) {
    thread_local std::unordered_map<std::string_view, std::unique_ptr<sb_stemmer, delete_stemmer>> stemmers;
    auto& made = stemmers[language];
    if (!made && language != "none")
        made.reset(sb_stemmer_new(std::string(language).c_str(), nullptr));
    return made.get();
}

void append_folded(std::string& out, char32_t c, word_options options) {
    if (!options.case_sensitive)
        c = text::lower(c);
    if (!options.accent_sensitive) {
        if (is_combining_accent(c))
            return;
        c = text::split_accent(c).base;
    }
    text::append(out, c);
}

} // namespace

text_language const* text_language::find(std::string_view name) noexcept {
    auto const lower = text::ascii_lower(name);
    auto const at =
        std::ranges::find_if(table::all, [&](text_language const& each) { return each.name_ == lower || each.code_ == lower; });
    return at == table::all.end() ? nullptr : &*at;
}

bool text_language::is_delimiter(char32_t c) const noexcept {
    if (c < 0x80) {
        // English has words with an apostrophe.
        bool const letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
        return !letter && !(c == '\'' && name_ == "english");
    }
    auto const at = std::ranges::upper_bound(delimiters, c, {}, &range::first);
    return at != std::begin(delimiters) && c <= (at - 1)->last;
}

std::string text_language::stem(std::string const& word) const {
    auto* const stemmer = stemmer_of(name_);
    if (stemmer == nullptr)
        return word;
    auto const* const result =
        sb_stemmer_stem(stemmer, reinterpret_cast<sb_symbol const*>(word.data()), static_cast<int>(word.size()));
    return {reinterpret_cast<char const*>(result), static_cast<std::size_t>(sb_stemmer_length(stemmer))};
}

std::vector<std::string> text_language::words(std::string_view text, word_options options) const {
    std::vector<std::string> result;
    auto const stop_words = stop_words_of(name_);
    word_options const keep_accents{false, true};
    std::string word;
    std::string lower;
    auto const end_word = [&] {
        if (word.empty())
            return;
        if (stop_words.find(" " + lower + " ") == std::string_view::npos) {
            // Stop words and stems have their accents.
            result.push_back(fold_text(stem(options.case_sensitive ? word : lower), options));
        }
        word.clear();
        lower.clear();
    };
    while (!text.empty()) {
        char32_t const c = text::next(text);
        if (is_delimiter(c)) {
            end_word();
        } else {
            text::append(word, c);
            append_folded(lower, c, keep_accents);
        }
    }
    end_word();
    return result;
}

std::string fold_text(std::string_view text, word_options options) {
    if (options.case_sensitive && options.accent_sensitive)
        return std::string(text);
    std::string result;
    result.reserve(text.size());
    while (!text.empty())
        append_folded(result, text::next(text), options);
    return result;
}

} // namespace cormorant::memory
