#pragma once

/// A database on the real server, reached through a gate.

#include "coroutine.hpp"
#include "descriptors.hpp"
#include "mongod.hpp"
#include "tcp_gate.hpp"

#include <cormorant/bson/json.hpp>
#include <cormorant/cormorant.hpp>

#include <boost/asio/use_awaitable.hpp>

#include <gtest/gtest.h>

#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace cormorant::testing {

namespace asio = boost::asio;

/// The port in `MONGO_DSN`, which has to name one server.
inline std::uint16_t server_port() {
    auto const dsn = test_dsn("x");
    auto const host = dsn.substr(dsn.find("://") + 3);
    auto const colon = host.rfind(':', host.find('/'));
    return colon == std::string::npos ? std::uint16_t(27017) : static_cast<std::uint16_t>(std::stoi(host.substr(colon + 1)));
}

/// Shared by all tests of a parameter: whether the fast lane is on.
class fault_test : public ::testing::TestWithParam<bool> {
protected:
    void SetUp() override { database_ = test_database("faults"); }
    void TearDown() override {
        fail_point("off", document());
        run_on(*direct_, drop_database_op());
    }

    /// A store behind the gate.
    std::shared_ptr<store> make_store(mongo_options options = mongo_options(), std::string const& more = std::string()) const {
        auto const uri =
            "mongodb://127.0.0.1:" + std::to_string(gate_.port()) + "/" + database_ + "?directConnection=true" + more;
        return make_mongo_store(uri, std::move(options).fast_lane(GetParam()).app_name("faulty"));
    }

    template <class Op>
    static reply_of<Op> run_on(store& s, Op op, call_options options = call_options()) {
        return run(s.async_run(std::move(op), std::move(options), asio::use_awaitable));
    }
    static documents all_of(store& s, std::string collection) {
        find_op op;
        op.collection = std::move(collection);
        return run(drain(run_on(s, std::move(op))));
    }
    static asio::awaitable<documents> drain(cursor c) {
        documents all;
        for (;;) {
            auto b = co_await c.async_next(asio::use_awaitable);
            if (b.empty())
                co_return all;
            std::move(b).append_to(all, storage());
        }
    }

    document on_server(document command) {
        command_op op;
        op.database = "admin";
        op.command = std::move(command);
        return run_on(*direct_, std::move(op));
    }
    /// Of the stores that `make_store` makes only.
    void fail_point(value mode, document data) {
        data.set("appName", "faulty");
        on_server(doc("configureFailPoint", "failCommand", "mode", std::move(mode), "data", std::move(data)));
    }
    std::int64_t open_cursors() {
        auto const status = on_server(doc("serverStatus", 1));
        return status.at("metrics").as_document().at("cursor").as_document().at("open").as_document().at("total").as_int64();
    }
    /// Sessions that the server knows, those that have been ended not among them.
    std::int64_t open_sessions() {
        on_server(doc("refreshLogicalSessionCacheNow", 1));
        auto const status = on_server(doc("serverStatus", 1));
        return status.at("logicalSessionRecordCache").as_document().at("activeSessionsCount").as_int64();
    }

    std::string database_ = test_database("faults");
    tcp_gate gate_{server_port()};
    /// Past the gate.
    std::shared_ptr<store> direct_ = make_mongo_store(test_dsn(database_));
};

inline std::string lane_name(::testing::TestParamInfo<bool> const& info) {
    return info.param ? "fast_lane" : "driver_thread";
}

} // namespace cormorant::testing
