#pragma once

/// The hooks of a model, and which of them a call runs in which order.

#include <cormorant/pipeline/hook.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace cormorant {

/// A set of hook types.
class hook_types {
public:
    constexpr hook_types() noexcept = default;
    template <std::size_t N>
    constexpr hook_types(std::array<hook_type, N> const& types) noexcept {
        for (hook_type t : types)
            add(t);
    }
    constexpr void add(hook_type t) noexcept { bits_ |= 1u << static_cast<unsigned>(t); }
    constexpr bool contains(hook_type t) const noexcept { return ((bits_ >> static_cast<unsigned>(t)) & 1u) != 0; }
    /// Whether the two have a type in common.
    constexpr bool intersects(hook_types other) const noexcept { return (bits_ & other.bits_) != 0; }
    friend constexpr hook_types operator|(hook_types a, hook_types b) noexcept {
        a.bits_ |= b.bits_;
        return a;
    }

private:
    std::uint32_t bits_ = 0;
};

/// Hooks by type and name, in the order of their definition. Thread safety: as a standard container.
class hook_registry {
public:
    /// A hook of the same type and name is replaced at its place.
    void add(hook_definition hook);
    /// Null when there is none.
    hook_definition const* find(hook_type type, std::string_view name) const noexcept;
    /// In the order of definition.
    std::span<hook_definition const> of(hook_type type) const noexcept { return hooks_[static_cast<std::size_t>(type)]; }

private:
    std::array<std::vector<hook_definition>, hook_type_count> hooks_;
};

/// One run of one hook.
struct planned_hook {
    hook_definition const* hook;
    /// What the request gave it, or null.
    document const* args;
    /// What was asked for under the hook's name: for the hook `author` the requests `"author.…"` without that part. Null: nothing
    /// was.
    hook_requests const* nested;
    /// The position of the request for it; `required_hook` for one that nobody asked for.
    std::size_t request;

    static constexpr std::size_t required_hook = static_cast<std::size_t>(-1);
};

/// How many of these hooks, from the first on, run as one: as many as name the same batch.
std::size_t batch_length(std::span<planned_hook const> hooks) noexcept;

/// What a request is about: `"afterFind_author"` names a hook of the model, `"author.afterFind_image"` one behind `author`.
struct parsed_request {
    std::optional<hook_type> type;
    /// The hook, or the relationship.
    std::string_view name;
    /// What is left for the related model; empty for a hook of the model itself.
    std::string_view nested;
};
/// Throws `errc::invalid_argument` when the text is neither.
parsed_request parse_request(std::string_view request);

/// The hooks that run for a list of requests: in each type first those asked for in their order (twice when asked for twice),
/// then the required ones that were not asked for, in the order of definition. Immutable.
///
/// Requests of a type that the operation does not run are not looked at, even when no such hook exists.
/// Thread safety: may be read from any thread.
class hook_plan {
public:
    /// Keeps the registry. Throws `errc::invalid_argument` for a request that is malformed.
    hook_plan(std::shared_ptr<hook_registry const> registry, hook_requests requests);
    hook_plan(hook_plan const&) = delete;
    hook_plan& operator=(hook_plan const&) = delete;

    hook_requests const& requests() const noexcept { return requests_; }
    std::span<planned_hook const> of(hook_type type) const noexcept {
        auto const i = static_cast<std::size_t>(type);
        return std::span(hooks_).subspan(first_[i], first_[i + 1] - first_[i]);
    }
    /// Throws `errc::invalid_argument` naming the first hook of these types that was asked for and does not exist.
    void check(hook_types types) const;
    /// The types that have a hook; that have one of the user's; that have one which may wait.
    hook_types types() const noexcept { return types_; }
    hook_types user_types() const noexcept { return user_types_; }
    hook_types waiting_types() const noexcept { return waiting_types_; }

private:
    std::shared_ptr<hook_registry const> registry_;
    hook_requests requests_;
    std::unordered_map<std::string_view, hook_requests> nested_; // by relationship
    std::vector<planned_hook> hooks_;
    std::array<std::uint16_t, hook_type_count + 1> first_{};
    hook_types types_;
    hook_types user_types_;
    hook_types waiting_types_;
    std::vector<std::pair<hook_type, std::string_view>> unknown_; // asked for, but not defined
};

/// The plans of a model, compiled once for each list of requests without arguments.
///
/// Thread safety: may be used from any thread.
class plan_cache {
public:
    explicit plan_cache(std::shared_ptr<hook_registry const> registry);

    /// Throws as `hook_plan`. Requests with arguments are compiled for the call alone.
    std::shared_ptr<hook_plan const> plan(hook_requests const& requests);

private:
    // Lists are chosen by the application's code, so there are few; a program that makes them up at run time starts over at this
    // many.
    static constexpr std::size_t largest = 256;

    struct hash {
        std::size_t operator()(hook_requests const& requests) const noexcept;
    };

    std::shared_ptr<hook_registry const> registry_;
    std::mutex mutex_;
    std::unordered_map<hook_requests, std::shared_ptr<hook_plan const>, hash> plans_;
};

} // namespace cormorant
