#pragma once

/// The bytes of journals and snapshots. All numbers are little endian.
///
/// A file is a header and frames:
///
///     header   "cormrnt\n"  u32 version (1)  u32 kind (1 journal, 2 snapshot)  u64 generation  u32 checksum of the 24 bytes
///     before frame    u32 length  u32 checksum of the payload  u32 checksum of (length, checksum, generation, offset)  payload
///     u8 0xA5 payload  effects: u8 kind  name of the collection, ended by a zero  BSON document
///
/// Checksums are CRC-32C. That of a frame's head covers where the frame stands, so that a frame of another place or file is no
/// frame; the last byte tells a frame that was written to its end from one whose end is still what was on the medium before,
/// zeros.
///
/// A file that ends within a frame, or in zeros from a sector's border within a frame on, has a torn tail: a write that did not
/// come to its end, and that nobody was told of. Any other byte that does not fit is damage.

#include "effect.hpp"
#include "file.hpp"

#include <cormorant/bson/bson.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace cormorant::memory {

enum class file_kind : std::uint32_t { journal = 1, snapshot = 2 };

inline constexpr std::size_t file_header_size = 28;
/// A frame that is longer is closed when an operation has ended; one that reaches the limit, also within an operation.
inline constexpr std::size_t frame_target = 1024 * 1024;
inline constexpr std::size_t frame_limit = 16 * 1024 * 1024;

std::uint32_t crc32c(std::span<std::byte const> bytes);

/// The bytes of a file's header.
bson_buffer encode_file_header(file_kind kind, std::uint64_t generation);

/// Makes frames of effects.
class frame_encoder {
public:
    /// Frames follow each other from `offset` on.
    frame_encoder(std::uint64_t generation, std::uint64_t offset) noexcept : generation_(generation), offset_(offset) {}

    /// `ends_operation`: the next effect is of another operation.
    void add(effect const& e, bool ends_operation = true);
    /// Closes the frame that is open.
    void finish();
    /// The bytes of closed frames; they are to be written at the end of the file.
    bson_buffer const& bytes() const noexcept { return bytes_; }
    /// Forgets them.
    void clear() noexcept { bytes_.clear(); }
    /// Where the next frame will stand.
    std::uint64_t offset() const noexcept { return offset_; }

private:
    std::uint64_t generation_;
    std::uint64_t offset_;
    bson_buffer bytes_;
    /// Where the open frame begins in `bytes_`.
    std::optional<std::size_t> open_;
};

/// Reads a file of frames.
class frame_reader {
public:
    /// Reads the header. Throws `errc::bad_file` when it is none, or one of another kind, version or generation.
    frame_reader(file f, file_kind kind, std::uint64_t generation);

    /// The effects of the next frame; nothing at the end. Throws `errc::bad_file` naming file and offset for damage.
    std::optional<std::vector<effect>> next();
    /// After the end: where the good part ends.
    std::uint64_t good_size() const noexcept { return offset_; }
    /// After the end: the file goes on with a torn tail.
    bool is_torn() const noexcept { return torn_; }

private:
    [[noreturn]] void refuse(std::uint64_t offset, std::string_view reason) const;
    bool ends_in_zeros(std::uint64_t begin, std::uint64_t end);
    std::vector<effect> decode(std::span<std::byte const> payload) const;

    file file_;
    std::uint64_t generation_;
    std::uint64_t size_;
    std::uint64_t offset_ = 0;
    bool torn_ = false;
    bson_buffer buffer_;
};

} // namespace cormorant::memory
