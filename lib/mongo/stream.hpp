#pragma once

/// libmongoc's streams, made of transports.

#include "mongo/native.hpp"
#include "mongo/transport.hpp"

#include <chrono>
#include <memory>
#include <optional>

namespace cormorant::detail {

/// What a client's streams are made with: the user data of `initiate_stream`.
struct stream_source {
    std::shared_ptr<lane> where;
    std::shared_ptr<lookup_count> lookups;
    std::optional<tls_settings> tls;
    std::chrono::milliseconds connect_timeout{0};
    /// What the last command was written to.
    std::weak_ptr<transport> last_used;
};

/// A `mongoc_stream_initiator_t`: gives a connected stream (TLS included) or, with `error` filled, null.
/// To be called on the fiber of the lane only; without a fiber every callback fails at once. The source outlives the stream.
mongoc_stream_t* initiate_stream(
    mongoc_uri_t const* uri, mongoc_host_list_t const* host, void* source, bson_error_t* error) noexcept;

} // namespace cormorant::detail
