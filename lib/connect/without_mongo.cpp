// In place of the module mongo, in a build without it.

#include "mongo/seed_list.hpp"

#include <cormorant/error/error.hpp>
#include <cormorant/mongo/mongo_store.hpp>

namespace cormorant {

namespace {

[[noreturn]] void no_store() {
    throw error(errc::unsupported, "this build of the library has no MongoDB store (CORMORANT_MONGO=OFF)");
}

} // namespace

std::shared_ptr<store> make_mongo_store(std::string_view, mongo_options) {
    no_store();
}

std::string detail::list_hosts(std::string const&) {
    no_store();
}

} // namespace cormorant
