#include "mongo/plan.hpp"

#include <gtest/gtest.h>

namespace cormorant::detail {
namespace {

class plan_test : public ::testing::Test {
protected:
    plan make(operation op, call_options options = call_options()) const { return make_plan(std::move(op), options, settings_); }
    static document body(plan const& p, std::size_t i = 0) { return decode_bson(p.what.commands.at(i).body); }
    /// The documents beside it.
    static array documents_of(plan const& p, std::size_t i = 0) {
        array result;
        std::span<std::byte const> rest(p.what.commands.at(i).documents);
        while (!rest.empty()) {
            bson_view const one(rest);
            result.push_back(one.to_document());
            rest = rest.subspan(one.size_in_bytes());
        }
        return result;
    }
    static std::string key_order(document const& d) {
        std::string result;
        for (auto const& [key, v] : d)
            result += std::string(key) + " ";
        return result;
    }

    mongo_settings settings_ = parse_settings("mongodb://a/shop", mongo_options());
};

TEST_F(plan_test, a_find_sends_only_what_is_set) {
    find_op op;
    op.collection = "c";
    auto p = make(op);
    EXPECT_EQ(body(p), doc("find", "c", "filter", document()));
    EXPECT_TRUE(p.what.repeatable);
    EXPECT_TRUE(p.what.cursor);
    EXPECT_EQ(p.what.mode, command_mode::read);
    op.sort = doc("a", 1);
    op.limit = 5;
    op.hint = value(doc("a", 1));
    op.extra = doc("comment", "x");
    EXPECT_EQ(key_order(body(make(op))), "find filter sort limit hint comment ");
}

TEST_F(plan_test, writes_of_one_document_are_numbered_and_others_are_not) {
    update_op update;
    update.collection = "c";
    update.update = doc("$set", doc("a", 1));
    EXPECT_TRUE(make(update).what.numbered);
    update.multi = true;
    EXPECT_FALSE(make(update).what.numbered);
    remove_op remove;
    remove.collection = "c";
    EXPECT_FALSE(make(remove).what.numbered);
    remove.just_one = true;
    EXPECT_TRUE(make(remove).what.numbered);
    call_options unacknowledged;
    unacknowledged.write_concern = doc("w", 0);
    EXPECT_FALSE(make(remove, unacknowledged).what.numbered);
    EXPECT_FALSE(make(remove, unacknowledged).what.acknowledged);
}

TEST_F(plan_test, an_insert_is_split_at_the_greatest_number_of_documents) {
    insert_op op;
    op.collection = "c";
    op.docs = documents(max_batch_count + 1, doc("_id", 1));
    auto const p = make(op);
    ASSERT_EQ(p.what.commands.size(), 2U);
    EXPECT_EQ(documents_of(p, 1).size(), 1U);
    EXPECT_EQ(p.then.inserted_ids.size(), max_batch_count + 1);
}

TEST_F(plan_test, each_command_of_a_split_insert_fits_into_a_message) {
    insert_op op;
    op.collection = "c";
    op.docs = documents(5, doc("text", std::string(6'000'000, 'x')));
    auto const p = make(op);
    EXPECT_EQ(p.what.commands.size(), 3U);
    std::size_t total = 0;
    std::size_t id = 0;
    for (std::size_t i = 0; i < p.what.commands.size(); ++i) {
        EXPECT_LE(p.what.commands[i].body.size() + p.what.commands[i].documents.size(), max_bson_size + 16 * 1024);
        auto const docs = documents_of(p, i);
        total += docs.size();
        for (value const& d : docs)
            EXPECT_EQ(d.as_document().begin()->value(), p.then.inserted_ids[id++]);
    }
    EXPECT_EQ(total, 5U);
}

TEST_F(plan_test, a_count_without_a_filter_is_answered_from_metadata) {
    count_op op;
    op.collection = "c";
    EXPECT_TRUE(body(make(op)).contains("count"));
    op.filter = doc("a", 1);
    EXPECT_TRUE(body(make(op)).contains("aggregate"));
    op.filter = doc("$or", arr(doc("a", 1), doc("place", doc("$near", arr(0, 0)))));
    EXPECT_TRUE(body(make(op)).contains("count"));
}

TEST_F(plan_test, the_deadline_is_sent_unless_the_caller_names_a_time) {
    call_options options;
    options.deadline = std::chrono::steady_clock::now() + std::chrono::seconds(1);
    find_op op;
    op.collection = "c";
    EXPECT_TRUE(make(op, options).then.bounded);
    op.extra = doc("maxTimeMS", 5);
    EXPECT_FALSE(make(op, options).then.bounded);
    EXPECT_FALSE(make(op, options).what.bounded);
}

TEST_F(plan_test, an_aggregation_that_writes_goes_to_the_primary) {
    aggregate_op op;
    op.collection = "c";
    EXPECT_EQ(make(op).what.mode, command_mode::read);
    op.pipeline = arr(doc("$out", "d"));
    EXPECT_EQ(make(op).what.mode, command_mode::write);
    EXPECT_FALSE(make(op).what.repeatable);
    op.collection.clear();
    EXPECT_EQ(body(make(op)).at("aggregate"), value(1));
}

class foreign_session : public session {};

TEST_F(plan_test, arguments_that_make_no_sense_are_refused) {
    auto const code = [&](operation op, call_options options = call_options()) {
        try {
            make(std::move(op), options);
        } catch (error const& e) {
            return static_cast<errc>(e.code().value());
        }
        return errc();
    };
    EXPECT_EQ(code(find_op()), errc::invalid_argument);
    EXPECT_EQ(code(insert_op()), errc::invalid_argument);
    EXPECT_EQ(code(command_op()), errc::invalid_argument);
    find_and_modify_op both;
    both.collection = "c";
    both.remove = true;
    both.update = doc("a", 1);
    EXPECT_EQ(code(both), errc::invalid_argument);
    both.remove = false;
    both.update = value();
    EXPECT_EQ(code(both), errc::invalid_argument);
    find_op find;
    find.collection = "c";
    find.skip = -1;
    EXPECT_EQ(code(find), errc::invalid_argument);
    find.skip = 0;
    call_options options;
    options.session = std::make_shared<foreign_session>();
    EXPECT_EQ(code(find, options), errc::invalid_argument);
    options.session.reset();
    options.read_preference = doc("mode", "primary", "tags", arr(doc("dc", "a")));
    EXPECT_EQ(code(find, options), errc::invalid_argument);
}

class session_plan_test : public plan_test {
protected:
    plan make_in_session(operation op) {
        session_claim const claim(options_, op);
        return make_plan(std::move(op), options_, settings_, claim);
    }
    static document concern(bson_buffer const& bytes) { return bytes.empty() ? document() : decode_bson(bytes); }
    static find_op find() {
        find_op op;
        op.collection = "c";
        return op;
    }

    call_options options_ = [] {
        call_options o;
        o.session =
            std::make_shared<mongo_session>(std::make_shared<session_pool>(), session_options(), [](session_part const&) {});
        return o;
    }();
};

TEST_F(session_plan_test, a_transaction_is_what_its_commands_say) {
    auto terms = transaction_terms().read_concern(doc("level", "snapshot")).write_concern(doc("w", 2));
    options_.session->start_transaction(terms.max_commit_time(std::chrono::milliseconds(7)));
    auto const first = make_in_session(find());
    ASSERT_TRUE(first.what.session);
    EXPECT_TRUE(first.what.session->starts);
    EXPECT_EQ(concern(first.what.read_concern), doc("level", "snapshot"));
    EXPECT_TRUE(first.what.plain);
    EXPECT_EQ(first.what.mode, command_mode::write) << "the primary";
    EXPECT_FALSE(first.what.repeatable);

    update_op update;
    update.collection = "c";
    update.update = doc("$set", doc("a", 1));
    auto const second = make_in_session(update);
    EXPECT_FALSE(second.what.session->starts);
    EXPECT_EQ(second.what.session->session->id(), first.what.session->session->id());
    EXPECT_EQ(second.what.session->transaction, first.what.session->transaction);
    EXPECT_TRUE(second.what.read_concern.empty());
    EXPECT_TRUE(second.what.write_concern.empty());
    EXPECT_FALSE(second.what.numbered) << "a statement of a transaction is not sent again";

    count_op count;
    count.collection = "c";
    EXPECT_EQ(body(make_in_session(count)).begin()->key(), "aggregate") << "no transaction takes the command count";

    auto const commit = make_in_session(commit_transaction_op());
    EXPECT_EQ(commit.what.database, "admin");
    EXPECT_EQ(body(commit), doc("commitTransaction", 1, "maxTimeMS", std::int64_t(7)));
    EXPECT_TRUE(commit.what.session->ends);
    EXPECT_EQ(concern(commit.what.write_concern), doc("w", 2));
    EXPECT_EQ(concern(commit.what.session->second_write_concern), doc("w", "majority", "wtimeout", 10'000));
    auto const again = make_in_session(commit_transaction_op());
    EXPECT_EQ(concern(again.what.write_concern), doc("w", "majority", "wtimeout", 10'000));

    options_.session->start_transaction();
    auto const next = make_in_session(find());
    EXPECT_EQ(next.what.session->session->id(), first.what.session->session->id());
    EXPECT_EQ(*next.what.session->transaction, *first.what.session->transaction + 1);
}

TEST_F(session_plan_test, reads_wait_for_the_time_that_the_session_has_seen) {
    timestamp t;
    t.seconds = 5;
    options_.session->advance_operation_time(t);
    options_.session->advance_cluster_time(doc("clusterTime", t));
    auto const read = make_in_session(find());
    EXPECT_EQ(concern(read.what.read_concern), doc("afterClusterTime", t));
    EXPECT_EQ(concern(read.what.session->cluster_time), doc("clusterTime", t));
    EXPECT_FALSE(read.what.session->transaction);
    update_op update;
    update.collection = "c";
    update.update = doc("$set", doc("a", 1));
    auto const write = make_in_session(update);
    EXPECT_TRUE(write.what.read_concern.empty());
    EXPECT_TRUE(write.what.numbered);
}

TEST_F(session_plan_test, unacknowledged_writes_have_no_session) {
    update_op update;
    update.collection = "c";
    update.update = doc("$set", doc("a", 1));
    options_.write_concern = doc("w", 0);
    EXPECT_THROW(make_in_session(update), error);
}

} // namespace
} // namespace cormorant::detail
