#pragma once

/// Finds by id that are issued in the same turn of one executor, as one find of all their ids.
///
/// A turn is what the event loop has ready to run: the first call of a kind opens a load and posts its sending to the executor,
/// behind everything that is ready; who asks for the same until then joins it.

#include <cormorant/store/store.hpp>

#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/async_result.hpp>

#include <cstddef>
#include <exception>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace cormorant::detail {

/// What a load has for one of its calls.
struct loaded {
    /// False: the call has to be sent by itself. It was alone, or what came back does not tell what it would have got.
    bool settled = false;
    /// At most one document, as the store gives it.
    batch docs;
    /// Calls that were answered together, and messages that it took.
    std::size_t calls = 0;
    int round_trips = 0;
};

class find_load;

/// The loads of one model that are open.
///
/// Thread safety: any thread.
class find_loader : public std::enable_shared_from_this<find_loader> {
public:
    /// The id that alone decides which document a find gives, in the names that are stored; null when the find cannot be one of
    /// several: something else than one plain value is asked for, or its answer would not tell for which of several ids it is.
    static value const* id_of(find_op const& op) noexcept;

    /// Completes with `void(std::exception_ptr, loaded)` on `on`, the executor of the caller. `op` has an id; it and the options
    /// are not needed any more when this returns. Deadline and cancellation end this call and no other; `terminal` and `total`.
    template <class CompletionToken>
    auto async_load(boost::asio::any_io_executor on, std::shared_ptr<store> const& s, find_op const& op,
        call_options const& options, CompletionToken&& token) {
        return boost::asio::async_initiate<CompletionToken, void(std::exception_ptr, loaded)>(
            [this](auto handler, boost::asio::any_io_executor e, std::shared_ptr<store> const* to, find_op const* o,
                call_options const* c) { join(std::move(e), *to, *o, *c, completion(std::move(handler))); },
            token, std::move(on), &s, &op, &options);
    }

private:
    friend class find_load;
    using completion = boost::asio::any_completion_handler<void(std::exception_ptr, loaded)>;

    void join(boost::asio::any_io_executor on, std::shared_ptr<store> const& s, find_op const& op, call_options const& options,
        completion done);
    void close(std::shared_ptr<find_load> const& load);

    struct open_load {
        boost::asio::any_io_executor on;
        /// What is posted owns it: it goes with an execution context that is never run again.
        std::weak_ptr<find_load> load;

        open_load(boost::asio::any_io_executor e, std::shared_ptr<find_load> const& l) : on(std::move(e)), load(l) {}
    };
    std::mutex mutex_;
    std::vector<open_load> open_; // guarded by the mutex
};

} // namespace cormorant::detail
