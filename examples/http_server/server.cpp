#include "server.hpp"

#include "handlers.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/write.hpp>

#include <chrono>
#include <list>

namespace atlas {
namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::ip::tcp;

namespace {

constexpr auto idle_time = std::chrono::seconds(30);
constexpr std::uint64_t largest_body = 64 * 1024;
constexpr auto quiet = asio::as_tuple(asio::use_awaitable);

struct session {
    explicit session(tcp::socket s) : stream(std::move(s)) {}
    beast::tcp_stream stream;
    bool reading = false;
};

} // namespace

struct server::state : std::enable_shared_from_this<server::state> {
    state(asio::io_context& loop, models m, unsigned short port)
        : data(std::move(m)), acceptor(loop, tcp::endpoint(asio::ip::address_v4::loopback(), port)), ended(loop) {
        ended.expires_at(std::chrono::steady_clock::time_point::max());
    }

    models data;
    tcp::acceptor acceptor;
    asio::steady_timer ended; // cancelled whenever a session ends
    std::list<session> sessions;
    bool stopping = false;

    asio::awaitable<void> talk(std::list<session>::iterator s) {
        auto const self = shared_from_this();
        beast::flat_buffer buffer;
        bool keep = true;
        while (keep && !stopping) {
            http::request_parser<http::string_body> parser;
            parser.body_limit(largest_body);
            s->stream.expires_after(idle_time);
            s->reading = true;
            auto const [read_error, n] = co_await http::async_read(s->stream, buffer, parser, quiet);
            s->reading = false;
            if (read_error)
                break;
            keep = parser.get().keep_alive();
            response answer = co_await handle(data, parser.release());
            answer.keep_alive(keep && !stopping);
            s->stream.expires_after(idle_time);
            auto const [write_error, written] = co_await http::async_write(s->stream, answer, quiet);
            if (write_error)
                break;
        }
        beast::error_code ignored;
        s->stream.socket().shutdown(tcp::socket::shutdown_both, ignored);
        sessions.erase(s);
        ended.cancel();
    }
};

server::server(asio::io_context& loop, models m, unsigned short port)
    : state_(std::make_shared<state>(loop, std::move(m), port)) {}

server::~server() = default;

unsigned short server::port() const { return state_->acceptor.local_endpoint().port(); }

asio::awaitable<void> server::serve() {
    auto const s = state_;
    while (!s->stopping) {
        auto [error, socket] = co_await s->acceptor.async_accept(quiet);
        if (error)
            continue;
        socket.set_option(tcp::no_delay(true));
        s->sessions.emplace_back(std::move(socket));
        asio::co_spawn(s->acceptor.get_executor(), s->talk(std::prev(s->sessions.end())), asio::detached);
    }
    while (!s->sessions.empty())
        co_await s->ended.async_wait(quiet);
}

void server::stop() {
    state_->stopping = true;
    state_->acceptor.close();
    for (session& s : state_->sessions)
        if (s.reading)
            s.stream.cancel();
}

} // namespace atlas
