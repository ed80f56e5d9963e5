#include "mongo/outcome.hpp"

#include <gtest/gtest.h>

namespace cormorant::detail {
namespace {

template <class Op>
expectation expect(bool is_write = false, bool many = false) {
    expectation e;
    operation op{Op()};
    e.kind = op.index();
    e.name = Op::name;
    e.collection = "c";
    e.is_write = is_write;
    e.many = many;
    return e;
}

result answered(document reply, int server_code = 0) {
    result r;
    answer a;
    a.replied = true;
    a.reply = encode(reply);
    a.server_code = server_code;
    r.answers.push_back(std::move(a));
    return r;
}

error failure_of(expectation const& e, result const& r) {
    try {
        read_reply(e, r);
    } catch (error const& why) {
        return why;
    }
    ADD_FAILURE() << "no error";
    return error(errc::definition);
}

TEST(outcomes, a_write_without_an_answer_is_in_doubt_only_when_it_was_sent) {
    result r;
    r.code = errc::network;
    r.sent = true;
    EXPECT_EQ(failure_of(expect<update_op>(true), r).details().what_happened, outcome::maybe_applied);
    r.sent = false;
    EXPECT_EQ(failure_of(expect<update_op>(true), r).details().what_happened, outcome::not_sent);
    r.sent = true;
    EXPECT_FALSE(failure_of(expect<find_op>(), r).details().is_write);
}

TEST(outcomes, what_a_bulk_write_wrote_before_the_connection_broke_is_told) {
    auto r = answered(doc("ok", 1, "n", 100));
    r.code = errc::network;
    r.sent = false;
    auto const e = failure_of(expect<insert_op>(true, true), r);
    EXPECT_EQ(e.details().written, 100);
    EXPECT_EQ(e.details().what_happened, outcome::maybe_applied);
}

TEST(outcomes, the_time_of_the_server_is_the_deadline_when_it_came_from_there) {
    auto const r =
        answered(doc("ok", 0, "code", 50, "codeName", "MaxTimeMSExpired", "errmsg", "operation exceeded time limit"), 50);
    auto e = expect<find_op>();
    EXPECT_EQ(failure_of(e, r).code(), errc::server_timeout);
    e.bounded = true;
    EXPECT_EQ(failure_of(e, r).code(), errc::deadline);
    EXPECT_EQ(failure_of(e, r).details().slow_phase, phase::server);
}

TEST(outcomes, a_duplicate_key_tells_path_and_value_and_keeps_the_text_of_the_server_apart) {
    auto const r = answered(doc("ok", 1, "n", 0, "writeErrors",
        arr(doc(
            "index", 0, "code", 11000, "errmsg", "E11000 secret", "keyPattern", doc("a.b", 1), "keyValue", doc("a.b", "x")))));
    auto const e = failure_of(expect<insert_op>(true), r);
    EXPECT_EQ(e.code(), errc::duplicate_key);
    EXPECT_EQ(e.details().path, "a.b");
    EXPECT_EQ(e.details().value, "\"x\"");
    EXPECT_EQ(e.details().server_message, "E11000 secret");
    EXPECT_EQ(std::string(e.what()).find("secret"), std::string::npos);
}

TEST(outcomes, labels_of_the_server_are_kept) {
    auto const r = answered(doc("ok", 0, "code", 112, "errorLabels", arr("TransientTransactionError")), 112);
    auto const e = failure_of(expect<update_op>(true), r);
    EXPECT_EQ(e.code(), errc::write_conflict);
    EXPECT_EQ(e.details().server_labels, std::vector<std::string>(1, "TransientTransactionError"));
}

TEST(outcomes, to_drop_what_is_missing_succeeds_and_to_find_it_does_not) {
    auto const r = answered(doc("ok", 0, "code", 26, "codeName", "NamespaceNotFound"), 26);
    EXPECT_NO_THROW(read_reply(expect<drop_collection_op>(true), r));
    EXPECT_NO_THROW(read_reply(expect<list_indexes_op>(), r));
    EXPECT_EQ(failure_of(expect<modify_view_op>(true), r).code(), errc::namespace_not_found);
}

TEST(outcomes, a_reply_that_is_no_bson_is_an_error) {
    auto r = answered(doc("ok", 1, "n", 1));
    r.answers[0].reply[4] = std::byte(0x7E);
    EXPECT_EQ(failure_of(expect<count_op>(), r).code(), errc::bad_bson);
}

TEST(outcomes, a_batch_points_into_the_reply) {
    auto reply =
        encode(doc("cursor", doc("firstBatch", arr(doc("a", 1), doc("a", 2)), "id", std::int64_t(0), "ns", "d.c"), "ok", 1));
    auto b = take_batch(std::move(reply));
    EXPECT_TRUE(b.is_raw());
    auto const docs = std::move(b).take_documents();
    ASSERT_EQ(docs.size(), 2U);
    EXPECT_EQ(docs[1], doc("a", 2));
    EXPECT_THROW(take_batch(encode(doc("ok", 1))), error);
}

} // namespace
} // namespace cormorant::detail
