#pragma once

/// What an operation hands down to every hook that runs because of it, populated models included.

#include <cormorant/bson/value.hpp>

#include <any>
#include <memory>
#include <string_view>
#include <typeindex>
#include <unordered_map>

namespace cormorant {

/// A shared bag of named values and typed objects. Copies share the content: what one hook sets, the later ones see.
///
/// Thread safety: one operation at a time; hooks of one operation never run in parallel.
class context {
public:
    context() = default;

    /// Throws `errc::not_found` naming the key.
    value const& at(std::string_view key) const;
    /// Null when absent.
    value const* find(std::string_view key) const noexcept;
    context& set(std::string_view key, value v);
    bool erase(std::string_view key);
    document const& values() const noexcept;

    /// Keeps an object of the application's (the request, the user, ...), found again by its type.
    template <class T>
    context& put(T object) {
        ensure().objects.insert_or_assign(std::type_index(typeid(T)), std::any(std::move(object)));
        return *this;
    }
    /// Null when there is none.
    template <class T>
    T* get() const noexcept {
        if (!state_)
            return nullptr;
        auto const it = state_->objects.find(std::type_index(typeid(T)));
        return it == state_->objects.end() ? nullptr : std::any_cast<T>(&it->second);
    }

    /// Makes sure that later copies share this content, even when it is empty now.
    context& share() {
        ensure();
        return *this;
    }

private:
    struct state {
        document values;
        std::unordered_map<std::type_index, std::any> objects;
    };
    state& ensure();

    std::shared_ptr<state> state_;
};

} // namespace cormorant
