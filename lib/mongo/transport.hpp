#pragma once

/// One connection to one server: a socket, perhaps with TLS, read ahead of its reader.

#include "mongo/lane.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>

#include <array>
#include <atomic>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace cormorant::detail {

/// How connections are secured.
struct tls_settings {
    std::shared_ptr<boost::asio::ssl::context> context;
    bool verify_host = true;
};

/// Owns a file descriptor. Thread safety: as a standard container.
class unique_descriptor {
public:
    unique_descriptor() noexcept = default;
    explicit unique_descriptor(int descriptor) noexcept : descriptor_(descriptor) {}
    unique_descriptor(unique_descriptor&& other) noexcept : descriptor_(other.release()) {}
    unique_descriptor& operator=(unique_descriptor&& other) noexcept {
        unique_descriptor(std::move(other)).swap(*this);
        return *this;
    }
    ~unique_descriptor();

    explicit operator bool() const noexcept { return descriptor_ >= 0; }
    int get() const noexcept { return descriptor_; }
    int release() noexcept { return std::exchange(descriptor_, -1); }
    void swap(unique_descriptor& other) noexcept { std::swap(descriptor_, other.descriptor_); }

private:
    int descriptor_ = -1;
};

/// Where a server is.
struct endpoint {
    /// A host name, an address or, when `port` is 0, the path of a UNIX domain socket.
    std::string host;
    std::uint16_t port = 0;
};

/// Name lookups that have begun and not ended; they cannot be interrupted.
using lookup_count = std::atomic<int>;

/// A connection that is used by one fiber. Every blocking call suspends that fiber in its lane.
///
/// While nothing is asked of it, one read is outstanding: so the end of the connection is seen when it happens and not when the
/// next command is written. Thread safety: the driver thread only. Handlers of its operations keep it alive; `close` ends them.
class transport : public std::enable_shared_from_this<transport> {
public:
    transport(std::shared_ptr<lane> where, std::shared_ptr<lookup_count> lookups);

    /// Looks the host up, connects and makes the TLS handshake. The error names host and reason.
    struct failure {
        errc code = errc();
        std::string message;
    };
    failure connect(endpoint const& where, tls_settings const* tls, steady_clock::time_point expiry);

    /// Writes everything or fails; answers the number of bytes written.
    std::size_t write(
        std::span<boost::asio::const_buffer const> buffers, steady_clock::time_point expiry, boost::system::error_code& ec);
    /// Reads at least `minimum` bytes (one when 0) and at most what `out` holds. 0 and no error: the peer closed.
    std::size_t read(
        std::span<std::byte> out, std::size_t minimum, steady_clock::time_point expiry, boost::system::error_code& ec);

    /// True when `read` would answer at once.
    bool readable() const noexcept { return begin_ != end_ || ended_; }
    bool open() const noexcept { return socket_.is_open() && !ended_; }
    void close() noexcept;
    /// Gives the socket away, unless it is broken, secured or has bytes that nobody has read: it is closed then.
    unique_descriptor release();

private:
    using protocol = boost::asio::generic::stream_protocol;
    using resolved = std::vector<protocol::endpoint>;
    struct completion {
        bool done = false;
        boost::system::error_code ec;
        std::size_t bytes = 0;
    };

    failure resolve(endpoint const& where, resolved& found, steady_clock::time_point expiry);
    failure connect_to(resolved const& found, endpoint const& where, steady_clock::time_point expiry);
    failure handshake(endpoint const& where, tls_settings const& tls, steady_clock::time_point expiry);
    /// Waits for an operation on the socket; ends it by closing the socket when time runs out.
    boost::system::error_code await(completion& operation, steady_clock::time_point expiry);
    template <class Start>
    boost::system::error_code perform(completion& operation, steady_clock::time_point expiry, Start start);
    void read_ahead();
    std::size_t take(std::span<std::byte> out) noexcept;

    std::shared_ptr<lane> lane_;
    std::shared_ptr<lookup_count> lookups_;
    protocol::socket socket_;
    std::optional<boost::asio::ssl::stream<protocol::socket&>> tls_;

    std::array<std::byte, 32 * 1024> buffer_;
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
    bool reading_ = false;
    bool ended_ = false;
    boost::system::error_code end_reason_;
};

} // namespace cormorant::detail
