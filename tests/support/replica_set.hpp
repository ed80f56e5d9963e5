#pragma once

/// Three servers on the loopback that are one replica set, to be killed and brought back.

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
#include <vector>

namespace cormorant::testing {

/// Runs the program that `CORMORANT_MONGOD` names (tools/with-mongod sets it). Throws `std::runtime_error` when a server does not
/// do what it has to. The servers end with the object, and with the process.
class replica_set {
public:
    explicit replica_set(std::size_t members = 3);
    replica_set(replica_set const&) = delete;
    replica_set& operator=(replica_set const&) = delete;
    ~replica_set();

    /// False: there is no program to run.
    static bool available();

    std::string uri(std::string_view database, std::string_view options = {}) const;
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

    std::filesystem::path folder_;
    std::vector<server> members_;
};

} // namespace cormorant::testing
