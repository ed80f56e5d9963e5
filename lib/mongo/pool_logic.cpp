#include "mongo/pool_logic.hpp"

#include <algorithm>
#include <utility>

namespace cormorant::detail {

void pool_logic::forget(client_id client) {
    auto const it = clients_.find(client);
    if (it == clients_.end())
        return;
    if (it->second == state::connecting)
        --connecting_;
    clients_.erase(it);
}

// False when the client is not wanted any more.
bool pool_logic::make_idle(client_id client, pool_clock::time_point now) {
    auto const it = clients_.find(client);
    if (it == clients_.end())
        return false;
    if (it->second == state::connecting)
        --connecting_;
    it->second = state::idle;
    idle_.push_back(idle_entry{client, now});
    return true;
}

std::chrono::milliseconds pool_logic::patience() const noexcept {
    // As long as some client works, an unreachable server delays only the growth of the pool.
    return unreachable() ? std::min(limits_.connect_patience, limits_.queue_timeout) : limits_.queue_timeout;
}

void pool_logic::expire_waiters(pool_actions& out, pool_clock::time_point now) {
    auto const limit = patience();
    auto const why = unreachable() ? refuse_request::reason::unreachable : refuse_request::reason::queue_timeout;
    while (!waiting_.empty() && waiting_.front().since + limit <= now) {
        out.emplace_back(refuse_request{waiting_.front().request, why});
        waiting_.pop_front();
    }
}

void pool_logic::refuse_all(pool_actions& out, refuse_request::reason why) {
    for (auto const& w : std::exchange(waiting_, {}))
        out.emplace_back(refuse_request{w.request, why});
}

void pool_logic::balance(pool_actions& out, pool_clock::time_point now) {
    while (!waiting_.empty() && !idle_.empty()) {
        auto const client = idle_.back().client;
        idle_.pop_back();
        clients_[client] = state::granted;
        out.emplace_back(grant_client{client, waiting_.front().request});
        waiting_.pop_front();
    }
    if (closed_ || (failing_ && now < not_before_))
        return;
    while (wants_more() && has_room()) {
        auto const client = next_client_++;
        clients_.emplace(client, state::connecting);
        ++connecting_;
        out.emplace_back(open_client{client});
    }
}

pool_actions pool_logic::acquire(request_id request, pool_clock::time_point now) {
    pool_actions out;
    if (closed_) {
        out.emplace_back(refuse_request{request, refuse_request::reason::closed});
        return out;
    }
    used_ = true;
    waiting_.push_back(waiter{request, now});
    balance(out, now);
    return out;
}

pool_actions pool_logic::abandon(request_id request, pool_clock::time_point) {
    std::erase_if(waiting_, [&](waiter const& w) { return w.request == request; });
    return {};
}

pool_actions pool_logic::connected(client_id client, pool_clock::time_point now) {
    pool_actions out;
    failing_ = false;
    if (closed_ || !make_idle(client, now)) {
        forget(client);
        out.emplace_back(close_client{client});
        return out;
    }
    balance(out, now);
    return out;
}

pool_actions pool_logic::connect_failed(client_id client, connect_failure how, pool_clock::time_point now) {
    pool_actions out;
    forget(client);
    if (closed_)
        return out;
    failing_ = true;
    not_before_ = now + limits_.retry_pause;
    if (how == connect_failure::fatal)
        refuse_all(out, refuse_request::reason::fatal);
    else
        expire_waiters(out, now);
    balance(out, now);
    return out;
}

pool_actions pool_logic::released(client_id client, bool usable, pool_clock::time_point now) {
    pool_actions out;
    if (!usable)
        forget(client);
    else if (closed_) {
        forget(client);
        out.emplace_back(close_client{client});
    } else
        make_idle(client, now);
    balance(out, now);
    return out;
}

pool_actions pool_logic::lost(client_id client, pool_clock::time_point now) {
    pool_actions out;
    std::erase_if(idle_, [&](idle_entry const& e) { return e.client == client; });
    forget(client);
    balance(out, now);
    return out;
}

pool_actions pool_logic::tick(pool_clock::time_point now) {
    pool_actions out;
    expire_waiters(out, now);
    while (!idle_.empty() && clients_.size() > limits_.min_size && idle_.front().since + limits_.idle_time <= now) {
        auto const client = idle_.front().client;
        idle_.erase(idle_.begin());
        forget(client);
        out.emplace_back(close_client{client});
    }
    balance(out, now);
    return out;
}

pool_actions pool_logic::close() {
    pool_actions out;
    closed_ = true;
    refuse_all(out, refuse_request::reason::closed);
    for (auto const& e : std::exchange(idle_, {})) {
        forget(e.client);
        out.emplace_back(close_client{e.client});
    }
    return out;
}

pool_clock::time_point pool_logic::next_tick() const noexcept {
    auto next = pool_clock::time_point::max();
    if (!waiting_.empty())
        next = std::min(next, waiting_.front().since + patience());
    if (!idle_.empty() && clients_.size() > limits_.min_size)
        next = std::min(next, idle_.front().since + limits_.idle_time);
    if (!closed_ && failing_ && has_room() && wants_more())
        next = std::min(next, not_before_);
    return next;
}

} // namespace cormorant::detail
