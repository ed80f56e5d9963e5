#pragma once

/// Servers on the loopback that are one replica set, to be killed and brought back.

#include <cormorant/bson/value.hpp>
#include <cormorant/store/store.hpp>

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cormorant::testing {

/// Runs the program that `CORMORANT_MONGOD` names (tools/with-mongod sets it). Throws `std::runtime_error` when a server does not
/// do what it has to. The servers end with the object, and with the process.
class replica_set {
public:
    /// With a PEM file of certificate, key and authority for 127.0.0.1 the servers talk TLS only, and so does who uses `uri`.
    explicit replica_set(std::size_t members = 3, std::string tls_file = {});
    replica_set(replica_set const&) = delete;
    replica_set& operator=(replica_set const&) = delete;
    ~replica_set();

    /// False: there is no program to run.
    static bool available();

    std::string uri(std::string_view database, std::string_view options = {}) const;
    std::uint16_t port_of(std::size_t member) const { return members_.at(member).port; }
    /// The answer of that member to a command on `admin`.
    document ask(std::size_t member, document command) { return ask(members_.at(member), std::move(command)); }
    /// The position of the primary, when there is one.
    std::optional<std::size_t> primary();
    std::size_t await_primary();
    /// `kill -9`
    void kill(std::size_t member);
    /// With its data.
    void restart(std::size_t member);
    /// The primary gives up its office for that many seconds.
    void step_down(int seconds);
    /// Waits until that many members are primary or secondary.
    void await_members(std::size_t count);

private:
    struct server {
        std::uint16_t port = 0;
        std::filesystem::path folder;
        pid_t process = -1;
        std::shared_ptr<store> admin;
    };
    void start(server& s);
    document ask(server& s, document command);
    std::optional<document> hello(server& s);

    std::string tls_options() const;

    std::string tls_file_;
    std::filesystem::path folder_;
    std::vector<server> members_;
};

} // namespace cormorant::testing
