#include "mongo/seed_list.hpp"

#include "mongo/connection_string.hpp"
#include "store/percent.hpp"

#include <cormorant/error/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <random>
#include <string_view>
#include <utility>
#include <vector>

namespace cormorant::detail {
namespace {

/// What libmongoc read from the records. It looks them up when a client is made, which connects to nothing.
native::client look_up(std::string const& connection_string) {
    auto const uri = parse_uri(connection_string);
    bson_error_t why{};
    native::client client(mongoc_client_new_from_uri_with_error(uri.get(), &why));
    if (client)
        return client;
    if (why.domain != MONGOC_ERROR_STREAM)
        bad_uri(without_credentials(why.message, connection_string));
    // It names hosts and records alone; what has been parsed with one host and no port has no password before it.
    diagnostics details;
    details.slow_phase = phase::resolve;
    throw error(errc::connect, why.message, std::move(details));
}

/// libmongoc heeds `srvMaxHosts` behind the list that it shows.
std::vector<std::string> hosts_of(mongoc_uri_t const* found) {
    std::vector<std::string> hosts;
    for (auto const* host = mongoc_uri_get_hosts(found); host != nullptr; host = host->next)
        hosts.emplace_back(host->host_and_port);
    auto const most = static_cast<std::size_t>(mongoc_uri_get_option_as_int32(found, MONGOC_URI_SRVMAXHOSTS, 0));
    if (most == 0 || most >= hosts.size())
        return hosts;
    std::vector<std::string> chosen;
    std::sample(hosts.begin(), hosts.end(), std::back_inserter(chosen), most, std::random_device());
    return chosen;
}

} // namespace

std::string list_hosts(std::string const& connection_string) {
    auto const client = look_up(connection_string);
    auto const* const found = mongoc_client_get_uri(client.get());

    auto rest = std::string_view(connection_string).substr(mongo_srv_scheme.size());
    auto const path = std::min(rest.find_first_of("/?"), rest.size());
    auto const at = rest.substr(0, path).rfind('@');
    std::string result(mongo_scheme);
    if (at != std::string_view::npos)
        result += rest.substr(0, at + 1);
    result += fmt::format("{}", fmt::join(hosts_of(found), ","));
    rest.remove_prefix(path);
    result += rest.substr(0, rest.find('?'));

    bool secured = false;
    bool source = false;
    bool replica_set = false;
    std::string options;
    auto const add = [&](std::string_view name, std::string_view v) {
        options += fmt::format("{}{}={}", options.empty() ? (rest.empty() || rest.front() == '?' ? "/?" : "?") : "&", name, v);
    };
    for (auto const& option : options_of(connection_string)) {
        auto const name = lower(option.name);
        if (name == MONGOC_URI_SRVMAXHOSTS || name == MONGOC_URI_SRVSERVICENAME)
            continue; // they have had their effect
        secured = secured || name == MONGOC_URI_TLS || name == MONGOC_URI_SSL;
        source = source || name == MONGOC_URI_AUTHSOURCE;
        replica_set = replica_set || name == MONGOC_URI_REPLICASET;
        add(option.name, option.value);
    }
    if (!secured)
        add("tls", "true");
    if (char const* name = mongoc_uri_get_replica_set(found); name != nullptr && !replica_set)
        add("replicaSet", percent_encoded(name));
    bson_iter_t credentials;
    if (!source && bson_iter_init_find(&credentials, mongoc_uri_get_credentials(found), MONGOC_URI_AUTHSOURCE))
        add("authSource", percent_encoded(bson_iter_utf8(&credentials, nullptr)));
    return result + options;
}

} // namespace cormorant::detail
