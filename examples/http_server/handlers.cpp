#include "handlers.hpp"

#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>

#include <chrono>
#include <optional>

namespace atlas {
namespace http = boost::beast::http;
namespace {

constexpr auto time_for_a_request = std::chrono::seconds(5);

std::string json_of(orm::model const& m, orm::documents& docs) {
    std::string body = "[";
    for (orm::document& d : docs) {
        if (body.size() > 1)
            body += ',';
        body += m.schema()->to_json_text(d);
    }
    return body + "]";
}

boost::asio::awaitable<response> get_country(models m, std::string code) {
    auto found = co_await m.country.find_by_id(code, orm::find_options().hooks("afterFind_currencies").timeout(time_for_a_request));
    if (!found)
        co_return problem(http::status::not_found, "There is no such country", code);
    co_return json_response(http::status::ok, m.country.schema()->to_json_text(*found));
}

boost::asio::awaitable<response> get_subdivisions(models m, std::string query) {
    // What a client may ask for is said by the policy of the model: no text of a client becomes an operator.
    auto [filter, options] = m.subdivision.query(orm::untrusted::parse_query(query));
    if (options.sort_value.empty())
        options.sort("name", 1);
    options.timeout(time_for_a_request);
    auto docs = co_await m.subdivision.find(std::move(filter), std::move(options));
    co_return json_response(http::status::ok, json_of(m.subdivision, docs));
}

boost::asio::awaitable<response> post_country(models m, std::string body) {
    auto data = m.country.accept(orm::untrusted::parse_json(body));
    auto stored = co_await m.country.insert(std::move(data), orm::insert_options().timeout(time_for_a_request));
    auto answer = json_response(http::status::created, m.country.schema()->to_json_text(stored));
    answer.set(http::field::location, "/countries/" + std::string(stored.at("_id").as_string()));
    co_return answer;
}

boost::asio::awaitable<response> route(models m, request r) {
    auto const target = boost::urls::parse_origin_form(boost::core::string_view(r.target().data(), r.target().size()));
    if (!target)
        co_return problem(http::status::bad_request, "The target is no valid URL");
    std::vector<std::string> segments;
    for (auto segment : target->segments())
        segments.emplace_back(segment);

    if (segments.size() == 2 && segments[0] == "countries" && r.method() == http::verb::get)
        co_return co_await get_country(m, segments[1]);
    if (segments.size() == 1 && segments[0] == "countries" && r.method() == http::verb::post)
        co_return co_await post_country(m, std::move(r.body()));
    if (segments.size() == 1 && segments[0] == "subdivisions" && r.method() == http::verb::get)
        co_return co_await get_subdivisions(m, std::string(target->encoded_query()));
    co_return problem(http::status::not_found, "There is nothing here");
}

} // namespace

boost::asio::awaitable<response> handle(models m, request r) {
    std::optional<response> failed;
    try {
        co_return co_await route(m, std::move(r));
    } catch (orm::error const& e) {
        failed = problem(e);
    }
    co_return std::move(*failed);
}

} // namespace atlas
