#pragma once

/// `value`, `document` and `array`: BSON data as C++ values.
///
/// Containers are ordered, own their elements and take their memory from a `storage`: all documents of one result share one
/// arena. An element uses the storage of the container that it is in; moving between two storages copies. Copies made
/// without a storage use the heap, so a copy never keeps an arena alive.
/// Copying, comparing and destroying recurse: the readers of BSON and JSON limit the depth, code that nests values without
/// bound is its own enemy.
/// Thread safety: as the standard containers; distinct objects may be used from distinct threads unless they share an arena
/// and one of them is changed.

#include <cormorant/bson/array.hpp>
#include <cormorant/bson/document.hpp>
#include <cormorant/bson/storage.hpp>
#include <cormorant/bson/types.hpp>

#include <chrono>
#include <compare>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <iosfwd>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace cormorant {

struct code_with_scope {
    std::string text;
    document scope;
};
bool operator==(code_with_scope const&, code_with_scope const&) noexcept;

/// How a C++ type is stored in BSON. codec.hpp has the types of the language and the library, mapping.hpp those that are
/// described by Boost.Describe; specialise it for a type of your own (codec.hpp says how).
template <class T>
struct codec;

/// `T` has a codec.
template <class T>
concept storable = requires { sizeof(codec<std::remove_cv_t<T>>); };

namespace detail {

struct code_node;
class value_sink;

/// A copy of a few bytes, where a call of `memcpy` would cost more than the copy. The ranges do not overlap.
inline void copy_short(char* to, char const* from, std::size_t size) noexcept {
    if (size >= 8) {
        for (std::size_t i = 0; i + 8 < size; i += 8) {
            std::memcpy(to + i, from + i, 8);
        }
        std::memcpy(to + size - 8, from + size - 8, 8);
    } else if (size >= 4) {
        std::memcpy(to, from, 4);
        std::memcpy(to + size - 4, from + size - 4, 4);
    } else if (size != 0) {
        to[0] = from[0];
        to[size / 2] = from[size / 2];
        to[size - 1] = from[size - 1];
    }
}

template <class T, class... Ts>
concept one_of = (std::same_as<T, Ts> || ...);

/// Integers, but not characters: a `char` in a document is a mistake more often than a number.
template <class T>
concept integer = std::integral<T> && !one_of<T, bool, char, wchar_t, char8_t, char16_t, char32_t>;
template <class T>
concept real = one_of<T, float, double>;
template <class T>
concept text = std::convertible_to<T const&, std::string_view> && !std::is_null_pointer_v<T>;

/// The types that `value` has a constructor of its own for.
template <class T>
concept native = std::is_arithmetic_v<T> || text<T> ||
                 one_of<T, std::nullptr_t, value, document, array, storage, object_id, decimal128, binary, regex, timestamp, code,
                     code_with_scope, symbol, db_pointer, undefined, min_key, max_key>;

template <class T>
struct is_time : std::false_type {};
template <class D>
struct is_time<std::chrono::sys_time<D>> : std::true_type {};

/// The types that become a value by their codec.
template <class T>
concept encodable = !native<T> && !is_time<T>::value && storable<T>;

} // namespace detail

/// Any BSON value. 24 bytes: numbers, dates, object ids and strings of up to 14 bytes need no further memory.
class value {
public:
    /// Null on the heap.
    value() noexcept : scalar_{storage(), bson_type::null, 0, {}} {}
    /// Null; whatever is assigned uses this storage.
    explicit value(storage memory) noexcept : scalar_{std::move(memory), bson_type::null, 0, {}} {}

    /// \name Implicit constructors. Each takes a storage as its last argument.
    /// @{
    value(std::nullptr_t, storage memory = {}) noexcept : value(std::move(memory)) {}
    // Templates of one type each: so neither a pointer becomes a bool nor a `char` a number.
    template <std::same_as<bool> T>
    value(T v, storage memory = {}) noexcept : value(std::move(memory)) {
        init(v);
    }
    /// Signed integers of up to 32 bits and unsigned ones of up to 16 become int32, all others int64.
    /// Throws `errc::invalid_argument` for what is greater than the greatest int64.
    template <detail::integer T>
    value(T v, storage memory = {}) : value(std::move(memory)) {
        init_integer(v);
    }
    template <detail::real T>
    value(T v, storage memory = {}) noexcept : value(std::move(memory)) {
        init(static_cast<double>(v));
    }
    /// Anything that converts to `std::string_view`. A null `char const*` throws `errc::invalid_argument`.
    template <detail::text T>
    value(T const& v, storage memory = {}) : value(std::move(memory)) {
        if constexpr (std::is_pointer_v<T>) {
            require_text(v);
        }
        init_text(bson_type::string, v);
    }
    /// Rounded down to milliseconds.
    template <class Duration>
    value(std::chrono::sys_time<Duration> v, storage memory = {}) noexcept : value(std::move(memory)) {
        init(std::chrono::floor<std::chrono::milliseconds>(v));
    }
    value(object_id const& v, storage memory = {}) noexcept : value(std::move(memory)) { init(v); }
    value(timestamp v, storage memory = {}) noexcept : value(std::move(memory)) { init(v); }
    value(undefined, storage memory = {}) noexcept : value(std::move(memory)) { scalar_.type = bson_type::undefined; }
    value(min_key, storage memory = {}) noexcept : value(std::move(memory)) { scalar_.type = bson_type::min_key; }
    value(max_key, storage memory = {}) noexcept : value(std::move(memory)) { scalar_.type = bson_type::max_key; }
    value(decimal128 const& v, storage memory = {}) : value(std::move(memory)) { init(v); }
    value(binary const& v, storage memory = {}) : value(std::move(memory)) { init_binary(v.bytes, v.subtype); }
    /// Throws `errc::invalid_argument` for a NUL byte, which BSON cannot hold here.
    value(regex const& v, storage memory = {}) : value(std::move(memory)) { init_regex(v.pattern, v.options); }
    value(code const& v, storage memory = {}) : value(std::move(memory)) { init_text(bson_type::code, v.text); }
    value(symbol const& v, storage memory = {}) : value(std::move(memory)) { init_text(bson_type::symbol, v.text); }
    value(db_pointer const& v, storage memory = {}) : value(std::move(memory)) { init_db_pointer(v.ns, v.id); }
    value(code_with_scope const& v, storage memory = {}) : value(std::move(memory)) { init_code(v.text, v.scope); }
    value(document const& v, storage memory = {}) : document_(v, std::move(memory)) {}
    value(document&& v) noexcept : document_(std::move(v)) {}
    value(document&& v, storage memory) : document_(std::move(v), std::move(memory)) {}
    value(array const& v, storage memory = {}) : array_(v, std::move(memory)) {}
    value(array&& v) noexcept : array_(std::move(v)) {}
    value(array&& v, storage memory) : array_(std::move(v), std::move(memory)) {}
    /// `std::optional<T>` (absent is null), `std::vector<T>`, other containers, described structs and enums: whatever has a
    /// codec (mapping.hpp).
    template <detail::encodable T>
    value(T const& v, storage memory = {});
    /// @}

    value(value const& other) : value(other, storage()) {}
    value(value const& other, storage memory) : value(std::move(memory)) { init_copy(other); }
    /// Takes the storage over too.
    value(value&& other) noexcept : value(std::move(other.scalar_.memory)) { steal(other); }
    /// Takes the contents over when the storage is the same, else copies.
    value(value&& other, storage memory);
    /// Assignments keep the storage of the left side.
    value& operator=(value const& other);
    value& operator=(value&& other);
    ~value() {
        if (owns_memory()) {
            release();
        }
        scalar_.memory.~storage();
    }
    void swap(value& other);

    bson_type type() const noexcept { return scalar_.type; }
    bool is_null() const noexcept { return type() == bson_type::null; }
    bool is_bool() const noexcept { return type() == bson_type::boolean; }
    bool is_int32() const noexcept { return type() == bson_type::int32; }
    bool is_int64() const noexcept { return type() == bson_type::int64; }
    bool is_double() const noexcept { return type() == bson_type::double_; }
    bool is_decimal128() const noexcept { return type() == bson_type::decimal128; }
    bool is_number() const noexcept { return is_int32() || is_int64() || is_double() || is_decimal128(); }
    bool is_string() const noexcept { return type() == bson_type::string; }
    bool is_document() const noexcept { return type() == bson_type::document; }
    bool is_array() const noexcept { return type() == bson_type::array; }
    bool is_object_id() const noexcept { return type() == bson_type::object_id; }
    bool is_date() const noexcept { return type() == bson_type::date; }
    bool is_binary() const noexcept { return type() == bson_type::binary; }
    bool is_regex() const noexcept { return type() == bson_type::regex; }
    bool is_timestamp() const noexcept { return type() == bson_type::timestamp; }
    bool is_code() const noexcept { return type() == bson_type::code; }
    bool is_code_with_scope() const noexcept { return type() == bson_type::code_with_scope; }
    bool is_symbol() const noexcept { return type() == bson_type::symbol; }
    bool is_db_pointer() const noexcept { return type() == bson_type::db_pointer; }
    bool is_undefined() const noexcept { return type() == bson_type::undefined; }
    bool is_min_key() const noexcept { return type() == bson_type::min_key; }
    bool is_max_key() const noexcept { return type() == bson_type::max_key; }

    /// \name Checked access: throws `errc::type_mismatch` naming both types.
    /// @{
    bool as_bool() const;
    /// Any number that is integral and fits.
    std::int32_t as_int32() const;
    /// Any number that is integral and fits.
    std::int64_t as_int64() const;
    /// Any number; the nearest double.
    double as_double() const;
    /// Only a string; lives as long as this value is not changed.
    std::string_view as_string() const;
    document& as_document();
    document const& as_document() const;
    array& as_array();
    array const& as_array() const;
    object_id as_object_id() const;
    datetime as_date() const;
    decimal128 as_decimal128() const;
    binary as_binary() const;
    /// The bytes of a binary value, without a copy.
    std::span<std::byte const> bytes() const;
    /// The subtype of a binary value.
    std::uint8_t binary_subtype() const;
    regex as_regex() const;
    timestamp as_timestamp() const;
    code as_code() const;
    code_with_scope as_code_with_scope() const;
    symbol as_symbol() const;
    db_pointer as_db_pointer() const;
    /// @}

    /// \name Access that asks: nothing when the value is of another type.
    /// @{
    document* if_document() noexcept { return is_document() ? &document_ : nullptr; }
    document const* if_document() const noexcept { return is_document() ? &document_ : nullptr; }
    array* if_array() noexcept { return is_array() ? &array_ : nullptr; }
    array const* if_array() const noexcept { return is_array() ? &array_ : nullptr; }
    object_id const* if_object_id() const noexcept { return is_object_id() ? &id_.id : nullptr; }
    std::optional<std::string_view> if_string() const noexcept;
    /// Any number that is integral and fits.
    std::optional<std::int64_t> if_int64() const noexcept;
    /// Any number.
    std::optional<double> if_double() const noexcept;
    std::optional<datetime> if_date() const noexcept;
    std::optional<bool> if_bool() const noexcept;
    /// @}

    /// Makes it an empty document (or array) in its own storage.
    document& emplace_document() noexcept;
    array& emplace_array() noexcept;

    /// False for false, a zero, null and undefined; true for all else (also an empty string), as in MongoDB's expressions.
    bool truthy() const noexcept;

    /// Decodes into T by its codec. Throws `errc::type_mismatch`; of a struct it names member path (mapping.hpp).
    template <class T>
    T to() const;

    storage const& get_storage() const noexcept { return scalar_.memory; }

    /// Equal in MongoDB's order: 1 == 1.0; documents have the same keys in the same order.
    friend bool operator==(value const& a, value const& b) noexcept { return equal(a, b); }
    /// Relaxed Extended JSON.
    friend std::string to_string(value const& v);
    friend std::ostream& operator<<(std::ostream& out, value const& v);

private:
    friend class document;
    friend class array;
    friend class detail::value_sink;
    friend struct detail::access;

    // Each member of the union begins with the storage and the type, so both can be read whichever is active; the 16 bytes
    // after the storage hold no address of their own and can be moved as bytes.
    static constexpr std::uint8_t outside = 0xFF;
    static constexpr std::size_t inline_size = 14;
    union payload {
        bool boolean;
        std::int32_t int32;
        std::int64_t int64;
        double real;
        timestamp stamp;
        decimal128* decimal;
        detail::code_node* code;
    };
    struct scalar {
        storage memory;
        bson_type type;
        std::uint8_t length; // of an inline text, or `outside`
        payload data;
    };
    /// A text within the value.
    struct inline_text {
        storage memory;
        bson_type type;
        std::uint8_t length;
        char text[inline_size];
    };
    /// Bytes elsewhere in the storage; none when `size` is 0.
    struct blob {
        storage memory;
        bson_type type;
        std::uint8_t length;
        std::uint8_t subtype;
        std::uint32_t size;
        char* data;
    };
    struct id_text {
        storage memory;
        bson_type type;
        std::uint8_t length;
        object_id id;
    };
    struct borrow {};

    /// An element: null, with the storage of its container.
    value(borrow, storage const& owner) noexcept : scalar_{storage(storage::borrow{}, owner), bson_type::null, 0, {}} {}

    // Each of these expects a null value.
    void init(bool v) noexcept { set_type(bson_type::boolean).boolean = v; }
    void init(std::int32_t v) noexcept { set_type(bson_type::int32).int32 = v; }
    void init(std::int64_t v) noexcept { set_type(bson_type::int64).int64 = v; }
    void init(double v) noexcept { set_type(bson_type::double_).real = v; }
    void init(datetime v) noexcept { set_type(bson_type::date).int64 = v.time_since_epoch().count(); }
    void init(timestamp v) noexcept { set_type(bson_type::timestamp).stamp = v; }
    void init(object_id const& v) noexcept {
        scalar_.type = bson_type::object_id;
        std::memcpy(static_cast<void*>(&id_.id), &v, sizeof v);
    }
    void init(decimal128 const& v);
    template <class T>
    void init_integer(T v) {
        if constexpr (sizeof(T) < 4 || std::same_as<std::make_signed_t<T>, T>) {
            if constexpr (sizeof(T) <= 4) {
                init(static_cast<std::int32_t>(v));
            } else {
                init(static_cast<std::int64_t>(v));
            }
        } else {
            if (!std::in_range<std::int64_t>(v)) {
                throw_too_large(v);
            }
            init(static_cast<std::int64_t>(v));
        }
    }
    /// A string, code or symbol.
    void init_text(bson_type type, std::string_view v) {
        if (v.size() > inline_size) {
            init_blob(type, v.data(), v.size());
            return;
        }
        scalar_.type = type;
        scalar_.length = static_cast<std::uint8_t>(v.size());
        detail::copy_short(inline_.text, v.data(), v.size());
    }
    char* init_blob(bson_type type, std::size_t size);
    void init_blob(bson_type type, void const* data, std::size_t size);
    void init_binary(std::span<std::byte const> bytes, std::uint8_t subtype);
    void init_regex(std::string_view pattern, std::string_view options);
    void init_db_pointer(std::string_view ns, object_id const& id);
    void init_code(std::string_view text, document const& scope);
    void init_copy(value const& other);

    payload& set_type(bson_type type) noexcept {
        scalar_.type = type;
        return scalar_.data;
    }
    std::string_view text() const noexcept {
        return scalar_.length == outside ? std::string_view(blob_.data, blob_.size)
                                         : std::string_view(inline_.text, scalar_.length);
    }
    /// True when there is memory that only this value's destructor can give back.
    bool owns_memory() const noexcept {
        return scalar_.memory.is_heap() &&
               (type() == bson_type::document || type() == bson_type::array || scalar_.length == outside);
    }
    void release() noexcept;
    void clear() noexcept {
        if (owns_memory()) {
            release();
        }
        scalar_.type = bson_type::null;
        scalar_.length = 0;
    }
    /// Takes the contents of a value of the same storage; this one is null before, the other one afterwards.
    void steal(value& other) noexcept;
    void copy_payload(value const& other) noexcept;

    static bool equal(value const&, value const&) noexcept;
    static void require_text(char const*);
    [[noreturn]] static void throw_too_large(std::uint64_t);
    [[noreturn]] void throw_mismatch(char const* wanted) const;

    union {
        scalar scalar_;
        inline_text inline_;
        blob blob_;
        id_text id_;
        document document_;
        array array_;
    };
};

static_assert(sizeof(value) == 24);

/// MongoDB's total order over all values: MinKey, undefined, null, numbers (by value, whatever their type; NaN is the least),
/// symbol and string, document, array, binary, object id, boolean, date, timestamp, regex, DBPointer, code, code with scope,
/// MaxKey. Strings are compared by bytes (no collation).
/// Source: https://www.mongodb.com/docs/manual/reference/bson-type-comparison-order/
std::weak_ordering compare(value const& a, value const& b) noexcept;
/// Documents: member by member, first the types, then the keys, then the values; a prefix is less.
std::weak_ordering compare(document const& a, document const& b) noexcept;
std::weak_ordering compare(array const& a, array const& b) noexcept;

/// Same types, same bits, same key order.
bool identical(value const& a, value const& b) noexcept;
bool identical(document const& a, document const& b) noexcept;
bool identical(array const& a, array const& b) noexcept;

/// A hash that fits `==`: numbers hash by value.
std::size_t hash_value(value const& v) noexcept;
std::size_t hash_value(document const& d) noexcept;
std::size_t hash_value(array const& a) noexcept;

/// An order for containers: `std::map<value, int, value_less>`.
struct value_less {
    bool operator()(value const& a, value const& b) const noexcept { return compare(a, b) < 0; }
};

namespace detail {
inline void append_pairs(document&) {}
template <class Value, class... Rest>
void append_pairs(document& d, std::string_view key, Value&& v, Rest&&... rest) {
    d.append(key, value(std::forward<Value>(v)));
    append_pairs(d, std::forward<Rest>(rest)...);
}
} // namespace detail

/// `doc("a", 1, "b", doc("c", 2))`. Keys and values alternate; the keys have to differ.
template <class... Args>
document doc(Args&&... args) {
    static_assert(sizeof...(Args) % 2 == 0, "doc() takes keys and values in turn: doc(\"name\", \"Ann\", \"age\", 7)");
    document result;
    if constexpr (sizeof...(Args) % 2 == 0 && sizeof...(Args) > 0) {
        result.reserve(sizeof...(Args) / 2);
        detail::append_pairs(result, std::forward<Args>(args)...);
    }
    return result;
}

/// `arr(1, "two", doc("three", 3))`.
template <class... Args>
array arr(Args&&... args) {
    array result;
    result.reserve(sizeof...(Args));
    (result.emplace_back(std::forward<Args>(args)), ...);
    return result;
}

} // namespace cormorant

template <>
struct std::hash<cormorant::value> {
    std::size_t operator()(cormorant::value const& v) const noexcept { return hash_value(v); }
};

#include <cormorant/bson/codec.hpp>
#include <cormorant/bson/member.hpp>
