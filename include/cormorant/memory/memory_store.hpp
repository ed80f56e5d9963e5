#pragma once

/// The store that keeps its data in this process.

#include <cormorant/store/store.hpp>

#include <memory>
#include <string>

namespace cormorant {

/// How a memory store behaves.
class memory_options {
public:
    memory_options() = default;
    /// The name that `store::database` gives. Default `"memory"`.
    memory_options& database(std::string name) & {
        database_ = std::move(name);
        return *this;
    }
    memory_options&& database(std::string name) && {
        database_ = std::move(name);
        return std::move(*this);
    }
    /// Documents in a batch of a cursor when the operation does not say, at least 1. Default 101 as with MongoDB's first batch.
    memory_options& batch_size(std::int32_t n) & {
        batch_size_ = n;
        return *this;
    }
    memory_options&& batch_size(std::int32_t n) && {
        batch_size_ = n;
        return std::move(*this);
    }

    std::string const& database() const noexcept { return database_; }
    std::int32_t batch_size() const noexcept { return batch_size_; }

private:
    std::string database_ = "memory";
    std::int32_t batch_size_ = 101;
};

/// A new, empty database in memory with MongoDB's filters, updates, indexes, views and aggregation stages.
///
/// It answers asynchronously like a server (never from within the call, on the executor of the handler) and is held equal to
/// MongoDB by tests that run on both: documents, counts, errors and their codes. Each operation is atomic; a cursor reads the
/// documents of the moment when it was opened. What it lacks is refused with `errc::unsupported`: sessions, geo, hashed and
/// wildcard indexes, capped collections, collations other than of case and accent, commands other than `ping` and `explain` (of
/// `find` and `count`, which tells the index used and the number of documents examined).
///
/// Indexes are used and guard uniqueness as on the server; `expireAfterSeconds` is kept and listed, but nothing expires. Text
/// indexes (of version 3, neither unique nor partial) cut words to their stems with Snowball, as the server does, and leave out
/// its stop words, but for Romanian and Turkish, of which all words count. Two things differ from a server: stages of a pipeline
/// run in the order given, so an error may come from a document that a server would have dropped before, and a field that a
/// pipeline removes and sets again goes to the end of the document. Cancellation: an operation that waits for its turn ends with
/// `errc::cancelled` and `outcome::not_sent`; one that runs is not interrupted. The same holds for deadlines. Throws
/// `errc::invalid_argument` for a batch size below 1, `errc::server` for a name that no database can have. Thread safety: as
/// `store`.
std::shared_ptr<store> make_memory_store(memory_options options = memory_options());

} // namespace cormorant
