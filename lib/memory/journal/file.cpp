#include "file.hpp"

#include <cormorant/error/error.hpp>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

namespace cormorant::memory {

namespace {

[[noreturn]] void refuse_errno(std::filesystem::path const& path, std::string_view doing) {
    refuse_file(path, fmt::format("{} failed: {}", doing, std::generic_category().message(errno)));
}

/// Calls a function of the system again when a signal interrupted it.
template <class F>
auto uninterrupted(F f) {
    for (;;) {
        auto const result = f();
        if (result >= 0 || errno != EINTR)
            return result;
    }
}

int open_descriptor(std::filesystem::path const& path, int flags) {
    int const result = uninterrupted([&] { return ::open(path.c_str(), flags | O_CLOEXEC, 0644); });
    if (result < 0)
        refuse_errno(path, "opening");
    return result;
}

} // namespace

void refuse_file(std::filesystem::path const& path, std::string_view reason) {
    throw error(errc::bad_file, fmt::format("{}: {}", path.native(), reason));
}

file::file(int descriptor, std::filesystem::path path) noexcept : descriptor_(descriptor), path_(std::move(path)) {}

file::file(file&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)), path_(std::move(other.path_)) {}

file& file::operator=(file&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    std::swap(path_, other.path_);
    return *this;
}

file::~file() {
    if (descriptor_ >= 0)
        ::close(descriptor_);
}

file file::open(std::filesystem::path path) {
    int const descriptor = open_descriptor(path, O_RDONLY);
    return {descriptor, std::move(path)};
}

file file::create(std::filesystem::path path) {
    int const descriptor = open_descriptor(path, O_WRONLY | O_CREAT | O_TRUNC);
    return {descriptor, std::move(path)};
}

file file::open_at_end(std::filesystem::path path) {
    int const descriptor = open_descriptor(path, O_WRONLY | O_APPEND);
    return {descriptor, std::move(path)};
}

file file::lock(std::filesystem::path path) {
    int const descriptor = open_descriptor(path, O_RDWR | O_CREAT);
    file result(descriptor, std::move(path));
    if (uninterrupted([&] { return ::flock(result.descriptor_, LOCK_EX | LOCK_NB); }) < 0) {
        if (errno == EWOULDBLOCK)
            refuse_file(result.path_, "the folder is in use by another store");
        refuse_errno(result.path_, "locking");
    }
    return result;
}

std::uint64_t file::size() const {
    struct stat found {};
    if (::fstat(descriptor_, &found) < 0)
        refuse_errno(path_, "reading the size");
    return static_cast<std::uint64_t>(found.st_size);
}

void file::write(std::span<std::byte const> bytes) {
    while (!bytes.empty()) {
        auto const written = uninterrupted([&] { return ::write(descriptor_, bytes.data(), bytes.size()); });
        if (written < 0)
            refuse_errno(path_, "writing");
        bytes = bytes.subspan(static_cast<std::size_t>(written));
    }
}

std::size_t file::read(std::span<std::byte> into) {
    std::size_t done = 0;
    while (done != into.size()) {
        auto const got = uninterrupted([&] { return ::read(descriptor_, into.data() + done, into.size() - done); });
        if (got < 0)
            refuse_errno(path_, "reading");
        if (got == 0)
            break;
        done += static_cast<std::size_t>(got);
    }
    return done;
}

void file::seek(std::uint64_t offset) {
    if (::lseek(descriptor_, static_cast<off_t>(offset), SEEK_SET) < 0)
        refuse_errno(path_, "seeking");
}

void file::truncate(std::uint64_t size) {
    if (uninterrupted([&] { return ::ftruncate(descriptor_, static_cast<off_t>(size)); }) < 0)
        refuse_errno(path_, "truncating");
}

void file::sync() {
    if (uninterrupted([&] { return ::fdatasync(descriptor_); }) < 0)
        refuse_errno(path_, "syncing");
}

void sync_folder(std::filesystem::path const& folder) {
    int const descriptor = open_descriptor(folder, O_RDONLY | O_DIRECTORY);
    int const result = uninterrupted([&] { return ::fsync(descriptor); });
    int const reason = errno;
    ::close(descriptor);
    if (result < 0) {
        errno = reason;
        refuse_errno(folder, "syncing");
    }
}

void rename_file(std::filesystem::path const& from, std::filesystem::path const& to) {
    if (::rename(from.c_str(), to.c_str()) < 0)
        refuse_errno(from, "renaming");
    sync_folder(to.parent_path());
}

} // namespace cormorant::memory
