#pragma once

/// Where values take their memory from: the heap, or an arena that many documents share.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <new>
#include <span>
#include <utility>
#include <vector>

namespace cormorant {

class storage;

namespace detail {

/// Memory that is taken piece by piece and given back all at once, when its last user is gone.
class arena {
public:
    arena(arena const&) = delete;
    arena& operator=(arena const&) = delete;

    static arena* create(std::size_t first_block);

    void* allocate(std::size_t size, std::size_t alignment) {
        auto const start = (next_ + (alignment - 1)) & ~static_cast<std::uintptr_t>(alignment - 1);
        if (start > end_ || end_ - start < size) {
            return grow(size, alignment);
        }
        next_ = start + size;
        return reinterpret_cast<void*>(start);
    }
    /// The bytes, which stay where they are until all memory is given back.
    std::span<std::byte const> adopt(std::vector<std::byte>&& bytes);
    void retain() noexcept { users_.fetch_add(1, std::memory_order_relaxed); }
    void release() noexcept {
        if (users_.fetch_sub(1, std::memory_order_acq_rel) == 1) {
            destroy();
        }
    }

private:
    struct block;
    struct adopted_bytes;
    explicit arena(std::size_t first_block) noexcept;
    ~arena() = default;
    void* grow(std::size_t size, std::size_t alignment);
    void destroy() noexcept;

    std::atomic<std::size_t> users_{1};
    std::uintptr_t next_;
    std::uintptr_t end_;
    std::size_t next_block_;
    block* blocks_ = nullptr;
    adopted_bytes* adopted_ = nullptr;
};

} // namespace detail

/// A counted handle on the memory of a value: the heap (by default) or an arena made by `make_arena()`.
///
/// Elements hold the handle of their container without counting it: the container keeps the arena alive, and a handle
/// that leaves the container, by copy or by move, is counted again. So filling an arena costs no atomic operation per
/// element, and a document in an arena is destroyed without a visit to its elements.
/// Thread safety: handles are counted atomically; taking memory from one arena is for one thread at a time.
class storage {
public:
    /// The heap.
    constexpr storage() noexcept = default;
    storage(storage const& other) noexcept : bits_(other.pointer()) { retain(); }
    storage(storage&& other) noexcept : bits_(other.pointer()) {
        if (other.is_borrowed()) {
            retain();
        } else {
            other.bits_ = 0;
        }
    }
    storage& operator=(storage other) noexcept {
        std::swap(bits_, other.bits_);
        return *this;
    }
    ~storage() {
        if (bits_ != 0 && !is_borrowed()) {
            target()->release();
        }
    }

    bool is_heap() const noexcept { return bits_ == 0; }
    /// The same heap or the same arena.
    friend bool operator==(storage const& a, storage const& b) noexcept { return a.pointer() == b.pointer(); }

    void* allocate(std::size_t size, std::size_t alignment = alignof(std::max_align_t)) const {
        return is_heap() ? ::operator new(size) : target()->allocate(size, alignment);
    }
    /// Of an arena: takes the bytes over, without a copy, and keeps them as long as its memory. Precondition: not the heap.
    std::span<std::byte const> adopt(std::vector<std::byte> bytes) const { return target()->adopt(std::move(bytes)); }
    /// Does nothing in an arena.
    void deallocate(void* memory) const noexcept {
        if (is_heap()) {
            ::operator delete(memory);
        }
    }

private:
    friend class value;
    friend class document;
    friend class array;
    friend storage make_arena(std::size_t first_block);
    struct borrow {};

    explicit storage(detail::arena* owned) noexcept : bits_(reinterpret_cast<std::uintptr_t>(owned)) {}
    storage(borrow, storage const& owner) noexcept : bits_(owner.bits_ == 0 ? 0 : owner.bits_ | 1U) {}

    bool is_borrowed() const noexcept { return (bits_ & 1U) != 0; }
    std::uintptr_t pointer() const noexcept { return bits_ & ~static_cast<std::uintptr_t>(1); }
    detail::arena* target() const noexcept { return reinterpret_cast<detail::arena*>(pointer()); }
    void retain() const noexcept {
        if (bits_ != 0) {
            target()->retain();
        }
    }

    /// The address of the arena; the lowest bit is set when this handle is not counted.
    std::uintptr_t bits_ = 0;
};

/// A new arena: memory is taken in growing blocks and given back all at once.
/// `first_block` is the size in bytes of the first block, which is allocated together with the arena.
storage make_arena(std::size_t first_block = 4096);

} // namespace cormorant
