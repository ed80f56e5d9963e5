#include "journal.hpp"

#include <cormorant/error/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>

namespace cormorant::memory {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view journal_prefix = "journal-";
constexpr std::string_view snapshot_prefix = "snapshot-";
constexpr std::string_view temporary_suffix = ".tmp";

std::optional<std::uint64_t> generation_of(std::string_view name, std::string_view prefix) {
    if (!name.starts_with(prefix))
        return std::nullopt;
    name.remove_prefix(prefix.size());
    std::uint64_t result = 0;
    auto const [end, failure] = std::from_chars(name.data(), name.data() + name.size(), result);
    return failure == std::errc() && end == name.data() + name.size() ? std::optional(result) : std::nullopt;
}

file lock_folder(fs::path const& folder) {
    std::error_code failure;
    bool const made = fs::create_directories(folder, failure);
    if (failure)
        refuse_file(folder, fmt::format("the folder cannot be made: {}", failure.message()));
    if (made && folder.has_parent_path())
        sync_folder(folder.parent_path());
    return file::lock(folder / "lock");
}

/// Thrown to end a snapshot early.
struct snapshot_stopped {};

} // namespace

struct journal::found_files {
    std::optional<std::uint64_t> snapshot;
    /// From the generation of the snapshot on, without a gap; none in a new folder.
    std::vector<std::uint64_t> journals;
};

journal::journal(journal_settings settings, std::function<void(effect const&)> const& restore)
    : settings_(std::move(settings)), lock_(lock_folder(settings_.folder)) {
    restore_from(find_files(), restore);
    thread_ = std::thread([this] { run(); });
}

journal::~journal() {
    close();
}

void journal::close() {
    std::lock_guard const closing(close_mutex_);
    {
        std::lock_guard const lock(take_mutex_);
        take_ = nullptr;
    }
    {
        std::lock_guard const lock(mutex_);
        stopping_ = true;
    }
    changed_.notify_one();
    stop_snapshot_ = true;
    if (thread_.joinable())
        thread_.join();
    if (snapshot_thread_.joinable())
        snapshot_thread_.join();
    lock_ = file();
}

// --- opening

fs::path journal::path_of(std::string_view prefix, std::uint64_t generation) const {
    return settings_.folder / fmt::format("{}{:012}", prefix, generation);
}

journal::found_files journal::find_files() const {
    found_files result;
    std::vector<std::uint64_t> journals;
    std::error_code failure;
    for (auto const& each : fs::directory_iterator(settings_.folder, failure)) {
        auto const name = each.path().filename().string();
        if (name.ends_with(temporary_suffix))
            fs::remove(each.path(), failure); // of a process that ended while it wrote
        else if (auto const s = generation_of(name, snapshot_prefix))
            result.snapshot = std::max(result.snapshot.value_or(0), *s);
        else if (auto const j = generation_of(name, journal_prefix))
            journals.push_back(*j);
    }
    if (failure)
        refuse_file(settings_.folder, failure.message());
    std::ranges::sort(journals);
    auto const first = result.snapshot.value_or(0);
    for (std::uint64_t const j : journals) {
        if (j < first)
            continue;
        if (j != first + result.journals.size())
            refuse_file(path_of(journal_prefix, first + result.journals.size()), "the file is missing");
        result.journals.push_back(j);
    }
    if (result.snapshot && result.journals.empty())
        refuse_file(path_of(journal_prefix, first), "the file is missing");
    return result;
}

void journal::restore_from(found_files const& found, std::function<void(effect const&)> const& restore) {
    auto const restore_all = [&](frame_reader& reader) {
        bool ended = false;
        while (auto const effects = reader.next()) {
            for (effect const& e : *effects) {
                ended = ended || e.what == effect::kind::end;
                if (!ended)
                    restore(e);
            }
        }
        return ended;
    };
    if (found.snapshot) {
        auto const path = path_of(snapshot_prefix, *found.snapshot);
        frame_reader reader(file::open(path), file_kind::snapshot, *found.snapshot);
        if (!restore_all(reader))
            refuse_file(path, fmt::format("damaged at offset {}: the snapshot has no end", reader.good_size()));
        snapshot_bytes_ = reader.good_size();
    }
    if (found.journals.empty()) {
        create_journal(0);
        return;
    }
    remove_before(found.journals.front());
    for (std::uint64_t const generation : found.journals) {
        auto const path = path_of(journal_prefix, generation);
        frame_reader reader(file::open(path), file_kind::journal, generation);
        restore_all(reader);
        if (!reader.is_torn())
            continue;
        if (generation != found.journals.back())
            refuse_file(path, fmt::format("damaged at offset {}: the file is shorter than it was", reader.good_size()));
        if (reader.good_size() < file_header_size) {
            create_journal(generation);
            return;
        }
        file torn = file::open_at_end(path);
        torn.truncate(reader.good_size());
        torn.sync();
    }
    open_journal(found.journals.back());
}

void journal::open_journal(std::uint64_t generation) {
    file_ = file::open_at_end(path_of(journal_prefix, generation));
    generation_ = generation;
    encoder_.emplace(generation, file_.size());
}

void journal::create_journal(std::uint64_t generation) {
    auto const path = path_of(journal_prefix, generation);
    auto temporary = path;
    temporary += temporary_suffix;
    file made = file::create(temporary);
    made.write(encode_file_header(file_kind::journal, generation));
    made.sync();
    rename_file(temporary, path);
    open_journal(generation);
}

// --- recording

void journal::record(effect e) {
    uncommitted_.push_back(entry{std::move(e), false});
}

void journal::commit() noexcept {
    if (uncommitted_.empty())
        return;
    uncommitted_.back().ends_operation = true;
    {
        std::lock_guard const lock(mutex_);
        position_ += uncommitted_.size();
        if (recorded_.empty())
            recorded_.swap(uncommitted_);
        else
            std::ranges::move(uncommitted_, std::back_inserter(recorded_));
    }
    uncommitted_.clear();
    changed_.notify_one();
}

void journal::begin_generation() {
    std::lock_guard const lock(mutex_);
    recorded_.push_back(entry());
}

std::uint64_t journal::position() const {
    std::lock_guard const lock(mutex_);
    return position_;
}

bool journal::is_durable(std::uint64_t position) const {
    std::lock_guard const lock(mutex_);
    return position <= durable_;
}

void journal::wait(std::uint64_t position, std::unique_ptr<durability_waiter> waiter) {
    std::exception_ptr failure;
    {
        std::lock_guard const lock(mutex_);
        if (position > durable_) {
            failure = failure_;
            if (!failure) {
                waiters_.emplace_back(position, std::move(waiter));
                return;
            }
        }
    }
    waiter->done(std::move(failure));
}

void journal::check() const {
    std::exception_ptr failure;
    {
        std::lock_guard const lock(mutex_);
        failure = failure_;
    }
    if (!failure)
        return;
    try {
        std::rethrow_exception(failure);
    } catch (error const& e) {
        throw error(
            errc::bad_file, fmt::format("the memory store has to be opened again, since its journal failed: {}", e.message()));
    }
}

// --- the thread

void journal::run() noexcept {
    for (;;) {
        std::vector<entry> entries;
        std::uint64_t position = 0;
        std::optional<std::uint64_t> snapshot;
        {
            std::unique_lock lock(mutex_);
            changed_.wait(lock, [&] { return !recorded_.empty() || snapshot_written_ || stopping_; });
            entries.swap(recorded_);
            position = position_;
            snapshot = std::exchange(snapshot_written_, std::nullopt);
            if (entries.empty() && !snapshot) {
                if (!failure_)
                    failure_ = make_exception(error(errc::not_connected, "the memory store is closed"));
                return;
            }
        }
        try {
            if (!is_failed())
                write(entries);
        } catch (...) {
            fail(std::current_exception());
        }
        if (is_failed())
            continue;
        become_durable(position);
        // The journal of its generation was begun by what was recorded before the snapshot was written.
        if (snapshot)
            finish_snapshot(*snapshot);
        take_snapshot_when_due();
    }
}

bool journal::is_failed() const {
    std::lock_guard const lock(mutex_);
    return failure_ != nullptr;
}

void journal::become_durable(std::uint64_t position) {
    std::vector<std::unique_ptr<durability_waiter>> released;
    {
        std::lock_guard const lock(mutex_);
        durable_ = position;
        auto const waiting = std::ranges::partition(waiters_, [&](auto const& w) { return w.first <= durable_; });
        for (auto at = waiters_.begin(); at != waiting.begin(); ++at)
            released.push_back(std::move(at->second));
        waiters_.erase(waiters_.begin(), waiting.begin());
    }
    release(std::move(released), nullptr);
}

void journal::write(std::vector<entry> const& entries) {
    for (entry const& e : entries) {
        if (e.what) {
            encoder_->add(*e.what, e.ends_operation);
            continue;
        }
        // The old journal has to be complete before there is a newer one, whatever `sync` says.
        flush();
        file_.sync();
        create_journal(generation_ + 1);
    }
    flush();
}

void journal::flush() {
    encoder_->finish();
    if (encoder_->bytes().empty())
        return;
    file_.write(encoder_->bytes());
    encoder_->clear();
    if (settings_.sync)
        file_.sync();
}

void journal::fail(std::exception_ptr failure) noexcept {
    std::vector<std::unique_ptr<durability_waiter>> released;
    {
        std::lock_guard const lock(mutex_);
        failure_ = failure;
        for (auto& [position, waiter] : waiters_)
            released.push_back(std::move(waiter));
        waiters_.clear();
    }
    release(std::move(released), std::move(failure));
}

void journal::release(std::vector<std::unique_ptr<durability_waiter>> waiters, std::exception_ptr failure) noexcept {
    for (auto& waiter : waiters)
        waiter->done(failure);
}

// --- snapshots

void journal::begin_snapshots(std::function<effect_source()> take) {
    std::lock_guard const lock(take_mutex_);
    take_ = std::move(take);
}

void journal::take_snapshot_when_due() noexcept {
    {
        std::lock_guard const lock(mutex_);
        if (snapshot_running_ || encoder_->offset() < std::max(settings_.snapshot_size, snapshot_bytes_))
            return;
        snapshot_running_ = true;
    }
    try {
        effect_source source;
        {
            std::lock_guard const lock(take_mutex_);
            if (take_)
                source = take_();
        }
        if (snapshot_thread_.joinable())
            snapshot_thread_.join();
        if (source) {
            snapshot_thread_ = std::thread(
                [this, source = std::move(source), generation = generation_ + 1] { write_snapshot(source, generation); });
            return;
        }
    } catch (std::exception const&) {
        // No memory or no thread: there will be a next time.
    }
    std::lock_guard const lock(mutex_);
    snapshot_running_ = false;
}

void journal::write_snapshot(effect_source const& source, std::uint64_t generation) noexcept {
    auto temporary = path_of(snapshot_prefix, generation);
    temporary += temporary_suffix;
    bool written = false;
    try {
        file made = file::create(temporary);
        made.write(encode_file_header(file_kind::snapshot, generation));
        frame_encoder encoder(generation, file_header_size);
        source([&](effect const& e) {
            if (stop_snapshot_)
                throw snapshot_stopped();
            encoder.add(e);
            if (encoder.bytes().size() > frame_target) {
                encoder.finish();
                made.write(encoder.bytes());
                encoder.clear();
            }
        });
        encoder.add(effect());
        encoder.finish();
        made.write(encoder.bytes());
        made.sync();
        written = true;
    } catch (...) {
        // The journals hold everything; the next try is when they are longer.
        std::error_code ignored;
        fs::remove(temporary, ignored);
    }
    {
        std::lock_guard const lock(mutex_);
        snapshot_running_ = written;
        if (written)
            snapshot_written_ = generation;
    }
    changed_.notify_one();
}

void journal::finish_snapshot(std::uint64_t generation) noexcept {
    auto const path = path_of(snapshot_prefix, generation);
    auto temporary = path;
    temporary += temporary_suffix;
    try {
        rename_file(temporary, path);
        snapshot_bytes_ = fs::file_size(path);
        remove_before(generation);
    } catch (std::exception const&) {
        // As above: what is not replaced is kept.
    }
    std::lock_guard const lock(mutex_);
    snapshot_running_ = false;
}

void journal::remove_before(std::uint64_t generation) noexcept {
    std::error_code ignored;
    std::vector<fs::path> old;
    for (auto const& each : fs::directory_iterator(settings_.folder, ignored)) {
        auto const name = each.path().filename().string();
        auto const found = generation_of(name, name.starts_with(journal_prefix) ? journal_prefix : snapshot_prefix);
        if (found && *found < generation)
            old.push_back(each.path());
    }
    for (fs::path const& path : old)
        fs::remove(path, ignored);
}

} // namespace cormorant::memory
