#include "mongo/transport.hpp"

#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/write.hpp>

#include <fmt/format.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <utility>

namespace cormorant::detail {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

std::string name_of(endpoint const& where) {
    return where.port == 0 ? where.host : fmt::format("{}:{}", where.host, where.port);
}

transport::failure failed(errc code, endpoint const& where, error_code ec) {
    auto const reason = ec == asio::error::timed_out ? std::string("timed out") : ec.message();
    return transport::failure{code, fmt::format("{}: {}", name_of(where), reason)};
}

// The reason behind "certificate verify failed", when there is one.
std::string handshake_reason(SSL* ssl, error_code ec) {
    auto const verdict = SSL_get_verify_result(ssl);
    return verdict == X509_V_OK ? ec.message() : std::string(X509_verify_cert_error_string(verdict));
}

} // namespace

unique_descriptor::~unique_descriptor() {
    if (descriptor_ >= 0)
        ::close(descriptor_);
}

transport::transport(std::shared_ptr<lane> where, std::shared_ptr<lookup_count> lookups)
    : lane_(std::move(where)), lookups_(std::move(lookups)), socket_(lane_->context()) {}

error_code transport::await(completion& operation, steady_clock::time_point expiry) {
    auto const why = lane_->wait([&] { return operation.done; }, expiry);
    if (why == wake::ready)
        return operation.ec;
    close();
    lane_->wait_out([&] { return operation.done; });
    return why == wake::timed_out ? asio::error::timed_out : asio::error::operation_aborted;
}

// `start` gets the handler of an operation whose memory is the caller's: it is over when this returns.
template <class Start>
error_code transport::perform(completion& operation, steady_clock::time_point expiry, Start start) {
    if (lane_->interrupted())
        return asio::error::operation_aborted;
    start([self = shared_from_this(), &operation](error_code ec, std::size_t bytes = 0) {
        operation.ec = ec;
        operation.bytes = bytes;
        operation.done = true;
        self->lane_->notify();
    });
    return await(operation, expiry);
}

transport::failure transport::resolve(endpoint const& where, resolved& found, steady_clock::time_point expiry) {
    if (where.port == 0) {
        found.emplace_back(asio::local::stream_protocol::endpoint(where.host));
        return {};
    }
    error_code ec;
    if (auto const address = asio::ip::make_address(where.host, ec); !ec) {
        found.emplace_back(asio::ip::tcp::endpoint(address, where.port));
        return {};
    }
    lane_->enter(phase::resolve);
    // A lookup cannot be interrupted: it owns what it needs, and nobody waits for a late answer.
    struct lookup {
        explicit lookup(asio::io_context& context) : resolver(context) {}
        asio::ip::tcp::resolver resolver;
        bool done = false;
        error_code ec;
        resolved found;
    };
    auto const state = std::make_shared<lookup>(lane_->context());
    ++*lookups_;
    state->resolver.async_resolve(where.host, std::to_string(where.port), asio::ip::resolver_base::numeric_service,
        [state, count = lookups_, lane = lane_](error_code why, asio::ip::tcp::resolver::results_type const& results) {
            --*count;
            state->ec = why;
            for (auto const& entry : results)
                state->found.emplace_back(entry.endpoint());
            state->done = true;
            lane->notify();
        });
    switch (lane_->wait([&] { return state->done; }, expiry)) {
    case wake::ready:
        break;
    case wake::timed_out:
        return failed(errc::connect, where, asio::error::timed_out);
    case wake::interrupted:
        return failed(errc::connect, where, asio::error::operation_aborted);
    }
    if (state->ec)
        return failed(errc::connect, where, state->ec);
    found = std::move(state->found);
    return {};
}

transport::failure transport::connect_to(resolved const& found, endpoint const& where, steady_clock::time_point expiry) {
    lane_->enter(phase::connect);
    error_code ec = asio::error::host_not_found;
    for (auto const& address : found) {
        error_code ignored;
        socket_.close(ignored);
        completion operation;
        ec = perform(operation, expiry, [&](auto handler) { socket_.async_connect(address, std::move(handler)); });
        if (!ec || ec == asio::error::timed_out || ec == asio::error::operation_aborted)
            break;
    }
    if (ec)
        return failed(errc::connect, where, ec);
    if (where.port != 0)
        socket_.set_option(asio::ip::tcp::no_delay(true), ec);
    return {};
}

transport::failure transport::handshake(endpoint const& where, tls_settings const& tls, steady_clock::time_point expiry) {
    lane_->enter(phase::tls);
    tls_.emplace(socket_, *tls.context);
    error_code ec;
    asio::ip::make_address(where.host, ec);
    if (ec) // a name: names only may be sent as SNI (RFC 6066, section 3)
        SSL_set_tlsext_host_name(tls_->native_handle(), where.host.c_str());
    if (tls.verify_host)
        tls_->set_verify_callback(asio::ssl::host_name_verification(where.host), ec);
    completion operation;
    ec = perform(operation, expiry, [&](auto handler) {
        tls_->async_handshake(asio::ssl::stream_base::client, [h = std::move(handler)](error_code why) mutable { h(why); });
    });
    if (!ec)
        return {};
    if (ec == asio::error::timed_out || ec == asio::error::operation_aborted)
        return failed(errc::tls, where, ec);
    auto reason = handshake_reason(tls_->native_handle(), ec);
    return failure{errc::tls, fmt::format("{}: TLS handshake: {}", name_of(where), reason)};
}

transport::failure transport::connect(endpoint const& where, tls_settings const* tls, steady_clock::time_point expiry) {
    resolved found;
    auto result = resolve(where, found, expiry);
    if (result.code == errc())
        result = connect_to(found, where, expiry);
    if (result.code == errc() && tls != nullptr)
        result = handshake(where, *tls, expiry);
    if (result.code != errc()) {
        close();
        return result;
    }
    read_ahead();
    return {};
}

std::size_t transport::write(std::span<asio::const_buffer const> buffers, steady_clock::time_point expiry, error_code& ec) {
    if (ended_) {
        ec = end_reason_;
        return 0;
    }
    completion operation;
    ec = perform(operation, expiry, [&](auto handler) {
        if (tls_)
            asio::async_write(*tls_, buffers, std::move(handler));
        else
            asio::async_write(socket_, buffers, std::move(handler));
    });
    return operation.bytes;
}

void transport::read_ahead() {
    if (reading_ || ended_)
        return;
    reading_ = true;
    auto handler = [self = shared_from_this()](error_code ec, std::size_t bytes) {
        self->reading_ = false;
        self->begin_ = 0;
        self->end_ = bytes;
        if (ec && !self->ended_) {
            self->ended_ = true;
            self->end_reason_ = ec;
            self->lane_->connection_lost();
        }
        self->lane_->notify();
    };
    auto const room = asio::buffer(buffer_);
    if (tls_)
        tls_->async_read_some(room, std::move(handler));
    else
        socket_.async_read_some(room, std::move(handler));
}

std::size_t transport::take(std::span<std::byte> out) noexcept {
    auto const count = std::min(out.size(), end_ - begin_);
    if (count != 0)
        std::memcpy(out.data(), buffer_.data() + begin_, count);
    begin_ += count;
    return count;
}

std::size_t transport::read(std::span<std::byte> out, std::size_t minimum, steady_clock::time_point expiry, error_code& ec) {
    ec = {};
    minimum = std::min(std::max<std::size_t>(minimum, 1), out.size());
    auto count = take(out);
    while (count < minimum) {
        if (begin_ == end_ && !ended_)
            read_ahead();
        if (auto const why = lane_->wait([&] { return readable(); }, expiry); why != wake::ready) {
            ec = why == wake::timed_out ? asio::error::timed_out : asio::error::operation_aborted;
            close();
            return count;
        }
        count += take(out.subspan(count));
        if (count >= minimum)
            break;
        if (ended_ && begin_ == end_) {
            if (end_reason_ != asio::error::eof || count != 0)
                ec = end_reason_;
            return count;
        }
        // The rest of a large answer goes to its place without a copy.
        if (minimum - count >= buffer_.size() && begin_ == end_) {
            completion operation;
            auto const rest = asio::buffer(out.data() + count, minimum - count);
            ec = perform(operation, expiry, [&](auto handler) {
                if (tls_)
                    asio::async_read(*tls_, rest, std::move(handler));
                else
                    asio::async_read(socket_, rest, std::move(handler));
            });
            count += operation.bytes;
            if (ec) {
                ended_ = true;
                end_reason_ = ec;
                return count;
            }
        }
    }
    if (begin_ == end_)
        read_ahead();
    return count;
}

unique_descriptor transport::release() {
    error_code ec;
    if (reading_) {
        socket_.cancel(ec);
        lane_->wait_out([this] { return !reading_; });
    }
    unique_descriptor result;
    bool const sound = socket_.is_open() && !tls_ && begin_ == end_ && (!ended_ || end_reason_ == asio::error::operation_aborted);
    if (sound)
        result = unique_descriptor(socket_.release(ec));
    close();
    return result;
}

void transport::close() noexcept {
    ended_ = true;
    if (!end_reason_)
        end_reason_ = asio::error::operation_aborted;
    error_code ignored;
    socket_.close(ignored);
}

} // namespace cormorant::detail
