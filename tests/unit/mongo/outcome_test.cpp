#include "mongo/call.hpp"
#include "mongo/outcome.hpp"

#include <cormorant/bson/json.hpp>

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

expectation bulk(std::vector<std::size_t> documents_in, bool ordered) {
    auto e = expect<insert_op>(true, true);
    e.documents_in = std::move(documents_in);
    e.ordered = ordered;
    return e;
}

/// What becomes a result: results cannot be copied.
struct script {
    std::vector<answer> answers;
    errc code = errc();
    bool sent = false;
    bool in_doubt = false;

    result play() const {
        result r;
        r.answers = answers;
        r.code = code;
        r.sent = sent;
        r.in_doubt = in_doubt;
        return r;
    }
};

script said(document reply, int server_code = 0) {
    script s;
    s.answers = answered(std::move(reply), server_code).answers;
    return s;
}

script and_then(script s, script const& more) {
    s.answers.insert(s.answers.end(), more.answers.begin(), more.answers.end());
    s.code = more.code;
    s.sent = more.sent;
    s.in_doubt = more.in_doubt;
    return s;
}

script lost(bool sent, bool in_doubt = false) {
    script s;
    s.code = errc::network;
    s.sent = sent;
    s.in_doubt = in_doubt;
    return s;
}

document refused(int index) {
    return doc("index", index, "code", 11000, "errmsg", "E11000");
}

TEST(outcomes, every_document_of_a_bulk_insert_has_one) {
    auto const two = said(doc("ok", 1, "n", 2));
    auto const second_refused = said(doc("ok", 1, "n", 1, "writeErrors", arr(refused(1))));
    auto const unmet = doc("code", 64, "codeName", "WriteConcernFailed");
    auto const resigned = doc("code", 189, "codeName", "PrimarySteppedDown");
    struct row {
        char const* name;
        bool ordered;
        script r;
        errc code;
        outcome whole;
        /// For each document: n not sent, m maybe, a applied; in capitals when it has an error of its own.
        char const* expected;
    };
    row const rows[] = {
        {"the connection breaks in the third batch", true, and_then(and_then(two, two), lost(true)), errc::network,
            outcome::maybe_applied, "aaaaMM"},
        {"the third batch cannot be sent", true, and_then(and_then(two, two), lost(false)), errc::network, outcome::applied,
            "aaaaNN"},
        {"the third batch was sent, and could not be sent again", true, and_then(and_then(two, two), lost(false, true)),
            errc::network, outcome::maybe_applied, "aaaaMM"},
        {"the connection breaks in the first batch", true, lost(true), errc::network, outcome::maybe_applied, "MMnnnn"},
        {"an ordered insert ends with the first error", true, and_then(two, second_refused), errc::duplicate_key,
            outcome::applied, "aaaNnn"},
        {"the first document is refused", true, said(doc("ok", 1, "n", 0, "writeErrors", arr(refused(0)))), errc::duplicate_key,
            outcome::not_sent, "Nnnnnn"},
        {"an unordered insert goes on", false, and_then(and_then(two, second_refused), two), errc::duplicate_key,
            outcome::applied, "aaaNaa"},
        {"an unordered insert goes on and then breaks", false, and_then(second_refused, lost(true)), errc::duplicate_key,
            outcome::maybe_applied, "aNMMnn"},
        {"a write concern that was not met", true,
            and_then(and_then(two, said(doc("ok", 1, "n", 2, "writeConcernError", unmet))), two), errc::write_concern,
            outcome::applied, "aaAAaa"},
        {"a primary that resigned before the write concern was met", true,
            and_then(and_then(two, two), said(doc("ok", 1, "n", 2, "writeConcernError", resigned))), errc::write_concern,
            outcome::maybe_applied, "aaaaMM"},
        {"a batch that the server refuses", true, and_then(two, said(doc("ok", 0, "code", 13), 13)), errc::server,
            outcome::applied, "aaNNnn"},
        {"a batch that the server was interrupted in", true, and_then(two, said(doc("ok", 0, "code", 11601), 11601)),
            errc::server, outcome::maybe_applied, "aaMMnn"},
    };
    for (auto const& row : rows) {
        auto const e = failure_of(bulk({2, 2, 2}, row.ordered), row.r.play());
        // A broken connection is what is told of first, although the batch before had write errors.
        EXPECT_TRUE(e.code() == row.code || (row.r.code != errc() && e.code() == row.r.code)) << row.name;
        EXPECT_EQ(e.details().what_happened, row.whole) << row.name;
        std::string found;
        for (auto const& one : e.details().documents) {
            EXPECT_EQ(one.position, found.size()) << row.name;
            auto const letter = to_string(one.what_happened).front();
            found += one.code == errc() ? letter : static_cast<char>(letter - 'a' + 'A');
        }
        EXPECT_EQ(found, row.expected) << row.name;
    }
}

TEST(outcomes, a_document_says_why_it_was_refused) {
    auto const r = answered(doc("ok", 1, "n", 1, "writeErrors", arr(refused(1))));
    auto const e = failure_of(bulk({2}, true), r);
    auto const& one = e.details().documents.at(1);
    EXPECT_EQ(one.code, errc::duplicate_key);
    EXPECT_EQ(one.server_code, 11000);
    EXPECT_EQ(one.message, "such a document exists already");
}

TEST(outcomes, an_insert_of_one_document_has_no_list) {
    auto const r = answered(doc("ok", 1, "n", 0, "writeErrors", arr(refused(0))));
    auto const e = failure_of(expect<insert_op>(true), r);
    EXPECT_TRUE(e.details().documents.empty());
    EXPECT_EQ(e.details().what_happened, outcome::not_sent);
}

TEST(outcomes, an_error_in_the_middle_of_a_write_leaves_it_in_doubt) {
    struct row {
        document reply;
        bool in_doubt;
        outcome expected;
    };
    row const rows[] = {
        {doc("ok", 0, "code", 13), false, outcome::not_sent},
        {doc("ok", 0, "code", 13), true, outcome::maybe_applied}, // an attempt before this one may have done it
        {doc("ok", 0, "code", 50), false, outcome::maybe_applied},
        {doc("ok", 0, "code", 91), false, outcome::maybe_applied},
        {doc("ok", 0, "code", 11600), false, outcome::maybe_applied},
        {doc("ok", 0, "code", 11601), false, outcome::maybe_applied},
        {doc("ok", 0, "code", 8000, "errorLabels", arr("RetryableWriteError")), false, outcome::maybe_applied},
        {doc("ok", 0, "code", 11000), false, outcome::not_sent},
    };
    for (auto const& row : rows) {
        auto r = answered(row.reply, static_cast<int>(row.reply.at("code").as_int64()));
        r.in_doubt = row.in_doubt;
        EXPECT_EQ(failure_of(expect<update_op>(true), r).details().what_happened, row.expected) << row.reply;
    }
    auto const refused_one = answered(doc("ok", 1, "n", 0, "writeErrors", arr(refused(0))));
    auto again = answered(doc("ok", 1, "n", 0, "writeErrors", arr(refused(0))));
    again.in_doubt = true;
    EXPECT_EQ(failure_of(expect<update_op>(true), again).details().what_happened, outcome::not_sent)
        << "the server looks up what it did before it tries again";
    EXPECT_EQ(failure_of(expect<update_op>(true, true), refused_one).details().what_happened, outcome::maybe_applied)
        << "of many";
}

TEST(outcomes, an_answer_to_a_write_that_cannot_be_read_leaves_it_in_doubt) {
    auto r = answered(doc("ok", 1, "n", 1));
    r.answers[0].reply[4] = std::byte(0x7E);
    auto const e = failure_of(expect<update_op>(true), r);
    EXPECT_EQ(e.code(), errc::bad_bson);
    EXPECT_EQ(e.details().what_happened, outcome::maybe_applied);
    EXPECT_EQ(e.details().slow_phase, phase::decode);
}

TEST(outcomes, the_phase_that_took_longest_used_up_the_time) {
    using namespace std::chrono_literals;
    result r;
    r.code = errc::deadline;
    r.where = phase::server;
    r.times.add(phase::queue, 90ms);
    r.times.add(phase::server, 10ms);
    auto const e = failure_of(expect<find_op>(), r);
    EXPECT_EQ(e.details().slow_phase, phase::queue);
    EXPECT_EQ(e.details().times[phase::server], 10ms);
    EXPECT_EQ(e.details().times.total(), 100ms);
}

TEST(outcomes, the_time_without_a_connection_is_that_of_its_making_as_far_as_it_goes) {
    using namespace std::chrono_literals;
    phase_times making;
    making.add(phase::resolve, 10ms);
    making.add(phase::connect, 20ms);
    making.add(phase::authentication, 10ms);
    result r;
    count_wait(r, 100ms, making);
    EXPECT_EQ(r.times[phase::connect], 20ms);
    EXPECT_EQ(r.times[phase::queue], 60ms);
    result later; // it came when half of the time was over
    count_wait(later, 20ms, making);
    EXPECT_EQ(later.times[phase::connect], 10ms);
    EXPECT_EQ(later.times[phase::queue], 0ms);
    EXPECT_EQ(later.queued, 20ms);
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
