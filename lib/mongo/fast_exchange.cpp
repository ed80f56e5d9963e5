#include "mongo/errors.hpp"
#include "mongo/fast_lane.hpp"

#include <algorithm>
#include <utility>

// The part of the lane that works with connections: commands and answers, sessions and cursors.

namespace cormorant::detail {

namespace asio = boost::asio;
using boost::system::error_code;
using namespace std::chrono_literals;

namespace {

std::string describe(error_code ec) {
    return ec == asio::error::eof ? "the server closed the connection" : ec.message();
}

} // namespace

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
void fast_lane::end_unsent(std::shared_ptr<fast_call> c, guard& lock, later&& todo, delivery how) {
    c->outcome.code = c->ended_by_;
    c->outcome.message = describe_interruption(c->ended_by_);
    c->outcome.where = phase::queue;
    hand_back(std::move(c), lock, std::move(todo), how);
}

// The call is over: who waits for its connection comes first, then its caller.
void fast_lane::hand_back(std::shared_ptr<fast_call> c, guard& lock, later&& todo, delivery how) {
    finish(*c, todo);
    auto const drained = std::exchange(todo.drained, {});
    lock.unlock();
    carry_out(std::move(todo));
    c->what.commands.clear(); // what the caller does next finds their memory
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
    command_addition a;
    a.database = c.what.database;
    if (c.what.deadline && c.what.bounded)
        a.max_time = time_left(*c.what.deadline);
    bool const numbered = c.what.numbered && settings_.retry_writes && connection.numbers_writes();
    if (auto const& part = c.what.session) {
        part->session->used_on(connection.address());
        if (numbered && !c.number_)
            c.number_ = part->session->next_number();
        a.session = part->session->id();
        a.transaction_number = part->transaction ? part->transaction : numbered ? c.number_ : std::nullopt;
        a.in_transaction = part->transaction.has_value();
        a.starts_transaction = part->starts;
        a.cluster_time = part->cluster_time;
        a.read_concern = c.what.read_concern;
        a.write_concern = c.what.write_concern;
        if (c.retry_.repeated() && !part->second_write_concern.empty())
            a.write_concern = part->second_write_concern;
        return a;
    }
    // No `$clusterTime`: what one operation has seen binds another only in a session of the caller's, which carries it along.
    auto& session = c.session_ ? c.session_ : connection.session();
    auto const now = c.granted_at_;
    if (!session || (session.last_use + session_lifetime < now && c.what.lease == 0))
        session = make_session();
    session.last_use = now;
    session.used_on(connection.address());
    if (numbered && !c.number_)
        c.number_ = ++session.last_number;

    a.session = session.id;
    if (numbered)
        a.transaction_number = c.number_;
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
    connection.socket().async_read_some(
        connection.answer().space(), [c = std::move(c)](error_code ec, std::size_t count) mutable {
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
bool fast_lane::accept(fast_call& c, answer&& a) {
    ++c.outcome.round_trips;
    bool const more =
        c.position_ + 1 < c.what.commands.size() && a.server_code == 0 && !(c.what.ordered && has_write_errors(a.reply));
    if (a.server_code == 0)
        c.outcome.in_doubt = false;
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
void fast_lane::settle(std::shared_ptr<fast_call> c, answer&& a, bool usable, delivery how) {
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
            a.message = describe_interruption(a.code);
        }
    }
    bool const broken = !a.replied && a.sent && a.code == errc::network;
    if (broken || (a.replied && is_state_change(a.server_code))) {
        usable = false;
        forget_generation(connection.generation(), now, todo);
    }
    auto const& part = c->what.session;
    if (!a.replied && a.sent)
        spoil_session(*c);
    bool const known_again = c->number_.has_value() || (part && part->ends);
    auto const verdict = c->retry_.judge(a, retry_rules{c->what.repeatable, known_again, c->what.lease != 0}, false);
    if (verdict == retry_verdict::repeat) {
        if (c->number_ && !c->session_ && !part)
            c->session_ = std::exchange(connection.session(), server_session());
        c->outcome.code = a.replied ? errc_of_server(a.server_code) : a.code;
        c->outcome.message = a.message;
        c->outcome.sent = a.sent;
        c->outcome.where = a.where;
        c->outcome.in_doubt = c->outcome.in_doubt || leaves_doubt(a);
        if (known_again)
            c->first_ = std::move(a);
        c->ended_by_ = errc(); // a timeout of the socket
        put_back(*c, usable, now, c->caller->context, todo);
        enqueue(*c, now, c->caller->context, todo);
        lock.unlock();
        return carry_out(std::move(todo));
    }
    bool const first_counts =
        c->first_ && c->ended_by_ == errc() && (!a.replied || a.server_code != 0) && attempt_to_report(a) == attempt::first;
    if (first_counts)
        a = std::move(*c->first_);
    bool more = false;
    if (a.replied)
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
        if (c.what.session)
            kept.session.id = c.what.session->session->id(); // which stays the caller's
        else
            kept.session = std::exchange(c.session_ ? c.session_ : connection.session(), server_session());
        kept.own = !c.what.session;
        kept.address = connection.address();
        while (!connection.session() && !sessions_.empty()) {
            if (sessions_.back().last_use + session_lifetime > now)
                connection.session() = std::move(sessions_.back());
            sessions_.pop_back();
        }
        c.outcome.lease = cursor_lease(
            weak_from_this(), id, cursor, c.what.database, cursor_collection_of(c.outcome.answers.back().reply), true);
        return;
    }
    if (c.what.lease != 0)
        leases_.erase(c.what.lease);
    if (c.session_ && usable)
        keep_session(std::exchange(c.session_, server_session()));
    else
        forget_session(c.session_);
}

// The server is told by the next connection that is free.
void fast_lane::forget_session(server_session const& session) {
    if (closing_)
        return;
    forgotten_.add(session, steady_clock::now());
    arm(forgotten_.due());
}

// Not here: whoever lets go of the session may hold the mutex.
void fast_lane::forget(server_session session) {
    control_->post([weak = weak_from_this(), s = std::move(session)] {
        if (auto const self = weak.lock()) {
            guard const lock(self->mutex_);
            self->forget_session(s);
        }
    });
}

// One of the caller's, who may go on with it: it is forgotten when he lets go of it.
void fast_lane::spoil_session(fast_call& c) {
    if (auto const& part = c.what.session)
        part->session->spoil([weak = weak_from_this()](server_session s) {
            if (auto const self = weak.lock())
                self->forget(std::move(s));
        });
}

void fast_lane::run_errands(fast_connection& on, steady_clock::time_point now) {
    for (auto& e : std::exchange(errands_, {}))
        run(std::move(e), on);
    if (!closing_ && forgotten_.due() > now)
        return;
    auto const told = closing_ ? forgotten_.take_all() : forgotten_.take_due(now);
    if (told.empty())
        return;
    for (auto const& f : told)
        run(errand{f.server, "admin", make_ending_commands(f.sessions), bson_buffer()}, on);
    arm(forgotten_.due());
}

// The connections here are to the primary, and only the driver has others.
void fast_lane::run(errand&& e, fast_connection& on) {
    if (e.server != on.address())
        return control_->tell(std::move(e.server), std::move(e.database), std::move(e.commands));
    for (auto& one : e.commands)
        on.tell(e.database, std::move(one), e.session);
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
    errand e{std::move(node.mapped().address), std::move(database), {}, node.mapped().session.id};
    e.commands.push_back(make_kill_cursors(cursor, collection));
    if (node.mapped().own)
        keep_session(std::move(node.mapped().session));
    if (auto* const connection = idle_connection())
        run(std::move(e), *connection);
    else
        errands_.push_back(std::move(e));
}

} // namespace cormorant::detail
