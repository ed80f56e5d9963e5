#include "repository/failure.hpp"

#include <cormorant/repository/query.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace cormorant::detail {

namespace {

/// The conditions that `c` puts side by side under this word, or `c` itself.
array conditions_of(std::string_view word, document c) {
    if (c.size() == 1 && c.begin()->key() == word) {
        if (auto* list = c.begin()->value().if_array())
            return std::move(*list);
    }
    return arr(std::move(c));
}

document parse_object(value const& v, std::string_view what) {
    if (v.is_null() || v.is_undefined())
        return {};
    auto const* const d = v.if_document();
    if (d == nullptr)
        throw_argument(what, fmt::format("'{}' is an object", what), &v);
    return *d;
}

} // namespace

document join_conditions(std::string_view word, document a, document b) {
    if (word == "and" && (a.empty() || b.empty()))
        return a.empty() ? std::move(b) : std::move(a);
    array all = conditions_of(word, std::move(a));
    for (value& c : conditions_of(word, std::move(b)))
        all.push_back(std::move(c));
    return doc(word, std::move(all));
}

document negate_condition(document c) {
    return doc("nor", arr(std::move(c)));
}

document parse_condition(value const& where) {
    return parse_object(where, "where");
}

document parse_query(value const& spec) {
    return parse_object(spec, "query");
}

std::string order_text(std::string_view path, direction d) {
    return fmt::format("{}{}", path, d == direction::descending ? " DESC" : "");
}

void query_document::add_where(document where) {
    auto* const present = spec_.find("where");
    if (present == nullptr)
        spec_.append("where", std::move(where));
    else if (auto* const d = present->if_document())
        *present = join_conditions("and", std::move(*d), std::move(where));
    // Anything else is refused when the query is used.
}

void query_document::add_to(std::string_view list, value item) {
    auto* const present = spec_.find(list);
    if (present == nullptr)
        spec_.append(list, arr(std::move(item)));
    else if (auto* const items = present->if_array())
        items->push_back(std::move(item));
    else
        *present = arr(std::move(*present), std::move(item));
}

} // namespace cormorant::detail
