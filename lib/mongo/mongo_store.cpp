#include "mongo/call_book.hpp"
#include "mongo/fast_lane.hpp"
#include "mongo/outcome.hpp"
#include "mongo/plan.hpp"
#include "mongo/session.hpp"
#include "store/arguments.hpp"
#include "store/deliver.hpp"
#include "store/session_claim.hpp"
#include "store/whole_answer.hpp"

#include <cormorant/mongo/mongo_store.hpp>

#include <boost/asio/cancellation_type.hpp>

#include <chrono>
#include <exception>
#include <functional>
#include <optional>
#include <utility>

namespace cormorant {
namespace detail {
namespace {

namespace asio = boost::asio;

/// Who carries out requests.
struct planes {
    std::shared_ptr<driver> control;
    /// None when it is switched off.
    std::shared_ptr<fast_lane> fast;
    /// The calls of `control`.
    std::shared_ptr<call_book> book;
};

/// A request of ours: `read(handler, result)` runs on the executor of the handler.
template <class Handler, class Read>
class pending_call final : public fast_call {
public:
    pending_call(request&& r, pending_handler<Handler>&& pending, std::optional<home>&& where, Read&& read)
        : fast_call(std::move(r), std::move(where)), pending_(std::move(pending)), read_(std::move(read)) {}

    void complete(delivery how) override {
        if (!book && how == delivery::in_place && caller->direct) // whoever calls this keeps the call
            return pending_->finish_here([this](Handler&& handler) { read_(std::move(handler), std::move(outcome)); });
        auto f = [read = std::move(read_), r = std::move(outcome)](
                     Handler&& handler) mutable { read(std::move(handler), std::move(r)); };
        if (book)
            book->strike(*this, [&] { pending_->finish(std::move(f)); });
        else
            pending_->finish(std::move(f));
    }
    void abandon() noexcept override { pending_.reset(); }

private:
    std::optional<pending_handler<Handler>> pending_;
    Read read_;
};

/// Starts `c` on `to`; the slot of its handler cancels it.
template <class Plane, class Slot>
void start_on(std::shared_ptr<Plane> const& to, std::shared_ptr<fast_call> c, Slot slot) {
    if (slot.is_connected())
        slot.assign([plane = std::weak_ptr(to), weak = std::weak_ptr(c)](asio::cancellation_type type) {
            if ((type & (asio::cancellation_type::terminal | asio::cancellation_type::total)) == asio::cancellation_type::none)
                return;
            if (auto const p = plane.lock())
                if (auto const running = weak.lock())
                    p->cancel(running);
        });
    to->start(std::move(c));
}

/// Sends a request; `read(handler, result)` then runs on the executor of the handler. Cancellation of the handler's slot ends it.
template <class Handler, class Read>
void send(planes const& to, request&& what, pending_handler<Handler>&& pending, Read read) {
    auto const slot = pending.cancellation_slot();
    bool const fast = to.fast != nullptr && fast_lane::serves(what, to.control->settings());
    auto caller = find_home(pending.executor());
    bool const known = caller.has_value();
    if (fast && !known)
        caller = to.control->guest_home(); // and the answer is posted
    auto c =
        std::make_shared<pending_call<Handler, Read>>(std::move(what), std::move(pending), std::move(caller), std::move(read));
    if (fast && c->caller)
        return start_on(to.fast, std::move(c), slot);
    if (known)
        to.book->enter(c);
    start_on(to.control, std::move(c), slot);
}

/// Calls the handler with what `make()` gives, or with what it throws.
template <class Value, class Handler, class F>
void answer_with(Handler&& handler, F make) {
    std::exception_ptr failed;
    Value result{};
    try {
        result = make();
    } catch (...) {
        failed = std::current_exception();
    }
    std::move(handler)(failed, std::move(result));
}

/// What a session learns from an answer.
void follow(session_claim const& claim, result const& r) {
    if (!claim || r.answers.empty())
        return;
    auto& owner = static_cast<mongo_session&>(*claim.owner());
    owner.follow(r.answers.back().reply);
}

/// Sends the command that ends a transaction, or sessions, when nobody waits for what comes of it.
void tell(planes const& to, request what, std::function<void()> done) {
    constexpr std::chrono::seconds most(2);
    what.deadline = steady_clock::now() + most;
    using handler = boost::asio::any_completion_handler<void()>;
    pending_handler<handler> pending(handler([done = std::move(done)] { done(); }));
    send(to, std::move(what), std::move(pending), [](handler&& h, result&&) { std::move(h)(); });
}

request abort_request(session_part part) {
    request r;
    r.database = "admin";
    r.mode = command_mode::write;
    r.plain = true;
    r.commands.emplace_back(encode(doc("abortTransaction", 1)));
    r.session = std::move(part);
    return r;
}

batch take_first(result& r, call_statistics* statistics) {
    auto found = take_batch(std::move(r.answers.back().reply));
    if (statistics != nullptr)
        statistics->documents += static_cast<std::int64_t>(found.size());
    return found;
}

/// What a cursor needs of its call.
struct cursor_call {
    std::shared_ptr<call_statistics> statistics;
    std::optional<steady_clock::time_point> deadline;
};

/// An answer that comes in batches, the first of which is here.
class mongo_cursor final : public cursor_source {
public:
    mongo_cursor(std::shared_ptr<planes const> to, expectation&& expected, cursor_call&& of, session_claim&& opened_with,
        std::optional<session_part>&& part, result&& first)
        : planes_(std::move(to)), expected_(std::move(expected)), call_(std::move(of)), opened_with_(std::move(opened_with)),
          part_(std::move(part)) {
        expected_.bounded = false;
        spent_ = first.times;
        take(std::move(first));
    }

    void next(completion done) override {
        pending_handler<completion> pending(std::move(done));
        if (auto here = ready()) {
            pending.finish([b = std::move(*here)](completion&& handler) mutable { std::move(handler)(nullptr, std::move(b)); });
            return;
        }
        count_decoding();
        session_claim claim;
        try {
            claim = session_claim(opened_with_, "getMore");
        } catch (...) {
            pending.finish([why = std::current_exception()](completion&& handler) { std::move(handler)(why, batch()); });
            return;
        }
        request more;
        more.session = part_;
        more.database = lease_.database();
        more.commands.push_back(make_get_more(lease_.cursor(), lease_.collection(), expected_.batch_size));
        more.deadline = call_.deadline;
        more.bounded = false;
        more.cursor = true;
        more.lease = lease_.id();
        more.plain = lease_.plain();
        auto read = [this, claim = std::move(claim)](completion&& handler, result&& r) mutable {
            batch found;
            try {
                claim.give_back();
                follow(claim, r);
                count_in(r);
                spent_ += r.times;
                r.times = spent_; // of the whole, for its error
                require_success(expected_, r);
                lease_.forget(); // the answer has it now, if the cursor is still open
                take(std::move(r));
                found = std::exchange(batch_, batch());
            } catch (...) {
                close();
                std::move(handler)(std::current_exception(), batch());
                return;
            }
            if (found.empty() && lease_)
                return next(std::move(handler)); // an empty batch is no end yet
            handed_out_ = steady_clock::now();
            std::move(handler)(nullptr, std::move(found));
        };
        send(*planes_, std::move(more), std::move(pending), std::move(read));
    }

    std::optional<batch> ready() override {
        if (batch_.empty() && lease_)
            return std::nullopt;
        handed_out_ = steady_clock::now();
        return std::exchange(batch_, batch());
    }

    void close() noexcept override {
        lease_ = cursor_lease();
        batch_ = batch();
    }

private:
    void count_in(result const& r) {
        if (call_.statistics)
            count(*call_.statistics, r);
    }

    // Between two batches the caller reads the documents of the first.
    void count_decoding() {
        if (handed_out_ != steady_clock::time_point())
            spent_.add(phase::decode, steady_clock::now() - handed_out_);
    }

    void take(result r) {
        lease_ = std::move(r.lease);
        batch_ = take_first(r, call_.statistics.get());
    }

    std::shared_ptr<planes const> planes_;
    expectation expected_;
    cursor_call call_;
    session_claim opened_with_;
    /// Of the session; none when there is none.
    std::optional<session_part> part_;
    cursor_lease lease_;
    batch batch_;
    /// Where the time went, all batches together.
    phase_times spent_;
    steady_clock::time_point handed_out_;
};

class mongo_store final : public store {
public:
    explicit mongo_store(mongo_settings settings) : database_(settings.database), thread_(std::move(settings)) {
        auto made = std::make_shared<planes>();
        auto const homes = std::make_shared<known_homes>();
        made->control = thread_.get();
        made->book = std::make_shared<call_book>(homes);
        if (made->control->settings().fast_lane)
            made->fast = std::make_shared<fast_lane>(made->control, homes, made->book, sessions_);
        homes->tell(made->fast);
        homes->tell(made->book);
        planes_ = std::move(made);
    }
    ~mongo_store() override {
        if (planes_->fast)
            planes_->fast->close([] {});
    }

    std::string_view kind() const noexcept override { return "mongodb"; }
    std::string_view database() const noexcept override { return database_; }
    store_capabilities capabilities() const noexcept override {
        store_capabilities c;
        c.text_search = true;
        c.collation = true;
        c.commands = true;
        c.transactions = true;
        return c;
    }

    std::shared_ptr<session> make_session(session_options options) override {
        auto farewell = [control = std::weak_ptr(planes_->control), fast = std::weak_ptr(planes_->fast),
                            book = std::weak_ptr(planes_->book)](session_part part) {
            planes const to{control.lock(), fast.lock(), book.lock()};
            if (to.control != nullptr)
                tell(to, abort_request(std::move(part)), [] {});
        };
        return std::make_shared<mongo_session>(sessions_, options, std::move(farewell));
    }

    void start(operation op, call_options options, completion done) override {
        pending_handler<completion> pending(std::move(done));
        session_claim claim;
        plan p;
        try {
            claim = claim_session(options, op);
            if (!claim.sends()) { // the end of a transaction in which nothing was done
                pending.finish([claim = std::move(claim)](completion&& handler) mutable {
                    claim.give_back();
                    std::move(handler)(nullptr, reply());
                });
                return;
            }
            p = make_plan(std::move(op), options, planes_->control->settings(), claim);
        } catch (...) {
            pending.finish([why = std::current_exception()](completion&& handler) { std::move(handler)(why, reply()); });
            return;
        }
        bool const has_cursor = p.what.cursor;
        auto part = p.what.session;
        if (part)
            part->starts = false; // the next batch does not
        cursor_call about{std::move(options.statistics), options.deadline};
        send(*planes_, std::move(p.what), std::move(pending),
            [expected = std::move(p.then), about = std::move(about), to = planes_, has_cursor, claim = std::move(claim),
                part = std::move(part)](completion&& handler, result&& r) mutable {
                claim.give_back();
                follow(claim, r);
                bool const replied = !r.answers.empty() && r.code == errc();
                if ((expected.commits || expected.aborts) && replied)
                    static_cast<mongo_session&>(*claim.owner()).transaction_ended();
                if (about.statistics)
                    count(*about.statistics, r);
                answer_with<reply>(std::move(handler), [&]() -> reply {
                    if (!has_cursor)
                        return read_reply(expected, r);
                    require_success(expected, r);
                    if (!r.lease)
                        return cursor(std::make_unique<whole_answer>(take_first(r, about.statistics.get())));
                    return cursor(std::make_unique<mongo_cursor>(
                        std::move(to), std::move(expected), std::move(about), std::move(claim), std::move(part), std::move(r)));
                });
            });
    }

    void start_close(close_completion done) override {
        auto const pending = std::make_shared<pending_handler<close_completion>>(std::move(done));
        auto const close_driver = [control = planes_->control, pending] {
            control->close([pending] { pending->finish([](close_completion&& handler) { std::move(handler)(nullptr); }); });
        };
        if (planes_->fast)
            return planes_->fast->close(close_driver);
        auto const ended = sessions_->close();
        if (ended.empty())
            return close_driver();
        request last;
        last.database = "admin";
        last.mode = command_mode::raw;
        last.commands.push_back(make_end_of_sessions(ended));
        tell(*planes_, std::move(last), close_driver);
    }

private:
    /// Throws `errc::invalid_argument` for a session of another store, and what the session does not allow.
    session_claim claim_session(call_options const& options, operation const& op) const {
        check_arguments(op);
        if (options.session) {
            auto const* const mine = dynamic_cast<mongo_session const*>(options.session.get());
            if (mine == nullptr || !mine->is_of(sessions_))
                throw error(errc::invalid_argument, "the session belongs to another store");
        }
        return session_claim(options, op);
    }

    std::shared_ptr<session_pool> const sessions_ = std::make_shared<session_pool>();
    std::string database_;
    driver_thread thread_;
    std::shared_ptr<planes const> planes_;
};

} // namespace
} // namespace detail

std::shared_ptr<store> make_mongo_store(std::string_view uri, mongo_options options) {
    return std::make_shared<detail::mongo_store>(detail::parse_settings(uri, options));
}

} // namespace cormorant
