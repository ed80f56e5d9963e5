#pragma once

/// Where a caller's handlers run: the execution context that its sockets belong to as well.

#include <boost/asio/any_completion_executor.hpp>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/execution_context.hpp>

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

namespace cormorant::detail {

struct home {
    /// Of the context itself, with no strand in between.
    boost::asio::any_io_executor executor;
    boost::asio::execution_context* context = nullptr;
    /// The handler runs on any thread of the context, not in a strand.
    bool direct = false;
    /// Keeps the context running, if that is needed.
    std::shared_ptr<void> stay = nullptr;
};

/// Nothing when the executor is of a kind whose context cannot be found out.
std::optional<home> find_home(boost::asio::any_completion_executor const& executor);

/// Hears of the end of a context.
class home_guest {
public:
    virtual ~home_guest() = default;
    /// The context is about to be destroyed: none of its threads runs any more, and its sockets have to go now.
    virtual void leave(boost::asio::execution_context& home) noexcept = 0;
};

/// Tells guests of the end of a context; it is a service of that context. Thread safety: any thread.
class home_watch final : public boost::asio::execution_context::service {
public:
    using key_type = home_watch;
    static boost::asio::execution_context::id id;

    explicit home_watch(boost::asio::execution_context& owner) : service(owner) {}
    void add(std::weak_ptr<home_guest> guest);

private:
    void shutdown() override;

    std::mutex mutex_;
    std::vector<std::weak_ptr<home_guest>> guests_;
};

/// The contexts that the callers of a store belong to; it tells those who work for them of the end of each. Thread safety: any
/// thread.
class known_homes final : public home_guest, public std::enable_shared_from_this<known_homes> {
public:
    /// Before the first context.
    void tell(std::weak_ptr<home_guest> guest) { guests_.push_back(std::move(guest)); }
    /// From now on its end is heard of.
    void watch(boost::asio::execution_context& home);
    void leave(boost::asio::execution_context& home) noexcept override;

private:
    std::vector<std::weak_ptr<home_guest>> guests_;
    std::mutex mutex_;
    std::vector<boost::asio::execution_context*> homes_;
};

} // namespace cormorant::detail
