// In place of the module mongo, in a build without it.

#include <cormorant/error/error.hpp>
#include <cormorant/mongo/mongo_store.hpp>

namespace cormorant {

std::shared_ptr<store> make_mongo_store(std::string_view, mongo_options) {
    throw error(errc::unsupported, "this build of the library has no MongoDB store (CORMORANT_MONGO=OFF)");
}

} // namespace cormorant
