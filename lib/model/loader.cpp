#include "model/loader.hpp"

#include "model/id_list.hpp"
#include "pipeline/spawn.hpp"
#include "store/deliver.hpp"

#include <cormorant/error/error.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/unordered/unordered_flat_map.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

namespace cormorant::detail {

namespace asio = boost::asio;

namespace {

using clock = std::chrono::steady_clock;

constexpr std::string_view key = "_id"; // under which every store has it
constexpr std::size_t max_ids = 1'000;  // in one find: more would hold up the first for the sake of the last

/// Whether a collection may hold the document of this id under another spelling: collations compare texts.
bool may_be_collated(value const& id) noexcept {
    return id.is_string() || id.type() == bson_type::symbol;
}

/// Whether an answer with this projection has the id.
bool gives_id(document const& projection) noexcept {
    value const* const id = projection.find(key);
    return id == nullptr || id->if_bool() == true || id->if_double() == 1.0;
}

bool same_filter_but_id(document const& a, document const& b) noexcept {
    return std::ranges::equal(a, b,
        [](auto const& x, auto const& y) { return x.key() == y.key() && (x.key() == key || identical(x.value(), y.value())); });
}

bool same_hint(std::optional<value> const& a, std::optional<value> const& b) noexcept {
    return a.has_value() == b.has_value() && (!a || identical(*a, *b));
}

/// Whether both finds are one but for their ids. What a find by id does not go by (limit, sort, size of batches) does not count.
bool same_find(find_op const& a, find_op const& b) noexcept {
    return a.collection == b.collection && same_filter_but_id(a.filter, b.filter) && identical(a.projection, b.projection) &&
           same_hint(a.hint, b.hint);
}

/// Whether the failure would have met each of the calls: it is not about what one of them asks for.
bool is_common(error const& e) noexcept {
    return e.code() == condition::network || e.code() == condition::timeout || e.code() == condition::retryable ||
           e.code() == errc::cancelled || e.code() == errc::not_connected;
}

struct id_hash {
    std::size_t operator()(value const* v) const noexcept { return hash_value(*v); }
};
struct id_equal {
    bool operator()(value const* a, value const* b) const noexcept { return *a == *b; }
};

} // namespace

/// One find for several calls. It is open until it is sent; then it belongs to its strand, while calls may still leave.
class find_load : public std::enable_shared_from_this<find_load> {
public:
    using completion = find_loader::completion;

    find_load(asio::any_io_executor const& on, std::shared_ptr<store> s, find_op const& op, call_options const& options);

    /// Whether a call with this find may join.
    bool takes(std::shared_ptr<store> const& s, find_op const& op, call_options const& options) const noexcept;
    void join(value const& id, call_options const& options, completion done);
    /// Nobody can join any more.
    void send();

private:
    using deadline = std::optional<clock::time_point>;
    struct call {
        call(value const& i, deadline const& u, completion done)
            : id(i, storage()), until(u), waiting(std::in_place, std::move(done)) {}

        value id; // on the heap: the arena that it comes from belongs to the caller
        deadline until;
        std::optional<pending_handler<completion>> waiting; // guarded by the mutex
        batch found;
        std::uint32_t next = none; // call with the same id
    };
    static constexpr std::uint32_t none = static_cast<std::uint32_t>(-1);

    // On the strand.
    asio::awaitable<void> run();
    void list_ids();
    void give(bson_view const& doc);
    void give(document const& doc);
    template <class Copy>
    void give(value const& id, Copy copy);
    void settle();
    void fail_all(error const& e);
    void watch_deadlines();

    void send_all_alone();
    void cancel(std::size_t position);
    /// Unless it has its answer.
    void finish(std::size_t position, std::exception_ptr e, loaded answer);
    /// With the mutex held: nobody waits for what is under way.
    void stop();

    asio::strand<asio::any_io_executor> const strand_;
    std::shared_ptr<store> const store_;
    find_op op_; // with the id of the first call, until it is sent
    call_options options_;
    std::shared_ptr<call_statistics> statistics_; // when a call is traced
    std::size_t bytes_ = 0;                       // of the ids

    std::mutex mutex_;
    std::vector<call> calls_; // all are there when it is sent
    // Guarded by the mutex.
    std::size_t waiting_ = 0;
    bool running_ = false;
    bool over_ = false;

    boost::unordered_flat_map<value const*, std::uint32_t, id_hash, id_equal> first_call_; // of each id
    deadline until_;                                                                       // of what is sent
    asio::cancellation_signal stop_;
    std::optional<asio::steady_timer> timer_;
};

find_load::find_load(asio::any_io_executor const& on, std::shared_ptr<store> s, find_op const& op, call_options const& options)
    : strand_(asio::make_strand(on)), store_(std::move(s)), op_(op), options_(options) {
    options_.statistics = nullptr;
    op_.sort.clear();
    op_.limit = 0;
}

bool find_load::takes(std::shared_ptr<store> const& s, find_op const& op, call_options const& options) const noexcept {
    return calls_.size() < max_ids && bytes_ < max_listed_bytes && s == store_ && options.session == options_.session &&
           same_find(op, op_) && identical(options.read_preference, options_.read_preference) &&
           identical(options.read_concern, options_.read_concern);
}

void find_load::join(value const& id, call_options const& options, completion done) {
    std::lock_guard lock(mutex_);
    std::size_t const position = calls_.size();
    call& c = calls_.emplace_back(id, options.deadline, std::move(done));
    bytes_ += listed_bytes(id);
    ++waiting_;
    if (options.statistics && !statistics_)
        statistics_ = std::make_shared<call_statistics>();
    if (auto slot = c.waiting->cancellation_slot(); slot.is_connected()) {
        slot.assign([load = weak_from_this(), position](asio::cancellation_type) {
            if (auto const self = load.lock())
                self->cancel(position);
        });
    }
}

void find_load::send() {
    // A call that has the load to itself does better with its own filter, deadline and trace.
    if (calls_.size() == 1)
        return send_all_alone();
    {
        std::lock_guard lock(mutex_);
        if (waiting_ == 0)
            return;
    }
    auto const ended = [self = shared_from_this()](std::exception_ptr) {};
    spawn(strand_, run())(asio::bind_cancellation_slot(stop_.slot(), ended));
    std::lock_guard lock(mutex_);
    running_ = !over_;
    if (running_ && waiting_ == 0)
        stop();
}

asio::awaitable<void> find_load::run() {
    bool answered = false;
    std::optional<error> failed;
    try {
        list_ids();
        watch_deadlines();
        auto answer = co_await store_->async_run(std::move(op_), std::move(options_), asio::use_awaitable);
        while (true) {
            batch next;
            if (auto here = answer.ready())
                next = std::move(*here);
            else
                next = co_await answer.async_next(asio::use_awaitable);
            if (next.empty())
                break;
            next.for_each([this](auto const& doc) { give(doc); });
        }
        answered = true;
    } catch (error const& e) {
        failed.emplace(e);
    } catch (std::exception const&) { // cancelled, and nobody waits any more; or out of memory, and each alone takes less
    }
    timer_.reset();
    {
        std::lock_guard lock(mutex_);
        over_ = true;
        running_ = false;
    }
    if (answered)
        settle();
    else if (failed && is_common(*failed))
        fail_all(*failed);
    else
        send_all_alone();
}

/// Makes the filter, and the deadline: the latest, so that it ends no call too early.
void find_load::list_ids() {
    array ids;
    ids.reserve(calls_.size());
    first_call_.reserve(calls_.size());
    bool all_end = true;
    for (std::uint32_t i = 0; i < calls_.size(); ++i) {
        call& c = calls_[i];
        auto const [known, is_new] = first_call_.try_emplace(&c.id, i);
        if (is_new)
            ids.push_back(c.id);
        else
            c.next = std::exchange(calls_[known->second].next, i); // the order of these does not matter
        all_end = all_end && c.until;
        until_ = std::max(until_, c.until);
    }
    if (!all_end)
        until_.reset();
    op_.batch_size = static_cast<std::int32_t>(ids.size() + 1); // more than there can be, so that the end comes with them
    op_.filter.set(key, doc("$in", std::move(ids)));
    options_.deadline = until_;
    options_.statistics = statistics_;
}

void find_load::give(bson_view const& doc) {
    auto const id = doc.find(key);
    if (!id)
        throw error(errc::bad_bson, "a document without _id");
    give(id->to_value(), [&] {
        batch::raw_documents raw;
        raw.buffer.assign(doc.bytes().begin(), doc.bytes().end());
        raw.places.emplace_back(0, static_cast<std::uint32_t>(doc.size_in_bytes()));
        return batch(std::move(raw));
    });
}

// The documents of an answer share an arena, which is for one thread at a time: each call gets its own.
void find_load::give(document const& doc) {
    give(doc.at(key), [&] {
        documents one;
        one.emplace_back(doc, storage());
        return batch(std::move(one));
    });
}

template <class Copy>
void find_load::give(value const& id, Copy copy) {
    auto const known = first_call_.find(&id);
    for (auto i = known == first_call_.end() ? none : known->second; i != none; i = calls_[i].next)
        calls_[i].found = copy();
}

void find_load::settle() {
    for (std::size_t i = 0; i < calls_.size(); ++i) {
        loaded answer;
        answer.settled = !calls_[i].found.empty() || !may_be_collated(calls_[i].id);
        answer.docs = std::move(calls_[i].found);
        answer.calls = calls_.size();
        if (statistics_)
            answer.round_trips = statistics_->round_trips;
        finish(i, nullptr, std::move(answer));
    }
}

void find_load::send_all_alone() {
    for (std::size_t i = 0; i < calls_.size(); ++i)
        finish(i, nullptr, loaded());
}

void find_load::fail_all(error const& e) {
    for (std::size_t i = 0; i < calls_.size(); ++i) {
        error own = e;
        (void)own.details(); // a state of its own: errors are changed on their way up
        finish(i, make_exception(std::move(own)), loaded());
    }
}

void find_load::cancel(std::size_t position) {
    finish(position, make_exception(error(errc::cancelled, "the operation was cancelled")), loaded());
}

void find_load::finish(std::size_t position, std::exception_ptr e, loaded answer) {
    std::unique_lock lock(mutex_);
    call& c = calls_[position];
    if (!c.waiting)
        return;
    auto waiting = std::move(*c.waiting);
    c.waiting.reset();
    if (--waiting_ == 0 && running_)
        stop();
    lock.unlock();
    waiting.finish([e = std::move(e), answer = std::move(answer)](
                       completion done) mutable { std::move(done)(std::move(e), std::move(answer)); });
}

void find_load::stop() {
    asio::post(strand_, [self = shared_from_this()] { self->stop_.emit(asio::cancellation_type::terminal); });
}

void find_load::watch_deadlines() {
    deadline next;
    {
        std::lock_guard lock(mutex_);
        for (call const& c : calls_) {
            if (c.waiting && c.until && (!until_ || *c.until < *until_) && (!next || *c.until < *next))
                next = c.until;
        }
    }
    if (!next)
        return; // the store keeps the latest
    if (!timer_)
        timer_.emplace(strand_);
    timer_->expires_at(*next);
    timer_->async_wait([load = weak_from_this()](boost::system::error_code const& ec) {
        auto const self = load.lock();
        if (ec || !self || !self->timer_)
            return;
        auto const now = clock::now();
        for (std::size_t i = 0; i < self->calls_.size(); ++i) {
            if (auto const& until = self->calls_[i].until; until && *until <= now)
                self->finish(
                    i, make_exception(error(errc::deadline, "the deadline passed while the find was under way")), loaded());
        }
        self->watch_deadlines();
    });
}

value const* find_loader::id_of(find_op const& op) noexcept {
    value const* const id = op.filter.find(key);
    if (id == nullptr || id->is_document() || id->is_array() || id->is_regex())
        return nullptr;
    bool const plain = op.skip == 0 && op.limit >= 0 && op.collation.empty() && op.extra.empty();
    return plain && gives_id(op.projection) ? id : nullptr;
}

void find_loader::join(
    asio::any_io_executor on, std::shared_ptr<store> const& s, find_op const& op, call_options const& options, completion done) {
    value const& id = *id_of(op);
    std::lock_guard lock(mutex_);
    for (open_load const& open : open_) {
        if (open.on != on)
            continue;
        if (auto const load = open.load.lock(); load && load->takes(s, op, options))
            return load->join(id, options, std::move(done));
    }
    auto const load = std::make_shared<find_load>(on, s, op, options);
    load->join(id, options, std::move(done));
    std::erase_if(open_, [](open_load const& open) { return open.load.expired(); });
    open_.emplace_back(on, load);
    asio::post(on, [self = shared_from_this(), load] {
        self->close(load);
        load->send();
    });
}

void find_loader::close(std::shared_ptr<find_load> const& load) {
    std::lock_guard lock(mutex_);
    // Without owning another context's load for a moment: it may have to go with that context.
    std::erase_if(open_, [&](open_load const& open) { return !open.load.owner_before(load) && !load.owner_before(open.load); });
}

} // namespace cormorant::detail
