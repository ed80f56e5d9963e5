#include "failure.hpp"
#include "name_server.hpp"

#include <cormorant/connect.hpp>
#include <cormorant/repository/database_schema.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/post.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace cormorant {
namespace {

namespace asio = boost::asio;
using ::testing::AllOf;
using ::testing::AnyOf;
using testing::failure_of;
using ::testing::HasSubstr;
using testing::name_server;
using ::testing::Not;
using testing::run;
using testing::service_record;

constexpr char const* service = "_mongodb._tcp.cluster.example.org";

std::vector<service_record> two_hosts() {
    return {{"a.example.org", 27017}, {"b.example.org", 27018}};
}

std::string resolved(std::string uri) {
    return run(resolve_connection_string(std::move(uri)));
}

TEST(SeedList, BecomesTheHostsOfTheRecord) {
    name_server const dns(service, two_hosts());
    struct row {
        char const* written;
        char const* meant;
    };
    for (auto const& r : {
             row{"mongodb+srv://cluster.example.org/blog", "mongodb://a.example.org:27017,b.example.org:27018/blog?tls=true"},
             row{"mongodb+srv://cluster.example.org/?w=1", "mongodb://a.example.org:27017,b.example.org:27018/?w=1&tls=true"},
             row{"mongodb+srv://cluster.example.org/blog?tls=false",
                 "mongodb://a.example.org:27017,b.example.org:27018/blog?tls=false"},
             row{"mongodb+srv://cluster.example.org/blog?SSL=false&w=majority",
                 "mongodb://a.example.org:27017,b.example.org:27018/blog?SSL=false&w=majority"},
             row{"mongodb+srv://ann:s%3Acret@cluster.example.org/blog",
                 "mongodb://ann:s%3Acret@a.example.org:27017,b.example.org:27018/blog?tls=true"},
             row{"mongodb://elsewhere/blog", "mongodb://elsewhere/blog"},
             row{"memory://blog", "memory://blog"},
         }) {
        EXPECT_EQ(resolved(r.written), r.meant) << r.written;
    }
}

TEST(SeedList, TheTextRecordFillsInWhatTheStringLeavesOut) {
    name_server const dns(service, two_hosts(), {"authSource=people&replicaSet=rs0"});
    EXPECT_THAT(resolved("mongodb+srv://ann:pw@cluster.example.org/blog"),
        ::testing::EndsWith("/blog?tls=true&replicaSet=rs0&authSource=people"));
    EXPECT_THAT(resolved("mongodb+srv://ann:pw@cluster.example.org/blog?authSource=admin"),
        ::testing::EndsWith("/blog?authSource=admin&tls=true&replicaSet=rs0"));
}

TEST(SeedList, TakesNoMoreHostsThanAskedFor) {
    name_server const dns(service, two_hosts());
    EXPECT_THAT(resolved("mongodb+srv://cluster.example.org/blog?srvMaxHosts=1"),
        AnyOf("mongodb://a.example.org:27017/blog?tls=true", "mongodb://b.example.org:27018/blog?tls=true"));
}

TEST(SeedList, AsksForTheServiceOfAnotherName) {
    name_server const dns("_people._tcp.cluster.example.org", two_hosts());
    EXPECT_THAT(resolved("mongodb+srv://cluster.example.org/blog?srvServiceName=people"), HasSubstr("a.example.org:27017"));
    EXPECT_EQ(failure_of(resolve_connection_string("mongodb+srv://cluster.example.org/blog")).code(), errc::connect);
}

TEST(SeedList, RecordsThatBreakTheRulesAreRefusedAndNoPasswordIsTold) {
    struct row {
        std::vector<service_record> hosts;
        std::vector<std::string> texts;
        errc code;
        char const* said;
    };
    for (auto const& r : {
             row{{}, {}, errc::connect, "_mongodb._tcp.cluster.example.org"},
             row{{{"a.example.com", 27017}}, {}, errc::connect, "a.example.com"},
             row{two_hosts(), {"authSource=a", "replicaSet=b"}, errc::connect, "TXT"},
             row{two_hosts(), {"tls=false"}, errc::bad_uri, "\"tls\" prohibited in TXT"},
         }) {
        name_server const dns(service, r.hosts, r.texts);
        auto const e = failure_of(connect("mongodb+srv://ann:hunter2pass@cluster.example.org/blog"));
        EXPECT_EQ(e.code(), r.code) << e.what();
        EXPECT_EQ(e.details().slow_phase, r.code == errc::connect ? phase::resolve : phase::none);
        EXPECT_THAT(std::string(e.what()), AllOf(HasSubstr(r.said), Not(HasSubstr("hunter2"))));
    }
}

TEST(SeedList, StringsThatBreakTheRulesAreRefused) {
    name_server const dns(service, two_hosts());
    for (char const* const uri : {
             "mongodb+srv://cluster.example.org:27017/blog",
             "mongodb+srv://cluster.example.org,other.example.org/blog",
             "mongodb+srv://cluster.example.org/blog?nonsense=1",
             "mongodb+srv://ann:p@ss@cluster.example.org/blog",
         }) {
        EXPECT_EQ(failure_of(resolve_connection_string(uri)).code(), errc::bad_uri) << uri;
    }
}

TEST(SeedList, IsLookedUpFirstWhereNothingCanWait) {
    database_schema schema;
    schema.define_datasource(datasource("db", "mongodb").set("url", "mongodb+srv://cluster.example.org/blog"));
    for (auto const& make : std::vector<std::function<void()>>{
             [] { (void)make_store("mongodb+srv://cluster.example.org/blog"); },
             [&] { (void)schema.connection("db"); },
         }) {
        try {
            make();
            ADD_FAILURE() << "no error";
        } catch (error const& e) {
            EXPECT_EQ(e.code(), errc::unsupported);
            EXPECT_THAT(std::string(e.what()), HasSubstr("resolve_connection_string"));
        }
    }
}

// A host name of four labels that happens to be an address: it has to lie in the domain of the record, and be found.
std::string uri_of_server(std::optional<name_server>& dns) {
    std::string const dsn = std::getenv("MONGO_DSN");
    auto const host = dsn.find("127.0.0.1:");
    if (host == std::string::npos)
        return {};
    auto const port = static_cast<std::uint16_t>(std::atoi(dsn.c_str() + host + 10));
    dns.emplace("_mongodb._tcp.cluster.0.0.1", std::vector<service_record>{{"127.0.0.1", port}});
    return "mongodb+srv://cluster.0.0.1/seed_list?tls=false";
}

TEST(SeedList, ARealServerIsFound) {
    std::optional<name_server> dns;
    auto const uri = uri_of_server(dns);
    if (uri.empty())
        GTEST_SKIP() << "the server of MONGO_DSN is not on this machine";
    auto const found = run([](std::string from) -> asio::awaitable<std::string> {
        auto db = co_await connect(std::move(from));
        auto item = co_await db.add(model_definition("item").field("text", string()));
        auto const inserted = co_await item.insert(doc("text", "found by its record"));
        auto again = co_await item.find_by_id(inserted.at("_id"));
        co_await item.remove(doc("_id", inserted.at("_id")));
        co_await db.close();
        co_return std::string(again->at("text").as_string());
    }(uri));
    EXPECT_EQ(found, "found by its record");
}

TEST(SeedList, TheLoopGoesOnWhileNamesAreLookedUp) {
    name_server dns(service, two_hosts());
    dns.hold();
    asio::io_context loop;
    std::string meant;
    asio::co_spawn(loop, resolve_connection_string("mongodb+srv://cluster.example.org/blog"),
        [&](std::exception_ptr, std::string found) { meant = std::move(found); });
    asio::post(loop, [&] {
        asio::post(loop, [&] {
            dns.wait_for_question();
            dns.answer(); // which nobody would give if the lookup held up the loop
        });
    });
    loop.run();
    EXPECT_THAT(meant, HasSubstr("a.example.org"));
}

TEST(SeedList, ACancellationDoesNotWaitForTheAnswer) {
    name_server dns(service, two_hosts());
    dns.hold();
    asio::io_context loop;
    asio::cancellation_signal signal;
    std::exception_ptr failure;
    asio::co_spawn(loop, connect("mongodb+srv://cluster.example.org/blog"),
        asio::bind_cancellation_slot(signal.slot(), [&](std::exception_ptr e, auto&&...) { failure = e; }));
    asio::post(loop, [&] {
        asio::post(loop, [&] {
            dns.wait_for_question();
            signal.emit(asio::cancellation_type::terminal);
        });
    });
    loop.run(); // ends while the answer is held
    ASSERT_NE(failure, nullptr);
    try {
        std::rethrow_exception(failure);
    } catch (error const& e) {
        EXPECT_EQ(e.code(), errc::cancelled);
    }
}

} // namespace
} // namespace cormorant
