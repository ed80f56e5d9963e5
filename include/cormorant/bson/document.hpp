#pragma once

/// `document`: an ordered map from keys to values. Part of <cormorant/bson/value.hpp>.

#include <cormorant/bson/fwd.hpp>
#include <cormorant/bson/storage.hpp>
#include <cormorant/bson/types.hpp>

#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <string>
#include <string_view>

namespace cormorant {

namespace detail {
struct access;
struct document_table;
class document_value_sink;
} // namespace detail

/// Keys with values in the order in which they were added. A key is any text without a NUL byte; dots have no meaning here
/// (path.hpp has functions for dotted paths).
///
/// Looking a key up is a linear search in a small document and a hash look-up in a large one. References and iterators live
/// until the document grows or loses a member. Thread safety: as the standard containers.
class document {
public:
    class member;
    using value_type = member;
    using size_type = std::size_t;
    using difference_type = std::ptrdiff_t;
    using reference = member&;
    using const_reference = member const&;
    using iterator = member*;
    using const_iterator = member const*;

    document() noexcept = default;
    explicit document(storage memory) noexcept : storage_(std::move(memory)) {}
    document(document const& other);
    document(document const& other, storage memory);
    /// Takes the members and the storage over.
    document(document&& other) noexcept;
    /// Takes the members over when the storage is the same, else copies.
    document(document&& other, storage memory);
    /// Assignments keep the storage of the left side.
    document& operator=(document const& other);
    document& operator=(document&& other);
    ~document();

    size_type size() const noexcept;
    bool empty() const noexcept { return size() == 0; }
    iterator begin() noexcept;
    const_iterator begin() const noexcept;
    iterator end() noexcept;
    const_iterator end() const noexcept;

    bool contains(std::string_view key) const noexcept { return find(key) != nullptr; }
    /// Null when the key is absent. A key that occurs twice (only foreign BSON has that) gives the first.
    value* find(std::string_view key) noexcept;
    value const* find(std::string_view key) const noexcept;
    /// Throws `errc::not_found` naming the key.
    value& at(std::string_view key);
    value const& at(std::string_view key) const;
    /// Appends null when the key is absent.
    value& operator[](std::string_view key);

    /// Replaces the value in place, or appends it.
    document& set(std::string_view key, value v);
    /// Appends without looking for the key: the caller knows that it is new.
    value& append(std::string_view key, value v);
    /// Makes it the first member; a member of that key is replaced and moved to the front.
    document& prepend(std::string_view key, value v);
    /// True when the key was there.
    bool erase(std::string_view key) noexcept;
    iterator erase(const_iterator position) noexcept;
    /// `set` for each member of `other`.
    document& merge(document other);
    /// Gives the member a new key at its place. False when `from` is absent; another member with the key `to` is erased.
    bool rename(std::string_view from, std::string_view to);
    void clear() noexcept;
    void reserve(size_type capacity);
    void swap(document& other);

    /// The value as a `T`, or the fallback when the key is absent or null. Throws `errc::type_mismatch` for another type.
    template <class T>
    T get_or(std::string_view key, T fallback) const;
    std::string get_or(std::string_view key, char const* fallback) const;

    storage const& get_storage() const noexcept { return storage_; }

    /// Equal in MongoDB's order: same keys in the same order, equal values.
    friend bool operator==(document const& a, document const& b) noexcept;
    /// Relaxed Extended JSON.
    friend std::string to_string(document const& d);
    friend std::ostream& operator<<(std::ostream& out, document const& d);
    /// GoogleTest would print it as a container.
    friend void PrintTo(document const& d, std::ostream* out);

private:
    friend class value;
    friend class detail::document_value_sink;
    friend struct detail::access;

    void copy_members(document const& other);
    void destroy() noexcept;
    /// Answers the block that was used before; it is still to be given back.
    detail::document_table* reallocate(size_type capacity);
    /// Appends a null value; the storage of the key is copied.
    value& append_null(std::string_view key);
    void rebuild_index() noexcept;

    // `value` reads the type through any member of its union: storage and type come first in each of them.
    storage storage_;
    bson_type type_ = bson_type::document;
    detail::document_table* table_ = nullptr;
};

/// JavaScript code with the variables that it may use.
struct code_with_scope;

} // namespace cormorant

#include <cormorant/bson/value.hpp>
