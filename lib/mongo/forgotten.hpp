#pragma once

/// Sessions that connections broke under: when which server is told to end them.

#include "mongo/session.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <deque>
#include <string>
#include <vector>

namespace cormorant::detail {

/// What a server (`host:port`) is told of.
struct farewell {
    std::string server;
    /// `{id: UUID}` each.
    std::vector<bson_buffer> sessions;
};

/// The server may still work for a session that a connection broke under, and keep a cursor that nobody heard of. It is told to
/// end all that; but what a busy server begins only after it was told stays, so it is told again, after longer and longer times.
/// A server ends what is its own only, so each one that the session was used on is told.
/// This says when; whoever has a connection does it. Thread safety: as a standard container.
class forgotten_sessions {
public:
    /// When it is told, counted from the break. By the first a server that is not busy has begun the command, and a cursor that
    /// it opened is there to be killed; the last is for one that stood still.
    static constexpr std::array<std::chrono::milliseconds, 4> times{
        std::chrono::milliseconds(500), std::chrono::seconds(3), std::chrono::seconds(15), std::chrono::seconds(60)};
    /// So many wait for each of the times. More are left to the server, which finds out by itself.
    static constexpr std::size_t most = 1'000;

    /// One that no server has heard of needs nothing. `now` never goes back.
    void add(server_session const& s, steady_clock::time_point now);
    /// When there is something to tell; `max()`: never.
    steady_clock::time_point due() const noexcept;
    /// What each server is to be told of now. Times that have passed by count as one.
    std::vector<farewell> take_due(steady_clock::time_point now);
    /// All of them, for the last time.
    std::vector<farewell> take_all();

private:
    struct entry {
        bson_buffer id;
        std::string server;
        steady_clock::time_point since;
    };
    /// Those that wait for each of the times; in all of them the oldest comes first, and what waits for a later time is older.
    std::array<std::deque<entry>, times.size()> waiting_;
};

} // namespace cormorant::detail
