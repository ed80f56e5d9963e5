#pragma once

/// Runs the hooks of one type.

#include <cormorant/pipeline/call_scope.hpp>
#include <cormorant/pipeline/hook.hpp>
#include <cormorant/pipeline/registry.hpp>

#include <boost/asio/awaitable.hpp>

#include <cstddef>
#include <span>

namespace cormorant {

/// What the hooks of a stage work on: the arguments of one call, or (put hooks) of one call per document.
class hook_subject {
public:
    /// Calls for each hook.
    virtual std::size_t size() const noexcept = 0;
    /// The arguments of the call at this position; they live until the next call of this function.
    virtual hook_args& args(std::size_t position) = 0;

protected:
    ~hook_subject() = default;
};

/// The run of the hooks of one type: hook after hook, each over the whole subject.
///
/// Plain hooks cost no coroutine frame:
/// \code
/// hook_stage stage(plan->of(type), subject);
/// if (!stage.run())               // the plain hooks, up to the first that has to wait
///     co_await stage.finish();    // and all the others
/// \endcode
/// An exception of a hook ends the run: a `cormorant::error` keeps its code and gets the name of the hook, any other exception
/// becomes `errc::hook_failed` with the original nested in it (`std::rethrow_if_nested`); cancellation goes through as it is.
/// With a deadline in the options a coroutine hook is cancelled when it passes, and the run ends with `errc::deadline`.
class hook_stage {
public:
    hook_stage(std::span<planned_hook const> hooks, hook_subject& subject) noexcept : hooks_(hooks), subject_(subject) {}
    hook_stage(hook_stage const&) = delete;
    hook_stage& operator=(hook_stage const&) = delete;

    /// True when all hooks have run.
    bool run();
    /// Runs what `run` left.
    boost::asio::awaitable<void> finish();

private:
    hook_args& prepare();
    std::size_t group_size() const noexcept;
    void advance(std::size_t hooks) noexcept;

    std::span<planned_hook const> hooks_;
    hook_subject& subject_;
    std::size_t hook_ = 0;
    std::size_t position_ = 0;
};

} // namespace cormorant
