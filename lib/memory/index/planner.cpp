#include "planner.hpp"

#include <cormorant/bson/path.hpp>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <tuple>

namespace cormorant::memory {

namespace {

/// More ranges than this are not worth their seeks: fewer parts of the index are used then.
constexpr std::size_t max_ranges = 1000;

/// The least and the greatest value of a type's neighbours in the order of all values, where BSON has them. A comparison holds
/// for values of the operand's type only, so they close the open end of a range.
struct bracket {
    std::optional<range_end> begin;
    std::optional<range_end> end;
};

bracket bracket_of(bson_type type) {
    auto const milliseconds = [](std::int64_t n) { return datetime(std::chrono::milliseconds(n)); };
    object_id const first_id;
    switch (type) {
    case bson_type::double_:
    case bson_type::int32:
    case bson_type::int64:
    case bson_type::decimal128:
        return {
            range_end{std::numeric_limits<double>::quiet_NaN(), true}, range_end{std::numeric_limits<double>::infinity(), true}};
    case bson_type::string:
    case bson_type::symbol:
        return {range_end{"", true}, range_end{document(), false}};
    case bson_type::document:
        return {range_end{document(), true}, range_end{array(), false}};
    case bson_type::binary:
        return {range_end{binary(), true}, range_end{first_id, false}};
    case bson_type::object_id:
        return {range_end{first_id, true}, range_end{false, false}};
    case bson_type::boolean:
        return {range_end{false, true}, range_end{true, true}};
    case bson_type::date:
        return {range_end{milliseconds(std::numeric_limits<std::int64_t>::min()), true},
            range_end{milliseconds(std::numeric_limits<std::int64_t>::max()), true}};
    default:
        return {};
    }
}

bool is_range_on(path_constraint const& c, std::string_view path) {
    return c.path == path && !c.any_of && (c.lower || c.upper);
}

/// An index holds the elements of an array, not the array.
bool has_array_end(path_constraint const& c) {
    return (c.lower && c.lower->at.is_array()) || (c.upper && c.upper->at.is_array());
}

bool has_position(std::string_view path) {
    for (; !path.empty(); path = path_rest(path)) {
        if (path_position(path_head(path)))
            return true;
    }
    return false;
}

/// One index seen from one query.
class candidate {
public:
    candidate(access_request const& request, index_view view) : request_(request), view_(view), definition_(*view.definition) {
        bind_parts();
        find_order();
    }

    /// False when documents that match may be missing from the index, or when the index is of no use.
    bool is_usable() const {
        if (definition_.hidden || definition_.collation || (bound() == 0 && !sorted_))
            return false;
        // A document with a value at a constrained path is in a sparse index; of a document without one nothing is known.
        if (definition_.sparse && bound() == 0)
            return false;
        return !definition_.partial_filter || implies(request_.filter, request_.constraints, *definition_.partial_filter);
    }

    auto score() const {
        bool const unique_hit = definition_.unique && equalities_.size() == definition_.parts.size();
        return std::tuple(
            unique_hit, equalities_.size(), range_.has_value(), sorted_, -static_cast<int>(definition_.parts.size()));
    }

    access_plan plan(std::size_t position) const {
        access_plan result;
        result.how = access_plan::kind::index;
        result.index = position;
        result.ranges = ranges();
        result.sorted = sorted_;
        result.backward = sorted_ && backward_;
        if (result.backward)
            std::ranges::reverse(result.ranges);
        return result;
    }

private:
    std::size_t bound() const { return equalities_.size() + range_.has_value(); }

    /// Two parts under one array need not be met by the same element: only the first of them is bound then.
    bool shares_array(std::size_t part) const {
        if (!view_.multikey)
            return false;
        auto const head = path_head(definition_.parts[part].path);
        return std::any_of(definition_.parts.begin(), definition_.parts.begin() + static_cast<std::ptrdiff_t>(part),
            [&](auto const& earlier) { return path_head(earlier.path) == head; });
    }

    void bind_parts() {
        if (definition_.collation)
            return;
        std::size_t combinations = 1;
        for (std::size_t i = 0; i != definition_.parts.size(); ++i) {
            auto const& part = definition_.parts[i];
            if (shares_array(i) || has_position(part.path))
                return;
            if (auto values = equality_on(part); values && combinations * values->size() <= max_ranges) {
                combinations *= values->size();
                equalities_.push_back(std::move(*values));
            } else {
                range_ = range_on(part.path);
                return;
            }
        }
    }

    /// The values of the shortest `$eq` or `$in`, in the order of the index.
    std::optional<std::vector<value>> equality_on(index_definition::part const& part) const {
        std::vector<value> const* best = nullptr;
        for (auto const& c : request_.constraints) {
            if (c.path == part.path && c.any_of && (best == nullptr || c.any_of->size() < best->size()))
                best = &*c.any_of;
        }
        if (best == nullptr)
            return std::nullopt;
        std::vector<value> values(best->begin(), best->end());
        std::ranges::sort(values, value_less());
        auto const duplicates = std::ranges::unique(values);
        values.erase(duplicates.begin(), duplicates.end());
        if (part.descending)
            std::ranges::reverse(values);
        return values;
    }

    /// All ranges on the path intersected; with arrays, where each may be met by another element, the first one.
    std::optional<key_range> range_on(std::string_view path) const {
        std::optional<key_range> result;
        for (auto const& c : request_.constraints) {
            if (!is_range_on(c, path) || has_array_end(c))
                continue;
            auto next = closed(c);
            if (!result) {
                result = std::move(next);
            } else if (!view_.multikey) {
                intersect(*result, std::move(next));
            }
        }
        return result;
    }

    static key_range closed(path_constraint const& c) {
        auto const end_of = [](std::optional<path_constraint::bound> const& b) {
            return b ? std::optional(range_end{b->at, b->inclusive}) : std::nullopt;
        };
        key_range result{{}, end_of(c.lower), end_of(c.upper)};
        if (!result.lower)
            result.lower = bracket_of(result.upper->at.type()).begin;
        else if (!result.upper)
            result.upper = bracket_of(result.lower->at.type()).end;
        return result;
    }

    static void intersect(key_range& a, key_range b) {
        if (b.lower) {
            auto const c = a.lower ? compare(b.lower->at, a.lower->at) : std::weak_ordering::greater;
            if (c > 0 || (c == 0 && !b.lower->inclusive))
                a.lower = std::move(b.lower);
        }
        if (b.upper) {
            auto const c = a.upper ? compare(b.upper->at, a.upper->at) : std::weak_ordering::less;
            if (c < 0 || (c == 0 && !b.upper->inclusive))
                a.upper = std::move(b.upper);
        }
    }

    /// The order is that of the index when the parts of the order follow each other in it, all in the same or all in the opposite
    /// direction; parts bound to one value may be left out.
    void find_order() {
        if (request_.order == nullptr || request_.order->empty() || !request_.binary || view_.multikey || definition_.collation)
            return;
        auto const& wanted = request_.order->parts();
        auto const is_single = [&](std::size_t part) { return part < equalities_.size() && equalities_[part].size() == 1; };
        std::size_t next = 0;
        std::optional<bool> backward;
        for (std::size_t i = 0; i != definition_.parts.size() && next != wanted.size(); ++i) {
            auto const& part = definition_.parts[i];
            if (part.path != wanted[next].path) {
                if (is_single(i))
                    continue;
                return;
            }
            bool const against = part.descending != wanted[next].descending;
            if (!is_single(i)) {
                if (backward && *backward != against)
                    return;
                backward = against;
            }
            ++next;
        }
        sorted_ = next == wanted.size();
        backward_ = backward.value_or(false);
    }

    /// Every combination of the values bound by equality, in the order of the index.
    std::vector<key_range> ranges() const {
        std::vector<key_range> result(1);
        for (auto const& values : equalities_) {
            std::vector<key_range> longer;
            longer.reserve(result.size() * values.size());
            for (key_range const& begun : result) {
                for (value const& v : values) {
                    longer.push_back(begun);
                    longer.back().prefix.push_back(v);
                }
            }
            result = std::move(longer);
        }
        if (range_) {
            for (key_range& r : result) {
                r.lower = range_->lower;
                r.upper = range_->upper;
            }
        }
        return result;
    }

    access_request const& request_;
    index_view view_;
    index_definition const& definition_;
    /// Of the first parts, the values that each is bound to.
    std::vector<std::vector<value>> equalities_;
    /// Of the part after them.
    std::optional<key_range> range_;
    bool sorted_ = false;
    bool backward_ = false;
};

std::optional<access_plan> hinted_plan(access_request const& request, std::span<index_view const> indexes) {
    value const& hint = **request.hint;
    if (auto const* keys = hint.if_document()) {
        if (auto const* natural = keys->find("$natural")) {
            access_plan result;
            result.backward = natural->if_double().value_or(1) < 0;
            return result;
        }
        if (keys->empty())
            return std::nullopt;
    } else if (!hint.is_string()) {
        refuse(code::failed_to_parse, "Hint must be a string or an object");
    }
    auto const named = std::ranges::find_if(indexes, [&](index_view const& view) {
        if (view.definition->hidden || view.definition->text)
            return false;
        return hint.is_string() ? view.definition->name == hint.as_string() : view.definition->keys == hint.as_document();
    });
    if (named == indexes.end())
        refuse(code::bad_value, "error processing query: planner returned error :: caused by :: hint provided does not "
                                "correspond to an existing index");
    return candidate(request, *named).plan(static_cast<std::size_t>(named - indexes.begin()));
}

/// The words of the search, one after the other.
access_plan text_plan(access_request const& request, std::span<index_view const> indexes) {
    if (request.hint != nullptr && *request.hint)
        refuse(code::bad_value, "text and hint not allowed in same query");
    auto const at = std::ranges::find_if(indexes, [](index_view const& view) { return view.definition->text != nullptr; });
    if (at == indexes.end())
        refuse(27, "text index required for $text query");
    for (std::string const& path : request.text->specification().prefix) {
        bool const bound = std::ranges::any_of(
            request.constraints, [&](path_constraint const& c) { return c.path == path && c.any_of && c.any_of->size() == 1; });
        if (!bound)
            refuse(
                291, fmt::format("error processing query: planner returned error :: caused by :: failed to use text index to "
                                 "satisfy $text query (if text index is compound, are equality predicates given for all prefix "
                                 "fields? \"{}\" has none)",
                         path));
    }
    access_plan result;
    result.how = access_plan::kind::index;
    result.index = static_cast<std::size_t>(at - indexes.begin());
    for (std::string const& term : request.text->terms())
        result.ranges.push_back({index_key(1, value(term)), {}, {}});
    return result;
}

} // namespace

access_plan choose_plan(access_request const& request, std::span<index_view const> indexes) {
    if (request.text != nullptr)
        return text_plan(request, indexes);
    if (request.hint != nullptr && *request.hint) {
        if (auto hinted = hinted_plan(request, indexes))
            return std::move(*hinted);
    }
    for (auto const& c : request.constraints) {
        if (c.path == "_id" && c.any_of) {
            access_plan result;
            result.how = access_plan::kind::id;
            result.ids = *c.any_of;
            // In the order of the ids, as the index on `_id` would give them.
            std::ranges::sort(result.ids, value_less());
            auto const duplicates = std::ranges::unique(result.ids);
            result.ids.erase(duplicates.begin(), duplicates.end());
            result.sorted = result.ids.size() <= 1;
            return result;
        }
    }
    std::optional<candidate> best;
    std::size_t position = 0;
    for (std::size_t i = 0; i != indexes.size(); ++i) {
        if (indexes[i].definition->text)
            continue;
        candidate next(request, indexes[i]);
        if (next.is_usable() && (!best || next.score() > best->score())) {
            best.emplace(std::move(next));
            position = i;
        }
    }
    return best ? best->plan(position) : access_plan();
}

bool implies(document const& filter, std::vector<path_constraint> const& constraints, document const& partial) {
    auto const is_implied = [&](std::string_view path, value const& condition) {
        if (auto const* given = filter.find(path); given != nullptr && identical(*given, condition))
            return true;
        auto const* operators = condition.if_document();
        bool const exists_only = operators != nullptr && operators->size() == 1 && operators->begin()->key() == "$exists";
        auto const element_condition = operators != nullptr && !operators->empty() && operators->begin()->key().starts_with('$')
                                           ? *operators
                                           : doc("$eq", condition);
        auto const matches = matcher::compile_element(element_condition);
        return std::ranges::any_of(constraints, [&](path_constraint const& c) {
            if (c.path != path)
                return false;
            if (exists_only)
                return true;
            if (c.any_of)
                return std::ranges::all_of(*c.any_of, [&](value const& v) { return matches.matches_element(v); });
            // `{$gte: 10}` implies `{$gt: 5}` when its own end meets it: comparisons hold for one type, upwards or downwards.
            if (operators == nullptr || operators->size() != 1)
                return false;
            auto const name = operators->begin()->key();
            auto const& operand = operators->begin()->value();
            auto const meets = [&](std::optional<path_constraint::bound> const& end, std::string_view open,
                                   std::string_view closed) {
                if (!end || (name != open && name != closed))
                    return false;
                return matches.matches_element(end->at) || (name == open && !end->inclusive && compare(end->at, operand) == 0);
            };
            return meets(c.lower, "$gt", "$gte") || meets(c.upper, "$lt", "$lte");
        });
    };
    return std::ranges::all_of(partial, [&](auto const& member) {
        if (member.key() == "$and") {
            auto const* all = member.value().if_array();
            return all != nullptr && std::ranges::all_of(*all, [&](value const& branch) {
                return branch.is_document() && implies(filter, constraints, branch.as_document());
            });
        }
        if (member.key().starts_with('$'))
            return false;
        return is_implied(member.key(), member.value());
    });
}

} // namespace cormorant::memory
