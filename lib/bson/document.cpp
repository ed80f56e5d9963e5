#include "key_hash.hpp"

#include <cormorant/bson/codec.hpp>
#include <cormorant/bson/json.hpp>
#include <cormorant/bson/value.hpp>
#include <cormorant/error/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstring>

namespace cormorant {
namespace {

using table_type = detail::document_table;

constexpr std::size_t most_members = std::size_t{1} << 30U;

// Members hold no address of themselves and a storage that is not counted, so they can be moved as bytes.
void relocate(document::member* to, document::member const* from, std::size_t count) noexcept {
    if (count != 0) {
        std::memmove(static_cast<void*>(to), static_cast<void const*>(from), count * sizeof(document::member));
    }
}

/// Twice the capacity at least, so a probe finds a free slot soon.
std::size_t index_slots(std::size_t capacity) noexcept {
    return capacity > table_type::largest_without_index ? std::bit_ceil(capacity * 2) : 0;
}

std::uint32_t* index_of(table_type& table) noexcept {
    return reinterpret_cast<std::uint32_t*>(table.members() + table.capacity);
}

void add_to_index(table_type& table, std::uint32_t position) noexcept {
    auto const mask = index_slots(table.capacity) - 1;
    auto* const index = index_of(table);
    auto slot = detail::hash_key(table.members()[position].key()) & mask;
    while (index[slot] != 0) {
        slot = (slot + 1) & mask;
    }
    index[slot] = position + 1;
}

document::member* find_member(table_type* table, std::string_view key) noexcept {
    if (table == nullptr) {
        return nullptr;
    }
    auto* const members = table->members();
    if (!table->has_index()) {
        for (auto *m = members, *last = members + table->size; m != last; ++m) {
            if (m->key() == key) {
                return m;
            }
        }
        return nullptr;
    }
    auto const mask = index_slots(table->capacity) - 1;
    auto const* const index = index_of(*table);
    for (auto slot = detail::hash_key(key) & mask; index[slot] != 0; slot = (slot + 1) & mask) {
        auto* const m = members + (index[slot] - 1);
        if (m->key() == key) {
            return m;
        }
    }
    return nullptr;
}

} // namespace

document::member::member(std::string_view key, storage const& owner) : value_(value::borrow{}, owner) {
    set_key(key);
}

void document::member::set_key(std::string_view key) {
    if (key.size() <= inline_size) {
        detail::copy_short(text_, key.data(), key.size());
        length_ = static_cast<std::uint8_t>(key.size());
        return;
    }
    if (key.size() > most_members) {
        throw error(errc::limit_exceeded, fmt::format("a key of {} bytes is too long", key.size()));
    }
    auto* const data = static_cast<char*>(value_.get_storage().allocate(key.size(), 1));
    std::memcpy(data, key.data(), key.size());
    long_key const text{data, static_cast<std::uint32_t>(key.size())};
    std::memcpy(text_, &text, sizeof text);
    length_ = outside;
}

void document::member::release_key() noexcept {
    if (length_ == outside) {
        long_key text;
        std::memcpy(&text, text_, sizeof text);
        value_.get_storage().deallocate(text.data);
    }
}

document::document(document const& other) : document(other, storage()) {}

document::document(document const& other, storage memory) : document(std::move(memory)) {
    copy_members(other);
}

document::document(document&& other) noexcept
    : storage_(std::move(other.storage_)), table_(std::exchange(other.table_, nullptr)) {}

document::document(document&& other, storage memory) : document(std::move(memory)) {
    if (storage_ == other.storage_) {
        table_ = std::exchange(other.table_, nullptr);
    } else {
        copy_members(other);
    }
}

document& document::operator=(document const& other) {
    if (this != &other) {
        document copy(other, storage_);
        std::swap(table_, copy.table_);
    }
    return *this;
}

document& document::operator=(document&& other) {
    if (!(storage_ == other.storage_)) {
        return *this = static_cast<document const&>(other);
    }
    if (this != &other) {
        // `other` may be inside of this document.
        auto* const taken = std::exchange(other.table_, nullptr);
        destroy();
        table_ = taken;
    }
    return *this;
}

document::~document() {
    destroy();
}

void document::destroy() noexcept {
    if (table_ == nullptr || !storage_.is_heap()) {
        return;
    }
    for (auto& m : *this) {
        m.release_key();
        m.~member();
    }
    storage_.deallocate(table_);
}

void document::copy_members(document const& other) {
    if (other.empty()) {
        return;
    }
    reallocate(other.size());
    bool const shares = !storage_.is_heap() && storage_ == other.storage_;
    auto* to = table_->members();
    for (auto const& m : other) {
        ::new (static_cast<void*>(to)) member(storage_);
        if (m.length_ != member::outside || shares) {
            std::memcpy(to->text_, m.text_, sizeof m.text_);
            to->length_ = m.length_;
        } else {
            to->set_key(m.key());
        }
        ++table_->size; // with its key, the member is one that a destructor can cope with
        (to++)->value_.init_copy(m.value_);
    }
    if (table_->has_index()) {
        rebuild_index();
    }
}

detail::document_table* document::reallocate(size_type capacity) {
    if (capacity > most_members) {
        throw error(errc::limit_exceeded, fmt::format("a document of {} members is too large", capacity));
    }
    auto const size = sizeof(table_type) + capacity * sizeof(member) + index_slots(capacity) * sizeof(std::uint32_t);
    auto* const table = ::new (storage_.allocate(size, alignof(member)))
        table_type{static_cast<std::uint32_t>(this->size()), static_cast<std::uint32_t>(capacity)};
    if (table_ != nullptr) {
        relocate(table->members(), table_->members(), table_->size);
    }
    auto* const old = std::exchange(table_, table);
    rebuild_index();
    return old;
}

void document::reserve(size_type capacity) {
    if (capacity > (table_ == nullptr ? 0 : table_->capacity)) {
        storage_.deallocate(reallocate(capacity));
    }
}

void document::rebuild_index() noexcept {
    if (table_ == nullptr || !table_->has_index()) {
        return;
    }
    std::fill_n(index_of(*table_), index_slots(table_->capacity), 0U);
    for (std::uint32_t i = 0; i < table_->size; ++i) {
        add_to_index(*table_, i);
    }
}

value& document::append_null(std::string_view key) {
    detail::document_table* old = nullptr;
    if (table_ == nullptr) {
        reallocate(4);
    } else if (table_->size == table_->capacity) {
        old = reallocate(size_type{table_->capacity} * 2);
    }
    member* added = nullptr;
    try {
        added = ::new (static_cast<void*>(end())) member(key, storage_);
    } catch (...) {
        storage_.deallocate(old);
        throw;
    }
    // Only now: the key may be one of this document's own.
    storage_.deallocate(old);
    if (table_->has_index()) {
        add_to_index(*table_, table_->size);
    }
    ++table_->size;
    return added->value_;
}

value const* document::find(std::string_view key) const noexcept {
    auto const* const m = find_member(table_, key);
    return m == nullptr ? nullptr : &m->value();
}

value* document::find(std::string_view key) noexcept {
    auto* const m = find_member(table_, key);
    return m == nullptr ? nullptr : &m->value();
}

value const& document::at(std::string_view key) const {
    auto const* const found = find(key);
    if (found == nullptr) {
        std::string name;
        append_json_string(name, key);
        throw error(errc::not_found, "the document has no key " + name);
    }
    return *found;
}

value& document::at(std::string_view key) {
    return const_cast<value&>(static_cast<document const&>(*this).at(key));
}

value& document::operator[](std::string_view key) {
    auto* const found = find(key);
    return found != nullptr ? *found : append_null(key);
}

document& document::set(std::string_view key, value v) {
    if (auto* const found = find(key)) {
        *found = std::move(v);
    } else {
        append(key, std::move(v));
    }
    return *this;
}

value& document::append(std::string_view key, value v) {
    value local(std::move(v), storage_);
    auto& added = append_null(key);
    added.steal(local);
    return added;
}

document& document::prepend(std::string_view key, value v) {
    value local(std::move(v), storage_);
    append_null(key).steal(local);
    auto* const first = begin();
    auto* const last = end() - 1;
    alignas(member) std::byte moved[sizeof(member)];
    std::memcpy(moved, static_cast<void const*>(last), sizeof(member));
    relocate(first + 1, first, static_cast<size_type>(last - first));
    std::memcpy(static_cast<void*>(first), moved, sizeof(member));
    for (auto* m = first + 1; m != end(); ++m) {
        if (m->key() == first->key()) {
            erase(m);
            break;
        }
    }
    rebuild_index();
    return *this;
}

bool document::erase(std::string_view key) noexcept {
    auto const* const m = find_member(table_, key);
    if (m == nullptr) {
        return false;
    }
    erase(m);
    return true;
}

document::iterator document::erase(const_iterator position) noexcept {
    auto* const m = begin() + (position - begin());
    m->release_key();
    m->~member();
    relocate(m, m + 1, static_cast<size_type>(end() - (m + 1)));
    --table_->size;
    rebuild_index();
    return m;
}

document& document::merge(document other) {
    for (auto& m : other) {
        set(m.key(), std::move(m.value()));
    }
    return *this;
}

bool document::rename(std::string_view from, std::string_view to) {
    auto* m = find_member(table_, from);
    if (m == nullptr) {
        return false;
    }
    if (m->key() == to) {
        return true;
    }
    member fresh(to, storage_); // first: it may fail
    if (auto* const other = find_member(table_, to)) {
        auto const at = other < m ? 1 : 0;
        erase(other);
        m -= at;
    }
    m->release_key();
    std::memcpy(m->text_, fresh.text_, sizeof m->text_);
    m->length_ = fresh.length_;
    rebuild_index();
    return true;
}

void document::clear() noexcept {
    if (table_ == nullptr) {
        return;
    }
    for (auto& m : *this) {
        m.release_key();
        m.~member();
    }
    table_->size = 0;
    rebuild_index();
}

void document::swap(document& other) {
    if (storage_ == other.storage_) {
        std::swap(table_, other.table_);
        return;
    }
    document mine(*this, other.storage_);
    document theirs(other, storage_);
    std::swap(table_, theirs.table_);
    std::swap(other.table_, mine.table_);
}

std::string document::get_or(std::string_view key, char const* fallback) const {
    return get_or(key, std::string(fallback));
}

} // namespace cormorant
