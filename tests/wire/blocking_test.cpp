// No thread is parked on an operation: neither the caller's nor the driver's.

#include "interposer.hpp"
#include "mongo/native.hpp"
#include "wire_test.hpp"

#include <gmock/gmock.h>

namespace cormorant::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::IsEmpty;
using ::testing::Not;

class blocking : public ::testing::Test {
protected:
    void SetUp() override {
        server_.on_command([](document const& command) -> reaction {
            if (command.contains("find"))
                return answer_with{mock_server::cursor_reply(arr(doc("_id", 1)))};
            return answer_with{doc("n", 1)};
        });
        forget_blocking_calls();
    }
    static void expect_none() {
        EXPECT_THAT(blocking_calls_of(std::this_thread::get_id()), IsEmpty()) << "of the caller";
        EXPECT_THAT(blocking_calls_of(connecting_thread()), IsEmpty()) << "of the driver";
        EXPECT_NE(connecting_thread(), std::this_thread::get_id());
    }

    mock_server server_;
};

TEST_F(blocking, the_counters_count_what_libmongoc_does_by_itself) {
    mongoc_init();
    auto* const client = mongoc_client_new(server_.uri().c_str());
    bson_t ping = BSON_INITIALIZER;
    BSON_APPEND_INT32(&ping, "ping", 1);
    EXPECT_TRUE(mongoc_client_command_simple(client, "admin", &ping, nullptr, nullptr, nullptr));
    bson_destroy(&ping);
    mongoc_client_destroy(client);
    EXPECT_THAT(blocking_calls_of(std::this_thread::get_id()), Not(IsEmpty()));
}

TEST_F(blocking, nothing_waits_in_normal_operation) {
    auto s = make_test_store(server_.uri());
    for (int i = 0; i < 20; ++i) {
        run_on(*s, find_in("c"));
        run_on(*s, insert_into("c"));
    }
    run(s->async_close(asio::use_awaitable));
    s.reset();
    expect_none();
}

TEST_F(blocking, a_host_name_is_looked_up_on_another_thread) {
    auto const s = make_test_store("mongodb://localhost:" + std::to_string(server_.port()) + "/mock");
    run_on(*s, find_in("c"));
    expect_none();
}

TEST_F(blocking, nothing_waits_after_a_broken_connection) {
    auto const s = make_test_store(server_.uri());
    auto const count = std::make_shared<int>(0);
    server_.on_command([count](document const&) -> reaction {
        if (++*count % 2 == 1)
            return drop_connection();
        return answer_with{mock_server::cursor_reply(arr(doc("_id", 1)))};
    });
    for (int i = 0; i < 5; ++i)
        run_on(*s, find_in("c")); // each is sent twice
    expect_none();
}

TEST_F(blocking, nothing_waits_after_a_deadline_or_while_the_server_is_away) {
    server_.on_command([](document const&) -> reaction { return hang(); });
    auto const s = make_test_store(server_.uri());
    for (int i = 0; i < 3; ++i)
        EXPECT_EQ(failure_on(*s, find_in("c"), deadline_in(30ms)).code(), errc::deadline);
    auto const nowhere = make_test_store("mongodb://127.0.0.1:1/mock?serverSelectionTimeoutMS=700");
    EXPECT_EQ(failure_on(*nowhere, find_in("c")).code(), errc::connect);
    expect_none();
}

TEST_F(blocking, nothing_waits_when_the_primary_changes) {
    std::vector<std::string> const hosts(1, server_.address());
    server_.on_hello([this, hosts]() -> reaction { return answer_with{server_.hello_of_set("rs", true, hosts)}; });
    auto const count = std::make_shared<int>(0);
    server_.on_command([count](document const& command) -> reaction {
        if (++*count % 2 == 1)
            return answer_with{doc("ok", 0, "code", 10107, "errmsg", "not primary", "errorLabels", arr("RetryableWriteError"))};
        if (command.contains("find"))
            return answer_with{mock_server::cursor_reply(arr(doc("_id", 1)))};
        return answer_with{doc("n", 1)};
    });
    auto const s = make_test_store(server_.uri("replicaSet=rs"));
    run_on(*s, find_in("c"));
    run_on(*s, insert_into("c"));
    expect_none();
}

TEST_F(blocking, nothing_waits_for_a_secondary_that_is_missing) {
    std::vector<std::string> const hosts(1, server_.address());
    server_.on_hello([this, hosts]() -> reaction { return answer_with{server_.hello_of_set("rs", true, hosts)}; });
    auto const s = make_test_store(server_.uri("replicaSet=rs&serverSelectionTimeoutMS=100"));
    run_on(*s, find_in("c"));
    call_options options;
    options.read_preference = doc("mode", "secondary");
    EXPECT_EQ(failure_on(*s, find_in("c"), options).code(), errc::server_selection);
    expect_none();
}

} // namespace
} // namespace cormorant::testing
