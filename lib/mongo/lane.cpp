#include "mongo/lane.hpp"

#include <boost/asio/async_result.hpp>
#include <boost/asio/post.hpp>

#include <utility>

namespace cormorant::detail {

namespace asio = boost::asio;

void lane::park() {
    auto const store = [this](auto handler) { parked_.emplace(std::move(handler)); };
    asio::async_initiate<asio::yield_context, void()>(store, *fiber_);
}

void lane::notify() {
    if (!parked_)
        return;
    auto handler = std::move(*parked_);
    parked_.reset();
    std::move(handler)();
}

void lane::notify_later() {
    asio::post(context_, [self = shared_from_this()] { self->notify(); });
}

void lane::arm(steady_clock::time_point expiry) {
    expiry_ = expiry;
    if (expiry != steady_clock::time_point::max() && (!armed_ || timer_.expiry() > expiry))
        start_timer();
}

void lane::start_timer() {
    armed_ = true;
    timer_.expires_at(expiry_);
    timer_.async_wait([self = shared_from_this()](boost::system::error_code ec) {
        if (ec)
            return; // moved or retired
        self->armed_ = false;
        self->notify(); // whoever waits looks at the clock and arms it again
    });
}

void lane::begin_command() noexcept {
    started_ = false;
    sent_ = false;
    server_ = 0;
    enter(phase::selection);
    failure_ = errc();
    failure_message_.clear();
}

void lane::interrupt() {
    interrupted_ = true;
    notify_later();
}

void lane::command_started(std::uint32_t server) noexcept {
    started_ = true;
    sent_ = false;
    server_ = server;
    enter(phase::server);
}

void lane::enter(phase p) noexcept {
    auto const now = steady_clock::now();
    if (phase_ != phase::none)
        times_.add(phase_, now - entered_);
    phase_ = p;
    entered_ = now;
}

phase_times lane::times() const noexcept {
    auto result = times_;
    if (phase_ != phase::none)
        result.add(phase_, steady_clock::now() - entered_);
    return result;
}

void lane::connection_failed(errc why, std::string message) {
    if (failure_ == errc()) {
        failure_ = why;
        failure_message_ = std::move(message);
    }
}

time_limit::time_limit(std::shared_ptr<lane> where, std::chrono::milliseconds time) : timer_(where->context(), time) {
    timer_.async_wait([lane = std::move(where)](boost::system::error_code ec) {
        if (!ec)
            lane->interrupt();
    });
}

} // namespace cormorant::detail
