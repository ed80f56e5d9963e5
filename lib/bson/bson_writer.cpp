#include "access.hpp"

#include <cormorant/bson/bson.hpp>
#include <cormorant/bson/json.hpp>
#include <cormorant/error/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <limits>

namespace cormorant {
namespace {

using detail::access;

template <class T>
std::byte* store(std::byte* to, T const& v) noexcept {
    std::memcpy(to, &v, sizeof v);
    return to + sizeof v;
}

std::byte* store_bytes(std::byte* to, void const* from, std::size_t size) noexcept {
    constexpr std::size_t short_size = 32;
    if (size <= short_size) {
        detail::copy_short(reinterpret_cast<char*>(to), static_cast<char const*>(from), size);
    } else {
        std::memcpy(to, from, size);
    }
    return to + size;
}

/// Keys are short: a call of memchr would take longer.
bool has_nul(std::string_view key) noexcept {
    constexpr std::uint64_t low_bits = 0x0101'0101'0101'0101U;
    constexpr std::uint64_t high_bits = 0x8080'8080'8080'8080U;
    auto const zeros = [&](std::size_t position) {
        std::uint64_t word = 0;
        std::memcpy(&word, key.data() + position, sizeof word);
        return (word - low_bits) & ~word & high_bits;
    };
    if (key.size() < 8) {
        bool found = false;
        for (char const c : key) {
            found |= c == '\0';
        }
        return found;
    }
    std::uint64_t found = zeros(key.size() - 8);
    for (std::size_t i = 0; i + 8 < key.size(); i += 8) {
        found |= zeros(i);
    }
    return found != 0;
}

std::int32_t checked_length(std::size_t size) {
    if (size > std::numeric_limits<std::int32_t>::max() - 16) {
        throw error(errc::limit_exceeded, fmt::format("{} bytes are too large for BSON", size));
    }
    return static_cast<std::int32_t>(size);
}

/// Length, text, NUL.
std::byte* store_text(std::byte* to, std::string_view text) noexcept {
    to = store(to, static_cast<std::int32_t>(text.size() + 1));
    to = store_bytes(to, text.data(), text.size());
    *to = std::byte{0};
    return to + 1;
}

constexpr std::uint8_t old_binary = 2;

} // namespace

std::string_view detail::position_key::operator()(std::size_t position) noexcept {
    auto const end = std::to_chars(digits_, digits_ + sizeof digits_, position).ptr;
    return {digits_, static_cast<std::size_t>(end - digits_)};
}

void bson_writer::enter() {
    if (++depth_ > max_bson_depth) {
        throw error(errc::limit_exceeded, fmt::format("a document of more than {} levels", max_bson_depth));
    }
}

// By at least what the root has already: a large document is moved seldom, and a small one does not clear more than it needs.
void bson_writer::grow(std::size_t size) {
    constexpr std::size_t least = 256;
    out_.resize(size_ + size + std::max(size_ - root_, least));
}

std::size_t bson_writer::open() {
    enter();
    auto const mark = size_;
    if (depth_ == 1) {
        root_ = mark;
    }
    take(4);
    return mark;
}

std::size_t bson_writer::open(std::string_view key, bson_type container) {
    element(key, container, 0);
    return open();
}

void bson_writer::close(std::size_t mark) {
    *take(1) = std::byte{0};
    store(out_.data() + mark, checked_length(size_ - mark));
    if (--depth_ == 0) {
        out_.resize(size_);
    }
}

std::byte* bson_writer::element(std::string_view key, bson_type type, std::size_t size) {
    if (has_nul(key)) {
        std::string text;
        append_json_string(text, key);
        throw error(errc::invalid_argument, "the key " + text + " contains a NUL byte, which BSON cannot hold");
    }
    auto* at = take(1 + key.size() + 1 + size);
    *at = static_cast<std::byte>(type);
    at = store_bytes(at + 1, key.data(), key.size());
    *at = std::byte{0};
    return at + 1;
}

void bson_writer::put(std::string_view key, std::nullptr_t) {
    element(key, bson_type::null, 0);
}
void bson_writer::put(std::string_view key, undefined) {
    element(key, bson_type::undefined, 0);
}
void bson_writer::put(std::string_view key, min_key) {
    element(key, bson_type::min_key, 0);
}
void bson_writer::put(std::string_view key, max_key) {
    element(key, bson_type::max_key, 0);
}
void bson_writer::put_bool(std::string_view key, bool v) {
    *element(key, bson_type::boolean, 1) = std::byte{v};
}
void bson_writer::put_int32(std::string_view key, std::int32_t v) {
    store(element(key, bson_type::int32, 4), v);
}
void bson_writer::put_int64(std::string_view key, std::int64_t v) {
    store(element(key, bson_type::int64, 8), v);
}
void bson_writer::put_double(std::string_view key, double v) {
    store(element(key, bson_type::double_, 8), v);
}

void bson_writer::put_date(std::string_view key, datetime v) {
    store(element(key, bson_type::date, 8), static_cast<std::int64_t>(v.time_since_epoch().count()));
}

void bson_writer::put_text(std::string_view key, bson_type type, std::string_view v) {
    checked_length(v.size());
    store_text(element(key, type, 4 + v.size() + 1), v);
}

void bson_writer::put(std::string_view key, object_id const& v) {
    store(element(key, bson_type::object_id, object_id::size), v.bytes());
}

void bson_writer::put(std::string_view key, decimal128 const& v) {
    store(store(element(key, bson_type::decimal128, 16), v.low), v.high);
}

void bson_writer::put(std::string_view key, timestamp v) {
    store(store(element(key, bson_type::timestamp, 8), v.increment), v.seconds);
}

void bson_writer::put_binary(std::string_view key, std::span<std::byte const> bytes, std::uint8_t subtype) {
    auto const size = checked_length(bytes.size());
    bool const nested = subtype == old_binary; // has a second length within
    auto* at = element(key, bson_type::binary, 5 + (nested ? 4 : 0) + bytes.size());
    at = store(at, size + (nested ? 4 : 0));
    at = store(at, subtype);
    if (nested) {
        at = store(at, size);
    }
    store_bytes(at, bytes.data(), bytes.size());
}

void bson_writer::put(std::string_view key, binary const& v) {
    put_binary(key, v.bytes, v.subtype);
}
void bson_writer::put(std::string_view key, code const& v) {
    put_text(key, bson_type::code, v.text);
}
void bson_writer::put(std::string_view key, symbol const& v) {
    put_text(key, bson_type::symbol, v.text);
}

// The rarer types are checked and laid out by `value`.
void bson_writer::put(std::string_view key, regex const& v) {
    put_value(key, cormorant::value(v));
}

void bson_writer::put(std::string_view key, code_with_scope const& v) {
    put_code(key, v.text, v.scope);
}
void bson_writer::put(std::string_view key, db_pointer const& v) {
    put_pointer(key, v.ns, v.id);
}

void bson_writer::put_code(std::string_view key, std::string_view text, document const& scope) {
    checked_length(text.size());
    auto* const at = element(key, bson_type::code_with_scope, 4 + 4 + text.size() + 1);
    auto const begin = static_cast<std::size_t>(at - out_.data());
    store_text(at + 4, text);
    put_members(scope);
    store(out_.data() + begin, checked_length(size_ - begin));
}

void bson_writer::put_pointer(std::string_view key, std::string_view ns, object_id const& id) {
    checked_length(ns.size());
    store(store_text(element(key, bson_type::db_pointer, 4 + ns.size() + 1 + object_id::size), ns), id.bytes());
}

void bson_writer::put(std::string_view key, bson_element const& v) {
    auto const bytes = v.raw();
    store_bytes(element(key, v.type(), bytes.size()), bytes.data(), bytes.size());
}

void bson_writer::put(std::string_view key, bson_view const& v) {
    auto const bytes = v.bytes();
    store_bytes(element(key, bson_type::document, bytes.size()), bytes.data(), bytes.size());
}

void bson_writer::put_value(std::string_view key, value const& v) {
    switch (v.type()) {
    case bson_type::null:
    case bson_type::undefined:
    case bson_type::min_key:
    case bson_type::max_key:
        element(key, v.type(), 0);
        break;
    case bson_type::boolean:
        put_bool(key, access::boolean(v));
        break;
    case bson_type::int32:
        put_int32(key, access::int32(v));
        break;
    case bson_type::int64:
        put_int64(key, access::int64(v));
        break;
    case bson_type::double_:
        put_double(key, access::real(v));
        break;
    case bson_type::decimal128:
        put(key, access::decimal(v));
        break;
    case bson_type::date:
        put_date(key, datetime(std::chrono::milliseconds(access::int64(v))));
        break;
    case bson_type::timestamp:
        put(key, access::stamp(v));
        break;
    case bson_type::object_id:
        put(key, access::id(v));
        break;
    case bson_type::string:
    case bson_type::code:
    case bson_type::symbol:
        put_text(key, v.type(), access::text(v));
        break;
    case bson_type::binary:
        put_binary(key, v.bytes(), access::subtype(v));
        break;
    case bson_type::regex: {
        // In memory as in BSON, but for the last NUL.
        auto const text = access::blob(v);
        auto* const end = store_bytes(element(key, bson_type::regex, text.size() + 1), text.data(), text.size());
        *end = std::byte{0};
        break;
    }
    case bson_type::db_pointer: {
        auto const parts = access::pointer_of(v);
        put_pointer(key, parts.ns, parts.id);
        break;
    }
    case bson_type::code_with_scope:
        put_code(key, access::code_text(v), access::code_scope(v));
        break;
    case bson_type::document:
        put_value(key, access::as_document(v));
        break;
    case bson_type::array:
        put_value(key, access::as_array(v));
        break;
    }
}

void bson_writer::put_value(std::string_view key, document const& v) {
    element(key, bson_type::document, 0);
    put_members(v);
}

void bson_writer::put_members(document const& d) {
    auto const mark = open();
    for (auto const& m : d) {
        put_value(m.key(), m.value());
    }
    close(mark);
}

void bson_writer::put_value(std::string_view key, array const& v) {
    auto const mark = open(key, bson_type::array);
    detail::position_key position_key;
    std::size_t position = 0;
    for (auto const& element : v) {
        put_value(position_key(position++), element);
    }
    close(mark);
}

void append_bson(bson_buffer& out, document const& d, std::size_t max_size) {
    auto const before = out.size();
    try {
        bson_writer writer(out);
        access::put_root(writer, d);
        if (out.size() - before > max_size) {
            throw error(errc::limit_exceeded,
                fmt::format("a document of {} bytes exceeds the limit of {}", out.size() - before, max_size));
        }
    } catch (...) {
        out.resize(before);
        throw;
    }
}

bson_buffer encode(document const& d, std::size_t max_size) {
    bson_buffer out;
    append_bson(out, d, max_size);
    return out;
}

} // namespace cormorant
