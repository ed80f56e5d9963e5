#include "mongo/client.hpp"

#include "mongo/errors.hpp"
#include "mongo/request.hpp"

#include <fmt/format.h>

#include <cstring>
#include <string_view>
#include <utility>

namespace cormorant::detail {

using namespace std::chrono_literals;

namespace {

// libmongoc sleeps (usleep) before a scan that follows another one within 500 ms.
constexpr auto scan_interval = 510ms;

void on_command_started(mongoc_apm_command_started_t const* event) {
    static_cast<lane*>(mongoc_apm_command_started_get_context(event))
        ->command_started(mongoc_apm_command_started_get_server_id(event));
}

// libmongoc takes a command as one document, and of what a session adds it knows nothing.
bson_buffer whole(command const& what, command_options const& o) {
    bson_buffer more;
    bson_writer writer(more);
    auto const root = writer.open();
    if (!what.documents.empty()) {
        auto const list = writer.open("documents", bson_type::array);
        position_key position;
        std::span<std::byte const> rest(what.documents);
        for (std::size_t i = 0; !rest.empty(); ++i) {
            bson_view const one(rest);
            writer.put(position(i), one);
            rest = rest.subspan(one.size_in_bytes());
        }
        writer.close(list);
    }
    if (o.session != nullptr) {
        if (o.session->transaction)
            writer.put("autocommit", false);
        if (o.session->starts)
            writer.put("startTransaction", true);
        if (!o.read_concern.empty())
            writer.put("readConcern", bson_view(o.read_concern)); // with a time, which libmongoc would drop
    }
    writer.close(root);
    bson_buffer out(what.body.begin(), what.body.end() - 1);
    out.insert(out.end(), more.begin() + 4, more.end());
    auto const length = static_cast<std::int32_t>(out.size());
    std::memcpy(out.data(), &length, sizeof length);
    return out;
}

void append(bson_t* options, char const* key, std::span<std::byte const> doc) {
    if (!doc.empty())
        bson_append_document(options, key, -1, native::bson_window(doc).get());
}

} // namespace

client::client(mongo_settings const& settings, std::shared_ptr<lane> where, std::shared_ptr<lookup_count> lookups)
    : lane_(std::move(where)), direct_(settings.direct),
      source_{lane_, std::move(lookups), settings.tls, settings.connect_timeout, {}},
      client_(mongoc_client_new_from_uri(settings.uri.get())) {
    mongoc_client_set_error_api(client_.get(), MONGOC_ERROR_API_VERSION_2);
    native::apm_callbacks const callbacks(mongoc_apm_callbacks_new());
    mongoc_apm_set_command_started_cb(callbacks.get(), on_command_started);
    mongoc_client_set_apm_callbacks(client_.get(), callbacks.get(), lane_.get());
    // Last: it replaces what the TLS options of the URI have set up.
    mongoc_client_set_stream_initiator(client_.get(), initiate_stream, &source_);
}

answer client::open(mongoc_read_mode_t which) {
    native::read_preferences const preferences(mongoc_read_prefs_new(which));
    command_options options;
    options.mode = command_mode::raw;
    options.read_preferences = preferences.get();
    auto result = run("admin", command(encode(doc("ping", 1))), options);
    if (!result.replied || !usable())
        return result;

    native::session_options const session(mongoc_session_opts_new());
    mongoc_session_opts_set_causal_consistency(session.get(), false);
    bson_error_t ignored;
    session_.reset(mongoc_client_start_session(client_.get(), session.get(), &ignored));
    native::server_description const server(mongoc_client_get_server_description(client_.get(), result.server));
    if (server) {
        type_ = mongoc_server_description_type(server.get());
        address_ = mongoc_server_description_host(server.get())->host_and_port;
    }
    can_retry_writes_ = session_ && server && type_ != "Standalone";
    return result;
}

server_socket client::hand_over() {
    server_socket result;
    result.address = address_;
    result.takes_writes = type_ == "Standalone" || type_ == "RSPrimary";
    result.numbers_writes = can_retry_writes_;
    if (auto const connection = source_.last_used.lock(); connection && session_ && usable()) {
        result.session = session_id();
        result.descriptor = connection->release();
    }
    usable_ = false; // libmongoc is not to say goodbye on it
    return result;
}

bson_buffer client::session_id() const {
    return session_ ? native::bytes_of(mongoc_client_session_get_lsid(session_.get())) : bson_buffer();
}

server_session client::session() const {
    server_session s;
    s.id = session_id();
    for (auto const& [id, address] : servers_)
        s.used_on(address);
    return s;
}

std::string const& client::address_of(answer const& a) const {
    static std::string const none;
    auto const it = servers_.find(a.server);
    return it == servers_.end() ? none : it->second;
}

std::uint32_t client::server_at(std::string_view address) const {
    std::size_t count = 0;
    auto** const servers = mongoc_client_get_server_descriptions(client_.get(), &count);
    std::uint32_t found = 0;
    for (std::size_t i = 0; i < count; ++i)
        if (mongoc_server_description_host(servers[i])->host_and_port == address)
            found = mongoc_server_description_id(servers[i]);
    mongoc_server_descriptions_destroy_all(servers, count);
    return found;
}

void client::remember_server(std::uint32_t id) {
    if (id == 0 || servers_.contains(id))
        return;
    native::server_description const server(mongoc_client_get_server_description(client_.get(), id));
    if (server)
        servers_.emplace(id, mongoc_server_description_host(server.get())->host_and_port);
}

std::optional<std::int64_t> client::next_transaction_number() noexcept {
    if (!can_retry_writes_)
        return std::nullopt;
    return ++transaction_number_;
}

// Whether libmongoc will find a server in what it knows. Asked only while it would sleep before it looks again.
bool client::selectable(command_options const& options) const {
    bool const writes = options.mode == command_mode::write;
    auto const mode = writes ? MONGOC_READ_PRIMARY
                      : options.read_preferences != nullptr
                          ? mongoc_read_prefs_get_mode(options.read_preferences)
                          : mongoc_read_prefs_get_mode(
                                options.mode == command_mode::raw ? nullptr : mongoc_client_get_read_prefs(client_.get()));
    std::size_t count = 0;
    auto** const servers = mongoc_client_get_server_descriptions(client_.get(), &count);
    bool found = false;
    for (std::size_t i = 0; i < count; ++i) {
        std::string_view const type = mongoc_server_description_type(servers[i]);
        bool const secondary = type == "RSSecondary";
        bool const primary = type == "RSPrimary" || type == "Standalone" || type == "Mongos";
        found = found || (direct_ && type != "Unknown") || (primary && (mode != MONGOC_READ_SECONDARY || type != "RSPrimary")) ||
                (secondary && mode != MONGOC_READ_PRIMARY);
    }
    mongoc_server_descriptions_destroy_all(servers, count);
    return found;
}

answer client::run(std::string const& database, command const& what, command_options const& o) {
    bool const scanned_now = steady_clock::now() < lane_->last_scan() + scan_interval;
    if (scanned_now && o.server == 0 && !selectable(o)) {
        usable_ = false;
        answer none;
        none.code = errc::server_selection;
        none.message = "no suitable server";
        none.where = phase::selection;
        return none;
    }

    lane_->begin_command();
    native::bson options;
    std::optional<native::session_disguise> disguise;
    if (session_ && o.in_session)
        mongoc_client_session_append(session_.get(), options.get(), nullptr);
    if (session_ && o.session != nullptr) {
        disguise.emplace(session_.get(), o.session->session->id());
        if (!o.session->cluster_time.empty())
            mongoc_client_session_advance_cluster_time(session_.get(), native::bson_window(o.session->cluster_time).get());
    }
    if (o.server != 0)
        bson_append_int64(options.get(), "serverId", -1, o.server);
    if (o.session == nullptr)
        append(options.get(), "readConcern", o.read_concern);
    append(options.get(), "writeConcern", o.write_concern);
    if (o.max_time)
        bson_append_int64(options.get(), "maxTimeMS", -1, o.max_time->count());
    if (o.transaction_number)
        bson_append_int64(options.get(), "txnNumber", -1, *o.transaction_number);

    auto const joined = what.documents.empty() && o.session == nullptr ? bson_buffer() : whole(what, o);
    native::bson_window const body(joined.empty() ? what.body : joined);
    native::bson reply;
    bson_error_t why{};
    switch (o.mode) {
    case command_mode::read:
        mongoc_client_read_command_with_opts(
            client_.get(), database.c_str(), body.get(), o.read_preferences, options.get(), reply.overwrite(), &why);
        break;
    case command_mode::write:
        mongoc_client_write_command_with_opts(
            client_.get(), database.c_str(), body.get(), options.get(), reply.overwrite(), &why);
        break;
    case command_mode::raw:
        mongoc_client_command_with_opts(
            client_.get(), database.c_str(), body.get(), o.read_preferences, options.get(), reply.overwrite(), &why);
        break;
    }

    answer result;
    result.sent = lane_->sent();
    result.server = lane_->server();
    if (session_)
        remember_server(result.server);
    result.where = lane_->where();
    result.reply = reply.bytes();
    auto const code = code_of(result.reply);
    result.replied = code.has_value();
    result.server_code = code.value_or(0);
    if (!result.replied && why.domain == 0 && bson_empty(reply.get()))
        result.replied = true; // an unacknowledged write
    if (!result.replied)
        classify(result, why);
    else if (result.server_code != 0) {
        result.message = why.message;
        usable_ = usable_ && !is_state_change(result.server_code);
    }
    return result;
}

void client::classify(answer& a, bson_error_t const& why) {
    a.message = why.message;
    switch (why.domain) {
    case MONGOC_ERROR_COMMAND:
        a.code = errc::invalid_argument;
        return; // refused before anything was sent
    case MONGOC_ERROR_BSON:
        a.code = errc::bad_bson;
        return;
    default:
        break;
    }
    usable_ = false;
    bool const denied = (why.domain == MONGOC_ERROR_CLIENT && why.code == MONGOC_ERROR_CLIENT_AUTHENTICATE) ||
                        why.domain == MONGOC_ERROR_SASL || why.domain == MONGOC_ERROR_SCRAM;
    if (lane_->failed()) {
        // A socket is behind it, whatever libmongoc calls it; it says too little of the reason.
        a.code = lane_->failure();
        a.message = lane_->failure_message();
    } else if (denied)
        a.code = errc::authentication;
    else if (why.domain == MONGOC_ERROR_SERVER_SELECTION)
        a.code = errc::server_selection;
    else if (why.domain == MONGOC_ERROR_SERVER)
        a.code = errc::server;
    else
        a.code = errc::network;
}

bool client::recover(steady_clock::time_point expiry) {
    auto const ready = lane_->last_scan() + scan_interval;
    if (ready > expiry)
        return false;
    return lane_->wait([] { return false; }, ready) == wake::timed_out;
}

void client::retire() noexcept {
    // Without a reset the end of a session is told to the server, which needs a working connection.
    if (!usable())
        mongoc_client_reset(client_.get());
    session_.reset();
    client_.reset();
}

} // namespace cormorant::detail
