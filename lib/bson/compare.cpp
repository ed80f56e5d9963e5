#include "access.hpp"
#include "number.hpp"

#include <cormorant/bson/value.hpp>

#include <bit>
#include <cmath>
#include <cstring>
#include <functional>
#include <limits>

namespace cormorant {
namespace {

using detail::access;

/// The place of a type in MongoDB's order; types of the same place are compared by value.
int rank(bson_type type) noexcept {
    switch (type) {
    case bson_type::min_key:
        return 0;
    case bson_type::undefined:
        return 1;
    case bson_type::null:
        return 2;
    case bson_type::int32:
    case bson_type::int64:
    case bson_type::double_:
    case bson_type::decimal128:
        return 3;
    case bson_type::symbol:
    case bson_type::string:
        return 4;
    case bson_type::document:
        return 5;
    case bson_type::array:
        return 6;
    case bson_type::binary:
        return 7;
    case bson_type::object_id:
        return 8;
    case bson_type::boolean:
        return 9;
    case bson_type::date:
        return 10;
    case bson_type::timestamp:
        return 11;
    case bson_type::regex:
        return 12;
    case bson_type::db_pointer:
        return 13;
    case bson_type::code:
        return 14;
    case bson_type::code_with_scope:
        return 15;
    case bson_type::max_key:
        return 16;
    }
    return 17;
}

std::weak_ordering reverse(std::weak_ordering order) noexcept {
    return 0 <=> order;
}

bool is_integer(value const& v) noexcept {
    return v.is_int32() || v.is_int64();
}
std::int64_t integer(value const& v) noexcept {
    return v.is_int32() ? access::int32(v) : access::int64(v);
}

std::weak_ordering compare_numbers(value const& a, value const& b) noexcept {
    if (is_integer(a)) {
        if (is_integer(b)) {
            return integer(a) <=> integer(b);
        }
        return b.is_double() ? detail::compare_numbers(integer(a), access::real(b))
                             : reverse(detail::compare_numbers(access::decimal(b), integer(a)));
    }
    if (a.is_double()) {
        if (is_integer(b)) {
            return reverse(detail::compare_numbers(integer(b), access::real(a)));
        }
        return b.is_double() ? detail::compare_numbers(access::real(a), access::real(b))
                             : reverse(detail::compare_numbers(access::decimal(b), access::real(a)));
    }
    if (is_integer(b)) {
        return detail::compare_numbers(access::decimal(a), integer(b));
    }
    return b.is_double() ? detail::compare_numbers(access::decimal(a), access::real(b))
                         : detail::compare_numbers(access::decimal(a), access::decimal(b));
}

std::weak_ordering compare_bytes(std::string_view a, std::string_view b) noexcept {
    return a.compare(b) <=> 0;
}

/// Of two values of the same rank.
std::weak_ordering compare_same_rank(value const& a, value const& b) noexcept {
    switch (a.type()) {
    case bson_type::min_key:
    case bson_type::max_key:
    case bson_type::undefined:
    case bson_type::null:
        return std::weak_ordering::equivalent;
    case bson_type::int32:
    case bson_type::int64:
    case bson_type::double_:
    case bson_type::decimal128:
        return compare_numbers(a, b);
    case bson_type::string:
    case bson_type::symbol:
    case bson_type::code:
        return compare_bytes(access::text(a), access::text(b));
    case bson_type::document:
        return compare(access::as_document(a), access::as_document(b));
    case bson_type::array:
        return compare(access::as_array(a), access::as_array(b));
    case bson_type::binary: {
        auto const left = access::blob(a);
        auto const right = access::blob(b);
        if (auto const order = left.size() <=> right.size(); order != 0) {
            return order;
        }
        if (auto const order = access::subtype(a) <=> access::subtype(b); order != 0) {
            return order;
        }
        return compare_bytes(left, right);
    }
    case bson_type::object_id:
        return access::id(a) <=> access::id(b);
    case bson_type::boolean:
        return int{access::boolean(a)} <=> int{access::boolean(b)};
    case bson_type::date:
        return access::int64(a) <=> access::int64(b);
    case bson_type::timestamp:
        return access::stamp(a) <=> access::stamp(b);
    case bson_type::regex: {
        auto const left = access::regex_of(a);
        auto const right = access::regex_of(b);
        auto const order = compare_bytes(left.pattern, right.pattern);
        return order != 0 ? order : compare_bytes(left.options, right.options);
    }
    case bson_type::db_pointer: {
        auto const left = access::pointer_of(a);
        auto const right = access::pointer_of(b);
        if (auto const order = left.ns.size() <=> right.ns.size(); order != 0) {
            return order;
        }
        auto const order = compare_bytes(left.ns, right.ns);
        return order != 0 ? order : left.id <=> right.id;
    }
    case bson_type::code_with_scope: {
        auto const order = compare_bytes(access::code_text(a), access::code_text(b));
        return order != 0 ? order : compare(access::code_scope(a), access::code_scope(b));
    }
    }
    return std::weak_ordering::equivalent;
}

std::size_t combine(std::size_t seed, std::size_t next) noexcept {
    return seed ^ (next + 0x9E37'79B9'7F4A'7C15U + (seed << 6U) + (seed >> 2U));
}

std::size_t hash_text(std::string_view text) noexcept {
    return std::hash<std::string_view>()(text);
}

/// Equal numbers have equal hashes: integers hash as integers, all else as the nearest double.
std::size_t hash_number(value const& v) noexcept {
    if (auto const whole = v.if_int64()) {
        return std::hash<std::int64_t>()(*whole);
    }
    auto const real = *v.if_double();
    return std::isnan(real) ? 0x7FF8'0000U : std::hash<double>()(real);
}

std::size_t hash_contents(value const& v) noexcept {
    switch (v.type()) {
    case bson_type::min_key:
    case bson_type::max_key:
    case bson_type::undefined:
    case bson_type::null:
        return 0;
    case bson_type::int32:
    case bson_type::int64:
    case bson_type::double_:
    case bson_type::decimal128:
        return hash_number(v);
    case bson_type::string:
    case bson_type::symbol:
    case bson_type::code:
        return hash_text(access::text(v));
    case bson_type::document:
        return hash_value(access::as_document(v));
    case bson_type::array:
        return hash_value(access::as_array(v));
    case bson_type::binary:
        return combine(hash_text(access::blob(v)), access::subtype(v));
    case bson_type::object_id:
        return std::hash<object_id>()(access::id(v));
    case bson_type::boolean:
        return access::boolean(v) ? 1 : 0;
    case bson_type::date:
        return std::hash<std::int64_t>()(access::int64(v));
    case bson_type::timestamp:
        return combine(access::stamp(v).seconds, access::stamp(v).increment);
    case bson_type::regex:
    case bson_type::db_pointer:
        return hash_text(access::blob(v));
    case bson_type::code_with_scope:
        return combine(hash_text(access::code_text(v)), hash_value(access::code_scope(v)));
    }
    return 0;
}

} // namespace

std::weak_ordering compare(value const& a, value const& b) noexcept {
    if (auto const order = rank(a.type()) <=> rank(b.type()); order != 0) {
        return order;
    }
    return compare_same_rank(a, b);
}

std::weak_ordering compare(document const& a, document const& b) noexcept {
    auto const *left = a.begin(), *right = b.begin();
    for (; left != a.end() && right != b.end(); ++left, ++right) {
        if (auto const order = rank(left->value().type()) <=> rank(right->value().type()); order != 0) {
            return order;
        }
        if (auto const order = compare_bytes(left->key(), right->key()); order != 0) {
            return order;
        }
        if (auto const order = compare_same_rank(left->value(), right->value()); order != 0) {
            return order;
        }
    }
    return a.size() <=> b.size();
}

std::weak_ordering compare(array const& a, array const& b) noexcept {
    auto const *left = a.begin(), *right = b.begin();
    for (; left != a.end() && right != b.end(); ++left, ++right) {
        if (auto const order = compare(*left, *right); order != 0) {
            return order;
        }
    }
    return a.size() <=> b.size();
}

bool value::equal(value const& a, value const& b) noexcept {
    return compare(a, b) == 0;
}

bool operator==(document const& a, document const& b) noexcept {
    return a.size() == b.size() && compare(a, b) == 0;
}

bool operator==(array const& a, array const& b) noexcept {
    return a.size() == b.size() && compare(a, b) == 0;
}

bool operator==(code_with_scope const& a, code_with_scope const& b) noexcept {
    return a.text == b.text && a.scope == b.scope;
}

bool identical(value const& a, value const& b) noexcept {
    if (a.type() != b.type()) {
        return false;
    }
    switch (a.type()) {
    case bson_type::double_:
        return std::bit_cast<std::uint64_t>(access::real(a)) == std::bit_cast<std::uint64_t>(access::real(b));
    case bson_type::decimal128:
        return access::decimal(a) == access::decimal(b);
    case bson_type::document:
        return identical(access::as_document(a), access::as_document(b));
    case bson_type::array:
        return identical(access::as_array(a), access::as_array(b));
    case bson_type::code_with_scope:
        return access::code_text(a) == access::code_text(b) && identical(access::code_scope(a), access::code_scope(b));
    default:
        return compare_same_rank(a, b) == 0;
    }
}

bool identical(document const& a, document const& b) noexcept {
    if (a.size() != b.size()) {
        return false;
    }
    for (auto const *left = a.begin(), *right = b.begin(); left != a.end(); ++left, ++right) {
        if (left->key() != right->key() || !identical(left->value(), right->value())) {
            return false;
        }
    }
    return true;
}

bool identical(array const& a, array const& b) noexcept {
    if (a.size() != b.size()) {
        return false;
    }
    for (auto const *left = a.begin(), *right = b.begin(); left != a.end(); ++left, ++right) {
        if (!identical(*left, *right)) {
            return false;
        }
    }
    return true;
}

std::size_t hash_value(value const& v) noexcept {
    return combine(static_cast<std::size_t>(rank(v.type())), hash_contents(v));
}

std::size_t hash_value(document const& d) noexcept {
    std::size_t result = d.size();
    for (auto const& m : d) {
        result = combine(combine(result, hash_text(m.key())), hash_value(m.value()));
    }
    return result;
}

std::size_t hash_value(array const& a) noexcept {
    std::size_t result = a.size();
    for (auto const& element : a) {
        result = combine(result, hash_value(element));
    }
    return result;
}

} // namespace cormorant
