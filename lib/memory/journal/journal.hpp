#pragma once

/// What makes a database in memory last: an append-only journal of its effects, and snapshots that take the place of long
/// journals.
///
/// A folder holds `lock`, `journal-<generation>` and `snapshot-<generation>`. The database is the newest snapshot with the
/// journals of its generation and of all later ones. A journal of a generation is begun before the snapshot of it is written, and
/// older files go when the snapshot has come about, so that a process may end at any point.

#include "effect.hpp"
#include "file.hpp"
#include "journal_format.hpp"

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace cormorant::memory {

struct journal_settings {
    std::filesystem::path folder;
    /// False: effects count as durable when the system has them; they survive the end of the process, not that of the machine.
    bool sync = true;
    /// A journal that is longer (and longer than the last snapshot) is replaced by a snapshot.
    std::uint64_t snapshot_size = 64 * 1024 * 1024;
};

/// Called when effects are durable, or with the error that keeps them from it; on the thread of the journal.
class durability_waiter {
public:
    virtual ~durability_waiter() = default;
    virtual void done(std::exception_ptr failure) noexcept = 0;
};

/// Writes effects to files, on a thread of its own: what is recorded while it writes is written next, with one sync for all.
///
/// After an error of a file nothing more is written: what is in memory is ahead of what is durable, so that everything is refused
/// until the store is opened again.
///
/// Thread safety: all members may be called from any thread.
class journal : public effect_log {
public:
    /// Locks the folder, which is made when it is missing, and calls `restore` with the effects that it holds.
    /// Throws `errc::bad_file` for a folder in use, damage, and what the system refuses.
    journal(journal_settings settings, std::function<void(effect const&)> const& restore);
    ~journal() override;
    /// Writes what was recorded, ends the thread and unlocks the folder. May be called more than once; not on the thread of the
    /// journal.
    void close();

    /// From now on, snapshots are taken when the journal is long. `take` locks the database, calls `begin_generation` and answers
    /// its contents. It is not called any more when `close` has returned.
    void begin_snapshots(std::function<effect_source()> take);
    /// What is recorded from here on belongs to the next journal. Within `take` only.
    void begin_generation();

    /// These expect that the database is locked.
    void record(effect e) override;
    void commit() noexcept override;
    /// Counts the effects that were recorded.
    std::uint64_t position() const;
    bool is_durable(std::uint64_t position) const;
    /// Calls `waiter` when the effects up to a position are durable; at once when they are already.
    void wait(std::uint64_t position, std::unique_ptr<durability_waiter> waiter);
    /// Throws when an error has ended the journal.
    void check() const;

private:
    struct entry {
        /// Nothing: the border between two journals.
        std::optional<effect> what;
        bool ends_operation = false;
    };
    struct found_files;

    found_files find_files() const;
    void restore_from(found_files const& found, std::function<void(effect const&)> const& restore);
    void open_journal(std::uint64_t generation);
    void create_journal(std::uint64_t generation);
    std::filesystem::path path_of(std::string_view what, std::uint64_t generation) const;

    void run() noexcept;
    void write(std::vector<entry> const& entries);
    void flush();
    bool is_failed() const;
    void become_durable(std::uint64_t position);
    void fail(std::exception_ptr failure) noexcept;
    void release(std::vector<std::unique_ptr<durability_waiter>> waiters, std::exception_ptr failure) noexcept;
    void take_snapshot_when_due() noexcept;
    void write_snapshot(effect_source const& source, std::uint64_t generation) noexcept;
    void finish_snapshot(std::uint64_t generation) noexcept;
    void remove_before(std::uint64_t generation) noexcept;

    journal_settings const settings_;
    file lock_;

    // --- guarded by the lock of the database
    std::vector<entry> uncommitted_;

    // --- of the thread
    file file_;
    std::uint64_t generation_ = 0;
    std::optional<frame_encoder> encoder_;
    std::uint64_t snapshot_bytes_ = 0;
    std::thread snapshot_thread_;
    std::atomic<bool> stop_snapshot_ = false;

    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<entry> recorded_;
    std::uint64_t position_ = 0;
    std::uint64_t durable_ = 0;
    std::vector<std::pair<std::uint64_t, std::unique_ptr<durability_waiter>>> waiters_;
    std::exception_ptr failure_;
    bool stopping_ = false;
    bool snapshot_running_ = false;
    /// Of a snapshot that waits to take its place.
    std::optional<std::uint64_t> snapshot_written_;

    /// Held by `close`.
    std::mutex close_mutex_;
    /// Held while `take_` is called.
    std::mutex take_mutex_;
    std::function<effect_source()> take_;

    std::thread thread_;
};

} // namespace cormorant::memory
