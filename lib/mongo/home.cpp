#include "mongo/home.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/query.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/thread_pool.hpp>

#include <algorithm>
#include <utility>

namespace cormorant::detail {

namespace asio = boost::asio;

namespace {

// An erased executor says nothing of its context, so the executors of Asio itself are taken out of it.
template <class Erased>
std::optional<home> unwrap(Erased const& executor) {
    using io = asio::io_context::executor_type;
    using pool = asio::thread_pool::executor_type;
    std::optional<home> found;
    auto const tried = [&]<class Executor>(std::in_place_type_t<Executor>, auto inner) {
        if (found)
            return;
        if (auto const* const known = executor.template target<Executor>())
            found = inner(*known);
    };
    auto const plain = [](auto const& e) { return home{e, &asio::query(e, asio::execution::context), true}; };
    auto const strand = [&](auto const& s) {
        auto result = plain(s.get_inner_executor());
        result.direct = false;
        return result;
    };
    auto const nested_strand = [](auto const& s) {
        auto result = unwrap(s.get_inner_executor());
        if (result)
            result->direct = false;
        return result;
    };
    tried(std::in_place_type<io>, plain);
    tried(std::in_place_type<asio::strand<io>>, strand);
    tried(std::in_place_type<pool>, plain);
    tried(std::in_place_type<asio::strand<pool>>, strand);
    tried(std::in_place_type<asio::strand<asio::any_io_executor>>, nested_strand);
    if constexpr (!std::is_same_v<Erased, asio::any_io_executor>)
        tried(std::in_place_type<asio::any_io_executor>, [](asio::any_io_executor const& e) { return unwrap(e); });
    return found;
}

} // namespace

std::optional<home> find_home(asio::any_completion_executor const& executor) {
    return unwrap(executor);
}

asio::execution_context::id home_watch::id;

void home_watch::add(std::weak_ptr<home_guest> guest) {
    std::lock_guard const lock(mutex_);
    std::erase_if(guests_, [](auto const& g) { return g.expired(); });
    guests_.push_back(std::move(guest));
}

void home_watch::shutdown() {
    auto const guests = [&] {
        std::lock_guard const lock(mutex_);
        return std::exchange(guests_, {});
    }();
    for (auto const& weak : guests)
        if (auto const guest = weak.lock())
            guest->leave(context());
}

void known_homes::watch(asio::execution_context& home) {
    auto const known = [&] { return std::find(homes_.begin(), homes_.end(), &home) != homes_.end(); };
    {
        std::lock_guard const lock(mutex_);
        if (known())
            return;
    }
    asio::use_service<home_watch>(home).add(weak_from_this()); // the context has a mutex of its own
    std::lock_guard const lock(mutex_);
    if (!known())
        homes_.push_back(&home);
}

void known_homes::leave(asio::execution_context& home) noexcept {
    {
        std::lock_guard const lock(mutex_);
        std::erase(homes_, &home);
    }
    for (auto const& weak : guests_)
        if (auto const guest = weak.lock())
            guest->leave(home);
}

} // namespace cormorant::detail
