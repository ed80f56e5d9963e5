#include "store/session_claim.hpp"

#include <fmt/format.h>

#include <mutex>
#include <string>
#include <utility>

namespace cormorant {
namespace detail {

/// What the members of a session share. All but the options is guarded by the mutex.
struct session_core {
    explicit session_core(session_options o) noexcept : options(o) {}

    bool active() const noexcept { return state == transaction_state::starting || state == transaction_state::in_progress; }

    session_options const options;
    mutable std::mutex mutex;
    bool ended = false;
    transaction_state state = transaction_state::none;
    std::uint64_t number = 0;
    std::shared_ptr<transaction_terms const> terms;
    /// Nothing was sent in the transaction that has ended.
    bool empty = false;
    /// The operation that is under way in the transaction; 0: none.
    std::uint64_t busy = 0;
    std::string busy_with;
    std::uint64_t last_claim = 0;

    std::optional<timestamp> operation_time;
    document cluster_time;
};

namespace {

[[noreturn]] void refuse(std::string message) {
    throw error(errc::invalid_argument, std::move(message));
}

void refuse_if_ended(session_core const& s) {
    if (s.ended)
        refuse("the session has ended: what was taken from a transaction cannot be used after it");
}

void refuse_if_busy(session_core const& s) {
    if (s.busy != 0)
        refuse(fmt::format("the transaction is already running an operation ({}): the operations of a transaction run one after the "
                           "other",
            s.busy_with));
}

// The server refuses these with as little, and the error would end the transaction.
void refuse_own_terms(call_options const& o) {
    if (!o.read_concern.empty())
        refuse("the read concern of a transaction is set when it starts, not for an operation");
    if (!o.write_concern.empty())
        refuse("the write concern of a transaction is set when it starts, not for an operation");
    auto const* const mode = o.read_preference.find("mode");
    if (mode != nullptr && mode->if_string() != "primary")
        refuse("the operations of a transaction read from the primary: no other read preference is allowed");
}

timestamp time_of(document const& cluster_time) {
    auto const* const t = cluster_time.find("clusterTime");
    return t != nullptr && t->is_timestamp() ? t->as_timestamp() : timestamp();
}

} // namespace

session_claim::session_claim(call_options const& options, operation const& op) {
    if (!options.session)
        return;
    auto& s = *options.session->core_;
    bool const commits = std::holds_alternative<commit_transaction_op>(op);
    bool const aborts = std::holds_alternative<abort_transaction_op>(op);
    std::lock_guard const lock(s.mutex);
    refuse_if_ended(s);
    place p;
    p.owner = options.session;
    if (commits || aborts) {
        if (s.state == transaction_state::none)
            refuse("no transaction was started");
        if (s.state == transaction_state::aborted)
            refuse(commits ? "the transaction was aborted: it cannot be committed" : "the transaction was aborted before");
        if (aborts && s.state == transaction_state::committed)
            refuse("the transaction was committed: it cannot be aborted");
        if (commits) // an abort is not kept waiting by what it ends
            refuse_if_busy(s);
        p.repeats = s.state == transaction_state::committed;
        if (!p.repeats)
            s.empty = s.state == transaction_state::starting;
        p.sends = !s.empty;
        s.state = commits ? transaction_state::committed : transaction_state::aborted;
    } else if (s.active()) {
        refuse_if_busy(s);
        refuse_own_terms(options);
        p.starts = s.state == transaction_state::starting;
        s.state = transaction_state::in_progress;
    } else {
        s.state = transaction_state::none;
        place_ = std::move(p);
        return;
    }
    p.number = s.number;
    p.terms = s.terms;
    p.claim = s.busy = ++s.last_claim;
    s.busy_with = name_of(op);
    place_ = std::move(p);
}

session_claim::session_claim(session_claim const& opened_with, std::string_view what) {
    if (!opened_with)
        return;
    place p;
    p.owner = opened_with.owner();
    auto& s = *p.owner->core_;
    std::lock_guard const lock(s.mutex);
    refuse_if_ended(s);
    if (opened_with.in_transaction()) {
        if (s.state != transaction_state::in_progress || s.number != opened_with.number())
            refuse("the cursor belongs to a transaction that is over");
        refuse_if_busy(s);
        p.number = s.number;
        p.terms = s.terms;
        p.claim = s.busy = ++s.last_claim;
        s.busy_with = what;
    }
    place_ = std::move(p);
}

session_claim session_claim::reference() const {
    session_claim copy;
    copy.place_ = place_;
    if (copy.place_)
        copy.place_->claim = 0;
    return copy;
}

void session_claim::give_back() noexcept {
    if (!place_ || place_->claim == 0)
        return;
    auto& s = *place_->owner->core_;
    std::lock_guard const lock(s.mutex);
    if (s.busy == std::exchange(place_->claim, 0))
        s.busy = 0;
}

} // namespace detail

session::session(session_options options) : core_(std::make_unique<detail::session_core>(options)) {}
session::~session() = default;

session_options const& session::options() const noexcept {
    return core_->options;
}

void session::start_transaction(transaction_terms terms) {
    auto& s = *core_;
    std::lock_guard const lock(s.mutex);
    detail::refuse_if_ended(s);
    if (s.active())
        detail::refuse("a transaction is under way in the session: it has to be committed or aborted first");
    detail::refuse_if_busy(s);
    s.terms = std::make_shared<transaction_terms const>(std::move(terms));
    s.state = transaction_state::starting;
    ++s.number;
}

transaction_state session::state() const noexcept {
    std::lock_guard const lock(core_->mutex);
    return core_->state;
}

bool session::in_transaction() const noexcept {
    std::lock_guard const lock(core_->mutex);
    return core_->active();
}

std::optional<std::chrono::steady_clock::time_point> session::transaction_deadline() const noexcept {
    std::lock_guard const lock(core_->mutex);
    return core_->active() ? core_->terms->deadline_value : std::nullopt;
}

std::optional<timestamp> session::operation_time() const {
    std::lock_guard const lock(core_->mutex);
    return core_->operation_time;
}

document session::cluster_time() const {
    std::lock_guard const lock(core_->mutex);
    return core_->cluster_time;
}

void session::advance_operation_time(timestamp t) {
    std::lock_guard const lock(core_->mutex);
    if (!core_->operation_time || *core_->operation_time < t)
        core_->operation_time = t;
}

void session::advance_cluster_time(document const& t) {
    std::lock_guard const lock(core_->mutex);
    if (detail::time_of(core_->cluster_time) < detail::time_of(t))
        core_->cluster_time = t;
}

void session::end() noexcept {
    bool in_transaction = false;
    {
        std::lock_guard const lock(core_->mutex);
        if (std::exchange(core_->ended, true))
            return;
        in_transaction = core_->state == transaction_state::in_progress;
        if (core_->active())
            core_->state = transaction_state::aborted;
    }
    release(in_transaction);
}

void session::release(bool) noexcept {}

std::shared_ptr<session> store::make_session(session_options) {
    throw error(errc::unsupported, fmt::format("the store \"{}\" has no sessions", kind()));
}

} // namespace cormorant
