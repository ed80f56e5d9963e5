#pragma once

/// The contents of a database in time: as they are, and as open transactions see them.

#include "collection.hpp"
#include "memory/journal/effect.hpp"
#include "memory/query/query.hpp"

#include <cormorant/bson/value.hpp>

#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <variant>
#include <vector>

namespace cormorant::memory {

struct view {
    std::string on;
    array pipeline;
    document options;
};
using entry_map = std::map<std::string, std::variant<collection, view>, std::less<>>;

/// What a transaction has done. It is guarded by the mutex of its database.
class transaction {
public:
    enum class state { open, committed, aborted };

    state now() const noexcept { return state_; }

private:
    friend class timeline;
    /// One change of its own, as an effect says it.
    struct step {
        effect::kind what = effect::kind::put;
        document_ptr body;
        /// Of a collection that it created.
        std::string ns;
    };

    state state_ = state::open;
    std::uint64_t snapshot_ = 0;
    std::chrono::steady_clock::time_point begun_;
    /// By collection; in their order there.
    std::map<std::string, std::vector<step>, std::less<>> steps_;
};

/// The entries of a database, and what is needed to show them as they were.
///
/// There is one set of entries, with one set of indexes. For an operation of a transaction the collection that it is about is put
/// back to what it was when the transaction began (what others have changed since is taken back, the latest first), and the
/// transaction's own changes are made on top of that; all of it is noted, and undone before somebody else looks at the
/// collection. So whatever reads or writes collections works for transactions too, and a step costs what has changed since
/// the snapshot in that collection, not what it holds. Nothing is kept while no transaction is open.
///
/// A transaction that writes a document which changed after its snapshot, or which another open transaction has written, is
/// refused at once, as on the server. Not thread safe: guarded by the mutex of the database.
class timeline final : public collection_log {
public:
    /// A transaction that is older is aborted, as on the server.
    static constexpr std::chrono::seconds lifetime{60};

    entry_map& entries() noexcept { return entries_; }
    entry_map const& entries() const noexcept { return entries_; }
    void record_to(effect_log& log) noexcept { log_ = &log; }

    // --- whose turn it is

    /// Until the next call, operations are those of `who` (null: of nobody's transaction) and see the collection as that does.
    /// Throws for a transaction that is over, or that cannot see the collection as it was.
    void show(std::shared_ptr<transaction> const& who, std::string_view collection);
    /// Everything, as it is.
    void show_all();
    /// An operation has ended: what was recorded belongs together.
    void end_operation() noexcept;

    // --- definitions

    void created(std::string_view collection, document const& options);
    /// Any other change of a definition. Not in transactions.
    void redefined(effect e);
    /// Whether the transaction whose turn it is has created the collection.
    bool is_of_transaction(std::string_view collection) const noexcept;

    // --- transactions

    std::shared_ptr<transaction> begin();
    /// Throws when it is over, or what it wrote does not fit what others have written; it is aborted then. Answers for one that
    /// is committed already.
    void commit(std::shared_ptr<transaction> const& who);
    void abort(std::shared_ptr<transaction> const& who) noexcept;

    void about_to_write(collection const& c, value const& id) override;
    void wrote(collection& c, written_record w) override;
    void defined(collection const& c, effect::kind what, document_ptr body) override;

private:
    struct change {
        std::uint64_t version;
        document_ptr before;
        document_ptr after;
    };
    struct id_hash {
        std::size_t operator()(value const& id) const noexcept { return hash_value(id); }
    };
    template <class T>
    using id_map = std::unordered_map<value, T, id_hash>;
    /// What became of a collection since the oldest snapshot.
    struct history {
        std::deque<change> changes;
        id_map<std::uint64_t> last;
    };
    /// How to undo what a collection shows.
    struct undo {
        enum class kind { erase, put_back, exchange, erase_entry };
        kind what = kind::erase;
        record_handle at;
        document_ptr doc;
        taken_record taken;
    };
    struct shown {
        transaction* who = nullptr;
        std::vector<undo> undos;
    };

    collection* find(std::string_view name) noexcept;
    void show_as(transaction const& who, std::string_view name, shown& as);
    void hide(std::string_view name) noexcept;
    static void undo_all(entry_map& entries, std::string_view name, std::vector<undo>& undos) noexcept;
    static void put(collection& c, document_ptr const& doc, std::vector<undo>& undos);
    static void remove(collection& c, value const& id, std::vector<undo>& undos);
    void perform(std::string_view name, transaction::step const& s, std::vector<undo>& undos);
    void make_permanent(transaction& who);
    void remember(std::string_view collection, document_ptr before, document_ptr after);
    void require_definition(std::string_view name, transaction const& who) const;
    bool changed_since(std::string_view name, value const& id, std::uint64_t snapshot) const;
    void release(transaction& who, transaction::state end) noexcept;
    void expire() noexcept;

    entry_map entries_;
    effect_log* log_ = nullptr;
    /// The transaction whose turn it is.
    transaction* current_ = nullptr;
    /// Changes of collections are done a second time, and are known.
    bool replaying_ = false;

    std::uint64_t version_ = 0;
    /// The oldest first.
    std::vector<std::shared_ptr<transaction>> open_;
    std::map<std::string, history, std::less<>> histories_;
    /// When a definition changed, since the oldest snapshot.
    std::map<std::string, std::uint64_t, std::less<>> redefined_;
    std::optional<std::uint64_t> all_redefined_;
    /// The documents that open transactions have written.
    std::map<std::string, id_map<transaction*>, std::less<>> held_;
    std::map<std::string, shown, std::less<>> shown_;
};

} // namespace cormorant::memory
