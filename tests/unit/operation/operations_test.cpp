#include <cormorant/operation/operations.hpp>

#include <gtest/gtest.h>

namespace cormorant {
namespace {

TEST(operations, an_index_is_named_as_the_server_names_it) {
    struct row {
        index_model index;
        std::string name;
    };
    std::vector<row> rows;
    rows.push_back(row{index_model{doc("a", 1), document()}, "a_1"});
    rows.push_back(row{index_model{doc("a", 1, "b.c", -1), document()}, "a_1_b.c_-1"});
    rows.push_back(row{index_model{doc("a", "text"), document()}, "a_text"});
    rows.push_back(row{index_model{doc("a", "2dsphere", "b", 1.0), document()}, "a_2dsphere_b_1"});
    rows.push_back(row{index_model{doc("a", 1), doc("name", "mine", "unique", true)}, "mine"});
    for (auto const& r : rows)
        EXPECT_EQ(r.index.name(), r.name);
}

TEST(shared_documents, copies_share_until_one_is_changed) {
    shared_documents first(docs(doc("a", 1), doc("a", 2)));
    auto second = first;
    EXPECT_EQ(&first.front(), &second.front());
    second.edit()[0].set("a", 3);
    EXPECT_NE(&first.front(), &second.front());
    EXPECT_EQ(first[0], doc("a", 1));
    EXPECT_EQ(second.at(0), doc("a", 3));
    EXPECT_EQ(second.at(1), doc("a", 2));
    EXPECT_THROW(second.at(2), std::out_of_range);
    EXPECT_FALSE(first == second);
}

TEST(shared_documents, whoever_has_them_alone_takes_them_without_a_copy) {
    shared_documents first(docs(doc("a", 1)));
    document const* const place = &first.front();
    auto second = first;
    documents const copy = std::move(second).take();
    EXPECT_NE(&copy.front(), place) << "they are still shared";
    documents const own = std::move(first).take();
    EXPECT_EQ(&own.front(), place);
    EXPECT_EQ(own, copy);
    EXPECT_TRUE(second.empty());
}

TEST(shared_documents, none_are_an_empty_list) {
    shared_documents none;
    EXPECT_TRUE(none.empty());
    EXPECT_EQ(none.begin(), none.end());
    auto const copy = none;
    EXPECT_TRUE(documents(std::move(none).take()).empty());
    none.push_back(doc("a", 1));
    EXPECT_EQ(none.size(), 1u);
    EXPECT_TRUE(copy.empty());
}

TEST(operations, name_and_collection_are_those_of_the_operation_held) {
    find_op find;
    find.collection = "posts";
    operation op(find);
    EXPECT_EQ(name_of(op), "find");
    EXPECT_EQ(collection_of(op), "posts");
    op = drop_database_op();
    EXPECT_EQ(name_of(op), "drop_database");
    EXPECT_EQ(collection_of(op), "");
}

TEST(operations, reads_do_not_write_and_all_else_may) {
    for (operation const& op : {operation(find_op()), operation(count_op()), operation(distinct_op()),
             operation(list_indexes_op()), operation(list_collections_op()), operation(aggregate_op())})
        EXPECT_FALSE(is_write(op)) << name_of(op);
    for (operation const& op :
        {operation(insert_op()), operation(update_op()), operation(remove_op()), operation(find_and_modify_op()),
            operation(create_indexes_op()), operation(drop_index_op()), operation(create_collection_op()),
            operation(modify_view_op()), operation(drop_collection_op()), operation(drop_database_op()), operation(command_op())})
        EXPECT_TRUE(is_write(op)) << name_of(op);
}

TEST(operations, an_aggregation_writes_when_its_last_stage_does) {
    aggregate_op op;
    op.pipeline = arr(doc("$match", doc("$out", 1)));
    EXPECT_FALSE(is_write(op));
    op.pipeline = arr(doc("$match", document()), doc("$out", "copy"));
    EXPECT_TRUE(is_write(op));
    op.pipeline = arr(doc("$merge", doc("into", "copy")));
    EXPECT_TRUE(is_write(op));
}

} // namespace
} // namespace cormorant
