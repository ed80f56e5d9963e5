// Transactions: what every store that has them answers. The codes and labels are those of MongoDB 6.0.5.

#include "labels.hpp"
#include "suite.hpp"

#include <boost/asio/bind_executor.hpp>
#include <boost/asio/steady_timer.hpp>

#include <gmock/gmock.h>

#include <vector>

namespace cormorant::testing {
namespace {

constexpr std::string_view three = R"([{"_id": 1, "n": 10}, {"_id": 2, "n": 20}, {"_id": 3, "n": 30}])";

/// A session with its transaction, and operations in it.
class transaction_of {
public:
    explicit transaction_of(store_fixture& f) : f_(f) { options_.session = f.store().make_session(); }

    session& handle() const { return *options_.session; }
    call_options const& options() const { return options_; }
    transaction_of& begin() {
        options_.session->start_transaction();
        return *this;
    }
    template <class Op>
    awaitable<reply_of<Op>> run(Op op) {
        return f_.run(std::move(op), options_);
    }
    template <class Op>
    awaitable<error> refused(Op op) {
        return f_.refused(std::move(op), options_);
    }
    awaitable<void> commit() { co_await f_.run(commit_transaction_op(), options_); }
    awaitable<void> abort() { co_await f_.run(abort_transaction_op(), options_); }
    awaitable<documents> contents() {
        find_op op = find_of(document());
        op.sort = doc("_id", 1);
        cursor c = co_await run(std::move(op));
        co_return co_await f_.drain(std::move(c));
    }
    awaitable<void> add(std::int32_t n, std::int32_t id) {
        update_op op = update_of(doc("_id", id), doc("$inc", doc("n", n)));
        (void)co_await run(std::move(op));
    }

private:
    store_fixture& f_;
    call_options options_;
};

awaitable<void> add(store_fixture& f, std::int32_t n, std::int32_t id) {
    update_op op = update_of(doc("_id", id), doc("$inc", doc("n", n)));
    (void)co_await f.run(std::move(op));
}

insert_op insert_one(document d) {
    insert_op op;
    op.collection = "c";
    op.docs.push_back(std::move(d));
    return op;
}

std::int64_t n_of(documents const& docs, std::int32_t id) {
    for (document const& d : docs)
        if (d.at("_id") == value(id))
            return d.at("n").as_int64();
    return -1;
}

awaitable<void> what_a_transaction_writes_is_seen_by_others_when_it_is_committed(store_fixture& f) {
    co_await f.insert("c", three);
    transaction_of tx(f);
    tx.begin();
    co_await tx.add(5, 1);
    auto more = insert_one(doc("_id", 4, "n", 40));
    co_await tx.run(std::move(more));
    auto gone = remove_of(doc("_id", 3));
    co_await tx.run(std::move(gone));

    auto const mine = co_await tx.contents();
    EXPECT_EQ(mine.size(), 3u);
    EXPECT_EQ(n_of(mine, 1), 15);
    auto const theirs = co_await f.contents("c");
    EXPECT_EQ(text_of(theirs), text_of(json_documents(three)));

    co_await tx.commit();
    EXPECT_EQ(tx.handle().state(), transaction_state::committed);
    auto const now = co_await f.contents("c");
    EXPECT_EQ(text_of(now), text_of(mine));
    co_await tx.commit(); // may be done again
}

awaitable<void> an_aborted_transaction_leaves_nothing(store_fixture& f) {
    co_await f.insert("c", three);
    transaction_of tx(f);
    tx.begin();
    co_await tx.add(5, 1);
    auto gone = remove_of(doc("_id", 2));
    co_await tx.run(std::move(gone));
    co_await tx.abort();
    EXPECT_EQ(tx.handle().state(), transaction_state::aborted);
    EXPECT_EQ(text_of(co_await f.contents("c")), text_of(json_documents(three)));
    // The documents are free again, at once.
    co_await add(f, 1, 1);
    co_await add(f, 1, 2);
}

awaitable<void> a_session_that_ends_aborts(store_fixture& f) {
    co_await f.insert("c", three);
    {
        transaction_of tx(f);
        tx.begin();
        co_await tx.add(5, 1);
    }
    // In the background: a write waits for it, at most.
    co_await add(f, 1, 1);
    EXPECT_EQ(n_of(co_await f.contents("c"), 1), 11);
}

awaitable<void> reads_are_of_the_moment_of_the_first_operation(store_fixture& f) {
    co_await f.insert("c", three);
    transaction_of tx(f);
    tx.begin();
    EXPECT_EQ((co_await tx.contents()).size(), 3u);
    co_await add(f, 1, 1);
    co_await f.insert("c", R"([{"_id": 4, "n": 40}])");
    auto gone = remove_of(doc("_id", 2));
    co_await f.run(std::move(gone));

    EXPECT_EQ(text_of(co_await tx.contents()), text_of(json_documents(three)));
    count_op count;
    count.collection = "c";
    EXPECT_EQ(co_await tx.run(std::move(count)), 3);
    distinct_op distinct;
    distinct.collection = "c";
    distinct.key = "n";
    EXPECT_EQ((co_await tx.run(std::move(distinct))).size(), 3u);
    aggregate_op sum;
    sum.collection = "c";
    sum.pipeline = json_array(R"([{"$group": {"_id": 1, "n": {"$sum": "$n"}}}])");
    cursor c = co_await tx.run(std::move(sum));
    auto const sums = co_await f.drain(std::move(c));
    EXPECT_EQ(sums.front().at("n").as_int64(), 60);
    co_await tx.commit();
    EXPECT_EQ((co_await f.contents("c")).size(), 3u);
}

awaitable<void> a_pipeline_joins_what_the_transaction_sees(store_fixture& f) {
    co_await f.insert("c", three);
    co_await f.insert("other", R"([{"_id": 1, "of": 1}])");
    transaction_of tx(f);
    tx.begin();
    EXPECT_EQ((co_await tx.contents()).size(), 3u);
    co_await f.insert("other", R"([{"_id": 2, "of": 1}])");
    insert_op own;
    own.collection = "other";
    own.docs.push_back(doc("_id", 3, "of", 1));
    own.docs.push_back(doc("_id", 4, "of", 1));
    co_await tx.run(std::move(own));
    aggregate_op join;
    join.collection = "c";
    join.pipeline = json_array(
        R"([{"$match": {"_id": 1}}, {"$lookup": {"from": "other", "localField": "_id", "foreignField": "of", "as": "found"}}])");
    cursor c = co_await tx.run(std::move(join));
    auto const joined = co_await f.drain(std::move(c));
    EXPECT_EQ(joined.front().at("found").as_array().size(), 3u);
    co_await tx.abort();
}

awaitable<void> indexes_serve_what_the_transaction_sees(store_fixture& f) {
    std::vector<index_model> wanted(1, index_of(doc("n", 1)));
    auto op = indexes_of(std::move(wanted));
    co_await f.run(std::move(op));
    co_await f.insert("c", three);
    transaction_of tx(f);
    tx.begin();
    co_await tx.add(5, 1);
    co_await add(f, 7, 2);
    for (auto const& [n, ids] : {std::pair(15, 1), std::pair(20, 2), std::pair(27, -1), std::pair(10, -1)}) {
        find_op by_n = find_of(doc("n", n));
        by_n.hint = doc("n", 1);
        cursor c = co_await tx.run(std::move(by_n));
        auto const found = co_await f.drain(std::move(c));
        EXPECT_EQ(found.empty() ? -1 : found.front().at("_id").as_int32(), ids) << n;
    }
    co_await tx.abort();
    auto mine = find_of(doc("n", 15));
    EXPECT_TRUE((co_await f.all(std::move(mine))).empty());
}

awaitable<void> the_first_of_two_writers_wins(store_fixture& f) {
    co_await f.insert("c", three);
    transaction_of first(f);
    transaction_of second(f);
    first.begin();
    second.begin();
    co_await first.add(5, 1);
    EXPECT_EQ((co_await second.contents()).size(), 3u);
    auto op = update_of(doc("_id", 1), doc("$inc", doc("n", 100)));
    error const e = co_await second.refused(std::move(op));
    EXPECT_EQ(e.code(), errc::write_conflict) << e.what();
    EXPECT_EQ(e.details().server_code, 112);
    EXPECT_TRUE(has_label(e, "TransientTransactionError"));
    co_await first.commit();
    EXPECT_EQ(n_of(co_await f.contents("c"), 1), 15);

    // The error was the end of the transaction, whatever its session believes.
    auto again = update_of(doc("_id", 2), doc("$inc", doc("n", 100)));
    error const over = co_await second.refused(std::move(again));
    EXPECT_EQ(over.details().server_code, 251) << over.what();
    EXPECT_TRUE(has_label(over, "TransientTransactionError"));
    co_await second.abort();
    EXPECT_EQ(n_of(co_await f.contents("c"), 2), 20);
}

awaitable<void> what_changed_after_the_snapshot_cannot_be_written(store_fixture& f) {
    co_await f.insert("c", three);
    for (int way = 0; way < 3; ++way) {
        transaction_of tx(f);
        tx.begin();
        (void)co_await tx.contents();
        co_await add(f, 1, 1);
        error e(errc::definition);
        if (way == 0) {
            auto op = update_of(doc("_id", 1), doc("$set", doc("x", 1)));
            e = co_await tx.refused(std::move(op));
        } else if (way == 1) {
            auto op = remove_of(doc("_id", 1));
            e = co_await tx.refused(std::move(op));
        } else {
            find_and_modify_op op;
            op.collection = "c";
            op.filter = doc("_id", 1);
            op.update = doc("$set", doc("x", 1));
            e = co_await tx.refused(std::move(op));
        }
        EXPECT_EQ(e.code(), errc::write_conflict) << way << e.what();
        EXPECT_TRUE(has_label(e, "TransientTransactionError"));
        co_await tx.abort();
    }
}

awaitable<void> two_transactions_on_different_documents_both_commit(store_fixture& f) {
    co_await f.insert("c", three);
    transaction_of first(f);
    transaction_of second(f);
    first.begin();
    second.begin();
    co_await first.add(5, 1);
    co_await second.add(6, 2);
    EXPECT_EQ(n_of(co_await first.contents(), 2), 20);
    EXPECT_EQ(n_of(co_await second.contents(), 1), 10);
    co_await first.add(5, 1);
    co_await second.commit();
    EXPECT_EQ(n_of(co_await first.contents(), 2), 20);
    co_await first.commit();
    auto const now = co_await f.contents("c");
    EXPECT_EQ(n_of(now, 1), 20);
    EXPECT_EQ(n_of(now, 2), 26);
}

awaitable<void> a_unique_index_holds(store_fixture& f) {
    std::vector<index_model> wanted(1, index_of(doc("n", 1), doc("unique", true)));
    auto op = indexes_of(std::move(wanted));
    co_await f.run(std::move(op));
    co_await f.insert("c", three);

    transaction_of tx(f);
    tx.begin();
    auto again = insert_one(doc("_id", 4, "n", 30));
    error const e = co_await tx.refused(std::move(again));
    EXPECT_EQ(e.code(), errc::duplicate_key) << e.what();
    co_await tx.abort();

    // Two transactions that insert the same key: one of them fails, at the second write or at its commit.
    transaction_of first(f);
    transaction_of second(f);
    first.begin();
    second.begin();
    auto one = insert_one(doc("_id", 5, "n", 50));
    co_await first.run(std::move(one));
    int failures = 0;
    try {
        auto two = insert_one(doc("_id", 6, "n", 50));
        co_await second.run(std::move(two));
        co_await first.commit();
        co_await second.commit();
    } catch (error const& conflict) {
        EXPECT_EQ(conflict.code(), errc::write_conflict) << conflict.what();
        EXPECT_TRUE(has_label(conflict, "TransientTransactionError"));
        ++failures;
    }
    EXPECT_EQ(failures, 1);
    if (first.handle().in_transaction())
        co_await first.commit();
    auto fifty = find_of(doc("n", 50));
    EXPECT_EQ((co_await f.all(std::move(fifty))).size(), 1u);
}

awaitable<void> a_failed_write_ends_the_transaction(store_fixture& f) {
    co_await f.insert("c", three);
    transaction_of tx(f);
    tx.begin();
    co_await tx.add(5, 1);
    auto twice = insert_one(doc("_id", 2, "n", 0));
    error const e = co_await tx.refused(std::move(twice));
    EXPECT_EQ(e.code(), errc::duplicate_key);
    EXPECT_FALSE(has_label(e, "TransientTransactionError")) << "it would fail again";
    error const commit = co_await tx.refused(commit_transaction_op());
    EXPECT_EQ(commit.details().server_code, 251) << commit.what();
    EXPECT_EQ(text_of(co_await f.contents("c")), text_of(json_documents(three)));
}

awaitable<void> a_transaction_may_create_a_collection(store_fixture& f) {
    co_await f.insert("other", R"([{"_id": 1}])");
    for (bool const keep : {false, true}) {
        transaction_of tx(f);
        tx.begin();
        auto op = insert_one(doc("_id", 1, "n", 1));
        co_await tx.run(std::move(op));
        EXPECT_EQ((co_await tx.contents()).size(), 1u);
        EXPECT_TRUE((co_await f.contents("c")).empty());
        if (keep)
            co_await tx.commit();
        else
            co_await tx.abort();
        EXPECT_EQ((co_await f.contents("c")).size(), keep ? 1u : 0u);
    }
}

awaitable<void> what_changes_definitions_is_refused(store_fixture& f) {
    co_await f.insert("c", three);
    auto const refused = [&](auto op) -> awaitable<void> {
        transaction_of tx(f);
        tx.begin();
        (void)co_await tx.contents();
        error const e = co_await tx.refused(std::move(op));
        EXPECT_EQ(e.details().server_code, 263) << e.what();
        co_await tx.abort();
    };
    drop_collection_op drop;
    drop.collection = "c";
    co_await refused(std::move(drop));
    drop_index_op drop_index;
    drop_index.collection = "c";
    drop_index.index = "n_1";
    co_await refused(std::move(drop_index));
    list_indexes_op list;
    list.collection = "c";
    co_await refused(std::move(list));
    co_await refused(list_collections_op());
    std::vector<index_model> wanted(1, index_of(doc("n", 1)));
    auto indexes = indexes_of(std::move(wanted));
    co_await refused(std::move(indexes));
    for (char const* const stage : {"$out", "$merge"}) {
        aggregate_op writes;
        writes.collection = "c";
        writes.pipeline = arr(doc("$set", doc("a", 9)), doc(stage, "c"));
        co_await refused(std::move(writes));
    }
    EXPECT_EQ(text_of(co_await f.contents("c")), text_of(json_documents(three)));
}

awaitable<void> a_cursor_of_a_transaction_ends_with_it(store_fixture& f) {
    co_await f.insert("c", three);
    transaction_of tx(f);
    tx.begin();
    auto op = find_of(document());
    op.batch_size = 2;
    cursor c = co_await tx.run(std::move(op));
    EXPECT_EQ((co_await c.async_next(use_awaitable)).size(), 2u);
    co_await add(f, 1, 3);
    co_await tx.add(1, 1); // between two batches
    batch const second = co_await c.async_next(use_awaitable);
    EXPECT_EQ(second.size(), 1u);

    auto again = find_of(document());
    again.batch_size = 1;
    cursor late = co_await tx.run(std::move(again));
    EXPECT_EQ((co_await late.async_next(use_awaitable)).size(), 1u);
    co_await tx.commit();
    errc code = errc();
    try {
        (void)co_await late.async_next(use_awaitable);
    } catch (error const& e) {
        code = static_cast<errc>(e.code().value());
    }
    EXPECT_EQ(code, errc::invalid_argument);
}

awaitable<void> two_operations_of_one_transaction_at_the_same_time_are_refused(store_fixture& f) {
    co_await f.insert("c", three);
    transaction_of tx(f);
    tx.begin();
    auto const executor = co_await asio::this_coro::executor;
    std::vector<std::string> failures;
    int left = 3;
    asio::steady_timer done(executor, asio::steady_timer::time_point::max());
    for (int i = 0; i < 3; ++i) {
        auto op = update_of(doc("_id", 1), doc("$inc", doc("n", 1)));
        f.store().async_run(
            std::move(op), tx.options(), asio::bind_executor(executor, [&](std::exception_ptr e, update_result const&) {
                try {
                    if (e)
                        std::rethrow_exception(e);
                } catch (error const& refused) {
                    EXPECT_EQ(refused.code(), errc::invalid_argument);
                    failures.push_back(refused.message());
                }
                if (--left == 0)
                    done.cancel();
            }));
    }
    try {
        co_await done.async_wait(use_awaitable);
    } catch (boost::system::system_error const&) {
    }
    EXPECT_EQ(failures.size(), 2u);
    if (!failures.empty()) {
        EXPECT_NE(failures.front().find("already running an operation (update)"), std::string::npos) << failures.front();
    }
    co_await tx.commit();
    EXPECT_EQ(n_of(co_await f.contents("c"), 1), 11);
}

awaitable<void> what_makes_no_sense_is_refused(store_fixture& f) {
    co_await f.insert("c", three);
    transaction_of tx(f);
    error const no_commit = co_await tx.refused(commit_transaction_op());
    EXPECT_EQ(no_commit.code(), errc::invalid_argument);
    EXPECT_EQ(no_commit.message(), "no transaction was started");
    EXPECT_EQ((co_await tx.refused(abort_transaction_op())).message(), no_commit.message());
    tx.begin();
    EXPECT_THROW(tx.begin(), error);
    co_await tx.commit(); // empty: nothing is sent
    EXPECT_EQ((co_await tx.refused(abort_transaction_op())).code(), errc::invalid_argument);
    tx.begin();
    co_await tx.abort();
    EXPECT_EQ((co_await tx.refused(abort_transaction_op())).code(), errc::invalid_argument);
    EXPECT_EQ((co_await tx.refused(commit_transaction_op())).code(), errc::invalid_argument);

    tx.begin();
    auto own_terms = tx.options();
    own_terms.read_concern = doc("level", "local");
    EXPECT_EQ((co_await f.refused(find_of(document()), own_terms)).code(), errc::invalid_argument);
    own_terms.read_concern = document();
    own_terms.read_preference = doc("mode", "secondary");
    EXPECT_EQ((co_await f.refused(find_of(document()), own_terms)).code(), errc::invalid_argument);
    co_await tx.abort();

    // Outside of a transaction the session goes on; when it has ended it does not.
    co_await tx.add(1, 1);
    EXPECT_EQ(tx.handle().state(), transaction_state::none);
    tx.handle().end();
    EXPECT_EQ((co_await tx.refused(find_of(document()))).code(), errc::invalid_argument);
    EXPECT_THROW(tx.begin(), error);
}

awaitable<void> large_transactions_stay_whole(store_fixture& f) {
    co_await f.insert("c", three);
    transaction_of tx(f);
    tx.begin();
    for (int i = 10; i < 310; ++i) {
        auto op = insert_one(doc("_id", i, "n", i));
        co_await tx.run(std::move(op));
        if (i % 100 == 0)
            co_await add(f, 1, 1);
    }
    update_op all = update_of(doc("_id", doc("$gte", 10)), doc("$inc", doc("n", 1)));
    all.multi = true;
    EXPECT_EQ((co_await tx.run(std::move(all))).modified_count, 300);
    remove_op even = remove_of(doc("_id", doc("$gte", 10, "$mod", json_array("[2, 0]"))));
    EXPECT_EQ((co_await tx.run(std::move(even))).deleted_count, 150);
    EXPECT_EQ((co_await f.contents("c")).size(), 3u);
    co_await tx.commit();
    auto const now = co_await f.contents("c");
    EXPECT_EQ(now.size(), 153u);
    EXPECT_EQ(n_of(now, 11), 12);
    EXPECT_EQ(n_of(now, 1), 13);
}

constexpr store_case cases[] = {
    {"what_a_transaction_writes_is_seen_by_others_when_it_is_committed",
        what_a_transaction_writes_is_seen_by_others_when_it_is_committed},
    {"an_aborted_transaction_leaves_nothing", an_aborted_transaction_leaves_nothing},
    {"a_session_that_ends_aborts", a_session_that_ends_aborts},
    {"reads_are_of_the_moment_of_the_first_operation", reads_are_of_the_moment_of_the_first_operation},
    {"a_pipeline_joins_what_the_transaction_sees", a_pipeline_joins_what_the_transaction_sees},
    {"indexes_serve_what_the_transaction_sees", indexes_serve_what_the_transaction_sees},
    {"the_first_of_two_writers_wins", the_first_of_two_writers_wins},
    {"what_changed_after_the_snapshot_cannot_be_written", what_changed_after_the_snapshot_cannot_be_written},
    {"two_transactions_on_different_documents_both_commit", two_transactions_on_different_documents_both_commit},
    {"a_unique_index_holds", a_unique_index_holds},
    {"a_failed_write_ends_the_transaction", a_failed_write_ends_the_transaction},
    {"a_transaction_may_create_a_collection", a_transaction_may_create_a_collection},
    {"what_changes_definitions_is_refused", what_changes_definitions_is_refused},
    {"a_cursor_of_a_transaction_ends_with_it", a_cursor_of_a_transaction_ends_with_it},
    {"two_operations_of_one_transaction_at_the_same_time_are_refused",
        two_operations_of_one_transaction_at_the_same_time_are_refused},
    {"what_makes_no_sense_is_refused", what_makes_no_sense_is_refused},
    {"large_transactions_stay_whole", large_transactions_stay_whole},
};

} // namespace

std::span<store_case const> transaction_cases() {
    return cases;
}

} // namespace cormorant::testing
