#include "access.hpp"
#include "bad_bson.hpp"
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
#include <utility>

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

std::size_t bson_element::parse(bson_view const& view, std::size_t position) {
    auto const* const data = view.bytes().data();
    auto const end = view.size_in_bytes() - 1; // of the last element; the NUL follows
    auto const* const key = data + position + 1;
    auto const* const key_end =
        position + 1 < end ? static_cast<std::byte const*>(std::memchr(key, 0, end - position - 1)) : nullptr;
    if (key_end == nullptr) {
        throw_bad_bson(view.offset_ + position, "a key is not terminated");
    }
    type_ = static_cast<bson_type>(data[position]);
    key_ = {reinterpret_cast<char const*>(key), static_cast<std::size_t>(key_end - key)};
    data_ = key_end + 1;
    auto const begin = static_cast<std::size_t>(data_ - data);
    offset_ = view.offset_ + begin;
    size_ = value_sizer(data_, end - begin, offset_).size_of(type_);
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

// --- to values ---------------------------------------------------------------------------------------------------------

namespace detail {

/// Reads elements into values that are in their place already.
class bson_decoder {
public:
    explicit bson_decoder(decode_limits const& limits) noexcept : limits_(limits) {
        limits_.max_depth = std::min(limits_.max_depth, max_bson_depth);
    }

    void read_members(bson_view const& from, document& to, int depth) const {
        check_depth(from, depth);
        to.reserve(std::min(from.size_in_bytes() / usual_member, most_reserved));
        for (auto const& element : from) {
            check_text(element.key(), element, "a key");
            read_value(element, access::append(to, element.key()), depth);
        }
    }

    void read_elements(bson_view const& from, array& to, int depth) const {
        check_depth(from, depth);
        for (auto const& element : from) {
            // The keys of an array have no meaning; what is not "0", "1", ... is tolerated as servers and drivers do.
            read_value(element, access::append(to), depth);
        }
    }

    void read_value(bson_element const& from, value& to, int depth) const {
        switch (from.type()) {
        case bson_type::double_:
            access::init(to, from.as_double());
            break;
        case bson_type::int32:
            access::init(to, from.as_int32());
            break;
        case bson_type::int64:
            access::init(to, from.as_int64());
            break;
        case bson_type::boolean:
            access::init(to, from.as_bool());
            break;
        case bson_type::date:
            access::init(to, from.as_date());
            break;
        case bson_type::timestamp:
            access::init(to, from.as_timestamp());
            break;
        case bson_type::object_id:
            access::init(to, from.as_object_id());
            break;
        case bson_type::decimal128:
            access::init(to, from.as_decimal128());
            break;
        case bson_type::string:
        case bson_type::code:
        case bson_type::symbol:
            access::init_text(to, from.type(), checked(access::raw_text(from, 0), from));
            break;
        case bson_type::binary:
            access::init_binary(to, from.bytes(), from.binary_subtype());
            break;
        case bson_type::regex: {
            auto const parts = access::raw_regex(from);
            access::init_regex(to, checked(parts.pattern, from), checked(parts.options, from));
            break;
        }
        case bson_type::db_pointer:
            access::init_db_pointer(to, checked(access::raw_text(from, 0), from), access::raw_pointer_id(from));
            break;
        case bson_type::code_with_scope:
            read_members(access::raw_scope(from), access::init_code(to, checked(access::raw_text(from, 4), from)), depth + 1);
            break;
        case bson_type::document:
            read_members(from.as_document(), to.emplace_document(), depth + 1);
            break;
        case bson_type::array:
            read_elements(from.as_array(), to.emplace_array(), depth + 1);
            break;
        case bson_type::null:
        case bson_type::undefined:
        case bson_type::min_key:
        case bson_type::max_key:
            access::init_type(to, from.type());
            break;
        }
    }

    /// As `read_members`, without making anything.
    void validate(bson_view const& from, int depth, bool is_array = false) const {
        check_depth(from, depth);
        for (auto const& element : from) {
            if (!is_array) {
                check_text(element.key(), element, "a key");
            }
            switch (element.type()) {
            case bson_type::string:
            case bson_type::code:
            case bson_type::symbol:
            case bson_type::db_pointer:
                checked(access::raw_text(element, 0), element);
                break;
            case bson_type::regex:
                checked(access::raw_regex(element).pattern, element);
                checked(access::raw_regex(element).options, element);
                break;
            case bson_type::code_with_scope:
                checked(access::raw_text(element, 4), element);
                validate(access::raw_scope(element), depth + 1);
                break;
            case bson_type::document:
                validate(element.as_document(), depth + 1);
                break;
            case bson_type::array:
                validate(element.as_array(), depth + 1, true);
                break;
            default:
                break;
            }
        }
    }

private:
    // A guess that saves most documents from growing while they are read.
    static constexpr std::size_t usual_member = 32;
    static constexpr std::size_t most_reserved = 32; // what has no hash index yet

    void check_depth(bson_view const& view, int depth) const {
        if (depth > limits_.max_depth) {
            throw_bad_bson(access::offset(view), fmt::format("more than {} levels", limits_.max_depth));
        }
    }
    void check_text(std::string_view text, bson_element const& element, char const* what) const {
        if (limits_.check_utf8 && !is_utf8(text)) {
            throw_bad_bson(element.offset(), fmt::format("{} is not UTF-8", what));
        }
    }
    std::string_view checked(std::string_view text, bson_element const& element) const {
        check_text(text, element, "a text");
        return text;
    }

    decode_limits limits_;
};

} // namespace detail

namespace {

/// The view of a document that has to fill the bytes.
bson_view whole_view(std::span<std::byte const> bytes, decode_limits const& limits) {
    if (bytes.size() > limits.max_size) {
        throw_bad_bson(0, fmt::format("{} bytes exceed the limit of {}", bytes.size(), limits.max_size));
    }
    bson_view const view(bytes);
    if (view.size_in_bytes() != bytes.size()) {
        throw_bad_bson(view.size_in_bytes(), fmt::format("{} bytes follow the document", bytes.size() - view.size_in_bytes()));
    }
    return view;
}

} // namespace

document decode_bson(std::span<std::byte const> bytes, storage memory, decode_limits limits) {
    auto const view = whole_view(bytes, limits);
    document result(std::move(memory));
    detail::bson_decoder(limits).read_members(view, result, 1);
    return result;
}

void validate_bson(std::span<std::byte const> bytes, decode_limits limits) {
    detail::bson_decoder(limits).validate(whole_view(bytes, limits), 1);
}

document bson_view::to_document(storage memory) const {
    document result(std::move(memory));
    detail::bson_decoder(decode_limits()).read_members(*this, result, 1);
    return result;
}

array bson_view::to_array(storage memory) const {
    array result(std::move(memory));
    detail::bson_decoder(decode_limits()).read_elements(*this, result, 1);
    return result;
}

value bson_element::to_value(storage memory) const {
    cormorant::value result(std::move(memory));
    detail::bson_decoder(decode_limits()).read_value(*this, result, 0);
    return result;
}

} // namespace cormorant
