#pragma once

/// Messages of the wire protocol: commands as OP_MSG, and the answers to them.
/// Source: https://www.mongodb.com/docs/manual/reference/mongodb-wire-protocol/

#include "mongo/client.hpp"

#include <boost/asio/buffer.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

namespace cormorant::detail {

/// The server's own limit (`maxMessageSizeBytes`), the same for all versions that are supported.
inline constexpr std::size_t max_message_size = 48'000'000;

/// What is sent with a command beside what the command says itself.
struct command_addition {
    std::string_view database;
    /// `{id: UUID}`
    std::span<std::byte const> session;
    std::optional<std::int64_t> transaction_number;
    /// The number is that of a transaction of several operations; which begins with this one.
    bool in_transaction = false;
    bool starts_transaction = false;
    std::span<std::byte const> cluster_time;
    std::optional<std::chrono::milliseconds> max_time;
    std::span<std::byte const> read_concern;
    std::span<std::byte const> write_concern;
};

/// A command on its way out: parts that are written one after the other, none of them a copy of the command.
/// Thread safety: as a standard container.
class outgoing_message {
public:
    enum class answered { yes, no };

    /// The command has to stay until the message has left; its length is changed in place. Throws `errc::limit_exceeded`.
    void begin(std::int32_t request_number, command& what, command_addition const& addition, answered how);
    /// What is left to be written; empty parts at the end.
    std::array<boost::asio::const_buffer, 4> const& parts() const noexcept { return parts_; }
    std::size_t size() const noexcept { return size_; }
    /// The first bytes have been written.
    void advance(std::size_t count) noexcept;

private:
    static constexpr std::size_t head_size = 16 + 4 + 1;

    std::array<std::byte, head_size> head_;
    bson_buffer tail_;
    std::array<boost::asio::const_buffer, 4> parts_;
    std::size_t size_ = 0;
};

/// An answer that arrives in pieces. Small ones are put together in a buffer that stays, large ones where they are kept.
/// Thread safety: as a standard container.
class incoming_message {
public:
    enum class progress { unfinished, complete, malformed };

    incoming_message();

    void begin(std::int32_t request_number) noexcept;
    /// Where the next bytes are to go.
    boost::asio::mutable_buffer space() noexcept;
    /// That many bytes have been put there. Whatever they are, nothing outside of the buffers is touched.
    progress take(std::size_t count);
    /// The document of a complete answer.
    bson_buffer body();

private:
    bool has_sound_header() const noexcept;
    bool has_sound_body() const noexcept;
    void begin_large();

    std::unique_ptr<std::byte[]> buffer_;
    std::size_t used_ = 0;
    std::int32_t request_number_ = 0;
    /// Of the whole message; 0: not known yet.
    std::size_t size_ = 0;
    /// The body of a message that is longer than the buffer.
    bson_buffer large_;
    std::size_t large_used_ = 0;
    bool is_large_ = false;
};

} // namespace cormorant::detail
