/// What an include costs: the table of docs/repositories.md, on each store.

#include "coroutine.hpp"
#include "counting_store.hpp"
#include "stores.hpp"

#include <cormorant/repository/database_schema.hpp>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace cormorant {
namespace {

using testing::counting_store;
using testing::run;

/// Every parent belongs to one of 7 groups, by name of the model to one of two kinds of owners, refers to three tags, and has
/// five children, which have a toy each.
constexpr char const* models[] = {
    R"({"name": "group", "datasource": "db"})",
    R"({"name": "cat", "datasource": "db"})",
    R"({"name": "dog", "datasource": "db"})",
    R"({"name": "tag", "datasource": "db"})",
    R"({"name": "toy", "datasource": "db"})",
    R"({"name": "file", "datasource": "db", "relations": {"subject": {"type": "belongsTo", "polymorphic": true}}})",
    R"({"name": "child", "datasource": "db", "tableName": "children", "properties": {"n": "number"},
        "relations": {"toys": {"type": "hasMany", "model": "toy", "foreignKey": "childId"}}})",
    R"({"name": "parent", "datasource": "db", "relations": {
        "group": {"type": "belongsTo", "model": "group"},
        "owner": {"type": "belongsTo", "polymorphic": true},
        "tags": {"type": "referencesMany", "model": "tag"},
        "first": {"type": "hasOne", "model": "child", "foreignKey": "parentId"},
        "children": {"type": "hasMany", "model": "child", "foreignKey": "parentId"},
        "files": {"type": "hasMany", "model": "file", "polymorphic": "subject"}}})",
};
constexpr int children_of_each = 5;

struct include_case {
    char const* name;
    document include;
    /// Queries of the include: for one parent, and for many.
    int of_one;
    int of_many;
};

std::vector<include_case> cases() {
    return {
        {"belongs_to", doc("group", arr()), 1, 1},
        {"belongs_to, polymorphic, 2 models", doc("owner", arr()), 1, 2},
        {"has_one", doc("first", arr()), 1, 1},
        {"has_many", doc("children", arr()), 1, 1},
        {"has_many, limit 3 for each", doc("relation", "children", "scope", doc("order", "n DESC", "limit", 3)), 1, 1},
        {"has_many, polymorphic", doc("files", arr()), 1, 1},
        {"references_many", doc("tags", arr()), 1, 1},
        {"has_many within has_many", doc("children", "toys"), 2, 2},
    };
}

class IncludeCost : public ::testing::TestWithParam<std::string> {
protected:
    IncludeCost() {
        store = std::make_shared<counting_store>(testing::store_of(GetParam()));
        schema.define_adapter("counting", [this](document const&) { return store; });
        schema.define_datasource(datasource("db", "counting"));
        for (char const* definition : models)
            schema.define_model(definition);
    }
    ~IncludeCost() override {
        try {
            run(drop());
        } catch (error const& e) {
            ADD_FAILURE() << e.what();
        }
    }

    boost::asio::awaitable<void> drop() {
        for (char const* name : {"groups", "cats", "dogs", "tags", "toys", "files", "children", "parents"})
            co_await schema.connection("db").drop_collection(name);
    }
    boost::asio::awaitable<void> fill(std::string model, int count, std::function<document(int)> make) {
        documents docs;
        for (int i = 0; i < count; ++i)
            docs.push_back(make(i));
        co_await schema.repository(model).model().insert(std::move(docs));
    }
    boost::asio::awaitable<void> fill(int parents) {
        co_await drop();
        auto const only_id = [](int i) { return doc("id", i + 1); };
        for (char const* few : {"group", "cat", "dog", "tag"})
            co_await fill(few, 7, only_id);
        co_await fill("parent", parents, [](int i) {
            return doc("id", i + 1, "groupId", i % 7 + 1, "ownerType", i % 2 == 0 ? "cat" : "dog", "ownerId", i % 7 + 1, "tagIds",
                arr(i % 7 + 1, (i + 1) % 7 + 1, (i + 2) % 7 + 1));
        });
        co_await fill("child", parents * children_of_each,
            [](int i) { return doc("id", i + 1, "parentId", i / children_of_each + 1, "n", i % children_of_each); });
        co_await fill("toy", parents * children_of_each, [](int i) { return doc("id", i + 1, "childId", i + 1); });
        co_await fill("file", parents, [](int i) { return doc("id", i + 1, "subjectType", "parent", "subjectId", i + 1); });
    }

    std::shared_ptr<counting_store> store;
    database_schema schema;
};

TEST_P(IncludeCost, DoesNotGrowWithTheDocumentsThatInclude) {
    fmt::print("{:<36}{:>9}{:>9}{:>9}\n", "queries of an include, " + GetParam(), 1, 100, 10'000);
    std::map<std::string, std::vector<int>> table;
    for (int const parents : {1, 100, 10'000}) {
        run(fill(parents));
        for (auto const& c : cases()) {
            (void)store->take_queries();
            auto const found = run(schema.repository("parent").find(query().include(c.include)));
            ASSERT_EQ(found.size(), static_cast<std::size_t>(parents));
            auto const queries = store->take_queries() - 1; // the parents' own
            EXPECT_EQ(queries, parents == 1 ? c.of_one : c.of_many) << c.name << " of " << parents;
            table[c.name].push_back(queries);
        }
    }
    for (auto const& c : cases()) {
        auto const& row = table[c.name];
        fmt::print("{:<36}{:>9}{:>9}{:>9}\n", c.name, row[0], row[1], row[2]);
    }
}

TEST_P(IncludeCost, LimitsCountForEachDocument) {
    run(fill(100));
    auto const found =
        run(schema.repository("parent").find(query()
                                                 .include("children", query().order("n DESC").limit(2).skip(1).fields("n"))
                                                 .include("first", query().order("n DESC"))));
    for (document const& parent : found) {
        auto const first = parent.at("id").as_int64();
        auto const at = [&](int n) { return doc("id", (first - 1) * children_of_each + n + 1, "n", n); };
        EXPECT_EQ(parent.at("children"), value(arr(at(3), at(2))));
        EXPECT_EQ(parent.at("first").as_document().at("n"), value(4));
    }
}

INSTANTIATE_TEST_SUITE_P(stores, IncludeCost, ::testing::ValuesIn(testing::store_kinds()), [](auto const& p) { return p.param; });

} // namespace
} // namespace cormorant
