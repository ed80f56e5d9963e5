#include "mongo/driver.hpp"
#include "mongo/outcome.hpp"
#include "mongo/plan.hpp"
#include "store/deliver.hpp"

#include <cormorant/mongo/mongo_store.hpp>

#include <boost/asio/cancellation_type.hpp>

#include <exception>
#include <utility>

namespace cormorant {
namespace detail {
namespace {

namespace asio = boost::asio;

/// Sends a request to the driver; `read(handler, result)` then runs on the executor of the handler. Cancellation of the handler's
/// slot ends it.
template <class Handler, class Read>
void send(std::shared_ptr<driver> const& to, request what, pending_handler<Handler> pending, Read read) {
    auto slot = pending.cancellation_slot();
    struct state {
        pending_handler<Handler> pending;
        Read read;
    };
    // Copyable, as std::function wants it.
    auto const shared = std::make_shared<state>(state{std::move(pending), std::move(read)});
    auto const t = std::make_shared<ticket>(std::move(what), [shared](result r) {
        shared->pending.finish([read = std::move(shared->read), r = std::move(r)](
                                   Handler handler) mutable { read(std::move(handler), std::move(r)); });
    });
    if (slot.is_connected())
        slot.assign([driver = std::weak_ptr(to), t = std::weak_ptr(t)](asio::cancellation_type type) {
            if ((type & (asio::cancellation_type::terminal | asio::cancellation_type::total)) == asio::cancellation_type::none)
                return;
            if (auto const d = driver.lock())
                d->cancel(t);
        });
    to->start(t);
}

/// Calls the handler with what `make()` gives, or with what it throws.
template <class Value, class Handler, class F>
void answer_with(Handler handler, F make) {
    std::exception_ptr failed;
    Value result{};
    try {
        result = make();
    } catch (...) {
        failed = std::current_exception();
    }
    std::move(handler)(failed, std::move(result));
}

/// An answer that comes in batches, the first of which is here.
class mongo_cursor final : public cursor_source {
public:
    mongo_cursor(std::shared_ptr<driver> to, expectation expected, call_options const& options, result first)
        : driver_(std::move(to)), expected_(std::move(expected)), statistics_(options.statistics), deadline_(options.deadline) {
        expected_.bounded = false;
        take(std::move(first));
    }

    void next(completion done) override {
        pending_handler<completion> pending(std::move(done));
        if (!batch_.empty() || !lease_) {
            pending.finish(
                [b = std::exchange(batch_, batch())](completion handler) mutable { std::move(handler)(nullptr, std::move(b)); });
            return;
        }
        request more;
        more.database = lease_.database();
        more.commands.push_back(make_get_more(lease_.cursor(), lease_.collection(), expected_.batch_size));
        more.deadline = deadline_;
        more.bounded = false;
        more.cursor = true;
        more.lease = lease_.id();
        send(driver_, std::move(more), std::move(pending), [this](completion handler, result r) {
            batch found;
            try {
                count_in(r);
                require_success(expected_, r);
                lease_.forget(); // the answer has it now, if the cursor is still open
                take(std::move(r));
                found = std::exchange(batch_, batch());
            } catch (...) {
                close();
                std::move(handler)(std::current_exception(), batch());
                return;
            }
            if (found.empty() && lease_)
                return next(std::move(handler)); // an empty batch is no end yet
            std::move(handler)(nullptr, std::move(found));
        });
    }

    void close() noexcept override {
        lease_ = cursor_lease();
        batch_ = batch();
    }

private:
    void count_in(result const& r) {
        if (statistics_)
            count(*statistics_, r);
    }

    void take(result r) {
        lease_ = std::move(r.lease);
        batch_ = take_batch(std::move(r.answers.back().reply));
        if (statistics_)
            statistics_->documents += static_cast<std::int64_t>(batch_.size());
    }

    std::shared_ptr<driver> driver_;
    expectation expected_;
    std::shared_ptr<call_statistics> statistics_;
    std::optional<steady_clock::time_point> deadline_;
    cursor_lease lease_;
    batch batch_;
};

class mongo_store final : public store {
public:
    explicit mongo_store(mongo_settings settings) : database_(settings.database), thread_(std::move(settings)) {}

    std::string_view kind() const noexcept override { return "mongodb"; }
    std::string_view database() const noexcept override { return database_; }
    store_capabilities capabilities() const noexcept override {
        store_capabilities c;
        c.text_search = true;
        c.collation = true;
        c.commands = true;
        return c;
    }

    void start(operation op, call_options options, completion done) override {
        pending_handler<completion> pending(std::move(done));
        plan p;
        try {
            p = make_plan(std::move(op), options, thread_.get()->settings());
        } catch (...) {
            pending.finish([why = std::current_exception()](completion handler) { std::move(handler)(why, reply()); });
            return;
        }
        bool const has_cursor = p.what.cursor;
        send(thread_.get(), std::move(p.what), std::move(pending),
            [expected = std::move(p.then), options = std::move(options), to = thread_.get(), has_cursor](
                completion handler, result r) mutable {
                if (options.statistics)
                    count(*options.statistics, r);
                answer_with<reply>(std::move(handler), [&]() -> reply {
                    if (!has_cursor)
                        return read_reply(expected, r);
                    require_success(expected, r);
                    return cursor(std::make_unique<mongo_cursor>(std::move(to), std::move(expected), options, std::move(r)));
                });
            });
    }

    void start_close(close_completion done) override {
        auto const pending = std::make_shared<pending_handler<close_completion>>(std::move(done));
        thread_.get()->close([pending] { pending->finish([](close_completion handler) { std::move(handler)(nullptr); }); });
    }

private:
    std::string database_;
    driver_thread thread_;
};

} // namespace
} // namespace detail

std::shared_ptr<store> make_mongo_store(std::string_view uri, mongo_options options) {
    return std::make_shared<detail::mongo_store>(detail::parse_settings(uri, options));
}

} // namespace cormorant
