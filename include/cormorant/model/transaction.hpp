#pragma once

/// `transaction`: what the body of `connection::transaction` works with.

#include <cormorant/model/connection.hpp>
#include <cormorant/model/model.hpp>
#include <cormorant/store/session.hpp>

#include <concepts>
#include <functional>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

namespace cormorant {

namespace detail {
struct transaction_access;
} // namespace detail

/// One transaction, in one of its attempts. Models, typed models and repositories that come from it run in it; they fail with
/// `errc::invalid_argument` when the attempt is over, so that nothing is done outside of a transaction by mistake.
///
/// Thread safety: one operation of a transaction at a time; two are refused with `errc::invalid_argument`.
class transaction {
public:
    transaction(transaction const&) = delete;
    transaction& operator=(transaction const&) = delete;

    /// A model of the connection. Throws `errc::not_found` naming it.
    cormorant::model model(std::string_view name) const { return connection_.model(name); }
    /// A model, typed model or repository (also one of a class of your own): the same in this transaction. It has to be of the
    /// same store.
    template <class Handle>
        requires requires(Handle const& h, std::shared_ptr<session> s) {
            Handle(h.in(s));
        }
    Handle with(Handle const& handle) const {
        return Handle(handle.in(session_));
    }
    /// The connection in this transaction.
    cormorant::connection const& connection() const noexcept { return connection_; }
    /// For calls that take a session in their options.
    std::shared_ptr<session> const& handle() const noexcept { return session_; }

    /// Gives `object`, which is declared outside of the body, its value of now back before each later attempt: to be called
    /// before the body changes it. Answers `object`.
    template <std::copyable T>
    T& keep(T& object) {
        if (is_new(&object))
            restore_.push_back([&object, before = object] { object = before; });
        return object;
    }

    /// 1 for the first.
    int attempt() const noexcept { return attempt_; }

private:
    friend struct detail::transaction_access;
    explicit transaction(cormorant::connection const& on);
    bool is_new(void const* object);

    cormorant::connection connection_;
    std::shared_ptr<session> session_;
    int attempt_ = 0;
    std::vector<void const*> kept_;
    std::vector<std::function<void()>> restore_;
};

} // namespace cormorant
