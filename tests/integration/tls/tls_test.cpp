// Transactions and sessions over TLS, and servers that are not what they should be.

#include "counter.hpp"
#include "descriptors.hpp"
#include "labels.hpp"
#include "secured_server.hpp"

#include <cormorant/model/transaction.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/steady_timer.hpp>

#include <fmt/format.h>

#include <chrono>
#include <exception>
#include <vector>

namespace cormorant::testing {
namespace {

using namespace std::chrono_literals;

class tls : public counter_test {
protected:
    static call_options in_transaction_of(store& s) {
        call_options in;
        in.session = s.make_session();
        in.session->start_transaction();
        return in;
    }

    /// A store that says who it is talking to, and how, in its own way.
    std::shared_ptr<store> make_store_at(std::string_view host, std::string_view options) const {
        auto const uri = fmt::format("mongodb://{}:{}/{}?directConnection=true&serverSelectionTimeoutMS=1000{}", host,
            secured_server::get().set().port_of(0), database_, options);
        return make_mongo_store(uri, test_options());
    }
};

TEST_F(tls, a_transaction_is_committed_or_aborted_as_a_whole) {
    auto in = in_transaction_of(*store_);
    run_op(add_one(), in);
    run_op(insert_of("c", docs_of({doc("_id", 2)})), in);
    EXPECT_EQ(n(), 0) << "nobody sees it before the commit";
    run_op(commit_transaction_op(), in);
    EXPECT_EQ(n(), 1);
    EXPECT_EQ(count_all("c"), 2);

    in.session->start_transaction();
    run_op(add_one(), in);
    run_op(insert_of("c", docs_of({doc("_id", 3)})), in);
    run_op(abort_transaction_op(), in);
    EXPECT_EQ(n(), 1);
    EXPECT_EQ(count_all("c"), 2);
}

TEST_F(tls, the_second_of_two_writers_has_to_begin_anew) {
    auto const first = in_transaction_of(*store_);
    auto const second = in_transaction_of(*store_);
    run_op(add_one(), first);
    auto const e = failure_of(add_one(), second);
    EXPECT_EQ(e.code(), errc::write_conflict) << e.what();
    EXPECT_TRUE(has_label(e, "TransientTransactionError"));
    run_op(commit_transaction_op(), first);
    run_op(abort_transaction_op(), second);
    second.session->start_transaction();
    run_op(add_one(), second);
    run_op(commit_transaction_op(), second);
    EXPECT_EQ(n(), 2);
}

TEST_F(tls, transactions_side_by_side_lose_no_update) {
    constexpr int count = 8;
    connection const db(store_);
    db.attach(model_definition("thing").collection("c").field("_id", integer()).field("n", integer()));
    auto body = [](connection on) -> asio::awaitable<void> {
        co_await on.transaction([](transaction& tx) -> asio::awaitable<void> {
            auto const things = tx.model("thing");
            auto const before = co_await things.find_by_id(1);
            auto set = doc("$set", doc("n", before->at("n").as_int64() + 1));
            co_await things.update(doc("_id", 1), std::move(set));
        });
    };
    asio::io_context loop;
    std::vector<std::exception_ptr> failures;
    for (int i = 0; i < count; ++i)
        asio::co_spawn(loop, body(db), [&](std::exception_ptr e) {
            if (e)
                failures.push_back(e);
        });
    loop.run();
    EXPECT_TRUE(failures.empty()) << failures.size() << " of them failed";
    EXPECT_EQ(n(), count);
}

asio::awaitable<void> wait_in_transaction(std::shared_ptr<store> s, call_options in) {
    co_await s->async_run(add_one(), in, asio::use_awaitable);
    auto slow = find_in("c", doc("$where", "sleep(5000) || true"));
    (void)co_await s->async_run(std::move(slow), in, asio::use_awaitable);
}

TEST_F(tls, a_transaction_that_is_cancelled_half_way_ends_at_once_and_leaves_nothing) {
    auto const others = open_transactions();
    asio::io_context loop;
    asio::cancellation_signal signal;
    std::exception_ptr failure;
    asio::co_spawn(loop, wait_in_transaction(store_, in_transaction_of(*store_)),
        asio::bind_cancellation_slot(signal.slot(), [&](std::exception_ptr e) { failure = e; }));
    asio::steady_timer at_work(loop, 300ms);
    at_work.async_wait([&](boost::system::error_code) { signal.emit(asio::cancellation_type::terminal); });
    auto const begin = std::chrono::steady_clock::now();
    loop.run();
    EXPECT_LT(std::chrono::steady_clock::now() - begin, 2s);
    ASSERT_TRUE(failure);
    EXPECT_THROW(std::rethrow_exception(failure), error);
    EXPECT_TRUE(soon([&] { return open_transactions() <= others; }, 30s)) << "it stays open";
    run_op(add_one());
    EXPECT_EQ(n(), 1) << "what it wrote is gone, and so are its locks";
}

TEST_F(tls, a_session_reads_what_it_has_written) {
    call_options in;
    in.session = store_->make_session();
    run_op(add_one(), in);
    auto const written = in.session->operation_time();
    ASSERT_TRUE(written);
    auto read = find_in("c");
    EXPECT_EQ(run(drain(run_op(std::move(read), in))).front().at("n"), value(1));
    EXPECT_GE(*in.session->operation_time(), *written);
}

// Who is not the server that was asked for gets nothing of the transaction, and the error says why.
TEST_F(tls, a_server_that_cannot_be_trusted_gets_nothing_of_a_transaction) {
    certificate const another("IP:127.0.0.1");
    auto const& ours = secured_server::get().trusted().file();
    struct row {
        char const* name;
        char const* host;
        std::string options;
        errc code;
        char const* says;
    };
    std::vector<row> const rows = {
        {"another authority", "127.0.0.1", "&tls=true&tlsCAFile=" + another.file(), errc::tls, "self-signed certificate"},
        {"no authority", "127.0.0.1", "&tls=true", errc::tls, "self-signed certificate"},
        {"another name", "localhost", "&tls=true&tlsCAFile=" + ours, errc::tls, "localhost"},
    };
    for (row const& r : rows) {
        SCOPED_TRACE(r.name);
        auto const s = make_store_at(r.host, r.options);
        auto const in = in_transaction_of(*s);
        auto const e = failure_on(*s, add_one(), in);
        EXPECT_EQ(e.code(), r.code) << e.what();
        EXPECT_EQ(e.details().what_happened, outcome::not_sent);
        EXPECT_EQ(e.details().slow_phase, phase::tls);
        EXPECT_NE(std::string_view(e.what()).find(r.says), std::string_view::npos) << e.what();
        auto const again = failure_on(*s, commit_transaction_op(), in);
        EXPECT_EQ(again.details().what_happened, outcome::not_sent) << again.what();
    }
    EXPECT_EQ(n(), 0);
}

TEST_F(tls, a_client_without_tls_is_refused_and_nothing_was_sent) {
    auto const s = make_store_at("127.0.0.1", "");
    auto const e = failure_on(*s, add_one(), in_transaction_of(*s));
    EXPECT_TRUE(e.code() == condition::network) << e.what();
    EXPECT_EQ(e.details().what_happened, outcome::not_sent);
    EXPECT_EQ(n(), 0);
}

} // namespace
} // namespace cormorant::testing
