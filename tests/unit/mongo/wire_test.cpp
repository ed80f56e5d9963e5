#include "mongo/wire.hpp"

#include <gtest/gtest.h>

#include <cstring>

namespace cormorant::detail {
namespace {

using progress = incoming_message::progress;

std::vector<std::byte> joined(outgoing_message const& m) {
    std::vector<std::byte> out;
    for (auto const& part : m.parts()) {
        auto const* const first = static_cast<std::byte const*>(part.data());
        out.insert(out.end(), first, first + part.size());
    }
    return out;
}

std::int32_t number_at(std::vector<std::byte> const& bytes, std::size_t at) {
    std::int32_t v = 0;
    std::memcpy(&v, bytes.data() + at, sizeof v);
    return v;
}

command_addition to(std::string_view database) {
    command_addition a;
    a.database = database;
    return a;
}

TEST(outgoing, a_command_is_one_section_with_everything_in_it) {
    command c(encode(doc("find", "c")));
    auto const session = encode(doc("id", 1));
    auto const concern = encode(doc("level", "local"));
    auto a = to("shop");
    a.session = session;
    a.transaction_number = 7;
    a.max_time = std::chrono::milliseconds(250);
    a.read_concern = concern;
    a.write_concern = encode(doc("w", 1)); // gone when the message is read: copied
    outgoing_message m;
    auto const write_concern = encode(doc("w", 1));
    a.write_concern = write_concern;
    m.begin(42, c, a, outgoing_message::answered::yes);
    auto const bytes = joined(m);
    ASSERT_EQ(bytes.size(), m.size());
    EXPECT_EQ(number_at(bytes, 0), static_cast<std::int32_t>(bytes.size()));
    EXPECT_EQ(number_at(bytes, 4), 42);
    EXPECT_EQ(number_at(bytes, 8), 0);
    EXPECT_EQ(number_at(bytes, 12), 2013);
    EXPECT_EQ(number_at(bytes, 16), 0);
    EXPECT_EQ(bytes[20], std::byte(0));
    EXPECT_EQ(decode_bson(std::span<std::byte const>(bytes).subspan(21)),
        doc("find", "c", "$db", "shop", "lsid", doc("id", 1), "txnNumber", std::int64_t(7), "maxTimeMS", std::int64_t(250),
            "readConcern", doc("level", "local"), "writeConcern", doc("w", 1)));
}

TEST(outgoing, a_command_can_be_sent_again_with_other_additions) {
    command c(encode(doc("find", "c")));
    outgoing_message m;
    auto a = to("a-longer-name");
    a.transaction_number = 1;
    m.begin(1, c, a, outgoing_message::answered::yes);
    m.begin(2, c, to("b"), outgoing_message::answered::yes);
    auto const bytes = joined(m);
    EXPECT_EQ(decode_bson(std::span<std::byte const>(bytes).subspan(21)), doc("find", "c", "$db", "b"));
}

TEST(outgoing, documents_are_a_section_of_their_own) {
    command c(encode(doc("insert", "c")));
    append_bson(c.documents, doc("_id", 1));
    append_bson(c.documents, doc("_id", 2));
    outgoing_message m;
    m.begin(1, c, to("shop"), outgoing_message::answered::no);
    auto const bytes = joined(m);
    EXPECT_EQ(number_at(bytes, 0), static_cast<std::int32_t>(bytes.size()));
    EXPECT_EQ(number_at(bytes, 16), 2) << "more to come: no answer";
    bson_view const body(std::span<std::byte const>(bytes).subspan(21));
    EXPECT_EQ(body.to_document(), doc("insert", "c", "$db", "shop"));
    auto const at = 21 + body.size_in_bytes();
    EXPECT_EQ(bytes[at], std::byte(1));
    EXPECT_EQ(number_at(bytes, at + 1), static_cast<std::int32_t>(bytes.size() - at - 1));
    EXPECT_EQ(std::string_view(reinterpret_cast<char const*>(bytes.data()) + at + 5), "documents");
    auto const rest = std::span<std::byte const>(bytes).subspan(at + 5 + sizeof "documents");
    EXPECT_TRUE(std::equal(rest.begin(), rest.end(), c.documents.begin(), c.documents.end()));
}

TEST(outgoing, what_was_written_is_taken_off_wherever_it_ends) {
    command c(encode(doc("insert", "c")));
    append_bson(c.documents, doc("_id", 1));
    outgoing_message m;
    m.begin(1, c, to("shop"), outgoing_message::answered::yes);
    auto const all = joined(m);
    for (std::size_t i = 0; i <= all.size(); ++i) {
        m.begin(1, c, to("shop"), outgoing_message::answered::yes);
        m.advance(i);
        EXPECT_EQ(joined(m), std::vector<std::byte>(all.begin() + static_cast<std::ptrdiff_t>(i), all.end()));
        EXPECT_EQ(m.size(), all.size() - i);
    }
}

TEST(outgoing, a_message_has_a_limit) {
    command c(encode(doc("insert", "c")));
    c.documents.resize(max_message_size);
    outgoing_message m;
    try {
        m.begin(1, c, to("shop"), outgoing_message::answered::yes);
        FAIL();
    } catch (error const& e) {
        EXPECT_EQ(e.code(), errc::limit_exceeded);
    }
}

/// An answer to 5 with this document; the fields of its header can be changed.
struct answer_bytes {
    explicit answer_bytes(document const& d, bool checksum = false) {
        auto const body = encode(d);
        bytes.resize(21);
        bytes.insert(bytes.end(), body.begin(), body.end());
        set(4, 1000).set(8, 5).set(12, 2013).set(16, checksum ? 1 : 0);
        if (checksum)
            bytes.resize(bytes.size() + 4);
        set(0, static_cast<std::int32_t>(bytes.size()));
    }
    answer_bytes& set(std::size_t at, std::int32_t v) {
        std::memcpy(bytes.data() + at, &v, sizeof v);
        return *this;
    }
    answer_bytes& byte(std::size_t at, int v) {
        bytes[at] = static_cast<std::byte>(v);
        return *this;
    }
    answer_bytes& resize(std::size_t size) {
        bytes.resize(size);
        return *this;
    }
    std::vector<std::byte> bytes;
};

/// Feeds the bytes, at most `step` at a time; stops when the message says so.
progress feed(incoming_message& m, std::vector<std::byte> const& bytes, std::size_t step) {
    m.begin(5);
    auto last = progress::unfinished;
    for (std::size_t i = 0; i < bytes.size() && last == progress::unfinished;) {
        auto const space = m.space();
        auto const count = std::min({step, bytes.size() - i, space.size()});
        std::memcpy(space.data(), bytes.data() + i, count);
        i += count;
        last = m.take(count);
    }
    return last;
}

TEST(incoming, an_answer_is_the_same_in_pieces_of_any_size) {
    for (std::size_t const size : {1UL, 1000UL, 64UL * 1024 - 60, 64UL * 1024, 300'000UL})
        for (bool const checksum : {false, true}) {
            auto const d = doc("ok", 1, "text", std::string(size, 'x'));
            auto const bytes = answer_bytes(d, checksum).bytes;
            incoming_message m;
            for (std::size_t const step : {1UL, 7UL, 21UL, 4096UL, 1'000'000UL}) {
                if (step == 1 && size > 100'000)
                    continue;
                ASSERT_EQ(feed(m, bytes, step), progress::complete) << size << " " << step;
                EXPECT_EQ(decode_bson(m.body()), d);
            }
        }
}

TEST(incoming, a_message_that_is_no_answer_is_refused_as_soon_as_it_shows) {
    auto const good = [] { return answer_bytes(doc("ok", 1)); };
    auto const size = static_cast<std::int32_t>(good().bytes.size());
    struct row {
        char const* name;
        std::vector<std::byte> bytes;
    };
    row const rows[] = {
        {"no length", good().set(0, 0).bytes},
        {"a negative length", good().set(0, -1).bytes},
        {"the least negative length", good().set(0, std::numeric_limits<std::int32_t>::min()).bytes},
        {"a length below the least", good().set(0, 25).bytes},
        {"a length above the greatest", good().set(0, 48'000'001).bytes},
        {"the greatest length there is", good().set(0, std::numeric_limits<std::int32_t>::max()).bytes},
        {"only the header of a message that is too long", good().set(0, 48'000'001).resize(16).bytes},
        {"an answer to another request", good().set(8, 4).bytes},
        {"another opcode", good().set(12, 1).bytes},
        {"compression that nobody agreed on", good().set(12, 2012).bytes},
        {"more to come", good().set(16, 2).bytes},
        {"a flag that has to be understood", good().set(16, 4).bytes},
        {"a section of another kind", good().byte(20, 1).bytes},
        {"a document without length", good().set(21, 0).bytes},
        {"a document of negative length", good().set(21, -5).bytes},
        {"a document that ends before the message", good().set(21, size - 22).bytes},
        {"a document that ends after the message", good().set(21, size - 20).bytes},
        {"a checksum that is not there", good().set(16, 1).bytes},
        {"a byte too many", good().resize(good().bytes.size() + 1).bytes},
    };
    incoming_message m;
    for (auto const& r : rows)
        for (std::size_t const step : {1UL, 1000UL}) {
            if (step == 1 && std::string_view(r.name) == "a byte too many")
                continue; // it belongs to the next message then
            EXPECT_EQ(feed(m, r.bytes, step), progress::malformed) << r.name;
        }
    EXPECT_EQ(feed(m, good().bytes, 1000), progress::complete) << "and the next one is as good as ever";
}

TEST(incoming, flags_that_may_be_ignored_are_ignored) {
    auto bytes = answer_bytes(doc("ok", 1));
    bytes.set(16, 1 << 16);
    incoming_message m;
    EXPECT_EQ(feed(m, bytes.bytes, 1000), progress::complete);
}

TEST(incoming, nothing_is_complete_before_its_last_byte) {
    auto bytes = answer_bytes(doc("ok", 1)).bytes;
    bytes.pop_back();
    incoming_message m;
    EXPECT_EQ(feed(m, bytes, 1), progress::unfinished);
    EXPECT_EQ(feed(m, bytes, 1000), progress::unfinished);
}

} // namespace
} // namespace cormorant::detail
