#include "replica_set.hpp"

#include "coroutine.hpp"
#include "descriptors.hpp"

#include <cormorant/mongo/mongo_store.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <stdexcept>

namespace cormorant::testing {

namespace asio = boost::asio;
using namespace std::chrono_literals;

namespace {

constexpr auto start_time = 60s;

std::uint16_t free_port() {
    asio::io_context loop;
    asio::ip::tcp::acceptor const probe(loop, asio::ip::tcp::endpoint(asio::ip::address_v4::loopback(), 0));
    return probe.local_endpoint().port();
}

template <class F>
void await(char const* what, F condition) {
    if (!soon(condition, start_time))
        throw std::runtime_error(fmt::format("replica_set: {} took too long", what));
}

} // namespace

bool replica_set::available() {
    return std::getenv("CORMORANT_MONGOD") != nullptr;
}

replica_set::replica_set(std::size_t members, std::string tls_file) : tls_file_(std::move(tls_file)) {
    std::string name = (std::filesystem::temp_directory_path() / "cormorant-set-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr)
        throw std::runtime_error("replica_set: no temporary folder");
    folder_ = name;
    members_.resize(members);
    array list;
    for (std::size_t i = 0; i < members; ++i) {
        auto& s = members_[i];
        s.port = free_port();
        s.folder = folder_ / std::to_string(i);
        std::filesystem::create_directory(s.folder);
        start(s);
        list.push_back(doc("_id", static_cast<int>(i), "host", fmt::format("127.0.0.1:{}", s.port)));
    }
    auto const settings = doc("electionTimeoutMillis", 2000, "heartbeatIntervalMillis", 500, "heartbeatTimeoutSecs", 2);
    ask(members_[0], doc("replSetInitiate", doc("_id", "rs", "members", std::move(list), "settings", settings)));
    await_members(members);
    await_primary();
}

replica_set::~replica_set() {
    for (auto& s : members_) {
        s.admin.reset();
        if (s.process > 0) {
            ::kill(s.process, SIGKILL);
            ::waitpid(s.process, nullptr, 0);
        }
    }
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
}

void replica_set::start(server& s) {
    auto const port = std::to_string(s.port);
    auto const folder = s.folder.string();
    auto const log = (s.folder / "mongod.log").string();
    std::vector<char const*> arguments = {std::getenv("CORMORANT_MONGOD"), "--replSet", "rs", "--bind_ip", "127.0.0.1", "--port",
        port.c_str(), "--nounixsocket", "--dbpath", folder.c_str(), "--logpath", log.c_str(), "--logappend",
        "--wiredTigerCacheSizeGB", "0.25", "--oplogSize", "64", "--setParameter", "enableTestCommands=1", "--setParameter",
        "diagnosticDataCollectionEnabled=false"};
    if (!tls_file_.empty())
        for (auto const* more : {"--tlsMode", "requireTLS", "--tlsCertificateKeyFile", tls_file_.c_str(), "--tlsCAFile",
                 tls_file_.c_str(), "--tlsAllowConnectionsWithoutCertificates"})
            arguments.push_back(more);
    arguments.push_back(nullptr);
    s.process = ::fork();
    if (s.process < 0)
        throw std::runtime_error("replica_set: no new process");
    if (s.process == 0) {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        int const nothing = ::open("/dev/null", O_RDWR);
        for (int const descriptor : {0, 1, 2})
            ::dup2(nothing, descriptor);
        ::close_range(3, ~0U, 0);
        ::execv(arguments[0], const_cast<char* const*>(arguments.data()));
        ::_exit(127);
    }
    s.admin = make_mongo_store(
        fmt::format("mongodb://127.0.0.1:{}/admin?directConnection=true&serverSelectionTimeoutMS=1000{}", s.port, tls_options()),
        mongo_options().fast_lane(false));
    await("the start of a server", [&] { return hello(s).has_value(); });
}

document replica_set::ask(server& s, document command) {
    command_op op;
    op.command = std::move(command);
    call_options options;
    options.deadline = std::chrono::steady_clock::now() + 30s;
    return run(s.admin->async_run(std::move(op), std::move(options), asio::use_awaitable));
}

std::optional<document> replica_set::hello(server& s) {
    if (s.process < 0)
        return std::nullopt;
    try {
        return ask(s, doc("hello", 1));
    } catch (error const&) {
        return std::nullopt;
    }
}

std::string replica_set::uri(std::string_view database, std::string_view options) const {
    std::string hosts;
    for (auto const& s : members_)
        hosts += fmt::format("{}127.0.0.1:{}", hosts.empty() ? "" : ",", s.port);
    return fmt::format(
        "mongodb://{}/{}?replicaSet=rs{}{}{}", hosts, database, tls_options(), options.empty() ? "" : "&", options);
}

std::string replica_set::tls_options() const {
    return tls_file_.empty() ? "" : "&tls=true&tlsCAFile=" + tls_file_;
}

std::optional<std::size_t> replica_set::primary() {
    for (std::size_t i = 0; i < members_.size(); ++i) {
        auto const said = hello(members_[i]);
        if (said && said->get_or("isWritablePrimary", false))
            return i;
    }
    return std::nullopt;
}

std::size_t replica_set::await_primary() {
    std::optional<std::size_t> found;
    await("the election of a primary", [&] { return (found = primary()).has_value(); });
    return *found;
}

void replica_set::await_members(std::size_t count) {
    await("the start of the set", [&] {
        std::size_t ready = 0;
        for (auto& s : members_) {
            auto const said = hello(s);
            ready += said && (said->get_or("isWritablePrimary", false) || said->get_or("secondary", false));
        }
        return ready >= count;
    });
}

void replica_set::kill(std::size_t member) {
    auto& s = members_.at(member);
    ::kill(s.process, SIGKILL);
    ::waitpid(s.process, nullptr, 0);
    s.process = -1;
}

void replica_set::restart(std::size_t member) {
    start(members_.at(member));
}

void replica_set::step_down(int seconds) {
    try {
        ask(members_.at(await_primary()), doc("replSetStepDown", seconds, "secondaryCatchUpPeriodSecs", 5, "force", true));
    } catch (error const& e) {
        if (!(e.code() == condition::network) && e.code() != errc::not_primary)
            throw;
    }
}

} // namespace cormorant::testing
