#pragma once

#include "store/deliver.hpp"

#include <cormorant/store/cursor.hpp>

#include <utility>

namespace cormorant::detail {

/// The cursor of an answer that is here as a whole: most finds have no more to say, and need nothing of their store for it.
class whole_answer final : public cursor_source {
public:
    explicit whole_answer(batch all) noexcept : batch_(std::move(all)) {}

    void next(completion done) override {
        pending_handler<completion> pending(std::move(done));
        pending.finish(
            [b = std::exchange(batch_, batch())](completion&& handler) mutable { std::move(handler)(nullptr, std::move(b)); });
    }
    std::optional<batch> ready() override { return std::exchange(batch_, batch()); }
    void close() noexcept override { batch_ = batch(); }

private:
    batch batch_;
};

} // namespace cormorant::detail
