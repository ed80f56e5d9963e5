#include "mock_server.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <optional>
#include <utility>

namespace cormorant::testing {

namespace asio = boost::asio;

namespace {

enum opcode : std::int32_t { op_reply = 1, op_query = 2004, op_msg = 2013 };

struct header {
    std::int32_t length;
    std::int32_t request;
    std::int32_t response_to;
    std::int32_t code;
};

template <class T>
void append(std::vector<std::byte>& out, T v) {
    auto const* bytes = reinterpret_cast<std::byte const*>(&v);
    out.insert(out.end(), bytes, bytes + sizeof v);
}

std::vector<std::byte> frame(header const& question, document const& reply) {
    bson_buffer const body = encode(reply);
    std::vector<std::byte> out;
    append(out, std::int32_t(0));
    append(out, std::int32_t(1));
    append(out, question.request);
    append(out, question.code == op_query ? std::int32_t(op_reply) : std::int32_t(op_msg));
    if (question.code == op_query) {
        append(out, std::int32_t(8)); // await capable
        append(out, std::int64_t(0)); // cursor
        append(out, std::int32_t(0)); // first document
        append(out, std::int32_t(1)); // count
    } else {
        append(out, std::int32_t(0)); // flags
        append(out, std::byte(0));    // a section that is one document
    }
    out.insert(out.end(), body.begin(), body.end());
    auto const length = static_cast<std::int32_t>(out.size());
    std::memcpy(out.data(), &length, sizeof length);
    return out;
}

/// A command, with its document sequences as members, which they are to the server as well.
document command_in(header const& h, std::vector<std::byte> const& body) {
    if (h.code == op_query) {
        auto const name = std::strlen(reinterpret_cast<char const*>(body.data() + 4));
        return bson_view(std::span(body).subspan(4 + name + 1 + 8)).to_document();
    }
    auto const whole = bson_view(std::span(body).subspan(5));
    document result = whole.to_document();
    auto rest = std::span<std::byte const>(body).subspan(5 + whole.size_in_bytes());
    while (!rest.empty()) {
        std::int32_t size = 0;
        std::memcpy(&size, rest.data() + 1, sizeof size);
        auto sequence = rest.subspan(5, static_cast<std::size_t>(size) - 4);
        rest = rest.subspan(1 + static_cast<std::size_t>(size));
        std::string const name(reinterpret_cast<char const*>(sequence.data()));
        array list;
        for (sequence = sequence.subspan(name.size() + 1); !sequence.empty();) {
            bson_view const one(sequence);
            list.push_back(one.to_document());
            sequence = sequence.subspan(one.size_in_bytes());
        }
        result.set(name, std::move(list));
    }
    return result;
}

document sound(document reply) {
    if (!reply.contains("ok"))
        reply.append("ok", 1.0);
    return reply;
}

bool wants_answer(header const& h, std::vector<std::byte> const& body) {
    constexpr auto more_to_come = std::byte(2);
    return h.code == op_query || (body.at(0) & more_to_come) == std::byte(0);
}

} // namespace

struct mock_server::connection {
    using socket = asio::generic::stream_protocol::socket;
    connection(socket s, asio::ssl::context* tls) : plain(std::move(s)) {
        if (tls != nullptr)
            secure.emplace(plain, *tls);
    }
    void without_delay() {
        boost::system::error_code ignored; // a socket of the file system has no such option
        plain.set_option(asio::ip::tcp::no_delay(true), ignored);
    }
    asio::awaitable<void> handshake() {
        if (secure)
            co_await secure->async_handshake(asio::ssl::stream_base::server, asio::use_awaitable);
    }
    asio::awaitable<void> read(asio::mutable_buffer to) {
        if (secure)
            co_await asio::async_read(*secure, to, asio::use_awaitable);
        else
            co_await asio::async_read(plain, to, asio::use_awaitable);
    }
    asio::awaitable<void> write(std::vector<std::byte> bytes) {
        if (secure)
            co_await asio::async_write(*secure, asio::buffer(bytes), asio::use_awaitable);
        else
            co_await asio::async_write(plain, asio::buffer(bytes), asio::use_awaitable);
    }

    socket plain;
    std::optional<asio::ssl::stream<socket&>> secure;
};

mock_server::mock_server(std::shared_ptr<asio::ssl::context> tls, std::string path)
    : tls_(std::move(tls)), path_(std::move(path)) {
    if (path_.empty()) {
        auto const acceptor =
            std::make_shared<asio::ip::tcp::acceptor>(loop_, asio::ip::tcp::endpoint(asio::ip::address_v4::loopback(), 0));
        port_ = acceptor->local_endpoint().port();
        asio::co_spawn(loop_, accept(*acceptor), [acceptor](std::exception_ptr) {});
    } else {
        auto const acceptor =
            std::make_shared<asio::local::stream_protocol::acceptor>(loop_, asio::local::stream_protocol::endpoint(path_));
        asio::co_spawn(loop_, accept(*acceptor), [acceptor](std::exception_ptr) {});
    }
    thread_ = std::thread([this] { loop_.run(); });
}

mock_server::~mock_server() {
    loop_.stop();
    thread_.join();
}

std::string mock_server::address() const {
    return fmt::format("127.0.0.1:{}", port_);
}

std::string mock_server::uri(std::string_view options) const {
    std::string host = address();
    if (!path_.empty()) {
        host.clear();
        for (char const c : path_)
            host += c == '/' ? "%2F" : std::string(1, c);
    }
    return fmt::format("mongodb://{}/mock?{}", host, options);
}

void mock_server::on_command(command_handler handler) {
    std::lock_guard const lock(mutex_);
    on_command_ = std::move(handler);
}

void mock_server::on_hello(hello_handler handler) {
    std::lock_guard const lock(mutex_);
    on_hello_ = std::move(handler);
}

void mock_server::on_farewell(reaction what) {
    std::lock_guard const lock(mutex_);
    on_farewell_ = std::move(what);
}

document mock_server::hello() const {
    return doc("ismaster", true, "isWritablePrimary", true, "helloOk", true, "maxBsonObjectSize", 16 * 1024 * 1024,
        "maxMessageSizeBytes", 48'000'000, "maxWriteBatchSize", 100'000, "localTime", now(), "logicalSessionTimeoutMinutes", 30,
        "minWireVersion", 0, "maxWireVersion", 17, "readOnly", false, "ok", 1.0);
}

document mock_server::hello_of_set(std::string_view set, bool primary, std::vector<std::string> const& hosts) const {
    auto d = hello();
    d.set("ismaster", primary).set("isWritablePrimary", primary).set("secondary", !primary);
    d.set("setName", set).set("setVersion", 1).set("me", address());
    d.set("hosts", hosts);
    if (primary)
        d.set("primary", address()).set("electionId", object_id("7fffffff0000000000000001"));
    return d;
}

std::vector<document> mock_server::commands() const {
    std::lock_guard const lock(mutex_);
    return commands_;
}

std::vector<value> mock_server::ended_sessions() const {
    std::lock_guard const lock(mutex_);
    return ended_sessions_;
}

std::vector<value> mock_server::killed_sessions() const {
    std::lock_guard const lock(mutex_);
    return killed_sessions_;
}

std::vector<std::string> mock_server::names() const {
    std::vector<std::string> result;
    for (auto const& c : commands())
        result.emplace_back(c.begin()->key());
    return result;
}

void mock_server::await_connections(int count) const {
    while (open_ != count)
        std::this_thread::yield();
}

void mock_server::drop_all() {
    asio::post(loop_, [this] {
        for (auto const& weak : connections_)
            if (auto const c = weak.lock()) {
                boost::system::error_code ignored;
                c->plain.close(ignored);
            }
    });
}

document mock_server::cursor_reply(array batch, std::int64_t id) {
    return doc("cursor", doc("firstBatch", std::move(batch), "id", id, "ns", "mock.c"));
}

document mock_server::next_batch(array batch, std::int64_t id) {
    return doc("cursor", doc("nextBatch", std::move(batch), "id", id, "ns", "mock.c"));
}

reaction mock_server::react(std::string const& name, document const& command) {
    // The handlers may change the handlers, so they are called without the lock.
    if (name == "isMaster" || name == "ismaster" || name == "hello") {
        auto const handler = [this] {
            std::lock_guard const lock(mutex_);
            return on_hello_;
        }();
        return handler ? handler() : reaction(answer_with{hello()});
    }
    if (name == "endSessions" || name == "killSessions") {
        std::lock_guard const lock(mutex_);
        for (value const& session : command.at(name).as_array())
            (name == "endSessions" ? ended_sessions_ : killed_sessions_).push_back(session);
        return on_farewell_;
    }
    if (name == "ping")
        return answer_with{document()};
    auto const handler = [&] {
        std::lock_guard const lock(mutex_);
        commands_.push_back(command);
        return on_command_;
    }();
    return handler ? handler(command) : reaction(answer_with{cursor_reply(arr(doc("_id", 1)))});
}

template <class Acceptor>
asio::awaitable<void> mock_server::accept(Acceptor& acceptor) {
    for (;;) {
        auto socket = co_await acceptor.async_accept(asio::use_awaitable);
        ++accepted_;
        ++open_;
        auto const c = std::make_shared<connection>(connection::socket(std::move(socket)), tls_.get());
        connections_.push_back(c);
        c->without_delay();
        asio::co_spawn(loop_, serve(c), [this, c](std::exception_ptr) {
            boost::system::error_code ignored;
            c->plain.close(ignored);
            --open_;
        });
    }
}

asio::awaitable<void> mock_server::serve(std::shared_ptr<connection> c) {
    co_await c->handshake();
    for (;;) {
        header h;
        co_await c->read(asio::buffer(&h, sizeof h));
        std::vector<std::byte> body(static_cast<std::size_t>(h.length) - sizeof h);
        co_await c->read(asio::buffer(body));
        auto const command = command_in(h, body);
        auto const what = react(std::string(command.begin()->key()), command);
        if (std::holds_alternative<drop_connection>(what))
            co_return;
        if (!wants_answer(h, body))
            continue;
        if (auto const* a = std::get_if<answer_with>(&what)) {
            auto bytes = frame(h, sound(a->reply));
            co_await c->write(std::move(bytes));
        } else if (auto const* two = std::get_if<answer_twice>(&what)) {
            auto bytes = frame(h, sound(two->reply));
            bytes.insert(bytes.end(), bytes.begin(), bytes.end());
            co_await c->write(std::move(bytes));
        } else if (auto const* slow = std::get_if<answer_in_pieces>(&what)) {
            auto const bytes = frame(h, sound(slow->reply));
            for (std::size_t i = 0; i < bytes.size(); i += slow->size) {
                auto const last = std::min(bytes.size(), i + slow->size);
                std::vector<std::byte> piece(bytes.data() + i, bytes.data() + last);
                co_await c->write(std::move(piece));
            }
        } else if (auto const* raw = std::get_if<send_bytes>(&what)) {
            auto bytes = raw->bytes;
            co_await c->write(std::move(bytes));
        }
    }
}

} // namespace cormorant::testing
