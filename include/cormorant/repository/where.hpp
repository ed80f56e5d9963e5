#pragma once

/// Conditions on documents, in the words of js-repository or typed:
/// \code
/// where_clause c = doc("age", doc("gte", 18), "name", doc("ilike", "a%"));
/// auto d = where(&user::age) >= 18 && where(&user::name).ilike("a%");
/// auto e = where(&user::address, &address::city).in("Bern", "Oslo") || !where(&user::blocked).exists();
/// \endcode
/// Both are the same thing: a typed condition writes the document. What the words mean is said in docs/filters.md; they are
/// checked against the model, and turned into a filter of the store, by the operation that gets the condition.

#include <cormorant/bson/mapping.hpp>
#include <cormorant/bson/value.hpp>

#include <chrono>
#include <concepts>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace cormorant {

namespace detail {
/// `{word: [a, b]}`; conditions of the same word are put side by side, those that say nothing are left out of an `and`.
document join_conditions(std::string_view word, document a, document b);
document negate_condition(document c);
/// Throws `errc::invalid_argument` for anything but an object, null and undefined.
document parse_condition(value const& where);
} // namespace detail

/// A condition; without one every document fits. `T`: the struct whose members it is about; void: nothing is known of the
/// documents. A value. Conditions of a struct and those written as documents can be put together; conditions of two structs
/// cannot.
template <class T>
class basic_where_clause {
public:
    basic_where_clause() = default;
    basic_where_clause(document where) : where_(std::move(where)) {}
    /// What is said of a struct holds for those that derive from it.
    template <class U>
        requires(!std::same_as<T, U> && (std::is_void_v<T> || std::is_base_of_v<U, T>))
    basic_where_clause(basic_where_clause<U> other) : where_(std::move(other).where()) {}

    /// For input that was not written by hand: null and undefined are no condition. Throws `errc::invalid_argument` for anything
    /// that is no object.
    static basic_where_clause parse(value const& where) { return detail::parse_condition(where); }

    /// In the words of js-repository.
    document const& where() const& noexcept { return where_; }
    document where() && noexcept { return std::move(where_); }

    friend basic_where_clause operator&&(basic_where_clause a, basic_where_clause b) {
        return detail::join_conditions("and", std::move(a.where_), std::move(b.where_));
    }
    friend basic_where_clause operator||(basic_where_clause a, basic_where_clause b) {
        return detail::join_conditions("or", std::move(a.where_), std::move(b.where_));
    }
    friend basic_where_clause operator!(basic_where_clause c) { return detail::negate_condition(std::move(c.where_)); }

private:
    document where_;
};
using where_clause = basic_where_clause<void>;

namespace detail {

template <class M>
struct compared {
    using type = M;
};
template <class M>
struct compared<std::optional<M>> : compared<M> {};

/// The type of a member, or of the items of one that is a list: what conditions on it look at.
template <class M>
struct looked_at : compared<M> {};
template <class M>
    requires sequence<typename compared<M>::type>
struct looked_at<M> : compared<typename compared<M>::type::value_type> {};
template <class M>
using looked_at_t = typename looked_at<M>::type;

template <class V>
inline constexpr bool is_number = std::is_arithmetic_v<V> && (integer<V> || real<V>);

/// Whether a value of type `V` can be equal to one of type `M`.
template <class M, class V>
inline constexpr bool comparable = [] {
    if constexpr (std::same_as<M, V> || std::same_as<M, value>) {
        return storable<V> || native<V> || is_time<V>::value;
    } else if constexpr (is_number<M>) {
        return is_number<V>;
    } else if constexpr (text<M>) {
        return text<V>;
    } else if constexpr (is_time<M>::value) {
        return is_time<V>::value;
    } else {
        return false;
    }
}();

template <class M, class V>
value comparand(V const& v) {
    using item = looked_at_t<M>;
    static_assert(comparable<item, V> || comparable<typename compared<M>::type, V>,
        "where: a member is compared with a value of its own type (or, when it is a list, of its items)");
    if constexpr (text<V>) {
        return value(std::string_view(v));
    } else {
        return value(v);
    }
}

} // namespace detail

/// A member of a described struct, or of a struct within it, that conditions are made of. See `where`.
/// A member that is a list is compared item by item; `==` and `!=` also take a whole list.
template <class T, class M>
class property {
public:
    explicit property(std::string path) : path_(std::move(path)) {}

    std::string const& path() const noexcept { return path_; }

    template <class V>
    friend basic_where_clause<T> operator==(property const& p, V const& v) {
        return p.says("eq", detail::comparand<M>(v));
    }
    template <class V>
    friend basic_where_clause<T> operator!=(property const& p, V const& v) {
        return p.says("neq", detail::comparand<M>(v));
    }
    /// Null and absent are the same.
    friend basic_where_clause<T> operator==(property const& p, std::nullptr_t) { return p.says("eq", nullptr); }
    friend basic_where_clause<T> operator!=(property const& p, std::nullptr_t) { return p.says("neq", nullptr); }
    template <class V>
    friend basic_where_clause<T> operator<(property const& p, V const& v) {
        return p.says("lt", detail::comparand<M>(v));
    }
    template <class V>
    friend basic_where_clause<T> operator<=(property const& p, V const& v) {
        return p.says("lte", detail::comparand<M>(v));
    }
    template <class V>
    friend basic_where_clause<T> operator>(property const& p, V const& v) {
        return p.says("gt", detail::comparand<M>(v));
    }
    template <class V>
    friend basic_where_clause<T> operator>=(property const& p, V const& v) {
        return p.says("gte", detail::comparand<M>(v));
    }
    /// Both bounds belong to the range.
    template <class From, class To>
    basic_where_clause<T> between(From const& from, To const& to) const {
        return says("between", arr(detail::comparand<M>(from), detail::comparand<M>(to)));
    }
    /// One of these: `in("a", "b")`, or `in(list)`.
    template <class... Values>
    basic_where_clause<T> in(Values const&... values) const {
        return says("inq", list_of(values...));
    }
    /// None of these; documents without the member fit too.
    template <class... Values>
    basic_where_clause<T> not_in(Values const&... values) const {
        return says("nin", list_of(values...));
    }
    /// Whether the member is there; null is there.
    basic_where_clause<T> exists(bool expected = true) const { return says("exists", expected); }
    /// The whole text: `%` stands for any run of characters, `_` for one, `\` makes the next one ordinary.
    basic_where_clause<T> like(std::string_view pattern) const { return says_of_text("like", pattern); }
    /// Without regard to case.
    basic_where_clause<T> ilike(std::string_view pattern) const { return says_of_text("ilike", pattern); }
    /// \name What does not fit the pattern, documents without the member too.
    /// @{
    basic_where_clause<T> not_like(std::string_view pattern) const { return says_of_text("nlike", pattern); }
    basic_where_clause<T> not_ilike(std::string_view pattern) const { return says_of_text("nilike", pattern); }
    /// @}
    /// A regular expression that fits anywhere in the text; `flags` of `ims`.
    basic_where_clause<T> regexp(std::string_view expression, std::string_view flags = {}) const {
        auto c = doc("regexp", expression);
        require_text();
        if (!flags.empty())
            c.append("flags", flags);
        return doc(path_, std::move(c));
    }

private:
    static constexpr void require_text() {
        static_assert(detail::text<detail::looked_at_t<M>>, "where: only texts have patterns");
    }
    basic_where_clause<T> says(std::string_view word, value v) const { return doc(path_, doc(word, std::move(v))); }
    basic_where_clause<T> says_of_text(std::string_view word, std::string_view pattern) const {
        require_text();
        return says(word, pattern);
    }
    template <class... Values>
    static array list_of(Values const&... values) {
        array list;
        if constexpr (sizeof...(Values) == 1 && (... && detail::sequence<Values>)) {
            for (auto const& container = (..., values); auto const& v : container)
                list.push_back(detail::comparand<M>(v));
        } else {
            (list.push_back(detail::comparand<M>(values)), ...);
        }
        return list;
    }

    std::string path_;
};

namespace detail {
template <class Root, class M>
property<Root, M> step_into(std::string path, std::type_identity<M>) {
    return property<Root, M>(std::move(path));
}
template <class Root, class M, class Owner, class Next, class... Rest>
auto step_into(std::string path, std::type_identity<M>, Next Owner::*next, Rest... rest) {
    static_assert(std::same_as<looked_at_t<M>, Owner>, "where: each member belongs to the struct that the one before it is");
    path += '.';
    path += member_name(next);
    return step_into<Root>(std::move(path), std::type_identity<Next>(), rest...);
}
} // namespace detail

/// A member of a described struct, for conditions; further members lead into structs within it:
/// `where(&user::address, &address::city)`. Throws `errc::definition` for a member that is not described.
template <class T, class M, class... Rest>
auto where(M T::*member, Rest... rest) {
    return detail::step_into<T>(std::string(member_name(member)), std::type_identity<M>(), rest...);
}

} // namespace cormorant
