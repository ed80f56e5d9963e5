#include "coroutine.hpp"

#include <cormorant/store/store.hpp>

#include <boost/asio/use_awaitable.hpp>

#include <gtest/gtest.h>

namespace cormorant {
namespace {

batch raw_batch(std::vector<document> const& docs) {
    batch::raw_documents raw;
    raw.buffer.resize(7); // documents need not begin at the front
    for (auto const& d : docs) {
        auto const begin = raw.buffer.size();
        append_bson(raw.buffer, d);
        raw.places.emplace_back(begin, raw.buffer.size() - begin);
    }
    return batch(std::move(raw));
}

TEST(batches, an_empty_one_has_no_documents) {
    EXPECT_TRUE(batch().empty());
    EXPECT_TRUE(batch().take_documents().empty());
}

TEST(batches, raw_documents_are_decoded_to_one_arena) {
    auto b = raw_batch({doc("a", 1), doc("b", "text")});
    EXPECT_TRUE(b.is_raw());
    EXPECT_EQ(b.size(), 2U);
    auto const docs = std::move(b).take_documents();
    ASSERT_EQ(docs.size(), 2U);
    EXPECT_EQ(docs[0], doc("a", 1));
    EXPECT_EQ(docs[1], doc("b", "text"));
    EXPECT_EQ(docs[0].get_storage(), docs[1].get_storage());
}

TEST(batches, documents_outlive_the_batch_and_their_copies_the_arena) {
    std::string const text(100, 'x');
    auto const original =
        doc("text", text, "a key that is too long for a member", binary{{std::byte{1}}, 0}, "list", arr(text, doc("x", text)));
    document copy;
    {
        auto found = raw_batch({original, original}).take_documents();
        document one = std::move(found[1]);
        found.clear();
        EXPECT_TRUE(identical(one, original));
        one.set("text", "short");
        one.set("more", text);
        one.erase("a key that is too long for a member");
        one.rename("more", "a key that is too long for a member");
        EXPECT_EQ(one, doc("text", "short", "list", arr(text, doc("x", text)), "a key that is too long for a member", text));
        copy = one;
    }
    EXPECT_EQ(copy.size(), 3U);
    EXPECT_EQ(copy.at("list"), value(arr(text, doc("x", text))));
}

TEST(batches, become_json_as_bson_and_as_documents) {
    std::vector<batch> all;
    EXPECT_EQ(to_json(all), "[]");
    EXPECT_EQ(to_json(batch()), "[]");
    all.push_back(raw_batch({doc("a", 1), doc("b", object_id("56e1fc72e0c917e9c4714161"))}));
    all.push_back(batch());
    all.push_back(batch(docs(doc("c", arr(1.5, nullptr)))));
    EXPECT_EQ(to_json(all), R"([{"a":1},{"b":{"$oid":"56e1fc72e0c917e9c4714161"}},{"c":[1.5,null]}])");
    EXPECT_EQ(to_json(all[0], json_mode::plain), R"([{"a":1},{"b":"56e1fc72e0c917e9c4714161"}])");
    EXPECT_EQ(all[0].size(), 2U) << "it was only read";
}

TEST(batches, append_keeps_what_is_there) {
    documents out;
    out.push_back(doc("first", true));
    raw_batch({doc("a", 1)}).append_to(out, storage());
    batch(documents(2, doc("b", 2))).append_to(out, storage());
    ASSERT_EQ(out.size(), 4U);
    EXPECT_EQ(out[0], doc("first", true));
    EXPECT_EQ(out[1], doc("a", 1));
    EXPECT_EQ(out[3], doc("b", 2));
}

TEST(batches, for_each_gives_views_of_bson_or_documents) {
    int views = 0;
    int others = 0;
    auto const look = [&](auto const& d) {
        if constexpr (std::is_same_v<std::decay_t<decltype(d)>, bson_view>)
            views += d.find("a")->as_int32();
        else
            others += d.at("a").as_int32();
    };
    raw_batch({doc("a", 1), doc("a", 2)}).for_each(look);
    batch(documents(1, doc("a", 4))).for_each(look);
    EXPECT_EQ(views, 3);
    EXPECT_EQ(others, 4);
}

TEST(batches, malformed_bson_is_an_error) {
    batch::raw_documents raw;
    append_bson(raw.buffer, doc("a", 1));
    raw.buffer[4] = std::byte(0x7E); // no type of BSON
    raw.places.emplace_back(0, raw.buffer.size());
    try {
        batch(std::move(raw)).take_documents();
        FAIL() << "it was decoded";
    } catch (error const& e) {
        EXPECT_EQ(e.code(), errc::bad_bson);
    }
}

TEST(cursors, one_without_a_source_is_at_its_end) {
    cursor c;
    EXPECT_TRUE(testing::run(c.async_next(boost::asio::use_awaitable)).empty());
    c.close();
}

class counting_source final : public cursor_source {
public:
    explicit counting_source(int& closed) : closed_(closed) {}
    void next(completion done) override { std::move(done)(nullptr, batch()); }
    void close() noexcept override { ++closed_; }

private:
    int& closed_;
};

TEST(cursors, the_source_is_closed_once) {
    int first = 0;
    int second = 0;
    {
        cursor a(std::make_unique<counting_source>(first));
        cursor b = std::move(a);
        EXPECT_EQ(first, 0);
        b = cursor(std::make_unique<counting_source>(second));
        EXPECT_EQ(first, 1);
        b.close();
        b.close();
        EXPECT_EQ(second, 1);
    }
    EXPECT_EQ(first, 1);
    EXPECT_EQ(second, 1);
}

} // namespace
} // namespace cormorant
