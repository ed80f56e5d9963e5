#include "coroutine.hpp"

#include <cormorant/bson/json.hpp>
#include <cormorant/connect.hpp>
#include <cormorant/repository/database_schema.hpp>

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

/// Everything that an error says.
std::string all_texts(error const& e) {
    diagnostics const& d = e.details();
    std::string texts =
        e.report() + '\n' + e.what() + '\n' + e.message() + '\n' + d.path + '\n' + d.value + '\n' + d.server_message;
    for (auto const& label : d.server_labels)
        texts += '\n' + label;
    for (violation const& v : d.violations)
        texts += '\n' + v.path + v.message + v.value;
    return texts;
}

TEST(Connect, RepeatsNoPasswordWhateverIsWrong) {
    // Each of these holds the secret in pieces too: what is cut at the wrong place is a leak as well.
    for (std::string const uri : {
             "postgres://ann:hunter2pass@h/db",
             "ann:hunter2pass@h/db",
             "memory://ann:hunter2pass@h/db",
             "memory:///folder@hunter2pass?bogus=1",
             "mongodb://ann:hunter2pass@h",
             "mongodb://ann:hunter2pass@/db",
             "mongodb://ann:hunter2pass@h:x/db",
             "mongodb://ann:hunter2pass@h:99999/db",
             "mongodb://ann:hunter2/pass@h/db?serverSelectionTimeoutMS=50",
             "mongodb://ann:hunter2?pass@h/db",
             "mongodb://ann:hunter2&pass@h/db?x=1",
             "mongodb://ann:hunter2%pass@h/db?serverSelectionTimeoutMS=50",
             "mongodb://ann:hunter2@pass@h/db?serverSelectionTimeoutMS=50",
             "mongodb://ann:hunter2:pass@h/db?serverSelectionTimeoutMS=50",
             "mongodb://ann:hunter2#pass@h/db?serverSelectionTimeoutMS=50",
             "mongodb://ann:hunter2pass@h/db?bogus=1",
             "mongodb://ann:hunter2pass@h/db?maxPoolSize=-1",
             "mongodb://ann:hunter2pass@h/db?maxPoolSize=none&serverSelectionTimeoutMS=50",
             "mongodb://ann:hunter2pass@h/db?authMechanism=GSSAPI",
             "mongodb://ann:hunter2pass@h/db?authMechanism=NONE&serverSelectionTimeoutMS=50",
             "mongodb://ann:hunter2pass@h/db?tls=true&tlsCAFile=/nowhere",
             "mongodb://h/db?tls=true&tlsCertificateKeyFile=/nowhere&tlsCertificateKeyFilePassword=hunter2pass",
             "mongodb://h/db?tls=true&tlsCertificateKeyFilePassword=hunter2%pass&serverSelectionTimeoutMS=50",
             "mongodb://h/db?authMechanism=MONGODB-AWS&authMechanismProperties=AWS_SESSION_TOKEN:hunter2pass",
             "mongodb+srv://ann:hunter2pass@h/db",
             "mongodb+srv://ann:hunter2pass@h:1/db",
             "mongodb://ann:hunter2pass@127.0.0.1:1/db?serverSelectionTimeoutMS=50",
         }) {
        auto const texts = all_texts(failure_of(uri));
        EXPECT_THAT(texts, Not(HasSubstr("hunter2"))) << uri;
        EXPECT_THAT(texts, Not(HasSubstr("pass@"))) << uri;
        EXPECT_THAT(texts, Not(HasSubstr("ann:"))) << uri;
    }
}

TEST(Connect, DatasourcesRepeatNoPassword) {
    auto const failure = [](document settings) {
        database_schema schema;
        try {
            schema.define_datasource(datasource::from_document(settings));
            schema.define_model(R"({"name": "person", "datasource": "db"})");
            run(schema.repository("person").count());
        } catch (error const& e) {
            return all_texts(e);
        }
        ADD_FAILURE() << "nothing was wrong";
        return std::string();
    };
    auto const with = [](char const* adapter, std::string_view key, value v) {
        auto spec = doc("name", "db", "adapter", adapter);
        spec.set(key, std::move(v));
        return spec;
    };
    for (document const& settings : {
             with("mongodb", "password", arr("hunter2")),
             with("mongodb", "password", "hunter2"),
             with("mongodb", "url", arr("mongodb://ann:hunter2@h/db")),
             with("mongodb", "url", "mongodb://ann:hunter2@h"),
             with("mongodb", "url", "hunter2"),
             with("memory", "password", "hunter2"),
             with("memory", "database", "ann:hunter2@h"),
         })
        EXPECT_THAT(failure(settings), Not(HasSubstr("hunter2"))) << to_json(settings);
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
