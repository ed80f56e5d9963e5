#pragma once

/// A store that counts what it is asked, in front of another one.

#include <cormorant/store/store.hpp>

#include <atomic>
#include <memory>
#include <utility>

namespace cormorant::testing {

class counting_store final : public store {
public:
    explicit counting_store(std::shared_ptr<store> inner) : inner_(std::move(inner)) {}

    /// Finds and aggregations since the last call.
    int take_queries() noexcept { return queries_.exchange(0); }

    std::string_view kind() const noexcept override { return inner_->kind(); }
    std::string_view database() const noexcept override { return inner_->database(); }
    store_capabilities capabilities() const noexcept override { return inner_->capabilities(); }
    std::shared_ptr<session> make_session(session_options options) override { return inner_->make_session(options); }
    void start(operation op, call_options options, completion done) override {
        if (std::holds_alternative<find_op>(op) || std::holds_alternative<aggregate_op>(op))
            ++queries_;
        inner_->start(std::move(op), std::move(options), std::move(done));
    }
    void start_close(close_completion done) override { inner_->start_close(std::move(done)); }

private:
    std::shared_ptr<store> inner_;
    std::atomic<int> queries_ = 0;
};

} // namespace cormorant::testing
