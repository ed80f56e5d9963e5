#include "text_search.hpp"

#include "memory/value/refusal.hpp"
#include "memory/value/text.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace cormorant::memory {

namespace {

/// Walks a document as MongoDB's indexer does.
class text_walk {
public:
    text_walk(text_specification const& of, text_specification::visitor const& visit) : of_(of), visit_(visit) {}

    bool run(document const& d, std::string const& path, text_language const& inherited) const {
        auto const& language = language_of(d, inherited);
        for (auto const& [name, v] : d) {
            if (of_.wildcard && name == of_.language_override)
                continue;
            if (member(v, path.empty() ? std::string(name) : fmt::format("{}.{}", path, name), language, false))
                return true;
        }
        return false;
    }

private:
    text_language const& language_of(document const& d, text_language const& inherited) const {
        auto const* const given = d.find(of_.language_override);
        if (given == nullptr)
            return inherited;
        if (!given->is_string())
            refuse(17261, "found language override field in document with non-string type");
        auto const* const found = text_language::find(given->as_string());
        if (found == nullptr)
            refuse(17262, fmt::format("language override unsupported: {}", given->as_string()));
        return *found;
    }

    /// True when there is something to find at a path or below it.
    bool leads_somewhere(std::string const& path) const {
        auto const at = of_.weights.lower_bound(path);
        return of_.wildcard || (at != of_.weights.end() && (at->first == path || at->first.starts_with(path + ".")));
    }

    bool member(value const& v, std::string const& path, text_language const& language, bool in_array) const {
        if (!leads_somewhere(path))
            return false;
        if (auto const text = v.if_string()) {
            auto const weight = of_.weights.find(path);
            if (weight == of_.weights.end() && !of_.wildcard)
                return false;
            return visit_(*text, language, weight == of_.weights.end() ? 1 : weight->second);
        }
        if (auto const* const d = v.if_document())
            return run(*d, path, language);
        // An array within an array counts only with a wildcard.
        if (auto const* const a = v.if_array(); a != nullptr && (!in_array || of_.wildcard))
            return std::ranges::any_of(*a, [&](value const& e) { return member(e, path, language, true); });
        return false;
    }

    text_specification const& of_;
    text_specification::visitor const& visit_;
};

bool has_any(std::vector<std::string> const& sorted, std::vector<std::string> const& words) {
    return std::ranges::any_of(words, [&](std::string const& w) { return std::ranges::binary_search(sorted, w); });
}

void make_set(std::vector<std::string>& words) {
    std::ranges::sort(words);
    auto const duplicates = std::ranges::unique(words);
    words.erase(duplicates.begin(), duplicates.end());
}

} // namespace

bool text_specification::visit(document const& doc, visitor const& v) const {
    return text_walk(*this, v).run(doc, "", *default_language);
}

std::map<std::string, double, std::less<>> text_specification::scores(document const& doc) const {
    struct occurrences {
        double count = 0;
        /// Each further one counts half as much as the one before.
        double frequency = 0;
        double next = 1;
    };
    std::map<std::string, double, std::less<>> result;
    visit(doc, [&](std::string_view text, text_language const& language, double weight) {
        auto const words = language.words(text);
        std::map<std::string_view, occurrences> found;
        for (std::string const& word : words) {
            auto& o = found[word];
            ++o.count;
            o.frequency += o.next;
            o.next /= 2;
        }
        for (auto const& [word, o] : found) {
            double const share = 0.5 * o.count / static_cast<double>(words.size()) + 0.5;
            // A text that is nothing but the word is worth a little more.
            double const boost = text.size() == word.size() && text::ascii_lower(text) == word ? 1.1 : 1;
            result[std::string(word)] += weight * o.frequency * share * boost;
        }
        return false;
    });
    return result;
}

text_query::text_query(value const& argument, std::shared_ptr<text_specification const> of) : of_(std::move(of)) {
    auto const* const given = argument.if_document();
    if (given == nullptr)
        refuse(code::bad_value, "$text expects an object");
    auto const typed = [&](char const* name, bool ok, value const& v, std::string_view expected) {
        if (!ok)
            refuse(code::type_mismatch,
                fmt::format("\"{}\" had the wrong type. Expected {}, found {}", name, expected, to_string(v.type())));
    };
    auto const* const search = given->find("$search");
    if (search == nullptr)
        refuse(4, "Missing expected field \"$search\"");
    typed("$search", search->is_string(), *search, "string");
    std::string_view language_name;
    std::size_t known = 1;
    if (auto const* const v = given->find("$language")) {
        typed("$language", v->is_string(), *v, "string");
        language_name = v->as_string();
        ++known;
    }
    if (auto const* const v = given->find("$caseSensitive")) {
        typed("$caseSensitive", v->is_bool(), *v, "bool");
        options_.case_sensitive = v->as_bool();
        ++known;
    }
    if (auto const* const v = given->find("$diacriticSensitive")) {
        typed("$diacriticSensitive", v->is_bool(), *v, "bool");
        options_.accent_sensitive = v->as_bool();
        ++known;
    }
    if (given->size() != known)
        refuse(code::bad_value, "extra fields in $text");
    auto const* const language = language_name.empty() ? of_->default_language : text_language::find(language_name);
    if (language == nullptr)
        refuse(code::bad_value, fmt::format("unsupported language: \"{}\" for text index version 3", language_name));
    parse(search->as_string(), *language);
}

void text_query::parse(std::string_view search, text_language const& language) {
    constexpr std::string_view blanks = " \f\v\t\r\n";
    bool negated = false;
    std::optional<std::size_t> quote;
    bool after_blank = true;
    std::string wanted;
    std::string unwanted;
    for (std::size_t at = 0; at < search.size();) {
        char const c = search[at];
        if (blanks.find(c) != std::string_view::npos) {
            after_blank = true;
            ++at;
            continue;
        }
        if (c == '-') {
            negated = negated || (!quote && after_blank);
            ++at;
        } else if (c == '"') {
            if (quote) {
                auto phrase = fold_text(search.substr(*quote, at - *quote), options_);
                (negated ? negated_phrases_ : phrases_).push_back(std::move(phrase));
                quote.reset();
            } else {
                // A negation ends with the next blank: `-a"b"` negates both, `-a "b"` only one.
                negated = negated && !after_blank;
                quote = at + 1;
            }
            ++at;
        } else {
            auto const end = std::min(search.find_first_of(" \f\v\t\r\n-\"", at), search.size());
            if (!quote)
                negated = negated && !after_blank;
            // The words of a negated phrase may occur by themselves.
            if (!quote || !negated)
                (negated ? unwanted : wanted).append(search.substr(at, end - at)).push_back(' ');
            at = end;
        }
        after_blank = false;
    }
    terms_ = language.words(wanted);
    words_ = language.words(wanted, options_);
    negated_words_ = language.words(unwanted, options_);
    make_set(terms_);
    make_set(words_);
    make_set(negated_words_);
}

bool text_query::contains_any(document const& doc, std::vector<std::string> const& words) const {
    return !words.empty() && of_->visit(doc, [&](std::string_view text, text_language const& language, double) {
        return has_any(words, language.words(text, options_));
    });
}

bool text_query::contains(document const& doc, std::string const& folded_phrase) const {
    return of_->visit(doc, [&](std::string_view text, text_language const&, double) {
        return fold_text(text, options_).find(folded_phrase) != std::string::npos;
    });
}

std::optional<double> text_query::score(document const& doc) const {
    double result = 0;
    auto const scores = of_->scores(doc);
    for (std::string const& term : terms_) {
        if (auto const found = scores.find(term); found != scores.end())
            result += found->second;
    }
    if (result == 0)
        return std::nullopt;
    bool const folded = !options_.case_sensitive && !options_.accent_sensitive;
    if ((!folded && !contains_any(doc, words_)) || contains_any(doc, negated_words_))
        return std::nullopt;
    auto const is_in = [&](std::string const& phrase) { return contains(doc, phrase); };
    if (!std::ranges::all_of(phrases_, is_in) || std::ranges::any_of(negated_phrases_, is_in))
        return std::nullopt;
    return result;
}

bool asks_for_text(document const& filter) {
    return std::ranges::any_of(filter, [](auto const& member) {
        if (member.key() == "$text")
            return true;
        auto const* const parts = member.key() == "$and" || member.key() == "$or" ? member.value().if_array() : nullptr;
        return parts != nullptr && std::ranges::any_of(*parts,
                                       [](value const& part) { return part.is_document() && asks_for_text(part.as_document()); });
    });
}

} // namespace cormorant::memory
