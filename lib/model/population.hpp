#pragma once

#include <cormorant/model/connection.hpp>
#include <cormorant/pipeline/hook.hpp>

#include <boost/asio/awaitable.hpp>

#include <memory>
#include <span>

namespace cormorant::detail {

struct connection_state;

/// The batch handler of the afterFind hooks of relationships. Each call is one relationship; `hook_args::args` may hold `fields`,
/// `hooks` and `castDocs` for the related find.
boost::asio::awaitable<void> populate_hooks(hook_args& args, std::span<hook_call const> calls);

/// See `connection::populate`.
boost::asio::awaitable<documents> populate_documents(std::shared_ptr<connection_state> on, std::shared_ptr<session> in,
    documents docs, relation_definition r, populate_options options);

} // namespace cormorant::detail
