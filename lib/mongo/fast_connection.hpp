#pragma once

/// A connection of the fast lane: one socket on the execution context of whoever uses it.

#include "mongo/call.hpp"
#include "mongo/session.hpp"
#include "mongo/wire.hpp"

#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/generic/stream_protocol.hpp>

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace cormorant::detail {

class fast_call;

/// Thread safety: used by one call at a time, on one thread at a time. Between calls nothing is outstanding on it.
class fast_connection {
public:
    using socket_type = boost::asio::basic_stream_socket<boost::asio::generic::stream_protocol, boost::asio::any_io_executor>;
    enum class written { all, some, failed };

    fast_connection(client_id id, std::uint64_t generation, server_socket from);
    fast_connection(fast_connection const&) = delete;
    fast_connection& operator=(fast_connection const&) = delete;

    /// The call that has it; null when it is idle. The lane's.
    fast_call* user = nullptr;
    /// When the last answer came on it. The lane's.
    steady_clock::time_point idle_since = steady_clock::now();
    /// Where the time went while it was made, for the first call that uses it. The lane's.
    phase_times connect_times;

    client_id id() const noexcept { return id_; }
    std::uint64_t generation() const noexcept { return generation_; }
    std::string const& address() const noexcept { return address_; }
    bool numbers_writes() const noexcept { return numbers_writes_; }
    server_session& session() noexcept { return session_; }

    /// Takes the socket off its context.
    void detach();
    /// Puts the socket on that context, unless it is on one.
    void attach(home const& where);
    /// The context that its socket is on, if any.
    boost::asio::execution_context* context() const noexcept { return context_; }
    socket_type& socket() noexcept { return *socket_; }
    /// Ends what is outstanding and makes the connection useless. Any thread, while the connection is open.
    void interrupt() noexcept;
    /// True when the server has closed it, or has sent what nobody asked for. Does not wait.
    bool is_stale() const noexcept;

    /// Begins a message and writes what the socket takes at once.
    written write(command& what, command_addition const& addition, boost::system::error_code& ec);
    /// Writes what the socket takes now.
    written write_more(boost::system::error_code& ec);
    bool has_sent() const noexcept { return sent_; }
    incoming_message& answer() noexcept { return in_; }

    /// Sends a command that the server does not answer; gives up when the socket does not take it at once. Any thread.
    void tell(std::string_view database, command what, bson_buffer const& session) noexcept;

private:
    client_id id_;
    std::uint64_t generation_;
    std::string address_;
    bool numbers_writes_;
    server_session session_;

    /// The socket's, when there is one.
    int descriptor_;
    /// Owns it until there is a socket.
    unique_descriptor unattached_;
    std::optional<socket_type> socket_;
    /// Changed by the call that has the connection, and read by a context that ends.
    std::atomic<boost::asio::execution_context*> context_ = nullptr;

    outgoing_message out_;
    incoming_message in_;
    std::int32_t last_request_ = 0;
    bool sent_ = false;
};

} // namespace cormorant::detail
