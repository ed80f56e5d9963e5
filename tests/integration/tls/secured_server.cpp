#include "secured_server.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <memory>
#include <stdexcept>

namespace cormorant::testing {
namespace {

std::unique_ptr<secured_server> running;

class secured_environment final : public ::testing::Environment {
public:
    void SetUp() override {
        if (!replica_set::available())
            GTEST_SKIP() << "CORMORANT_MONGOD names no program to run (tools/with-mongod sets it)";
        running = std::make_unique<secured_server>();
        ::setenv("MONGO_DSN", running->set().uri("").c_str(), 1);
    }
    void TearDown() override { running.reset(); }
};

[[maybe_unused]] auto* const registered = ::testing::AddGlobalTestEnvironment(new secured_environment);

} // namespace

secured_server& secured_server::get() {
    if (!running)
        throw std::logic_error("there is no secured server");
    return *running;
}

} // namespace cormorant::testing
