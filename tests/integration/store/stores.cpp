#include "stores.hpp"

#include "coroutine.hpp"
#include "store_folder.hpp"

#include <cormorant/memory/memory_store.hpp>
#if CORMORANT_HAS_MONGO
#include <cormorant/mongo/mongo_store.hpp>
#endif

#include <boost/asio/use_awaitable.hpp>

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <map>
#include <stdexcept>

namespace cormorant::testing {
namespace {

std::string database_name() {
    return "store_suite_" + std::to_string(::getpid());
}

#if CORMORANT_HAS_MONGO
char const* server() {
    return std::getenv("MONGO_DSN");
}
#endif

temporary_folder const& lasting_folder() {
    static temporary_folder const folder;
    return folder;
}

std::shared_ptr<store> make(std::string const& kind) {
    if (kind == "lasting")
        // Often a snapshot; what is written outlasts the store, which is enough here.
        return make_memory_store(
            memory_options().database(database_name()).folder(lasting_folder().path()).sync(false).snapshot_size(50'000));
    if (kind == "memory")
        return make_memory_store(memory_options().database(database_name()));
#if CORMORANT_HAS_MONGO
    if (kind.starts_with("mongo") && server() != nullptr) {
        // mongodb://host[/database][?options]: the database becomes ours.
        std::string uri = server();
        auto const options = uri.find('?');
        auto const slash = uri.find('/', std::string("mongodb://").size());
        auto const tail = options == std::string::npos ? std::string() : uri.substr(options);
        uri = uri.substr(0, std::min(slash, options)) + "/" + database_name() + tail;
        return make_mongo_store(uri, mongo_options().fast_lane(kind != "mongo_without_fast_lane"));
    }
#endif
    throw std::invalid_argument("no store of the kind " + kind);
}

std::map<std::string, std::shared_ptr<store>>& made() {
    static std::map<std::string, std::shared_ptr<store>> stores;
    return stores;
}

boost::asio::awaitable<void> finish(std::shared_ptr<store> s) {
    co_await s->async_run(drop_database_op(), call_options(), boost::asio::use_awaitable);
    co_await s->async_close(boost::asio::use_awaitable);
}

/// Leaves nothing behind on the server.
class cleanup : public ::testing::Environment {
public:
    void TearDown() override {
        for (auto const& [kind, s] : made())
            run(finish(s));
        made().clear();
    }
};
[[maybe_unused]] auto const* const registered = ::testing::AddGlobalTestEnvironment(new cleanup);

} // namespace

std::vector<std::string> store_kinds() {
    std::vector<std::string> kinds = {"memory", "lasting"};
#if CORMORANT_HAS_MONGO
    if (server() != nullptr)
        kinds.insert(kinds.end(), {"mongo", "mongo_without_fast_lane"});
#endif
    return kinds;
}

bool close_lasting_store(std::string const& kind) {
    if (kind != "lasting")
        return false;
    close(*store_of(kind));
    made().erase(kind);
    return true;
}

std::shared_ptr<store> store_of(std::string const& kind) {
    auto& s = made()[kind];
    if (!s)
        s = make(kind);
    return s;
}

} // namespace cormorant::testing
