#include "interposer.hpp"

#include <dlfcn.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <mutex>

namespace cormorant::testing {
namespace {

std::mutex mutex;
std::map<std::thread::id, blocking_calls> calls;
std::thread::id connecting;

void count(char const* name) {
    std::lock_guard const lock(mutex);
    ++calls[std::this_thread::get_id()][name];
}

template <class F>
F next(F, char const* name) {
    return reinterpret_cast<F>(::dlsym(RTLD_NEXT, name));
}

} // namespace

void forget_blocking_calls() {
    std::lock_guard const lock(mutex);
    calls.clear();
}

blocking_calls blocking_calls_of(std::thread::id thread) {
    std::lock_guard const lock(mutex);
    auto const it = calls.find(thread);
    return it == calls.end() ? blocking_calls() : it->second;
}

std::thread::id connecting_thread() {
    std::lock_guard const lock(mutex);
    return connecting;
}

} // namespace cormorant::testing

using cormorant::testing::count;
using cormorant::testing::next;

extern "C" {

int usleep(useconds_t time) {
    count("usleep");
    return next(&::usleep, "usleep")(time);
}

int nanosleep(timespec const* time, timespec* rest) {
    count("nanosleep");
    return next(&::nanosleep, "nanosleep")(time, rest);
}

int poll(pollfd* descriptors, nfds_t n, int timeout) {
    if (timeout != 0)
        count("poll");
    return next(&::poll, "poll")(descriptors, n, timeout);
}

int select(int n, fd_set* reads, fd_set* writes, fd_set* errors, timeval* time) {
    if (time == nullptr || time->tv_sec != 0 || time->tv_usec != 0)
        count("select");
    return next(&::select, "select")(n, reads, writes, errors, time);
}

int getaddrinfo(char const* node, char const* service, addrinfo const* hints, addrinfo** found) {
    count("getaddrinfo");
    return next(&::getaddrinfo, "getaddrinfo")(node, service, hints, found);
}

int connect(int descriptor, sockaddr const* address, socklen_t size) {
    if ((::fcntl(descriptor, F_GETFL) & O_NONBLOCK) == 0)
        count("connect");
    {
        std::lock_guard const lock(cormorant::testing::mutex);
        cormorant::testing::connecting = std::this_thread::get_id();
    }
    return next(&::connect, "connect")(descriptor, address, size);
}

ssize_t recv(int descriptor, void* buffer, size_t size, int flags) {
    if ((flags & MSG_DONTWAIT) == 0 && (::fcntl(descriptor, F_GETFL) & O_NONBLOCK) == 0)
        count("recv");
    return next(&::recv, "recv")(descriptor, buffer, size, flags);
}

} // extern "C"
