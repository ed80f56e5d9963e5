#pragma once

/// Every command that the library sends, and everything that a server may do instead of answering it.

#include "faults.hpp"
#include "labels.hpp"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace cormorant::testing {

/// What is done with a command that fails: only a read, and a write of one document, is sent again.
enum class manner { read, read_once, numbered_write, other_write };

inline bool is_write(manner how) noexcept {
    return how == manner::numbered_write || how == manner::other_write;
}

/// How a transaction takes a command.
enum class taken { yes, no };

struct command_case {
    char const* name;
    /// As the server calls it.
    char const* command;
    manner how;
    /// Never on the fast lane, outside of transactions.
    bool control_plane = false;
    std::function<void(store&, std::string const& collection, call_options)> run;
    /// How often the write was applied; nothing for reads.
    std::function<int(store&, std::string const& collection)> applied;
    taken in_transaction = taken::yes;
    /// In a transaction, when it is another one.
    char const* other_command = nullptr;
    /// What it needs beyond a collection; may be empty.
    std::function<void(store&, std::string const& collection)> before = {};

    char const* command_in_transaction() const noexcept { return other_command == nullptr ? command : other_command; }
};
std::vector<command_case> const& commands();

enum class fault_kind {
    closed_before,
    closed_after,
    not_primary,
    shutting_down,
    time_limit,
    out_of_time,
    duplicate,
    write_concern,
    hang
};

struct fault_case {
    char const* name;
    fault_kind kind;
};

inline constexpr fault_case all_faults[] = {
    {"closed connection before", fault_kind::closed_before},
    {"closed connection after", fault_kind::closed_after},
    {"not primary", fault_kind::not_primary},
    {"shutting down", fault_kind::shutting_down},
    {"exceeded time limit", fault_kind::time_limit},
    {"used up maxTimeMS", fault_kind::out_of_time},
    {"duplicate key", fault_kind::duplicate},
    {"write concern error", fault_kind::write_concern},
    {"network hang", fault_kind::hang},
};

/// The server may do what it is asked for the next time.
inline bool may_pass(fault_kind kind) noexcept {
    return kind <= fault_kind::time_limit;
}

/// The `data` of `failCommand`, without the names of the commands.
document fail_point_of(fault_kind kind);

/// What the error of a command says by the rules alone, when it is not sent again or that does not help.
struct expected_error {
    errc code = errc();
    /// Of a write.
    outcome what_happened = outcome::maybe_applied;
};
expected_error error_of(command_case const& c, fault_kind kind);

/// The name of its code, whether it is the deadline or `maxTimeMS` that was first: the time that the server has is the deadline.
std::string code_of(error const& e, fault_kind kind);

template <class Op>
reply_of<Op> awaited(store& s, Op op, call_options options = call_options()) {
    return run(s.async_run(std::move(op), std::move(options), asio::use_awaitable));
}

template <class Op>
Op on(std::string const& collection) {
    Op op;
    op.collection = collection;
    return op;
}

/// Five documents `{_id: 1..5, n: 10}`.
void prepare(store& s, std::string const& collection);
int has_document(store& s, std::string const& collection, int id);

} // namespace cormorant::testing
