#include "repository/adapters.hpp"

#include "store/percent.hpp"

#include <cormorant/bson/json.hpp>
#include <cormorant/connect.hpp>

#include <fmt/format.h>

#include <string>
#include <string_view>
#include <utility>

namespace cormorant {

namespace {

using detail::percent_encoded;

/// Values of these may be repeated; others are settings of an adapter, among which passwords are.
bool is_harmless(std::string_view key) noexcept {
    return key == "name" || key == "adapter" || key == "ids" || key == "textForms" || key == "anyKeyColumn" ||
           key == "database" || key == "folder";
}

[[noreturn]] void fail(std::string_view path, std::string message, value const* v = nullptr) {
    diagnostics details;
    details.path = path;
    if (v != nullptr && is_harmless(path))
        details.value = shorten(*v);
    throw error(errc::definition, std::move(message), std::move(details));
}

std::string text_of(document const& spec, std::string_view key, std::string fallback = {}) {
    auto const* const v = spec.find(key);
    if (v == nullptr || v->is_null())
        return fallback;
    auto const result = v->if_string();
    if (!result || result->empty())
        fail(key, fmt::format("'{}' of a datasource must be a text that is not empty", key), v);
    return std::string(*result);
}

bool flag(document const& spec, std::string_view key, bool fallback) {
    auto const* const v = spec.find(key);
    if (v == nullptr || v->is_null())
        return fallback;
    if (!v->is_bool())
        fail(key, fmt::format("'{}' of a datasource must be true or false", key), v);
    return v->as_bool();
}

void add_option(std::string& options, std::string_view key, std::string_view v) {
    options += fmt::format("{}{}={}", options.empty() ? '?' : '&', percent_encoded(key), percent_encoded(v));
}

std::string setting_text(std::string_view key, value const& v) {
    if (auto const s = v.if_string())
        return std::string(*s);
    if (v.is_bool())
        return v.as_bool() ? "true" : "false";
    if (auto const n = v.if_int64())
        return std::to_string(*n);
    fail(key, fmt::format("'{}' of a datasource must be a text, a whole number, true or false", key), &v);
}

std::string connection_string(document const& settings) {
    std::string credentials;
    std::string host = "127.0.0.1";
    std::string port = "27017";
    std::string options;
    std::string user;
    std::string database;
    for (auto const& [key, v] : settings) {
        auto const given = setting_text(key, v);
        if (key == "host")
            host = given;
        else if (key == "port")
            port = given;
        else if (key == "database")
            database = percent_encoded(given);
        else if (key == "username")
            user = percent_encoded(given);
        else if (key == "password")
            credentials = ":" + percent_encoded(given);
        else
            add_option(options, key, given);
    }
    if (database.empty())
        fail("database", "the datasource names no database");
    if (user.empty() && !credentials.empty())
        fail("username", "the datasource has a password, but no username");
    return fmt::format("mongodb://{}{}{}{}:{}/{}{}", user, credentials, user.empty() ? "" : "@", host, port, database, options);
}

} // namespace

namespace detail {

std::shared_ptr<store> make_memory_adapter(document const& settings) {
    auto const folder = text_of(settings, "folder");
    std::string options;
    for (auto const& [key, v] : settings) {
        if (key == "folder")
            continue;
        if (folder.empty() && key != "database")
            fail(key, fmt::format("'{}' is no setting of a memory that has no 'folder'", key), &v);
        add_option(options, key == "database" ? "name" : key, setting_text(key, v));
    }
    if (folder.empty())
        return make_store("memory://" + text_of(settings, "database"));
    if (!folder.starts_with('/'))
        fail("folder", fmt::format("'{}' is no absolute path", folder));
    return make_store("memory://" + percent_encoded(folder, "/-._~") + options);
}

std::shared_ptr<store> make_mongodb_adapter(document const& settings) {
    if (auto const url = text_of(settings, "url"); !url.empty()) {
        if (settings.size() != 1)
            fail("url", "a datasource with a 'url' has no other settings");
        return make_store(url);
    }
    return make_store(connection_string(settings));
}

} // namespace detail

datasource::datasource(std::string name, std::string adapter) : name_(std::move(name)), adapter_(std::move(adapter)) {}

datasource datasource::from_document(document const& spec) {
    auto const must_have = [&](std::string_view key) {
        auto result = text_of(spec, key);
        if (result.empty())
            fail(key, fmt::format("'{}' of a datasource is missing", key), spec.find(key));
        return result;
    };
    datasource result(must_have("name"), must_have("adapter"));
    auto const keys = text_of(spec, "ids", "objectId");
    if (keys != "objectId" && keys != "sequence")
        fail("ids", fmt::format("'{}' are no ids: objectId, sequence", keys));
    result.keys(keys == "sequence" ? key_source::sequence : key_source::object_ids);
    result.text_forms(flag(spec, "textForms", false)).any_key_column(flag(spec, "anyKeyColumn", true));
    for (auto const& [key, v] : spec) {
        if (key != "name" && key != "adapter" && key != "ids" && key != "textForms" && key != "anyKeyColumn")
            result.set(key, v);
    }
    return result;
}

} // namespace cormorant
