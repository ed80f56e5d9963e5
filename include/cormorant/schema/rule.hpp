#pragma once

/// Rules of the application's own for the values of fields: checks say whether a value is good, transforms make another value of
/// it. Both are plain functions or coroutines.

#include <cormorant/bson/value.hpp>

#include <boost/asio/awaitable.hpp>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace cormorant {

/// What a rule is told beside the value. It lives as long as the rule runs, across its suspensions.
struct rule_context {
    std::string_view model;
    /// The name of the field; inside of objects and arrays its path, `"address.city"`, `"tags.0"`.
    std::string_view property;
    /// The name under which the rule is known; empty for a function that was given without one.
    std::string_view rule;
    /// What stands beside the name in the definition; null: nothing.
    value const* argument = nullptr;
};

namespace detail {

template <class T>
struct awaited {
    using type = T;
};
template <class T>
struct awaited<boost::asio::awaitable<T>> {
    using type = T;
};

/// What functions of the application's may give where a rule gives `Result`.
template <class Result>
struct rule_result {
    template <class T>
    static constexpr bool accepts = std::is_constructible_v<Result, T>;
    template <class T>
    static Result make(T&& given) {
        return Result(std::forward<T>(given));
    }
};
template <>
struct rule_result<std::optional<std::string>> {
    template <class T>
    static constexpr bool accepts =
        std::is_same_v<std::remove_cvref_t<T>, bool> || std::is_convertible_v<T, std::optional<std::string>>;
    template <class T>
    static std::optional<std::string> make(T&& given) {
        if constexpr (std::is_same_v<std::remove_cvref_t<T>, bool>) {
            return given ? std::nullopt : std::optional<std::string>(std::in_place);
        } else {
            return std::forward<T>(given);
        }
    }
};

} // namespace detail

/// A function of a value, or of a value and a `rule_context`, that gives a `Result` or is a coroutine that gives one. An
/// exception reaches the caller of the operation as it is.
/// Thread safety: may be called by several operations at the same time when they run on several threads.
template <class Result>
class rule_function {
public:
    using plain_function = std::function<Result(value const&, rule_context const&)>;
    using coroutine_function = std::function<boost::asio::awaitable<Result>(value const&, rule_context const&)>;

    rule_function() = default;
    template <class F>
        requires(!std::is_same_v<std::remove_cvref_t<F>, rule_function>)
    rule_function(F f) {
        if constexpr (std::is_invocable_v<F&, value const&, rule_context const&>) {
            assign(std::move(f));
        } else {
            static_assert(
                std::is_invocable_v<F&, value const&>, "a rule is a function of a value, or of a value and a rule_context");
            assign([f = std::move(f)](value const& v, rule_context const&) mutable { return f(v); });
        }
    }

    explicit operator bool() const noexcept { return plain_ || coroutine_; }
    plain_function const& plain() const noexcept { return plain_; }
    coroutine_function const& coroutine() const noexcept { return coroutine_; }

private:
    using conversion = detail::rule_result<Result>;

    template <class T>
    static boost::asio::awaitable<Result> convert(boost::asio::awaitable<T> given) {
        co_return conversion::make(co_await std::move(given));
    }

    template <class F>
    void assign(F f) {
        using given = std::invoke_result_t<F&, value const&, rule_context const&>;
        using result = typename detail::awaited<given>::type;
        constexpr bool is_check = std::is_same_v<Result, std::optional<std::string>>;
        static_assert(!is_check || conversion::template accepts<result>, "a check gives a bool or a std::optional<std::string>");
        static_assert(is_check || conversion::template accepts<result>, "a transform gives a value");
        if constexpr (!conversion::template accepts<result>) {
            return;
        } else if constexpr (std::is_same_v<given, result>) {
            plain_ = [f = std::move(f)](value const& v, rule_context const& c) mutable { return conversion::make(f(v, c)); };
        } else if constexpr (std::is_same_v<result, Result>) {
            coroutine_ = std::move(f);
        } else {
            coroutine_ = [f = std::move(f)](value const& v, rule_context const& c) mutable { return convert(f(v, c)); };
        }
    }

    plain_function plain_;
    coroutine_function coroutine_;
};

/// Nothing when the value is good, else the sentence that says what is wrong: `"must be even"`. Functions may also give a bool
/// (true: good); a sentence that is empty is made of the name of the rule.
using check_function = rule_function<std::optional<std::string>>;
/// The value that takes the place of the given one.
using transform_function = rule_function<value>;

/// Says whether a value is good. It is asked only about values that meet all other rules of the type and are not empty.
struct value_check {
    /// Names the rule in errors; empty for a function without a name.
    std::string label;
    check_function test;
    /// What the function finds in its `rule_context`.
    std::optional<value> argument = {};
};

/// Makes another value of one, before it is checked; empty values are left alone.
struct value_transform {
    std::string label;
    transform_function function;
    std::optional<value> argument = {};
};

/// The ready-made transforms. All but `cut` take text and throw `errc::type_mismatch` for anything else; lengths are in
/// characters (Unicode code points).
namespace transforms {
/// Takes white space of every kind off both ends.
value_transform trim();
/// All letters, by the full mapping of Unicode: `ß` becomes `SS`.
value_transform to_upper_case();
value_transform to_lower_case();
/// The first characters of a text, or items of an array.
value_transform cut(std::int64_t length);
/// As `cut`, for texts; one that was longer ends with `…`, which counts.
value_transform truncate(std::int64_t length);
/// The first letter of each word, or of the first one only, as a capital.
value_transform capitalize(bool first_word_only = false);
} // namespace transforms

/// The ready-made checks. Values of a type that they cannot handle throw `errc::type_mismatch`.
namespace checks {
/// The text contains a match; options as for `string_field::pattern`. Throws `errc::definition` when it is no regular expression.
value_check regexp(regex expression);
/// Characters of a text or items of an array, inclusive.
value_check min_length(std::int64_t length);
value_check max_length(std::int64_t length);
/// An address as HTML forms take it: `name@host`.
value_check is_email();
/// The text has no letter that has a lower-case (upper-case) form other than itself.
value_check is_lower_case();
value_check is_upper_case();
} // namespace checks

} // namespace cormorant
