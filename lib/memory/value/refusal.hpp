#pragma once

/// How the store refuses what it is asked for: with the answers of a server, or as something that it does not have.

#include <cormorant/error/error.hpp>

#include <string>

namespace cormorant::memory {

/// MongoDB's error codes, as far as the engine answers them.
namespace code {
inline constexpr int bad_value = 2;
inline constexpr int failed_to_parse = 9;
inline constexpr int type_mismatch = 14;
inline constexpr int overflow = 15;
inline constexpr int path_not_viable = 28;
inline constexpr int conflicting_update_operators = 40;
inline constexpr int dollar_prefixed_field_name = 52;
inline constexpr int empty_field_name = 56;
inline constexpr int immutable_field = 66;
inline constexpr int unrecognised_pipeline_stage = 40324;
inline constexpr int conversion_failure = 241;
} // namespace code

/// What a MongoDB server would answer: `errc::server` with its code.
error server_error(int server_code, std::string message);
/// Throws what a MongoDB server would answer: `errc::server` with its code.
[[noreturn]] void refuse(int server_code, std::string message);
/// Throws a server's answer that has an `errc` of its own (`errc::namespace_exists`, ...).
[[noreturn]] void refuse_as(errc code, int server_code, std::string message);
/// Throws `errc::unsupported`: a server could do it, this store cannot.
[[noreturn]] void unsupported(std::string message);

} // namespace cormorant::memory
