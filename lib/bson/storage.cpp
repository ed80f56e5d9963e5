#include <cormorant/bson/storage.hpp>

#include <algorithm>
#include <new>

namespace cormorant {
namespace detail {

/// In front of each block but the first, which comes with the arena.
struct arena::block {
    block* previous;
};

struct arena::adopted_bytes {
    std::vector<std::byte> bytes;
    adopted_bytes* previous;
};

namespace {
constexpr std::size_t largest_block = std::size_t{1} << 20U;
constexpr std::size_t smallest_block = 256;
} // namespace

arena* arena::create(std::size_t first_block) {
    first_block = std::max(first_block, smallest_block);
    return ::new (::operator new(sizeof(arena) + first_block)) arena(first_block);
}

arena::arena(std::size_t first_block) noexcept
    : next_(reinterpret_cast<std::uintptr_t>(this + 1)), end_(next_ + first_block),
      next_block_(std::min(first_block * 2, largest_block)) {}

void* arena::grow(std::size_t size, std::size_t alignment) {
    auto const needed = sizeof(block) + size + alignment;
    auto const taken = std::max(needed, next_block_);
    auto* const added = ::new (::operator new(taken)) block{blocks_};
    blocks_ = added;
    auto const start = reinterpret_cast<std::uintptr_t>(added + 1);
    auto const end = reinterpret_cast<std::uintptr_t>(added) + taken;
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
        std::vector<std::byte>().swap(adopted_->bytes);
    }
    for (auto* b = blocks_; b != nullptr;) {
        auto* const previous = b->previous;
        ::operator delete(b);
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
