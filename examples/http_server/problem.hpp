#pragma once

#include <cormorant/cormorant.hpp>

#include <boost/beast/http/message.hpp>
#include <boost/beast/http/status.hpp>
#include <boost/beast/http/string_body.hpp>

#include <string_view>

namespace orm = cormorant;

namespace atlas {

using response = boost::beast::http::response<boost::beast::http::string_body>;

/// A JSON answer.
response json_response(boost::beast::http::status status, std::string body, std::string_view type = "application/json");

/// A problem document (RFC 9457) without members of its own.
response problem(boost::beast::http::status status, std::string_view title, std::string_view detail = {});

/// The problem document for an error of the library: 422 with a JSON pointer to each bad field for data that breaks the rules of the model, 409 for a
/// duplicate key, 400 for JSON that is none, 504 for a timeout, 500 for the rest. The text of the server never leaves the process.
response problem(orm::error const& e);

} // namespace atlas
