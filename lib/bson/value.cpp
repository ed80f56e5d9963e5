#include "access.hpp"
#include "number.hpp"

#include <cormorant/bson/json.hpp>
#include <cormorant/bson/value.hpp>
#include <cormorant/error/error.hpp>

#include <fmt/format.h>

#include <cmath>
#include <limits>
#include <ostream>

namespace cormorant {

// --- making and destroying ---------------------------------------------------------------------------------------------

value::value(value&& other, storage memory) : value(std::move(memory)) {
    if (scalar_.memory == other.scalar_.memory) {
        steal(other);
    } else {
        init_copy(other);
    }
}

value& value::operator=(value const& other) {
    if (this != &other) {
        // Before clearing: `other` may be inside of this value.
        value copy(other, scalar_.memory);
        clear();
        steal(copy);
    }
    return *this;
}

value& value::operator=(value&& other) {
    if (!(scalar_.memory == other.scalar_.memory)) {
        return *this = static_cast<value const&>(other);
    }
    if (this != &other) {
        // By a third one: `other` may be inside of this value.
        value taken(borrow{}, scalar_.memory);
        taken.steal(other);
        clear();
        steal(taken);
    }
    return *this;
}

void value::swap(value& other) {
    if (scalar_.memory == other.scalar_.memory) {
        value mine(borrow{}, scalar_.memory);
        mine.steal(*this);
        steal(other);
        other.steal(mine);
        return;
    }
    value mine(*this, other.scalar_.memory);
    value theirs(other, scalar_.memory);
    clear();
    other.clear();
    steal(theirs);
    other.steal(mine);
}

void value::steal(value& other) noexcept {
    if (this == &other) {
        return;
    }
    copy_payload(other);
    other.scalar_.type = bson_type::null;
    other.scalar_.length = 0;
}

// Everything after the storage; nothing in it refers to its own address.
void value::copy_payload(value const& other) noexcept {
    constexpr auto offset = sizeof(storage);
    std::memcpy(
        reinterpret_cast<std::byte*>(this) + offset, reinterpret_cast<std::byte const*>(&other) + offset, sizeof(value) - offset);
}

void value::release() noexcept {
    switch (type()) {
    case bson_type::document:
        document_.destroy();
        break;
    case bson_type::array:
        array_.destroy();
        break;
    case bson_type::decimal128:
        scalar_.memory.deallocate(scalar_.data.decimal);
        break;
    case bson_type::code_with_scope:
        std::destroy_at(scalar_.data.code);
        scalar_.memory.deallocate(scalar_.data.code);
        break;
    default:
        scalar_.memory.deallocate(blob_.data);
        break;
    }
}

document& value::emplace_document() noexcept {
    clear();
    scalar_.type = bson_type::document;
    document_.table_ = nullptr;
    return document_;
}

array& value::emplace_array() noexcept {
    clear();
    scalar_.type = bson_type::array;
    array_.table_ = nullptr;
    return array_;
}

char* value::init_blob(bson_type type, std::size_t size) {
    if (size > std::numeric_limits<std::int32_t>::max()) {
        throw error(errc::limit_exceeded, fmt::format("a {} of {} bytes is too large", to_string(type), size));
    }
    auto* const data = static_cast<char*>(scalar_.memory.allocate(size, 1));
    blob_.type = type;
    blob_.length = outside;
    blob_.subtype = 0;
    blob_.size = static_cast<std::uint32_t>(size);
    blob_.data = data;
    return data;
}

void value::init_blob(bson_type type, void const* data, std::size_t size) {
    auto* const to = init_blob(type, size);
    if (size != 0) {
        std::memcpy(to, data, size);
    }
}

void value::init(decimal128 const& v) {
    auto* const copy = ::new (scalar_.memory.allocate(sizeof v, alignof(decimal128))) decimal128(v);
    scalar_.type = bson_type::decimal128;
    scalar_.length = outside;
    scalar_.data.decimal = copy;
}

void value::init_binary(std::span<std::byte const> bytes, std::uint8_t subtype) {
    init_blob(bson_type::binary, bytes.data(), bytes.size());
    blob_.subtype = subtype;
}

void value::init_regex(std::string_view pattern, std::string_view options) {
    if (pattern.find('\0') != std::string_view::npos || options.find('\0') != std::string_view::npos) {
        throw error(errc::invalid_argument, "a regular expression must not contain a NUL byte");
    }
    auto* const to = init_blob(bson_type::regex, pattern.size() + 1 + options.size());
    std::memcpy(to, pattern.data(), pattern.size());
    to[pattern.size()] = '\0';
    std::memcpy(to + pattern.size() + 1, options.data(), options.size());
}

void value::init_db_pointer(std::string_view ns, object_id const& id) {
    auto* const to = init_blob(bson_type::db_pointer, object_id::size + ns.size());
    std::memcpy(to, id.bytes().data(), object_id::size);
    std::memcpy(to + object_id::size, ns.data(), ns.size());
}

void value::init_code(std::string_view text, document const& scope) {
    auto const& memory = scalar_.memory;
    auto* const place = memory.allocate(sizeof(detail::code_node), alignof(detail::code_node));
    auto* const node = ::new (place) detail::code_node{value(borrow{}, memory), value(borrow{}, memory)};
    scalar_.type = bson_type::code_with_scope;
    scalar_.length = outside;
    scalar_.data.code = node;
    node->text.init_text(bson_type::code, text);
    node->scope.emplace_document().copy_members(scope);
}

void value::init_copy(value const& other) {
    switch (other.type()) {
    case bson_type::document:
        emplace_document().copy_members(other.document_);
        return;
    case bson_type::array:
        emplace_array().copy_elements(other.array_);
        return;
    case bson_type::code_with_scope:
        init_code(other.scalar_.data.code->text.text(), other.scalar_.data.code->scope.document_);
        return;
    default:
        break;
    }
    // Bytes elsewhere are never written to, and an arena gives none back before its end: values of one arena share them.
    bool const shares = !scalar_.memory.is_heap() && scalar_.memory == other.scalar_.memory;
    if (other.scalar_.length != outside || shares) {
        copy_payload(other);
    } else if (other.is_decimal128()) {
        init(*other.scalar_.data.decimal);
    } else {
        init_blob(other.type(), other.blob_.data, other.blob_.size);
        blob_.subtype = other.blob_.subtype;
    }
}

// --- access ------------------------------------------------------------------------------------------------------------

void value::require_text(char const* text) {
    if (text == nullptr) {
        throw error(errc::invalid_argument, "a null pointer is not a string");
    }
}

void value::throw_too_large(std::uint64_t v) {
    throw error(errc::invalid_argument, fmt::format("{} does not fit into a 64 bit signed integer", v));
}

void value::throw_mismatch(char const* wanted) const {
    diagnostics details;
    details.value = shorten(*this);
    throw error(errc::type_mismatch, fmt::format("expected {}, got {}", wanted, to_string(type())), std::move(details));
}

bool value::as_bool() const {
    if (!is_bool()) {
        throw_mismatch("bool");
    }
    return scalar_.data.boolean;
}

std::int64_t value::as_int64() const {
    auto const result = if_int64();
    if (!result) {
        throw_mismatch("an integer of 64 bits");
    }
    return *result;
}

std::int32_t value::as_int32() const {
    auto const result = if_int64();
    if (!result || !std::in_range<std::int32_t>(*result)) {
        throw_mismatch("an integer of 32 bits");
    }
    return static_cast<std::int32_t>(*result);
}

double value::as_double() const {
    auto const result = if_double();
    if (!result) {
        throw_mismatch("a number");
    }
    return *result;
}

std::string_view value::as_string() const {
    if (!is_string()) {
        throw_mismatch("string");
    }
    return text();
}

document const& value::as_document() const {
    if (!is_document()) {
        throw_mismatch("object");
    }
    return document_;
}

document& value::as_document() {
    return const_cast<document&>(static_cast<value const&>(*this).as_document());
}

array const& value::as_array() const {
    if (!is_array()) {
        throw_mismatch("array");
    }
    return array_;
}

array& value::as_array() {
    return const_cast<array&>(static_cast<value const&>(*this).as_array());
}

object_id value::as_object_id() const {
    if (!is_object_id()) {
        throw_mismatch("objectId");
    }
    return id_.id;
}

datetime value::as_date() const {
    if (!is_date()) {
        throw_mismatch("date");
    }
    return datetime(std::chrono::milliseconds(scalar_.data.int64));
}

decimal128 value::as_decimal128() const {
    if (!is_decimal128()) {
        throw_mismatch("decimal");
    }
    return *scalar_.data.decimal;
}

std::span<std::byte const> value::bytes() const {
    if (!is_binary()) {
        throw_mismatch("binData");
    }
    return {reinterpret_cast<std::byte const*>(blob_.data), blob_.size};
}

std::uint8_t value::binary_subtype() const {
    if (!is_binary()) {
        throw_mismatch("binData");
    }
    return blob_.subtype;
}

binary value::as_binary() const {
    auto const all = bytes();
    return {{all.begin(), all.end()}, blob_.subtype};
}

regex value::as_regex() const {
    if (!is_regex()) {
        throw_mismatch("regex");
    }
    auto const parts = detail::access::regex_of(*this);
    return {std::string(parts.pattern), std::string(parts.options)};
}

timestamp value::as_timestamp() const {
    if (!is_timestamp()) {
        throw_mismatch("timestamp");
    }
    return scalar_.data.stamp;
}

code value::as_code() const {
    if (!is_code()) {
        throw_mismatch("javascript");
    }
    return {std::string(text())};
}

symbol value::as_symbol() const {
    if (!is_symbol()) {
        throw_mismatch("symbol");
    }
    return {std::string(text())};
}

code_with_scope value::as_code_with_scope() const {
    if (!is_code_with_scope()) {
        throw_mismatch("javascriptWithScope");
    }
    return {std::string(scalar_.data.code->text.text()), scalar_.data.code->scope.document_};
}

db_pointer value::as_db_pointer() const {
    if (!is_db_pointer()) {
        throw_mismatch("dbPointer");
    }
    auto const parts = detail::access::pointer_of(*this);
    return {std::string(parts.ns), parts.id};
}

std::optional<std::string_view> value::if_string() const noexcept {
    return is_string() ? std::optional(text()) : std::nullopt;
}

std::optional<std::int64_t> value::if_int64() const noexcept {
    switch (type()) {
    case bson_type::int32:
        return scalar_.data.int32;
    case bson_type::int64:
        return scalar_.data.int64;
    case bson_type::double_:
        return detail::exact_int64(scalar_.data.real);
    case bson_type::decimal128:
        return detail::exact_int64(*scalar_.data.decimal);
    default:
        return std::nullopt;
    }
}

std::optional<double> value::if_double() const noexcept {
    switch (type()) {
    case bson_type::int32:
        return scalar_.data.int32;
    case bson_type::int64:
        return static_cast<double>(scalar_.data.int64);
    case bson_type::double_:
        return scalar_.data.real;
    case bson_type::decimal128:
        return scalar_.data.decimal->to_double();
    default:
        return std::nullopt;
    }
}

std::optional<datetime> value::if_date() const noexcept {
    return is_date() ? std::optional(datetime(std::chrono::milliseconds(scalar_.data.int64))) : std::nullopt;
}

std::optional<bool> value::if_bool() const noexcept {
    return is_bool() ? std::optional(scalar_.data.boolean) : std::nullopt;
}

bool value::truthy() const noexcept {
    switch (type()) {
    case bson_type::null:
    case bson_type::undefined:
        return false;
    case bson_type::boolean:
        return scalar_.data.boolean;
    case bson_type::int32:
        return scalar_.data.int32 != 0;
    case bson_type::int64:
        return scalar_.data.int64 != 0;
    case bson_type::double_:
        return scalar_.data.real != 0.0;
    case bson_type::decimal128:
        return !detail::is_zero(*scalar_.data.decimal);
    default:
        return true;
    }
}

// --- text --------------------------------------------------------------------------------------------------------------

std::string to_string(value const& v) {
    return to_json(v);
}
std::string to_string(document const& d) {
    return to_json(d);
}
std::string to_string(array const& a) {
    return to_json(a);
}
std::ostream& operator<<(std::ostream& out, value const& v) {
    return out << to_json(v);
}
std::ostream& operator<<(std::ostream& out, document const& d) {
    return out << to_json(d);
}
std::ostream& operator<<(std::ostream& out, array const& a) {
    return out << to_json(a);
}
void PrintTo(document const& d, std::ostream* out) {
    *out << d;
}
void PrintTo(array const& a, std::ostream* out) {
    *out << a;
}

} // namespace cormorant
