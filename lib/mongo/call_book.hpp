#pragma once

/// Calls that another thread answers while their own context may end.

#include "mongo/call.hpp"
#include "mongo/home.hpp"

#include <memory>
#include <mutex>
#include <unordered_map>
#include <utility>

namespace cormorant::detail {

class call_book;

/// A call whose handler can be taken from it.
class bookable_call : public call {
public:
    using call::call;
    /// Destroys the handler, which will not be called: its context ends.
    virtual void abandon() noexcept = 0;

    /// Where it is written down, if it is.
    std::shared_ptr<call_book> book;
};

/// Knows the calls of the driver thread and the contexts that their handlers belong to, so that nothing is posted to a context
/// that is gone: its end destroys the handlers, uncalled, as Asio does with those of its own operations. Thread safety: any
/// thread.
class call_book final : public home_guest, public std::enable_shared_from_this<call_book> {
public:
    /// It is one of those whom `homes` tells.
    explicit call_book(std::shared_ptr<known_homes> homes) : homes_(std::move(homes)) {}

    /// Before the call is started. Its `caller` says where its handler belongs.
    void enter(std::shared_ptr<bookable_call> const& c);
    /// Runs `post`, which posts the handler, unless the call has been abandoned.
    template <class F>
    void strike(bookable_call& c, F post) {
        std::lock_guard const lock(mutex_); // the context cannot end before this is done
        if (calls_.erase(&c) != 0)
            post();
    }
    void leave(boost::asio::execution_context& home) noexcept override;

private:
    std::shared_ptr<known_homes> const homes_;
    std::mutex mutex_;
    std::unordered_map<bookable_call*, std::weak_ptr<bookable_call>> calls_;
};

} // namespace cormorant::detail
