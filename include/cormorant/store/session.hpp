#pragma once

/// Sessions of a store: transactions, and reads that follow one's own writes.

#include <cormorant/bson/types.hpp>
#include <cormorant/bson/value.hpp>

#include <chrono>
#include <memory>
#include <optional>

namespace cormorant {

namespace detail {
class session_claim;
struct session_core;
} // namespace detail

/// What a session is to be.
class session_options {
public:
    session_options() = default;
    /// Whether reads see at least what operations of the session have written and read before, whatever server answers them.
    /// Default true.
    session_options& causal_consistency(bool on) {
        causal_consistency_ = on;
        return *this;
    }
    bool causal_consistency() const noexcept { return causal_consistency_; }

private:
    bool causal_consistency_ = true;
};

/// What holds for all operations of one transaction.
class transaction_terms {
public:
    document read_concern_value;
    document write_concern_value;
    std::optional<std::chrono::milliseconds> max_commit_time_value;
    std::optional<std::chrono::steady_clock::time_point> deadline_value;

    transaction_terms() = default;
    /// `{level: "snapshot"}`; empty: as the connection string says.
    transaction_terms& read_concern(document concern) {
        read_concern_value = std::move(concern);
        return *this;
    }
    /// `{w: "majority"}`, of the commit; empty: as the connection string says.
    transaction_terms& write_concern(document concern) {
        write_concern_value = std::move(concern);
        return *this;
    }
    /// How long the server may work on the commit.
    transaction_terms& max_commit_time(std::chrono::milliseconds most) {
        max_commit_time_value = most;
        return *this;
    }
    /// No operation of the transaction lasts longer.
    transaction_terms& deadline(std::chrono::steady_clock::time_point t) {
        deadline_value = t;
        return *this;
    }
};

enum class transaction_state {
    none,
    /// Begun, and no operation has run in it.
    starting,
    in_progress,
    committed,
    aborted,
};

/// A logical session of a store (`store::make_session`), for one operation after the other. Operations run in it by
/// `call_options::session`.
///
/// A transaction begins with `start_transaction`, which sends nothing; every operation of the session belongs to it until
/// `commit_transaction_op` or `abort_transaction_op` has run. Two operations of one transaction at the same time are refused with
/// `errc::invalid_argument`, whatever the store. `connection::transaction` (model/connection.hpp) does all of that, with the
/// retries.
/// Source: https://github.com/mongodb/specifications/blob/master/source/transactions/transactions.md
/// Thread safety: all members may be called from any thread.
class session {
public:
    explicit session(session_options options = {});
    session(session const&) = delete;
    session& operator=(session const&) = delete;
    /// Ends it, without waiting.
    virtual ~session();

    session_options const& options() const noexcept;

    /// Throws `errc::invalid_argument` when a transaction is under way, or the session has ended.
    void start_transaction(transaction_terms terms = {});
    transaction_state state() const noexcept;
    bool in_transaction() const noexcept;
    /// The deadline of the transaction that is under way.
    std::optional<std::chrono::steady_clock::time_point> transaction_deadline() const noexcept;

    /// The time of the latest operation of the session, as the server told it; reads that are to be causally consistent wait
    /// until their server has come so far. Absent before the first operation, and on stores that have one server only.
    std::optional<timestamp> operation_time() const;
    /// The latest `$clusterTime` that the session has seen; empty when there is none.
    document cluster_time() const;
    /// \name Makes this session follow what another one has seen (hand both over). What is older than what it has is ignored.
    /// @{
    void advance_operation_time(timestamp t);
    void advance_cluster_time(document const& t);
    /// @}

    /// Aborts the transaction that is under way, in the background, and gives back what the session holds. Later operations are
    /// refused with `errc::invalid_argument`. May be called more than once.
    void end() noexcept;

protected:
    /// Called once, when the session ends; `in_transaction`: one is under way at the store. Has neither to throw nor to wait.
    /// A class that overrides it calls `end` in its destructor.
    virtual void release(bool in_transaction) noexcept;

private:
    friend class detail::session_claim;
    std::unique_ptr<detail::session_core> core_;
};

} // namespace cormorant
