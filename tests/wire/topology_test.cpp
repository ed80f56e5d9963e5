// Replica sets.

#include "descriptors.hpp"
#include "wire_test.hpp"

namespace cormorant::testing {
namespace {

using namespace std::chrono_literals;

class topology : public ::testing::Test {
protected:
    /// Two members, the first of which is the primary.
    void SetUp() override { elect(a_, b_); }
    void elect(mock_server& primary, mock_server& secondary) {
        std::vector<std::string> const hosts = {a_.address(), b_.address()};
        primary.on_hello([=, &primary]() -> reaction { return answer_with{primary.hello_of_set("rs", true, hosts)}; });
        secondary.on_hello([=, &secondary]() -> reaction { return answer_with{secondary.hello_of_set("rs", false, hosts)}; });
    }
    static mock_server::command_handler writes() {
        return [](document const& command) -> reaction {
            if (command.contains("find"))
                return answer_with{mock_server::cursor_reply(arr(doc("_id", 1)))};
            return answer_with{doc("n", 1)};
        };
    }
    static reaction not_primary() {
        return answer_with{doc("ok", 0, "code", 10107, "codeName", "NotWritablePrimary", "errmsg", "not primary", "errorLabels",
            arr("RetryableWriteError"))};
    }

    mock_server a_;
    mock_server b_;
    std::shared_ptr<store> store_ =
        make_test_store("mongodb://" + a_.address() + "," + b_.address() + "/mock?replicaSet=rs&serverSelectionTimeoutMS=3000");
};

TEST_F(topology, writes_go_to_the_primary_and_reads_where_the_read_preference_says) {
    a_.on_command(writes());
    b_.on_command(writes());
    run_on(*store_, insert_into("c"));
    call_options options;
    options.read_preference = doc("mode", "secondary");
    run_on(*store_, find_in("c"), options);
    EXPECT_EQ(a_.names(), std::vector<std::string>(1, "insert"));
    EXPECT_EQ(b_.names(), std::vector<std::string>(1, "find"));
    EXPECT_EQ(b_.commands().at(0).at("$readPreference"), value(doc("mode", "secondary")));
}

TEST_F(topology, a_write_follows_the_primary_with_the_same_session_and_number) {
    a_.on_command([this](document const&) -> reaction {
        elect(b_, a_);
        return not_primary();
    });
    b_.on_command(writes());
    EXPECT_EQ(run_on(*store_, insert_into("c")).inserted_count, 1);
    ASSERT_EQ(a_.commands().size(), 1U);
    ASSERT_EQ(b_.commands().size(), 1U);
    auto const first = a_.commands()[0];
    auto const second = b_.commands()[0];
    EXPECT_EQ(first.at("txnNumber"), second.at("txnNumber"));
    EXPECT_EQ(first.at("lsid"), second.at("lsid"));
}

TEST_F(topology, a_read_follows_the_primary) {
    a_.on_command([this](document const&) -> reaction {
        elect(b_, a_);
        return not_primary();
    });
    b_.on_command(writes());
    EXPECT_EQ(run(drain(run_on(*store_, find_in("c")))).size(), 1U);
}

TEST_F(topology, a_server_that_hangs_is_told_again_of_what_was_left_there_and_of_nothing_else) {
    b_.on_command([](document const&) -> reaction { return hang(); });
    b_.on_farewell(hang());
    auto options = deadline_in(200ms);
    options.read_preference = doc("mode", "secondary");
    EXPECT_EQ(failure_on(*store_, find_in("c"), options).code(), errc::deadline);
    ASSERT_TRUE(soon([&] { return b_.killed_sessions().size() >= 2; }, 10s));
    auto const left = b_.commands().at(0).at("lsid");
    EXPECT_EQ(b_.killed_sessions()[0], left);
    EXPECT_EQ(b_.killed_sessions()[1], left) << "telling leaves nothing that it would have to be told of";
}

TEST_F(topology, a_write_of_many_documents_is_not_repeated) {
    a_.on_command([](document const&) -> reaction { return not_primary(); });
    auto const e = failure_on(*store_, update_many("c"));
    EXPECT_EQ(e.code(), errc::not_primary);
    EXPECT_EQ(a_.names().size(), 1U);
    EXPECT_EQ(e.details().server_labels, std::vector<std::string>(1, "RetryableWriteError"));
}

TEST_F(topology, an_operation_waits_until_a_primary_is_elected) {
    std::vector<std::string> const hosts = {a_.address(), b_.address()};
    std::atomic<int> looks = 0;
    a_.on_hello([&, hosts]() -> reaction { return answer_with{a_.hello_of_set("rs", ++looks > 3, hosts)}; });
    a_.on_command(writes());
    EXPECT_EQ(run_on(*store_, insert_into("c")).inserted_count, 1);
    EXPECT_GT(looks, 3);
}

TEST_F(topology, without_a_primary_the_time_for_selection_ends_it) {
    std::vector<std::string> const hosts = {a_.address(), b_.address()};
    a_.on_hello([&, hosts]() -> reaction { return answer_with{a_.hello_of_set("rs", false, hosts)}; });
    auto const s = make_test_store("mongodb://" + a_.address() + "/mock?replicaSet=rs&serverSelectionTimeoutMS=700");
    auto const e = failure_on(*s, insert_into("c"));
    EXPECT_EQ(e.code(), errc::server_selection) << e.what();
    EXPECT_EQ(e.details().what_happened, outcome::not_sent);
    EXPECT_EQ(e.details().slow_phase, phase::selection);
    call_options options;
    options.read_preference = doc("mode", "secondary");
    b_.on_command(writes());
    a_.on_command(writes());
    EXPECT_EQ(run(drain(run_on(*s, find_in("c"), options))).size(), 1U) << "a secondary is enough for this one";
}

TEST_F(topology, a_member_that_is_down_hurts_nobody) {
    std::vector<std::string> const hosts = {a_.address(), "127.0.0.1:1"};
    a_.on_hello([&, hosts]() -> reaction { return answer_with{a_.hello_of_set("rs", true, hosts)}; });
    a_.on_command(writes());
    auto const s = make_test_store("mongodb://127.0.0.1:1," + a_.address() + "/mock?replicaSet=rs");
    for (int i = 0; i < 5; ++i)
        run_on(*s, insert_into("c"));
    EXPECT_EQ(a_.accepted_connections(), 1);
}

// libmongoc looks at a server that it knew for the second time at once, and must not be told there that it cannot be reached.
TEST(topology_of_the_dead, a_member_may_die_while_another_one_resigns) {
    mock_server a;
    auto b = std::make_unique<mock_server>();
    std::vector<std::string> const hosts = {a.address(), b->address()};
    a.on_hello([&]() -> reaction { return answer_with{a.hello_of_set("rs", true, hosts)}; });
    b->on_hello([server = b.get(), hosts]() -> reaction { return answer_with{server->hello_of_set("rs", false, hosts)}; });
    std::atomic<int> inserts = 0;
    std::atomic<bool> dead = false;
    a.on_command([&](document const&) -> reaction {
        if (++inserts > 1)
            return answer_with{doc("n", 1)};
        while (!dead)
            std::this_thread::yield();
        return answer_with{doc("ok", 0, "code", 10107, "codeName", "NotWritablePrimary", "errmsg", "not primary", "errorLabels",
            arr("RetryableWriteError"))};
    });
    auto const s = make_test_store("mongodb://" + a.address() + "," + b->address() + "/mock?replicaSet=rs");
    std::thread end([&] {
        while (inserts == 0)
            std::this_thread::yield();
        b.reset();
        dead = true;
    });
    EXPECT_EQ(run_on(*s, insert_into("c"), deadline_in(20s)).inserted_count, 1);
    end.join();
}

TEST_F(topology, cursors_go_on_where_they_began) {
    b_.on_command([](document const& command) -> reaction {
        if (command.contains("find"))
            return answer_with{mock_server::cursor_reply(arr(doc("_id", 1)), 5)};
        return answer_with{mock_server::next_batch(arr(doc("_id", 2)), 0)};
    });
    call_options options;
    options.read_preference = doc("mode", "secondary");
    EXPECT_EQ(run(drain(run_on(*store_, find_in("c"), options))).size(), 2U);
    EXPECT_EQ(b_.names(), (std::vector<std::string>{"find", "getMore"}));
    EXPECT_TRUE(a_.names().empty());
}

} // namespace
} // namespace cormorant::testing
