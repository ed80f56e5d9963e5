#pragma once

/// What the readers and writers of this module may do with values beyond their public interface: fill elements in place.

#include <cormorant/bson/bson.hpp>
#include <cormorant/bson/value.hpp>

#include <cstring>
#include <new>
#include <span>
#include <string_view>

namespace cormorant::detail {

/// Code with its scope.
struct code_node {
    value text;
    value scope;
};

struct access {
    /// A new null element in the container's storage.
    static value& append(document& d, std::string_view key) { return d.append_null(key); }
    static value& append(array& a) { return a.append_null(); }

    /// Fills a value that is null.
    template <class T>
    static void init(value& null, T const& v) {
        null.init(v);
    }
    static void init_type(value& null, bson_type type) noexcept { null.scalar_.type = type; }
    static void init_text(value& null, bson_type type, std::string_view text) { null.init_text(type, text); }
    /// Points to bytes that the storage of the value keeps.
    static void refer(value& null, bson_type type, void const* data, std::size_t size, std::uint8_t subtype = 0) noexcept {
        null.blob_.type = type;
        null.blob_.length = value::outside;
        null.blob_.subtype = subtype;
        null.blob_.size = static_cast<std::uint32_t>(size);
        null.blob_.data = static_cast<char*>(const_cast<void*>(data)); // nobody writes to a blob that is there
    }
    static bool fits_inline(std::string_view text) noexcept { return text.size() <= value::inline_size; }

    /// Null, of a storage that somebody else keeps.
    static value make_null(storage const& owner) noexcept { return value(value::borrow{}, owner); }
    /// Elements that have no container yet.
    static value* make_element(void* at, storage const& owner) noexcept { return ::new (at) value(value::borrow{}, owner); }
    static document::member* make_member(void* at, storage const& owner) noexcept { return ::new (at) document::member(owner); }
    static void set_key(document::member& m, std::string_view key) {
        if (key.size() <= document::member::inline_size) {
            copy_short(m.text_, key.data(), key.size());
            m.length_ = static_cast<std::uint8_t>(key.size());
        } else {
            m.set_key(key);
        }
    }
    /// As `refer`, for a key that is too long for the member.
    static void refer_to_key(document::member& m, std::string_view key) noexcept {
        document::member::long_key const text{const_cast<char*>(key.data()), static_cast<std::uint32_t>(key.size())};
        std::memcpy(m.text_, &text, sizeof text);
        m.length_ = document::member::outside;
    }
    static bool fits_inline(document::member const&, std::string_view key) noexcept {
        return key.size() <= document::member::inline_size;
    }
    static void destroy(document::member& m) noexcept {
        m.release_key();
        m.~member();
    }
    static void destroy(value& v) noexcept { v.~value(); }
    /// Moves them, as bytes, into an empty container of the same storage.
    static void fill(document& empty, document::member const* from, std::size_t count) {
        empty.reallocate(count);
        std::memcpy(
            static_cast<void*>(empty.table_->members()), static_cast<void const*>(from), count * sizeof(document::member));
        empty.table_->size = static_cast<std::uint32_t>(count);
        if (empty.table_->has_index()) {
            empty.rebuild_index();
        }
    }
    static void fill(array& empty, value const* from, std::size_t count) {
        empty.reallocate(count);
        std::memcpy(static_cast<void*>(empty.table_->items()), static_cast<void const*>(from), count * sizeof(value));
        empty.table_->size = static_cast<std::uint32_t>(count);
    }
    /// Takes the contents of a value of the same storage.
    static void steal(value& null, value& other) noexcept { null.steal(other); }
    static void init_binary(value& null, std::span<std::byte const> bytes, std::uint8_t subtype) {
        null.init_binary(bytes, subtype);
    }
    static void init_regex(value& null, std::string_view pattern, std::string_view options) { null.init_regex(pattern, options); }
    static void init_db_pointer(value& null, std::string_view ns, object_id const& id) { null.init_db_pointer(ns, id); }
    /// Answers the scope, an empty document to be filled.
    static document& init_code(value& null, std::string_view text) {
        null.init_code(text, document());
        return null.scalar_.data.code->scope.as_document();
    }

    /// The text of a string, symbol or code.
    static std::string_view text(value const& v) noexcept { return v.text(); }
    /// The bytes of a value that is kept elsewhere.
    static std::string_view blob(value const& v) noexcept { return {v.blob_.data, v.blob_.size}; }
    static std::uint8_t subtype(value const& v) noexcept { return v.blob_.subtype; }
    static bool boolean(value const& v) noexcept { return v.scalar_.data.boolean; }
    static std::int32_t int32(value const& v) noexcept { return v.scalar_.data.int32; }
    /// Of an int64 or a date.
    static std::int64_t int64(value const& v) noexcept { return v.scalar_.data.int64; }
    static double real(value const& v) noexcept { return v.scalar_.data.real; }
    static timestamp stamp(value const& v) noexcept { return v.scalar_.data.stamp; }
    static decimal128 const& decimal(value const& v) noexcept { return *v.scalar_.data.decimal; }
    static object_id const& id(value const& v) noexcept { return v.id_.id; }
    static document const& as_document(value const& v) noexcept { return v.document_; }
    static array const& as_array(value const& v) noexcept { return v.array_; }
    static std::string_view code_text(value const& v) noexcept { return v.scalar_.data.code->text.text(); }
    static document const& code_scope(value const& v) noexcept { return v.scalar_.data.code->scope.document_; }

    struct regex_parts {
        std::string_view pattern;
        std::string_view options;
    };
    /// The blob of a regex is `pattern NUL options`.
    static regex_parts regex_of(value const& v) noexcept {
        auto const all = blob(v);
        auto const split = all.find('\0');
        return {all.substr(0, split), all.substr(split + 1)};
    }
    struct pointer_parts {
        std::string_view ns;
        object_id id;
    };
    /// The blob of a DBPointer is the id, then the namespace.
    static pointer_parts pointer_of(value const& v) noexcept {
        auto const all = blob(v);
        pointer_parts parts;
        std::memcpy(static_cast<void*>(&parts.id), all.data(), object_id::size);
        parts.ns = all.substr(object_id::size);
        return parts;
    }

    // Parts of elements whose type is known, without a copy.
    template <class T>
    static T raw(bson_element const& e) noexcept {
        return e.load<T>();
    }
    /// The bytes from the beginning of the key to the end of the element.
    static std::size_t bytes_from_key(bson_element const& e) noexcept {
        return static_cast<std::size_t>(reinterpret_cast<char const*>(e.data_) - e.key_.data()) + e.size_;
    }
    static std::string_view raw_text(bson_element const& e, std::size_t position) noexcept { return e.text(position); }
    static regex_parts raw_regex(bson_element const& e) noexcept {
        std::string_view const all(reinterpret_cast<char const*>(e.data_), e.size_ - 1);
        auto const split = all.find('\0');
        return {all.substr(0, split), all.substr(split + 1)};
    }
    static object_id raw_pointer_id(bson_element const& e) noexcept { return e.load<object_id>(e.size_ - object_id::size); }
    static bson_view raw_scope(bson_element const& e) {
        auto const position = 4 + 4 + e.text(4).size() + 1;
        return bson_view({e.data_ + position, e.size_ - position}, e.offset_ + position);
    }
    // The parts of both forms under one name.
    static std::string_view text(bson_element const& e) noexcept { return raw_text(e, 0); }
    static regex_parts regex_of(bson_element const& e) noexcept { return raw_regex(e); }
    static pointer_parts pointer_of(bson_element const& e) noexcept { return {raw_text(e, 0), raw_pointer_id(e)}; }
    static std::string_view code_text(bson_element const& e) noexcept { return raw_text(e, 4); }
    static bson_view code_scope(bson_element const& e) { return raw_scope(e); }

    static void put_root(bson_writer& out, document const& d) { out.put_members(d); }
    static std::size_t offset(bson_view const& v) noexcept { return v.offset_; }
};

} // namespace cormorant::detail
