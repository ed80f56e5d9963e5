#include "model/together.hpp"

#include "pipeline/spawn.hpp"

#include <boost/asio/experimental/parallel_group.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace cormorant::detail {

namespace asio = boost::asio;

namespace {

/// Runs on the strand itself, so that each task goes to its first suspension before any of them goes on.
asio::awaitable<void> run_on_strand(std::vector<asio::awaitable<void>> tasks) {
    auto const strand = co_await asio::this_coro::executor;
    using operation = decltype(spawn(strand, std::move(tasks.front())));
    std::vector<operation> operations;
    operations.reserve(tasks.size());
    for (auto& task : tasks)
        operations.push_back(spawn(strand, std::move(task)));
    auto group = asio::experimental::make_parallel_group(std::move(operations));
    auto const [order, errors] = co_await group.async_wait(asio::experimental::wait_for_one_error(), asio::use_awaitable);
    for (std::size_t i : order) {
        if (errors[i])
            std::rethrow_exception(errors[i]); // the first to fail; the others were cancelled because of it
    }
}

} // namespace

asio::awaitable<void> run_together(std::vector<asio::awaitable<void>> tasks, bool in_session) {
    if (in_session) {
        for (auto& task : tasks)
            co_await std::move(task);
        co_return;
    }
    auto const strand = asio::make_strand(co_await asio::this_coro::executor);
    auto all = spawn(strand, run_on_strand(std::move(tasks)));
    co_await std::move(all)(asio::use_awaitable);
}

} // namespace cormorant::detail
