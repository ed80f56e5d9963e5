#include "spare_memory.hpp"

#include <algorithm>
#include <array>
#include <new>
#include <utility>

namespace cormorant::detail {
namespace {

#if defined(__SANITIZE_ADDRESS__)
constexpr bool keeps_memory = false; // else nobody would see what is used after it was given back
#elif defined(__has_feature)
constexpr bool keeps_memory = !__has_feature(address_sanitizer);
#else
constexpr bool keeps_memory = true;
#endif

std::size_t size_of(memory_block const& b) noexcept {
    return b.size;
}
std::size_t size_of(std::vector<std::byte> const& b) noexcept {
    return b.capacity();
}

void free(memory_block const& b) noexcept {
    ::operator delete(b.data);
}
void free(std::vector<std::byte>&& b) noexcept {
    std::vector<std::byte>().swap(b);
}

/// A few pieces of one kind; the oldest make room for new ones.
template <class Piece>
class shelf {
public:
    shelf() = default;
    shelf(shelf const&) = delete;
    shelf& operator=(shelf const&) = delete;
    ~shelf() {
        while (count_ != 0) {
            free(take_out(0));
        }
    }

    /// The smallest that has the size, unless it is far too large.
    bool take(std::size_t size, Piece& to) noexcept {
        auto best = count_;
        for (std::size_t i = 0; i < count_; ++i) {
            auto const own = size_of(pieces_[i]);
            if (own >= size && own / 4 <= size && (best == count_ || own < size_of(pieces_[best]))) {
                best = i;
            }
        }
        if (best == count_) {
            return false;
        }
        to = take_out(best);
        return true;
    }

    void give(Piece&& piece) noexcept {
        auto const size = size_of(piece);
        if (size < least_spare_piece || size > most_bytes) {
            return free(std::move(piece));
        }
        while (count_ == pieces_.size() || bytes_ + size > most_bytes) {
            free(take_out(0));
        }
        bytes_ += size;
        pieces_[count_++] = std::move(piece);
    }

private:
    static constexpr std::size_t most_bytes = most_spare_bytes / 2; // there are two shelves

    Piece take_out(std::size_t position) noexcept {
        Piece result = std::move(pieces_[position]);
        std::move(pieces_.begin() + static_cast<std::ptrdiff_t>(position) + 1,
            pieces_.begin() + static_cast<std::ptrdiff_t>(count_), pieces_.begin() + static_cast<std::ptrdiff_t>(position));
        --count_;
        bytes_ -= size_of(result);
        return result;
    }

    std::array<Piece, 16> pieces_;
    std::size_t count_ = 0;
    std::size_t bytes_ = 0;
};

/// Memory may be given back after the thread's own objects are gone, by static ones.
constinit thread_local bool has_ended = false;

struct spare_memory {
    shelf<memory_block> blocks;
    shelf<std::vector<std::byte>> buffers;
    ~spare_memory() { has_ended = true; }
};

spare_memory& mine() {
    thread_local spare_memory memory;
    return memory;
}

bool may_keep(std::size_t size) noexcept {
    return keeps_memory && size >= least_spare_piece && !has_ended;
}

} // namespace

memory_block take_block(std::size_t size) {
    memory_block result;
    if (!may_keep(size) || !mine().blocks.take(size, result)) {
        result = {::operator new(size), size};
    }
    return result;
}

void give_block(memory_block block) noexcept {
    if (may_keep(block.size)) {
        mine().blocks.give(std::move(block));
    } else {
        free(block);
    }
}

std::vector<std::byte> take_buffer(std::size_t capacity) {
    std::vector<std::byte> result;
    if (!may_keep(capacity) || !mine().buffers.take(capacity, result)) {
        result.reserve(capacity);
    }
    result.clear();
    return result;
}

std::vector<std::byte> take_bytes(std::size_t size) {
    std::vector<std::byte> result;
    if (may_keep(size)) {
        mine().buffers.take(size, result);
    }
    result.resize(size);
    return result;
}

void give_buffer(std::vector<std::byte>&& buffer) noexcept {
    if (may_keep(buffer.capacity())) {
        mine().buffers.give(std::move(buffer));
    } else {
        free(std::move(buffer));
    }
}

} // namespace cormorant::detail
