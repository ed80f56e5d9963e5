#include "mongo/connection_string.hpp"

#include "mongo/seed_list.hpp"

#include <cormorant/error/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <vector>

namespace cormorant::detail {

void bad_uri(std::string const& why) {
    throw error(errc::bad_uri, "connection string: " + why);
}

std::string lower(std::string_view text) {
    std::string result(text);
    std::transform(
        result.begin(), result.end(), result.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return result;
}

namespace {

// What must not be repeated: the text between "//" and the last "@", wherever that is (a password that is not percent-encoded
// may have a "?" or "/" in it), and the options that are secrets.
std::vector<std::string_view> secrets_of(std::string_view text) {
    std::vector<std::string_view> secrets;
    auto const begin = text.find("://");
    auto const rest = begin == std::string_view::npos ? std::string_view() : text.substr(begin + 3);
    if (auto const at = rest.rfind('@'); at != std::string_view::npos)
        secrets.push_back(rest.substr(0, at));
    for (auto const& option : options_of(text)) {
        auto const name = lower(option.name);
        if (name == "tlscertificatekeyfilepassword" || name == "sslclientcertificatekeypassword" ||
            name == "authmechanismproperties")
            secrets.push_back(option.value);
    }
    return secrets;
}

constexpr char const* not_encoded = "it is malformed (a user name or password has to be percent-encoded)";

// Else a part of the password is taken for the name of a host, and told to whoever asks why it is not found.
void require_one_at(std::string_view text) {
    auto const rest = text.substr(text.find("://") + 3);
    auto const hosts_end = std::min(rest.find('/'), rest.size());
    if (std::count(rest.begin(), rest.begin() + static_cast<std::ptrdiff_t>(hosts_end), '@') > 1)
        bad_uri(not_encoded);
}

// libmongoc only warns of an option that it does not know.
void require_known_options(std::string_view text) {
    constexpr std::array own = {"authmechanism", "authmechanismproperties", "authsource", "appname", "compressors",
        "readpreference", "readpreferencetags", "readconcernlevel", "w", "journal", "safe", "slaveok", "replicaset", "ssl", "tls",
        "gssapiservicename"};
    for (auto const& option : options_of(text)) {
        auto const name = lower(option.name);
        char const* const c = name.c_str();
        if (!mongoc_uri_option_is_int32(c) && !mongoc_uri_option_is_int64(c) && !mongoc_uri_option_is_bool(c) &&
            !mongoc_uri_option_is_utf8(c) && std::find(own.begin(), own.end(), name) == own.end())
            bad_uri(without_credentials(fmt::format("unknown option \"{}\"", option.name), text));
    }
}

} // namespace

std::vector<uri_option> options_of(std::string_view connection_string) {
    std::vector<uri_option> options;
    auto const question = connection_string.find('?');
    auto rest = question == std::string_view::npos ? std::string_view() : connection_string.substr(question + 1);
    while (!rest.empty()) {
        auto const option = rest.substr(0, rest.find('&'));
        rest.remove_prefix(std::min(option.size() + 1, rest.size()));
        auto const name = option.substr(0, option.find('='));
        if (!option.empty())
            options.push_back(uri_option{name, option.substr(std::min(name.size() + 1, option.size()))});
    }
    return options;
}

std::string without_credentials(std::string_view message, std::string_view connection_string) {
    constexpr std::size_t telling = 3; // so many characters of a secret are a part of it
    auto const repeats = [&](std::string_view secret) {
        if (secret.size() < telling)
            return !secret.empty() && message.find(secret) != std::string_view::npos;
        for (std::size_t i = 0; i + telling <= secret.size(); ++i) {
            if (message.find(secret.substr(i, telling)) != std::string_view::npos)
                return true;
        }
        return false;
    };
    auto const secrets = secrets_of(connection_string);
    if (message.find('@') != std::string_view::npos || std::any_of(secrets.begin(), secrets.end(), repeats))
        return not_encoded;
    return std::string(message);
}

native::uri parse_uri(std::string const& connection_string) {
    native::initialise();
    if (!connection_string.starts_with(mongo_scheme) && !connection_string.starts_with(mongo_srv_scheme))
        bad_uri("it has to begin with mongodb:// or mongodb+srv://");
    require_one_at(connection_string);
    require_known_options(connection_string);
    bson_error_t why{};
    native::uri uri(mongoc_uri_new_with_error(connection_string.c_str(), &why));
    if (!uri)
        bad_uri(without_credentials(why.message, connection_string));
    return uri;
}

} // namespace cormorant::detail
