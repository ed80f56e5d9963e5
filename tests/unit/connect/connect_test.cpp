#include "coroutine.hpp"

#include <cormorant/connect.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

namespace cormorant {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using testing::run;

error failure_of(std::string uri) {
    try {
        run(connect(std::move(uri)));
    } catch (error const& e) {
        return e;
    }
    ADD_FAILURE() << "connected";
    return error(errc::invalid_argument, "there was no error");
}

struct bad_uri {
    char const* uri;
    char const* message;
};

TEST(Connect, RefusesConnectionStringsThatItDoesNotUnderstand) {
    for (bad_uri const& row : {
             bad_uri{"localhost/blog", "begins with"},
             bad_uri{"postgres://ann:secret@localhost/blog", "not with postgres://"},
             bad_uri{"memory://a/b", "only the name of a database"},
         }) {
        auto const e = failure_of(row.uri);
        EXPECT_EQ(e.code(), errc::bad_uri) << row.uri;
        EXPECT_THAT(e.message(), HasSubstr(row.message)) << row.uri;
        EXPECT_THAT(e.message(), Not(HasSubstr("secret"))) << row.uri;
    }
}

TEST(Connect, WithoutAStringTakesTheOneOfTheEnvironment) {
    ::unsetenv("MONGO_DSN");
    EXPECT_THAT(failure_of("").message(), HasSubstr("MONGO_DSN"));
    ::setenv("MONGO_DSN", "memory://from_environment", 1);
    EXPECT_EQ(run(connect()).store()->database(), "from_environment");
    ::unsetenv("MONGO_DSN");
}

TEST(Connect, GivesAMemoryStoreOfItsOwnEachTime) {
    auto const a = run(connect("memory://blog"));
    auto const b = run(connect("memory://blog"));
    EXPECT_EQ(a.store()->kind(), "memory");
    EXPECT_EQ(a.store()->database(), "blog");
    EXPECT_NE(a.store(), b.store());
}

model add_items(connection const& db) {
    return run(db.add(model_definition("items").field("n", number())));
}

TEST(ConnectCached, SharesTheStoreButNotTheModels) {
    auto const a = run(connect_cached("memory://shared"));
    auto const b = run(connect_cached("memory://shared"));
    auto const c = run(connect_cached("memory://another"));
    run(add_items(a).insert(doc("n", 1)));
    EXPECT_TRUE(b.models().empty());
    EXPECT_EQ(run(add_items(b).count()), 1);
    EXPECT_EQ(run(add_items(c).count()), 0);
}

TEST(ConnectCached, TakesTheStringOfTheEnvironmentToo) {
    ::setenv("MONGO_DSN", "memory://of_the_environment", 1);
    auto const a = run(connect_cached());
    auto const b = run(connect_cached("memory://of_the_environment"));
    ::unsetenv("MONGO_DSN");
    run(add_items(a).insert(doc("n", 1)));
    EXPECT_EQ(run(add_items(b).count()), 1);
}

TEST(ConnectCached, ClosesTheStoreWithItsLastConnection) {
    auto const a = run(connect_cached("memory://counted"));
    auto const b = run(connect_cached("memory://counted"));
    auto const of_a = add_items(a);
    auto const of_b = add_items(b);
    run(of_a.insert(doc("n", 1)));

    run(a.close());
    run(a.close()); // counts once
    EXPECT_EQ(run(of_b.count()), 1) << "the other connection goes on";
    try {
        run(of_a.count());
        ADD_FAILURE() << "the connection is closed";
    } catch (error const& e) {
        EXPECT_EQ(e.code(), errc::not_connected);
    }

    auto const c = run(connect_cached("memory://counted"));
    EXPECT_EQ(run(add_items(c).count()), 1) << "b kept the store open";
    run(c.close());
    run(b.close());
    auto const d = run(connect_cached("memory://counted"));
    EXPECT_EQ(run(add_items(d).count()), 0) << "a new store";
}

TEST(ConnectCached, StartsAnewWhenNobodyUsesTheStore) {
    run(add_items(run(connect_cached("memory://forgotten"))).insert(doc("n", 1)));
    EXPECT_EQ(run(add_items(run(connect_cached("memory://forgotten"))).count()), 0);
}

} // namespace
} // namespace cormorant
