#pragma once

/// The store that keeps its data in this process.

#include <cormorant/store/store.hpp>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

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

    /// The folder in which the data lasts; made when it is missing, and used by one store at a time. Empty, the default: the data
    /// goes with the store.
    memory_options& folder(std::filesystem::path path) & {
        folder_ = std::move(path);
        return *this;
    }
    memory_options&& folder(std::filesystem::path path) && {
        folder_ = std::move(path);
        return std::move(*this);
    }
    /// With a folder: true, the default, when an operation completes as soon as the medium has what it wrote, which then outlasts
    /// the machine; false when it is enough that the system has it, which outlasts the process, also one that is killed.
    memory_options& sync(bool on) & {
        sync_ = on;
        return *this;
    }
    memory_options&& sync(bool on) && {
        sync_ = on;
        return std::move(*this);
    }
    /// With a folder: how many bytes the journal has before a snapshot takes its place (more, when the last snapshot had more).
    /// Default 64 MiB.
    memory_options& snapshot_size(std::uint64_t bytes) & {
        snapshot_size_ = bytes;
        return *this;
    }
    memory_options&& snapshot_size(std::uint64_t bytes) && {
        snapshot_size_ = bytes;
        return std::move(*this);
    }

    /// With what a connection string says: `memory://[name]`, or
    /// `memory:///folder?sync=true&snapshot_size=67108864&name=shop`, where `%20` stands for a blank. Throws `errc::bad_uri`.
    memory_options with_uri(std::string_view uri) const;

    std::string const& database() const noexcept { return database_; }
    std::int32_t batch_size() const noexcept { return batch_size_; }
    std::filesystem::path const& folder() const noexcept { return folder_; }
    bool sync() const noexcept { return sync_; }
    std::uint64_t snapshot_size() const noexcept { return snapshot_size_; }

private:
    std::string database_ = "memory";
    std::int32_t batch_size_ = 101;
    std::filesystem::path folder_;
    bool sync_ = true;
    std::uint64_t snapshot_size_ = std::uint64_t{64} * 1024 * 1024;
};

/// A database in memory with MongoDB's filters, updates, indexes, views and aggregation stages.
///
/// It answers asynchronously like a server (never from within the call, on the executor of the handler) and is held equal to
/// MongoDB by tests that run on both: documents, counts, errors and their codes. Each operation is atomic; a cursor reads the
/// documents of the moment when it was opened. Transactions see a snapshot, and of two that write the same document the first one
/// wins, as on the server; a plain write does not wait for either (docs/transactions.md). What it lacks is refused with
/// `errc::unsupported`: geo, hashed and wildcard indexes, capped collections, collations other than of case and accent, commands other than `ping` and `explain` (of
/// `find` and `count`, which tells the index used and the number of documents examined).
///
/// Indexes are used and guard uniqueness as on the server; `expireAfterSeconds` is kept and listed, but nothing expires. Text
/// indexes (of version 3, neither unique nor partial) cut words to their stems with Snowball, as the server does, and leave out
/// its stop words, but for Romanian and Turkish, of which all words count.
///
/// Two things differ from a server: stages of a pipeline run in the order given, so an error may come from a document that a
/// server would have dropped before, and a field that a pipeline removes and sets again goes to the end of the document.
///
/// Without a folder the database is new and empty, and gone with the store. With a folder it lasts: each change is written to a
/// journal there, by a thread of the store's own, which gathers what is written at the same time in one sync. An operation, be
/// it a write or a read, completes when everything that its answer shows is durable: what was acknowledged, or read, is there
/// after a crash. When the journal cannot be written (the disk is full), the operations that wait for it fail with
/// `errc::bad_file` (writes: `outcome::maybe_applied`), and the store refuses everything after that: it has to be opened again.
///
/// Opening a folder blocks while it reads all of it; `connect` does that on another thread. It cuts off what a crash left half
/// written, and throws for damage. `async_close` completes when the folder is free for another store.
///
/// Cancellation: an operation that waits for its turn ends with `errc::cancelled` and `outcome::not_sent`; one that runs, or
/// waits for its sync, is not interrupted. The same holds for deadlines.
///
/// Throws `errc::invalid_argument` for a batch size below 1, `errc::server` for a name that no database can have,
/// `errc::bad_file`, naming the file and the offset, for a folder that is damaged, cannot be used, or is in use.
///
/// Thread safety: as `store`.
std::shared_ptr<store> make_memory_store(memory_options options = memory_options());

} // namespace cormorant
