#pragma once

/// The scalar types of BSON. All are regular values: copyable, comparable, without hidden state.

#include <array>
#include <chrono>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <iosfwd>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cormorant {

/// The type of a value; the numbers are those of the BSON specification (https://bsonspec.org/spec.html).
enum class bson_type : std::uint8_t {
    double_ = 0x01,
    string = 0x02,
    document = 0x03,
    array = 0x04,
    binary = 0x05,
    undefined = 0x06,
    object_id = 0x07,
    boolean = 0x08,
    date = 0x09,
    null = 0x0A,
    regex = 0x0B,
    db_pointer = 0x0C,
    code = 0x0D,
    symbol = 0x0E,
    code_with_scope = 0x0F,
    int32 = 0x10,
    timestamp = 0x11,
    int64 = 0x12,
    decimal128 = 0x13,
    max_key = 0x7F,
    min_key = 0xFF,
};

/// The alias that `$type` uses: `"double"`, `"string"`, `"object"`, `"array"`, `"binData"`, `"objectId"`, `"bool"`...
std::string_view to_string(bson_type) noexcept;

/// A point in time with the precision that BSON has: milliseconds since the Unix epoch, signed.
using datetime = std::chrono::sys_time<std::chrono::milliseconds>;

/// The current time in the precision of BSON.
datetime now() noexcept;
/// `2020-01-02T03:04:05.678Z`; years outside 0..9999 give the milliseconds as text.
std::string to_iso8601(datetime);
/// Understands `2020-01-02`, `2020-01-02T03:04:05Z`, fractions and offsets; nothing when it is no date.
std::optional<datetime> parse_iso8601(std::string_view) noexcept;

/// The twelve bytes that MongoDB uses for `_id` by default.
class object_id {
public:
    static constexpr std::size_t size = 12;

    /// All zero. Use `generate()` for a new one.
    constexpr object_id() noexcept = default;
    constexpr explicit object_id(std::array<std::byte, size> bytes) noexcept : bytes_(bytes) {}
    /// From 24 hexadecimal digits. Throws `errc::invalid_argument`.
    explicit object_id(std::string_view hex);

    /// A new id: seconds, five random bytes per process, a counter. Thread safe.
    static object_id generate();
    static std::optional<object_id> parse(std::string_view hex) noexcept;

    std::string to_string() const;
    std::array<std::byte, size> const& bytes() const noexcept { return bytes_; }
    /// When the id was generated, to the second.
    std::chrono::sys_seconds time() const noexcept;

    friend constexpr auto operator<=>(object_id const&, object_id const&) noexcept = default;
    /// The 24 digits.
    friend std::ostream& operator<<(std::ostream& out, object_id const& id);

private:
    std::array<std::byte, size> bytes_{};
};

/// A decimal number of 34 digits (IEEE 754-2008 decimal128).
struct decimal128 {
    std::uint64_t high = 0x3040000000000000; // 0
    std::uint64_t low = 0;

    /// Throws `errc::invalid_argument` when the text is no decimal number.
    static decimal128 parse(std::string_view);
    static std::optional<decimal128> try_parse(std::string_view) noexcept;
    std::string to_string() const;
    /// The nearest double.
    double to_double() const;
    /// Bitwise. Compare values with `compare(value, value)`.
    friend constexpr bool operator==(decimal128 const&, decimal128 const&) noexcept = default;
};

/// Bytes with a subtype (0 generic, 4 UUID, 5 MD5, ...).
struct binary {
    std::vector<std::byte> bytes;
    std::uint8_t subtype = 0;
    friend bool operator==(binary const&, binary const&) = default;
};

/// A regular expression: options are sorted letters of `imsux`.
struct regex {
    std::string pattern;
    std::string options;
    friend bool operator==(regex const&, regex const&) = default;
};

/// The internal timestamp of MongoDB's replication. Not a date.
struct timestamp {
    std::uint32_t seconds = 0;
    std::uint32_t increment = 0;
    friend constexpr auto operator<=>(timestamp const&, timestamp const&) noexcept = default;
};

/// JavaScript code without a scope.
struct code {
    std::string text;
    friend bool operator==(code const&, code const&) = default;
};

/// Deprecated by BSON; kept so that every document can be read and written back.
struct symbol {
    std::string text;
    friend bool operator==(symbol const&, symbol const&) = default;
};

/// Deprecated by BSON; kept so that every document can be read and written back.
struct db_pointer {
    std::string ns;
    object_id id;
    friend bool operator==(db_pointer const&, db_pointer const&) = default;
};

/// Deprecated by BSON; kept so that every document can be read and written back.
struct undefined {
    friend constexpr bool operator==(undefined, undefined) noexcept = default;
};
/// Smaller than every other value.
struct min_key {
    friend constexpr bool operator==(min_key, min_key) noexcept = default;
};
/// Greater than every other value.
struct max_key {
    friend constexpr bool operator==(max_key, max_key) noexcept = default;
};

} // namespace cormorant

template <>
struct std::hash<cormorant::object_id> {
    std::size_t operator()(cormorant::object_id const&) const noexcept;
};
