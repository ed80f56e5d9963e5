#include "mongo/fast_lane.hpp"

#include <boost/asio/post.hpp>

#include <algorithm>
#include <utility>

namespace cormorant::detail {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

request_id id_of(fast_call const& c) noexcept {
    return reinterpret_cast<request_id>(&c);
}
fast_call& call_of(request_id id) noexcept {
    return *reinterpret_cast<fast_call*>(id); // made by id_of of a call that waits
}

/// A connection that has been idle is looked at before it is used: the server may have closed it. A command that would be sent a
/// second time then can do without that (it is a system call) as long as nothing is likely to have happened.
constexpr std::chrono::milliseconds trusted_for(5);

} // namespace

fast_lane::fast_lane(std::shared_ptr<driver> control, std::shared_ptr<known_homes> homes, std::shared_ptr<call_book> book,
    std::shared_ptr<session_pool> ends)
    : control_(std::move(control)), homes_(std::move(homes)), book_(std::move(book)), ended_with_me_(std::move(ends)),
      settings_(control_->settings()), pool_(settings_.pool), timer_(control_->context()) {}

bool fast_lane::serves(request const& r, mongo_settings const& settings) noexcept {
    if (!settings.fast_lane || !r.plain || !r.acknowledged)
        return false;
    if (r.lease != 0)
        return true;
    if (r.mode == command_mode::write)
        return true;
    auto const* const preferences = r.read_preferences.get();
    return preferences == nullptr ? settings.reads_primary : mongoc_read_prefs_get_mode(preferences) == MONGOC_READ_PRIMARY;
}

// --- calls -------------------------------------------------------------------------------------------------------------

void fast_lane::start(std::shared_ptr<fast_call> c) {
    c->lane_ = shared_from_this();
    auto const now = steady_clock::now();
    homes_->watch(*c->caller->context);
    later todo;
    guard lock(mutex_);
    if (closing_) {
        lock.unlock();
        return c->fail(errc::not_connected, "the store is closed", phase::none);
    }
    if (c->what.deadline && *c->what.deadline <= now) {
        lock.unlock();
        return c->fail(errc::deadline, describe_interruption(errc::deadline), phase::queue);
    }
    if (c->what.lease != 0) {
        auto const it = leases_.find(c->what.lease);
        if (it == leases_.end()) {
            lock.unlock();
            return c->fail(errc::cursor_not_found, "the cursor is closed", phase::none);
        }
        if (it->second.own)
            c->session_ = std::move(it->second.session);
        c->server_ = it->second.address;
    }
    if (passes_on_) {
        c->state_ = fast_call::state::passed_on;
        book_->enter(c);
        lock.unlock();
        return control_->start(std::move(c));
    }
    c->keep_ = c;
    live_.push_back(*c);
    enqueue(*c, now, c->caller->context, todo);
    lock.unlock();
    carry_out(std::move(todo));
}

void fast_lane::enqueue(fast_call& c, steady_clock::time_point now, asio::execution_context* here, later& todo) {
    c.state_ = fast_call::state::queued;
    c.connection_ = nullptr;
    c.queued_at_ = now;
    c.expiry_ = c.what.deadline.value_or(steady_clock::time_point::max());
    arm(c.expiry_);
    apply(pool_.acquire(id_of(c), now), now, here, todo);
}

void fast_lane::cancel(std::shared_ptr<fast_call> const& c) {
    guard lock(mutex_);
    switch (c->state_) {
    case fast_call::state::queued: {
        // What it waits for is known on the driver thread.
        bool const posted = pool_.connecting() != 0 && control_->post([self = shared_from_this(), c] {
            self->end_queued(c, errc::cancelled, self->control_->waited_for());
        });
        lock.unlock();
        if (!posted)
            end_queued(c, errc::cancelled, waiting_for());
        return;
    }
    case fast_call::state::granted:
    case fast_call::state::running:
        return interrupt(*c, errc::cancelled);
    case fast_call::state::passed_on:
        lock.unlock();
        return control_->cancel(c);
    case fast_call::state::made:
    case fast_call::state::finished:
        return;
    }
}

// Whoever has the connection sees that it broke, and then why.
void fast_lane::interrupt(fast_call& c, errc why) {
    if (c.ended_by_ == errc())
        c.ended_by_ = why;
    if (c.state_ == fast_call::state::running)
        c.connection_->interrupt();
}

void fast_lane::end_queued(std::shared_ptr<fast_call> const& c, errc why, waiting_for wait) {
    later todo;
    guard lock(mutex_);
    if (c->state_ == fast_call::state::granted || c->state_ == fast_call::state::running)
        return interrupt(*c, why); // it got a connection in the meantime
    if (c->state_ != fast_call::state::queued)
        return;
    auto const now = steady_clock::now();
    apply(pool_.abandon(id_of(*c), now), now, nullptr, todo);
    c->outcome.code = why;
    c->outcome.message = describe_interruption(why);
    c->outcome.where = wait.where;
    count_wait(c->outcome, now - c->queued_at_, wait.times);
    finish(*c, todo)->complete(delivery::posted);
    lock.unlock();
    carry_out(std::move(todo));
}

std::shared_ptr<fast_call> fast_lane::finish(fast_call& c, later& todo) {
    c.state_ = fast_call::state::finished;
    c.connection_ = nullptr;
    live_.erase(live_.iterator_to(c));
    if (closing_ && live_.empty())
        todo.drained = std::exchange(when_drained_, {});
    return std::exchange(c.keep_, nullptr);
}

// --- the pool ----------------------------------------------------------------------------------------------------------

void fast_lane::apply(pool_actions const& actions, steady_clock::time_point now, asio::execution_context* here, later& todo) {
    for (auto const& action : actions) {
        if (auto const* g = std::get_if<grant_client>(&action))
            grant(*g, now, here, todo);
        else if (auto const* o = std::get_if<open_client>(&action)) {
            opening_[o->client] = generation_;
            todo.opened.push_back(o->client);
        } else if (auto const* e = std::get_if<close_client>(&action)) {
            keep_session(std::exchange(connections_.at(e->client)->session(), server_session()));
            connections_.erase(e->client);
        } else if (auto const* r = std::get_if<refuse_request>(&action)) {
            auto& c = call_of(r->request);
            count_wait(c.outcome, now - c.queued_at_, connect_error_.times);
            // The second attempt does not get as far as the server: the first error is the one to report.
            if (!c.first_)
                describe_refusal(c.outcome, r->why, connect_error_, settings_.pool);
            else if (c.first_->replied) {
                c.outcome.code = errc();
                c.outcome.answers.push_back(std::move(*c.first_));
            }
            finish(c, todo)->complete(delivery::posted);
        }
    }
    arm(pool_.next_tick());
}

bool fast_lane::is_sent_again(fast_call const& c) const noexcept {
    return c.what.lease == 0 && !c.retry_.repeated() && !c.what.session &&
           (c.what.repeatable || (c.what.numbered && settings_.retry_writes && c.connection_->numbers_writes()));
}

void fast_lane::grant(grant_client const& g, steady_clock::time_point now, asio::execution_context* here, later& todo) {
    auto& c = call_of(g.request);
    c.connection_ = connections_.at(g.client).get();
    c.connection_->user = &c;
    if (c.connection_->context() != c.caller->context)
        c.connection_->detach();
    auto const idle = now - c.connection_->idle_since;
    c.in_doubt_ = idle > trusted_for || (idle.count() != 0 && !is_sent_again(c)); // not when it comes from another call just now
    count_wait(c.outcome, now - c.queued_at_, std::exchange(c.connection_->connect_times, phase_times()));
    c.granted_at_ = now;
    c.expiry_ = std::min(c.expiry_, now + settings_.socket_timeout);
    arm(c.expiry_);
    if (c.caller->context == here) {
        c.state_ = fast_call::state::running;
        todo.begun.push_back(c.shared());
    } else {
        c.state_ = fast_call::state::granted;
        asio::post(c.caller->executor, [c = c.shared()]() mutable { c->lane_->begin_granted(std::move(c)); });
    }
}

void fast_lane::put_back(fast_call& c, bool usable, steady_clock::time_point now, asio::execution_context* here, later& todo) {
    auto& connection = *std::exchange(c.connection_, nullptr);
    auto const id = connection.id();
    connection.user = nullptr;
    connection.idle_since = now;
    c.outcome.served += now - c.granted_at_;
    c.outcome.times.add(phase::server, now - c.granted_at_);
    usable = usable && connection.generation() == generation_;
    if (usable)
        run_errands(connection, now);
    else {
        forget_session(connection.session());
        connections_.erase(id);
    }
    apply(pool_.released(id, usable, now), now, here, todo);
}

// The server is not what it was: no connection of that time is used again.
void fast_lane::forget_generation(std::uint64_t generation, steady_clock::time_point now, later& todo) {
    if (generation != generation_)
        return;
    ++generation_;
    std::vector<client_id> idle;
    for (auto const& [id, connection] : connections_)
        if (connection->user == nullptr)
            idle.push_back(id);
    for (auto const id : idle) {
        connections_.erase(id);
        apply(pool_.lost(id, now), now, nullptr, todo);
    }
}

void fast_lane::carry_out(later&& todo) {
    for (auto const id : todo.opened)
        control_->open_socket([weak = weak_from_this(), id](socket_offer offer) {
            if (auto const self = weak.lock())
                self->offered(id, std::move(offer));
        });
    for (auto& c : todo.begun)
        begin(std::move(c), delivery::posted);
    for (auto& c : todo.passed_on)
        control_->start(std::move(c));
    for (auto const& done : todo.drained)
        done();
}

void fast_lane::offered(client_id id, socket_offer offer) {
    auto const now = steady_clock::now();
    later todo;
    guard lock(mutex_);
    auto const generation = opening_.extract(id).mapped();
    if (!offer.socket.descriptor) {
        connect_error_ = failed_connection{std::move(offer.why), offer.times};
        auto& why = connect_error_.why;
        if (why.code == errc() && why.server_code == 0) {
            why.code = errc::network; // it broke when it was ready
            why.replied = false;
        }
        apply(pool_.connect_failed(id, failure_kind(why), now), now, nullptr, todo);
    } else if (!offer.socket.takes_writes && !closing_) {
        passes_on_ = true;
        for (auto it = live_.begin(); it != live_.end();) {
            auto& c = *it++;
            if (c.state_ != fast_call::state::queued)
                continue;
            pool_.abandon(id_of(c), now);
            auto mine = finish(c, todo);
            mine->state_ = fast_call::state::passed_on;
            book_->enter(mine);
            todo.passed_on.push_back(std::move(mine));
        }
        apply(pool_.connect_failed(id, connect_failure::transient, now), now, nullptr, todo);
        apply(pool_.close(), now, nullptr, todo);
    } else if (generation != generation_ && !closing_) {
        opening_[id] = generation_;
        todo.opened.push_back(id);
    } else {
        auto made = std::make_unique<fast_connection>(id, generation, std::move(offer.socket));
        made->connect_times = offer.times;
        connections_.emplace(id, std::move(made));
        apply(pool_.connected(id, now), now, nullptr, todo);
    }
    lock.unlock();
    carry_out(std::move(todo));
}

// --- time, on the driver thread ----------------------------------------------------------------------------------------

void fast_lane::arm(steady_clock::time_point when) {
    if (when >= armed_at_)
        return;
    armed_at_ = when;
    control_->post([weak = weak_from_this()] {
        if (auto const self = weak.lock())
            self->start_timer();
    });
}

void fast_lane::start_timer() {
    auto const when = [&] {
        guard const lock(mutex_);
        return armed_at_;
    }();
    timer_.expires_at(when);
    timer_.async_wait([weak = weak_from_this()](error_code ec) {
        if (auto const self = weak.lock(); self && !ec)
            self->tick();
    });
}

void fast_lane::tick() {
    auto const now = steady_clock::now();
    later todo;
    std::vector<std::shared_ptr<fast_call>> too_late;
    guard lock(mutex_);
    armed_at_ = steady_clock::time_point::max();
    auto next = armed_at_;
    for (auto& c : live_) {
        if (c.expiry_ > now)
            next = std::min(next, c.expiry_);
        else if (c.state_ == fast_call::state::queued)
            too_late.push_back(c.shared());
        else {
            interrupt(c, c.what.deadline && *c.what.deadline <= now ? errc::deadline : errc::network);
            c.expiry_ = steady_clock::time_point::max();
        }
    }
    if (auto* const connection = idle_connection())
        run_errands(*connection, now);
    if (forgotten_.due() > now) // else the next connection that is free tells of it
        next = std::min(next, forgotten_.due());
    arm(next);
    apply(pool_.tick(now), now, nullptr, todo);
    lock.unlock();
    for (auto const& c : too_late)
        end_queued(c, errc::deadline, control_->waited_for());
    carry_out(std::move(todo));
}

// --- the end -----------------------------------------------------------------------------------------------------------

void fast_lane::say_goodbye() {
    auto* const connection = idle_connection();
    if (connection == nullptr)
        return;
    for (auto const& [id, c] : connections_)
        if (c->user == nullptr)
            keep_session(std::exchange(c->session(), server_session()));
    for (auto& [id, l] : leases_)
        if (l.own)
            keep_session(std::move(l.session));
    for (auto& s : ended_with_me_->close())
        keep_session(std::move(s));
    run_errands(*connection, steady_clock::now());
    connection->tell("admin", make_end_of_sessions(sessions_), bson_buffer());
}

void fast_lane::close(std::function<void()> done) {
    later todo;
    guard lock(mutex_);
    when_drained_.push_back(std::move(done));
    if (!std::exchange(closing_, true)) {
        say_goodbye();
        leases_.clear();
        sessions_.clear();
        auto const now = steady_clock::now();
        apply(pool_.close(), now, nullptr, todo);
        for (auto& c : live_)
            interrupt(c, errc::cancelled);
    }
    if (live_.empty())
        for (auto& d : std::exchange(when_drained_, {}))
            todo.drained.push_back(std::move(d));
    lock.unlock();
    carry_out(std::move(todo));
}

void fast_lane::leave(asio::execution_context& home) noexcept {
    later todo;
    std::vector<std::shared_ptr<fast_call>> calls;
    std::vector<std::unique_ptr<fast_connection>> closed;
    guard lock(mutex_);
    auto const now = steady_clock::now();
    for (auto it = live_.begin(); it != live_.end();) {
        auto& c = *it++;
        if (c.caller->context != &home)
            continue;
        if (c.state_ == fast_call::state::queued)
            pool_.abandon(id_of(c), now);
        else if (c.state_ == fast_call::state::granted)
            put_back(c, true, now, nullptr, todo);
        else {
            auto const id = c.connection_->id();
            closed.push_back(std::move(connections_.extract(id).mapped()));
            forget_session(closed.back()->session());
            forget_session(c.session_);
            spoil_session(c);
            apply(pool_.released(id, false, now), now, nullptr, todo);
        }
        calls.push_back(finish(c, todo));
    }
    // What is idle is used on other contexts from now on.
    for (auto const& [id, connection] : connections_)
        if (connection->context() == &home)
            connection->detach();
    lock.unlock();
    closed.clear();
    calls.clear(); // with the handlers that were never called
    carry_out(std::move(todo));
}

} // namespace cormorant::detail
