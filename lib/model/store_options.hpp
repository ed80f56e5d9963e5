#pragma once

#include <cormorant/error/error.hpp>
#include <cormorant/operation/operations.hpp>

#include <fmt/format.h>

#include <string_view>

namespace cormorant::detail {

/// Puts one option, in the words of MongoDB's drivers, to its place in an operation; what has no place there is the server's
/// affair.
template <class Op>
void take_store_option(Op& op, std::string_view key, value const& v) {
    if constexpr (requires { op.projection; })
        if (key == "projection")
            return void(op.projection = v.as_document());
    if constexpr (requires { op.sort; })
        if (key == "sort")
            return void(op.sort = v.as_document());
    if constexpr (requires { op.skip; })
        if (key == "skip")
            return void(op.skip = v.as_int64());
    if constexpr (requires { op.limit; })
        if (key == "limit")
            return void(op.limit = v.as_int64());
    if constexpr (requires { op.batch_size; })
        if (key == "batchSize")
            return void(op.batch_size = v.as_int32());
    if constexpr (requires { op.collation; })
        if (key == "collation")
            return void(op.collation = v.as_document());
    if constexpr (requires { op.hint; })
        if (key == "hint")
            return void(op.hint = v);
    if constexpr (requires { op.ordered; })
        if (key == "ordered")
            return void(op.ordered = v.as_bool());
    if constexpr (requires { op.multi; })
        if (key == "multi")
            return void(op.multi = v.as_bool());
    if constexpr (requires { op.upsert; })
        if (key == "upsert")
            return void(op.upsert = v.as_bool());
    if constexpr (requires { op.array_filters; })
        if (key == "arrayFilters")
            return void(op.array_filters = v.as_array());
    if constexpr (requires { op.just_one; })
        if (key == "justOne" || key == "single")
            return void(op.just_one = v.as_bool());
    op.extra.set(key, v);
}

/// `options.options_value` of a call. Throws `errc::invalid_argument` naming the option whose value has a wrong type.
template <class Op>
void take_store_options(Op& op, document const& options) {
    for (auto const& [key, v] : options) {
        try {
            take_store_option(op, key, v);
        } catch (error const& e) {
            throw error(errc::invalid_argument, fmt::format("option \"{}\": {}", key, e.message()));
        }
    }
}

} // namespace cormorant::detail
