#pragma once

/// A server that speaks as much of MongoDB's protocol as a client needs, and misbehaves as told.

#include <cormorant/bson/bson.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ssl/context.hpp>

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <variant>
#include <vector>

namespace cormorant::testing {

/// Answers with this document; `ok: 1` is added when it has no `ok`.
struct answer_with {
    document reply;
};
/// Closes the connection without an answer.
struct drop_connection {};
/// Never answers.
struct hang {};
/// Sends these bytes as they are.
struct send_bytes {
    std::vector<std::byte> bytes;
};
/// Answers with this document, some bytes at a time, each sent by itself.
struct answer_in_pieces {
    document reply;
    std::size_t size = 1;
};
/// Answers twice, with one write.
struct answer_twice {
    document reply;
};
using reaction = std::variant<answer_with, drop_connection, hang, send_bytes, answer_in_pieces, answer_twice>;

/// Runs on a thread of its own until it is destroyed. Hello is answered by `hello`, everything else by `on_command`.
/// Thread safety: all members may be called from any thread.
class mock_server {
public:
    using command_handler = std::function<reaction(document const& command)>;
    using hello_handler = std::function<reaction()>;

    /// On a free port of the loopback; with TLS when there is a context; on a socket of the file system when there is a path.
    explicit mock_server(std::shared_ptr<boost::asio::ssl::context> tls = nullptr, std::string path = std::string());
    ~mock_server();

    std::uint16_t port() const noexcept { return port_; }
    /// `127.0.0.1:port`
    std::string address() const;
    std::string uri(std::string_view options = {}) const;

    void on_command(command_handler handler);
    void on_hello(hello_handler handler);
    /// Instead of an answer to endSessions and killSessions.
    void on_farewell(reaction what);
    /// What a standalone server (or, with a set, one of its members) says of itself.
    document hello() const;
    document hello_of_set(std::string_view set, bool primary, std::vector<std::string> const& hosts) const;

    /// All commands so far but hello, ping, endSessions and killSessions; their names.
    std::vector<document> commands() const;
    std::vector<std::string> names() const;
    /// The sessions that it was told to end.
    std::vector<value> ended_sessions() const;
    /// The sessions whose work it was told to end.
    std::vector<value> killed_sessions() const;
    int open_connections() const noexcept { return open_; }
    int accepted_connections() const noexcept { return accepted_; }
    /// Waits until there are this many.
    void await_connections(int count) const;
    /// Closes every connection from the server's side.
    void drop_all();

    /// `{cursor: {firstBatch: [...], id, ns}}`
    static document cursor_reply(array batch, std::int64_t id = 0);
    static document next_batch(array batch, std::int64_t id);

private:
    struct connection;
    template <class Acceptor>
    boost::asio::awaitable<void> accept(Acceptor& acceptor);
    boost::asio::awaitable<void> serve(std::shared_ptr<connection> c);
    reaction react(std::string const& name, document const& command);

    boost::asio::io_context loop_{1};
    std::shared_ptr<boost::asio::ssl::context> tls_;
    std::string path_;
    std::uint16_t port_ = 0;
    mutable std::mutex mutex_;
    command_handler on_command_;
    hello_handler on_hello_;
    reaction on_farewell_ = answer_with{document()};
    std::vector<document> commands_;
    std::vector<value> ended_sessions_;
    std::vector<value> killed_sessions_;
    std::vector<std::weak_ptr<connection>> connections_;
    std::atomic<int> open_ = 0;
    std::atomic<int> accepted_ = 0;
    std::thread thread_;
};

} // namespace cormorant::testing
