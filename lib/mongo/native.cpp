#include "mongo/native.hpp"

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

void initialise() {
    static initialiser const once;
}

} // namespace cormorant::native
