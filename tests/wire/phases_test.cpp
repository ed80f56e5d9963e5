// Where the time of an operation goes, phase by phase.

#include "certificate.hpp"
#include "wire_test.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include <dlfcn.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <string_view>
#include <thread>

namespace {
constexpr std::string_view slow_name = "slow.invalid";
}

/// This program's definition comes before that of the C library: there is a name that takes long to look up.
extern "C" int getaddrinfo(char const* node, char const* service, addrinfo const* hints, addrinfo** found) {
    using function = int (*)(char const*, char const*, addrinfo const*, addrinfo**);
    static auto const real = reinterpret_cast<function>(::dlsym(RTLD_NEXT, "getaddrinfo"));
    if (node != nullptr && node == slow_name) {
        std::this_thread::sleep_for(std::chrono::milliseconds(1500));
        return EAI_NONAME;
    }
    return real(node, service, hints, found);
}

namespace cormorant::testing {
namespace {

using namespace std::chrono_literals;

/// A port of the loopback on which nobody accepts: a connection is made, or (`full`) not even that.
class deaf_port {
public:
    explicit deaf_port(bool full) : listener_(::socket(AF_INET, SOCK_STREAM, 0)) {
        sockaddr_in address = loopback();
        ::bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address);
        ::listen(listener_, full ? 0 : 16);
        socklen_t size = sizeof address;
        ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
        port_ = ntohs(address.sin_port);
        for (auto& client : clients_) {
            client = full ? ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0) : -1;
            if (full)
                ::connect(client, reinterpret_cast<sockaddr*>(&address), sizeof address);
        }
    }
    deaf_port(deaf_port const&) = delete;
    deaf_port& operator=(deaf_port const&) = delete;
    ~deaf_port() {
        ::close(listener_);
        for (int const client : clients_)
            if (client >= 0)
                ::close(client);
    }
    std::string uri(std::string const& options) const {
        return "mongodb://127.0.0.1:" + std::to_string(port_) + "/mock?" + options;
    }

private:
    static sockaddr_in loopback() {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        return address;
    }
    int listener_;
    std::uint16_t port_ = 0;
    std::array<int, 4> clients_{};
};

reaction hang_on_insert(document const& command) {
    if (command.contains("insert"))
        return hang();
    return answer_with{mock_server::cursor_reply(arr(doc("_id", 1)))};
}

/// The time went to that phase, and nothing was written.
void expect_late_in(phase where, error const& e) {
    EXPECT_EQ(e.code(), errc::deadline) << e.what();
    EXPECT_EQ(e.details().slow_phase, where) << e.what();
    EXPECT_EQ(e.details().times.longest(), where);
    EXPECT_GE(e.details().times[where], 50ms);
    EXPECT_GE(e.details().times.total(), 90ms);
    EXPECT_LT(e.details().times.total(), 5s);
    EXPECT_EQ(e.details().what_happened, where == phase::server ? outcome::maybe_applied : outcome::not_sent);
}

TEST(phases, a_name_that_takes_long_to_look_up) {
    auto const s = make_test_store("mongodb://" + std::string(slow_name) + "/mock");
    expect_late_in(phase::resolve, failure_on(*s, insert_into("c"), deadline_in(400ms)));
}

TEST(phases, a_host_that_answers_nothing) {
    deaf_port const port(true);
    auto const s = make_test_store(port.uri("directConnection=true"));
    expect_late_in(phase::connect, failure_on(*s, insert_into("c"), deadline_in(400ms)));
}

TEST(phases, a_host_that_makes_no_handshake) {
    deaf_port const port(false);
    auto const s = make_test_store(port.uri("tls=true&tlsInsecure=true"));
    expect_late_in(phase::tls, failure_on(*s, insert_into("c"), deadline_in(400ms)));
}

TEST(phases, a_server_that_says_no_hello) {
    mock_server server;
    server.on_hello([]() -> reaction { return hang(); });
    auto const s = make_test_store(server.uri());
    expect_late_in(phase::selection, failure_on(*s, insert_into("c"), deadline_in(400ms)));
}

TEST(phases, a_server_that_does_not_look_at_the_password) {
    mock_server server;
    server.on_command([](document const&) -> reaction { return hang(); });
    auto const s = make_test_store("mongodb://user:secret@" + server.address() + "/mock?authMechanism=SCRAM-SHA-256");
    auto const e = failure_on(*s, insert_into("c"), deadline_in(400ms));
    expect_late_in(phase::authentication, e);
    EXPECT_EQ(e.report().find("secret"), std::string::npos);
}

TEST(phases, a_server_that_does_not_answer) {
    mock_server server;
    server.on_command(hang_on_insert);
    auto const s = make_test_store(server.uri());
    run_on(*s, find_in("c")); // it is connected
    expect_late_in(phase::server, failure_on(*s, insert_into("c"), deadline_in(400ms)));
}

TEST(phases, a_pool_that_others_use) {
    mock_server server;
    server.on_command([](document const&) -> reaction { return hang(); });
    auto const s = make_test_store(server.uri(), mongo_options().max_pool_size(1));
    asio::io_context loop;
    std::optional<error> late;
    s->async_run(find_in("c"), deadline_in(900ms), asio::bind_executor(loop, [](std::exception_ptr, cursor) {}));
    auto const ask = [](std::shared_ptr<store> on, std::optional<error>& out) -> asio::awaitable<void> {
        asio::steady_timer until(co_await asio::this_coro::executor, 100ms); // the connection is made by then
        co_await until.async_wait(asio::use_awaitable);
        try {
            co_await on->async_run(insert_into("c"), deadline_in(400ms), asio::use_awaitable);
        } catch (error const& e) {
            out = e;
        }
    };
    asio::co_spawn(loop, ask(s, late), asio::detached);
    loop.run();
    ASSERT_TRUE(late);
    expect_late_in(phase::queue, *late);
}

TEST(phases, a_reader_that_is_slow_between_two_batches) {
    mock_server server;
    server.on_command([](document const& command) -> reaction {
        if (command.contains("find"))
            return answer_with{mock_server::cursor_reply(arr(doc("_id", 1)), 5)};
        return hang();
    });
    auto const s = make_test_store(server.uri());
    auto c = run_on(*s, find_in("c"), deadline_in(400ms));
    ASSERT_EQ(run(c.async_next(asio::use_awaitable)).size(), 1U);
    std::this_thread::sleep_for(300ms); // it decodes, say
    try {
        run(c.async_next(asio::use_awaitable));
        FAIL() << "it was in time";
    } catch (error const& e) {
        EXPECT_EQ(e.code(), errc::deadline);
        EXPECT_EQ(e.details().slow_phase, phase::decode) << e.what();
        EXPECT_GE(e.details().times[phase::decode], 100ms);
    }
}

TEST(phases, an_answer_that_cannot_be_read_is_of_the_phase_decode) {
    mock_server server;
    server.on_command([](document const&) -> reaction { return answer_with{doc("ok", 1, "n", 1, "code", "\xff")}; });
    auto const s = make_test_store(server.uri());
    try {
        run_on(*s, insert_into("c"));
    } catch (error const& e) {
        EXPECT_EQ(e.details().slow_phase, phase::decode);
        EXPECT_EQ(e.details().what_happened, outcome::maybe_applied);
    }
}

TEST(phases, what_an_operation_left_at_the_server_is_ended) {
    mock_server server;
    server.on_command(hang_on_insert);
    auto const s = make_test_store(server.uri());
    run_on(*s, find_in("c")); // it is connected
    failure_on(*s, insert_into("c"), deadline_in(400ms));
    auto const left = server.commands().at(1).at("lsid");
    for (int i = 0; i < 500 && server.ended_sessions().empty(); ++i) {
        run_on(*s, find_in("c"));
        std::this_thread::sleep_for(10ms);
    }
    ASSERT_EQ(server.killed_sessions().size(), 1U);
    EXPECT_EQ(server.killed_sessions()[0], left);
    EXPECT_EQ(server.ended_sessions().at(0), left);
}

} // namespace
} // namespace cormorant::testing
