#pragma once

/// Large pieces of memory that were given back and wait for their next use. Memory that comes fresh from the system costs a page
/// fault for every 4 KB, which is more than it costs to fill it with documents.
///
/// Each thread keeps pieces of its own, up to `most_spare_bytes`; beyond that, and when the thread ends, they go back to the
/// heap. Thread safety: any thread; no locks.

#include <cstddef>
#include <vector>

namespace cormorant::detail {

inline constexpr std::size_t least_spare_piece = 32 * 1024;
inline constexpr std::size_t most_spare_bytes = 8 * 1024 * 1024;

struct memory_block {
    void* data = nullptr;
    std::size_t size = 0;
};

/// At least `size` bytes, for `::operator delete` or `give_block`.
memory_block take_block(std::size_t size);
void give_block(memory_block block) noexcept;

/// An empty buffer with room for `capacity` bytes at least.
std::vector<std::byte> take_buffer(std::size_t capacity);
/// A buffer of `size` bytes that may be anything: those of memory that was used before are not set to zero once more.
std::vector<std::byte> take_bytes(std::size_t size);
void give_buffer(std::vector<std::byte>&& buffer) noexcept;

} // namespace cormorant::detail
