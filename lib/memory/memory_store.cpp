#include "memory/database/database.hpp"
#include "memory/journal/journal.hpp"
#include "store/arguments.hpp"
#include "store/deliver.hpp"
#include "store/session_claim.hpp"
#include "store/whole_answer.hpp"

#include <cormorant/memory/memory_store.hpp>

#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/cancellation_type.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/system_executor.hpp>

#include <fmt/format.h>

#include <atomic>
#include <chrono>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

namespace cormorant {

namespace {

using clock = std::chrono::steady_clock;

/// What the store and its cursors share.
struct memory_core {
    explicit memory_core(memory_options o)
        : options(std::move(o)), database(std::make_shared<memory::database>(options.database())) {
        if (options.folder().empty())
            return;
        memory::journal_settings settings{options.folder(), options.sync(), options.snapshot_size()};
        journal =
            std::make_unique<memory::journal>(std::move(settings), [this](memory::effect const& e) { database->restore(e); });
        database->record_to(*journal);
        journal->begin_snapshots([this] { return database->capture([this] { journal->begin_generation(); }); });
    }

    memory_options const options;
    std::shared_ptr<memory::database> const database;
    /// Null: the data does not last.
    std::unique_ptr<memory::journal> journal;
    std::atomic<bool> closed = false;
};

/// A session with its transaction, the last one that it had.
class memory_session final : public session {
public:
    memory_session(std::shared_ptr<memory_core> core, session_options options) : session(options), core_(std::move(core)) {}
    ~memory_session() override { end(); }

    memory_core const* core() const noexcept { return core_.get(); }

    /// The transaction of an operation. Throws as `timeline`.
    std::shared_ptr<memory::transaction> transaction_of(detail::session_claim const& claim) {
        std::lock_guard const lock(mutex_);
        if (std::exchange(number_, claim.number()) != claim.number()) {
            drop();
            transaction_ = core_->database->begin();
        }
        return transaction_;
    }

private:
    void release(bool) noexcept override {
        std::lock_guard const lock(mutex_);
        drop();
    }
    void drop() noexcept {
        if (transaction_)
            core_->database->abort(transaction_);
    }

    std::shared_ptr<memory_core> const core_;
    std::mutex mutex_;
    /// Of `session_claim::number`.
    std::uint64_t number_ = 0;
    std::shared_ptr<memory::transaction> transaction_;
};

/// An operation in a transaction, or in none.
struct place {
    detail::session_claim claim;
    std::shared_ptr<memory::database> database;
    std::shared_ptr<memory::transaction> transaction;
};

/// Throws `errc::invalid_argument` for a session of another store, and what the session does not allow.
detail::session_claim claim_session(memory_core const& core, call_options const& options, operation const& op) {
    if (options.session) {
        auto const* const mine = dynamic_cast<memory_session const*>(options.session.get());
        if (mine == nullptr || mine->core() != &core)
            throw error(errc::invalid_argument, "the session belongs to another store");
    }
    return detail::session_claim(options, op);
}

place find_place(memory_core const& core, detail::session_claim claim) {
    place p{std::move(claim), core.database, nullptr};
    if (p.claim.in_transaction()) {
        p.transaction = static_cast<memory_session&>(*p.claim.owner()).transaction_of(p.claim);
        p.database = core.database->in(p.transaction);
    }
    return p;
}

/// What an error says of the operation that it ended.
struct operation_kind {
    std::string_view name;
    bool is_write;
};

/// Set by a cancellation slot, read by the call when its turn comes.
class cancel_flag {
public:
    explicit cancel_flag(boost::asio::cancellation_slot slot) {
        if (!slot.is_connected())
            return;
        set_ = std::make_shared<std::atomic<bool>>(false);
        slot.assign([set = set_](boost::asio::cancellation_type) { set->store(true, std::memory_order_relaxed); });
    }
    bool is_set() const noexcept { return set_ && set_->load(std::memory_order_relaxed); }

private:
    std::shared_ptr<std::atomic<bool>> set_;
};

/// A call that waits for its turn on the executor of its handler.
class pending_call {
public:
    pending_call(std::shared_ptr<memory_core>&& core, call_options&& options, boost::asio::cancellation_slot slot)
        : core_(std::move(core)), options_(std::move(options)), cancelled_(slot), accepted_(!core_->closed) {}

    std::shared_ptr<memory_core> const& core() const noexcept { return core_; }
    call_options const& options() const noexcept { return options_; }

    /// The turn has come. Throws what keeps the call from being done at all.
    void begin() {
        if (!accepted_)
            throw error(errc::not_connected, fmt::format("the memory store \"{}\" is closed", core_->options.database()));
        if (cancelled_.is_set() || core_->closed)
            throw error(errc::cancelled, "the operation was cancelled before it began");
        if (options_.deadline && *options_.deadline <= clock::now())
            throw error(errc::deadline, "the deadline of the operation had passed before it began");
        if (core_->journal)
            core_->journal->check();
        began_ = true;
        if (auto const& s = options_.statistics) {
            begun_ = clock::now();
            s->queued += begun_ - queued_;
            ++s->attempts;
            ++s->round_trips;
        }
    }
    /// False when `begin` has thrown: nothing was done.
    bool began() const noexcept { return began_; }
    void end() {
        if (begun_ != clock::time_point())
            options_.statistics->served += clock::now() - begun_;
    }

private:
    std::shared_ptr<memory_core> core_;
    call_options options_;
    cancel_flag cancelled_;
    bool accepted_;
    bool began_ = false;
    clock::time_point queued_ = options_.statistics ? clock::now() : clock::time_point();
    clock::time_point begun_{};
};

/// An answer that is held back until all that it shows is durable.
template <class Answer, class Handler>
class held_answer final : public memory::durability_waiter {
public:
    held_answer(Handler handler, operation_kind kind, std::exception_ptr failure, Answer answer)
        : pending_(std::move(handler)), kind_(kind), failure_(std::move(failure)), answer_(std::move(answer)) {}

    void done(std::exception_ptr journal_failure) noexcept override {
        if (journal_failure)
            failure_ = lost(journal_failure);
        pending_.finish([failure = std::move(failure_), answer = std::move(answer_)](
                            Handler handler) mutable { std::move(handler)(std::move(failure), std::move(answer)); });
    }

private:
    /// An error of its own for each operation: errors are changed on their way up.
    std::exception_ptr lost(std::exception_ptr const& journal_failure) const {
        std::string reason;
        try {
            std::rethrow_exception(journal_failure);
        } catch (error const& e) {
            reason = e.message();
        } catch (std::exception const& e) {
            reason = e.what();
        }
        diagnostics details;
        details.operation = kind_.name;
        details.is_write = kind_.is_write;
        details.what_happened = kind_.is_write ? outcome::maybe_applied : outcome::not_sent;
        return make_exception(
            error(errc::bad_file, fmt::format("the journal of the memory store failed: {}", reason), std::move(details)));
    }

    detail::pending_handler<Handler> pending_;
    operation_kind kind_;
    std::exception_ptr failure_;
    Answer answer_;
};

/// Runs `work(pending_call&)` later on the executor of the handler, then calls the handler with what it answers: when a kind of
/// operation is given, not before all that the answer may show is durable.
template <class Answer, class Handler, class Work>
void run_later(std::shared_ptr<memory_core> core, call_options&& options, Handler&& done, Work&& work,
    std::optional<operation_kind> kind = std::nullopt) {
    struct job {
        job(std::shared_ptr<memory_core>&& core, call_options&& options, boost::asio::cancellation_slot slot, Work&& w)
            : call(std::move(core), std::move(options), slot), work(std::move(w)) {}
        pending_call call;
        Work work;
    };
    static_assert(!std::is_reference_v<Handler> && !std::is_reference_v<Work>, "they are taken over");
    detail::pending_handler<Handler> pending(std::move(done));
    auto waiting = std::make_unique<job>(std::move(core), std::move(options), pending.cancellation_slot(), std::move(work));
    pending.finish([waiting = std::move(waiting), kind](Handler handler) mutable {
        std::exception_ptr failure;
        Answer answer;
        try {
            answer = waiting->work(waiting->call);
        } catch (error const& e) {
            failure = make_exception(e);
        } catch (std::exception const& e) {
            failure = make_exception(error(errc::server, e.what()));
        }
        waiting->call.end();
        auto const used = waiting->call.core();
        bool const may_show_writes = kind && waiting->call.began();
        waiting.reset();
        if (auto* const journal = may_show_writes ? used->journal.get() : nullptr) {
            if (auto const position = journal->position(); !journal->is_durable(position)) {
                journal->wait(position, std::make_unique<held_answer<Answer, Handler>>(
                                            std::move(handler), *kind, std::move(failure), std::move(answer)));
                return;
            }
        }
        std::move(handler)(std::move(failure), std::move(answer));
    });
}

/// Takes up to `n` documents off a stream, all in one storage.
documents pull(memory::document_stream& stream, std::size_t n) {
    // One document is on the heap, more share an arena.
    constexpr std::size_t worth_an_arena = 2;
    std::vector<memory::document_ptr> found;
    while (found.size() < n) {
        auto d = stream.next();
        if (!d)
            break;
        found.push_back(std::move(d));
    }
    documents result;
    result.reserve(found.size());
    storage const memory = found.size() < worth_an_arena ? storage() : make_arena();
    for (auto const& d : found)
        result.emplace_back(*d, memory);
    return result;
}

/// An answer of several batches. The first one is made with the operation, so that its errors are errors of the operation; each
/// later one when it is asked for.
class memory_cursor : public cursor_source {
public:
    memory_cursor(std::shared_ptr<memory_core> core, call_options options, place const& at, documents first,
        std::unique_ptr<memory::document_stream> rest, std::size_t batch_size)
        : state_(std::make_shared<state>(state{std::move(core), std::move(options), at.claim.reference(), at.transaction,
              std::move(rest), batch_size, std::move(first)})) {}

    void next(completion done) override {
        auto const core = state_->core;
        // A batch that is there already costs no round trip.
        auto options = state_->options;
        if (state_->first || !state_->stream)
            options.statistics = nullptr;
        run_later<batch>(core, std::move(options), std::move(done), [state = state_](pending_call& call) {
            call.begin();
            detail::session_claim const claim(state->opened_with, "getMore");
            try {
                return batch(state->first ? *std::exchange(state->first, std::nullopt) : state->take());
            } catch (...) {
                if (state->transaction)
                    state->core->database->abort(state->transaction);
                throw;
            }
        });
    }

    std::optional<batch> ready() override {
        if (state_->first)
            return batch(*std::exchange(state_->first, std::nullopt));
        return state_->stream ? std::nullopt : std::optional<batch>(std::in_place);
    }

    void close() noexcept override { state_.reset(); }

private:
    struct state {
        std::shared_ptr<memory_core> core;
        call_options options;
        detail::session_claim opened_with;
        std::shared_ptr<memory::transaction> transaction;
        /// Null after its end.
        std::unique_ptr<memory::document_stream> stream;
        std::size_t batch_size;
        std::optional<documents> first;

        documents take() {
            if (!stream)
                return {};
            auto result = pull(*stream, batch_size);
            if (result.size() < batch_size)
                stream.reset();
            if (options.statistics)
                options.statistics->documents += static_cast<std::int64_t>(result.size());
            return result;
        }
    };
    std::shared_ptr<state> state_;
};

/// Runs each operation on the database.
class runner {
public:
    runner(std::shared_ptr<memory_core> core, call_options const& options, place const& at)
        : core_(std::move(core)), options_(options), place_(at), db_(*at.database) {}

    reply operator()(find_op& op) const {
        auto const batch_size = op.batch_size;
        return open(db_.find(std::move(op)), batch_size);
    }
    reply operator()(aggregate_op& op) const { return open(db_.aggregate(op), op.batch_size); }
    reply operator()(count_op& op) const { return db_.count(op); }
    reply operator()(insert_op& op) const { return db_.insert(std::move(op)); }
    reply operator()(update_op& op) const { return db_.update(op); }
    reply operator()(remove_op& op) const { return db_.remove(op); }
    reply operator()(find_and_modify_op& op) const { return db_.find_and_modify(op); }
    reply operator()(distinct_op& op) const { return db_.distinct(op); }
    reply operator()(create_indexes_op& op) const { return db_.create_indexes(op); }
    reply operator()(drop_index_op& op) const { return db_.drop_index(op), std::monostate(); }
    reply operator()(list_indexes_op& op) const { return db_.list_indexes(op); }
    reply operator()(create_collection_op& op) const { return db_.create_collection(op), std::monostate(); }
    reply operator()(modify_view_op& op) const { return db_.modify_view(op), std::monostate(); }
    reply operator()(drop_collection_op& op) const { return db_.drop_collection(op), std::monostate(); }
    reply operator()(list_collections_op& op) const { return db_.list_collections(op); }
    reply operator()(drop_database_op&) const { return db_.drop(), std::monostate(); }
    reply operator()(command_op& op) const { return db_.command(op); }
    reply operator()(commit_transaction_op&) const {
        if (place_.claim.sends())
            core_->database->commit(place_.transaction);
        return std::monostate();
    }
    reply operator()(abort_transaction_op&) const {
        if (place_.claim.sends())
            core_->database->abort(place_.transaction);
        return std::monostate();
    }

private:
    reply open(std::unique_ptr<memory::document_stream> stream, std::int32_t batch_size) const {
        auto const size = static_cast<std::size_t>(batch_size > 0 ? batch_size : core_->options.batch_size());
        auto first = pull(*stream, size);
        if (options_.statistics)
            options_.statistics->documents += static_cast<std::int64_t>(first.size());
        if (first.size() < size)
            return cursor(std::make_unique<detail::whole_answer>(batch(std::move(first))));
        return cursor(std::make_unique<memory_cursor>(core_, options_, place_, std::move(first), std::move(stream), size));
    }

    std::shared_ptr<memory_core> core_;
    call_options const& options_;
    place const& place_;
    memory::database& db_;
};

class memory_store : public store {
public:
    explicit memory_store(memory_options options) : core_(std::make_shared<memory_core>(std::move(options))) {}

    std::string_view kind() const noexcept override { return "memory"; }
    std::string_view database() const noexcept override { return core_->options.database(); }
    store_capabilities capabilities() const noexcept override {
        store_capabilities result;
        result.collation = true;
        result.text_search = true;
        result.transactions = true;
        return result;
    }

    std::shared_ptr<session> make_session(session_options options) override {
        return std::make_shared<memory_session>(core_, options);
    }

    void start(operation op, call_options options, completion done) override {
        operation_kind const kind{name_of(op), is_write(op)};
        // From now on no other operation of its transaction is let in.
        detail::session_claim claim;
        std::exception_ptr refused;
        try {
            detail::check_arguments(op);
            claim = claim_session(*core_, options, op);
        } catch (error const& e) {
            refused = make_exception(e);
        }
        auto work = [op = std::move(op), claim = std::move(claim), refused = std::move(refused)](pending_call& call) mutable {
            try {
                call.begin();
                if (refused)
                    std::rethrow_exception(refused);
                place const at = find_place(*call.core(), std::move(claim));
                try {
                    return std::visit(runner(call.core(), call.options(), at), op);
                } catch (...) {
                    if (at.transaction)
                        at.database->abort(at.transaction);
                    throw;
                }
            } catch (error& e) {
                e.details().operation = name_of(op);
                e.details().is_write = is_write(op);
                throw;
            }
        };
        run_later<reply>(core_, std::move(options), std::move(done), std::move(work), kind);
    }

    void start_close(close_completion done) override {
        core_->closed = true;
        auto pending = std::make_shared<detail::pending_handler<close_completion>>(std::move(done));
        auto const complete = [](close_completion handler) { std::move(handler)(nullptr); };
        if (!core_->journal) {
            pending->finish(complete);
            return;
        }
        // Closing waits for the thread of the journal, which no executor of the caller's should do.
        boost::asio::post(boost::asio::system_executor(), [core = core_, pending, complete] {
            core->journal->close();
            pending->finish(complete);
        });
    }

private:
    std::shared_ptr<memory_core> const core_;
};

} // namespace

std::shared_ptr<store> make_memory_store(memory_options options) {
    if (options.batch_size() < 1)
        throw error(
            errc::invalid_argument, fmt::format("memory_options::batch_size must be at least 1, not {}", options.batch_size()));
    memory::check_collection_name("", options.database(), true);
    return std::make_shared<memory_store>(std::move(options));
}

} // namespace cormorant
