#include "model/state.hpp"
#include "model/transaction_retry.hpp"
#include "pipeline/annotate.hpp"

#include <cormorant/model/transaction.hpp>
#include <cormorant/store/store.hpp>

#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <exception>
#include <optional>
#include <random>
#include <utility>

namespace cormorant {

namespace asio = boost::asio;
using clock = std::chrono::steady_clock;

transaction::transaction(cormorant::connection const& on) : connection_(on) {}

bool transaction::is_new(void const* object) {
    if (std::find(kept_.begin(), kept_.end(), object) != kept_.end())
        return false;
    kept_.push_back(object);
    return true;
}

namespace detail {

struct transaction_access {
    /// A transaction, and the session of its attempt: each has one of its own, which ends with it.
    class scope {
    public:
        scope(connection const& on, transaction_terms terms)
            : tx_(on), terms_(std::move(terms)), outer_(connection_access::session_of(on)), last_(outer_) {}
        scope(scope const&) = delete;
        scope& operator=(scope const&) = delete;
        ~scope() { end(); }

        transaction& begin() {
            end();
            auto next = tx_.connection_.store()->make_session();
            if (last_)
                follow(*next, *last_);
            next->start_transaction(terms_);
            tx_.session_ = last_ = next;
            tx_.connection_ = tx_.connection_.in(std::move(next));
            if (tx_.attempt_++ != 0)
                for (auto const& restore : tx_.restore_)
                    restore();
            return tx_;
        }
        void end() noexcept {
            if (tx_.session_)
                tx_.session_->end();
        }
        /// The session that the connection was in reads what the transaction wrote.
        void commit() {
            if (outer_)
                follow(*outer_, *tx_.session_);
        }

        template <class Op>
        asio::awaitable<void> finish(Op op) {
            call_options options;
            options.session = tx_.session_;
            options.deadline = terms_.deadline_value;
            (void)co_await tx_.connection_.store()->async_run(std::move(op), std::move(options), asio::use_awaitable);
        }

    private:
        static void follow(session& later, session const& earlier) {
            later.advance_cluster_time(earlier.cluster_time());
            if (auto const t = earlier.operation_time())
                later.advance_operation_time(*t);
        }

        transaction tx_;
        transaction_terms terms_;
        /// Null: none.
        std::shared_ptr<session> outer_;
        /// Of the attempt before.
        std::shared_ptr<session> last_;
    };
};

namespace {

using step = transaction_retry::step;

// A pause is no reason to hold a lock on the source of chance.
double chance() {
    thread_local std::minstd_rand source(std::random_device{}());
    return std::uniform_real_distribution<double>(0, 1)(source);
}

/// Inside a handler: throws the error with the number of attempts.
[[noreturn]] void rethrow(transaction_retry const& retry) {
    try {
        throw;
    } catch (error& e) {
        rethrow_with(e, [&](diagnostics& d) { d.transaction_attempts = retry.attempts(); });
    } catch (boost::system::system_error const& e) {
        if (!is_cancellation(e))
            throw;
        diagnostics d;
        d.transaction_attempts = retry.attempts();
        throw error(errc::cancelled, "the transaction was cancelled", std::move(d));
    }
}

asio::awaitable<void> pause(std::chrono::microseconds time, std::optional<clock::time_point> deadline) {
    auto until = clock::now() + time;
    if (deadline)
        until = std::min(until, *deadline);
    asio::steady_timer timer(co_await asio::this_coro::executor, until);
    co_await timer.async_wait(asio::use_awaitable);
}

/// Tells the server, since waiting for it costs less than what the transaction keeps others from doing. What comes of it does not
/// matter: the error of the body does.
asio::awaitable<void> abort(transaction_access::scope& scope) {
    try {
        co_await scope.finish(abort_transaction_op());
    } catch (boost::system::system_error const&) {
        scope.end();
    }
}

/// What came of an attempt.
struct attempt_result {
    std::exception_ptr failure;
    step next = step::give_up;
    bool cancelled = false;
};

template <class Judge>
attempt_result judge_failure(Judge const& judge) {
    attempt_result result;
    result.failure = std::current_exception();
    try {
        throw;
    } catch (error const& e) {
        result.cancelled = e.code() == errc::cancelled;
        if (!result.cancelled) // nothing more can be waited for
            result.next = judge(e);
    } catch (boost::system::system_error const& e) {
        result.cancelled = is_cancellation(e);
    } catch (...) {
        // The caller's own.
    }
    return result;
}

asio::awaitable<attempt_result> run_body(transaction_body const& body, transaction& tx, transaction_retry const& retry) {
    attempt_result result;
    try {
        co_await body(tx);
    } catch (...) {
        result = judge_failure([&](error const& e) { return retry.after_body(e, clock::now()); });
    }
    co_return result;
}

/// Whether the failure of a commit leaves it open what came of it.
bool leaves_doubt(std::exception_ptr const& failure) {
    try {
        std::rethrow_exception(failure);
    } catch (error const& e) {
        return e.details().what_happened != outcome::not_sent;
    } catch (...) {
        return false;
    }
}

/// The failure of a commit when an earlier one may have been carried out: what did not reach a server says nothing of that.
std::exception_ptr in_doubt(std::exception_ptr const& failure) {
    try {
        std::rethrow_exception(failure);
    } catch (error const& e) {
        error copy(e);
        if (e.details().server_code == 0)
            copy.details().what_happened = outcome::maybe_applied;
        return make_exception(std::move(copy));
    } catch (boost::system::system_error const& e) {
        if (!is_cancellation(e))
            return failure;
        diagnostics d;
        d.operation = commit_transaction_op::name;
        d.is_write = true;
        d.what_happened = outcome::maybe_applied;
        return make_exception(error(errc::cancelled, "the transaction was cancelled", std::move(d)));
    }
}

asio::awaitable<attempt_result> commit(transaction_access::scope& scope, transaction_retry const& retry) {
    bool doubt = false;
    for (;;) {
        attempt_result result;
        try {
            co_await scope.finish(commit_transaction_op());
            co_return result;
        } catch (...) {
            result = judge_failure([&](error const& e) { return retry.after_commit(e, clock::now()); });
        }
        if (doubt)
            result.failure = in_doubt(result.failure);
        if (result.next != step::commit_again)
            co_return result;
        doubt = doubt || leaves_doubt(result.failure);
    }
}

/// Begins the body as often as it has to be. Whatever happens, the scope ends what is under way, in the background.
asio::awaitable<void> run(connection on, transaction_body body, transaction_options options) {
    transaction_terms terms;
    terms.read_concern_value = std::move(options.read_concern_value);
    terms.write_concern_value = std::move(options.write_concern_value);
    terms.max_commit_time_value = options.max_commit_time_value;
    terms.deadline_value = options.deadline_value;
    auto until = clock::now() + options.retry_for_value;
    if (options.deadline_value)
        until = std::min(until, *options.deadline_value);

    transaction_retry retry(until, options.max_attempts_value);
    transaction_access::scope scope(on, std::move(terms));
    try {
        for (;;) {
            transaction& tx = scope.begin();
            retry.begin();
            attempt_result result = co_await run_body(body, tx, retry);
            // A body that has ended the transaction itself wants nothing more of it.
            bool const open = tx.handle()->in_transaction();
            if (!result.failure) {
                if (open)
                    result = co_await commit(scope, retry);
                if (!result.failure) {
                    scope.commit();
                    co_return;
                }
            } else if (open && !result.cancelled) {
                co_await abort(scope);
            }
            if (result.next == step::give_up)
                std::rethrow_exception(result.failure);
            co_await pause(retry.pause(chance()), options.deadline_value);
        }
    } catch (...) { // every wait may be cancelled
        rethrow(retry);
    }
}

asio::awaitable<void> run_named(connection on, transaction_body body, transaction_options options) {
    try {
        co_await run(std::move(on), std::move(body), std::move(options));
    } catch (error& e) {
        rethrow_with(e, [](diagnostics& d) {
            if (d.operation.empty())
                d.operation = "transaction";
        });
    }
}

} // namespace
} // namespace detail

asio::awaitable<void> connection::run_transaction(transaction_body body, transaction_options options) const {
    if (!body)
        throw error(errc::invalid_argument, "a transaction needs a body");
    if (session_ && session_->in_transaction())
        throw error(errc::invalid_argument, "a transaction cannot run within another one");
    return detail::run_named(*this, std::move(body), std::move(options));
}

} // namespace cormorant
