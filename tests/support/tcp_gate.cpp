#include "tcp_gate.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <algorithm>
#include <array>
#include <cstring>
#include <future>
#include <string_view>
#include <utility>

namespace cormorant::testing {

namespace asio = boost::asio;
using namespace std::chrono_literals;

namespace {

/// Whether somebody waits for the answer to the last of these requests: it is not one by which a connection is made, nor one that
/// ends sessions in the background. Small requests arrive in one piece.
bool is_waited_for(std::string_view requests) {
    // An OP_MSG: length, two ids, code, flags; of its one section kind, length of the document, type of its first element.
    constexpr std::size_t code = 12;
    constexpr std::size_t flags = 16;
    constexpr std::size_t command = flags + 4 + 1 + 4 + 1;
    constexpr char more_to_come = 2; // it is not answered
    bool waited_for = false;
    while (requests.size() > command && requests.substr(code, 2) == "\xDD\x07") { // OP_QUERY is only the first `isMaster`
        auto const name = requests.substr(command, requests.find('\0', command) - command);
        if ((requests[flags] & more_to_come) == 0)
            waited_for =
                name != "hello" && name != "isMaster" && name != "ping" && name != "killSessions" && name != "endSessions";
        std::int32_t length = 0;
        std::memcpy(&length, requests.data(), sizeof length);
        requests.remove_prefix(std::min(requests.size(), static_cast<std::size_t>(length)));
    }
    return waited_for;
}

} // namespace

struct tcp_gate::link {
    link(tcp::socket c, asio::io_context& loop) : client(std::move(c)), server(loop), timer_up(loop), timer_down(loop) {}
    void close() {
        boost::system::error_code ignored;
        client.close(ignored);
        server.close(ignored);
        timer_up.cancel();
        timer_down.cancel();
    }
    tcp::socket client;
    tcp::socket server;
    /// The answer to the last request.
    bool waited_for = false;
    asio::steady_timer timer_up;
    asio::steady_timer timer_down;
};

tcp_gate::tcp_gate(std::uint16_t target) : target_(target) {
    tcp::endpoint const where(asio::ip::address_v4::loopback(), 0);
    acceptor_.open(where.protocol());
    acceptor_.bind(where);
    acceptor_.listen();
    port_ = acceptor_.local_endpoint().port();
    asio::co_spawn(loop_, accept(), asio::detached);
    thread_ = std::thread([this] { loop_.run(); });
}

tcp_gate::~tcp_gate() {
    asio::post(loop_, [this] {
        boost::system::error_code ignored;
        acceptor_.close(ignored);
        for (auto const& weak : links_)
            if (auto const l = weak.lock())
                l->close();
    });
    thread_.join();
}

void tcp_gate::set(passage p) {
    std::promise<void> done;
    asio::post(loop_, [&] {
        passage_ = p;
        done.set_value();
    });
    done.get_future().wait();
}

void tcp_gate::for_each_link(std::function<void(link&)> f) {
    std::promise<void> done;
    asio::post(loop_, [&] {
        for (auto const& weak : std::exchange(links_, {}))
            if (auto const l = weak.lock()) {
                f(*l);
                links_.push_back(l);
            }
        done.set_value();
    });
    done.get_future().wait();
}

void tcp_gate::cut() {
    for_each_link([](link& l) { l.close(); });
}

void tcp_gate::reset() {
    for_each_link([](link& l) {
        boost::system::error_code ignored;
        l.client.set_option(asio::socket_base::linger(true, 0), ignored);
        l.close();
    });
}

void tcp_gate::half_close() {
    for_each_link([](link& l) {
        boost::system::error_code ignored;
        l.client.shutdown(tcp::socket::shutdown_send, ignored);
    });
}

asio::awaitable<void> tcp_gate::accept() {
    for (;;) {
        boost::system::error_code ec;
        tcp::socket client(loop_);
        co_await acceptor_.async_accept(client, asio::redirect_error(asio::use_awaitable, ec));
        if (ec)
            co_return;
        ++accepted_;
        if (passage_.refused)
            continue; // its end closes it
        auto const l = std::make_shared<link>(std::move(client), loop_);
        links_.push_back(l);
        asio::co_spawn(loop_, serve(l), asio::detached);
    }
}

asio::awaitable<void> tcp_gate::serve(std::shared_ptr<link> l) {
    ++open_;
    boost::system::error_code ec;
    tcp::endpoint const where(asio::ip::address_v4::loopback(), target_);
    co_await l->server.async_connect(where, asio::redirect_error(asio::use_awaitable, ec));
    if (ec) {
        l->close();
        --open_;
        co_return;
    }
    l->client.set_option(tcp::no_delay(true), ec);
    l->server.set_option(tcp::no_delay(true), ec);
    asio::co_spawn(loop_, pump(l, true), asio::detached);
    co_await pump(l, false);
    --open_;
}

asio::awaitable<void> tcp_gate::pump(std::shared_ptr<link> l, bool to_server) {
    auto& from = to_server ? l->client : l->server;
    auto& to = to_server ? l->server : l->client;
    auto& timer = to_server ? l->timer_up : l->timer_down;
    std::array<char, 16 * 1024> buffer;
    boost::system::error_code ec;
    for (;;) {
        auto const size = co_await from.async_read_some(asio::buffer(buffer), asio::redirect_error(asio::use_awaitable, ec));
        if (ec)
            break;
        if (to_server)
            l->waited_for = is_waited_for(std::string_view(buffer.data(), size));
        else if (l->waited_for && answers_to_cut_ > 0 && --answers_to_skip_ < 0) {
            --answers_to_cut_;
            break;
        }
        if (passage_.delay > 0ms) {
            timer.expires_after(passage_.delay);
            co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ec));
        }
        for (std::size_t sent = 0; sent < size && from.is_open() && to.is_open();) {
            while (passage_.swallowed && from.is_open() && to.is_open()) {
                timer.expires_after(5ms);
                co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ec));
            }
            auto const part = passage_.drip == 0 ? size - sent : std::min(passage_.drip, size - sent);
            if (passage_.drip != 0) {
                timer.expires_after(1ms);
                co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ec));
            }
            auto const piece = asio::buffer(buffer.data() + sent, part);
            co_await asio::async_write(to, piece, asio::redirect_error(asio::use_awaitable, ec));
            if (ec)
                break;
            sent += part;
        }
        if (ec || !from.is_open() || !to.is_open())
            break;
    }
    l->close();
}

} // namespace cormorant::testing
