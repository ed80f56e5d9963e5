// The network between the library and a real server, at its worst: whatever it does, operations end in time and say what is true,
// and when it is well again so is the library.

#include "faults.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/steady_timer.hpp>

#include <fmt/format.h>

#include <functional>
#include <set>
#include <vector>

namespace cormorant::testing {
namespace {

using namespace std::chrono_literals;
using clock = std::chrono::steady_clock;

constexpr auto patience = 300ms;
/// What a busy machine may add.
constexpr auto slack = 1500ms;
constexpr int workers = 8;

struct network_fault {
    char const* name;
    std::function<void(tcp_gate&)> begin;
    std::function<void(tcp_gate&)> end;
    /// Again and again, while it lasts.
    bool repeated = false;
};

passage only_delay(std::chrono::milliseconds t) {
    passage p;
    p.delay = t;
    return p;
}
passage only_drip(std::size_t n) {
    passage p;
    p.drip = n;
    return p;
}
passage black_hole() {
    passage p;
    p.swallowed = true;
    return p;
}
passage refusal() {
    passage p;
    p.refused = true;
    return p;
}

std::vector<network_fault> const& faults() {
    auto const heal = [](tcp_gate& g) { g.set(passage()); };
    auto const nothing = [](tcp_gate&) {};
    static std::vector<network_fault> const all = {
        {"a short delay", [](tcp_gate& g) { g.set(only_delay(20ms)); }, heal},
        {"a delay longer than the deadline", [](tcp_gate& g) { g.set(only_delay(400ms)); }, heal},
        {"a slow drip", [](tcp_gate& g) { g.set(only_drip(20)); }, heal},
        {"a black hole", [](tcp_gate& g) { g.set(black_hole()); }, heal},
        {"cut connections", [](tcp_gate& g) { g.cut(); }, nothing, true},
        {"reset connections", [](tcp_gate& g) { g.reset(); }, nothing, true},
        {"half-closed connections", [](tcp_gate& g) { g.half_close(); }, nothing, true},
        {"cut answers", [](tcp_gate& g) { g.cut_next_answer(3); }, [](tcp_gate& g) { g.cut_next_answer(0); }, true},
        {"a server that is down",
            [](tcp_gate& g) {
                g.set(refusal());
                g.cut();
            },
            heal},
    };
    return all;
}

/// What became of the inserts of all workers.
struct book {
    std::set<std::int64_t> acknowledged;
    std::set<std::int64_t> not_sent;
    std::set<std::int64_t> in_doubt;
    std::int64_t next = 0;
    int ended = 0;
    clock::duration longest{0};
};

asio::awaitable<void> work(std::shared_ptr<store> s, book& b, clock::time_point until) {
    while (clock::now() < until) {
        auto const id = b.next++;
        auto const begin = clock::now();
        call_options options;
        options.deadline = begin + patience;
        try {
            if (id % 2 == 0) {
                insert_op op;
                op.collection = "c";
                op.docs.push_back(doc("_id", id));
                co_await s->async_run(std::move(op), std::move(options), asio::use_awaitable);
                b.acknowledged.insert(id);
            } else {
                find_op op;
                op.collection = "c";
                op.limit = 150;
                op.batch_size = 100;
                auto c = co_await s->async_run(std::move(op), std::move(options), asio::use_awaitable);
                while (!(co_await c.async_next(asio::use_awaitable)).empty()) {
                }
            }
        } catch (error const& e) {
            if (id % 2 == 0)
                (e.details().what_happened == outcome::not_sent ? b.not_sent : b.in_doubt).insert(id);
            EXPECT_TRUE(e.code() == condition::timeout || e.code() == condition::network) << e.what();
        }
        b.longest = std::max(b.longest, clock::now() - begin);
        ++b.ended;
    }
}

void work_for(std::shared_ptr<store> const& s, book& b, std::chrono::milliseconds time,
    std::function<void()> const& again = std::function<void()>()) {
    asio::io_context loop;
    auto const until = clock::now() + time;
    for (int i = 0; i < workers; ++i)
        asio::co_spawn(loop, work(s, b, until), [](std::exception_ptr e) {
            if (e)
                std::rethrow_exception(e);
        });
    asio::steady_timer timer(loop);
    std::function<void(boost::system::error_code)> tick = [&](boost::system::error_code) {
        again();
        if (clock::now() + 50ms < until) {
            timer.expires_after(50ms);
            timer.async_wait(tick);
        }
    };
    if (again)
        tick(boost::system::error_code());
    loop.run();
}

class gate : public fault_test {};

TEST_P(gate, operations_end_in_time_and_say_what_is_true_and_the_next_ones_succeed) {
    for (auto const& fault : faults()) {
        SCOPED_TRACE(fault.name);
        all_of(*direct_, "c"); // it is connected
        int const before_store = open_descriptors();
        {
            auto const s = make_store(mongo_options().max_pool_size(4), "&serverSelectionTimeoutMS=2000");
            insert_op first;
            first.collection = "c";
            for (int i = 0; i < 200; ++i)
                first.docs.push_back(doc("_id", -1 - i));
            run_on(*s, first);
            book quiet;
            quiet.next = 1'000'000;
            work_for(s, quiet, 100ms); // the pool is full now
            int const before = open_descriptors();

            book b;
            fault.begin(gate_);
            work_for(s, b, 350ms, fault.repeated ? [&] { fault.begin(gate_); } : std::function<void()>());
            fault.end(gate_);
            EXPECT_LT(b.longest, patience + slack) << "an operation did not end in time";
            EXPECT_GT(b.ended, 0);

            // It is well again.
            auto const healed = clock::now();
            call_options options;
            options.deadline = healed + 5s;
            count_op count;
            count.collection = "c";
            EXPECT_NO_THROW(run_on(*s, count, options)) << "the next operation has to succeed";
            auto const recovery = clock::now() - healed;
            std::set<std::int64_t> found;
            for (auto const& d : all_of(*direct_, "c"))
                found.insert(d.at("_id").as_int64());
            for (auto const id : b.acknowledged)
                EXPECT_TRUE(found.contains(id)) << id << " was acknowledged and is lost";
            for (auto const id : b.not_sent)
                EXPECT_FALSE(found.contains(id)) << id << " was not sent and is there";

            quiet.next = 2'000'000;
            work_for(s, quiet, 100ms);
            EXPECT_TRUE(soon([&] { return open_descriptors() <= before; }, 5s))
                << open_descriptors() << " descriptors are open, before there were " << before;
            fmt::print(
                "{:34} {:14} {:5} operations, {:4} acknowledged, {:4} not sent, {:4} in doubt, the longest {:4} ms, well again "
                "after {:4} ms\n",
                fault.name, GetParam() ? "fast lane" : "driver thread", b.ended, b.acknowledged.size(), b.not_sent.size(),
                b.in_doubt.size(), std::chrono::duration_cast<std::chrono::milliseconds>(b.longest).count(),
                std::chrono::duration_cast<std::chrono::milliseconds>(recovery).count());
        }
        EXPECT_TRUE(soon([&] { return open_descriptors() <= before_store; }, 5s))
            << open_descriptors() << " descriptors are open, before the store there were " << before_store;
        EXPECT_TRUE(soon([&] { return gate_.open_connections() == 0; }, 5s));
        run_on(*direct_, drop_database_op());
    }
}

INSTANTIATE_TEST_SUITE_P(faults, gate, ::testing::Bool(), lane_name);

} // namespace
} // namespace cormorant::testing
