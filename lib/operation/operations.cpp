#include <cormorant/operation/operations.hpp>

#include <fmt/format.h>

#include <type_traits>

namespace cormorant {
namespace {

// A direction as it appears in the name of an index: `1`, `-1`, `text`, `2dsphere`.
std::string direction_text(value const& direction) {
    if (auto const text = direction.if_string())
        return std::string(*text);
    if (auto const number = direction.if_int64())
        return std::to_string(*number);
    if (auto const number = direction.if_double())
        return fmt::format("{}", *number);
    return to_string(direction);
}

// `$out` and `$merge` have to be last.
bool writes(array const& pipeline) {
    if (pipeline.empty())
        return false;
    auto const* last = pipeline.back().if_document();
    return last != nullptr && (last->contains("$out") || last->contains("$merge"));
}

} // namespace

std::string index_model::name() const {
    if (auto const* given = options.find("name")) {
        if (auto const text = given->if_string())
            return std::string(*text);
    }
    std::string result;
    for (auto const& [key, direction] : keys) {
        if (!result.empty())
            result += '_';
        result += key;
        result += '_';
        result += direction_text(direction);
    }
    return result;
}

std::string_view name_of(operation const& op) noexcept {
    return std::visit([](auto const& o) { return std::decay_t<decltype(o)>::name; }, op);
}

std::string_view collection_of(operation const& op) noexcept {
    return std::visit(
        [](auto const& o) -> std::string_view {
            if constexpr (requires { o.collection; })
                return o.collection;
            else
                return {};
        },
        op);
}

bool is_write(operation const& op) noexcept {
    return std::visit(
        []<class Op>(Op const& o) {
            if constexpr (std::is_same_v<Op, aggregate_op>)
                return writes(o.pipeline);
            else
                return !(std::is_same_v<Op, find_op> || std::is_same_v<Op, count_op> || std::is_same_v<Op, distinct_op> ||
                         std::is_same_v<Op, list_indexes_op> || std::is_same_v<Op, list_collections_op> ||
                         std::is_same_v<Op, abort_transaction_op>);
        },
        op);
}

} // namespace cormorant
