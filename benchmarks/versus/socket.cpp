// The floor: no driver at all. What an operation costs when a prepared message is written to a socket and nothing is done with
// the answer but to see where it ends: the kernel's part, which no client can save while it sends each operation by itself.
//
//     versus_socket W1|W6 CONCURRENCY OPS
//
// One thread, at most 16 connections, one `send`, `epoll_wait` and `recv` for each operation. The commands are those that a
// driver sends, with a session and, for the update, a transaction number, so that the server has the same to do. The answer is
// read only as far as the check needs.

#include "data.hpp"
#include "harness.hpp"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <deque>
#include <memory>
#include <random>
#include <stdexcept>
#include <system_error>

namespace versus {
namespace {

constexpr std::size_t most_connections = 16;

[[noreturn]] void fail(char const* what) {
    throw std::system_error(errno, std::generic_category(), what);
}

template <class T>
T load(std::byte const* from) {
    T result;
    std::memcpy(static_cast<void*>(&result), from, sizeof result);
    return result;
}

/// The bytes that stand where a member of a prepared command changes.
template <class T>
T placeholder(unsigned char byte) {
    T result;
    std::memset(static_cast<void*>(&result), byte, sizeof result);
    return result;
}

/// A command as OP_MSG, of which a few members change from operation to operation.
class prepared {
public:
    explicit prepared(orm::document const& command) {
        constexpr std::size_t head_size = 16 + 4 + 1; // the header, no flags, one section of kind 0
        constexpr std::int32_t op_msg = 2013;
        auto const body = orm::encode(command);
        bytes_.resize(head_size);
        bytes_.insert(bytes_.end(), body.begin(), body.end());
        put(0, static_cast<std::int32_t>(bytes_.size()));
        put(12, op_msg);
    }

    template <class T>
    std::size_t find(T const& member) const {
        auto const* const first = reinterpret_cast<std::byte const*>(&member);
        auto const at = std::search(bytes_.begin(), bytes_.end(), first, first + sizeof member);
        if (at == bytes_.end())
            throw std::logic_error("a placeholder is not in its command");
        return static_cast<std::size_t>(at - bytes_.begin());
    }
    template <class T>
    void put(std::size_t at, T const& member) {
        std::memcpy(bytes_.data() + at, &member, sizeof member);
    }
    void send(int to, std::int32_t request) {
        put(4, request);
        if (::send(to, bytes_.data(), bytes_.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(bytes_.size()))
            fail("send");
    }

private:
    orm::bson_buffer bytes_;
};

/// `lsid` of a connection.
orm::document make_session() {
    constexpr std::uint8_t uuid = 4;
    static std::random_device source;
    orm::binary id{{}, uuid};
    for (int i = 0; i < 16; ++i)
        id.bytes.push_back(std::byte(static_cast<std::uint8_t>(source())));
    return orm::doc("id", id);
}

class find_command {
public:
    explicit find_command(orm::document session)
        : message_(orm::doc("find", "items", "filter", orm::doc("_id", placeholder<orm::object_id>(id_mark)), "limit", 1, "$db",
              "versus", "lsid", std::move(session))),
          id_(message_.find(placeholder<orm::object_id>(id_mark))) {}

    void send(int to, std::int32_t request, std::uint32_t n) {
        message_.put(id_, some_item(n));
        message_.send(to, request);
    }

    static double check(orm::bson_view reply) {
        auto const found = reply.find("cursor").value().as_document().find("firstBatch").value().as_array();
        double sum = 0;
        for (auto const& member : (*found.begin()).as_document()) {
            if (member.key() == "age")
                sum += member.as_int32();
            else if (member.key() == "bio")
                sum += static_cast<double>(member.as_string().size());
            else if (member.key() == "tags")
                for ([[maybe_unused]] auto const& tag : member.as_array())
                    ++sum;
        }
        return sum;
    }

private:
    static constexpr unsigned char id_mark = 0xE1;

    prepared message_;
    std::size_t id_;
};

/// A message for each of the four values of `status`.
class update_command {
public:
    explicit update_command(orm::document const& session) {
        for (std::uint32_t i = 0; i < statuses; ++i) {
            auto change = orm::doc("visits", placeholder<std::int32_t>(visits_mark), "status", status_of(i));
            auto statement =
                orm::doc("q", orm::doc("_id", placeholder<orm::object_id>(id_mark)), "u", orm::doc("$set", std::move(change)));
            forms_.emplace_back(orm::doc("update", "upd", "updates", orm::arr(std::move(statement)), "$db", "versus", "lsid",
                session, "txnNumber", placeholder<std::int64_t>(number_mark), "writeConcern", orm::doc("w", 1, "j", false)));
        }
    }

    void send(int to, std::int32_t request, std::uint32_t n) {
        form& f = forms_[n % statuses];
        f.message.put(f.id, some_item(n));
        f.message.put(f.visits, static_cast<std::int32_t>(n));
        f.message.put(f.number, ++number_);
        f.message.send(to, request);
    }

    static double check(orm::bson_view reply) { return reply.find("n").value().as_double(); }

private:
    static constexpr std::uint32_t statuses = 4;
    static constexpr unsigned char id_mark = 0xE1;
    static constexpr unsigned char visits_mark = 0x71;
    static constexpr unsigned char number_mark = 0x72;

    struct form {
        explicit form(orm::document const& command)
            : message(command), id(message.find(placeholder<orm::object_id>(id_mark))),
              visits(message.find(placeholder<std::int32_t>(visits_mark))),
              number(message.find(placeholder<std::int64_t>(number_mark))) {}
        prepared message;
        std::size_t id;
        std::size_t visits;
        std::size_t number;
    };
    std::vector<form> forms_;
    std::int64_t number_ = 0;
};

/// Connects to the first host of a connection string without credentials.
int connect_to(std::string_view uri) {
    constexpr std::string_view scheme = "mongodb://";
    if (!uri.starts_with(scheme))
        throw std::invalid_argument("MONGO_URI does not begin with mongodb://");
    uri.remove_prefix(scheme.size());
    std::string const host(uri.substr(0, uri.find_first_of(",/?")));
    auto const colon = host.rfind(':');
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    auto const port = colon == std::string::npos ? std::string("27017") : host.substr(colon + 1);
    if (::getaddrinfo(host.substr(0, colon).c_str(), port.c_str(), &hints, &found) != 0)
        throw std::runtime_error("no address of " + host);
    std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> const addresses(found, &::freeaddrinfo);
    int const descriptor = ::socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (descriptor < 0 || ::connect(descriptor, found->ai_addr, found->ai_addrlen) != 0)
        fail("connect");
    int const on = 1;
    ::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return descriptor;
}

/// One operation at a time.
template <class Command>
class connection {
public:
    connection() : descriptor_(connect_to(server_uri())), command_(make_session()), answer_(64 * 1024) {}
    connection(connection const&) = delete;
    ~connection() { ::close(descriptor_); }

    int descriptor() const { return descriptor_; }
    void send(std::uint32_t n) {
        received_ = 0;
        command_.send(descriptor_, ++request_, n);
    }
    /// True when the answer is complete.
    bool receive() {
        auto const count = ::recv(descriptor_, answer_.data() + received_, answer_.size() - received_, 0);
        if (count <= 0)
            fail("recv");
        received_ += static_cast<std::size_t>(count);
        return received_ >= 4 && received_ == static_cast<std::size_t>(load<std::int32_t>(answer_.data()));
    }
    double check() const { return Command::check(orm::bson_view(std::span(answer_).first(received_).subspan(16 + 4 + 1))); }

    /// When its operation was begun.
    double begin = 0;

private:
    int descriptor_;
    Command command_;
    orm::bson_buffer answer_;
    std::size_t received_ = 0;
    std::int32_t request_ = 0;
};

template <class Command>
class contender {
public:
    explicit contender(arguments a) : callers_(a.concurrency), epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
        auto const count = std::min(most_connections, static_cast<std::size_t>(a.concurrency));
        for (std::size_t i = 0; i < count; ++i) {
            auto& made = *connections_.emplace_back(std::make_unique<connection<Command>>());
            epoll_event event{};
            event.events = EPOLLIN;
            event.data.ptr = &made;
            if (::epoll_ctl(epoll_, EPOLL_CTL_ADD, made.descriptor(), &event) != 0)
                fail("epoll_ctl");
        }
    }
    contender(contender const&) = delete;
    ~contender() { ::close(epoll_); }

    /// Runs operations as long as `goes_on(next)`; `done(microseconds, check)` hears of each.
    template <class GoesOn, class Done>
    void run(GoesOn goes_on, Done done) {
        std::deque<call> waiting; // for a connection, first come, first served
        long next = 0;
        std::size_t running = 0;
        auto const ask = [&] {
            if (goes_on(next))
                waiting.push_back(call{static_cast<std::uint32_t>(next++), now_us()});
        };
        auto const serve = [&](connection<Command>& with) {
            if (waiting.empty())
                return;
            with.begin = waiting.front().begin;
            with.send(waiting.front().number);
            waiting.pop_front();
            ++running;
        };
        for (int i = 0; i < callers_; ++i)
            ask();
        for (auto const& c : connections_)
            serve(*c);
        std::array<epoll_event, most_connections> events;
        while (running != 0) {
            int const count = ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), -1);
            if (count < 0 && errno != EINTR)
                fail("epoll_wait");
            for (int i = 0; i < count; ++i) {
                auto& c = *static_cast<connection<Command>*>(events[static_cast<std::size_t>(i)].data.ptr);
                if (!c.receive())
                    continue;
                --running;
                done(now_us() - c.begin, c.check());
                ask();
                serve(c);
            }
        }
    }

private:
    struct call {
        std::uint32_t number;
        double begin;
    };

    int callers_;
    int epoll_;
    std::vector<std::unique_ptr<connection<Command>>> connections_;
};

template <class Command>
void measure(arguments a) {
    contender<Command> c(a);
    measurement result(a);
    c.run([&](long next) { return next < a.warm_up(); }, [](double, double) {});
    result.begin();
    c.run([&](long next) { return result.goes_on(next); }, [&](double latency, double check) { result.add(latency, check); });
    result.end();
    result.report("socket", CORMORANT_VERSION, "epoll");
}

int main(int argc, char** argv) {
    std::vector<std::string> flags;
    auto const a = parse_arguments(argc, argv, flags);
    if (!flags.empty() || (a.workload != 1 && a.workload != 6))
        throw std::invalid_argument("usage: versus_socket W1|W6 CONCURRENCY OPS");
    if (a.workload == 1)
        measure<find_command>(a);
    else
        measure<update_command>(a);
    return 0;
}

} // namespace
} // namespace versus

int main(int argc, char** argv) {
    try {
        return versus::main(argc, argv);
    } catch (std::exception const& e) {
        std::fprintf(stderr, "%s\n", e.what());
        return 1;
    }
}
