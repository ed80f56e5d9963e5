#pragma once

/// What the error codes of a server mean.
/// Source: https://github.com/mongodb/mongo/blob/r6.0.5/src/mongo/base/error_codes.yml

#include <cormorant/error/errc.hpp>

namespace cormorant::detail {

/// The error that a code of the server stands for; `errc::server` for all others.
errc errc_of_server(int code) noexcept;

/// The server is no primary, recovers or shuts down: what the client knows of it is wrong.
bool is_state_change(int code) noexcept;
/// The server may have been in the middle of it: a change of its state, a time limit, somebody who ended the operation.
bool is_interruption(int code) noexcept;

/// A read that failed so may be sent again.
/// Source: https://github.com/mongodb/specifications/blob/master/source/retryable-reads/retryable-reads.md
bool is_retryable_read_error(int code) noexcept;

} // namespace cormorant::detail
