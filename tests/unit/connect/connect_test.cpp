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

TEST(ConnectCached, SharesTheStoreButNotTheModels) {
    auto a = run(connect_cached("memory://shared"));
    auto const b = run(connect_cached("memory://shared"));
    auto const c = run(connect_cached("memory://another"));
    EXPECT_EQ(a.store(), b.store());
    EXPECT_NE(a.store(), c.store());

    auto const items = run(a.add(model_definition("items").field("n", number())));
    run(items.insert(doc("n", 1)));
    EXPECT_TRUE(b.models().empty());
    auto const same = run(b.add(model_definition("items").field("n", number())));
    EXPECT_EQ(run(same.count()), 1);
}

TEST(ConnectCached, StartsAnewWhenNobodyUsesTheStore) {
    std::weak_ptr<store> const first = run(connect_cached("memory://counted")).store();
    EXPECT_TRUE(first.expired());
}

} // namespace
} // namespace cormorant
