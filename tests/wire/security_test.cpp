// TLS and authentication.

#include "certificate.hpp"
#include "wire_test.hpp"

#include <cormorant/bson/json.hpp>
#include <cormorant/cormorant.hpp>

namespace cormorant::testing {
namespace {

std::string tls(std::string const& more = std::string()) {
    return "serverSelectionTimeoutMS=500&tls=true" + more;
}

TEST(security, tls_with_the_right_authority_and_host_works) {
    certificate const ours("IP:127.0.0.1");
    mock_server server(ours.server_context());
    auto const s = make_test_store(server.uri(tls("&tlsCAFile=" + ours.file())));
    for (int i = 0; i < 3; ++i)
        EXPECT_EQ(run(drain(run_on(*s, find_in("c")))).size(), 1U);
    EXPECT_EQ(server.accepted_connections(), 1);
}

TEST(security, large_answers_come_through_tls) {
    certificate const ours("IP:127.0.0.1");
    mock_server server(ours.server_context());
    std::string const text(3'000'000, 'x');
    server.on_command(
        [&](document const&) -> reaction { return answer_with{mock_server::cursor_reply(arr(doc("text", text)))}; });
    auto const s = make_test_store(server.uri(tls("&tlsCAFile=" + ours.file())));
    EXPECT_EQ(run(drain(run_on(*s, find_in("c")))).at(0).at("text").as_string().size(), text.size());
}

TEST(security, an_unknown_authority_is_refused_at_once) {
    certificate const ours("IP:127.0.0.1");
    mock_server server(ours.server_context());
    auto const s = make_test_store(server.uri("tls=true"));
    auto const begin = std::chrono::steady_clock::now();
    auto const e = failure_on(*s, find_in("c"));
    EXPECT_EQ(e.code(), errc::tls) << e.what();
    EXPECT_EQ(e.details().slow_phase, phase::tls);
    EXPECT_NE(std::string(e.what()).find("self-signed"), std::string::npos) << e.what();
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(2));
}

TEST(security, a_certificate_for_another_host_is_refused_unless_allowed) {
    certificate const ours("DNS:elsewhere.example.org");
    mock_server server(ours.server_context());
    auto const strict = make_test_store(server.uri(tls("&tlsCAFile=" + ours.file())));
    EXPECT_EQ(failure_on(*strict, find_in("c")).code(), errc::tls);
    for (auto const* allowed : {"&tlsAllowInvalidHostnames=true", "&tlsInsecure=true"}) {
        auto const s = make_test_store(server.uri(tls("&tlsCAFile=" + ours.file() + allowed)));
        EXPECT_EQ(run(drain(run_on(*s, find_in("c")))).size(), 1U) << allowed;
    }
    auto const any = make_test_store(server.uri(tls("&tlsAllowInvalidCertificates=true")));
    EXPECT_EQ(run(drain(run_on(*any, find_in("c")))).size(), 1U);
}

/// Makes the server one that asks for credentials and refuses them; its URI with these (`"ann:s3cret@"`).
std::string uri_refused_by(mock_server& server, std::string_view credentials) {
    server.on_hello([&server]() -> reaction {
        auto hello = server.hello();
        hello.set("saslSupportedMechs", arr("SCRAM-SHA-256"));
        return answer_with{hello};
    });
    server.on_command([](document const&) -> reaction {
        return answer_with{doc("ok", 0, "code", 18, "codeName", "AuthenticationFailed", "errmsg", "Authentication failed.")};
    });
    auto uri = server.uri("authSource=admin");
    uri.insert(uri.find("127"), credentials);
    return uri;
}

TEST(security, a_client_certificate_is_shown_to_the_server) {
    certificate const ours("IP:127.0.0.1");
    auto const context = ours.server_context();
    context->load_verify_file(ours.file());
    context->set_verify_mode(asio::ssl::verify_peer | asio::ssl::verify_fail_if_no_peer_cert);
    mock_server server(context);
    auto const without = make_test_store(server.uri(tls("&tlsCAFile=" + ours.file())));
    EXPECT_TRUE(failure_on(*without, find_in("c")).code() == condition::network);
    auto const with = make_test_store(server.uri(tls("&tlsCAFile=" + ours.file() + "&tlsCertificateKeyFile=" + ours.file())));
    EXPECT_EQ(run(drain(run_on(*with, find_in("c")))).size(), 1U);
}

TEST(security, a_server_without_tls_is_an_error) {
    mock_server server;
    server.on_hello([]() -> reaction { return drop_connection(); });
    auto const s = make_test_store(server.uri(tls()));
    auto const e = failure_on(*s, find_in("c"), deadline_in(std::chrono::milliseconds(500)));
    EXPECT_TRUE(e.code() == condition::network || e.code() == condition::timeout) << e.what();
}

TEST(security, credentials_that_are_refused_are_an_error_at_once) {
    mock_server server;
    auto const uri = uri_refused_by(server, "ann:s3cret@");
    auto const s = make_test_store(uri);
    auto const begin = std::chrono::steady_clock::now();
    auto const e = failure_on(*s, find_in("c"));
    EXPECT_EQ(e.code(), errc::authentication) << e.what();
    EXPECT_EQ(std::string(e.what()).find("s3cret"), std::string::npos);
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(2));
    EXPECT_EQ(server.names(), std::vector<std::string>(1, "saslStart"));
    server.await_connections(0);
}

TEST(security, credentials_are_in_no_error_trace_log_or_explanation) {
    mock_server server;
    auto const uri = uri_refused_by(server, "ann:s3cret%40h0me@");
    connection const db(make_test_store(uri));
    db.attach(model_definition("owner").field("name", string()));
    auto const things = db.attach(model_definition("thing").field("name", string().max_length(5)).relation(single("owner")));
    std::string told;
    db.on_query([&](query_log_entry const& entry) { told += entry.collection + to_json(entry.filter); });
    auto const t = std::make_shared<trace>();
    auto const failure = [&](auto work) {
        try {
            run(std::move(work));
            ADD_FAILURE() << "it was let in";
        } catch (error const& e) {
            told += e.report() + e.what() + e.message() + e.details().server_message;
        }
    };
    auto const find = find_options().hooks("afterFind_owner").trace(t);
    failure(things.find(doc("name", "x"), find));
    failure(things.find_by_id(object_id::generate(), find));
    failure(things.insert(doc("name", "x"), insert_options().trace(t)));
    failure(things.insert(doc("name", "too long"), insert_options().trace(t)));
    failure(things.count(document(), count_options().trace(t)));
    failure(db.transaction([&](transaction& tx) -> asio::awaitable<void> { co_await tx.with(things).count(); }));
    auto const plan = things.explain_find(doc("name", "x"), find);
    told += t->to_string() + plan.to_string() + to_json(plan.to_document());

    EXPECT_NE(told.find("thing.find"), std::string::npos);
    for (auto const* part : {"s3cret", "h0me", "ann"})
        EXPECT_EQ(told.find(part), std::string::npos) << part << " is in:\n" << told;
}

} // namespace
} // namespace cormorant::testing
