// Making stores, closing them, and their end.

#include "fixture.hpp"

#include <boost/asio/post.hpp>

#include <chrono>
#include <thread>

namespace cormorant::testing {
namespace {

using namespace std::chrono_literals;

class mongo_lifecycle : public mongo_test {
protected:
    static find_op slow_find() { return find_in("c", doc("$where", "sleep(5000) || true")); }
    void SetUp() override { run_op(insert_of("c", docs_of({doc("_id", 1)}))); }

    static errc code_of(std::exception_ptr e) {
        try {
            if (e)
                std::rethrow_exception(e);
        } catch (error const& why) {
            return static_cast<errc>(why.code().value());
        }
        return errc();
    }
};

TEST_F(mongo_lifecycle, a_store_that_was_never_used_ends_at_once) {
    for (int i = 0; i < 20; ++i)
        make_store();
}

TEST_F(mongo_lifecycle, close_ends_what_is_in_flight_and_then_completes) {
    asio::io_context loop;
    std::vector<errc> codes;
    for (int i = 0; i < 40; ++i) // more than there are clients
        store_->async_run(slow_find(), call_options(),
            asio::bind_executor(loop, [&](std::exception_ptr e, cursor) { codes.push_back(code_of(e)); }));
    bool closed = false;
    auto const begin = std::chrono::steady_clock::now();
    asio::steady_timer timer(loop, 200ms);
    timer.async_wait([&](boost::system::error_code) {
        store_->async_close(asio::bind_executor(loop, [&](std::exception_ptr e) {
            EXPECT_FALSE(e);
            EXPECT_EQ(codes.size(), 40U) << "the operations come first";
            closed = true;
        }));
    });
    loop.run();
    EXPECT_TRUE(closed);
    EXPECT_LT(std::chrono::steady_clock::now() - begin, 3s);
    EXPECT_EQ(codes, std::vector<errc>(40, errc::cancelled));
    EXPECT_EQ(failure_of(find_in("c")).code(), errc::not_connected);
    run(store_->async_close(asio::use_awaitable)); // once more
}

TEST_F(mongo_lifecycle, close_gives_back_every_connection) {
    auto const other = make_store(mongo_options().app_name("lifecycle"));
    run_on(*other, find_in("c"));
    auto const connections = [&] {
        command_op op;
        op.database = "admin";
        op.command = doc("aggregate", 1, "pipeline",
            arr(doc("$currentOp", doc("idleConnections", true, "allUsers", true)), doc("$match", doc("appName", "lifecycle"))),
            "cursor", document());
        return run_op(op).at("cursor").as_document().at("firstBatch").as_array().size();
    };
    EXPECT_EQ(connections(), 1U);
    run(other->async_close(asio::use_awaitable));
    while (connections() != 0) { // the server sees it a moment later
    }
}

TEST_F(mongo_lifecycle, a_store_may_end_with_operations_in_flight) {
    asio::io_context loop;
    std::vector<errc> codes;
    auto const begin = std::chrono::steady_clock::now();
    for (int i = 0; i < 5; ++i)
        store_->async_run(slow_find(), call_options(),
            asio::bind_executor(loop, [&](std::exception_ptr e, cursor) { codes.push_back(code_of(e)); }));
    loop.run_for(100ms);
    store_.reset();
    loop.run();
    EXPECT_EQ(codes, std::vector<errc>(5, errc::cancelled));
    EXPECT_LT(std::chrono::steady_clock::now() - begin, 3s);
}

TEST_F(mongo_lifecycle, a_store_may_end_on_the_loop_that_uses_it) {
    asio::io_context loop;
    errc code = errc();
    store_->async_run(
        slow_find(), call_options(), asio::bind_executor(loop, [&](std::exception_ptr e, cursor) { code = code_of(e); }));
    asio::post(loop, [&] { store_.reset(); });
    loop.run();
    EXPECT_EQ(code, errc::cancelled);
}

TEST_F(mongo_lifecycle, a_cursor_may_outlive_its_store) {
    fill("many", 100);
    auto op = find_in("many");
    op.batch_size = 10;
    auto c = run_op(op);
    store_.reset();
    EXPECT_EQ(run(c.async_next(asio::use_awaitable)).size(), 10U) << "what is here stays";
    EXPECT_THROW(run(c.async_next(asio::use_awaitable)), error);
}

TEST_F(mongo_lifecycle, a_server_that_is_not_there_is_an_error_after_the_time_for_selection) {
    auto const nowhere = make_mongo_store("mongodb://127.0.0.1:1/none?serverSelectionTimeoutMS=300", test_options());
    auto const e = failure_on(*nowhere, find_in("c"));
    EXPECT_EQ(e.code(), errc::connect);
    EXPECT_TRUE(e.code() == condition::network);
    EXPECT_EQ(e.details().slow_phase, phase::connect);
    EXPECT_NE(std::string(e.what()).find("127.0.0.1:1"), std::string::npos) << e.what();
}

TEST_F(mongo_lifecycle, a_name_that_does_not_resolve_is_an_error) {
    auto const nowhere = make_mongo_store("mongodb://cormorant.invalid/none?serverSelectionTimeoutMS=300", test_options());
    auto const e = failure_on(*nowhere, find_in("c"));
    EXPECT_EQ(e.code(), errc::connect);
    EXPECT_NE(std::string(e.what()).find("cormorant.invalid"), std::string::npos) << e.what();
}

TEST_F(mongo_lifecycle, the_minimum_of_the_pool_is_connected_with_the_first_operation) {
    auto const ready = make_store(mongo_options().min_pool_size(3).app_name("minimum"));
    run_on(*ready, find_in("c"));
    command_op op;
    op.database = "admin";
    op.command = doc("aggregate", 1, "pipeline",
        arr(doc("$currentOp", doc("idleConnections", true, "allUsers", true)), doc("$match", doc("appName", "minimum"))),
        "cursor", document());
    while (run_op(op).at("cursor").as_document().at("firstBatch").as_array().size() != 3) {
    }
}

} // namespace
} // namespace cormorant::testing
