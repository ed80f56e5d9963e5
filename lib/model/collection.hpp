#pragma once

#include "model/state.hpp"

#include <boost/asio/awaitable.hpp>

#include <memory>
#include <string>

namespace cormorant::detail {

// What models do with their collections without hooks: see the members of `model` of the same names. `in`: the session, or null.
boost::asio::awaitable<remove_result> remove_all(std::shared_ptr<model_state> state, std::shared_ptr<session> in);
boost::asio::awaitable<void> create_indexes(std::shared_ptr<model_state> state, std::shared_ptr<session> in);
boost::asio::awaitable<view_change> create_view(std::shared_ptr<model_state> state, std::shared_ptr<session> in);
boost::asio::awaitable<value> call_method(model self, std::string method, array args);

} // namespace cormorant::detail
