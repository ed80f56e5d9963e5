#include "mongo/worker.hpp"

#include "mongo/fiber_stack.hpp"

#include <boost/asio/post.hpp>

#include <exception>
#include <utility>

namespace cormorant::detail {

namespace asio = boost::asio;

namespace {
// libmongoc was seen to use 20 KiB of it, with SCRAM.
constexpr std::size_t stack_size = 128 * 1024;
} // namespace

worker::worker(
    asio::io_context& context, mongo_settings const& settings, std::shared_ptr<lookup_count> lookups, mongoc_read_mode_t which)
    : context_(context), settings_(settings), lookups_(std::move(lookups)), which_(which),
      lane_(std::make_shared<lane>(context)) {}

void worker::start(callbacks report) {
    report_ = std::move(report);
    asio::post(context_, [self = shared_from_this()] { self->spawn(); }); // never from within another fiber
}

void worker::spawn() {
    asio::spawn(
        context_, std::allocator_arg, fiber_stack(stack_size),
        [self = shared_from_this()](asio::yield_context fiber) {
            fiber.throw_if_cancelled(false);
            self->lane_->attach(&fiber);
            client c(self->settings_, self->lane_, self->lookups_);
            self->run(c);
            self->retire(c);
            self->lane_->attach(nullptr);
        },
        [self = shared_from_this()](std::exception_ptr) {
            self->lane_->retire();
            std::exchange(self->report_, {}).gone();
        });
}

void worker::run(client& c) {
    lane_->enter(phase::selection);
    auto const opened = c.open(which_);
    connecting_ = false;
    connect_times_ = lane_->times();
    bool const usable = opened.replied && opened.server_code == 0 && c.usable();
    report_.opened(opened, usable);
    while (usable) {
        lane_->wait([this] { return !jobs_.empty() || stopping_ || (!busy_ && lane_->lost()); }, steady_clock::time_point::max());
        if (jobs_.empty()) {
            if (!stopping_)
                report_.lost();
            return;
        }
        auto const work = std::move(jobs_.front());
        jobs_.pop_front();
        lane_->begin();
        work(c);
        if (!c.usable() && !busy_)
            return;
    }
}

void worker::retire(client& c) {
    time_limit const limit(lane_, farewell_time);
    c.retire();
}

void worker::submit(job work) {
    busy_ = true;
    jobs_.push_back(std::move(work));
    lane_->notify_later();
}

void worker::stop() {
    stopping_ = true;
    if (connecting_)
        lane_->interrupt();
    else
        lane_->notify_later();
}

} // namespace cormorant::detail
