#pragma once

/// From operations to commands of the server.

#include "mongo/request.hpp"
#include "mongo/settings.hpp"

#include <cormorant/operation/operations.hpp>
#include <cormorant/store/store.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace cormorant::detail {

/// What is to be remembered of an operation until its answer comes.
struct expectation {
    /// Index of the operation in `operation`.
    std::size_t kind = 0;
    std::string_view name;
    std::string collection;
    std::int32_t batch_size = 0;
    bool is_write = false;
    /// It may have changed some documents before an error.
    bool many = false;
    /// `maxTimeMS` is the deadline of the operation.
    bool bounded = false;
    /// It belongs to a transaction; it commits, or aborts, one.
    bool in_transaction = false;
    bool commits = false;
    bool aborts = false;
    array inserted_ids;
    /// Of an insert of several documents: how many are in each of its commands.
    std::vector<std::size_t> documents_in;
    bool ordered = true;
    array index_names;
};

struct plan {
    request what;
    expectation then;
};

/// The commands for an operation; `claim` is what its session said. Throws for what cannot be sent (`errc::invalid_argument`,
/// `errc::limit_exceeded`, ...).
plan make_plan(
    operation&& op, call_options const& options, mongo_settings const& settings, session_claim const& claim = session_claim());

/// The server's limits (https://www.mongodb.com/docs/manual/reference/limits/), the same for all versions that are supported.
inline constexpr std::size_t max_batch_count = 100'000;
/// A command that is one document may exceed `max_bson_size` by 16 KiB; the documents in it, taken together, may not.
inline constexpr std::size_t max_batch_bytes = max_bson_size;

} // namespace cormorant::detail
