#pragma once

/// Error codes of the library, and the questions that one can ask of them.

#include <boost/system/error_code.hpp>
#include <boost/system/error_condition.hpp>

#include <string_view>
#include <type_traits>

namespace cormorant {

/// What went wrong. Compare an `error_code` with a value of this enumeration, or with a `condition`
/// to ask about a whole class of errors.
enum class errc {
    // --- the caller's data or call: nothing was sent -------------------------------------------------------------
    /// A value does not meet the validation of its field (any depth).
    validation = 1,
    /// A required field is absent.
    required,
    /// A key that the definition does not declare.
    unknown_field,
    /// A value is of another type than the one asked for (conversions, access to a `value`).
    type_mismatch,
    /// A document that must exist was not found.
    not_found,
    /// An argument of the call makes no sense (an unknown hook, an empty batch, text that is no object id...).
    invalid_argument,
    /// A hook of the user's halted the operation.
    hook_failed,
    /// The caller may not do this.
    unauthorized,
    /// The definition forbids this operation.
    disallowed,
    /// Other documents refer to this one.
    referenced,
    /// A model, field, relationship, hook or index is defined wrongly.
    definition,
    /// The model is not on a connection, or the connection is closed.
    not_connected,
    /// A bound was exceeded (result size, population budget, document depth or size).
    limit_exceeded,
    /// The store lacks an operator, stage, option or operation.
    unsupported,
    /// Bytes that are no valid BSON.
    bad_bson,
    /// Text that is no valid (Extended) JSON.
    bad_json,
    /// A connection string that cannot be understood.
    bad_uri,
    /// A file that cannot be read.
    bad_file,
    /// A relationship was touched that the call did not populate.
    not_populated,

    // --- the server's answer -------------------------------------------------------------------------------------
    /// A unique index refused a write.
    duplicate_key = 100,
    /// The server refused the command (see `diagnostics::server_code`).
    server,
    /// Another write got in between (also: a transaction must be retried).
    write_conflict,
    /// The server is not, or no longer, the primary, or is shutting down.
    not_primary,
    /// The write was applied, its write concern was not met.
    write_concern,
    /// The server no longer knows the cursor.
    cursor_not_found,
    /// The server used up `maxTimeMS`.
    server_timeout,
    /// The server refused the credentials.
    authentication,
    /// The collection (or view) exists already.
    namespace_exists,
    /// The collection does not exist.
    namespace_not_found,
    /// The document does not meet the validator of the collection.
    document_validation,

    // --- between here and the server -----------------------------------------------------------------------------
    /// The connection could not be made (name resolution, TCP).
    connect = 200,
    /// The TLS handshake failed or the host's certificate does not fit.
    tls,
    /// The connection broke.
    network,
    /// No suitable server was found in time.
    server_selection,
    /// No client of the pool became free in time.
    pool_timeout,
    /// The deadline of the operation passed.
    deadline,
    /// The operation was cancelled.
    cancelled,
};

/// Classes of errors, for comparison: `if (ec == condition::network) ...`.
enum class condition {
    /// The caller's data or call; repeating it will fail again.
    client = 1,
    /// The server answered with an error.
    server,
    /// The connection to the server.
    network,
    /// Time ran out (deadline, pool, server selection, server).
    timeout,
    /// The same operation may succeed when it is sent again.
    retryable,
};

boost::system::error_category const& error_category() noexcept;
boost::system::error_category const& condition_category() noexcept;

boost::system::error_code make_error_code(errc) noexcept;
boost::system::error_condition make_error_condition(condition) noexcept;

/// The name of a code as it is written in this header, `"duplicate_key"`.
std::string_view to_string(errc) noexcept;

} // namespace cormorant

template <>
struct boost::system::is_error_code_enum<cormorant::errc> : std::true_type {};
template <>
struct boost::system::is_error_condition_enum<cormorant::condition> : std::true_type {};
