#pragma once

/// `once_task`: work that many operations need and one does.

#include <boost/asio/awaitable.hpp>

#include <functional>
#include <memory>

namespace cormorant {

/// The first caller of `run` does the work; those who come meanwhile wait for it, and later ones find it done. When the work
/// fails, or its caller is cancelled, the exception goes to that caller, and one of those who wait tries in turn. A handle:
/// copies share the work. Thread safety: safe. Cancellation: of the waiting, and of the work for the caller who does it.
class once_task {
public:
    once_task();

    bool done() const noexcept;
    /// `work` gives the awaitable that does it.
    boost::asio::awaitable<void> run(std::function<boost::asio::awaitable<void>()> work) const;
    /// Forgets that it was done: the next caller does it again.
    void reset() const;

private:
    struct state;
    std::shared_ptr<state> state_;
};

} // namespace cormorant
