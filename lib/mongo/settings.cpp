#include "mongo/settings.hpp"

#include "mongo/connection_string.hpp"
#include "mongo/seed_list.hpp"

#include <boost/asio/ssl/context.hpp>

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <limits>
#include <utility>
#include <vector>

namespace cormorant::detail {
namespace {

namespace ssl = boost::asio::ssl;

void require_supported(mongoc_uri_t const* uri) {
    if (char const* mechanism = mongoc_uri_get_auth_mechanism(uri)) {
        auto const name = lower(mechanism);
        if (name == "gssapi" || name == "mongodb-aws")
            bad_uri(fmt::format("the authentication mechanism {} is not supported: it would block the driver thread", mechanism));
    }
    if (mongoc_uri_get_option_as_bool(uri, MONGOC_URI_LOADBALANCED, false))
        bad_uri("loadBalanced=true is not supported");
}

std::chrono::milliseconds duration_option(mongoc_uri_t const* uri, char const* name, std::chrono::milliseconds fallback) {
    if (!mongoc_uri_has_option(uri, name))
        return fallback;
    auto const v = mongoc_uri_get_option_as_int32(uri, name, 0);
    if (v < 0)
        bad_uri(fmt::format("{} must not be negative, it is {}", name, v));
    return v == 0 ? fallback : std::chrono::milliseconds(v);
}

std::size_t size_option(mongoc_uri_t const* uri, char const* name, std::size_t fallback) {
    if (!mongoc_uri_has_option(uri, name))
        return fallback;
    auto const v = mongoc_uri_get_option_as_int32(uri, name, 0);
    if (v < 0)
        bad_uri(fmt::format("{} must not be negative, it is {}", name, v));
    return static_cast<std::size_t>(v);
}

char const* text_option(mongoc_uri_t const* uri, char const* name) {
    return mongoc_uri_get_option_as_utf8(uri, name, nullptr);
}

[[noreturn]] void bad_file(std::string_view option, std::string_view path, boost::system::error_code ec) {
    throw error(errc::bad_file, fmt::format("{}: cannot use \"{}\": {}", option, path, ec.message()));
}

tls_settings make_tls(mongoc_uri_t const* uri) {
    bool const insecure = mongoc_uri_get_option_as_bool(uri, MONGOC_URI_TLSINSECURE, false);
    bool const any_certificate = insecure || mongoc_uri_get_option_as_bool(uri, MONGOC_URI_TLSALLOWINVALIDCERTIFICATES, false);
    bool const any_host = any_certificate || mongoc_uri_get_option_as_bool(uri, MONGOC_URI_TLSALLOWINVALIDHOSTNAMES, false);

    tls_settings result{std::make_shared<ssl::context>(ssl::context::tls_client), !any_host};
    auto& context = *result.context;
    SSL_CTX_set_min_proto_version(context.native_handle(), TLS1_2_VERSION);
    context.set_verify_mode(any_certificate ? ssl::verify_none : ssl::verify_peer);

    boost::system::error_code ec;
    if (char const* file = text_option(uri, MONGOC_URI_TLSCAFILE)) {
        context.load_verify_file(file, ec);
        if (ec)
            bad_file("tlsCAFile", file, ec);
    } else
        context.set_default_verify_paths(ec);

    if (char const* file = text_option(uri, MONGOC_URI_TLSCERTIFICATEKEYFILE)) {
        if (char const* password = text_option(uri, MONGOC_URI_TLSCERTIFICATEKEYFILEPASSWORD))
            context.set_password_callback([text = std::string(password)](auto...) { return text; }, ec);
        context.use_certificate_chain_file(file, ec);
        if (!ec)
            context.use_private_key_file(file, ssl::context::pem, ec);
        if (ec)
            bad_file("tlsCertificateKeyFile", file, ec);
    }
    return result;
}

// The subject of our certificate is the user name of X.509; libmongoc would read the file for each client.
void set_x509_user(mongoc_uri_t* uri, ssl::context& context) {
    char const* const mechanism = mongoc_uri_get_auth_mechanism(uri);
    if (mechanism == nullptr || lower(mechanism) != "mongodb-x509" || mongoc_uri_get_username(uri) != nullptr)
        return;
    X509* const certificate = SSL_CTX_get0_certificate(context.native_handle());
    if (certificate == nullptr)
        bad_uri("MONGODB-X509 needs tlsCertificateKeyFile");
    std::unique_ptr<BIO, decltype(&BIO_free)> const text(BIO_new(BIO_s_mem()), BIO_free);
    X509_NAME_print_ex(text.get(), X509_get_subject_name(certificate), 0, XN_FLAG_RFC2253);
    char* data = nullptr;
    auto const size = BIO_get_mem_data(text.get(), &data);
    mongoc_uri_set_username(uri, std::string(data, static_cast<std::size_t>(size)).c_str());
}

std::int32_t milliseconds32(std::chrono::milliseconds t) {
    return static_cast<std::int32_t>(std::clamp<std::int64_t>(t.count(), 1, std::numeric_limits<std::int32_t>::max()));
}

// The document that libmongoc appends under `key`; empty when it appends none.
bson_buffer member_of(native::bson const& container, char const* key) {
    auto const bytes = container.bytes();
    auto const found = bson_view(bytes).find(key);
    if (!found)
        return {};
    auto const inner = found->as_document().bytes();
    return bson_buffer(inner.begin(), inner.end());
}

bson_buffer read_concern_of(mongoc_uri_t const* uri) {
    // libmongoc gives what it appends only for commands, and takes a concern that is not const.
    std::unique_ptr<mongoc_read_concern_t, native::deleter<mongoc_read_concern_destroy>> const concern(
        mongoc_read_concern_copy(mongoc_uri_get_read_concern(uri)));
    native::bson options;
    mongoc_read_concern_append(concern.get(), options.get());
    return member_of(options, "readConcern");
}

bson_buffer write_concern_of(mongoc_uri_t const* uri) {
    std::unique_ptr<mongoc_write_concern_t, native::deleter<mongoc_write_concern_destroy>> const concern(
        mongoc_write_concern_copy(mongoc_uri_get_write_concern(uri)));
    native::bson options;
    mongoc_write_concern_append(concern.get(), options.get());
    return member_of(options, "writeConcern");
}

void require_sensible(mongo_settings const& s) {
    if (s.pool.max_size == 0)
        throw error(errc::invalid_argument, "max_pool_size must be at least 1");
    if (s.pool.max_connecting == 0)
        throw error(errc::invalid_argument, "max_connecting must be at least 1");
    if (s.pool.min_size > s.pool.max_size)
        throw error(errc::invalid_argument,
            fmt::format("min_pool_size ({}) must not exceed max_pool_size ({})", s.pool.min_size, s.pool.max_size));
}

} // namespace

mongo_settings parse_settings(std::string_view connection_string, mongo_options const& options) {
    native::initialise();
    if (connection_string.starts_with(mongo_srv_scheme))
        throw error(errc::unsupported,
            "connection string: the hosts of mongodb+srv:// have to be looked up first, by connect or resolve_connection_string");
    auto uri = parse_uri(std::string(connection_string));
    require_supported(uri.get());
    char const* const database = mongoc_uri_get_database(uri.get());
    if (database == nullptr || *database == '\0')
        bad_uri("it names no database (mongodb://host/database)");

    mongo_settings result;
    result.database = database;
    auto* const u = uri.get();
    result.pool.max_size = size_option(u, MONGOC_URI_MAXPOOLSIZE, options.max_pool_size());
    result.pool.min_size = size_option(u, MONGOC_URI_MINPOOLSIZE, options.min_pool_size());
    result.pool.max_connecting = options.max_connecting();
    result.pool.queue_timeout = duration_option(u, MONGOC_URI_WAITQUEUETIMEOUTMS, options.wait_queue_timeout());
    result.pool.idle_time = duration_option(u, MONGOC_URI_MAXIDLETIMEMS, options.max_idle_time());
    result.connect_timeout = duration_option(u, MONGOC_URI_CONNECTTIMEOUTMS, options.connect_timeout());
    result.selection_timeout = duration_option(u, MONGOC_URI_SERVERSELECTIONTIMEOUTMS, options.server_selection_timeout());
    result.pool.connect_patience = result.selection_timeout;
    bool const alone = mongoc_uri_get_hosts(u)->next == nullptr && mongoc_uri_get_replica_set(u) == nullptr;
    result.direct = mongoc_uri_get_option_as_bool(u, MONGOC_URI_DIRECTCONNECTION, alone);
    result.socket_timeout =
        duration_option(u, MONGOC_URI_SOCKETTIMEOUTMS, std::chrono::milliseconds(MONGOC_DEFAULT_SOCKETTIMEOUTMS));
    result.reads_primary = mongoc_read_prefs_get_mode(mongoc_uri_get_read_prefs_t(u)) == MONGOC_READ_PRIMARY;
    result.read_concern = read_concern_of(u);
    result.write_concern = write_concern_of(u);
    // What is secured or compressed is libmongoc's.
    result.fast_lane = options.fast_lane() && !mongoc_uri_get_tls(u) && bson_empty(mongoc_uri_get_compressors(u));
    result.retry_reads = mongoc_uri_get_option_as_bool(u, MONGOC_URI_RETRYREADS, true);
    result.retry_writes = mongoc_uri_get_option_as_bool(u, MONGOC_URI_RETRYWRITES, true);
    require_sensible(result);
    if (mongoc_uri_get_tls(u)) {
        result.tls = make_tls(u);
        set_x509_user(u, *result.tls->context);
    }

    // Retries and waiting are ours; libmongoc's own sleep the thread. Dead connections are seen by the transport, not by pings.
    mongoc_uri_set_option_as_bool(u, MONGOC_URI_RETRYREADS, false);
    mongoc_uri_set_option_as_bool(u, MONGOC_URI_RETRYWRITES, false);
    mongoc_uri_set_option_as_bool(u, MONGOC_URI_SERVERSELECTIONTRYONCE, true);
    mongoc_uri_set_option_as_int32(u, MONGOC_URI_SOCKETCHECKINTERVALMS, std::numeric_limits<std::int32_t>::max());
    mongoc_uri_set_option_as_int32(u, MONGOC_URI_CONNECTTIMEOUTMS, milliseconds32(result.connect_timeout));
    mongoc_uri_set_option_as_int32(u, MONGOC_URI_SERVERSELECTIONTIMEOUTMS, milliseconds32(result.selection_timeout));
    if (mongoc_uri_get_appname(u) == nullptr)
        mongoc_uri_set_appname(u, options.app_name().c_str());
    result.uri = std::move(uri);
    return result;
}

} // namespace cormorant::detail
