#pragma once

#include "models.hpp"
#include "report.hpp"

namespace atlas {

boost::asio::awaitable<void> step_3_query(models m, report& out);
boost::asio::awaitable<void> step_4_populate(models m, report& out);
boost::asio::awaitable<void> step_5_hooks(models m, report& out);
boost::asio::awaitable<void> step_6_refuse(models m, report& out);
boost::asio::awaitable<void> step_7_remove(models m, report& out);

} // namespace atlas
