#include "repository/naming.hpp"

#include <algorithm>
#include <array>

namespace cormorant::detail {

namespace {

bool is_separator(char c) noexcept {
    return c == '-' || c == '_';
}
char lower(char c) noexcept {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}
char upper(char c) noexcept {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
}

std::string camel_case(std::string_view name) {
    std::string result;
    bool word_begins = false;
    for (char const c : name) {
        if (is_separator(c)) {
            word_begins = !result.empty();
            continue;
        }
        result += result.empty() ? lower(c) : word_begins ? upper(c) : c;
        word_begins = false;
    }
    return result;
}

std::string plural(std::string word) {
    auto const ends_with_any = [&](auto const&... endings) { return (word.ends_with(endings) || ...); };
    if (word.size() > 1 && word.ends_with('y') &&
        std::string_view("aeiou").find(lower(word[word.size() - 2])) == std::string_view::npos) {
        word.pop_back();
        return word + "ies";
    }
    if (ends_with_any("ss", "us", "x", "z", "ch", "sh"))
        return word + "es";
    return word.ends_with('s') ? word : word + "s";
}

} // namespace

std::string model_key(std::string_view name) {
    std::string key;
    for (char const c : name) {
        if (!is_separator(c))
            key += lower(c);
    }
    return key;
}

std::string default_collection(std::string_view model) {
    constexpr std::string_view suffix = "Model";
    std::string name = camel_case(model);
    if (name.size() > suffix.size() && name.ends_with(suffix))
        name.resize(name.size() - suffix.size());
    return plural(std::move(name));
}

} // namespace cormorant::detail
