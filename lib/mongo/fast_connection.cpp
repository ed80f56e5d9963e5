#include "mongo/fast_connection.hpp"

#include <sys/socket.h>

#include <random>
#include <utility>

namespace cormorant::detail {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

asio::generic::stream_protocol protocol_of(int descriptor) noexcept {
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    ::getsockname(descriptor, reinterpret_cast<sockaddr*>(&address), &size);
    return asio::generic::stream_protocol(address.ss_family, 0);
}

} // namespace

fast_connection::fast_connection(client_id id, std::uint64_t generation, server_socket from)
    : id_(id), generation_(generation), address_(std::move(from.address)), numbers_writes_(from.numbers_writes),
      descriptor_(from.descriptor.get()), unattached_(std::move(from.descriptor)) {
    session_.id = std::move(from.session);
    session_.last_use = steady_clock::now();
}

void fast_connection::detach() {
    if (context_ == nullptr)
        return;
    unattached_ = unique_descriptor(socket_->release());
    socket_.reset();
    context_ = nullptr;
}

void fast_connection::attach(home const& where) {
    if (context_ != nullptr)
        return;
    socket_.emplace(where.executor, protocol_of(descriptor_), descriptor_);
    unattached_.release();
    context_ = where.context;
    socket_->non_blocking(true);
}

void fast_connection::interrupt() noexcept {
    ::shutdown(descriptor_, SHUT_RDWR);
}

bool fast_connection::is_stale() const noexcept {
    char byte;
    auto const count = ::recv(descriptor_, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return count >= 0 || (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR);
}

fast_connection::written fast_connection::write(command& what, command_addition const& addition, error_code& ec) {
    sent_ = false;
    out_.begin(++last_request_, what, addition, outgoing_message::answered::yes);
    in_.begin(last_request_);
    return write_more(ec);
}

fast_connection::written fast_connection::write_more(error_code& ec) {
    while (out_.size() != 0) {
        auto const count = socket_->write_some(out_.parts(), ec);
        if (ec == asio::error::would_block || ec == asio::error::try_again) {
            ec = {};
            return written::some;
        }
        if (ec)
            return written::failed;
        sent_ = true;
        out_.advance(count);
    }
    return written::all;
}

void fast_connection::tell(std::string_view database, command what, bson_buffer const& session) noexcept {
    try {
        outgoing_message message;
        command_addition addition;
        addition.database = database;
        addition.session = session;
        message.begin(++last_request_, what, addition, outgoing_message::answered::no);
        bson_buffer bytes;
        for (auto const& part : message.parts()) {
            auto const* const first = static_cast<std::byte const*>(part.data());
            bytes.insert(bytes.end(), first, first + part.size());
        }
        auto const count = ::send(descriptor_, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
        if (count >= 0 && static_cast<std::size_t>(count) != bytes.size())
            interrupt(); // half a message; nothing may follow it
    } catch (...) {
        // Out of memory: the server finds out by itself, later.
    }
}

} // namespace cormorant::detail
