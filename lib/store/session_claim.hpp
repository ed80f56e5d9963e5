#pragma once

/// What an operation may do in its session: the rules of transactions, the same for every store.

#include <cormorant/operation/operations.hpp>
#include <cormorant/store/session.hpp>
#include <cormorant/store/store.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

namespace cormorant::detail {

/// The place of an operation in its session, held until the operation is over: of a transaction only one operation has it.
/// Thread safety: as a standard container.
class session_claim {
public:
    /// Of an operation without a session.
    session_claim() noexcept = default;
    /// Throws `errc::invalid_argument` for what the session, or its transaction, does not allow.
    session_claim(call_options const& options, operation const& op);
    /// For the next batch of a cursor that was opened with `opened_with`. Throws as above, and for a cursor of a transaction that
    /// is over.
    explicit session_claim(session_claim const& opened_with, std::string_view what);
    session_claim(session_claim&& other) noexcept : place_(std::exchange(other.place_, std::nullopt)) {}
    session_claim& operator=(session_claim&& other) noexcept {
        give_back();
        place_ = std::exchange(other.place_, std::nullopt);
        return *this;
    }
    ~session_claim() { give_back(); }

    /// What a cursor keeps of it: it stands in nobody's way.
    session_claim reference() const;
    /// The operation is over; what the claim says of it stays.
    void give_back() noexcept;

    explicit operator bool() const noexcept { return place_.has_value(); }
    std::shared_ptr<session> const& owner() const noexcept { return place_->owner; }
    /// It belongs to a transaction, or ends one.
    bool in_transaction() const noexcept { return place_ && place_->number != 0; }
    /// The first one of its transaction.
    bool starts() const noexcept { return place_->starts; }
    /// False for the end of a transaction in which nothing was done.
    bool sends() const noexcept { return !place_ || place_->sends; }
    /// A commit that was done before.
    bool repeats() const noexcept { return place_->repeats; }
    /// Counts the transactions of the session; 0: none.
    std::uint64_t number() const noexcept { return place_->number; }
    transaction_terms const& terms() const noexcept { return *place_->terms; }

private:
    struct place {
        std::shared_ptr<session> owner;
        std::uint64_t number = 0;
        std::shared_ptr<transaction_terms const> terms;
        std::uint64_t claim = 0;
        bool starts = false;
        bool sends = true;
        bool repeats = false;
    };
    std::optional<place> place_;
};

} // namespace cormorant::detail
