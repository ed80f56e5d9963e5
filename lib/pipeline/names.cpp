#include <cormorant/pipeline/hook_args.hpp>

#include <algorithm>
#include <array>
#include <iterator>

namespace cormorant {

namespace {

constexpr std::array<std::string_view, hook_type_count> type_names = {"beforeFind", "afterFind", "beforeCount", "afterCount",
    "beforeInsert", "afterInsert", "beforeSave", "afterSave", "beforeUpdate", "afterUpdate", "beforeRemove", "afterRemove",
    "beforeAggregate", "afterAggregate", "beforeFilter", "beforePut", "afterPut", "beforeWrite"};

constexpr std::array<std::string_view, 7> kind_names = {"find", "count", "insert", "save", "update", "remove", "aggregate"};

template <class Enum, std::size_t N>
std::optional<Enum> parse(std::array<std::string_view, N> const& names, std::string_view text) noexcept {
    auto const found = std::ranges::find(names, text);
    if (found == names.end())
        return std::nullopt;
    return static_cast<Enum>(std::distance(names.begin(), found));
}

} // namespace

std::string_view to_string(hook_type t) noexcept {
    return type_names[static_cast<std::size_t>(t)];
}

std::optional<hook_type> parse_hook_type(std::string_view name) noexcept {
    return parse<hook_type>(type_names, name);
}

std::string_view to_string(operation_kind k) noexcept {
    return kind_names[static_cast<std::size_t>(k)];
}

std::optional<operation_kind> parse_operation_kind(std::string_view name) noexcept {
    return parse<operation_kind>(kind_names, name);
}

} // namespace cormorant
