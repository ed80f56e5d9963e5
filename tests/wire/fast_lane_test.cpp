// What only the fast lane can get wrong: messages, contexts that end, the way to the caller.

#include "wire_test.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/thread_pool.hpp>

#include <algorithm>
#include <atomic>
#include <set>
#include <thread>

namespace cormorant::testing {
namespace {

using namespace std::chrono_literals;

class fast_lane : public ::testing::Test {
protected:
    void SetUp() override {
        if (!fast_lane_is_on())
            GTEST_SKIP();
    }
    void always(reaction what) {
        server_.on_command([=](document const&) { return what; });
    }
    static reaction found() { return answer_with{mock_server::cursor_reply(arr(doc("_id", 1)))}; }

    template <class Op, class Handler>
    void start(Op op, asio::io_context& loop, Handler handler) {
        store_->async_run(std::move(op), call_options(), asio::bind_executor(loop, std::move(handler)));
    }
    void await_commands(std::size_t count) {
        while (server_.names().size() < count)
            std::this_thread::yield();
    }
    static errc code_of(std::exception_ptr e) {
        try {
            if (e)
                std::rethrow_exception(e);
        } catch (error const& why) {
            return static_cast<errc>(why.code().value());
        }
        return errc();
    }

    mock_server server_;
    std::shared_ptr<store> store_ = make_test_store(server_.uri());
};

TEST_F(fast_lane, an_answer_may_come_in_pieces_of_any_size) {
    auto const reply = mock_server::cursor_reply(arr(doc("_id", 1, "text", std::string(300, 'x'))));
    for (std::size_t const size : {1, 3, 16, 21, 25, 100}) {
        always(answer_in_pieces{reply, size});
        EXPECT_EQ(run(drain(run_on(*store_, find_in("c")))).size(), 1U) << size;
    }
    EXPECT_EQ(server_.accepted_connections(), 1);
}

TEST_F(fast_lane, an_answer_of_any_size_arrives_whole) {
    for (std::size_t const size : {10UL, 65'000UL, 65'300UL, 65'400UL, 65'436UL, 65'500UL, 66'000UL, 200'000UL, 15'000'000UL}) {
        always(answer_with{mock_server::cursor_reply(arr(doc("_id", 1, "text", std::string(size, 'x'))))});
        auto const docs = run(drain(run_on(*store_, find_in("c"))));
        ASSERT_EQ(docs.size(), 1U);
        EXPECT_EQ(docs[0].at("text").as_string().size(), size);
    }
    EXPECT_EQ(server_.accepted_connections(), 1);
}

TEST_F(fast_lane, an_answer_that_nobody_asked_for_ends_the_connection) {
    always(answer_twice{mock_server::cursor_reply(arr(doc("_id", 1)))});
    auto const e = failure_on(*store_, update_many("c"));
    EXPECT_EQ(e.code(), errc::network) << e.what();
    always(answer_with{doc("n", 1, "nModified", 1)});
    EXPECT_EQ(run_on(*store_, update_many("c")).matched_count, 1);
    EXPECT_EQ(server_.accepted_connections(), 2);
}

TEST_F(fast_lane, a_reply_without_ok_is_an_error_of_the_connection) {
    always(send_bytes{bytes_of({33, 0, 0, 0, 9, 0, 0, 0, 1, 0, 0, 0, 0xDD, 7, 0, 0, // header: an answer to 1
        0, 0, 0, 0, 0, 12, 0, 0, 0, 0x10, 'n', 0, 1, 0, 0, 0, 0})});                // flags, kind, {n: 1}
    EXPECT_EQ(failure_on(*store_, update_many("c")).code(), errc::network);
}

TEST_F(fast_lane, documents_of_an_insert_are_sent_as_a_sequence_in_order) {
    always(answer_with{doc("n", 3)});
    insert_op op;
    op.collection = "c";
    for (int i = 0; i < 3; ++i)
        op.docs.push_back(doc("_id", i));
    EXPECT_EQ(run_on(*store_, op).inserted_count, 3);
    auto const command = server_.commands().at(0);
    EXPECT_EQ(command.at("documents"), value(arr(doc("_id", 0), doc("_id", 1), doc("_id", 2))));
    EXPECT_EQ(command.at("ordered"), value(true));
}

TEST_F(fast_lane, a_large_command_is_written_as_the_server_takes_it) {
    always(answer_with{doc("n", 1)});
    insert_op op;
    op.collection = "c";
    op.docs.push_back(doc("_id", 1, "text", std::string(15'000'000, 'x')));
    EXPECT_EQ(run_on(*store_, op).inserted_count, 1);
    EXPECT_EQ(server_.commands().at(0).at("documents").as_array()[0].as_document().at("text").as_string().size(), 15'000'000U);
}

TEST_F(fast_lane, concerns_of_the_connection_string_and_of_the_call_are_sent) {
    always(found());
    auto const s = make_test_store(server_.uri("readConcernLevel=majority&w=majority&journal=true"));
    run_on(*s, find_in("c"));
    run_on(*s, insert_into("c"));
    call_options local;
    local.read_concern = doc("level", "local");
    run_on(*s, find_in("c"), local);
    auto const sent = server_.commands();
    EXPECT_EQ(sent.at(0).at("readConcern"), value(doc("level", "majority")));
    EXPECT_FALSE(sent.at(0).contains("writeConcern"));
    EXPECT_EQ(sent.at(1).at("writeConcern").as_document().at("w"), value("majority"));
    EXPECT_EQ(sent.at(1).at("writeConcern").as_document().at("j"), value(true));
    EXPECT_FALSE(sent.at(1).contains("readConcern"));
    EXPECT_EQ(sent.at(2).at("readConcern"), value(doc("level", "local")));
}

TEST_F(fast_lane, connections_have_sessions_of_their_own_which_are_ended_with_the_store) {
    asio::io_context loop;
    std::atomic<int> waiting = 0;
    server_.on_command([&](document const&) -> reaction {
        ++waiting;
        return found();
    });
    for (int i = 0; i < 6; ++i)
        start(find_in("c"), loop, [](std::exception_ptr e, cursor) { EXPECT_FALSE(e); });
    loop.run();
    std::set<std::string> sessions;
    for (auto const& command : server_.commands())
        sessions.insert(to_string(command.at("lsid")));
    EXPECT_GE(sessions.size(), 1U);
    EXPECT_LE(static_cast<int>(sessions.size()), server_.accepted_connections());
    run(store_->async_close(asio::use_awaitable));
    server_.await_connections(0);
    std::set<std::string> ended;
    for (auto const& session : server_.ended_sessions())
        ended.insert(to_string(session));
    EXPECT_TRUE(std::includes(ended.begin(), ended.end(), sessions.begin(), sessions.end()));
}

TEST_F(fast_lane, a_cursor_keeps_its_session_and_others_use_another) {
    server_.on_command([](document const& command) -> reaction {
        if (command.contains("find"))
            return answer_with{mock_server::cursor_reply(arr(doc("_id", 1)), 77)};
        if (command.contains("getMore"))
            return answer_with{mock_server::next_batch(arr(doc("_id", 2)), 0)};
        return answer_with{doc("n", 1)};
    });
    auto c = run_on(*store_, find_in("c"));
    run_on(*store_, insert_into("c"));
    EXPECT_EQ(run(drain(std::move(c))).size(), 2U);
    run_on(*store_, insert_into("c"));
    auto const sent = server_.commands();
    EXPECT_EQ(sent.at(0).at("lsid"), sent.at(2).at("lsid")) << "find and getMore";
    EXPECT_NE(sent.at(0).at("lsid"), sent.at(1).at("lsid")) << "find and insert";
    EXPECT_EQ(server_.accepted_connections(), 1);
}

TEST_F(fast_lane, waiting_calls_are_served_in_the_order_of_their_arrival) {
    always(found());
    store_ = make_test_store(server_.uri("maxPoolSize=1"));
    asio::io_context loop;
    for (int i = 0; i < 50; ++i)
        start(find_in("c" + std::to_string(i)), loop, [](std::exception_ptr e, cursor) { EXPECT_FALSE(e); });
    loop.run();
    auto const sent = server_.commands();
    ASSERT_EQ(sent.size(), 50U);
    for (std::size_t i = 0; i < 50; ++i)
        EXPECT_EQ(sent[i].at("find"), value("c" + std::to_string(i)));
    EXPECT_EQ(server_.accepted_connections(), 1);
}

TEST_F(fast_lane, contexts_share_the_connections_of_a_store) {
    always(found());
    store_ = make_test_store(server_.uri("maxPoolSize=2"));
    std::atomic<int> done = 0;
    auto const work = [&] {
        asio::io_context loop;
        for (int i = 0; i < 200; ++i)
            start(find_in("c"), loop, [&](std::exception_ptr e, cursor) { done += e == nullptr; });
        loop.run();
    };
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i)
        threads.emplace_back(work);
    for (auto& t : threads)
        t.join();
    EXPECT_EQ(done, 800);
    EXPECT_LE(server_.accepted_connections(), 2);
}

TEST_F(fast_lane, answers_come_on_the_callers_context_strand_and_thread) {
    always(found());
    asio::thread_pool threads(3);
    auto const strand = asio::make_strand(threads);
    std::atomic<int> inside = 0;
    std::atomic<int> done = 0;
    for (int i = 0; i < 100; ++i)
        store_->async_run(find_in("c"), call_options(), asio::bind_executor(strand, [&](std::exception_ptr e, cursor) {
            EXPECT_FALSE(e);
            EXPECT_TRUE(strand.running_in_this_thread());
            EXPECT_EQ(++inside, 1);
            std::this_thread::yield();
            --inside;
            ++done;
        }));
    threads.join();
    EXPECT_EQ(done, 100);
}

// An executor of somebody else's, which tells nothing of its context. It keeps that: the thread that hands a handler over may
// still be at it when the handler has run.
struct opaque_executor {
    std::shared_ptr<asio::io_context> loop;
    asio::execution_context& query(asio::execution::context_t) const noexcept { return *loop; }
    static constexpr asio::execution::blocking_t query(asio::execution::blocking_t) noexcept {
        return asio::execution::blocking.never;
    }
    template <class F>
    void execute(F f) const {
        asio::post(*loop, std::move(f));
    }
    friend bool operator==(opaque_executor const&, opaque_executor const&) noexcept = default;
};

TEST_F(fast_lane, a_caller_whose_context_is_not_known_is_served_too) {
    always(found());
    auto const loop = std::make_shared<asio::io_context>();
    auto work = asio::make_work_guard(*loop);
    int done = 0;
    for (int i = 0; i < 10; ++i)
        store_->async_run(
            find_in("c"), call_options(), asio::bind_executor(opaque_executor{loop}, [&](std::exception_ptr e, cursor) {
                EXPECT_FALSE(e);
                EXPECT_TRUE(loop->get_executor().running_in_this_thread());
                if (++done == 10)
                    work.reset();
            }));
    loop->run();
    EXPECT_EQ(done, 10);
}

TEST_F(fast_lane, an_idle_connection_does_not_keep_the_loop_running) {
    always(found());
    asio::io_context loop;
    for (int i = 0; i < 3; ++i) {
        start(find_in("c"), loop, [](std::exception_ptr e, cursor) { EXPECT_FALSE(e); });
        loop.run();
        EXPECT_TRUE(loop.stopped());
        loop.restart();
    }
    EXPECT_EQ(server_.open_connections(), 1);
}

TEST_F(fast_lane, a_context_may_end_with_calls_in_flight_and_the_store_goes_on) {
    store_ = make_test_store(server_.uri("maxPoolSize=2"));
    auto const alive = std::make_shared<int>(0);
    std::atomic<int> received = 0;
    server_.on_command([&](document const&) -> reaction {
        ++received;
        return hang();
    });
    for (int round = 0; round < 3; ++round) {
        asio::io_context loop;
        received = 0;
        for (int i = 0; i < 5; ++i) // two are sent, three wait
            start(find_in("c"), loop, [alive](std::exception_ptr, cursor) { FAIL() << "called after the end"; });
        while (received < 2)
            loop.run_for(1ms);
    }
    EXPECT_EQ(alive.use_count(), 1) << "the handlers are destroyed";
    always(found());
    EXPECT_EQ(run(drain(run_on(*store_, find_in("c")))).size(), 1U);
    EXPECT_LE(server_.open_connections(), 2);
}

TEST_F(fast_lane, a_context_may_end_while_a_connection_is_made) {
    server_.on_hello([]() -> reaction { return hang(); });
    auto const alive = std::make_shared<int>(0);
    {
        asio::io_context loop;
        start(find_in("c"), loop, [alive](std::exception_ptr, cursor) {});
        server_.await_connections(1);
    }
    EXPECT_EQ(alive.use_count(), 1);
    server_.on_hello([this]() -> reaction { return answer_with{server_.hello()}; });
    server_.drop_all();
    always(found());
    EXPECT_EQ(run(drain(run_on(*store_, find_in("c")))).size(), 1U);
}

TEST_F(fast_lane, a_context_may_end_after_its_store) {
    always(hang());
    asio::io_context loop;
    std::vector<errc> codes;
    for (int i = 0; i < 20; ++i)
        start(find_in("c"), loop, [&](std::exception_ptr e, cursor) { codes.push_back(code_of(e)); });
    loop.run_for(50ms);
    store_.reset();
    loop.run();
    EXPECT_EQ(codes, std::vector<errc>(20, errc::cancelled));
}

TEST_F(fast_lane, a_store_and_a_context_may_end_with_calls_that_never_ran) {
    auto const alive = std::make_shared<int>(0);
    {
        asio::io_context loop;
        start(find_in("c"), loop, [alive](std::exception_ptr, cursor) {});
        store_.reset();
    }
    EXPECT_EQ(alive.use_count(), 1);
}

TEST_F(fast_lane, cancellation_in_the_queue_sends_nothing) {
    std::atomic<int> received = 0;
    server_.on_command([&](document const&) -> reaction {
        ++received;
        return hang();
    });
    store_ = make_test_store(server_.uri("maxPoolSize=1"));
    asio::io_context loop;
    asio::cancellation_signal first;
    asio::cancellation_signal second;
    std::optional<error> failed;
    std::vector<int> order;
    store_->async_run(find_in("a"), call_options(),
        asio::bind_cancellation_slot(first.slot(), asio::bind_executor(loop, [&](std::exception_ptr e, cursor) {
            EXPECT_EQ(code_of(e), errc::cancelled);
            order.push_back(1);
        })));
    store_->async_run(insert_into("b"), call_options(),
        asio::bind_cancellation_slot(second.slot(), asio::bind_executor(loop, [&](std::exception_ptr e, insert_result) {
            order.push_back(2);
            try {
                std::rethrow_exception(e);
            } catch (error const& why) {
                failed = why;
            }
            first.emit(asio::cancellation_type::terminal);
        })));
    while (received == 0)
        loop.run_for(1ms);
    second.emit(asio::cancellation_type::terminal);
    loop.restart();
    loop.run();
    EXPECT_EQ(order, (std::vector<int>{2, 1}));
    ASSERT_TRUE(failed);
    EXPECT_EQ(failed->code(), errc::cancelled);
    EXPECT_EQ(failed->details().what_happened, outcome::not_sent);
    EXPECT_EQ(failed->details().slow_phase, phase::queue);
    EXPECT_EQ(received, 1);
}

TEST_F(fast_lane, cancellation_before_the_loop_runs_ends_the_call) {
    always(found());
    run_on(*store_, find_in("c")); // there is a connection
    for (int i = 0; i < 20; ++i) {
        asio::io_context loop;
        asio::cancellation_signal signal;
        bool called = false;
        store_->async_run(find_in("c"), call_options(),
            asio::bind_cancellation_slot(
                signal.slot(), asio::bind_executor(loop, [&](std::exception_ptr, cursor) { called = true; })));
        signal.emit(asio::cancellation_type::total);
        EXPECT_FALSE(called) << "never from within";
        loop.run();
        EXPECT_TRUE(called);
    }
    EXPECT_EQ(run(drain(run_on(*store_, find_in("c")))).size(), 1U);
}

TEST_F(fast_lane, a_server_that_takes_longer_than_the_socket_may_wait_is_left) {
    auto const s = make_test_store(server_.uri("socketTimeoutMS=100&retryReads=false"));
    always(hang());
    auto const begin = std::chrono::steady_clock::now();
    auto const e = failure_on(*s, find_in("c"));
    EXPECT_EQ(e.code(), errc::network) << e.what();
    EXPECT_LT(std::chrono::steady_clock::now() - begin, 3s);
}

TEST_F(fast_lane, a_deadline_in_the_queue_sends_nothing) {
    always(hang());
    store_ = make_test_store(server_.uri("maxPoolSize=1"));
    asio::io_context loop;
    std::vector<error> failures;
    for (int i = 0; i < 2; ++i)
        store_->async_run(
            insert_into("c"), deadline_in(100ms), asio::bind_executor(loop, [&](std::exception_ptr e, insert_result) {
                try {
                    std::rethrow_exception(e);
                } catch (error const& why) {
                    failures.push_back(why);
                }
            }));
    loop.run();
    ASSERT_EQ(failures.size(), 2U);
    std::set<outcome> outcomes;
    for (auto const& f : failures) {
        EXPECT_EQ(f.code(), errc::deadline);
        outcomes.insert(f.details().what_happened);
    }
    EXPECT_EQ(outcomes, (std::set<outcome>{outcome::maybe_applied, outcome::not_sent}));
    EXPECT_EQ(server_.names().size(), 1U);
}

TEST_F(fast_lane, a_member_that_is_no_primary_is_talked_to_by_the_driver) {
    std::vector<std::string> const hosts(1, server_.address());
    server_.on_hello([this, hosts]() -> reaction { return answer_with{server_.hello_of_set("rs", false, hosts)}; });
    always(found());
    for (int i = 0; i < 3; ++i)
        EXPECT_EQ(run(drain(run_on(*store_, find_in("c")))).size(), 1U) << "a direct connection to a secondary";
    EXPECT_TRUE(server_.commands().at(0).contains("$readPreference"));
}

TEST_F(fast_lane, what_is_not_plain_goes_the_drivers_way) {
    always(found());
    command_op op;
    op.command = doc("customCommand", 1);
    run_on(*store_, op);
    run_on(*store_, find_in("c"));
    EXPECT_EQ(server_.names(), (std::vector<std::string>{"customCommand", "find"}));
    EXPECT_EQ(server_.accepted_connections(), 2) << "one of each";
}

TEST_F(fast_lane, a_broken_connection_takes_those_of_its_time_with_it) {
    // Three connections; one breaks; the others are not trusted any more.
    asio::io_context loop;
    always(found());
    store_ = make_test_store(server_.uri("minPoolSize=3&maxPoolSize=3"));
    start(find_in("c"), loop, [](std::exception_ptr e, cursor) { EXPECT_FALSE(e); });
    loop.run();
    server_.await_connections(3);
    auto const count = std::make_shared<int>(0);
    server_.on_command([count](document const&) -> reaction {
        if (++*count == 1)
            return drop_connection();
        return found();
    });
    EXPECT_EQ(run(drain(run_on(*store_, find_in("c")))).size(), 1U);
    while (server_.accepted_connections() < 6)
        std::this_thread::yield();
    server_.await_connections(3);
}

TEST_F(fast_lane, many_threads_and_cancellations_leave_it_working) {
    server_.on_command([](document const& command) -> reaction {
        if (command.at("find") == value("slow"))
            return hang();
        return found();
    });
    store_ = make_test_store(server_.uri("maxPoolSize=4"));
    std::atomic<int> ended = 0;
    std::vector<std::thread> threads;
    for (int t = 0; t < 3; ++t)
        threads.emplace_back([&, t] {
            asio::io_context loop;
            asio::steady_timer timer(loop);
            for (int i = 0; i < 60; ++i) {
                asio::cancellation_signal signal;
                store_->async_run(find_in(i % 3 == t ? "slow" : "quick"), call_options(),
                    asio::bind_cancellation_slot(
                        signal.slot(), asio::bind_executor(loop, [&](std::exception_ptr, cursor) { ++ended; })));
                timer.expires_after(std::chrono::microseconds(i * 37 % 900));
                timer.async_wait([&](boost::system::error_code) { signal.emit(asio::cancellation_type::terminal); });
                loop.run();
                loop.restart();
            }
        });
    for (auto& t : threads)
        t.join();
    EXPECT_EQ(ended, 180);
    EXPECT_EQ(run(drain(run_on(*store_, find_in("quick")))).size(), 1U);
}

} // namespace
} // namespace cormorant::testing
