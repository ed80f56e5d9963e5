#pragma once

/// BSON bytes in and out (https://bsonspec.org/spec.html), and a view that reads them in place.

#include <cormorant/bson/codec.hpp>
#include <cormorant/bson/value.hpp>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <limits>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace cormorant {

using bson_buffer = std::vector<std::byte>;

/// The size in bytes that a server accepts for one document.
inline constexpr std::size_t max_bson_size = 16 * 1024 * 1024;
/// The depth that nothing in this library exceeds; a document without containers in it has depth 1.
inline constexpr int max_bson_depth = 1000;

/// What the reader accepts. All other rules of BSON are always checked.
struct decode_limits {
    /// Levels of documents and arrays, at most `max_bson_depth`. The server itself allows 180.
    int max_depth = 200;
    /// Bytes of the whole document; the format's own bound is 2 GiB.
    std::size_t max_size = std::numeric_limits<std::int32_t>::max();
    /// Keys and strings have to be UTF-8. Turn it off only for bytes that were checked before.
    bool check_utf8 = true;
};

/// How large a document is, found without writing it.
struct document_extent {
    /// As BSON.
    std::size_t bytes = 0;
    /// Containers within each other; a document without any has 0.
    int depth = 0;
    /// Items of the longest array at any depth.
    std::size_t longest_array = 0;
};
document_extent measure(document const& d) noexcept;

/// Appends the document. Throws `errc::invalid_argument` for a key with a NUL byte and `errc::limit_exceeded` for more than
/// `max_size` bytes or `max_bson_depth` levels; the buffer then is as it was.
void append_bson(bson_buffer& out, document const& d, std::size_t max_size = std::numeric_limits<std::int32_t>::max());
bson_buffer encode(document const& d, std::size_t max_size = std::numeric_limits<std::int32_t>::max());

/// Reads one document that fills `bytes` exactly. Everything, keys and strings too, is copied to `memory`.
/// Throws `errc::bad_bson` naming the offset and the reason, also for what exceeds the limits.
document decode_bson(std::span<std::byte const> bytes, storage memory = {}, decode_limits limits = {});

/// Reads all of it, also nested documents. Throws as `decode_bson`.
void validate_bson(std::span<std::byte const> bytes, decode_limits limits = {});

class bson_element;

/// One BSON document or array in memory that somebody else owns.
///
/// Each step of an iteration checks the bounds of one element (not its UTF-8), so an unchecked view is safe to walk: malformed
/// bytes throw `errc::bad_bson`.
class bson_view {
public:
    class iterator;

    /// An empty document.
    bson_view() noexcept;
    /// Bytes that begin with a document; the view covers that document. Throws `errc::bad_bson` when the length in its header
    /// does not fit into `bytes` or its last byte is not NUL.
    explicit bson_view(std::span<std::byte const> bytes) : bson_view(bytes, 0) {}

    std::span<std::byte const> bytes() const noexcept { return {data_, size_}; }
    std::size_t size_in_bytes() const noexcept { return size_; }
    bool empty() const noexcept { return size_ <= 5; }

    iterator begin() const;
    std::default_sentinel_t end() const noexcept { return {}; }
    /// The first element with that key; nothing when there is none.
    std::optional<bson_element> find(std::string_view key) const;

    /// How many elements there are at least, for those who make room: it walks over them and stops at the first that is of a rare
    /// type or malformed.
    std::size_t count_quickly() const noexcept;

    /// Copies it to values. Throws as `decode_bson`.
    document to_document(storage memory = {}) const;
    array to_array(storage memory = {}) const;

private:
    friend class bson_element;
    friend struct detail::access;
    bson_view(std::span<std::byte const> bytes, std::size_t offset);

    std::byte const* data_;
    std::size_t size_;
    std::size_t offset_; // in the outermost document, for messages
};

/// A key with a value in BSON. The accessors have the names and rules of `value`; what they answer as a view points into the
/// BSON.
class bson_element {
public:
    bson_element() noexcept = default;

    std::string_view key() const noexcept { return key_; }
    /// Itself: so an element is like a `document::member`.
    bson_element const& value() const noexcept { return *this; }
    bson_type type() const noexcept { return type_; }
    bool is_null() const noexcept { return type_ == bson_type::null; }
    /// The bytes after the key.
    std::span<std::byte const> raw() const noexcept { return {data_, size_}; }
    /// Where the value begins in the outermost document.
    std::size_t offset() const noexcept { return offset_; }

    bool as_bool() const;
    std::int32_t as_int32() const;
    std::int64_t as_int64() const {
        return type_ == bson_type::int64 ? load<std::int64_t>() : type_ == bson_type::int32 ? load<std::int32_t>() : to_int64();
    }
    double as_double() const { return type_ == bson_type::double_ ? load<double>() : to_double(); }
    std::string_view as_string() const {
        require(bson_type::string);
        return text(0);
    }
    bson_view as_document() const;
    bson_view as_array() const;
    object_id as_object_id() const {
        require(bson_type::object_id);
        return load<object_id>();
    }
    datetime as_date() const {
        require(bson_type::date);
        return datetime(std::chrono::milliseconds(load<std::int64_t>()));
    }
    decimal128 as_decimal128() const;
    binary as_binary() const;
    std::span<std::byte const> bytes() const;
    std::uint8_t binary_subtype() const;
    regex as_regex() const;
    timestamp as_timestamp() const;
    code as_code() const;
    code_with_scope as_code_with_scope() const;
    symbol as_symbol() const;
    db_pointer as_db_pointer() const;

    /// A copy. Throws as `decode_bson`.
    cormorant::value to_value(storage memory = {}) const;
    /// Decodes into T by its codec, without a value in between.
    template <class T>
    T to() const;

private:
    friend class bson_view;
    friend struct detail::access;

    template <class T>
    T load(std::size_t position = 0) const noexcept {
        T result;
        std::memcpy(static_cast<void*>(&result), data_ + position, sizeof result);
        return result;
    }
    /// The text of a BSON string at that position; its bounds were checked when the element was read.
    std::string_view text(std::size_t position) const noexcept {
        return {reinterpret_cast<char const*>(data_) + position + 4, static_cast<std::size_t>(load<std::int32_t>(position)) - 1};
    }
    void require(bson_type wanted) const {
        if (type_ != wanted) {
            throw_mismatch(to_string(wanted));
        }
    }
    [[noreturn]] void throw_mismatch(std::string_view wanted) const;
    std::optional<std::int64_t> exact_int64() const noexcept;
    std::int64_t to_int64() const;
    double to_double() const;
    /// Reads the element at `position` of the view, answers the position after it.
    std::size_t parse(bson_view const& view, std::size_t position);

    std::string_view key_;
    std::byte const* data_ = nullptr;
    std::size_t size_ = 0;
    std::size_t offset_ = 0;
    bson_type type_ = bson_type::null;
};

/// A forward iterator. Incrementing throws `errc::bad_bson`.
class bson_view::iterator {
public:
    using value_type = bson_element;
    using difference_type = std::ptrdiff_t;
    using reference = bson_element const&;
    using pointer = bson_element const*;
    using iterator_category = std::forward_iterator_tag;

    iterator() noexcept = default;
    explicit iterator(bson_view const& view) : view_(view), next_(4) { advance(); }

    reference operator*() const noexcept { return element_; }
    pointer operator->() const noexcept { return &element_; }
    iterator& operator++() {
        advance();
        return *this;
    }
    iterator operator++(int) {
        auto const before = *this;
        advance();
        return before;
    }
    friend bool operator==(iterator const& a, iterator const& b) noexcept { return a.position_ == b.position_; }
    friend bool operator==(iterator const& a, std::default_sentinel_t) noexcept {
        return a.position_ + 1 >= a.view_.size_in_bytes();
    }

private:
    void advance() {
        position_ = next_;
        if (position_ + 1 < view_.size_in_bytes()) {
            next_ = element_.parse(view_, position_);
        }
    }

    bson_view view_;
    bson_element element_;
    std::size_t position_ = 4;
    std::size_t next_ = 4;
};

inline bson_view::iterator bson_view::begin() const {
    return iterator(*this);
}

/// Writes BSON element by element. Keys with a NUL byte throw `errc::invalid_argument`.
///
///     bson_writer writer(buffer);
///     auto const root = writer.open();
///     writer.put("find", "authors");
///     writer.close(root);
///
/// Until what was opened first is closed again, the buffer is longer than what was written.
class bson_writer {
public:
    /// Appends to the buffer, which has to live as long as the writer.
    explicit bson_writer(bson_buffer& out) noexcept : out_(out), size_(out.size()) {}

    /// Begins a document that is not an element of another one. Answers a mark for `close`.
    std::size_t open();
    /// Begins an element that is a document or (its keys are then to be "0", "1", ...) an array.
    std::size_t open(std::string_view key, bson_type container);
    /// Ends the document or array of that mark.
    void close(std::size_t mark);

    void put(std::string_view key, std::nullptr_t);
    template <std::same_as<bool> T>
    void put(std::string_view key, T v) {
        put_bool(key, v);
    }
    /// int32 or int64 by the rule of `value`.
    template <detail::integer T>
    void put(std::string_view key, T v) {
        if constexpr (sizeof(T) < 4 || (sizeof(T) == 4 && std::is_signed_v<T>)) {
            put_int32(key, v);
        } else if constexpr (sizeof(T) < 8 || std::is_signed_v<T>) {
            put_int64(key, v);
        } else {
            put(key, value(v));
        }
    }
    template <detail::real T>
    void put(std::string_view key, T v) {
        put_double(key, v);
    }
    template <detail::text T>
    void put(std::string_view key, T const& v) {
        put_text(key, bson_type::string, v);
    }
    template <class Duration>
    void put(std::string_view key, std::chrono::sys_time<Duration> v) {
        put_date(key, std::chrono::floor<std::chrono::milliseconds>(v));
    }
    void put(std::string_view key, object_id const& v);
    void put(std::string_view key, decimal128 const& v);
    void put(std::string_view key, binary const& v);
    void put(std::string_view key, regex const& v);
    void put(std::string_view key, timestamp v);
    void put(std::string_view key, code const& v);
    void put(std::string_view key, code_with_scope const& v);
    void put(std::string_view key, symbol const& v);
    void put(std::string_view key, db_pointer const& v);
    void put(std::string_view key, undefined);
    void put(std::string_view key, min_key);
    void put(std::string_view key, max_key);
    /// The template keeps other types from becoming a `value` on the way.
    template <detail::one_of<value, document, array> T>
    void put(std::string_view key, T const& v) {
        put_value(key, v);
    }
    /// An element that is BSON already.
    void put(std::string_view key, bson_element const& v);
    void put(std::string_view key, bson_view const& v);

private:
    friend struct detail::access;

    /// Appends type and key, and room for the value, which begins at the answer.
    std::byte* element(std::string_view key, bson_type type, std::size_t size);
    void put_bool(std::string_view key, bool v);
    void put_int32(std::string_view key, std::int32_t v);
    void put_int64(std::string_view key, std::int64_t v);
    void put_double(std::string_view key, double v);
    void put_date(std::string_view key, datetime v);
    void put_text(std::string_view key, bson_type type, std::string_view v);
    void put_value(std::string_view key, value const& v);
    void put_value(std::string_view key, document const& v);
    void put_value(std::string_view key, array const& v);
    void put_members(document const& d);
    void put_binary(std::string_view key, std::span<std::byte const> bytes, std::uint8_t subtype);
    void put_code(std::string_view key, std::string_view text, document const& scope);
    void put_pointer(std::string_view key, std::string_view ns, object_id const& id);
    void enter();
    /// Room for `size` bytes more, which are from then on written.
    std::byte* take(std::size_t size) {
        if (out_.size() - size_ < size) {
            grow(size);
        }
        auto* const at = out_.data() + size_;
        size_ += size;
        return at;
    }
    void grow(std::size_t size);

    bson_buffer& out_;
    std::size_t size_; // of what was written
    std::size_t root_ = 0;
    int depth_ = 0;
};

namespace detail {

/// The text of an array position, without an allocation.
class position_key {
public:
    std::string_view operator()(std::size_t position) noexcept;

private:
    char digits_[20];
};

/// The sinks of codec.hpp for BSON bytes.
class bson_sink {
public:
    bson_sink(bson_writer& out, std::string_view key) noexcept : out_(out), key_(key) {}

    template <class T>
    void put(T const& v) {
        out_.put(key_, v);
    }
    template <class F>
    void put_document(F&& fill);
    template <class F>
    void put_array(F&& fill);

private:
    bson_writer& out_;
    std::string_view key_;
};

class document_bson_sink {
public:
    explicit document_bson_sink(bson_writer& out) noexcept : out_(out) {}
    bson_sink field(std::string_view key) { return {out_, key}; }

private:
    bson_writer& out_;
};

class array_bson_sink {
public:
    explicit array_bson_sink(bson_writer& out) noexcept : out_(out) {}
    bson_sink next() { return {out_, key_(position_++)}; }

private:
    bson_writer& out_;
    position_key key_;
    std::size_t position_ = 0;
};

template <class F>
void bson_sink::put_document(F&& fill) {
    auto const mark = out_.open(key_, bson_type::document);
    document_bson_sink fields(out_);
    fill(fields);
    out_.close(mark);
}

template <class F>
void bson_sink::put_array(F&& fill) {
    auto const mark = out_.open(key_, bson_type::array);
    array_bson_sink elements(out_);
    fill(elements);
    out_.close(mark);
}

} // namespace detail

template <class T>
T bson_element::to() const {
    static_assert(
        detail::decodable<T>, "bson_element::to<T>(): T needs a codec (codec.hpp, mapping.hpp) and a default constructor.");
    T result{};
    codec<T>::read(*this, result, decode_mode::lenient);
    return result;
}

} // namespace cormorant
