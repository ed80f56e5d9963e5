#pragma once

/// `array`: an ordered list of values. Part of <cormorant/bson/value.hpp>.

#include <cormorant/bson/fwd.hpp>
#include <cormorant/bson/storage.hpp>
#include <cormorant/bson/types.hpp>

#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <string>

namespace cormorant {

namespace detail {
struct access;
class array_value_sink;

/// The block behind a non-empty array: this header, then `capacity` values.
struct array_table {
    std::uint32_t size;
    std::uint32_t capacity;
    value* items() noexcept { return reinterpret_cast<value*>(this + 1); }
};
} // namespace detail

/// Values in order, as `std::vector<value>`. References and iterators live until the array grows.
/// Its elements use its storage. Thread safety: as the standard containers.
class array {
public:
    using value_type = value;
    using size_type = std::size_t;
    using difference_type = std::ptrdiff_t;
    using reference = value&;
    using const_reference = value const&;
    using iterator = value*;
    using const_iterator = value const*;

    array() noexcept = default;
    explicit array(storage memory) noexcept : storage_(std::move(memory)) {}
    array(array const& other);
    array(array const& other, storage memory);
    /// Takes the elements and the storage over.
    array(array&& other) noexcept;
    /// Takes the elements over when the storage is the same, else copies.
    array(array&& other, storage memory);
    /// Assignments keep the storage of the left side.
    array& operator=(array const& other);
    array& operator=(array&& other);
    ~array();

    size_type size() const noexcept { return table_ == nullptr ? 0 : table_->size; }
    bool empty() const noexcept { return size() == 0; }
    iterator begin() noexcept { return table_ == nullptr ? nullptr : table_->items(); }
    const_iterator begin() const noexcept { return table_ == nullptr ? nullptr : table_->items(); }
    iterator end() noexcept;
    const_iterator end() const noexcept;

    value& operator[](size_type position) noexcept;
    value const& operator[](size_type position) const noexcept;
    /// Throws `errc::not_found` naming position and size.
    value& at(size_type position);
    value const& at(size_type position) const;
    value& front() noexcept;
    value const& front() const noexcept;
    value& back() noexcept;
    value const& back() const noexcept;

    value& push_back(value element);
    template <class... Args>
    value& emplace_back(Args&&... args);
    void pop_back() noexcept;
    iterator insert(const_iterator position, value element);
    iterator erase(const_iterator position) noexcept;
    iterator erase(const_iterator first, const_iterator last) noexcept;
    void clear() noexcept;
    /// New elements are null.
    void resize(size_type size);
    void reserve(size_type capacity);
    void swap(array& other);

    storage const& get_storage() const noexcept { return storage_; }

    /// Equal in MongoDB's order, element by element.
    friend bool operator==(array const& a, array const& b) noexcept;
    /// Relaxed Extended JSON.
    friend std::string to_string(array const& a);
    friend std::ostream& operator<<(std::ostream& out, array const& a);
    /// GoogleTest would print it as a container.
    friend void PrintTo(array const& a, std::ostream* out);

private:
    friend class value;
    friend class detail::array_value_sink;
    friend struct detail::access;

    void copy_elements(array const& other);
    void destroy() noexcept;
    void reallocate(size_type capacity);
    void grow_for(size_type size);
    value& append_null();

    // `value` reads the type through any member of its union: storage and type come first in each of them.
    storage storage_;
    bson_type type_ = bson_type::array;
    detail::array_table* table_ = nullptr;
};

} // namespace cormorant

#include <cormorant/bson/value.hpp>
