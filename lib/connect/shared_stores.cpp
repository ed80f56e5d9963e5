#include "connect/shared_stores.hpp"

#include "store/deliver.hpp"

#include <atomic>
#include <utility>

namespace cormorant::detail {

/// What one user of a shared store has of it.
class store_share final : public store {
public:
    store_share(std::shared_ptr<shared_stores> owner, std::string key, std::shared_ptr<shared_stores::opening> opened)
        : owner_(std::move(owner)), key_(std::move(key)), opened_(std::move(opened)), shared_(opened_->made) {}
    store_share(store_share const&) = delete;
    store_share& operator=(store_share const&) = delete;
    ~store_share() override {
        if (!closed_)
            owner_->leave(key_, opened_);
    }

    std::string_view kind() const noexcept override { return shared_->kind(); }
    std::string_view database() const noexcept override { return shared_->database(); }
    store_capabilities capabilities() const noexcept override { return shared_->capabilities(); }
    std::shared_ptr<session> make_session(session_options options) override { return shared_->make_session(options); }

    void start(operation op, call_options options, completion done) override {
        if (!closed_)
            return shared_->start(std::move(op), std::move(options), std::move(done));
        pending_handler<completion>(std::move(done)).finish([](completion handler) {
            std::move(handler)(make_exception(error(errc::not_connected, "the connection is closed")), reply());
        });
    }

    void start_close(close_completion done) override {
        if (!closed_.exchange(true) && owner_->leave(key_, opened_))
            return shared_->start_close(std::move(done));
        pending_handler<close_completion>(std::move(done)).finish([](close_completion handler) {
            std::move(handler)(std::exception_ptr());
        });
    }

private:
    std::shared_ptr<shared_stores> owner_;
    std::string key_;
    std::shared_ptr<shared_stores::opening> opened_;
    std::shared_ptr<store> shared_;
    std::atomic<bool> closed_ = false;
};

std::shared_ptr<store> shared_stores::get(std::string const& key, std::function<std::shared_ptr<store>()> const& make) {
    std::shared_ptr<opening> mine;
    {
        std::lock_guard const lock(mutex_);
        auto& e = entries_[key];
        if (!e.opened)
            e.opened = std::make_shared<opening>();
        ++e.users;
        mine = e.opened;
    }
    try {
        std::lock_guard const lock(mine->mutex);
        if (!mine->made)
            mine->made = make();
    } catch (...) {
        leave(key, mine);
        throw;
    }
    return std::make_shared<store_share>(shared_from_this(), key, std::move(mine));
}

bool shared_stores::leave(std::string const& key, std::shared_ptr<opening> const& left) {
    std::lock_guard const lock(mutex_);
    auto const found = entries_.find(key);
    if (found == entries_.end() || found->second.opened != left || --found->second.users > 0)
        return false;
    // The share that leaves still has it: it does not end within the lock.
    entries_.erase(found);
    return true;
}

} // namespace cormorant::detail
