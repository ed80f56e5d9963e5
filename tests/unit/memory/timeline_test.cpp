// Transactions of a memory database beside a model of them that copies everything.

#include "memory/database/database.hpp"

#include <cormorant/bson/json.hpp>

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

namespace cormorant::memory {
namespace {

using contents = std::map<std::int32_t, std::int32_t>; // _id -> n

std::vector<std::int32_t> ids_of(database& db, find_op op) {
    std::vector<std::int32_t> ids;
    auto const stream = db.find(std::move(op));
    while (auto const d = stream->next())
        ids.push_back(d->at("_id").as_int32());
    return ids;
}

find_op find_in(document filter, document sort = document()) {
    find_op op;
    op.collection = "c";
    op.filter = std::move(filter);
    op.sort = std::move(sort);
    return op;
}

contents contents_of(database& db) {
    contents result;
    auto const stream = db.find(find_in(document()));
    while (auto const d = stream->next())
        result.emplace(d->at("_id").as_int32(), d->at("n").as_int32());
    return result;
}

/// A write that both sides do.
struct change {
    std::int32_t id;
    std::optional<std::int32_t> n; // nothing: remove
};

void write(database& db, change const& c, bool exists) {
    if (!c.n) {
        remove_op op;
        op.collection = "c";
        op.filter = doc("_id", c.id);
        db.remove(op);
    } else if (exists) {
        update_op op;
        op.collection = "c";
        op.filter = doc("_id", c.id);
        op.update = doc("$set", doc("n", *c.n));
        db.update(op);
    } else {
        insert_op op;
        op.collection = "c";
        op.docs.push_back(doc("_id", c.id, "n", *c.n));
        db.insert(std::move(op));
    }
}

/// A transaction as it should be: a copy of everything, and what it wrote.
struct expected_transaction {
    std::shared_ptr<transaction> real;
    std::shared_ptr<database> db;
    contents view;
    std::set<std::int32_t> written;
    std::set<std::int32_t> changed_since;
};

class Timeline : public ::testing::TestWithParam<unsigned> {
protected:
    void SetUp() override {
        create_indexes_op op;
        op.collection = "c";
        op.indexes.resize(1);
        op.indexes[0].keys = doc("n", 1);
        db_->create_indexes(op);
    }

    // What an index finds is what is there.
    void check(database& db, contents const& wanted) {
        ASSERT_EQ(contents_of(db), wanted);
        std::size_t found = 0;
        for (std::int32_t n = 0; n < 4; ++n) {
            auto op = find_in(doc("n", n));
            op.hint = doc("n", 1);
            for (std::int32_t const id : ids_of(db, std::move(op))) {
                ASSERT_EQ(wanted.at(id), n);
                ++found;
            }
        }
        ASSERT_EQ(found, wanted.size());
        count_op all;
        all.collection = "c";
        ASSERT_EQ(db.count(all), static_cast<std::int64_t>(wanted.size()));
    }

    std::shared_ptr<database> db_ = std::make_shared<database>("db");
};

TEST_P(Timeline, shows_everybody_what_is_theirs) {
    std::mt19937 chance(GetParam());
    auto const below = [&](std::uint32_t n) { return static_cast<std::int32_t>(chance() % n); };
    contents now;
    std::vector<std::int32_t> order; // of insertion
    std::vector<expected_transaction> open;
    int conflicts = 0;
    int commits = 0;

    auto const note = [&](std::int32_t id) {
        for (auto& t : open)
            t.changed_since.insert(id);
    };
    auto const apply_in_order = [&](change const& c) {
        if (!c.n) {
            if (now.erase(c.id) != 0)
                std::erase(order, c.id);
        } else if (now.insert_or_assign(c.id, *c.n).second) {
            order.push_back(c.id);
        }
        note(c.id);
    };

    for (int step = 0; step < 3000; ++step) {
        auto const what = below(10);
        if (what == 0 && open.size() < 4) {
            expected_transaction t;
            t.real = db_->begin();
            t.db = db_->in(t.real);
            t.view = now;
            open.push_back(std::move(t));
        } else if (what < 4 || open.empty()) {
            change const c{below(12), below(4) == 0 ? std::nullopt : std::optional(below(4))};
            bool const exists = now.contains(c.id);
            if ((!exists && !c.n) || (exists && c.n == now.at(c.id)))
                continue; // no change, which nobody is told of
            write(*db_, c, exists);
            apply_in_order(c);
        } else if (what < 8) {
            auto const which = static_cast<std::size_t>(below(static_cast<std::uint32_t>(open.size())));
            auto& t = open[which];
            change const c{below(12), below(4) == 0 ? std::nullopt : std::optional(below(4))};
            bool const exists = t.view.contains(c.id);
            if ((!exists && !c.n) || (exists && c.n == t.view.at(c.id)))
                continue;
            bool held = t.changed_since.contains(c.id);
            for (auto const& other : open)
                held = held || (&other != &t && other.written.contains(c.id));
            std::optional<int> code;
            try {
                write(*t.db, c, exists);
            } catch (error const& e) {
                code = e.details().server_code;
            }
            ASSERT_EQ(code.has_value(), held) << step;
            if (code) {
                ASSERT_EQ(*code, 112);
                ++conflicts;
                db_->abort(t.real);
                open.erase(open.begin() + static_cast<std::ptrdiff_t>(which));
            } else {
                t.written.insert(c.id);
                if (c.n)
                    t.view.insert_or_assign(c.id, *c.n);
                else
                    t.view.erase(c.id);
            }
        } else {
            auto const which = static_cast<std::size_t>(below(static_cast<std::uint32_t>(open.size())));
            auto t = std::move(open[which]);
            open.erase(open.begin() + static_cast<std::ptrdiff_t>(which));
            if (what == 8) {
                db_->abort(t.real);
            } else {
                bool overwritten = false;
                for (std::int32_t const id : t.written)
                    overwritten = overwritten || t.changed_since.contains(id);
                bool failed = false;
                try {
                    db_->commit(t.real);
                } catch (error const& e) {
                    ASSERT_EQ(e.details().server_code, 112);
                    failed = true;
                }
                ASSERT_EQ(failed, overwritten) << step;
                if (!failed) {
                    ++commits;
                    for (std::int32_t const id : t.written) {
                        auto const to = t.view.find(id);
                        apply_in_order({id, to == t.view.end() ? std::nullopt : std::optional(to->second)});
                    }
                }
            }
        }
        if (step % 7 == 0)
            for (auto const& t : open)
                check(*t.db, t.view);
        if (step % 3 == 0)
            check(*db_, now);
    }
    for (auto const& t : open)
        db_->abort(t.real);
    check(*db_, now);
    EXPECT_GT(conflicts, 20);
    EXPECT_GT(commits, 20);
}

INSTANTIATE_TEST_SUITE_P(seeds, Timeline, ::testing::Range(1u, 9u));

TEST(TimelineOrder, stays_what_it_was_when_transactions_come_and_go) {
    auto const db = std::make_shared<database>("db");
    for (std::int32_t id : {5, 3, 8, 1, 9}) {
        insert_op op;
        op.collection = "c";
        op.docs.push_back(doc("_id", id, "n", id));
        db->insert(std::move(op));
    }
    std::vector<std::int32_t> const order = {5, 3, 8, 1, 9};
    auto const who = db->begin();
    auto const mine = db->in(who);
    for (std::int32_t id : {3, 8}) {
        remove_op op;
        op.collection = "c";
        op.filter = doc("_id", id);
        mine->remove(op);
    }
    insert_op more;
    more.collection = "c";
    more.docs.push_back(doc("_id", 7, "n", 7));
    mine->insert(std::move(more));
    EXPECT_EQ(ids_of(*mine, find_in(document())), (std::vector<std::int32_t>{5, 1, 9, 7}));
    EXPECT_EQ(ids_of(*db, find_in(document())), order);
    EXPECT_EQ(ids_of(*mine, find_in(document())), (std::vector<std::int32_t>{5, 1, 9, 7}));
    db->abort(who);
    EXPECT_EQ(ids_of(*db, find_in(document())), order);
}

TEST(TimelineDefinitions, that_change_end_the_transaction) {
    auto const db = std::make_shared<database>("db");
    auto const fill = [&](std::string name) {
        insert_op op;
        op.collection = std::move(name);
        op.docs.push_back(doc("_id", 1, "n", 1));
        db->insert(std::move(op));
    };
    fill("c");
    fill("d");
    auto const code_of = [&](auto&& change) {
        auto const who = db->begin();
        auto const mine = db->in(who);
        EXPECT_EQ(contents_of(*mine).size(), 1u);
        change();
        int code = 0;
        try {
            contents_of(*mine);
        } catch (error const& e) {
            code = e.details().server_code;
        }
        db->abort(who);
        return code;
    };
    EXPECT_EQ(code_of([&] { fill("e"); }), 0) << "another collection";
    EXPECT_EQ(code_of([&] {
        create_indexes_op op;
        op.collection = "c";
        op.indexes.resize(1);
        op.indexes[0].keys = doc("n", 1);
        db->create_indexes(op);
    }),
        246);
    EXPECT_EQ(code_of([&] {
        drop_collection_op op;
        op.collection = "c";
        db->drop_collection(op);
    }),
        246);
    fill("c");
    EXPECT_EQ(code_of([&] { db->drop(); }), 246);
}

TEST(TimelineDefinitions, a_collection_that_a_pipeline_replaced_ends_the_transaction) {
    for (bool const writes : {false, true}) {
        auto const db = std::make_shared<database>("db");
        for (std::int32_t const id : {1, 2}) {
            insert_op op;
            op.collection = "c";
            op.docs.push_back(doc("_id", id, "n", id));
            db->insert(std::move(op));
        }
        auto const who = db->begin();
        auto const mine = db->in(who);
        EXPECT_EQ(contents_of(*mine), (contents{{1, 1}, {2, 2}}));
        if (writes)
            write(*mine, {1, 7}, true);
        aggregate_op replace;
        replace.collection = "c";
        replace.pipeline = arr(doc("$match", doc("_id", 2)), doc("$set", doc("n", 5)), doc("$out", "c"));
        db->aggregate(replace);
        EXPECT_THROW(contents_of(*mine), error);
        db->abort(who);
        EXPECT_EQ(contents_of(*db), (contents{{2, 5}}));
    }
}

} // namespace
} // namespace cormorant::memory
