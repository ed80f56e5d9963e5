/// Writers of one unique value at the same time, on each store.

#include "coroutine.hpp"
#include "stores.hpp"

#include <cormorant/repository/database_schema.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <gtest/gtest.h>

#include <string>

namespace cormorant {
namespace {

using testing::run;

class UniqueRace : public ::testing::TestWithParam<std::string> {
protected:
    UniqueRace() {
        auto const store = testing::store_of(GetParam());
        schema.define_adapter("shared", [store](document const&) { return store; });
        schema.define_datasource(datasource("db", "shared"));
        schema.define_model(
            R"({"name": "account", "datasource": "db", "properties": {"email": {"type": "string", "unique": "sparse"}}})");
        run(schema.connection("db").drop_collection("accounts"));
    }
    ~UniqueRace() override {
        try {
            run(schema.connection("db").drop_collection("accounts"));
        } catch (error const& e) {
            ADD_FAILURE() << e.what();
        }
    }

    database_schema schema;
};

TEST_P(UniqueRace, HasOneWinner) {
    constexpr int writers = 20;
    auto const accounts = schema.repository("account");
    boost::asio::io_context loop;
    int won = 0;
    int lost = 0;
    for (int i = 0; i < writers; ++i) {
        boost::asio::co_spawn(
            loop, accounts.create(doc("email", "ann@example.org", "n", i)), [&](std::exception_ptr e, document) {
                if (!e) {
                    ++won;
                    return;
                }
                try {
                    std::rethrow_exception(e);
                } catch (error const& refused) {
                    EXPECT_EQ(refused.code(), errc::duplicate_key) << refused.what();
                    EXPECT_EQ(refused.details().path, "email");
                    ++lost;
                }
            });
    }
    loop.run();
    EXPECT_EQ(won, 1);
    EXPECT_EQ(lost, writers - 1);
    EXPECT_EQ(run(accounts.count()), 1);
}

TEST_P(UniqueRace, LeavesEmptyValuesAlone) {
    auto const accounts = schema.repository("account");
    for (auto const& data : {doc("n", 1), doc("email", nullptr), doc("email", "")}) {
        run(accounts.create(data));
        run(accounts.create(data));
    }
    EXPECT_EQ(run(accounts.count()), 6);
}

INSTANTIATE_TEST_SUITE_P(stores, UniqueRace, ::testing::ValuesIn(testing::store_kinds()), [](auto const& p) { return p.param; });

} // namespace
} // namespace cormorant
