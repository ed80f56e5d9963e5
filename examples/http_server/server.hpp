#pragma once

#include "models.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <memory>

namespace atlas {

/// Serves connections until it is stopped, all on the thread of its loop.
///
/// Stopping: no new connection is accepted, connections that wait for a request are closed, requests that are being answered are
/// finished. `serve` completes when the last connection is gone.
class server {
public:
    server(boost::asio::io_context& loop, models m, unsigned short port);
    ~server();

    unsigned short port() const;
    boost::asio::awaitable<void> serve();
    void stop();

private:
    struct state;
    std::shared_ptr<state> state_;
};

} // namespace atlas
