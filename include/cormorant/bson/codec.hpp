#pragma once

/// How C++ types are stored in BSON: one `codec<T>` per type, used for values, documents and raw BSON alike.
///
/// A codec writes to a *sink* and reads from a *source*:
///
///     template <>
///     struct cormorant::codec<money> {
///         template <class Sink>
///         static void write(money const& v, Sink&& out) { out.put(v.cents()); }
///         template <class Source>
///         static void read(Source const& in, money& v, decode_mode) { v = money(in.as_int64()); }
///     };
///
/// A sink has `put(x)` for everything that `value` has a constructor of its own for, `put_document(f)`, which calls `f(fields)`
/// where `fields.field(key)` is a sink, and `put_array(f)`, which calls `f(elements)` where `elements.next()` is a sink.
/// A source is a `value` or a `bson_element`: both have `type()`, `is_null()`, `as_int64()` and its like, `as_document()` (a
/// range of things with `key()` and `value()`) and `as_array()` (a range of sources). They throw `errc::type_mismatch`.
///
/// This header: numbers, bool, `std::string`, the types of BSON, times, durations (whole milliseconds as int64),
/// `std::optional`, containers (arrays; `std::vector<std::byte>` is binary) and maps with string keys (documents).
/// mapping.hpp: structs and enums.

#include <cormorant/bson/value.hpp>
#include <cormorant/error/error.hpp>

#include <array>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace cormorant {

/// What decoding makes of a struct's members that are missing, and of keys that are no members.
enum class decode_mode {
    /// A missing member keeps its default value, an unknown key is ignored.
    lenient,
    /// Both are errors: `errc::required` and `errc::unknown_field`. A `std::optional` may be missing.
    strict,
};

namespace detail {

/// Puts a path segment before the path of an error that comes from inside.
void prepend_path(error& e, std::string_view segment);
[[noreturn]] void throw_out_of_range(std::int64_t v, int bits, bool is_signed);
[[noreturn]] void throw_wrong_size(std::size_t wanted, std::size_t got);

class array_value_sink;
class document_value_sink;

/// The sink that fills a `value`, in the storage that the value has.
class value_sink {
public:
    explicit value_sink(value& target) noexcept : target_(target) {}

    /// The types that are put most often are made in their place.
    template <class T>
    void put(T const& v) {
        target_.clear();
        if constexpr (std::same_as<T, bool> || one_of<T, object_id, timestamp>) {
            target_.init(v);
        } else if constexpr (integer<T>) {
            target_.init_integer(v);
        } else if constexpr (real<T>) {
            target_.init(static_cast<double>(v));
        } else if constexpr (is_time<T>::value) {
            target_.init(std::chrono::floor<std::chrono::milliseconds>(v));
        } else if constexpr (text<T> && !std::is_pointer_v<T>) {
            target_.init_text(bson_type::string, v);
        } else if constexpr (!std::is_null_pointer_v<T>) {
            target_ = value(v, target_.get_storage());
        }
    }
    template <class F>
    void put_document(F&& fill);
    template <class F>
    void put_array(F&& fill);

private:
    value& target_;
};

class document_value_sink {
public:
    explicit document_value_sink(document& target) noexcept : target_(target) {}
    /// So many fields are to be expected.
    void reserve(std::size_t count) { target_.reserve(count); }
    value_sink field(std::string_view key) { return value_sink(target_.append_null(key)); }

private:
    document& target_;
};

class array_value_sink {
public:
    explicit array_value_sink(array& target) noexcept : target_(target) {}
    void reserve(std::size_t count) { target_.reserve(count); }
    value_sink next() { return value_sink(target_.append_null()); }

private:
    array& target_;
};

template <class F>
void value_sink::put_document(F&& fill) {
    document_value_sink fields(target_.emplace_document());
    fill(fields);
}

template <class F>
void value_sink::put_array(F&& fill) {
    array_value_sink elements(target_.emplace_array());
    fill(elements);
}

/// A codec that passes a native type on.
template <class T>
struct native_codec {
    template <class Sink>
    static void write(T const& v, Sink&& out) {
        out.put(v);
    }
};

template <class T>
struct is_duration : std::false_type {};
template <class Rep, class Period>
struct is_duration<std::chrono::duration<Rep, Period>> : std::true_type {};

template <class T>
concept string_map = requires(T& map, T const& constant) {
    typename T::mapped_type;
    map.clear();
    map.insert_or_assign(std::string(), std::declval<typename T::mapped_type>());
    { constant.begin()->first } -> std::convertible_to<std::string_view>;
};

template <class T>
concept sequence = !string_map<T> && !text<T> && requires(T& container, T const& constant) {
    typename T::value_type;
    constant.begin() != constant.end();
    container.clear();
    container.insert(container.end(), std::declval<typename T::value_type>());
};

/// The types whose codecs ask only for a default constructor and themselves.
template <class T>
concept decodable = std::default_initializable<T> && storable<T>;

} // namespace detail

template <>
struct codec<bool> : detail::native_codec<bool> {
    template <class Source>
    static void read(Source const& in, bool& v, decode_mode) {
        v = in.as_bool();
    }
};

/// Any number that is integral and fits, else `errc::type_mismatch`.
template <detail::integer T>
struct codec<T> : detail::native_codec<T> {
    template <class Source>
    static void read(Source const& in, T& v, decode_mode) {
        auto const number = in.as_int64();
        if (!std::in_range<T>(number)) {
            detail::throw_out_of_range(number, std::numeric_limits<T>::digits + std::is_signed_v<T>, std::is_signed_v<T>);
        }
        v = static_cast<T>(number);
    }
};

template <detail::real T>
struct codec<T> : detail::native_codec<T> {
    template <class Source>
    static void read(Source const& in, T& v, decode_mode) {
        v = static_cast<T>(in.as_double());
    }
};

template <>
struct codec<std::string> : detail::native_codec<std::string> {
    template <class Source>
    static void read(Source const& in, std::string& v, decode_mode) {
        v.assign(in.as_string());
    }
};

template <>
struct codec<object_id> : detail::native_codec<object_id> {
    template <class Source>
    static void read(Source const& in, object_id& v, decode_mode) {
        v = in.as_object_id();
    }
};

template <>
struct codec<decimal128> : detail::native_codec<decimal128> {
    template <class Source>
    static void read(Source const& in, decimal128& v, decode_mode) {
        v = in.as_decimal128();
    }
};

template <>
struct codec<binary> : detail::native_codec<binary> {
    template <class Source>
    static void read(Source const& in, binary& v, decode_mode) {
        v = in.as_binary();
    }
};

/// Binary of subtype 0; any subtype is read.
template <>
struct codec<std::vector<std::byte>> {
    template <class Sink>
    static void write(std::vector<std::byte> const& v, Sink&& out) {
        out.put(binary{v, 0});
    }
    template <class Source>
    static void read(Source const& in, std::vector<std::byte>& v, decode_mode) {
        auto const bytes = in.bytes();
        v.assign(bytes.begin(), bytes.end());
    }
};

template <>
struct codec<regex> : detail::native_codec<regex> {
    template <class Source>
    static void read(Source const& in, regex& v, decode_mode) {
        v = in.as_regex();
    }
};

template <>
struct codec<timestamp> : detail::native_codec<timestamp> {
    template <class Source>
    static void read(Source const& in, timestamp& v, decode_mode) {
        v = in.as_timestamp();
    }
};

template <>
struct codec<code> : detail::native_codec<code> {
    template <class Source>
    static void read(Source const& in, code& v, decode_mode) {
        v = in.as_code();
    }
};

template <>
struct codec<code_with_scope> : detail::native_codec<code_with_scope> {
    template <class Source>
    static void read(Source const& in, code_with_scope& v, decode_mode) {
        v = in.as_code_with_scope();
    }
};

template <>
struct codec<symbol> : detail::native_codec<symbol> {
    template <class Source>
    static void read(Source const& in, symbol& v, decode_mode) {
        v = in.as_symbol();
    }
};

template <>
struct codec<db_pointer> : detail::native_codec<db_pointer> {
    template <class Source>
    static void read(Source const& in, db_pointer& v, decode_mode) {
        v = in.as_db_pointer();
    }
};

template <class Duration>
struct codec<std::chrono::sys_time<Duration>> : detail::native_codec<std::chrono::sys_time<Duration>> {
    template <class Source>
    static void read(Source const& in, std::chrono::sys_time<Duration>& v, decode_mode) {
        v = std::chrono::floor<Duration>(in.as_date());
    }
};

/// Whole milliseconds, rounded down, as int64.
template <class Rep, class Period>
struct codec<std::chrono::duration<Rep, Period>> {
    using duration = std::chrono::duration<Rep, Period>;

    template <class Sink>
    static void write(duration const& v, Sink&& out) {
        out.put(static_cast<std::int64_t>(std::chrono::floor<std::chrono::milliseconds>(v).count()));
    }
    template <class Source>
    static void read(Source const& in, duration& v, decode_mode) {
        v = std::chrono::duration_cast<duration>(std::chrono::milliseconds(in.as_int64()));
    }
};

/// Absent is null; as a member of a struct it is left out. Null and undefined are read as absent.
template <storable T>
struct codec<std::optional<T>> {
    /// A struct leaves the member out.
    static bool is_absent(std::optional<T> const& v) noexcept { return !v.has_value(); }

    template <class Sink>
    static void write(std::optional<T> const& v, Sink&& out) {
        if (v) {
            codec<T>::write(*v, out);
        } else {
            out.put(nullptr);
        }
    }
    template <class Source>
    static void read(Source const& in, std::optional<T>& v, decode_mode mode) {
        if (in.is_null() || in.type() == bson_type::undefined) {
            v.reset();
        } else {
            codec<T>::read(in, v.emplace(), mode);
        }
    }
};

namespace detail {

template <class T, class Sink>
void write_elements(T const& container, Sink&& out) {
    out.put_array([&](auto& elements) {
        if constexpr (requires { elements.reserve(container.size()); }) {
            elements.reserve(container.size());
        }
        for (auto const& element : container) {
            codec<typename T::value_type>::write(element, elements.next());
        }
    });
}

/// How many elements are to be expected.
template <class Source>
std::size_t expected_elements(Source const& in) {
    decltype(auto) elements = in.as_array();
    if constexpr (requires { elements.count_quickly(); }) {
        return elements.count_quickly();
    } else {
        return elements.size();
    }
}

/// Calls `take(position, source)` for each element; errors name the position.
template <class Source, class F>
void read_elements(Source const& in, F&& take) {
    std::size_t position = 0;
    decltype(auto) elements = in.as_array();
    try {
        for (auto const& element : elements) {
            take(position, element);
            ++position;
        }
    } catch (error& e) {
        prepend_path(e, std::to_string(position));
        throw;
    }
}

/// A concept of its own: clang 16 takes a `requires` in a generic lambda that names what is around it for an error, not for an
/// answer.
template <class T>
concept grows_in_place = requires(T& container) {
    { container.emplace_back() } -> std::same_as<typename T::value_type&>;
};

} // namespace detail

/// `std::vector`, `std::deque`, `std::list`, `std::set`, `std::unordered_set` and their like.
template <detail::sequence T>
    requires storable<typename T::value_type>
struct codec<T> {
    template <class Sink>
    static void write(T const& v, Sink&& out) {
        detail::write_elements(v, out);
    }
    template <class Source>
    static void read(Source const& in, T& v, decode_mode mode) {
        using type = typename T::value_type;
        v.clear();
        if constexpr (requires { v.reserve(std::size_t()); }) {
            v.reserve(detail::expected_elements(in));
        }
        detail::read_elements(in, [&](std::size_t, auto const& element) {
            if constexpr (detail::grows_in_place<T>) {
                codec<type>::read(element, v.emplace_back(), mode);
            } else {
                type item{};
                codec<type>::read(element, item, mode);
                v.insert(v.end(), std::move(item));
            }
        });
    }
};

/// Reads arrays of exactly N elements.
template <storable T, std::size_t N>
struct codec<std::array<T, N>> {
    template <class Sink>
    static void write(std::array<T, N> const& v, Sink&& out) {
        detail::write_elements(v, out);
    }
    template <class Source>
    static void read(Source const& in, std::array<T, N>& v, decode_mode mode) {
        std::size_t count = 0;
        detail::read_elements(in, [&](std::size_t position, auto const& element) {
            if (position < N) {
                codec<T>::read(element, v[position], mode);
            }
            ++count;
        });
        if (count != N) {
            detail::throw_wrong_size(N, count);
        }
    }
};

/// `std::map<std::string, T>`, `std::unordered_map<std::string, T>` and their like.
template <detail::string_map T>
    requires storable<typename T::mapped_type>
struct codec<T> {
    template <class Sink>
    static void write(T const& v, Sink&& out) {
        out.put_document([&](auto& fields) {
            for (auto const& [key, item] : v) {
                codec<typename T::mapped_type>::write(item, fields.field(key));
            }
        });
    }
    template <class Source>
    static void read(Source const& in, T& v, decode_mode mode) {
        v.clear();
        std::string key;
        decltype(auto) members = in.as_document();
        try {
            for (auto const& member : members) {
                key.assign(member.key());
                typename T::mapped_type item{};
                codec<typename T::mapped_type>::read(member.value(), item, mode);
                v.insert_or_assign(key, std::move(item));
            }
        } catch (error& e) {
            detail::prepend_path(e, key);
            throw;
        }
    }
};

template <>
struct codec<value> : detail::native_codec<value> {
    template <class Source>
    static void read(Source const& in, value& v, decode_mode) {
        if constexpr (std::same_as<Source, value>) {
            v = in;
        } else {
            v = in.to_value();
        }
    }
};

template <>
struct codec<document> : detail::native_codec<document> {
    template <class Source>
    static void read(Source const& in, document& v, decode_mode) {
        if constexpr (std::same_as<Source, value>) {
            v = in.as_document();
        } else {
            v = in.as_document().to_document();
        }
    }
};

template <>
struct codec<array> : detail::native_codec<array> {
    template <class Source>
    static void read(Source const& in, array& v, decode_mode) {
        if constexpr (std::same_as<Source, value>) {
            v = in.as_array();
        } else {
            v = in.as_array().to_array();
        }
    }
};

template <detail::encodable T>
value::value(T const& v, storage memory) : value(std::move(memory)) {
    codec<T>::write(v, detail::value_sink(*this));
}

template <class T>
T value::to() const {
    static_assert(storable<T>,
        "value::to<T>(): T has no codec. Describe a struct or an enum by BOOST_DESCRIBE_STRUCT / BOOST_DESCRIBE_ENUM and include "
        "<cormorant/bson/mapping.hpp>, or specialise cormorant::codec<T>.");
    static_assert(std::default_initializable<T>, "value::to<T>(): T needs a default constructor.");
    T result{};
    codec<T>::read(*this, result, decode_mode::lenient);
    return result;
}

} // namespace cormorant
