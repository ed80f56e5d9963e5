#include "mongo/driver.hpp"

#include "mongo/errors.hpp"

#include <boost/asio/post.hpp>

#include <fmt/format.h>

#include <utility>

namespace cormorant::detail {

namespace asio = boost::asio;
using namespace std::chrono_literals;

namespace {
// Between two looks for a server; the minimum of the server discovery specification.
constexpr auto selection_pause = 500ms;
} // namespace

namespace {
// What is to be ready is what plain operations use.
pool_limits limits_of(mongo_settings const& settings) {
    auto limits = settings.pool;
    if (settings.fast_lane)
        limits.min_size = 0;
    return limits;
}
} // namespace

driver::driver(mongo_settings settings) : settings_(std::move(settings)), pool_(limits_of(settings_)) {}

// --- from other threads ------------------------------------------------------------------------------------------------

bool driver::post(std::function<void()> f) {
    std::lock_guard const lock(mutex_);
    if (accepting_)
        asio::post(context_, std::move(f));
    return accepting_;
}

void driver::start(std::shared_ptr<call> c) {
    if (!post([this, c] { begin(std::make_shared<ticket>(c)); }))
        c->fail(errc::not_connected, "the store is closed", phase::none);
}

void driver::cancel(std::shared_ptr<call> const& c) {
    post([this, weak = std::weak_ptr(c)] {
        auto const it = live_.find(weak.lock().get());
        if (it != live_.end())
            end_early(std::shared_ptr(it->second), errc::cancelled);
    });
}

void driver::release(lease_id id, std::int64_t cursor, std::string database, std::string collection) {
    post([this, id, cursor, database = std::move(database), collection = std::move(collection)] {
        auto const it = leases_.find(id);
        if (it == leases_.end())
            return;
        auto const server = it->second.server;
        it->second.holder->submit(
            [this, id, cursor, server, database, collection, where = it->second.holder->where()](client& c) {
                time_limit const limit(where, farewell_time);
                command_options o;
                o.mode = command_mode::raw;
                o.server = server;
                c.run(database, make_kill_cursors(cursor, collection), o);
                end_lease(id, c.usable());
            });
    });
}

std::optional<home> driver::guest_home() {
    std::lock_guard const lock(mutex_);
    if (!accepting_)
        return std::nullopt;
    ++guests_;
    std::shared_ptr<void> stay(nullptr, [self = shared_from_this()](void*) {
        --self->guests_;
        self->post([self = self.get()] { self->end_when_drained(); });
    });
    return home{context_.get_executor(), &context_, false, std::move(stay)};
}

void driver::close(std::function<void()> done) {
    auto const shared = std::make_shared<std::function<void()>>(std::move(done));
    if (!post([this, shared] {
            when_closed_.push_back(std::move(*shared));
            shut();
        }))
        (*shared)();
}

// --- requests ----------------------------------------------------------------------------------------------------------

void driver::begin(std::shared_ptr<ticket> const& t) {
    live_.emplace(t->call_.get(), t);
    t->started_ = steady_clock::now();
    if (closing_)
        return fail(t, errc::not_connected, "the store is closed", phase::none);
    if (auto const deadline = t->what_.deadline) {
        if (*deadline <= t->started_)
            return end_early(t, errc::deadline);
        t->deadline_.emplace(context_, *deadline);
        t->deadline_->async_wait([this, weak = std::weak_ptr(t)](boost::system::error_code ec) {
            if (auto const still = weak.lock(); still && !ec)
                end_early(still, errc::deadline);
        });
    }
    if (t->what_.lease == 0)
        return enqueue(t);
    auto const it = leases_.find(t->what_.lease);
    if (it == leases_.end())
        return fail(t, errc::cursor_not_found, "the cursor is closed", phase::none);
    auto const holder = it->second.holder;
    t->state_ = ticket::state::queued;
    t->queued_at_ = t->started_;
    holder->submit([this, t, id = it->second.client, w = holder.get()](client& c) { serve(t, id, *w, c); });
}

void driver::enqueue(std::shared_ptr<ticket> const& t) {
    t->state_ = ticket::state::queued;
    t->queued_at_ = steady_clock::now();
    t->request_ = next_request_++;
    waiting_.emplace(t->request_, t);
    apply(pool_.acquire(t->request_, t->queued_at_));
}

void driver::pause(std::shared_ptr<ticket> const& t, std::chrono::milliseconds time) {
    t->state_ = ticket::state::pausing;
    t->queued_at_ = steady_clock::now();
    t->pause_.emplace(context_, time);
    t->pause_->async_wait([this, t](boost::system::error_code) {
        if (t->state_ != ticket::state::pausing)
            return;
        t->result_.times.add(phase::selection, steady_clock::now() - t->queued_at_);
        enqueue(t);
    });
}

// What a request in the queue waits for: that a client is connected, or that one becomes free.
waiting_for driver::waited_for() const {
    auto const at = [](worker const& w) { return waiting_for{w.where()->where(), w.where()->times()}; };
    for (auto const& [id, w] : workers_)
        if (w->connecting())
            return at(*w);
    for (auto const& w : openers_)
        if (w->connecting())
            return at(*w);
    return {};
}

// Answers the caller now; the client that is at it is interrupted and goes.
void driver::end_early(std::shared_ptr<ticket> const& t, errc why) {
    auto const before = t->state_;
    if (before == ticket::state::finished)
        return;
    auto where = phase::queue;
    if (before == ticket::state::pausing) {
        where = phase::selection;
        t->result_.times.add(phase::selection, steady_clock::now() - t->queued_at_);
    }
    if (before == ticket::state::queued) {
        waiting_for wait;
        if (t->request_ != 0) {
            waiting_.erase(t->request_);
            apply(pool_.abandon(t->request_, steady_clock::now()));
            wait = waited_for();
        }
        where = wait.where;
        count_wait(t->result_, steady_clock::now() - t->queued_at_, wait.times);
    }
    if (auto const w = t->serving_) {
        where = w->where()->where();
        t->result_.times += w->where()->times();
        t->result_.sent = w->where()->sent();
        w->interrupt();
    }
    fail(t, why, describe_interruption(why), where);
}

void driver::fail(std::shared_ptr<ticket> const& t, errc code, std::string message, phase where) {
    t->result_.code = code;
    t->result_.message = std::move(message);
    t->result_.where = where;
    finish(t);
}

void driver::finish(std::shared_ptr<ticket> const& t) {
    t->state_ = ticket::state::finished;
    t->deadline_.reset();
    t->pause_.reset();
    auto const c = t->call_;
    live_.erase(c.get());
    c->complete(delivery::posted);
    end_when_drained();
}

// --- the pool ----------------------------------------------------------------------------------------------------------

void driver::apply(pool_actions const& actions) {
    auto const now = steady_clock::now();
    for (auto const& action : actions) {
        if (auto const* o = std::get_if<open_client>(&action))
            open(o->client);
        else if (auto const* c = std::get_if<close_client>(&action))
            workers_.at(c->client)->stop();
        else if (auto const* r = std::get_if<refuse_request>(&action))
            refuse(r->request, r->why);
        else if (auto const* g = std::get_if<grant_client>(&action)) {
            auto const t = waiting_.extract(g->request).mapped();
            auto const w = workers_.at(g->client);
            t->request_ = 0;
            count_wait(t->result_, now - t->queued_at_, w->take_connect_times());
            w->submit([this, t, id = g->client, w = w.get()](client& c2) { serve(t, id, *w, c2); });
        }
    }
    arm_pool_timer();
}

void driver::open(client_id id) {
    auto const w = std::make_shared<worker>(context_, settings_, lookups_, MONGOC_READ_NEAREST);
    workers_.emplace(id, w);
    w->start(worker::callbacks{
        [this, id](answer const& a, bool usable) { opened(id, a, usable); },
        [this, id] { apply(pool_.lost(id, steady_clock::now())); },
        [this, id] { gone(id); },
    });
}

void driver::opened(client_id id, answer const& a, bool usable) {
    auto const now = steady_clock::now();
    if (usable)
        return apply(pool_.connected(id, now));
    connect_error_ = failed_connection{a, workers_.at(id)->take_connect_times()};
    apply(pool_.connect_failed(id, failure_kind(a), now));
}

void driver::open_socket(std::function<void(socket_offer)> done) {
    auto const shared = std::make_shared<std::function<void(socket_offer)>>(std::move(done));
    auto const refuse = [shared] {
        socket_offer none;
        none.why.code = errc::not_connected;
        none.why.message = "the store is closed";
        (*shared)(std::move(none));
    };
    bool const accepted = post([this, shared, refuse] {
        if (closing_)
            return refuse();
        auto const w = std::make_shared<worker>(context_, settings_, lookups_, MONGOC_READ_PRIMARY);
        openers_.insert(w);
        w->start(worker::callbacks{
            [this, w, shared](answer const& a, bool usable) { give_away(w, a, usable, std::move(*shared)); },
            [] {},
            [this, w] {
                openers_.erase(w);
                end_when_drained();
            },
        });
    });
    if (!accepted)
        refuse();
}

void driver::give_away(std::shared_ptr<worker> const& w, answer const& a, bool usable, std::function<void(socket_offer)> done) {
    auto const times = w->take_connect_times();
    if (!usable)
        return done(socket_offer{server_socket(), a, times});
    w->submit([a, times, done = std::move(done)](client& c) { done(socket_offer{c.hand_over(), a, times}); });
    w->stop(); // after this
}

void driver::gone(client_id id) {
    workers_.erase(id);
    end_when_drained();
}

void driver::put_back(client_id id, bool usable) {
    auto const& w = workers_.at(id);
    w->rest();
    if (!usable)
        w->stop();
    apply(pool_.released(id, usable, steady_clock::now()));
}

void driver::refuse(request_id id, refuse_request::reason why) {
    auto const t = waiting_.extract(id).mapped();
    count_wait(t->result_, steady_clock::now() - t->queued_at_, connect_error_.times);
    describe_refusal(t->result_, why, connect_error_, settings_.pool);
    finish(t);
}

void driver::arm_pool_timer() {
    auto const next = pool_.next_tick();
    if (next == pool_timer_at_)
        return;
    pool_timer_at_ = next;
    if (next == steady_clock::time_point::max()) {
        pool_timer_.cancel();
        return;
    }
    pool_timer_.expires_at(next);
    pool_timer_.async_wait([this](boost::system::error_code ec) {
        if (ec)
            return;
        pool_timer_at_ = steady_clock::time_point::max();
        apply(pool_.tick(steady_clock::now()));
    });
}

// --- on the fiber of a client ------------------------------------------------------------------------------------------

void driver::serve(std::shared_ptr<ticket> const& t, client_id id, worker& w, client& c) {
    if (t->state_ == ticket::state::finished) { // ended between the grant and now
        if (t->what_.lease == 0)
            put_back(id, c.usable());
        return; // a lease is its cursor's to end
    }
    auto const begin = steady_clock::now();
    t->state_ = ticket::state::running;
    t->serving_ = workers_.at(id);
    ++t->result_.attempts;
    t->result_.code = errc(); // of an attempt before
    t->result_.message.clear();
    auto const next = perform(*t, w, c);
    t->serving_.reset();
    bool const over = t->state_ == ticket::state::finished;
    if (!over) {
        t->result_.served += steady_clock::now() - begin;
        t->result_.times += w.where()->times();
    }

    keep_lease(*t, id, w, c.usable());
    bool const may_leave_something = t->what_.server.empty(); // what ends something does not
    if (!c.usable() && w.where()->sent() && may_leave_something)
        forget_session(c.session());
    if (over)
        return;
    if (next == verdict::finished)
        return finish(t);
    bool const look_again = !t->result_.sent && t->result_.code != errc::network;
    if (look_again)
        pause(t, selection_pause);
    else
        enqueue(t);
}

driver::verdict driver::perform(ticket& t, worker& w, client& c) {
    auto const over = [&] { return t.state_ == ticket::state::finished; };
    while (t.position_ < t.what_.commands.size()) {
        bool const known_again = t.what_.numbered || (t.what_.session && t.what_.session->ends);
        auto a = known_again ? send_numbered(t, w, c) : send(t, c);
        auto const& address = c.address_of(a);
        if (t.what_.session && a.sent && !address.empty())
            t.what_.session->session->used_on(address);
        if (t.what_.session && !a.replied && a.sent)
            t.what_.session->session->spoil([weak = weak_from_this()](server_session s) {
                if (auto const self = weak.lock())
                    self->forget(std::move(s));
            });
        if (over())
            return verdict::finished;
        bool const may_look_again = steady_clock::now() + selection_pause < t.started_ + settings_.selection_timeout;
        retry_rules const rules{t.what_.repeatable, false, t.what_.lease != 0}; // what is numbered has been repeated
        auto const what_next = t.retry_.judge(a, rules, may_look_again);
        if (what_next != retry_verdict::accept) {
            note(t, std::move(a));
            return what_next == retry_verdict::give_up ? verdict::finished : verdict::again;
        }
        ++t.result_.round_trips;
        ++t.position_;
        if (a.server_code == 0)
            t.result_.in_doubt = false;
        bool const stop = a.server_code != 0 || (t.what_.ordered && has_write_errors(a.reply));
        t.result_.answers.push_back(std::move(a));
        if (stop)
            return verdict::finished;
        if (t.what_.collect && !follow_cursor(t, c))
            return verdict::finished;
    }
    return verdict::finished;
}

// A command without an answer that counts.
void driver::note(ticket& t, answer a) {
    t.result_.code = a.replied ? errc_of_server(a.server_code) : a.code;
    t.result_.message = std::move(a.message);
    t.result_.sent = a.sent;
    t.result_.where = a.where;
}

command_options driver::options_of(ticket const& t) const {
    auto const& r = t.what_;
    command_options o;
    o.mode = r.mode;
    o.read_preferences = r.read_preferences.get();
    o.read_concern = r.read_concern;
    o.write_concern = r.write_concern;
    o.in_session = r.acknowledged;
    if (r.session) {
        o.session = &*r.session;
        o.mode = command_mode::raw; // nothing of the connection string is added
        o.transaction_number = r.session->transaction;
    }
    if (r.deadline && r.bounded)
        o.max_time = time_left(*r.deadline);
    if (r.lease != 0) {
        auto const it = leases_.find(r.lease);
        o.server = it == leases_.end() ? 0 : it->second.server;
    }
    return o;
}

answer driver::send(ticket& t, client& c) {
    auto o = options_of(t);
    if (auto const& address = t.what_.server; !address.empty() && (o.server = c.server_at(address)) == 0) {
        answer none;
        none.code = errc::server_selection;
        none.message = fmt::format("{} is no server of this set any more", address);
        none.where = phase::selection;
        return none;
    }
    return c.run(t.what_.database, t.what_.commands[t.position_], o);
}

// A write that the server recognises when it comes a second time: it is repeated on the same client, whose session the number
// belongs to.
answer driver::send_numbered(ticket& t, worker& w, client& c) {
    auto o = options_of(t);
    auto const& part = t.what_.session;
    if (!part)
        o.transaction_number = c.next_transaction_number();
    else if (!part->ends && c.numbers_writes())
        o.transaction_number = part->session->next_number();
    auto const& command = t.what_.commands[t.position_];
    auto first = c.run(t.what_.database, command, o);
    bool const worth_it =
        first.sent && retry_logic().judge(first, retry_rules{false, true, false}, false) == retry_verdict::repeat;
    bool const ends = part && part->ends; // which is repeated whatever the settings say
    if (!worth_it || !o.transaction_number || (!settings_.retry_writes && !ends) || w.where()->interrupted())
        return first;
    if (first.replied && !c.recover(steady_clock::now() + settings_.selection_timeout))
        return first;
    ++t.result_.attempts;
    t.result_.in_doubt = leaves_doubt(first);
    if (o.max_time)
        o.max_time = time_left(*t.what_.deadline);
    if (ends && !part->second_write_concern.empty())
        o.write_concern = part->second_write_concern;
    auto second = c.run(t.what_.database, command, o);
    bool const first_counts = attempt_to_report(second) == attempt::first && !w.where()->interrupted();
    return first_counts ? std::move(first) : std::move(second);
}

// Fetches the rest of an answer. False when the request is over for that reason or another.
bool driver::follow_cursor(ticket& t, client& c) {
    for (;;) {
        auto const& last = t.result_.answers.back();
        auto const id = cursor_id_of(last.reply);
        if (id == 0)
            return true;
        auto o = options_of(t);
        o.max_time.reset();
        o.read_concern = {};
        o.server = last.server;
        auto a = c.run(t.what_.database, make_get_more(id, cursor_collection_of(last.reply), 0), o);
        if (t.state_ == ticket::state::finished)
            return false;
        if (!a.replied) {
            note(t, std::move(a));
            return false;
        }
        ++t.result_.round_trips;
        bool const failed = a.server_code != 0;
        t.result_.answers.push_back(std::move(a));
        if (failed)
            return false;
    }
}

// --- leases ------------------------------------------------------------------------------------------------------------

// After a job: an open cursor keeps the client, all else gives it back.
void driver::keep_lease(ticket& t, client_id id, worker& w, bool usable) {
    bool const answered = t.state_ != ticket::state::finished && t.result_.code == errc() && !t.result_.answers.empty();
    bool const open = usable && !closing_ && t.what_.cursor && answered && t.result_.answers.back().server_code == 0 &&
                      cursor_id_of(t.result_.answers.back().reply) != 0;
    auto lease_of = t.what_.lease;
    if (!open)
        return lease_of != 0 ? end_lease(lease_of, usable) : put_back(id, usable);
    auto const& reply = t.result_.answers.back().reply;
    if (lease_of == 0) {
        lease_of = next_lease_++;
        leases_.emplace(lease_of, lease{id, workers_.at(id), w.where()->server()});
    }
    t.result_.lease =
        cursor_lease(weak_from_this(), lease_of, cursor_id_of(reply), t.what_.database, cursor_collection_of(reply), false);
}

void driver::end_lease(lease_id id, bool usable) {
    if (auto const node = leases_.extract(id))
        put_back(node.mapped().client, usable);
}

// --- the end -----------------------------------------------------------------------------------------------------------

void driver::shut() {
    if (!std::exchange(closing_, true)) {
        say_goodbye();
        apply(pool_.close());
        for (auto const& [c, t] : std::map(live_))
            end_early(t, errc::cancelled);
        for (auto const& [id, l] : std::exchange(leases_, {}))
            put_back(l.client, true);
        for (auto const& [id, w] : workers_)
            w->stop();
        for (auto const& w : openers_)
            w->stop();
    }
    end_when_drained();
}

void driver::end_when_drained() {
    if (!closing_ || !live_.empty() || !workers_.empty() || !openers_.empty() || guests_ != 0)
        return;
    pool_timer_.cancel();
    forget_timer_.cancel();
    for (auto const& done : std::exchange(when_closed_, {}))
        done();
    std::lock_guard const lock(mutex_);
    if (std::exchange(accepting_, false))
        asio::post(context_, [this] { context_.stop(); });
}

void driver::run() {
    context_.run();
}

// --- the thread --------------------------------------------------------------------------------------------------------

driver_thread::driver_thread(mongo_settings settings) : driver_(std::make_shared<driver>(std::move(settings))) {
    std::promise<void> drained;
    drained_ = drained.get_future();
    thread_ = std::thread([owned = driver_, signal = std::move(drained)]() mutable {
        owned->run();
        signal.set_value();
    });
}

driver_thread::~driver_thread() {
    driver_->close([] {});
    if (thread_.get_id() == std::this_thread::get_id()) {
        thread_.detach(); // it owns the driver, and returns when it is drained
        return;
    }
    drained_.wait();
    if (driver_->has_lookups())
        thread_.detach();
    else
        thread_.join();
}

} // namespace cormorant::detail
