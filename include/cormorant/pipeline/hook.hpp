#pragma once

/// Hooks: named functions at the places of the pipeline, and how they are registered.

#include <cormorant/error/error.hpp>
#include <cormorant/pipeline/hook_args.hpp>

#include <boost/asio/awaitable.hpp>

#include <functional>
#include <span>
#include <string>
#include <type_traits>
#include <utility>

namespace cormorant {

/// Registers a hook that no call can skip: `post.hook("beforeFilter", "tenant", f, required)`.
struct required_t {
    explicit constexpr required_t() = default;
};
inline constexpr required_t required{};

namespace detail {
template <class F>
struct hook_argument; // left undefined: the handler must name its parameter's type
template <class R, class C, class A>
struct hook_argument<R (C::*)(A&) const> {
    using type = A;
    using result = R;
};
template <class R, class C, class A>
struct hook_argument<R (C::*)(A&)> {
    using type = A;
    using result = R;
};
template <class R, class A>
struct hook_argument<R (*)(A&)> {
    using type = A;
    using result = R;
};
template <class F>
struct hook_signature : hook_argument<decltype(&F::operator())> {};
template <class R, class A>
struct hook_signature<R (*)(A&)> : hook_argument<R (*)(A&)> {};
} // namespace detail

/// A hook that a call (or a default list) asked for, as the runner hands it to a batch handler.
struct hook_call {
    std::string_view name;
    document const* args = nullptr;
    /// The requests that the call addressed to what is below: for `"author.afterFind_image"` asked for together with
    /// `afterFind_author` the call of `author` has `afterFind_image` here. Null: none were given.
    hook_requests const* nested = nullptr;
};

/// A function of the user's, plain or a coroutine, for one of the argument types of `hook_args.hpp`; `hook_args&` itself takes
/// any type.
///
/// A plain function costs no coroutine frame. A coroutine may suspend for as long as it likes: the operation waits.
/// An exception halts the operation: the hooks left do not run, and the caller gets a `cormorant::error` with operation, model
/// and hook
/// (`errc::hook_failed`, or the code of the error that the hook threw).
/// Thread safety: a handler may be called by several operations at the same time when they run on several threads.
class hook_handler {
public:
    using plain_function = std::function<void(hook_args&)>;
    using coroutine_function = std::function<boost::asio::awaitable<void>(hook_args&)>;
    /// Runs adjacent hooks of the same batch in one call (population does).
    using batch_function = std::function<boost::asio::awaitable<void>(hook_args&, std::span<hook_call const>)>;

    template <class F>
        requires(!std::is_same_v<std::remove_cvref_t<F>, hook_handler>)
    hook_handler(F f) {
        using signature = detail::hook_signature<F>;
        using args = typename signature::type;
        using result = typename signature::result;
        static_assert(
            std::is_base_of_v<hook_args, args>, "a hook takes a reference to one of the argument types of hook_args.hpp");
        static_assert(std::is_void_v<result> || std::is_same_v<result, boost::asio::awaitable<void>>,
            "a hook returns void or boost::asio::awaitable<void>");
        if constexpr (!std::is_same_v<args, hook_args>) {
            types_ = 0;
            for (hook_type t : args::types)
                types_ |= 1u << static_cast<unsigned>(t);
        }
        if constexpr (std::is_void_v<result>)
            plain_ = [f = std::move(f)](hook_args& a) mutable { f(static_cast<args&>(a)); };
        else
            coroutine_ = [f = std::move(f)](hook_args& a) mutable { return f(static_cast<args&>(a)); };
    }

    /// Hooks that name the same `batch` and follow each other are run in one call.
    static hook_handler make_batch(std::shared_ptr<batch_function> batch) {
        hook_handler h;
        h.batch_ = std::move(batch);
        return h;
    }

    bool accepts(hook_type t) const noexcept { return (types_ >> static_cast<unsigned>(t)) & 1u; }
    plain_function const& plain() const noexcept { return plain_; }
    coroutine_function const& coroutine() const noexcept { return coroutine_; }
    std::shared_ptr<batch_function> const& batch() const noexcept { return batch_; }

private:
    hook_handler() = default;

    plain_function plain_;
    coroutine_function coroutine_;
    std::shared_ptr<batch_function> batch_;
    std::uint32_t types_ = ~0u;
};

/// A hook as it is registered with a model.
struct hook_definition {
    /// Throws `errc::definition` when the type is unknown, the name is empty, or the handler does not take the arguments of the
    /// type.
    hook_definition(std::string_view type, std::string name, hook_handler handler, bool is_required = false);

    hook_type type;
    std::string name;
    hook_handler handler;
    bool required;
    /// The library's own (population of a relationship): no user can see when it runs.
    bool internal = false;
};

} // namespace cormorant
