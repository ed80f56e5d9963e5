// A server that is so busy that it begins a command when nobody waits for it any more, and when it has been told to stop it.

#include "faults.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>

#include <array>

namespace cormorant::testing {
namespace {

using namespace std::chrono_literals;

constexpr auto lateness = 1200ms; // the server is told of it for the first time after 500 ms
constexpr auto patience = 100s;

class late_server : public fault_test {
protected:
    /// With more documents than a batch has.
    void fill() {
        insert_op docs;
        docs.collection = "c";
        for (int i = 0; i < 10; ++i)
            docs.docs.push_back(doc("_id", i));
        run_on(*direct_, docs);
    }
    std::int64_t open_transactions() {
        return on_server(doc("serverStatus", 1)).at("transactions").as_document().at("currentOpen").as_int64();
    }
};

asio::awaitable<void> begin_to_read(std::shared_ptr<store> s, std::shared_ptr<session> in) {
    find_op op;
    op.collection = "c";
    op.batch_size = 2;
    call_options options;
    options.session = std::move(in);
    auto const c = co_await s->async_run(std::move(op), std::move(options), asio::use_awaitable);
    ADD_FAILURE() << "it was answered";
}

TEST_P(late_server, keeps_nothing_of_what_it_begins_after_it_was_told_to_stop) {
    fill();

    // A find of its own, one in a session, one that begins a transaction.
    constexpr std::size_t count = 3;
    std::array<std::shared_ptr<store>, count> stores;
    std::array<std::shared_ptr<session>, count> sessions;
    for (std::size_t i = 0; i < count; ++i) {
        stores[i] = make_store();
        all_of(*stores[i], "c"); // it is connected
        if (i > 0)
            sessions[i] = stores[i]->make_session();
    }
    sessions[2]->start_transaction();
    auto const cursors = open_cursors();
    auto const transactions = open_transactions();

    passage slow;
    slow.delay = lateness;
    gate_.set(slow);
    asio::io_context loop;
    std::array<asio::cancellation_signal, count> signals;
    int cancelled = 0;
    for (std::size_t i = 0; i < count; ++i)
        asio::co_spawn(loop, begin_to_read(stores[i], sessions[i]),
            asio::bind_cancellation_slot(signals[i].slot(), [&](std::exception_ptr e) { cancelled += e != nullptr; }));
    loop.run_for(100ms);
    for (auto& s : signals)
        s.emit(asio::cancellation_type::terminal);
    loop.restart();
    loop.run();
    EXPECT_EQ(cancelled, 3);
    gate_.set(passage()); // what was sent before is late all the same
    sessions = {};
    for (auto const& s : stores)
        all_of(*s, "c"); // there is a connection by which to tell

    EXPECT_TRUE(soon([&] { return open_cursors() == cursors + 3 && open_transactions() == transactions + 1; }, 30s))
        << open_cursors() - cursors << " cursors and " << open_transactions() - transactions << " transactions are open";
    EXPECT_TRUE(soon([&] { return open_cursors() <= cursors && open_transactions() <= transactions; }, patience))
        << open_cursors() - cursors << " cursors and " << open_transactions() - transactions << " transactions stay open";
}

TEST_P(late_server, is_told_of_all_when_the_store_closes) {
    fill();
    auto const cursors = open_cursors();
    auto const s = make_store();
    all_of(*s, "c");
    gate_.cut_next_answer(2); // the cursor is open, and nobody hears of it; and that of the second attempt
    find_op op;
    op.collection = "c";
    op.batch_size = 2;
    EXPECT_THROW(run_on(*s, op), error);
    EXPECT_EQ(open_cursors(), cursors + 2);
    count_op count;
    count.collection = "c";
    run_on(*s, count); // there is a connection by which to tell
    run(s->async_close(asio::use_awaitable));
    EXPECT_TRUE(soon([&] { return open_cursors() <= cursors; }, 30s));
}

INSTANTIATE_TEST_SUITE_P(faults, late_server, ::testing::Bool(), lane_name);

} // namespace
} // namespace cormorant::testing
