#include "access.hpp"
#include "bad_bson.hpp"
#include "in_place.hpp"
#include "number.hpp"
#include "utf8.hpp"

#include <cormorant/bson/bson.hpp>
#include <cormorant/bson/json.hpp>
#include <cormorant/error/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <new>
#include <type_traits>
#include <utility>
#include <vector>

static_assert(std::endian::native == std::endian::little, "BSON is little endian, and so is the code that reads it");

namespace cormorant {

void detail::throw_bad_bson(std::size_t offset, std::string const& reason) {
    throw error(errc::bad_bson, fmt::format("bad BSON at offset {}: {}", offset, reason));
}

namespace {

using detail::access;

// What a document without elements consists of: its length and the final NUL.
constexpr std::array<std::byte, 5> empty_document{std::byte{5}, std::byte{0}, std::byte{0}, std::byte{0}, std::byte{0}};
constexpr std::size_t smallest_document = empty_document.size();
constexpr std::uint8_t old_binary = 2;

using detail::throw_bad_bson;

std::int32_t load_int32(std::byte const* from) noexcept {
    std::int32_t result;
    std::memcpy(&result, from, sizeof result);
    return result;
}

/// Finds the size of a value in the bytes that are left for it.
class value_sizer {
public:
    value_sizer(std::byte const* data, std::size_t left, std::size_t offset) noexcept
        : data_(data), left_(left), offset_(offset) {}

    std::size_t size_of(bson_type type) const {
        switch (type) {
        case bson_type::double_:
        case bson_type::date:
        case bson_type::timestamp:
        case bson_type::int64:
            return fixed(8);
        case bson_type::int32:
            return fixed(4);
        case bson_type::object_id:
            return fixed(object_id::size);
        case bson_type::decimal128:
            return fixed(16);
        case bson_type::boolean:
            fixed(1);
            if (std::to_integer<int>(data_[0]) > 1) {
                throw_bad_bson(offset_, fmt::format("a bool of {}", std::to_integer<int>(data_[0])));
            }
            return 1;
        case bson_type::null:
        case bson_type::undefined:
        case bson_type::min_key:
        case bson_type::max_key:
            return 0;
        case bson_type::string:
        case bson_type::code:
        case bson_type::symbol:
            return string_at(0);
        case bson_type::document:
        case bson_type::array:
            return document_at(0);
        case bson_type::binary:
            return binary_size();
        case bson_type::regex: {
            auto const pattern = cstring_at(0);
            return pattern + cstring_at(pattern);
        }
        case bson_type::db_pointer: {
            auto const ns = string_at(0);
            if (left_ - ns < object_id::size) {
                throw_bad_bson(offset_ + ns, "the object id of a DBPointer exceeds its document");
            }
            return ns + object_id::size;
        }
        case bson_type::code_with_scope:
            return code_size();
        }
        throw_bad_bson(offset_, fmt::format("unknown type 0x{:02x}", static_cast<unsigned>(type)));
    }

private:
    std::size_t fixed(std::size_t size) const {
        if (left_ < size) {
            throw_bad_bson(offset_, fmt::format("a value of {} bytes exceeds its document", size));
        }
        return size;
    }

    std::int32_t length_at(std::size_t position) const {
        if (left_ < position || left_ - position < 4) {
            throw_bad_bson(offset_ + position, "a length exceeds its document");
        }
        return load_int32(data_ + position);
    }

    /// Length, text, NUL.
    std::size_t string_at(std::size_t position) const {
        auto const length = length_at(position);
        if (length < 1 || static_cast<std::size_t>(length) > left_ - position - 4) {
            throw_bad_bson(offset_ + position, fmt::format("a string of length {} does not fit", length));
        }
        auto const end = position + 4 + static_cast<std::size_t>(length);
        if (data_[end - 1] != std::byte{0}) {
            throw_bad_bson(offset_ + end - 1, "a string is not terminated");
        }
        return end - position;
    }

    std::size_t document_at(std::size_t position) const {
        auto const length = length_at(position);
        if (std::cmp_less(length, smallest_document) || static_cast<std::size_t>(length) > left_ - position) {
            throw_bad_bson(offset_ + position, fmt::format("a document of length {} does not fit", length));
        }
        auto const size = static_cast<std::size_t>(length);
        if (data_[position + size - 1] != std::byte{0}) {
            throw_bad_bson(offset_ + position + size - 1, "a document is not terminated");
        }
        return size;
    }

    /// Text, NUL.
    std::size_t cstring_at(std::size_t position) const {
        auto const* const begin = data_ + position;
        auto const* const end = static_cast<std::byte const*>(std::memchr(begin, 0, left_ - position));
        if (end == nullptr) {
            throw_bad_bson(offset_ + position, "a regular expression is not terminated");
        }
        return static_cast<std::size_t>(end - begin) + 1;
    }

    std::size_t binary_size() const {
        auto const length = length_at(0);
        if (left_ < 5 || length < 0 || static_cast<std::size_t>(length) > left_ - 5) {
            throw_bad_bson(offset_, fmt::format("binary data of length {} does not fit", length));
        }
        if (std::to_integer<std::uint8_t>(data_[4]) == old_binary && (length < 4 || load_int32(data_ + 5) != length - 4)) {
            throw_bad_bson(offset_ + 5, "the inner length of binary data of subtype 2 does not fit");
        }
        return static_cast<std::size_t>(length) + 5;
    }

    /// Length of all, string, document.
    std::size_t code_size() const {
        auto const length = length_at(0);
        if (length < 0 || static_cast<std::size_t>(length) > left_) {
            throw_bad_bson(offset_, fmt::format("code with scope of length {} does not fit", length));
        }
        auto const size = static_cast<std::size_t>(length);
        auto const text = string_at(4);
        if (4 + text > size || document_at(4 + text) != size - 4 - text) {
            throw_bad_bson(offset_, "the parts of code with scope do not add up to its length");
        }
        return size;
    }

    std::byte const* data_;
    std::size_t left_;
    std::size_t offset_;
};

} // namespace

// --- view --------------------------------------------------------------------------------------------------------------

bson_view::bson_view() noexcept : data_(empty_document.data()), size_(empty_document.size()), offset_(0) {}

bson_view::bson_view(std::span<std::byte const> bytes, std::size_t offset)
    : data_(bytes.data()), size_(value_sizer(bytes.data(), bytes.size(), offset).size_of(bson_type::document)), offset_(offset) {}

namespace {

/// Where the first NUL is; `end` when there is none before. The bytes up to `readable` may be read.
std::byte const* find_nul(std::byte const* from, std::byte const* end, std::byte const* readable) noexcept {
    constexpr std::uint64_t low_bits = 0x0101'0101'0101'0101U;
    constexpr std::uint64_t high_bits = 0x8080'8080'8080'8080U;
    // Most keys are short: a call of memchr would take longer.
    for (; readable - from >= 8; from += 8) {
        std::uint64_t word = 0;
        std::memcpy(&word, from, sizeof word);
        if (auto const zeros = (word - low_bits) & ~word & high_bits; zeros != 0) { // the lowest bit is exact
            return std::min(from + std::countr_zero(zeros) / 8, end);
        }
    }
    return std::find(from, end, std::byte{0});
}

constexpr std::size_t unknown_size = static_cast<std::size_t>(-1);

/// The size of a sound value of the types that are most frequent; everything else is left to `value_sizer`.
std::size_t quick_size(bson_type type, std::byte const* data, std::size_t left) noexcept {
    switch (type) {
    case bson_type::int32:
        return left >= 4 ? 4 : unknown_size;
    case bson_type::double_:
    case bson_type::date:
    case bson_type::int64:
        return left >= 8 ? 8 : unknown_size;
    case bson_type::object_id:
        return left >= object_id::size ? object_id::size : unknown_size;
    case bson_type::boolean:
        return left >= 1 && std::to_integer<int>(data[0]) <= 1 ? 1 : unknown_size;
    case bson_type::string: {
        if (left < 5) {
            return unknown_size;
        }
        auto const length = load_int32(data);
        bool const sound = length >= 1 && static_cast<std::size_t>(length) <= left - 4 &&
                           data[3 + static_cast<std::size_t>(length)] == std::byte{0};
        return sound ? 4 + static_cast<std::size_t>(length) : unknown_size;
    }
    case bson_type::document:
    case bson_type::array: {
        if (left < smallest_document) {
            return unknown_size;
        }
        auto const length = load_int32(data);
        bool const sound = std::cmp_greater_equal(length, smallest_document) && static_cast<std::size_t>(length) <= left &&
                           data[static_cast<std::size_t>(length) - 1] == std::byte{0};
        return sound ? static_cast<std::size_t>(length) : unknown_size;
    }
    default:
        return unknown_size;
    }
}

} // namespace

std::size_t bson_element::parse(bson_view const& view, std::size_t position) {
    auto const* const data = view.data_;
    auto const* const end = data + view.size_ - 1; // of the last element; the NUL follows
    auto const* const key = data + position + 1;
    auto const* const key_end = key < end ? find_nul(key, end, end + 1) : end;
    if (key_end == end) {
        throw_bad_bson(view.offset_ + position, "a key is not terminated");
    }
    type_ = static_cast<bson_type>(data[position]);
    key_ = {reinterpret_cast<char const*>(key), static_cast<std::size_t>(key_end - key)};
    data_ = key_end + 1;
    auto const begin = static_cast<std::size_t>(data_ - data);
    auto const left = static_cast<std::size_t>(end - data_);
    offset_ = view.offset_ + begin;
    size_ = quick_size(type_, data_, left);
    if (size_ == unknown_size) {
        size_ = value_sizer(data_, left, offset_).size_of(type_);
    }
    return begin + size_;
}

std::optional<bson_element> bson_view::find(std::string_view key) const {
    for (auto const& element : *this) {
        if (element.key() == key) {
            return element;
        }
    }
    return std::nullopt;
}

std::size_t bson_view::count_quickly() const noexcept {
    auto const* const end = data_ + size_ - 1;
    std::size_t count = 0;
    for (auto const* at = data_ + 4; at < end; ++count) {
        auto const* const key_end = find_nul(at + 1, end, end + 1);
        if (key_end == end) {
            break;
        }
        auto const size = quick_size(static_cast<bson_type>(*at), key_end + 1, static_cast<std::size_t>(end - key_end) - 1);
        if (size == unknown_size) {
            break;
        }
        at = key_end + 1 + size;
    }
    return count;
}

// --- element -----------------------------------------------------------------------------------------------------------

void bson_element::throw_mismatch(std::string_view wanted) const {
    diagnostics details;
    details.value = shorten(to_value());
    throw error(errc::type_mismatch, fmt::format("expected {}, got {}", wanted, to_string(type_)), std::move(details));
}

bool bson_element::as_bool() const {
    require(bson_type::boolean);
    return data_[0] != std::byte{0};
}

std::optional<std::int64_t> bson_element::exact_int64() const noexcept {
    switch (type_) {
    case bson_type::int32:
        return load<std::int32_t>();
    case bson_type::int64:
        return load<std::int64_t>();
    case bson_type::double_:
        return detail::exact_int64(load<double>());
    case bson_type::decimal128:
        return detail::exact_int64(decimal128{load<std::uint64_t>(8), load<std::uint64_t>(0)});
    default:
        return std::nullopt;
    }
}

std::int64_t bson_element::to_int64() const {
    auto const exact = exact_int64();
    if (!exact) {
        throw_mismatch("an integer of 64 bits");
    }
    return *exact;
}

std::int32_t bson_element::as_int32() const {
    auto const exact = exact_int64();
    if (!exact || !std::in_range<std::int32_t>(*exact)) {
        throw_mismatch("an integer of 32 bits");
    }
    return static_cast<std::int32_t>(*exact);
}

double bson_element::to_double() const {
    switch (type_) {
    case bson_type::int32:
        return load<std::int32_t>();
    case bson_type::int64:
        return static_cast<double>(load<std::int64_t>());
    case bson_type::decimal128:
        return as_decimal128().to_double();
    default:
        throw_mismatch("a number");
    }
}

bson_view bson_element::as_document() const {
    require(bson_type::document);
    return bson_view(raw(), offset_);
}

bson_view bson_element::as_array() const {
    require(bson_type::array);
    return bson_view(raw(), offset_);
}

decimal128 bson_element::as_decimal128() const {
    require(bson_type::decimal128);
    return {load<std::uint64_t>(8), load<std::uint64_t>(0)};
}

std::uint8_t bson_element::binary_subtype() const {
    require(bson_type::binary);
    return std::to_integer<std::uint8_t>(data_[4]);
}

std::span<std::byte const> bson_element::bytes() const {
    std::size_t const header = binary_subtype() == old_binary ? 9 : 5;
    return {data_ + header, size_ - header};
}

binary bson_element::as_binary() const {
    auto const all = bytes();
    return {{all.begin(), all.end()}, binary_subtype()};
}

timestamp bson_element::as_timestamp() const {
    require(bson_type::timestamp);
    return {load<std::uint32_t>(4), load<std::uint32_t>(0)};
}

regex bson_element::as_regex() const {
    require(bson_type::regex);
    auto const parts = access::raw_regex(*this);
    return {std::string(parts.pattern), std::string(parts.options)};
}

code bson_element::as_code() const {
    require(bson_type::code);
    return {std::string(text(0))};
}

symbol bson_element::as_symbol() const {
    require(bson_type::symbol);
    return {std::string(text(0))};
}

code_with_scope bson_element::as_code_with_scope() const {
    require(bson_type::code_with_scope);
    return {std::string(text(4)), access::raw_scope(*this).to_document()};
}

db_pointer bson_element::as_db_pointer() const {
    require(bson_type::db_pointer);
    return {std::string(text(0)), access::raw_pointer_id(*this)};
}

} // namespace cormorant
