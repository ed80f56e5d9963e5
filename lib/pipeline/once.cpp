#include <cormorant/pipeline/once.hpp>

#include <boost/asio/error.hpp>
#include <boost/asio/experimental/channel_error.hpp>
#include <boost/asio/experimental/concurrent_channel.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <mutex>
#include <utility>

namespace cormorant {

namespace asio = boost::asio;

namespace {

/// Nothing is ever sent: those who wait learn of its end.
using gate = asio::experimental::concurrent_channel<void(boost::system::error_code)>;

} // namespace

struct once_task::state {
    std::mutex mutex;
    bool done = false;             // guarded by the mutex
    std::shared_ptr<gate> running; // while somebody does the work; guarded by the mutex
};

namespace {

/// Opens the way for the others when the work has ended, in whatever way.
template <class State>
class turn {
public:
    turn(State& s, std::shared_ptr<gate> g) noexcept : state_(s), gate_(std::move(g)) {}
    turn(turn const&) = delete;
    turn& operator=(turn const&) = delete;
    ~turn() {
        {
            std::lock_guard lock(state_.mutex);
            state_.done = done;
            state_.running.reset();
        }
        gate_->close();
    }

    bool done = false;

private:
    State& state_;
    std::shared_ptr<gate> gate_;
};

} // namespace

once_task::once_task() : state_(std::make_shared<state>()) {}

bool once_task::done() const noexcept {
    std::lock_guard lock(state_->mutex);
    return state_->done;
}

void once_task::reset() const {
    std::lock_guard lock(state_->mutex);
    state_->done = false;
}

asio::awaitable<void> once_task::run(std::function<asio::awaitable<void>()> work) const {
    auto const shared = state_; // outlives the handle
    auto const executor = co_await asio::this_coro::executor;
    for (;;) {
        std::shared_ptr<gate> others;
        std::shared_ptr<gate> own;
        {
            std::lock_guard lock(shared->mutex);
            if (shared->done)
                co_return;
            others = shared->running;
            if (!others)
                own = shared->running = std::make_shared<gate>(executor);
        }
        if (own) {
            turn mine(*shared, std::move(own));
            co_await work();
            mine.done = true;
            co_return;
        }
        boost::system::error_code ended;
        co_await others->async_receive(asio::redirect_error(asio::use_awaitable, ended));
        if (ended != asio::experimental::error::channel_closed)
            throw boost::system::system_error(asio::error::operation_aborted);
    }
}

} // namespace cormorant
