#include "mongo/call_book.hpp"

#include <vector>

namespace cormorant::detail {

namespace asio = boost::asio;

void call_book::enter(std::shared_ptr<bookable_call> const& c) {
    homes_->watch(*c->caller->context);
    c->book = shared_from_this();
    std::lock_guard const lock(mutex_);
    calls_.emplace(c.get(), c);
}

void call_book::leave(asio::execution_context& home) noexcept {
    std::vector<std::shared_ptr<bookable_call>> abandoned;
    {
        std::lock_guard const lock(mutex_);
        for (auto it = calls_.begin(); it != calls_.end();) {
            auto c = it->second.lock();
            bool const mine = c && c->caller->context == &home;
            it = mine || !c ? calls_.erase(it) : std::next(it);
            if (mine)
                abandoned.push_back(std::move(c));
        }
    }
    for (auto const& c : abandoned)
        c->abandon();
}

} // namespace cormorant::detail
