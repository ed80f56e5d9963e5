#pragma once

/// Calling an erased handler where it belongs: later, on its own executor.

#include <boost/asio/any_completion_executor.hpp>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/prefer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/system_executor.hpp>
#include <boost/asio/thread_pool.hpp>

#include <utility>

namespace cormorant::detail {

/// Runs `f` on `executor`, never from within this call.
///
/// An `any_completion_executor` of Boost 1.81 can only dispatch, which runs `f` at once when the caller is on the executor
/// already. So the executors of Asio itself are taken out of it and posted to; what is unknown is reached from a thread of the
/// system executor, where it has nothing to run in place. `work` keeps the context of the executor busy; it is let go when this
/// thread, or the one in between, has nothing to do with the context any more: as soon as `f` has run and nothing keeps it busy,
/// the context may be destroyed.
template <class F>
void post_to(boost::asio::any_completion_executor executor, boost::asio::any_completion_executor work, F f) {
    namespace asio = boost::asio;
    auto const tried = [&]<class Executor>(std::in_place_type_t<Executor>) {
        auto const* const known = executor.target<Executor>();
        if (known == nullptr)
            return false;
        // The last thing that this thread does with the erased executor is to hand it over.
        auto const target = *known;
        asio::post(target, [executor = std::move(executor), f = std::move(f)]() mutable { f(); });
        return true;
    };
    using io = asio::io_context::executor_type;
    using pool = asio::thread_pool::executor_type;
    if (tried(std::in_place_type<io>) || tried(std::in_place_type<asio::strand<io>>) || tried(std::in_place_type<pool>) ||
        tried(std::in_place_type<asio::strand<pool>>) || tried(std::in_place_type<asio::strand<asio::any_io_executor>>) ||
        tried(std::in_place_type<asio::system_executor>) || tried(std::in_place_type<asio::any_io_executor>))
        return;
    asio::post(asio::system_executor(),
        [work = std::move(work), executor = std::move(executor), f = std::move(f)]() mutable { executor.execute(std::move(f)); });
}

/// A handler that waits for its answer. It keeps the context of its executor busy.
///
/// Thread safety: one call of `finish`, from any thread.
template <class Handler>
class pending_handler {
public:
    explicit pending_handler(Handler handler)
        : handler_(std::move(handler)), executor_(boost::asio::get_associated_executor(
                                            handler_, boost::asio::any_completion_executor(boost::asio::system_executor()))),
          work_(boost::asio::prefer(executor_, boost::asio::execution::outstanding_work.tracked)) {}

    /// The slot of the erased handler. Only before `finish`.
    auto cancellation_slot() const noexcept { return boost::asio::get_associated_cancellation_slot(handler_); }

    boost::asio::any_completion_executor const& executor() const noexcept { return executor_; }

    /// Calls `f(handler)` on the handler's executor, where the cancellation slot is empty again.
    template <class F>
    void finish(F f) {
        post_to(std::move(executor_), std::move(work_),
            [handler = std::move(handler_), f = std::move(f)]() mutable { call(std::move(handler), f); });
    }
    /// The same at once: for a caller that is on that executor, with nothing else to do.
    template <class F>
    void finish_here(F f) {
        auto const work = std::move(work_);
        call(std::move(handler_), f);
    }

private:
    template <class F>
    static void call(Handler handler, F& f) {
        if (auto slot = boost::asio::get_associated_cancellation_slot(handler); slot.is_connected())
            slot.clear();
        f(std::move(handler));
    }

    Handler handler_;
    boost::asio::any_completion_executor executor_;
    boost::asio::any_completion_executor work_;
};

} // namespace cormorant::detail
