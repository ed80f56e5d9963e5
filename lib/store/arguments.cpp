#include "store/arguments.hpp"

#include <cormorant/error/error.hpp>

#include <fmt/format.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>

namespace cormorant::detail {
namespace {

void require(bool condition, std::string_view message) {
    if (!condition)
        throw error(errc::invalid_argument, std::string(message));
}

void require_not_negative(std::string_view what, std::int64_t n) {
    if (n < 0)
        throw error(errc::invalid_argument, fmt::format("{} must not be negative, it is {}", what, n));
}

bool is_update(value const& v) {
    return v.is_document() || v.is_array();
}

void check(insert_op const& op) {
    require(!op.docs.empty(), "insert needs at least one document");
}
void check(update_op const& op) {
    require(is_update(op.update), "update has to be a document or a pipeline");
}
void check(find_and_modify_op const& op) {
    require(op.remove != is_update(op.update), "find_and_modify takes either an update or remove");
}
void check(create_indexes_op const& op) {
    require(!op.indexes.empty(), "create_indexes needs at least one index");
}
void check(command_op const& op) {
    require(!op.command.empty(), "the command is empty");
}
template <class Op>
void check(Op const&) {}

} // namespace

void check_arguments(operation const& op) {
    std::visit(
        [](auto const& o) {
            using type = std::decay_t<decltype(o)>;
            // An aggregation without a collection makes its own documents.
            if constexpr (requires { o.collection; } && !std::is_same_v<type, aggregate_op>)
                require(!o.collection.empty(), "the operation names no collection");
            if constexpr (requires { o.batch_size; })
                require_not_negative("batch_size", o.batch_size);
            if constexpr (requires { o.skip; })
                require_not_negative("skip", o.skip);
            if constexpr (requires { o.limit; })
                require_not_negative("limit", o.limit);
            check(o);
        },
        op);
}

} // namespace cormorant::detail
