#pragma once

/// The one door to libmongoc: its headers, and owners for what it allocates.

#include <mongoc/mongoc.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace cormorant::native {

template <auto Destroy>
struct deleter {
    template <class T>
    void operator()(T* object) const noexcept {
        Destroy(object);
    }
};

using uri = std::unique_ptr<mongoc_uri_t, deleter<mongoc_uri_destroy>>;
using client = std::unique_ptr<mongoc_client_t, deleter<mongoc_client_destroy>>;
using session = std::unique_ptr<mongoc_client_session_t, deleter<mongoc_client_session_destroy>>;
using session_options = std::unique_ptr<mongoc_session_opt_t, deleter<mongoc_session_opts_destroy>>;
using read_preferences = std::unique_ptr<mongoc_read_prefs_t, deleter<mongoc_read_prefs_destroy>>;
using apm_callbacks = std::unique_ptr<mongoc_apm_callbacks_t, deleter<mongoc_apm_callbacks_destroy>>;
using server_description = std::unique_ptr<mongoc_server_description_t, deleter<mongoc_server_description_destroy>>;

inline std::vector<std::byte> bytes_of(bson_t const* b) {
    auto const* first = reinterpret_cast<std::byte const*>(bson_get_data(b));
    return std::vector<std::byte>(first, first + b->len);
}

/// A `bson_t` that owns its memory.
class bson {
public:
    bson() noexcept { bson_init(&data_); }
    bson(bson const&) = delete;
    bson& operator=(bson const&) = delete;
    ~bson() { bson_destroy(&data_); }

    bson_t* get() noexcept { return &data_; }
    bson_t const* get() const noexcept { return &data_; }
    /// For functions that initialise their argument.
    bson_t* overwrite() noexcept {
        bson_destroy(&data_);
        return &data_;
    }
    std::vector<std::byte> bytes() const { return bytes_of(&data_); }

private:
    bson_t data_;
};

/// A `bson_t` that looks at bytes of ours. An empty span is an empty document.
class bson_window {
public:
    explicit bson_window(std::span<std::byte const> bytes) noexcept {
        if (bytes.empty() || !bson_init_static(&data_, reinterpret_cast<std::uint8_t const*>(bytes.data()), bytes.size()))
            bson_init(&data_);
    }
    bson_window(bson_window const&) = delete;
    bson_window& operator=(bson_window const&) = delete;

    bson_t const* get() const noexcept { return &data_; }

private:
    bson_t data_;
};

/// Gives a session of libmongoc another id for as long as it exists. libmongoc 1.23 sends an id of its own with every acknowledged
/// command and has no way to choose it, but the commands of one transaction may need different clients. The id has the length that it
/// had, in memory of the session's own.
class session_disguise {
public:
    session_disguise(mongoc_client_session_t* of, std::span<std::byte const> id);
    session_disguise(session_disguise const&) = delete;
    session_disguise& operator=(session_disguise const&) = delete;
    ~session_disguise();

private:
    void write(std::span<std::byte const> id) noexcept;

    mongoc_client_session_t* session_;
    std::vector<std::byte> before_;
};

/// Makes libmongoc ready for use, once per process; its log messages are dropped from then on. Thread safe.
void initialise();

} // namespace cormorant::native
