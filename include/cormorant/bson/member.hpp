#pragma once

/// The members of a document, and what of the containers can be inline once `value` is complete. Part of
/// <cormorant/bson/value.hpp>.

#include <cormorant/bson/array.hpp>
#include <cormorant/bson/document.hpp>
#include <cormorant/bson/value.hpp>

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

namespace cormorant {

/// A key with its value; `auto& [key, val]` works.
class document::member {
public:
    member(member const&) = delete;
    member& operator=(member const&) = delete;

    std::string_view key() const noexcept {
        if (length_ != outside) {
            return {text_, length_};
        }
        long_key key;
        std::memcpy(&key, text_, sizeof key);
        return {key.data, key.size};
    }
    cormorant::value const& value() const noexcept { return value_; }
    cormorant::value& value() noexcept { return value_; }

private:
    friend class document;
    friend struct detail::document_table;
    friend struct detail::access;

    // Most keys are short and live here; of a longer one `text_` holds the bytes of a `long_key`.
    static constexpr std::uint8_t outside = 0xFF;
    static constexpr std::size_t inline_size = 15;
    struct [[gnu::packed]] long_key {
        char* data;
        std::uint32_t size;
    };

    /// A new member with a null value. The key is copied.
    member(std::string_view key, storage const& owner);
    /// Without a key yet.
    explicit member(storage const& owner) noexcept : value_(cormorant::value::borrow{}, owner) {}
    ~member() = default;
    void set_key(std::string_view key);
    void release_key() noexcept;

    char text_[inline_size];
    std::uint8_t length_ = 0; // or `outside`
    cormorant::value value_;
};

static_assert(sizeof(document::member) == 40);

namespace detail {
/// The block behind a non-empty document: this header, then `capacity` members, then (when the capacity is large) the hash
/// index: a power of two of positions counted from 1, 0 where free.
struct document_table {
    static constexpr std::uint32_t largest_without_index = 32;

    std::uint32_t size;
    std::uint32_t capacity;

    document::member* members() noexcept { return reinterpret_cast<document::member*>(this + 1); }
    bool has_index() const noexcept { return capacity > largest_without_index; }
};
} // namespace detail

inline document::size_type document::size() const noexcept {
    return table_ == nullptr ? 0 : table_->size;
}
inline document::iterator document::begin() noexcept {
    return table_ == nullptr ? nullptr : table_->members();
}
inline document::const_iterator document::begin() const noexcept {
    return table_ == nullptr ? nullptr : table_->members();
}
inline document::iterator document::end() noexcept {
    return begin() + size();
}
inline document::const_iterator document::end() const noexcept {
    return begin() + size();
}

inline array::iterator array::end() noexcept {
    return begin() + size();
}
inline array::const_iterator array::end() const noexcept {
    return begin() + size();
}
inline value& array::operator[](size_type position) noexcept {
    assert(position < size());
    return begin()[position];
}
inline value const& array::operator[](size_type position) const noexcept {
    assert(position < size());
    return begin()[position];
}
inline value& array::front() noexcept {
    return (*this)[0];
}
inline value const& array::front() const noexcept {
    return (*this)[0];
}
inline value& array::back() noexcept {
    return (*this)[size() - 1];
}
inline value const& array::back() const noexcept {
    return (*this)[size() - 1];
}

template <class... Args>
value& array::emplace_back(Args&&... args) {
    return push_back(value(std::forward<Args>(args)...));
}

template <class T>
T document::get_or(std::string_view key, T fallback) const {
    auto const* const found = find(key);
    return found == nullptr || found->is_null() ? fallback : found->template to<T>();
}

/// `get<0>` is the key, `get<1>` the value.
template <std::size_t I>
decltype(auto) get(document::member& m) noexcept {
    if constexpr (I == 0) {
        return m.key();
    } else {
        return m.value();
    }
}
template <std::size_t I>
decltype(auto) get(document::member const& m) noexcept {
    if constexpr (I == 0) {
        return m.key();
    } else {
        return m.value();
    }
}

} // namespace cormorant

template <>
struct std::tuple_size<cormorant::document::member> : std::integral_constant<std::size_t, 2> {};
template <>
struct std::tuple_element<0, cormorant::document::member> {
    using type = std::string_view;
};
template <>
struct std::tuple_element<1, cormorant::document::member> {
    using type = cormorant::value;
};
