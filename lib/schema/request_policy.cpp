#include <cormorant/schema/request_policy.hpp>

#include <array>

namespace cormorant {

std::string_view to_string(filter_word word) noexcept {
    static constexpr std::array<std::string_view, 12> names{
        "eq", "ne", "gt", "gte", "lt", "lte", "in", "nin", "exists", "contains", "startsWith", "regex"};
    return names[static_cast<std::size_t>(word)];
}

request_policy& request_policy::filter_words(std::string path, std::vector<filter_word> words) {
    if (words.empty()) {
        words = {filter_word::eq, filter_word::in};
    }
    filter_[std::move(path)] = std::move(words);
    return *this;
}

} // namespace cormorant
