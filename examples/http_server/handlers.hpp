#pragma once

#include "models.hpp"
#include "problem.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/string_body.hpp>

namespace atlas {

using request = boost::beast::http::request<boost::beast::http::string_body>;

/// Answers one request; never throws for what a client sent.
///
///     GET  /countries/FR                       one country with its currencies
///     GET  /subdivisions?country=FR&limit=5    subdivisions of a country, by name
///     POST /countries                          a new country; 201, or a problem document
boost::asio::awaitable<response> handle(models m, request r);

} // namespace atlas
