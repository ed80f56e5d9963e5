#include "mongo/native.hpp"

#include <cstring>
#include <utility>

namespace cormorant::native {
namespace {

// What there is to say is said by the errors of operations. libmongoc would write to stderr.
void drop(mongoc_log_level_t, char const*, char const*, void*) noexcept {}

// Without a counterpart: libmongoc cannot be initialised a second time, so it stays until the process ends.
struct initialiser {
    initialiser() {
        mongoc_log_set_handler(drop, nullptr);
        mongoc_init();
    }
};

} // namespace

session_disguise::session_disguise(mongoc_client_session_t* of, std::span<std::byte const> id) : session_(of) {
    auto own = bytes_of(mongoc_client_session_get_lsid(session_));
    if (own.size() != id.size())
        return; // an id of another form, which nothing here makes
    before_ = std::move(own);
    write(id);
}

session_disguise::~session_disguise() {
    if (!before_.empty())
        write(before_);
}

// The bytes are libmongoc's and no constants; only the function that shows them says so.
void session_disguise::write(std::span<std::byte const> id) noexcept {
    auto* const bytes = const_cast<std::uint8_t*>(bson_get_data(mongoc_client_session_get_lsid(session_)));
    std::memcpy(bytes, id.data(), id.size());
}

void initialise() {
    static initialiser const once;
}

} // namespace cormorant::native
