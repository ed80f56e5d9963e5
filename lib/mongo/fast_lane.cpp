#include "mongo/fast_lane.hpp"

#include "mongo/errors.hpp"

#include <boost/asio/post.hpp>

#include <algorithm>
#include <utility>

namespace cormorant::detail {

namespace asio = boost::asio;
using boost::system::error_code;
using namespace std::chrono_literals;

namespace {

// The server forgets a session after 30 minutes; one that is about to be forgotten is not used any more.
constexpr auto session_lifetime = 29min;

request_id id_of(fast_call const& c) noexcept {
    return reinterpret_cast<request_id>(&c);
}
fast_call& call_of(request_id id) noexcept {
    return *reinterpret_cast<fast_call*>(id); // made by id_of of a call that waits
}

std::string describe(errc why) {
    switch (why) {
    case errc::deadline:
        return "the deadline passed";
    case errc::network:
        return "the server did not answer in time";
    default:
        return "the operation was cancelled";
    }
}

std::string describe(error_code ec) {
    return ec == asio::error::eof ? "the server closed the connection" : ec.message();
}

} // namespace

fast_lane::fast_lane(std::shared_ptr<driver> control)
    : control_(std::move(control)), settings_(control_->settings()), pool_(settings_.pool), timer_(control_->context()) {}

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
    later todo;
    guard lock(mutex_);
    watch(*c->caller->context, lock);
    if (closing_) {
        lock.unlock();
        return c->fail(errc::not_connected, "the store is closed", phase::none);
    }
    if (c->what.deadline && *c->what.deadline <= now) {
        lock.unlock();
        return c->fail(errc::deadline, describe(errc::deadline), phase::queue);
    }
    if (c->what.lease != 0) {
        auto const it = leases_.find(c->what.lease);
        if (it == leases_.end()) {
            lock.unlock();
            return c->fail(errc::cursor_not_found, "the cursor is closed", phase::none);
        }
        c->session_ = std::move(it->second.session);
        c->server_ = it->second.address;
    }
    if (passes_on_) {
        c->state_ = fast_call::state::passed_on;
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
    apply(pool_.acquire(id_of(c), now), now, here, 0, todo);
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
            end_queued(c, errc::cancelled, phase::queue);
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

void fast_lane::end_queued(std::shared_ptr<fast_call> const& c, errc why, phase where) {
    later todo;
    guard lock(mutex_);
    if (c->state_ == fast_call::state::granted || c->state_ == fast_call::state::running)
        return interrupt(*c, why); // it got a connection in the meantime
    if (c->state_ != fast_call::state::queued)
        return;
    auto const now = steady_clock::now();
    apply(pool_.abandon(id_of(*c), now), now, nullptr, 0, todo);
    c->outcome.code = why;
    c->outcome.message = describe(why);
    c->outcome.where = where;
    c->outcome.queued += now - c->queued_at_;
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

// `handed_on`: a connection that comes from a call just now, so that nobody has had time to close it.
void fast_lane::apply(pool_actions const& actions, steady_clock::time_point now, asio::execution_context* here, client_id handed_on,
    later& todo) {
    for (auto const& action : actions) {
        if (auto const* g = std::get_if<grant_client>(&action))
            grant(*g, now, here, g->client != handed_on, todo);
        else if (auto const* o = std::get_if<open_client>(&action)) {
            opening_[o->client] = generation_;
            todo.opened.push_back(o->client);
        } else if (auto const* e = std::get_if<close_client>(&action))
            connections_.erase(e->client);
        else if (auto const* r = std::get_if<refuse_request>(&action)) {
            auto& c = call_of(r->request);
            c.outcome.queued += now - c.queued_at_;
            // The specification: when the second attempt does not get as far as the server, the first error is the one to report.
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

void fast_lane::grant(
    grant_client const& g, steady_clock::time_point now, asio::execution_context* here, bool in_doubt, later& todo) {
    auto& c = call_of(g.request);
    c.connection_ = connections_.at(g.client).get();
    c.connection_->user = &c;
    if (c.connection_->context() != c.caller->context)
        c.connection_->detach();
    c.in_doubt_ = in_doubt;
    c.outcome.queued += now - c.queued_at_;
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
    c.outcome.served += now - c.granted_at_;
    usable = usable && connection.generation() == generation_;
    if (usable)
        for (auto& e : std::exchange(errands_, {}))
            connection.tell(e.database, std::move(e.what), e.session);
    else
        connections_.erase(id);
    apply(pool_.released(id, usable, now), now, here, id, todo);
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
        apply(pool_.lost(id, now), now, nullptr, 0, todo);
    }
}

void fast_lane::carry_out(later todo) {
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
        connect_error_ = std::move(offer.why);
        if (connect_error_.code == errc() && connect_error_.server_code == 0) {
            connect_error_.code = errc::network; // it broke when it was ready
            connect_error_.replied = false;
        }
        apply(pool_.connect_failed(id, failure_kind(connect_error_), now), now, nullptr, 0, todo);
    } else if (!offer.socket.takes_writes && !closing_) {
        passes_on_ = true;
        for (auto it = live_.begin(); it != live_.end();) {
            auto& c = *it++;
            if (c.state_ != fast_call::state::queued)
                continue;
            pool_.abandon(id_of(c), now);
            auto mine = finish(c, todo);
            mine->state_ = fast_call::state::passed_on;
            todo.passed_on.push_back(std::move(mine));
        }
        apply(pool_.connect_failed(id, connect_failure::transient, now), now, nullptr, 0, todo);
        apply(pool_.close(), now, nullptr, 0, todo);
    } else if (generation != generation_ && !closing_) {
        opening_[id] = generation_;
        todo.opened.push_back(id);
    } else {
        connections_.emplace(id, std::make_unique<fast_connection>(id, generation, std::move(offer.socket)));
        apply(pool_.connected(id, now), now, nullptr, id, todo);
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
    arm(next);
    apply(pool_.tick(now), now, nullptr, 0, todo);
    lock.unlock();
    for (auto const& c : too_late)
        end_queued(c, errc::deadline, control_->waited_for());
    carry_out(std::move(todo));
}

// --- on a connection ---------------------------------------------------------------------------------------------------

void fast_lane::begin_granted(std::shared_ptr<fast_call> c) {
    later todo;
    guard lock(mutex_);
    if (c->state_ != fast_call::state::granted)
        return;
    if (c->ended_by_ != errc()) {
        put_back(*c, true, steady_clock::now(), c->caller->context, todo);
        return end_unsent(std::move(c), lock, std::move(todo), delivery::in_place);
    }
    c->state_ = fast_call::state::running;
    lock.unlock();
    begin(std::move(c), delivery::in_place);
}

// Interrupted before anything was written; it has no connection any more.
void fast_lane::end_unsent(std::shared_ptr<fast_call> c, guard& lock, later todo, delivery how) {
    c->outcome.code = c->ended_by_;
    c->outcome.message = describe(c->ended_by_);
    c->outcome.where = phase::queue;
    hand_back(std::move(c), lock, std::move(todo), how);
}

// The call is over: who waits for its connection comes first, then its caller.
void fast_lane::hand_back(std::shared_ptr<fast_call> c, guard& lock, later todo, delivery how) {
    finish(*c, todo);
    auto const drained = std::exchange(todo.drained, {});
    lock.unlock();
    carry_out(std::move(todo));
    c->complete(how);
    for (auto const& done : drained)
        done();
}

void fast_lane::begin(std::shared_ptr<fast_call> c, delivery how) {
    auto& connection = *c->connection_;
    connection.attach(*c->caller);
    if (c->in_doubt_ && connection.is_stale()) {
        later todo;
        guard lock(mutex_);
        auto const now = steady_clock::now();
        put_back(*c, false, now, c->caller->context, todo);
        if (c->ended_by_ != errc()) // it is we who shut it down
            return end_unsent(std::move(c), lock, std::move(todo), how);
        enqueue(*c, now, c->caller->context, todo);
        lock.unlock();
        return carry_out(std::move(todo));
    }
    if (c->what.lease != 0 && !c->server_.empty() && c->server_ != connection.address()) {
        answer a;
        a.code = errc::cursor_not_found;
        a.message = "the server that has the cursor is not the primary any more";
        return settle(std::move(c), std::move(a), true, how);
    }
    ++c->outcome.attempts;
    c->outcome.code = errc(); // of an attempt before
    c->outcome.message.clear();
    send(std::move(c), how);
}

command_addition fast_lane::addition_of(fast_call& c) {
    auto& connection = *c.connection_;
    auto& session = c.session_ ? c.session_ : connection.session();
    auto const now = c.granted_at_;
    if (!session || (session.last_use + session_lifetime < now && c.what.lease == 0))
        session = make_session();
    session.last_use = now;
    bool const numbered = c.what.numbered && settings_.retry_writes && connection.numbers_writes();
    if (numbered && !c.number_)
        c.number_ = ++session.last_number;

    command_addition a;
    a.database = c.what.database;
    a.session = session.id;
    if (numbered)
        a.transaction_number = c.number_;
    if (c.what.deadline && c.what.bounded)
        a.max_time = std::max(1ms, std::chrono::ceil<std::chrono::milliseconds>(*c.what.deadline - steady_clock::now()));
    if (c.what.lease == 0) {
        a.read_concern = c.what.read_concern;
        a.write_concern = c.what.write_concern;
        if (a.read_concern.empty() && c.what.mode == command_mode::read)
            a.read_concern = settings_.read_concern;
        if (a.write_concern.empty() && c.what.mode == command_mode::write)
            a.write_concern = settings_.write_concern;
    }
    return a;
}

void fast_lane::send(std::shared_ptr<fast_call> c, delivery how) {
    error_code ec;
    auto progress = fast_connection::written::failed;
    try {
        progress = c->connection_->write(c->what.commands[c->position_], addition_of(*c), ec);
    } catch (error const& e) {
        answer a; // too long, say
        a.code = static_cast<errc>(e.code().value());
        a.message = e.message();
        return settle(std::move(c), std::move(a), true, how);
    }
    if (progress == fast_connection::written::failed)
        return lost(std::move(c), describe(ec), how);
    if (progress == fast_connection::written::some)
        return write_on(std::move(c));
    read_on(std::move(c));
}

void fast_lane::write_on(std::shared_ptr<fast_call> c) {
    auto& socket = c->connection_->socket();
    socket.async_wait(fast_connection::socket_type::wait_write, [c = std::move(c)](error_code ec) mutable {
        auto& lane = *c->lane_;
        auto const progress = ec ? fast_connection::written::failed : c->connection_->write_more(ec);
        if (progress == fast_connection::written::failed)
            return lane.lost(std::move(c), describe(ec), delivery::in_place);
        if (progress == fast_connection::written::some)
            return lane.write_on(std::move(c));
        lane.read_on(std::move(c));
    });
}

// The last that its caller does: the handler may run on another thread before this returns.
void fast_lane::read_on(std::shared_ptr<fast_call> c) {
    auto& connection = *c->connection_;
    connection.socket().async_read_some(connection.answer().space(), [c = std::move(c)](error_code ec, std::size_t count) mutable {
        auto& lane = *c->lane_;
        lane.take(std::move(c), ec, count);
    });
}

void fast_lane::take(std::shared_ptr<fast_call> c, error_code ec, std::size_t count) {
    if (ec)
        return lost(std::move(c), describe(ec), delivery::in_place);
    auto& in = c->connection_->answer();
    switch (in.take(count)) {
    case incoming_message::progress::unfinished:
        return read_on(std::move(c));
    case incoming_message::progress::malformed:
        break;
    case incoming_message::progress::complete: {
        answer a;
        a.reply = in.body();
        auto const code = code_of(a.reply);
        if (!code)
            break;
        a.replied = true;
        a.server_code = *code;
        if (a.server_code != 0)
            a.message = message_of(a.reply);
        a.sent = true;
        a.where = phase::server;
        return settle(std::move(c), std::move(a), true, delivery::in_place);
    }
    }
    lost(std::move(c), "the server sent a malformed message", delivery::in_place);
}

void fast_lane::lost(std::shared_ptr<fast_call> c, std::string message, delivery how) {
    answer a;
    a.code = errc::network;
    a.message = std::move(message);
    a.sent = c->connection_->has_sent();
    a.where = phase::server;
    settle(std::move(c), std::move(a), false, how);
}

// Adds an answer that counts. True when there is another command to be sent.
bool fast_lane::accept(fast_call& c, answer a) {
    ++c.outcome.round_trips;
    bool const more = c.position_ + 1 < c.what.commands.size() && a.server_code == 0 &&
                      !(c.what.ordered && has_write_errors(a.reply));
    c.outcome.answers.push_back(std::move(a));
    if (more) {
        ++c.position_;
        c.number_.reset();
        c.first_.reset();
        c.retry_.begin_next();
    }
    return more;
}

// The end of an attempt: what came of it decides what happens to the call and to the connection.
void fast_lane::settle(std::shared_ptr<fast_call> c, answer a, bool usable, delivery how) {
    auto const now = steady_clock::now();
    bool const open = a.replied && a.server_code == 0 && c->what.cursor;
    auto const cursor = open ? cursor_id_of(a.reply) : 0;
    later todo;
    guard lock(mutex_);
    auto& connection = *c->connection_;
    if (c->ended_by_ != errc()) {
        usable = false;
        if (!a.replied) {
            a.code = c->ended_by_;
            a.message = describe(a.code);
        }
    }
    bool const broken = !a.replied && a.sent && a.code == errc::network;
    if (broken || (a.replied && is_state_change(a.server_code))) {
        usable = false;
        forget_generation(connection.generation(), now, todo);
    }
    auto const verdict = c->retry_.judge(a, retry_rules{c->what.repeatable, c->number_.has_value(), c->what.lease != 0}, false);
    if (verdict == retry_verdict::repeat) {
        if (c->number_ && !c->session_)
            c->session_ = std::exchange(connection.session(), server_session());
        c->outcome.code = a.replied ? errc_of_server(a.server_code) : a.code;
        c->outcome.message = a.message;
        c->outcome.sent = a.sent;
        c->outcome.where = a.where;
        if (c->number_)
            c->first_ = std::move(a);
        c->ended_by_ = errc(); // a timeout of the socket
        put_back(*c, usable, now, c->caller->context, todo);
        enqueue(*c, now, c->caller->context, todo);
        lock.unlock();
        return carry_out(std::move(todo));
    }
    bool more = false;
    if (verdict == retry_verdict::accept)
        more = accept(*c, std::move(a));
    else {
        c->outcome.code = a.code;
        c->outcome.message = std::move(a.message);
        c->outcome.sent = a.sent;
        c->outcome.where = a.where;
    }
    if (more && usable) {
        c->expiry_ = std::min(c->what.deadline.value_or(steady_clock::time_point::max()), now + settings_.socket_timeout);
        lock.unlock();
        return send(std::move(c), how);
    }
    keep_lease(*c, cursor, usable, now);
    put_back(*c, usable, now, c->caller->context, todo);
    if (more) {
        enqueue(*c, now, c->caller->context, todo);
        lock.unlock();
        return carry_out(std::move(todo));
    }
    hand_back(std::move(c), lock, std::move(todo), how);
}

// --- sessions and cursors ----------------------------------------------------------------------------------------------

// An open cursor keeps the session that it was made with; all else gives it back.
void fast_lane::keep_lease(fast_call& c, std::int64_t cursor, bool usable, steady_clock::time_point now) {
    auto& connection = *c.connection_;
    if (cursor != 0 && !closing_) {
        auto const id = c.what.lease != 0 ? c.what.lease : next_lease_++;
        auto& kept = leases_[id];
        kept.session = std::exchange(c.session_ ? c.session_ : connection.session(), server_session());
        kept.address = connection.address();
        while (!connection.session() && !sessions_.empty()) {
            if (sessions_.back().last_use + session_lifetime > now)
                connection.session() = std::move(sessions_.back());
            sessions_.pop_back();
        }
        c.outcome.lease =
            cursor_lease(weak_from_this(), id, cursor, c.what.database, cursor_collection_of(c.outcome.answers.back().reply), true);
        return;
    }
    if (c.what.lease != 0)
        leases_.erase(c.what.lease);
    if (c.session_ && usable) // one that a connection broke under may be in use at the server
        keep_session(std::exchange(c.session_, server_session()));
}

void fast_lane::keep_session(server_session s) {
    if (s)
        sessions_.push_back(std::move(s));
}

fast_connection* fast_lane::idle_connection() noexcept {
    for (auto const& [id, connection] : connections_)
        if (connection->user == nullptr)
            return connection.get();
    return nullptr;
}

void fast_lane::release(lease_id id, std::int64_t cursor, std::string database, std::string collection) {
    guard const lock(mutex_);
    auto node = leases_.extract(id);
    if (!node || closing_)
        return;
    errand e{std::move(database), make_kill_cursors(cursor, collection), node.mapped().session.id};
    keep_session(std::move(node.mapped().session));
    if (auto* const connection = idle_connection())
        connection->tell(e.database, std::move(e.what), e.session);
    else
        errands_.push_back(std::move(e));
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
        keep_session(std::move(l.session));
    constexpr std::size_t most = 10'000; // that the server takes at once
    bson_buffer body;
    bson_writer writer(body);
    auto const root = writer.open();
    auto const list = writer.open("endSessions", bson_type::array);
    position_key position;
    for (std::size_t i = 0; i < std::min(most, sessions_.size()); ++i)
        writer.put(position(i), bson_view(sessions_[i].id));
    writer.close(list);
    writer.close(root);
    connection->tell("admin", command(std::move(body)), bson_buffer());
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
        apply(pool_.close(), now, nullptr, 0, todo);
        for (auto& c : live_)
            interrupt(c, errc::cancelled);
    }
    if (live_.empty())
        for (auto& d : std::exchange(when_drained_, {}))
            todo.drained.push_back(std::move(d));
    lock.unlock();
    carry_out(std::move(todo));
}

void fast_lane::watch(asio::execution_context& home, guard& lock) {
    if (std::find(homes_.begin(), homes_.end(), &home) != homes_.end())
        return;
    lock.unlock(); // the context has a mutex of its own
    asio::use_service<home_watch>(home).add(weak_from_this());
    lock.lock();
    homes_.push_back(&home);
}

void fast_lane::leave(asio::execution_context& home) noexcept {
    later todo;
    std::vector<std::shared_ptr<fast_call>> calls;
    std::vector<std::unique_ptr<fast_connection>> closed;
    guard lock(mutex_);
    auto const now = steady_clock::now();
    std::erase(homes_, &home);
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
            apply(pool_.released(id, false, now), now, nullptr, 0, todo);
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
