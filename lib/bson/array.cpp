#include <cormorant/bson/value.hpp>
#include <cormorant/error/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

namespace cormorant {
namespace {

constexpr std::size_t most_elements = std::size_t{1} << 30U;

// Elements hold no address of themselves and a storage that is not counted, so they can be moved as bytes.
void relocate(value* to, value const* from, std::size_t count) noexcept {
    if (count != 0) {
        std::memmove(static_cast<void*>(to), static_cast<void const*>(from), count * sizeof(value));
    }
}

} // namespace

array::array(array const& other) : array(other, storage()) {}

array::array(array const& other, storage memory) : array(std::move(memory)) {
    copy_elements(other);
}

array::array(array&& other) noexcept : storage_(std::move(other.storage_)), table_(std::exchange(other.table_, nullptr)) {}

array::array(array&& other, storage memory) : array(std::move(memory)) {
    if (storage_ == other.storage_) {
        table_ = std::exchange(other.table_, nullptr);
    } else {
        copy_elements(other);
    }
}

array& array::operator=(array const& other) {
    if (this != &other) {
        array copy(other, storage_);
        std::swap(table_, copy.table_);
    }
    return *this;
}

array& array::operator=(array&& other) {
    if (!(storage_ == other.storage_)) {
        return *this = static_cast<array const&>(other);
    }
    if (this != &other) {
        // `other` may be inside of this array.
        auto* const taken = std::exchange(other.table_, nullptr);
        destroy();
        table_ = taken;
    }
    return *this;
}

array::~array() {
    destroy();
}

void array::destroy() noexcept {
    if (table_ == nullptr || !storage_.is_heap()) {
        return;
    }
    std::destroy(begin(), end());
    storage_.deallocate(table_);
}

void array::copy_elements(array const& other) {
    if (other.empty()) {
        return;
    }
    reallocate(other.size());
    for (auto const& element : other) {
        append_null().init_copy(element);
    }
}

void array::reallocate(size_type capacity) {
    if (capacity > most_elements) {
        throw error(errc::limit_exceeded, fmt::format("an array of {} elements is too large", capacity));
    }
    auto* const memory = storage_.allocate(sizeof(detail::array_table) + capacity * sizeof(value), alignof(value));
    auto* const table =
        ::new (memory) detail::array_table{static_cast<std::uint32_t>(size()), static_cast<std::uint32_t>(capacity)};
    if (table_ != nullptr) {
        relocate(table->items(), table_->items(), table_->size);
        storage_.deallocate(table_);
    }
    table_ = table;
}

void array::grow_for(size_type size) {
    auto const capacity = table_ == nullptr ? 0 : table_->capacity;
    if (size > capacity) {
        reallocate(std::max<size_type>({size, size_type{capacity} * 2, 4}));
    }
}

void array::reserve(size_type capacity) {
    if (capacity > (table_ == nullptr ? 0 : table_->capacity)) {
        reallocate(capacity);
    }
}

value& array::append_null() {
    grow_for(size() + 1);
    auto* const added = ::new (static_cast<void*>(end())) value(value::borrow{}, storage_);
    ++table_->size;
    return *added;
}

value& array::push_back(value element) {
    value local(std::move(element), storage_);
    auto& added = append_null();
    added.steal(local);
    return added;
}

void array::pop_back() noexcept {
    assert(!empty());
    erase(end() - 1);
}

array::iterator array::insert(const_iterator position, value element) {
    auto const at = static_cast<size_type>(position - begin());
    assert(at <= size());
    value local(std::move(element), storage_);
    grow_for(size() + 1);
    auto* const slot = begin() + at;
    relocate(slot + 1, slot, size() - at);
    ::new (static_cast<void*>(slot)) value(value::borrow{}, storage_);
    slot->steal(local);
    ++table_->size;
    return slot;
}

array::iterator array::erase(const_iterator position) noexcept {
    return erase(position, position + 1);
}

array::iterator array::erase(const_iterator first, const_iterator last) noexcept {
    auto* const from = begin() + (first - begin());
    auto* const to = begin() + (last - begin());
    if (from != to) {
        std::destroy(from, to);
        relocate(from, to, static_cast<size_type>(end() - to));
        table_->size -= static_cast<std::uint32_t>(to - from);
    }
    return from;
}

void array::clear() noexcept {
    erase(begin(), end());
}

void array::resize(size_type size) {
    if (size <= this->size()) {
        erase(begin() + size, end());
        return;
    }
    grow_for(size);
    while (this->size() < size) {
        append_null();
    }
}

void array::swap(array& other) {
    if (storage_ == other.storage_) {
        std::swap(table_, other.table_);
        return;
    }
    array mine(*this, other.storage_);
    array theirs(other, storage_);
    std::swap(table_, theirs.table_);
    std::swap(other.table_, mine.table_);
}

value& array::at(size_type position) {
    return const_cast<value&>(static_cast<array const&>(*this).at(position));
}

value const& array::at(size_type position) const {
    if (position >= size()) {
        throw error(errc::not_found, fmt::format("position {} is beyond the end of an array of {} elements", position, size()));
    }
    return begin()[position];
}

} // namespace cormorant
