// Transactions of models, on each store.

#include "fixture.hpp"
#include "labels.hpp"

#include <cormorant/bson/mapping.hpp>
#include <cormorant/memory/memory_store.hpp>
#include <cormorant/model/transaction.hpp>
#include <cormorant/model/typed_model.hpp>
#include <cormorant/repository/database_schema.hpp>
#include <cormorant/repository/repository.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/describe/class.hpp>

#include <chrono>
#include <stdexcept>
#include <vector>

namespace cormorant::testing {

namespace asio = boost::asio;
using asio::awaitable;
using namespace std::chrono_literals;

struct purse {
    std::int32_t _id = 0;
    std::int64_t balance = 0;
};
BOOST_DESCRIBE_STRUCT(purse, (), (_id, balance))

namespace {

model_definition account_definition() {
    return model_definition("account").field("_id", integer()).field("balance", integer().min(0)).field("owner_id", integer());
}

struct rejected : std::runtime_error {
    using runtime_error::runtime_error;
};

awaitable<std::int64_t> balance_of(model accounts, std::int32_t id) {
    auto const found = co_await accounts.find_by_id(id);
    co_return found ? found->at("balance").as_int64() : -1;
}

awaitable<void> fill(model accounts, std::int32_t count, std::int64_t each) {
    documents all;
    for (std::int32_t i = 1; i <= count; ++i)
        all.push_back(doc("_id", i, "balance", each, "owner_id", i));
    co_await accounts.insert(std::move(all));
}

awaitable<void> move_money(transaction& tx, model accounts, std::int32_t from, std::int32_t to, std::int64_t amount) {
    auto const mine = tx.with(accounts);
    auto take = doc("$inc", doc("balance", -amount));
    co_await mine.update(doc("_id", from), std::move(take));
    auto give = doc("$inc", doc("balance", amount));
    co_await mine.update(doc("_id", to), std::move(give));
}

// A count without a filter is answered by the server's statistics, which have what is not committed too.
awaitable<std::size_t> visible(model m) {
    auto const found = co_await m.find();
    co_return found.size();
}

class Transactions : public OnEachStore {
protected:
    model accounts = run(db.add(account_definition()));

    std::int64_t balance(std::int32_t id) { return run(balance_of(accounts, id)); }
};

TEST_P(Transactions, everything_or_nothing_happens) {
    run(fill(accounts, 2, 100));
    auto work = [](connection on, model all, bool fails) -> awaitable<void> {
        co_await on.transaction([&](transaction& tx) -> awaitable<void> {
            co_await move_money(tx, all, 1, 2, 30);
            if (fails)
                throw rejected("no");
        });
    };
    EXPECT_THROW(run(work(db, accounts, true)), rejected);
    EXPECT_EQ(balance(1), 100);
    EXPECT_EQ(balance(2), 100);
    run(work(db, accounts, false));
    EXPECT_EQ(balance(1), 70);
    EXPECT_EQ(balance(2), 130);
}

TEST_P(Transactions, models_of_the_transaction_are_in_it_and_others_are_not) {
    run(fill(accounts, 1, 100));
    run([](connection on, model all) -> awaitable<void> {
        co_await on.transaction([&](transaction& tx) -> awaitable<void> {
            auto const mine = tx.model("account");
            auto more = doc("_id", 2, "balance", 1);
            co_await mine.insert(std::move(more));
            EXPECT_EQ(co_await mine.count(), 2);
            EXPECT_EQ(co_await tx.connection().model("account").count(), 2);
            EXPECT_EQ(co_await mine.connection().model("account").count(), 2);
            auto const in_options = count_options().session(tx.handle());
            EXPECT_EQ(co_await all.count(document(), in_options), 2);
            EXPECT_EQ(co_await visible(all), 1u);
            EXPECT_TRUE(mine == all) << "in whatever session";
        });
        EXPECT_EQ(co_await all.count(), 2);
    }(db, accounts));
}

TEST_P(Transactions, typed_models_and_repositories_are_taken_into_it) {
    auto purses = run(db.add<purse>(definition_of<purse>("purse")));
    database_schema schema;
    schema.define_adapter("this", [this](document const&) { return store; });
    schema.define_datasource(datasource("db", "this"));
    schema.define_model(R"({"name": "note", "datasource": "db", "properties": {"text": {"type": "string"}}})");
    auto const notes = schema.repository("note");
    auto work = [](connection on, typed_model<purse> p, repository r, bool fails) -> awaitable<void> {
        co_await on.transaction([&](transaction& tx) -> awaitable<void> {
            purse one;
            one._id = 1;
            one.balance = 5;
            typed_model<purse> const mine = tx.with(p);
            (void)co_await mine.insert(one);
            repository const my_notes = tx.with(r);
            auto text = doc("text", "paid");
            (void)co_await my_notes.create(std::move(text));
            EXPECT_EQ(co_await mine.count(), 1);
            EXPECT_EQ(co_await my_notes.count(), 1);
            EXPECT_EQ(co_await visible(p.untyped()), 0u);
            EXPECT_EQ(co_await visible(r.model()), 0u);
            if (fails)
                throw rejected("no");
        });
    };
    // Collections and indexes are there before, as in an application.
    run([](typed_model<purse> p, repository r) -> awaitable<void> {
        purse any;
        any._id = 9;
        (void)co_await p.insert(any);
        co_await p.remove(doc("_id", 9));
        auto text = doc("text", "x");
        auto const made = co_await r.create(std::move(text));
        auto id = made.at(r.model().schema()->key());
        (void)co_await r.delete_by_id(std::move(id));
    }(purses, notes));
    EXPECT_THROW(run(work(db, purses, notes, true)), rejected);
    EXPECT_EQ(run(purses.count()), 0);
    EXPECT_EQ(run(notes.count()), 0);
    run(work(db, purses, notes, false));
    EXPECT_EQ(run(purses.count()), 1);
    EXPECT_EQ(run(notes.count()), 1);
}

TEST_P(Transactions, hooks_and_population_run_in_it) {
    auto owners = run(db.add(model_definition("owner").field("_id", integer()).field("name", string())));
    auto banks = run(db.add(model_definition("bank").field("_id", integer()).field("name", string())));
    accounts.change([](model_definition& d) {
        d.relation(single("owner"));
        d.field("bank_id", integer());
        d.relation(single("bank"));
        d.hook(hook_definition(
            "afterInsert", "greet",
            [](after_insert_args& a) -> awaitable<void> {
                // Through the model of the operation, without a word about sessions.
                auto const connection = a.model.connection();
                EXPECT_EQ(co_await connection.model("owner").count(), 1);
                auto const inside = count_options().inside(a.common);
                EXPECT_EQ(co_await connection.model("owner").count(document(), inside), 1);
            },
            true));
    });
    run([](connection on, model all, model o, model b) -> awaitable<void> {
        // What a transaction creates it sees itself; the collections are there for the others to be read.
        auto first = doc("_id", 1, "name", "x");
        co_await o.insert(first);
        co_await o.remove(doc("_id", 1));
        co_await b.insert(first);
        co_await b.remove(doc("_id", 1));
        co_await on.transaction([&](transaction& tx) -> awaitable<void> {
            auto ann = doc("_id", 7, "name", "Ann");
            co_await tx.with(o).insert(std::move(ann));
            auto bank = doc("_id", 8, "name", "Bank");
            co_await tx.with(b).insert(std::move(bank));
            auto account = doc("_id", 1, "balance", 1, "owner_id", 7, "bank_id", 8);
            co_await tx.with(all).insert(std::move(account));
            // Two relationships, which would be read at the same time elsewhere; and a count beside the find.
            auto const how = find_options().hooks("afterFind_owner", "afterFind_bank");
            auto const found = co_await tx.with(all).find_and_count(document(), how);
            EXPECT_EQ(found.count, 1);
            EXPECT_EQ(found.docs.at(0).at("owner").as_document().at("name").as_string(), "Ann");
            EXPECT_EQ(found.docs.at(0).at("bank").as_document().at("name").as_string(), "Bank");
        });
    }(db, accounts, owners, banks));
}

TEST_P(Transactions, a_handle_that_outlives_its_transaction_fails_clearly) {
    run(fill(accounts, 1, 100));
    model kept;
    run([](connection on, model all, model& to) -> awaitable<void> {
        co_await on.transaction([&](transaction& tx) -> awaitable<void> {
            to = tx.with(all);
            EXPECT_EQ(co_await to.count(), 1);
        });
    }(db, accounts, kept));
    error const e = failure_of(kept.count());
    EXPECT_EQ(e.code(), errc::invalid_argument);
    EXPECT_NE(e.message().find("the session has ended"), std::string::npos) << e.message();
    EXPECT_EQ(run(accounts.count()), 1);
}

TEST_P(Transactions, a_conflict_runs_the_body_again_with_what_was_kept) {
    run(fill(accounts, 2, 100));
    int attempts = 0;
    document receipt = doc("state", "new");
    run([](connection on, model all, int& n, document& d) -> awaitable<void> {
        co_await on.transaction([&](transaction& tx) -> awaitable<void> {
            ++n;
            EXPECT_EQ(tx.attempt(), n);
            EXPECT_EQ(tx.keep(d).size(), 1u) << "as it was before the first attempt";
            d.set("changed", true);
            EXPECT_EQ(co_await balance_of(tx.with(all), 1), n == 1 ? 100 : 101);
            if (n == 1) {
                auto in_between = doc("$inc", doc("balance", 1));
                co_await all.update(doc("_id", 1), std::move(in_between));
            }
            co_await move_money(tx, all, 1, 2, 10);
        });
    }(db, accounts, attempts, receipt));
    EXPECT_EQ(attempts, 2);
    EXPECT_TRUE(receipt.contains("changed"));
    EXPECT_EQ(balance(1), 91);
    EXPECT_EQ(balance(2), 110);
}

TEST_P(Transactions, attempts_are_counted_and_bounded) {
    run(fill(accounts, 1, 100));
    auto work = [](connection on, model all, transaction_options how) -> awaitable<void> {
        co_await on.transaction(
            [&](transaction& tx) -> awaitable<void> {
                (void)co_await tx.with(all).count();
                auto in_between = doc("$inc", doc("balance", 1));
                co_await all.update(doc("_id", 1), std::move(in_between));
                auto mine = doc("$inc", doc("balance", 1));
                co_await tx.with(all).update(doc("_id", 1), std::move(mine));
            },
            how);
    };
    error const e = failure_of(work(db, accounts, transaction_options().max_attempts(3)));
    EXPECT_EQ(e.code(), errc::write_conflict) << e.what();
    EXPECT_EQ(e.details().transaction_attempts, 3);
    EXPECT_EQ(e.details().model, "account");
    EXPECT_TRUE(has_label(e, "TransientTransactionError"));

    error const none = failure_of(work(db, accounts, transaction_options().retry_for(0ms)));
    EXPECT_EQ(none.details().transaction_attempts, 1);
    error const late = failure_of(work(db, accounts, transaction_options().timeout(200ms)));
    EXPECT_GE(late.details().transaction_attempts, 1);
}

TEST_P(Transactions, every_operation_ends_with_the_deadline_of_the_transaction) {
    auto const begun = std::chrono::steady_clock::now();
    error const e = failure_of([](connection on, model all) -> awaitable<void> {
        auto const how = transaction_options().timeout(50ms);
        co_await on.transaction(
            [&](transaction& tx) -> awaitable<void> {
                (void)co_await tx.with(all).count();
                asio::steady_timer slow(co_await asio::this_coro::executor, 80ms);
                co_await slow.async_wait(asio::use_awaitable);
                (void)co_await tx.with(all).count();
            },
            how);
    }(db, accounts));
    EXPECT_EQ(e.code(), errc::deadline) << e.what();
    EXPECT_LT(std::chrono::steady_clock::now() - begun, 5s);
}

TEST_P(Transactions, cancellation_aborts_and_does_not_wait) {
    run(fill(accounts, 2, 100));
    asio::io_context loop;
    asio::cancellation_signal signal;
    std::exception_ptr failure;
    auto body = [](connection on, model all, asio::cancellation_signal& cancel) -> awaitable<void> {
        co_await on.transaction([&](transaction& tx) -> awaitable<void> {
            co_await move_money(tx, all, 1, 2, 30);
            auto const executor = co_await asio::this_coro::executor;
            asio::post(executor, [&] { cancel.emit(asio::cancellation_type::terminal); });
            asio::steady_timer forever(executor, asio::steady_timer::time_point::max());
            co_await forever.async_wait(asio::use_awaitable);
        });
    };
    asio::co_spawn(loop, body(db, accounts, signal),
        asio::bind_cancellation_slot(signal.slot(), [&](std::exception_ptr e) { failure = e; }));
    auto const begun = std::chrono::steady_clock::now();
    loop.run();
    EXPECT_LT(std::chrono::steady_clock::now() - begun, 5s);
    ASSERT_TRUE(failure);
    try {
        std::rethrow_exception(failure);
    } catch (error const& e) {
        EXPECT_EQ(e.code(), errc::cancelled);
        EXPECT_EQ(e.details().transaction_attempts, 1);
    }
    // Nothing holds the documents: a plain write waits for the abort at most.
    auto one = doc("$inc", doc("balance", 1));
    run(accounts.update(doc("_id", 1), std::move(one)));
    EXPECT_EQ(balance(1), 101);
    EXPECT_EQ(balance(2), 100);
}

TEST_P(Transactions, do_not_nest) {
    error const e = failure_of([](connection on) -> awaitable<void> {
        co_await on.transaction([](transaction& tx) -> awaitable<void> {
            co_await tx.connection().transaction([](transaction&) -> awaitable<void> { co_return; });
        });
    }(db));
    EXPECT_EQ(e.code(), errc::invalid_argument);
}

TEST_P(Transactions, a_model_of_another_store_is_refused) {
    connection other(make_memory_store());
    auto stranger = run(other.add(model_definition("stranger").field("n", integer())));
    error const e = failure_of([](connection on, model m) -> awaitable<void> {
        co_await on.transaction([&](transaction& tx) -> awaitable<void> { (void)co_await tx.with(m).count(); });
    }(db, stranger));
    EXPECT_EQ(e.code(), errc::invalid_argument);
    EXPECT_EQ(e.message(), "the session belongs to another store");
}

TEST_P(Transactions, a_body_that_owns_what_it_needs_is_kept_as_long_as_it_runs) {
    run(fill(accounts, 2, 100));
    // Nothing but the transaction keeps the body.
    auto const work = [](connection on, model all) {
        std::vector<std::int64_t> amounts(3, 10);
        return on.transaction([all, amounts = std::move(amounts)](transaction& tx) -> awaitable<void> {
            for (std::int64_t amount : amounts)
                co_await move_money(tx, all, 1, 2, amount);
        });
    };
    run(work(db, accounts));
    EXPECT_EQ(balance(2), 130);
}

TEST_P(Transactions, sixty_four_transfers_at_the_same_time_keep_the_sum) {
    constexpr std::int32_t count = 8;
    run(fill(accounts, count, 1000));
    asio::io_context loop;
    int done = 0;
    std::vector<std::string> failures;
    auto transfer = [](connection on, model all, std::int32_t from, std::int32_t to) -> awaitable<void> {
        co_await on.transaction([&](transaction& tx) -> awaitable<void> {
            auto const mine = tx.with(all);
            auto const a = co_await balance_of(mine, from);
            auto const b = co_await balance_of(mine, to);
            auto less = doc("$set", doc("balance", a - 1));
            co_await mine.update(doc("_id", from), std::move(less));
            auto more = doc("$set", doc("balance", b + 1));
            co_await mine.update(doc("_id", to), std::move(more));
        });
    };
    for (std::int32_t i = 0; i < 64; ++i)
        asio::co_spawn(loop,
            transfer(db, accounts, i % count + 1,
                (i * 3 + 1) % count + 1 == i % count + 1 ? (i + 1) % count + 1 : (i * 3 + 1) % count + 1),
            [&](std::exception_ptr e) {
                ++done;
                try {
                    if (e)
                        std::rethrow_exception(e);
                } catch (std::exception const& failure) {
                    failures.push_back(failure.what());
                }
            });
    loop.run();
    EXPECT_EQ(done, 64);
    EXPECT_THAT(failures, ::testing::IsEmpty());
    std::int64_t sum = 0;
    for (std::int32_t i = 1; i <= count; ++i)
        sum += balance(i);
    EXPECT_EQ(sum, count * 1000);
}

TEST_P(Transactions, a_session_reads_its_own_writes) {
    auto const s = db.session();
    auto const mine = accounts.in(s);
    run([](model m) -> awaitable<void> {
        auto one = doc("_id", 1, "balance", 1);
        co_await m.insert(std::move(one));
        EXPECT_EQ(co_await m.count(), 1);
    }(mine));
    if (store->kind() == "mongodb") {
        ASSERT_TRUE(s->operation_time().has_value());
        EXPECT_TRUE(s->cluster_time().contains("clusterTime"));
        // Another session goes on from there.
        auto const next = db.session();
        next->advance_cluster_time(s->cluster_time());
        next->advance_operation_time(*s->operation_time());
        EXPECT_EQ(run(accounts.in(next).count()), 1);
    }
    error const e = failure_of(mine.count(document(), count_options().session(db.session())));
    EXPECT_EQ(e.code(), errc::invalid_argument) << "two sessions";
}

INSTANTIATE_TEST_SUITE_P(stores, Transactions, ::testing::ValuesIn(store_kinds()), store_name);

} // namespace
} // namespace cormorant::testing
