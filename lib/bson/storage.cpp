#include "spare_memory.hpp"

#include <cormorant/bson/storage.hpp>

#include <algorithm>
#include <new>

namespace cormorant {
namespace detail {

/// In front of each block but the first, which comes with the arena.
struct arena::block {
    block* previous;
    std::size_t size;
};

struct arena::adopted_bytes {
    std::vector<std::byte> bytes;
    adopted_bytes* previous;
};

namespace {
constexpr std::size_t largest_block = std::size_t{1} << 20U;
constexpr std::size_t smallest_block = 256;
// The first block is part of the arena. A larger one is taken when it is needed, so that it can be one that was used before.
constexpr std::size_t largest_first_block = 4096;
} // namespace

arena* arena::create(std::size_t first_block) {
    first_block = std::max(first_block, smallest_block);
    auto const own = std::min(first_block, largest_first_block);
    auto* const result = ::new (::operator new(sizeof(arena) + own)) arena(own);
    if (first_block > own) {
        result->next_block_ = std::min(first_block, largest_block);
    }
    return result;
}

arena::arena(std::size_t first_block) noexcept
    : next_(reinterpret_cast<std::uintptr_t>(this + 1)), end_(next_ + first_block), next_block_(first_block * 2) {}

void* arena::grow(std::size_t size, std::size_t alignment) {
    auto const needed = sizeof(block) + size + alignment;
    auto const taken = take_block(std::max(needed, next_block_));
    auto* const added = ::new (taken.data) block{blocks_, taken.size};
    blocks_ = added;
    auto const start = reinterpret_cast<std::uintptr_t>(added + 1);
    auto const end = reinterpret_cast<std::uintptr_t>(added) + taken.size;
    auto const aligned = (start + (alignment - 1)) & ~static_cast<std::uintptr_t>(alignment - 1);
    // A request that has a block to itself leaves the current block in use.
    if (needed <= next_block_ || end - (aligned + size) > end_ - next_) {
        next_ = aligned + size;
        end_ = end;
    }
    next_block_ = std::min(next_block_ * 2, largest_block);
    return reinterpret_cast<void*>(aligned);
}

std::span<std::byte const> arena::adopt(std::vector<std::byte>&& bytes) {
    void* const place = allocate(sizeof(adopted_bytes), alignof(adopted_bytes));
    adopted_ = ::new (place) adopted_bytes{std::move(bytes), adopted_};
    return adopted_->bytes;
}

void arena::destroy() noexcept {
    for (; adopted_ != nullptr; adopted_ = adopted_->previous) {
        give_buffer(std::move(adopted_->bytes));
    }
    for (auto* b = blocks_; b != nullptr;) {
        auto* const previous = b->previous;
        give_block({b, b->size});
        b = previous;
    }
    this->~arena();
    ::operator delete(static_cast<void*>(this));
}

} // namespace detail

storage make_arena(std::size_t first_block) {
    return storage(detail::arena::create(first_block));
}

} // namespace cormorant
