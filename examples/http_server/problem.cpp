#include "problem.hpp"

#include <fmt/format.h>

namespace atlas {
namespace http = boost::beast::http;
namespace {

// "rows.1.k" is /rows/1/k (RFC 6901).
std::string json_pointer(std::string_view path) {
    std::string result = "/";
    for (char c : path) {
        if (c == '.')
            result += '/';
        else if (c == '~')
            result += "~0";
        else if (c == '/')
            result += "~1";
        else
            result += c;
    }
    return result;
}

http::status status_of(orm::error const& e) {
    auto const code = e.code();
    if (code == orm::errc::validation || code == orm::errc::required || code == orm::errc::unknown_field)
        return http::status::unprocessable_entity;
    if (code == orm::errc::duplicate_key)
        return http::status::conflict;
    if (code == orm::errc::bad_json || code == orm::errc::invalid_argument || code == orm::errc::limit_exceeded)
        return http::status::bad_request;
    if (code == orm::errc::unauthorized)
        return http::status::forbidden;
    if (code == orm::condition::timeout)
        return http::status::gateway_timeout;
    return http::status::internal_server_error;
}

std::string_view title_of(http::status s) {
    switch (s) {
    case http::status::unprocessable_entity: return "The document breaks the rules of its model";
    case http::status::conflict: return "The document exists already";
    case http::status::bad_request: return "The request cannot be understood";
    case http::status::forbidden: return "The request asks for what it may not have";
    case http::status::gateway_timeout: return "The database took too long";
    default: return "Something went wrong";
    }
}

} // namespace

response json_response(http::status status, std::string body, std::string_view type) {
    response r(status, 11);
    r.set(http::field::content_type, boost::beast::string_view(type.data(), type.size()));
    r.body() = std::move(body);
    r.prepare_payload();
    return r;
}

response problem(http::status status, std::string_view title, std::string_view detail) {
    auto body = orm::doc("type", "about:blank", "title", title, "status", static_cast<int>(status));
    if (!detail.empty())
        body.set("detail", detail);
    return json_response(status, orm::to_json(body, orm::json_mode::plain), "application/problem+json");
}

response problem(orm::error const& e) {
    auto const status = status_of(e);
    auto body = orm::doc("type", "about:blank", "title", title_of(status), "status", static_cast<int>(status));
    orm::array errors;
    for (orm::violation const& v : e.details().violations)
        errors.push_back(orm::doc("pointer", json_pointer(v.path), "rule", v.rule, "detail", v.message));
    if (!errors.empty())
        body.set("errors", std::move(errors));
    else if (status == http::status::conflict)
        body.set("errors", orm::arr(orm::doc("pointer", json_pointer(e.details().path), "rule", "unique", "detail", "is taken already")));
    else if (status == http::status::bad_request || status == http::status::forbidden)
        body.set("detail", e.message());
    return json_response(status, orm::to_json(body, orm::json_mode::plain), "application/problem+json");
}

} // namespace atlas
