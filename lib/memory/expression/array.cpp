#include "impl.hpp"

#include <algorithm>
#include <limits>

namespace cormorant::memory {

namespace {

array const& require_array(function_call const& c, operand const& v, int server_code) {
    if (v.missing() || !v->is_array()) {
        refuse(server_code, fmt::format("{} requires an array as its argument, but was passed {}", c.name(), type_name(v)));
    }
    return v->as_array();
}

std::int32_t require_int32(operand const& v, int server_code, std::string_view what) {
    auto const n = v.missing() || !v->is_number() ? std::nullopt : v->if_int64();
    if (!n || *n < std::numeric_limits<std::int32_t>::min() || *n > std::numeric_limits<std::int32_t>::max()) {
        refuse(server_code, fmt::format("{} must be representable as a 32-bit integer, but is {}", what, to_string(v.get())));
    }
    return static_cast<std::int32_t>(*n);
}

operand run_size(function_call const& c, scope& s) {
    operand const v = c.at(0, s);
    if (v.missing() || !v->is_array()) {
        refuse(17124, fmt::format("The argument to $size must be an array, but was of type: {}", type_name(v)));
    }
    return value(static_cast<std::int32_t>(v->as_array().size()));
}

/// An element counted from the front, or from the back when negative; missing when out of bounds.
operand element(array const& a, std::int64_t position) {
    auto const size = static_cast<std::int64_t>(a.size());
    position = position < 0 ? size + position : position;
    return position < 0 || position >= size ? operand() : operand(value(a[static_cast<std::size_t>(position)]));
}

operand run_array_elem_at(function_call const& c, scope& s) {
    operand const v = c.at(0, s);
    operand const position = c.at(1, s);
    if (v.nullish() || position.nullish()) {
        return value();
    }
    if (!v->is_array()) {
        refuse(28689, fmt::format("$arrayElemAt's first argument must be an array, but is {}", type_name(v)));
    }
    if (!position->is_number()) {
        refuse(28690, fmt::format("$arrayElemAt's second argument must be a numeric value, but is {}", type_name(position)));
    }
    return element(v->as_array(), require_int32(position, 28691, "$arrayElemAt's second argument"));
}

operand run_end(function_call const& c, scope& s, std::int64_t position) {
    operand const v = c.at(0, s);
    if (v.nullish()) {
        return value();
    }
    if (!v->is_array()) {
        refuse(28689, fmt::format("{}'s argument must be an array, but is {}", c.name(), type_name(v)));
    }
    return element(v->as_array(), position);
}

operand run_slice(function_call const& c, scope& s) {
    operand const v = c.at(0, s);
    operand const second = c.at(1, s);
    if (v.nullish() || second.nullish()) {
        return value();
    }
    if (!v->is_array()) {
        refuse(28724, fmt::format("First argument to $slice must be an array, but is of type: {}", type_name(v)));
    }
    if (!second->is_number()) {
        refuse(28725, fmt::format("Second argument to $slice must be a numeric value, but is of type: {}", type_name(second)));
    }
    array const& a = v->as_array();
    std::int64_t const size = static_cast<std::int64_t>(a.size());
    std::int64_t const n = require_int32(second, 28726, "Second argument to $slice");
    std::int64_t begin = 0;
    std::int64_t end = 0;
    if (c.size() == 2) {
        begin = n >= 0 ? 0 : std::max<std::int64_t>(size + n, 0);
        end = n >= 0 ? std::min(n, size) : size;
    } else {
        operand const third = c.at(2, s);
        if (third.nullish()) {
            return value();
        }
        if (!third->is_number()) {
            refuse(28727, fmt::format("Third argument to $slice must be numeric, but is of type: {}", type_name(third)));
        }
        std::int64_t const count = require_int32(third, 28728, "Third argument to $slice");
        if (count <= 0) {
            refuse(28729, fmt::format("Third argument to $slice must be positive: {}", to_string(third.get())));
        }
        begin = n >= 0 ? std::min(n, size) : std::max<std::int64_t>(size + n, 0);
        end = std::min(begin + count, size);
    }
    array result;
    for (std::int64_t i = begin; i < end; ++i) {
        result.push_back(a[static_cast<std::size_t>(i)]);
    }
    return value(std::move(result));
}

operand run_concat_arrays(function_call const& c, scope& s) {
    array result;
    for (std::size_t i = 0; i < c.size(); ++i) {
        operand const v = c.at(i, s);
        if (v.nullish()) {
            return value();
        }
        if (!v->is_array()) {
            refuse(28664, fmt::format("$concatArrays only supports arrays, not {}", type_name(v)));
        }
        for (value const& e : v->as_array()) {
            result.push_back(e);
        }
    }
    return value(std::move(result));
}

operand run_in(function_call const& c, scope& s) {
    operand const needle = c.at(0, s);
    operand const v = c.at(1, s);
    if (v.missing() || !v->is_array()) {
        refuse(40081, fmt::format("$in requires an array as a second argument, found: {}", type_name(v)));
    }
    array const& a = v->as_array();
    return value(std::ranges::any_of(a, [&](value const& e) { return compare(needle, operand::of(&e), s.collation) == 0; }));
}

/// Start and end of `$indexOf...`, from operand 2 on. Nothing when they leave no room.
operand run_index_of_array(function_call const& c, scope& s) {
    operand const v = c.at(0, s);
    if (v.nullish()) {
        return value();
    }
    if (!v->is_array()) {
        refuse(40090, fmt::format("$indexOfArray requires an array as a first argument, found: {}", type_name(v)));
    }
    array const& a = v->as_array();
    operand const needle = c.at(1, s);
    std::size_t begin = 0;
    std::size_t end = a.size();
    for (std::size_t i = 2; i < c.size(); ++i) {
        operand const bound = c.at(i, s);
        auto const n = require_int32(
            bound, 40096, fmt::format("$indexOfArray requires an integral {} index; it", i == 2 ? "starting" : "ending"));
        if (n < 0) {
            refuse(40097,
                fmt::format("$indexOfArray requires a nonnegative {} index, found: {}", i == 2 ? "starting" : "ending", n));
        }
        (i == 2 ? begin : end) = std::min(static_cast<std::size_t>(n), a.size());
    }
    for (std::size_t i = begin; i < end; ++i) {
        if (compare(needle, operand::of(&a[i]), s.collation) == 0) {
            return value(static_cast<std::int32_t>(i));
        }
    }
    return value(-1);
}

operand run_range(function_call const& c, scope& s) {
    auto const number = [&](std::size_t i, int type_code, int value_code, std::string_view what) {
        operand const v = c.at(i, s);
        if (v.missing() || !v->is_number()) {
            refuse(type_code, fmt::format("$range requires a numeric {} value, found value of type: {}", what, type_name(v)));
        }
        return static_cast<std::int64_t>(require_int32(v, value_code, fmt::format("$range requires a {} value that", what)));
    };
    std::int64_t const begin = number(0, 34443, 34444, "starting");
    std::int64_t const end = number(1, 34445, 34446, "ending");
    std::int64_t const step = c.size() > 2 ? number(2, 34447, 34448, "step") : 1;
    if (step == 0) {
        refuse(34449, "$range requires a non-zero step value");
    }
    array result;
    // A hundred megabytes is what the server allows an expression.
    constexpr std::int64_t limit = 100 * 1024 * 1024 / static_cast<std::int64_t>(sizeof(value));
    if ((end - begin) / step > limit) {
        refuse(146, "$range would use too much memory and cannot spill");
    }
    for (std::int64_t i = begin; step > 0 ? i < end : i > end; i += step) {
        result.push_back(static_cast<std::int32_t>(i));
    }
    return value(std::move(result));
}

operand run_reverse(function_call const& c, scope& s) {
    operand v = c.at(0, s);
    if (v.nullish()) {
        return value();
    }
    if (!v->is_array()) {
        refuse(34435, fmt::format("The argument to $reverseArray must be an array, but was of type: {}", type_name(v)));
    }
    array const& a = v->as_array();
    array result;
    result.reserve(a.size());
    for (std::size_t i = a.size(); i-- > 0;) {
        result.push_back(a[i]);
    }
    return value(std::move(result));
}

operand run_array_to_object(function_call const& c, scope& s) {
    operand const v = c.at(0, s);
    if (v.nullish()) {
        return value();
    }
    if (!v->is_array()) {
        refuse(40386, fmt::format("$arrayToObject requires an array input, found: {}", type_name(v)));
    }
    document result;
    std::optional<bool> pairs; // all [key, value], or all {k, v}
    for (value const& e : v->as_array()) {
        auto const* const pair = e.if_array();
        auto const* const d = e.if_document();
        if (pair == nullptr && d == nullptr) {
            refuse(40398, fmt::format("Unrecognised input type format for $arrayToObject: {}", to_string(e.type())));
        }
        if (pairs && *pairs != (pair != nullptr)) {
            refuse(pair ? 40391 : 40396,
                fmt::format(
                    "$arrayToObject requires a consistent input format. Elements must all be arrays or all be objects. {} found",
                    to_string(e.type())));
        }
        pairs = pair != nullptr;
        value const* key = nullptr;
        value const* member = nullptr;
        if (pair) {
            if (pair->size() != 2) {
                refuse(40397,
                    fmt::format("$arrayToObject requires an array of size 2 arrays,found array of size: {}", pair->size()));
            }
            key = &(*pair)[0];
            member = &(*pair)[1];
        } else {
            if (d->size() != 2) {
                refuse(
                    40392, fmt::format("$arrayToObject requires an object keys of 'k' and 'v'. Found incorrect number of keys:{}",
                               d->size()));
            }
            key = d->find("k");
            member = d->find("v");
            if (key == nullptr || member == nullptr) {
                refuse(40393, "$arrayToObject requires an object with keys 'k' and 'v'. Missing either or both keys from: " +
                                  to_string(*d));
            }
        }
        if (!key->is_string()) {
            refuse(
                pair ? 40395 : 40394, fmt::format("$arrayToObject requires {}, found type: {}",
                                          pair ? "an array of key-value pairs, where the key must be of type string"
                                               : "an object with keys 'k' and 'v', where the value of 'k' must be of type string",
                                          to_string(key->type())));
        }
        if (key->as_string().find('\0') != std::string_view::npos) {
            refuse(4940400, "Key field cannot contain an embedded null byte");
        }
        result.set(key->as_string(), *member);
    }
    return value(std::move(result));
}

constexpr function functions[] = {
    {"$size", 1, 1, run_size},
    {"$arrayElemAt", 2, 2, run_array_elem_at},
    {"$first", 1, 1, [](function_call const& c, scope& s) { return run_end(c, s, 0); }},
    {"$last", 1, 1, [](function_call const& c, scope& s) { return run_end(c, s, -1); }},
    {"$slice", 2, 3, run_slice},
    {"$concatArrays", 0, function::any, run_concat_arrays},
    {"$in", 2, 2, run_in},
    {"$indexOfArray", 2, 4, run_index_of_array},
    {"$range", 2, 3, run_range},
    {"$reverseArray", 1, 1, run_reverse},
    {"$arrayToObject", 1, 1, run_array_to_object},
};

// --- sets ------------------------------------------------------------------------------------------------------------

/// The elements in order, each once.
std::vector<value const*> as_set(array const& a, collator const* collation) {
    std::vector<value const*> result;
    result.reserve(a.size());
    for (value const& e : a) {
        result.push_back(&e);
    }
    std::ranges::stable_sort(result, [&](value const* x, value const* y) { return compare(*x, *y, collation) < 0; });
    auto const rest =
        std::ranges::unique(result, [&](value const* x, value const* y) { return compare(*x, *y, collation) == 0; });
    result.erase(rest.begin(), rest.end());
    return result;
}

bool contains(std::vector<value const*> const& set, value const& v, collator const* collation) {
    return std::ranges::binary_search(set, &v, [&](value const* x, value const* y) { return compare(*x, *y, collation) < 0; });
}

array values_of(std::vector<value const*> const& set) {
    array result;
    result.reserve(set.size());
    for (value const* v : set) {
        result.push_back(*v);
    }
    return result;
}

operand run_set_union(function_call const& c, scope& s) {
    array all;
    for (std::size_t i = 0; i < c.size(); ++i) {
        operand const v = c.at(i, s);
        if (v.nullish()) {
            return value();
        }
        if (!v->is_array()) {
            refuse(17043, fmt::format("All operands of $setUnion must be arrays. One argument is of type: {}", type_name(v)));
        }
        for (value const& e : v->as_array()) {
            all.push_back(e);
        }
    }
    return value(values_of(as_set(all, s.collation)));
}

operand run_set_intersection(function_call const& c, scope& s) {
    std::optional<array> common;
    for (std::size_t i = 0; i < c.size(); ++i) {
        operand const v = c.at(i, s);
        if (v.nullish()) {
            return value();
        }
        if (!v->is_array()) {
            refuse(
                17047, fmt::format("All operands of $setIntersection must be arrays. One argument is of type: {}", type_name(v)));
        }
        auto const set = as_set(v->as_array(), s.collation);
        if (!common) {
            common = values_of(set);
            continue;
        }
        auto* const rest =
            std::remove_if(common->begin(), common->end(), [&](value const& e) { return !contains(set, e, s.collation); });
        common->erase(rest, common->end());
    }
    return value(common ? std::move(*common) : array());
}

operand run_set_difference(function_call const& c, scope& s) {
    operand const a = c.at(0, s);
    operand const b = c.at(1, s);
    if (a.nullish() || b.nullish()) {
        return value();
    }
    for (int i = 0; i < 2; ++i) {
        operand const& v = i == 0 ? a : b;
        if (!v->is_array()) {
            refuse(17048 + i, fmt::format("both operands of $setDifference must be arrays. {} argument is of type: {}",
                                  i == 0 ? "First" : "Second", type_name(v)));
        }
    }
    auto const without = as_set(b->as_array(), s.collation);
    array result;
    for (value const& e : a->as_array()) { // in the order of the first operand
        bool const seen = std::ranges::any_of(result, [&](value const& r) { return compare(r, e, s.collation) == 0; });
        if (!seen && !contains(without, e, s.collation)) {
            result.push_back(e);
        }
    }
    return value(std::move(result));
}

operand run_set_is_subset(function_call const& c, scope& s) {
    operand const a = c.at(0, s);
    operand const b = c.at(1, s);
    for (int i = 0; i < 2; ++i) {
        operand const& v = i == 0 ? a : b;
        if (v.missing() || !v->is_array()) {
            refuse(i == 0 ? 17046 : 17042, fmt::format("both operands of $setIsSubset must be arrays. {} argument is of type: {}",
                                               i == 0 ? "First" : "Second", type_name(v)));
        }
    }
    auto const whole = as_set(b->as_array(), s.collation);
    return value(std::ranges::all_of(a->as_array(), [&](value const& e) { return contains(whole, e, s.collation); }));
}

operand run_set_equals(function_call const& c, scope& s) {
    std::vector<operand> operands;
    for (std::size_t i = 0; i < c.size(); ++i) {
        operands.push_back(c.at(i, s));
        if (operands.back().missing() || !operands.back()->is_array()) {
            refuse(17044, fmt::format("All operands of $setEquals must be arrays. {}-th argument is of type: {}", i + 1,
                              type_name(operands.back())));
        }
    }
    auto const first = as_set(operands.front()->as_array(), s.collation);
    for (operand const& v : operands) {
        auto const other = as_set(v->as_array(), s.collation);
        if (!std::ranges::equal(
                first, other, [&](value const* x, value const* y) { return compare(*x, *y, s.collation) == 0; })) {
            return value(false);
        }
    }
    return value(true);
}

operand run_elements_true(function_call const& c, scope& s, bool all) {
    operand const v = c.at(0, s);
    array const& a = require_array(c, v, all ? 17040 : 17041);
    auto const truthy = [](value const& e) { return e.truthy(); };
    return value(all ? std::ranges::all_of(a, truthy) : std::ranges::any_of(a, truthy));
}

constexpr function sets[] = {
    {"$setUnion", 0, function::any, run_set_union},
    {"$setIntersection", 0, function::any, run_set_intersection},
    {"$setDifference", 2, 2, run_set_difference},
    {"$setIsSubset", 2, 2, run_set_is_subset},
    {"$setEquals", 2, function::any, run_set_equals},
    {"$allElementsTrue", 1, 1, [](function_call const& c, scope& s) { return run_elements_true(c, s, true); }},
    {"$anyElementTrue", 1, 1, [](function_call const& c, scope& s) { return run_elements_true(c, s, false); }},
};

} // namespace

std::span<function const> array_functions() noexcept {
    return functions;
}
std::span<function const> set_functions() noexcept {
    return sets;
}

} // namespace cormorant::memory
