#include "fixture.hpp"
#include "model/population_plan.hpp"

namespace cormorant::detail {
namespace {

using ::testing::ElementsAre;

TEST(ReferenceSet, HoldsEachKeyOnceInOrder) {
    array const keys = arr(3, 1, 3.0, "3", object_id(), 1);
    reference_set set;
    std::vector<std::size_t> numbers;
    for (value const& key : keys)
        numbers.push_back(set.add(key));
    EXPECT_THAT(numbers, ElementsAre(0u, 1u, 0u, 2u, 3u, 1u));
    EXPECT_EQ(set.find("3"), 2u);
    EXPECT_EQ(set.find("1"), std::nullopt);
    auto const chunks = set.take_chunks();
    ASSERT_EQ(chunks.size(), 1u);
    EXPECT_EQ(chunks[0], arr(3, 1, "3", object_id()));
}

TEST(ReferenceSet, OfNothingHasNoChunks) {
    EXPECT_TRUE(reference_set().take_chunks().empty());
}

TEST(ReferenceSet, SplitsLongListsByNumber) {
    array keys;
    for (std::size_t i = 0; i <= 2 * reference_set::max_chunk_ids; ++i)
        keys.push_back(static_cast<std::int64_t>(i));
    reference_set set;
    for (value const& key : keys)
        set.add(key);
    auto const chunks = set.take_chunks();
    ASSERT_EQ(chunks.size(), 3u);
    EXPECT_EQ(chunks[0].size(), reference_set::max_chunk_ids);
    EXPECT_EQ(chunks[2], arr(static_cast<std::int64_t>(2 * reference_set::max_chunk_ids)));
}

TEST(ReferenceSet, SplitsListsOfLongTextsByBytes) {
    array keys;
    for (char c : {'a', 'b', 'c'})
        keys.push_back(std::string(reference_set::max_chunk_bytes / 2 - 100, c));
    reference_set set;
    for (value const& key : keys)
        set.add(key);
    auto const chunks = set.take_chunks();
    ASSERT_EQ(chunks.size(), 2u);
    EXPECT_EQ(chunks[0].size(), 2u);
}

TEST(KeyIndex, FindsDocumentsByValueAlsoInArrays) {
    documents docs;
    docs.push_back(doc("k", doc("n", 1)));
    docs.push_back(doc("k", doc("n", arr(2, 3))));
    docs.push_back(doc("k", doc("n", 1.0)));
    docs.push_back(document());
    array const keys = arr(1, 3, "1");
    reference_set wanted;
    for (value const& key : keys)
        wanted.add(key);
    key_index const index(docs, "k.n", wanted);
    EXPECT_EQ(index.find(0), 2u) << "of several the last counts";
    EXPECT_EQ(index.find(1), 1u);
    EXPECT_EQ(index.find(2), std::nullopt);
    std::vector<std::size_t> all;
    index.for_each(0, [&](std::size_t position) { all.push_back(position); });
    EXPECT_THAT(all, ElementsAre(0u, 2u));
}

TEST(References, AreReadFromTheLeftKey) {
    auto const keys = [](document const& d, relation_definition const& r) {
        std::vector<std::string> result;
        for_each_reference(
            d, r, [&](reference const& ref) { result.push_back(std::string(ref.model) + ":" + to_json(*ref.key)); });
        return result;
    };
    relation_definition const one = single("a");
    relation_definition const many = multiple("a");
    relation_definition const any = multiple("a").models();
    EXPECT_THAT(keys(doc("a_id", 1), one), ElementsAre(":1"));
    EXPECT_THAT(keys(doc("a_id", nullptr), one), ElementsAre());
    EXPECT_THAT(keys(document(), one), ElementsAre());
    EXPECT_THAT(keys(doc("a_ids", arr(1, nullptr, 2)), many), ElementsAre(":1", ":2"));
    EXPECT_THAT(
        keys(doc("a_ids", arr(doc("id", 1, "modelName", "m"), doc("id", nullptr, "modelName", "m"), doc("id", 2), 3)), any),
        ElementsAre("m:1"));
}

} // namespace
} // namespace cormorant::detail
