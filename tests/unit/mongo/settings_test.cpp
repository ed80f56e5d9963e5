#include "mongo/settings.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cormorant::detail {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::Not;

error failure_of(std::string_view uri, mongo_options options = mongo_options()) {
    try {
        parse_settings(uri, options);
    } catch (error const& e) {
        return e;
    }
    ADD_FAILURE() << uri << " was accepted";
    return error(errc::definition);
}

TEST(mongo_settings, the_connection_string_wins_over_the_options) {
    auto const s = parse_settings("mongodb://a,b:27018/shop?maxPoolSize=5&minPoolSize=2&waitQueueTimeoutMS=70&maxIdleTimeMS=80&"
                                  "connectTimeoutMS=90&serverSelectionTimeoutMS=100&retryWrites=false",
        mongo_options().max_pool_size(9).max_connecting(4));
    EXPECT_EQ(s.database, "shop");
    EXPECT_EQ(s.pool.max_size, 5U);
    EXPECT_EQ(s.pool.min_size, 2U);
    EXPECT_EQ(s.pool.max_connecting, 4U);
    EXPECT_EQ(s.pool.queue_timeout, 70ms);
    EXPECT_EQ(s.pool.idle_time, 80ms);
    EXPECT_EQ(s.connect_timeout, 90ms);
    EXPECT_EQ(s.selection_timeout, 100ms);
    EXPECT_TRUE(s.retry_reads);
    EXPECT_FALSE(s.retry_writes);
    EXPECT_FALSE(s.tls);
}

TEST(mongo_settings, libmongoc_neither_retries_nor_waits_by_itself) {
    auto const s = parse_settings("mongodb://a/shop?retryReads=true", mongo_options());
    EXPECT_FALSE(mongoc_uri_get_option_as_bool(s.uri.get(), MONGOC_URI_RETRYREADS, true));
    EXPECT_FALSE(mongoc_uri_get_option_as_bool(s.uri.get(), MONGOC_URI_RETRYWRITES, true));
    EXPECT_TRUE(mongoc_uri_get_option_as_bool(s.uri.get(), MONGOC_URI_SERVERSELECTIONTRYONCE, false));
    EXPECT_STREQ(mongoc_uri_get_appname(s.uri.get()), "cormorant");
}

TEST(mongo_settings, what_cannot_be_understood_is_refused_in_one_line) {
    struct row {
        std::string uri;
        errc code;
        std::string says;
    };
    for (auto const& r : {
             row{"", errc::bad_uri, "mongodb://"},
             row{"http://a/b", errc::bad_uri, "mongodb://"},
             row{"mongodb://a", errc::bad_uri, "no database"},
             row{"mongodb://a/?w=1", errc::bad_uri, "no database"},
             row{"mongodb://a/b?maxPoolSise=3", errc::bad_uri, "\"maxPoolSise\""},
             row{"mongodb://a:99999/b", errc::bad_uri, "connection string"},
             row{"mongodb://a/b?maxPoolSize=-1", errc::bad_uri, "must not be negative"},
             row{"mongodb://u:p@a/b?authMechanism=GSSAPI", errc::bad_uri, "GSSAPI"},
             row{"mongodb://u:p@a/b?authMechanism=MONGODB-AWS", errc::bad_uri, "MONGODB-AWS"},
             row{"mongodb://a/b?loadBalanced=true", errc::bad_uri, "loadBalanced"},
             row{"mongodb+srv://a.example.org/b", errc::unsupported, "resolve_connection_string"},
             row{"mongodb://a/b?tls=true&tlsCAFile=/no/such/file", errc::bad_file, "/no/such/file"},
             row{"mongodb://a/b?maxPoolSize=0", errc::invalid_argument, "max_pool_size"},
             row{"mongodb://a/b?maxPoolSize=2&minPoolSize=3", errc::invalid_argument, "min_pool_size"},
         }) {
        auto const e = failure_of(r.uri);
        EXPECT_EQ(e.code(), r.code) << r.uri;
        EXPECT_THAT(e.what(), HasSubstr(r.says));
        EXPECT_THAT(e.what(), Not(HasSubstr("\n")));
    }
}

TEST(mongo_settings, a_message_repeats_no_credentials) {
    for (std::string const uri : {"mongodb://ann:s3cr%et@host/db", "mongodb://ann:s3cret@host:x/db",
             "mongodb://ann:s3c/ret@host/db", "mongodb://ann:s3cret@host", "mongodb://ann:s3cret@host/db?bogus=1"}) {
        auto const e = failure_of(uri);
        EXPECT_THAT(e.what(), Not(HasSubstr("s3c"))) << uri;
        EXPECT_THAT(e.what(), Not(HasSubstr("ann:"))) << uri;
    }
}

TEST(mongo_settings, tls_is_set_up_from_the_connection_string) {
    EXPECT_TRUE(parse_settings("mongodb://a/b?tls=true", mongo_options()).tls->verify_host);
    EXPECT_FALSE(parse_settings("mongodb://a/b?tls=true&tlsInsecure=true", mongo_options()).tls->verify_host);
    EXPECT_FALSE(parse_settings("mongodb://a/b?tls=true&tlsAllowInvalidHostnames=true", mongo_options()).tls->verify_host);
}

} // namespace
} // namespace cormorant::detail
