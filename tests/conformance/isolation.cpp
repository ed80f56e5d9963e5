#include "isolation.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <optional>
#include <stdexcept>
#include <system_error>

namespace conformance {

namespace {

[[noreturn]] void fail(char const* what) {
    throw std::system_error(errno, std::generic_category(), what);
}

class descriptor {
public:
    explicit descriptor(int fd) noexcept : fd_(fd) {}
    descriptor(descriptor const&) = delete;
    descriptor& operator=(descriptor const&) = delete;
    ~descriptor() { close(); }
    int get() const noexcept { return fd_; }
    void close() noexcept {
        if (fd_ >= 0) {
            ::close(fd_);
        }
        fd_ = -1;
    }

private:
    int fd_;
};

/// An answer travels as its length and its text.
void send(int fd, std::string const& answer) {
    auto const size = static_cast<std::uint32_t>(answer.size());
    std::string message(reinterpret_cast<char const*>(&size), sizeof size);
    message += answer;
    for (std::size_t sent = 0; sent < message.size();) {
        auto const n = ::write(fd, message.data() + sent, message.size() - sent);
        if (n < 0 && errno != EINTR) {
            fail("write");
        }
        sent += n < 0 ? 0 : static_cast<std::size_t>(n);
    }
}

/// Takes answers out of a pipe.
class receiver {
public:
    enum class state { answer, ended, silent };

    explicit receiver(int fd) noexcept : fd_(fd) {}

    state next(std::string& answer, std::chrono::milliseconds patience) {
        auto const end = std::chrono::steady_clock::now() + patience;
        while (!take(answer)) {
            auto const left = std::chrono::ceil<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
            pollfd waiting{fd_, POLLIN, 0};
            auto const ready = ::poll(&waiting, 1, left.count() < 0 ? 0 : static_cast<int>(left.count()));
            if (ready == 0) {
                return state::silent;
            }
            std::array<char, 4096> bytes;
            auto const n = ready < 0 ? ready : ::read(fd_, bytes.data(), bytes.size());
            if (n == 0) {
                return state::ended;
            }
            if (n < 0 && errno != EINTR) {
                fail("read");
            }
            if (n > 0) {
                buffer_.append(bytes.data(), static_cast<std::size_t>(n));
            }
        }
        return state::answer;
    }

private:
    bool take(std::string& answer) {
        std::uint32_t size = 0;
        if (buffer_.size() < sizeof size) {
            return false;
        }
        std::memcpy(&size, buffer_.data(), sizeof size);
        if (buffer_.size() < sizeof size + size) {
            return false;
        }
        answer = buffer_.substr(sizeof size, size);
        buffer_.erase(0, sizeof size + size);
        return true;
    }

    int fd_;
    std::string buffer_;
};

/// The status of a child that could not make its worker.
constexpr auto cannot_start = 3;

[[noreturn]] void work(int fd, std::size_t from, std::size_t count, std::function<job_function()> const& make_worker) {
    auto status = cannot_start;
    try {
        auto const job = make_worker();
        status = EXIT_FAILURE;
        for (auto i = from; i < count; ++i) {
            send(fd, job(i));
        }
        status = EXIT_SUCCESS;
    } catch (std::exception const& e) {
        fmt::print(stderr, "{}\n", e.what());
    }
    std::fflush(nullptr);
    ::_exit(status);
}

std::string describe_end(int status) {
    if (WIFSIGNALED(status)) {
        return fmt::format("the process died of signal {} ({})", WTERMSIG(status), ::strsignal(WTERMSIG(status)));
    }
    return fmt::format("the process ended with status {}", WEXITSTATUS(status));
}

} // namespace

void run_isolated(std::size_t count, std::chrono::milliseconds patience, std::function<job_function()> const& make_worker,
    std::function<void(std::size_t, std::string const&)> const& report) {
    std::size_t next = 0;
    for (auto again = true; again;) {
        std::array<int, 2> ends{};
        if (::pipe(ends.data()) != 0) {
            fail("pipe");
        }
        descriptor reading(ends[0]);
        descriptor writing(ends[1]);
        std::fflush(nullptr);
        auto const child = ::fork();
        if (child < 0) {
            fail("fork");
        }
        if (child == 0) {
            reading.close();
            work(writing.get(), next, count, make_worker);
        }
        writing.close();

        receiver answers(reading.get());
        std::string answer;
        auto state = receiver::state::answer;
        auto const first = next;
        while ((state = answers.next(answer, patience)) == receiver::state::answer) {
            report(next++, answer);
        }
        if (state == receiver::state::silent) {
            ::kill(child, SIGKILL);
        }
        auto status = 0;
        ::waitpid(child, &status, 0);
        if (WIFEXITED(status) && WEXITSTATUS(status) == cannot_start) {
            throw std::runtime_error("nothing can be run");
        }
        // A child that ended badly did not clean up: the next one will, even when there is no job left.
        again = status != 0 && (next < count || next != first);
        if (next < count) {
            report(next++, state == receiver::state::silent ? "no end within the time allowed" : describe_end(status));
        }
    }
}

} // namespace conformance
