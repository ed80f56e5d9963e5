#include <cormorant/error/error.hpp>
#include <cormorant/operation/context.hpp>

#include <fmt/format.h>

namespace cormorant {

context::state& context::ensure() {
    if (!state_) {
        state_ = std::make_shared<state>();
    }
    return *state_;
}

value const* context::find(std::string_view key) const noexcept {
    return state_ ? state_->values.find(key) : nullptr;
}

value const& context::at(std::string_view key) const {
    auto const* const found = find(key);
    if (found == nullptr) {
        diagnostics details;
        details.path = key;
        throw error(errc::not_found, fmt::format("the context has no '{}'", key), std::move(details));
    }
    return *found;
}

context& context::set(std::string_view key, value v) {
    ensure().values.set(key, std::move(v));
    return *this;
}

bool context::erase(std::string_view key) {
    return state_ && state_->values.erase(key);
}

document const& context::values() const noexcept {
    static document const none;
    return state_ ? state_->values : none;
}

} // namespace cormorant
