#include "mongod.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <stdexcept>

namespace cormorant::testing {

std::string test_dsn(std::string_view database, std::string_view options) {
    char const* const given = std::getenv("MONGO_DSN");
    if (given == nullptr)
        throw std::runtime_error("MONGO_DSN is not set: these tests need a MongoDB server (tools/with-mongod starts one)");
    std::string_view const dsn = given;
    auto const scheme = dsn.find("://");
    if (scheme == std::string_view::npos)
        throw std::runtime_error("MONGO_DSN has to begin with mongodb://");
    auto const question = std::min(dsn.find('?'), dsn.size());
    auto const slash = std::min(dsn.find('/', scheme + 3), question);

    std::string result(dsn.substr(0, slash));
    result += '/';
    result += database;
    if (question < dsn.size())
        result += dsn.substr(question);
    if (!options.empty()) {
        result += question < dsn.size() ? '&' : '?';
        result += options;
    }
    return result;
}

std::string test_database(std::string_view prefix) {
    return std::string(prefix) + "_" + std::to_string(::getpid());
}

} // namespace cormorant::testing
