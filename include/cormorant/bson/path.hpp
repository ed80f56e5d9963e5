#pragma once

/// Dotted paths: `"author.address.city"`, `"rows.1.k"`.
///
/// A segment is a key of a document or a position (decimal digits) in an array. An empty segment is an ordinary, empty key.
/// Looking up allocates nothing.

#include <cormorant/bson/value.hpp>

#include <cstddef>
#include <optional>
#include <string_view>

namespace cormorant {

/// The first segment: `"a"` of `"a.b.c"`.
constexpr std::string_view path_head(std::string_view path) noexcept {
    return path.substr(0, path.find('.'));
}
/// What follows the first segment: `"b.c"` of `"a.b.c"`, empty for the last one.
constexpr std::string_view path_rest(std::string_view path) noexcept {
    auto const dot = path.find('.');
    return dot == std::string_view::npos ? std::string_view() : path.substr(dot + 1);
}
/// The last segment: `"c"` of `"a.b.c"`.
constexpr std::string_view path_leaf(std::string_view path) noexcept {
    return path.substr(path.rfind('.') + 1);
}
/// What precedes the last segment: `"a.b"` of `"a.b.c"`, empty for a single one.
constexpr std::string_view path_parent(std::string_view path) noexcept {
    auto const dot = path.rfind('.');
    return dot == std::string_view::npos ? std::string_view() : path.substr(0, dot);
}
/// True when the path has more than one segment.
constexpr bool path_is_nested(std::string_view path) noexcept {
    return path.find('.') != std::string_view::npos;
}
/// True when `path` is `prefix` or lies below it.
constexpr bool path_starts_with(std::string_view path, std::string_view prefix) noexcept {
    return path.starts_with(prefix) && (path.size() == prefix.size() || path[prefix.size()] == '.');
}
/// The position that a segment names: decimal digits without a needless zero in front, below 2^31.
constexpr std::optional<std::size_t> path_position(std::string_view segment) noexcept {
    if (segment.empty() || segment.size() > 10 || (segment.size() > 1 && segment[0] == '0')) {
        return std::nullopt;
    }
    std::size_t position = 0;
    for (char const c : segment) {
        if (c < '0' || c > '9') {
            return std::nullopt;
        }
        position = position * 10 + static_cast<std::size_t>(c - '0');
    }
    return position < (std::size_t{1} << 31U) ? std::optional(position) : std::nullopt;
}

/// The value at exactly this path, null pointer when there is none. Arrays are entered by position only.
value const* get_path(document const& d, std::string_view path) noexcept;
value* get_path(document& d, std::string_view path) noexcept;
value const* get_path(value const& v, std::string_view path) noexcept;
value* get_path(value& v, std::string_view path) noexcept;

/// The greatest number of nulls that `set_path` puts between the end of an array and the position asked for (the server's bound).
inline constexpr std::size_t max_path_padding = 1'500'000;

/// Sets the value at the path as `$set` does: missing documents are created on the way, a position on an existing array sets
/// that element and pads with null. A segment of digits is a key where there is no array.
/// Throws `errc::invalid_argument` when a scalar is in the way, a key is applied to an array or the padding is out of bounds;
/// the document is then unchanged.
value& set_path(document& d, std::string_view path, value v);

/// Removes the value at the path as `$unset` does: an element of an array becomes null. False when there was none.
bool unset_path(document& d, std::string_view path) noexcept;

/// A function that takes a `value const&`, held by reference.
class value_visitor {
public:
    template <class F>
        requires(!std::same_as<std::remove_cvref_t<F>, value_visitor>)
    value_visitor(F&& f) noexcept // NOLINT: implicit, as std::function_ref
        : target_(const_cast<void*>(static_cast<void const*>(std::addressof(f)))),
          call_([](void* target, value const& v) { (*static_cast<std::remove_reference_t<F>*>(target))(v); }) {}
    void operator()(value const& v) const { call_(target_, v); }

private:
    void* target_;
    void (*call_)(void*, value const&);
};

/// What `collect_path` does with an array at the end of the path.
enum class path_leaf_arrays {
    /// The array itself only.
    whole,
    /// The array and then each of its elements, as matching by equality does.
    whole_and_elements,
};

/// Calls `visit` for every value that MongoDB's matching sees at the path: an array on the way is entered by position when the
/// segment is a number, and each document in it is searched for the segment as a key. Answers how many values were visited.
///
///     collect_path(doc("a", arr(doc("b", 1), doc("b", 2))), "a.b", ...)     // 1, 2
std::size_t collect_path(
    document const& d, std::string_view path, value_visitor visit, path_leaf_arrays leaf = path_leaf_arrays::whole);

} // namespace cormorant
