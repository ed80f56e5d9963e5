#include "mongo/stream.hpp"

#include <boost/container/small_vector.hpp>

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <new>
#include <type_traits>

// The contract of the callbacks, as libmongoc 1.23 uses them:
// - `writev` writes everything or fails. A timeout of 0 comes with the hello of a scan.
// - `readv` gives at least `min_bytes`; with 0 one chunk, and 0 bytes mean that the peer closed.
// - `poll` gets all streams of a scan at once.
// - `timed_out` decides what an error means: true keeps the server's state and drops the socket only, so that the next command
// connects
//   again at once; false marks the server as unknown, which makes a later command of this client sleep. It is always true.
// - `errno` is set last. No exception leaves a callback: C frames are above.

namespace cormorant::detail {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

// Above the numbers that libmongoc uses itself (1 to 7).
constexpr int stream_type = 0x636f;
// The hello of a scan is written with a timeout of 0.
constexpr std::chrono::milliseconds least_write_time(1000);

struct fiber_stream : mongoc_stream_t {
    stream_source* source;
    std::shared_ptr<lane> where;
    std::shared_ptr<transport> connection;
    // True while an answer to a command, not to the hello of a scan, is to be read.
    bool in_command = false;
};
// libmongoc hands the base to the callbacks.
static_assert(std::is_standard_layout_v<mongoc_stream_t> && sizeof(mongoc_stream_t) == 16 * sizeof(void*),
    "libmongoc's stream has the layout of version 1.x: type, 12 callbacks, 3 spare pointers");

fiber_stream& self(mongoc_stream_t* stream) noexcept {
    return *static_cast<fiber_stream*>(stream);
}

steady_clock::time_point expiry_of(std::int32_t timeout_ms) noexcept {
    return timeout_ms < 0 ? steady_clock::time_point::max() : steady_clock::now() + std::chrono::milliseconds(timeout_ms);
}

int to_errno(error_code ec) noexcept {
    if (ec == asio::error::timed_out || ec == asio::error::operation_aborted)
        return ETIMEDOUT;
    return ec.category() == boost::system::system_category() ? ec.value() : ECONNRESET;
}

std::string describe(error_code ec) {
    if (ec == asio::error::eof)
        return "the server closed the connection";
    return ec == asio::error::timed_out ? "the server did not answer in time" : ec.message();
}

// Calls `f(error_code&)`; an error becomes -1 and `errno`.
template <class F>
ssize_t guarded(F f) noexcept {
    error_code ec;
    ssize_t result = -1;
    try {
        result = f(ec);
    } catch (std::bad_alloc const&) {
        ec = asio::error::no_memory;
    } catch (...) {
        ec = asio::error::fault;
    }
    if (ec) {
        errno = to_errno(ec);
        return -1;
    }
    return result;
}

ssize_t write_callback(mongoc_stream_t* stream, mongoc_iovec_t* parts, std::size_t count, std::int32_t timeout_ms) noexcept {
    return guarded([&](error_code& ec) -> ssize_t {
        auto& s = self(stream);
        if (!s.where->attached()) {
            ec = asio::error::not_connected;
            return -1;
        }
        s.in_command = timeout_ms != 0;
        bool const is_data = s.where->command_is_next();
        if (!s.where->command_started())
            s.where->enter(s.in_command ? phase::authentication : phase::selection);
        boost::container::small_vector<asio::const_buffer, 16> buffers;
        for (std::size_t i = 0; i < count; ++i)
            buffers.emplace_back(parts[i].iov_base, parts[i].iov_len);
        auto const time = std::max(std::chrono::milliseconds(timeout_ms), least_write_time);
        if (is_data) {
            s.where->set_sent(true);
            s.source->last_used = s.connection;
        }
        auto const written = s.connection->write(
            std::span<asio::const_buffer const>(buffers.data(), buffers.size()), steady_clock::now() + time, ec);
        if (is_data && written == 0)
            s.where->set_sent(false);
        if (ec)
            s.where->connection_failed(errc::network, describe(ec));
        return static_cast<ssize_t>(written);
    });
}

std::uint32_t little_endian(std::byte const* bytes) noexcept {
    std::uint32_t result = 0;
    for (int i = 3; i >= 0; --i)
        result = result << 8 | std::to_integer<std::uint32_t>(bytes[i]);
    return result;
}

// libmongoc believes the header of an answer and reads on behind the end of another kind of message. `rest` is what follows the
// length.
bool is_sound_answer(std::span<std::byte const> rest) noexcept {
    constexpr std::uint32_t op_msg = 2013;
    constexpr std::uint32_t op_compressed = 2012;
    if (rest.size() < 12)
        return false;
    auto const opcode = little_endian(rest.data() + 8);
    if (opcode == op_compressed)
        return rest.size() >= 12 + 9;
    constexpr std::size_t body = 12 + 4 + 1; // ids and opcode, flags, the kind of the section
    if (opcode != op_msg || rest.size() < body + 5 || rest[body - 1] != std::byte(0))
        return false;
    auto const flags = little_endian(rest.data() + 12);
    auto const length = little_endian(rest.data() + body);
    auto const checksum = (flags & 1) != 0 ? 4U : 0U;
    return length >= 5 && length + body + checksum == rest.size();
}

ssize_t read_callback(
    mongoc_stream_t* stream, mongoc_iovec_t* parts, std::size_t count, std::size_t minimum, std::int32_t timeout_ms) noexcept {
    return guarded([&](error_code& ec) -> ssize_t {
        auto& s = self(stream);
        if (!s.where->attached()) {
            ec = asio::error::not_connected;
            return -1;
        }
        // A scan polls first and reads with a timeout of 0.
        auto const expiry = expiry_of(timeout_ms);
        std::size_t total = 0;
        for (std::size_t i = 0; i < count && !ec; ++i) {
            std::span<std::byte> const part(static_cast<std::byte*>(parts[i].iov_base), parts[i].iov_len);
            auto const wanted = minimum > total ? minimum - total : 0;
            if (i > 0 && wanted == 0)
                break;
            auto const got = s.connection->read(part, wanted, expiry, ec);
            total += got;
            if (got < part.size())
                break;
        }
        if (!ec && total < minimum)
            ec = asio::error::eof;
        if (ec)
            s.where->connection_failed(errc::network, describe(ec));
        if (!ec && s.in_command && minimum > 4 && count == 1) {
            std::span<std::byte const> const rest(static_cast<std::byte const*>(parts[0].iov_base), total);
            if (!is_sound_answer(rest)) {
                s.where->connection_failed(errc::network, "the server sent a malformed message");
                ec = boost::system::errc::make_error_code(boost::system::errc::protocol_error);
            }
        }
        return static_cast<ssize_t>(total);
    });
}

ssize_t poll_callback(mongoc_stream_poll_t* streams, std::size_t count, std::int32_t timeout_ms) noexcept {
    return guarded([&](error_code& ec) -> ssize_t {
        auto& where = *self(streams[0].stream).where;
        if (!where.attached()) {
            ec = asio::error::not_connected;
            return -1;
        }
        where.scanned();
        ssize_t ready = 0;
        auto const look = [&] {
            ready = 0;
            for (std::size_t i = 0; i < count; ++i) {
                auto const& connection = *self(streams[i].stream).connection;
                int events = 0;
                if (connection.readable())
                    events |= streams[i].events & POLLIN;
                if (connection.open())
                    events |= streams[i].events & POLLOUT;
                else if ((streams[i].events & POLLIN) == 0)
                    events |= POLLERR;
                streams[i].revents = events;
                ready += events != 0;
            }
            return ready != 0;
        };
        if (where.wait(look, expiry_of(timeout_ms)) == wake::interrupted) {
            // The scan is to end now: no server answers any more.
            for (std::size_t i = 0; i < count; ++i)
                streams[i].revents = POLLERR;
            ready = static_cast<ssize_t>(count);
        }
        where.scanned();
        return ready;
    });
}

void destroy_callback(mongoc_stream_t* stream) noexcept {
    self(stream).connection->close();
    delete &self(stream);
}

int close_callback(mongoc_stream_t* stream) noexcept {
    self(stream).connection->close();
    return 0;
}

int flush_callback(mongoc_stream_t*) noexcept {
    return 0;
}
int setsockopt_callback(mongoc_stream_t*, int, int, void*, mongoc_socklen_t) noexcept {
    return 0;
}
// The worker sees the end of a connection by itself, and before a job begins.
bool check_closed_callback(mongoc_stream_t*) noexcept {
    return false;
}
bool timed_out_callback(mongoc_stream_t*) noexcept {
    return true;
}
bool should_retry_callback(mongoc_stream_t*) noexcept {
    return false;
}

mongoc_stream_t* make_stream(stream_source& source, std::shared_ptr<transport> connection) {
    auto* stream = new fiber_stream();
    stream->type = stream_type;
    stream->destroy = destroy_callback;
    stream->close = close_callback;
    stream->flush = flush_callback;
    stream->writev = write_callback;
    stream->readv = read_callback;
    stream->setsockopt = setsockopt_callback;
    stream->get_base_stream = nullptr; // a root: libmongoc takes a null answer of a function for a stream
    stream->check_closed = check_closed_callback;
    stream->poll = poll_callback;
    stream->failed = destroy_callback;
    stream->timed_out = timed_out_callback;
    stream->should_retry = should_retry_callback;
    stream->source = &source;
    stream->where = source.where;
    stream->connection = std::move(connection);
    return stream;
}

mongoc_stream_t* refuse(bson_error_t* error, char const* why) noexcept {
    bson_set_error(error, MONGOC_ERROR_STREAM, MONGOC_ERROR_STREAM_CONNECT, "%s", why);
    return nullptr;
}

} // namespace

mongoc_stream_t* initiate_stream(
    mongoc_uri_t const*, mongoc_host_list_t const* host, void* user_data, bson_error_t* error) noexcept {
    try {
        auto& source = *static_cast<stream_source*>(user_data);
        if (!source.where->attached())
            return refuse(error, "not on a fiber");
        auto connection = std::make_shared<transport>(source.where, source.lookups);
        // What fails here fails as a stream that is broken: when libmongoc looks at a server for the second time within one scan,
        // it asks for the stream while it holds the lock of its topology, which it would take once more to note that there is
        // none.
        if (source.where->interrupted()) {
            connection->close();
            return make_stream(source, std::move(connection));
        }
        source.where->scanned();
        endpoint const where{host->host, host->family == AF_UNIX ? std::uint16_t(0) : host->port};
        auto const failure =
            connection->connect(where, source.tls ? &*source.tls : nullptr, steady_clock::now() + source.connect_timeout);
        if (failure.code != errc()) {
            source.where->connection_failed(failure.code, failure.message);
            return make_stream(source, std::move(connection));
        }
        source.where->enter(phase::selection);
        return make_stream(source, std::move(connection));
    } catch (...) {
        return refuse(error, "out of memory");
    }
}

} // namespace cormorant::detail
