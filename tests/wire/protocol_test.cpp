// A connection that breaks, hangs or talks nonsense.

#include "wire_test.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>

#include <unistd.h>

#include <algorithm>
#include <filesystem>

namespace cormorant::testing {
namespace {

using namespace std::chrono_literals;

class protocol : public ::testing::Test {
protected:
    /// The n-th command (from 1) gets this reaction, all others the usual one.
    void react_to(int n, reaction what) {
        auto const count = std::make_shared<int>(0);
        server_.on_command([=](document const& command) -> reaction {
            if (++*count == n)
                return what;
            if (command.contains("update"))
                return answer_with{doc("n", 1, "nModified", 1)};
            if (command.contains("insert"))
                return answer_with{doc("n", 1)};
            return answer_with{mock_server::cursor_reply(arr(doc("_id", 1)))};
        });
    }
    /// The pool works and has one client, as if nothing had happened.
    void expect_recovered() {
        EXPECT_EQ(run(drain(run_on(*store_, find_in("c")))).size(), 1U);
        server_.await_connections(1);
    }

    mock_server server_;
    std::shared_ptr<store> store_ = make_test_store(server_.uri());
};

TEST_F(protocol, a_command_carries_database_session_and_time_limit) {
    run_on(*store_, find_in("c"), deadline_in(10s));
    auto const command = server_.commands().at(0);
    EXPECT_EQ(command.at("$db"), value("mock"));
    EXPECT_TRUE(command.contains("lsid"));
    EXPECT_LE(command.at("maxTimeMS").as_int64(), 10'000);
    EXPECT_GT(command.at("maxTimeMS").as_int64(), 5'000);
    EXPECT_FALSE(command.contains("txnNumber")) << "a standalone server knows no retryable writes";
}

TEST_F(protocol, one_client_serves_one_operation_after_the_other) {
    for (int i = 0; i < 10; ++i)
        run_on(*store_, find_in("c"));
    EXPECT_EQ(server_.accepted_connections(), 1);
}

TEST_F(protocol, a_read_is_repeated_on_a_new_connection) {
    react_to(1, drop_connection());
    EXPECT_EQ(run(drain(run_on(*store_, find_in("c")))).size(), 1U);
    EXPECT_EQ(server_.names(), (std::vector<std::string>{"find", "find"}));
    expect_recovered();
}

TEST_F(protocol, a_write_that_cannot_be_repeated_is_in_doubt) {
    react_to(1, drop_connection());
    auto const e = failure_on(*store_, update_many("c"));
    EXPECT_EQ(e.code(), errc::network);
    EXPECT_EQ(e.details().what_happened, outcome::maybe_applied);
    EXPECT_EQ(server_.names().size(), 1U);
    expect_recovered();
}

TEST_F(protocol, a_connection_that_broke_while_idle_is_noticed_before_it_is_used) {
    for (int i = 0; i < 5; ++i) {
        run_on(*store_, find_in("c"));
        server_.drop_all();
        server_.await_connections(0);
        react_to(0, hang());
        EXPECT_EQ(run_on(*store_, update_many("c")).matched_count, 1) << "a write, which is not sent twice";
    }
}

TEST_F(protocol, a_server_that_hangs_is_left_at_the_deadline) {
    react_to(1, hang());
    auto const begin = std::chrono::steady_clock::now();
    auto const e = failure_on(*store_, insert_into("c"), deadline_in(100ms));
    EXPECT_LT(std::chrono::steady_clock::now() - begin, 2s);
    EXPECT_EQ(e.code(), errc::deadline);
    EXPECT_EQ(e.details().slow_phase, phase::server);
    EXPECT_EQ(e.details().what_happened, outcome::maybe_applied);
    expect_recovered();
}

TEST_F(protocol, a_server_that_hangs_is_left_on_cancellation) {
    asio::io_context loop;
    asio::cancellation_signal signal;
    std::exception_ptr failed;
    server_.on_command([&](document const&) -> reaction {
        asio::post(loop, [&] { signal.emit(asio::cancellation_type::total); });
        return hang();
    });
    store_->async_run(insert_into("c"), call_options(),
        asio::bind_cancellation_slot(
            signal.slot(), asio::bind_executor(loop, [&](std::exception_ptr e, insert_result) { failed = e; })));
    loop.run();
    try {
        std::rethrow_exception(failed);
    } catch (error const& e) {
        EXPECT_EQ(e.code(), errc::cancelled);
        EXPECT_EQ(e.details().what_happened, outcome::maybe_applied);
    }
    react_to(0, hang());
    expect_recovered();
}

TEST_F(protocol, a_context_may_end_while_the_driver_thread_works_for_it) {
    std::atomic<int> received = 0;
    std::atomic<bool> answers = false;
    server_.on_command([&](document const&) -> reaction {
        ++received;
        if (answers)
            return answer_with{mock_server::cursor_reply(array())};
        return hang();
    });
    auto const alive = std::make_shared<int>(0);
    {
        asio::io_context loop;
        // No operation of the fast lane.
        store_->async_run(list_collections_op(), call_options(),
            asio::bind_executor(loop, [alive](std::exception_ptr, documents) { FAIL() << "called after the end"; }));
        while (received == 0)
            loop.run_for(1ms);
    }
    EXPECT_EQ(alive.use_count(), 1) << "the handler is destroyed with its context";
    answers = true;
    EXPECT_TRUE(run_on(*store_, list_collections_op()).empty());
    store_.reset(); // what still hangs is ended, and has nobody to tell
}

TEST_F(protocol, a_server_that_says_no_hello_is_left_at_the_deadline) {
    server_.on_hello([]() -> reaction { return hang(); });
    auto const e = failure_on(*store_, insert_into("c"), deadline_in(100ms));
    EXPECT_EQ(e.code(), errc::deadline);
    EXPECT_EQ(e.details().slow_phase, phase::selection);
    EXPECT_EQ(e.details().what_happened, outcome::not_sent);
}

TEST_F(protocol, a_server_that_says_no_hello_is_given_up) {
    server_.on_hello([]() -> reaction { return hang(); });
    auto const s = make_test_store(server_.uri("connectTimeoutMS=100&serverSelectionTimeoutMS=250"));
    auto const begin = std::chrono::steady_clock::now();
    auto const e = failure_on(*s, find_in("c"));
    EXPECT_TRUE(e.code() == condition::network || e.code() == errc::server_selection) << e.what();
    EXPECT_LT(std::chrono::steady_clock::now() - begin, 3s);
}

TEST_F(protocol, nonsense_from_the_server_is_an_error_of_the_connection) {
    struct row {
        std::string name;
        std::vector<std::byte> bytes;
    };
    std::vector<row> rows = {
        {"text", bytes_of({'H', 'T', 'T', 'P', '/', '1', '.', '1', ' ', '4', '0', '0', '\r', '\n', '\r', '\n'})},
        {"negative length", bytes_of({0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0})},
        {"too short", bytes_of({16, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0xDD, 7, 0, 0})},
        {"another opcode", bytes_of({26, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 0})},
        {"a document longer than the message",
            bytes_of({26, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0xDD, 7, 0, 0, 0, 0, 0, 0, 0, 99, 0, 0, 0, 0})},
        {"a document shorter than the message",
            bytes_of({27, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0xDD, 7, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 0, 0})},
        {"longer than any message",
            bytes_of({0, 0, 0, 0x7F, 1, 0, 0, 0, 1, 0, 0, 0, 0xDD, 7, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 0})},
        {"a section of another kind",
            bytes_of({26, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0xDD, 7, 0, 0, 0, 0, 0, 0, 7, 5, 0, 0, 0, 0})},
    };
    if (fast_lane_is_on()) // libmongoc takes any answer for the one that it waits for
        rows.push_back({"an answer to something else",
            bytes_of({26, 0, 0, 0, 1, 0, 0, 0, 99, 0, 0, 0, 0xDD, 7, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 0})});
    for (auto const& r : rows) {
        react_to(1, send_bytes{r.bytes});
        auto const e = failure_on(*store_, update_many("c"));
        EXPECT_EQ(e.code(), errc::network) << r.name << ": " << e.what();
        EXPECT_EQ(e.details().what_happened, outcome::maybe_applied) << r.name;
        expect_recovered();
    }
}

TEST_F(protocol, a_batch_that_is_no_bson_is_an_error_of_the_caller_who_reads_it) {
    react_to(1, answer_with{doc("cursor", doc("firstBatch", arr("text", 1), "id", std::int64_t(0), "ns", "mock.c"))});
    EXPECT_EQ(failure_on(*store_, find_in("c")).code(), errc::type_mismatch);
    expect_recovered();
}

TEST_F(protocol, empty_batches_of_an_open_cursor_are_no_end) {
    int more = 0;
    server_.on_command([&](document const& command) -> reaction {
        if (command.contains("find"))
            return answer_with{mock_server::cursor_reply(array(), 77)};
        ++more;
        EXPECT_EQ(command.at("getMore"), value(77));
        EXPECT_EQ(command.at("collection"), value("c"));
        return answer_with{more < 3 ? mock_server::next_batch(array(), 77) : mock_server::next_batch(arr(doc("_id", 1)), 0)};
    });
    EXPECT_EQ(run(drain(run_on(*store_, find_in("c")))).size(), 1U);
    EXPECT_EQ(more, 3);
}

TEST_F(protocol, an_open_cursor_is_killed_on_the_connection_that_has_it) {
    server_.on_command([](document const& command) -> reaction {
        if (command.contains("find"))
            return answer_with{mock_server::cursor_reply(arr(doc("_id", 1)), 77)};
        return answer_with{document()};
    });
    run_on(*store_, find_in("c"));
    while (server_.names().size() < 2)
        std::this_thread::yield();
    auto const kill = server_.commands().at(1);
    EXPECT_EQ(kill.at("killCursors"), value("c"));
    EXPECT_EQ(kill.at("cursors"), value(arr(std::int64_t(77))));
    EXPECT_EQ(server_.accepted_connections(), 1);
}

TEST_F(protocol, a_batch_that_is_cancelled_before_it_is_asked_for_leaves_no_client_behind) {
    server_.on_command([](document const& command) -> reaction {
        if (command.contains("find"))
            return answer_with{mock_server::cursor_reply(arr(doc("_id", 1)), 77)};
        return answer_with{document()};
    });
    auto const small = make_test_store(server_.uri("maxPoolSize=1&waitQueueTimeoutMS=2000"));
    for (int i = 0; i < 20; ++i) {
        auto c = run_on(*small, find_in("c"));
        run(c.async_next(asio::use_awaitable));
        asio::io_context loop;
        asio::cancellation_signal signal;
        std::exception_ptr failed;
        c.async_next(asio::bind_cancellation_slot(
            signal.slot(), asio::bind_executor(loop, [&](std::exception_ptr e, batch) { failed = e; })));
        signal.emit(asio::cancellation_type::terminal);
        loop.run();
        EXPECT_TRUE(failed);
    }
}

TEST_F(protocol, the_end_of_a_store_does_not_wait_for_a_server_that_hangs) {
    server_.on_command([](document const& command) -> reaction {
        if (command.contains("find"))
            return answer_with{mock_server::cursor_reply(arr(doc("_id", 1)), 77)};
        return hang();
    });
    run_on(*store_, find_in("c")); // its killCursors gets no answer
    auto const begin = std::chrono::steady_clock::now();
    store_.reset();
    EXPECT_LT(std::chrono::steady_clock::now() - begin, 3s);
}

TEST_F(protocol, a_socket_of_the_file_system_does_as_well) {
    auto const path = (std::filesystem::temp_directory_path() / ("cormorant-" + std::to_string(::getpid()) + ".sock")).string();
    std::filesystem::remove(path);
    {
        mock_server local(nullptr, path);
        auto const s = make_test_store(local.uri());
        EXPECT_EQ(run(drain(run_on(*s, find_in("c")))).size(), 1U);
    }
    std::filesystem::remove(path);
}

} // namespace
} // namespace cormorant::testing
