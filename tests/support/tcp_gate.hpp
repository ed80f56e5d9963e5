#pragma once

/// A gate between a client and a server: bytes go through it, and it does to them what networks do.

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace cormorant::testing {

/// What happens to bytes on their way.
struct passage {
    /// Each chunk arrives so much later.
    std::chrono::milliseconds delay{0};
    /// Not 0: so many bytes at a time, a millisecond between them.
    std::size_t drip = 0;
    /// Nothing arrives, until that changes.
    bool swallowed = false;
    /// New connections are closed at once.
    bool refused = false;
};

/// Listens on a port of the loopback and passes everything on to another one. Runs on a thread of its own.
/// Thread safety: all members may be called from any thread.
class tcp_gate {
public:
    explicit tcp_gate(std::uint16_t target);
    tcp_gate(tcp_gate const&) = delete;
    tcp_gate& operator=(tcp_gate const&) = delete;
    ~tcp_gate();

    std::uint16_t port() const noexcept { return port_; }
    /// For all connections, those that are open as well.
    void set(passage p);
    /// Closes all connections.
    void cut();
    /// Ends all connections with RST.
    void reset();
    /// The client reads the end of its connections, and may still write.
    void half_close();
    /// The next answers of the server are not passed on: their connections are closed instead. Those by which connections are
    /// made, and sessions ended, do not count, nor do the first `skip`.
    void cut_next_answer(int times = 1, int skip = 0) {
        answers_to_skip_ = skip;
        answers_to_cut_ = times;
    }
    int open_connections() const noexcept { return open_; }
    int accepted_connections() const noexcept { return accepted_; }

private:
    using tcp = boost::asio::ip::tcp;
    struct link;
    boost::asio::awaitable<void> accept();
    boost::asio::awaitable<void> serve(std::shared_ptr<link> l);
    boost::asio::awaitable<void> pump(std::shared_ptr<link> l, bool to_server);
    void for_each_link(std::function<void(link&)> f);

    boost::asio::io_context loop_{1};
    tcp::acceptor acceptor_{loop_};
    std::uint16_t target_;
    std::uint16_t port_ = 0;
    passage passage_; // on the thread
    std::vector<std::weak_ptr<link>> links_;
    std::atomic<int> answers_to_cut_ = 0;
    std::atomic<int> answers_to_skip_ = 0;
    std::atomic<int> open_ = 0;
    std::atomic<int> accepted_ = 0;
    std::thread thread_;
};

} // namespace cormorant::testing
