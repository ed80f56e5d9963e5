#include "schema/section.hpp"

#include <cormorant/schema/request_policy.hpp>

#include <array>
#include <limits>

namespace cormorant {

namespace {

constexpr std::array<std::string_view, 12> word_names{
    "eq", "ne", "gt", "gte", "lt", "lte", "in", "nin", "exists", "contains", "startsWith", "regex"};

filter_word word_named(detail::section const& s, std::string_view path, std::string_view name) {
    auto const* const found = std::find(word_names.begin(), word_names.end(), name);
    if (found == word_names.end()) {
        s.fail(path, fmt::format("'{}' is no word of a filter", name), s.find(path));
    }
    return static_cast<filter_word>(found - word_names.begin());
}

} // namespace

std::string_view to_string(filter_word word) noexcept {
    return word_names[static_cast<std::size_t>(word)];
}

request_policy& request_policy::filter_words(std::string path, std::vector<filter_word> words) {
    if (words.empty()) {
        words = {filter_word::eq, filter_word::in};
    }
    filter_[std::move(path)] = std::move(words);
    return *this;
}

namespace detail {

request_policy read_request_policy(section const& s) {
    s.only({"filter", "sort", "fields", "include", "hooks", "write", "pageSize", "maxPageSize", "maxSkip", "regex", "maxClauses",
        "maxDepth", "maxList"});
    request_policy result;
    if (s.has("filter")) {
        auto const filter = s.enter("filter");
        for (auto const& [path, words] : filter.all()) {
            std::vector<filter_word> allowed;
            if (words.if_bool() != true) { // true: the usual words
                for (auto const& name : filter.texts(path)) {
                    allowed.push_back(word_named(filter, path, name));
                }
            }
            result.filter_words(std::string(path), std::move(allowed));
        }
    }
    for (auto const& path : s.texts("sort")) {
        result.sort(path);
    }
    for (auto const& path : s.texts("fields")) {
        result.fields(path);
    }
    for (auto const& path : s.texts("include")) {
        result.include(path);
    }
    for (auto const& name : s.texts("hooks")) {
        result.hooks(name);
    }
    for (auto const& path : s.texts("write")) {
        result.write(path);
    }
    constexpr auto any = std::numeric_limits<std::int64_t>::max();
    constexpr auto any_int = std::numeric_limits<int>::max();
    auto const most = s.bounded("maxPageSize", std::max(result.max_page_size(), s.whole("pageSize").value_or(0)), any);
    result.page_size(s.bounded("pageSize", std::min(result.page_size(), most), most), most);
    result.max_skip(s.bounded("maxSkip", result.max_skip(), any));
    result.max_clauses(static_cast<int>(s.bounded("maxClauses", result.max_clauses(), any_int)));
    result.max_depth(static_cast<int>(s.bounded("maxDepth", result.max_depth(), any_int)));
    result.max_list(static_cast<int>(s.bounded("maxList", result.max_list(), any_int)));
    if (s.has("regex")) {
        auto const regex = s.enter("regex");
        regex.only({"maxLength", "unanchored", "maxRepetitions"});
        regex_rules rules;
        rules.max_length = static_cast<std::size_t>(regex.bounded("maxLength", static_cast<std::int64_t>(rules.max_length), any));
        rules.unanchored = regex.flag("unanchored", rules.unanchored);
        rules.max_repetitions = static_cast<int>(regex.bounded("maxRepetitions", rules.max_repetitions, any_int));
        result.regex(rules);
    }
    return result;
}

} // namespace detail

} // namespace cormorant
