#include "pipeline/annotate.hpp"
#include "pipeline/deadline.hpp"

#include <cormorant/pipeline/runner.hpp>

#include <fmt/format.h>

#include <optional>
#include <vector>

namespace cormorant {

namespace asio = boost::asio;

namespace {

std::string full_name(hook_args const& a) {
    return fmt::format("{}_{}", to_string(a.type), a.hook);
}

/// Inside a handler: throws what the caller is to see of the exception of a hook.
[[noreturn]] void rethrow_from_hook(hook_args const& a) {
    try {
        throw;
    } catch (error& e) {
        detail::rethrow_with(e, [&](diagnostics& d) {
            if (d.hook.empty())
                d.hook = full_name(a);
        });
    } catch (boost::system::system_error const& e) {
        if (detail::is_cancellation(e))
            throw;
    } catch (std::exception const&) {
    } catch (...) {
    }

    diagnostics d;
    d.hook = full_name(a);
    std::string text = "it threw something that is no std::exception";
    try {
        throw;
    } catch (std::exception const& e) {
        text = e.what();
    } catch (...) {
    }
    std::throw_with_nested(error(errc::hook_failed, fmt::format("hook {} failed: {}", d.hook, text), std::move(d)));
}

/// The span of one hook. Operations that the hook starts go below it.
class hook_span {
public:
    explicit hook_span(hook_args& a) {
        if (!a.common.trace_value)
            return;
        scope_ = a.common.scope_value.get();
        span_.emplace(a.common.trace_value, scope_ ? scope_->span : trace::no_parent, span_kind::hook, full_name(a));
        if (scope_)
            outer_ = std::exchange(scope_->span, span_->id());
    }
    hook_span(hook_span const&) = delete;
    hook_span& operator=(hook_span const&) = delete;
    ~hook_span() {
        if (scope_)
            scope_->span = outer_;
    }

private:
    call_scope* scope_ = nullptr;
    std::size_t outer_ = trace::no_parent;
    std::optional<trace_scope> span_;
};

} // namespace

hook_args& hook_stage::prepare() {
    hook_args& a = subject_.args(position_);
    a.hook = hooks_[hook_].hook->name;
    a.args = hooks_[hook_].args;
    return a;
}

std::size_t hook_stage::group_size() const noexcept {
    return subject_.size() == 1 ? batch_length(hooks_.subspan(hook_)) : 1;
}

void hook_stage::advance(std::size_t hooks) noexcept {
    if (++position_ < subject_.size())
        return;
    position_ = 0;
    hook_ += hooks;
}

bool hook_stage::run() {
    if (subject_.size() == 0)
        return true;
    while (hook_ < hooks_.size()) {
        auto const& plain = hooks_[hook_].hook->handler.plain();
        if (!plain)
            return false;
        hook_args& a = prepare();
        try {
            hook_span const span(a);
            plain(a);
        } catch (...) {
            rethrow_from_hook(a);
        }
        advance(1);
    }
    return true;
}

asio::awaitable<void> hook_stage::finish() {
    do {
        hook_args& a = prepare();
        std::size_t const group = group_size();
        try {
            auto const deadline = a.common.deadline_value;
            auto const& handler = hooks_[hook_].hook->handler;
            if (handler.batch()) {
                std::vector<hook_call> calls;
                calls.reserve(group);
                for (planned_hook const& p : hooks_.subspan(hook_, group))
                    calls.push_back(hook_call(p.hook->name, p.args, p.nested));
                co_await (*handler.batch())(a, calls);
            } else {
                hook_span const span(a);
                if (deadline)
                    co_await detail::with_deadline(handler.coroutine()(a), *deadline, "a hook ran");
                else
                    co_await handler.coroutine()(a);
            }
        } catch (...) {
            rethrow_from_hook(a);
        }
        advance(group);
    } while (!run());
}

} // namespace cormorant
