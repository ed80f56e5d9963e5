#pragma once

/// Files as a journal needs them: written and read as a whole, synced, and renamed so that it lasts. Errors are `errc::bad_file`
/// and name the file.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string_view>

namespace cormorant::memory {

/// An open file; closes it. Not thread safe.
class file {
public:
    file() noexcept = default;
    /// For reading, at its beginning.
    static file open(std::filesystem::path path);
    /// For writing, empty; it may exist.
    static file create(std::filesystem::path path);
    /// For writing, at its end.
    static file open_at_end(std::filesystem::path path);
    /// Created when missing, and locked as long as it is open: by one process, and once in it. Throws when it is locked.
    static file lock(std::filesystem::path path);

    file(file&& other) noexcept;
    file& operator=(file&& other) noexcept;
    ~file();

    std::filesystem::path const& path() const noexcept { return path_; }
    bool is_open() const noexcept { return descriptor_ >= 0; }

    std::uint64_t size() const;
    void write(std::span<std::byte const> bytes);
    /// Reads until `into` is full; answers less at the end of the file.
    std::size_t read(std::span<std::byte> into);
    void seek(std::uint64_t offset);
    void truncate(std::uint64_t size);
    /// Returns when what was written is on the medium.
    void sync();

private:
    file(int descriptor, std::filesystem::path path) noexcept;

    int descriptor_ = -1;
    std::filesystem::path path_;
};

/// Makes what was created, renamed or removed in a folder last.
void sync_folder(std::filesystem::path const& folder);
/// Renames within a folder, and makes it last.
void rename_file(std::filesystem::path const& from, std::filesystem::path const& to);

/// Throws `errc::bad_file`: `"/data/journal-1: no space left on device"`.
[[noreturn]] void refuse_file(std::filesystem::path const& path, std::string_view reason);

} // namespace cormorant::memory
