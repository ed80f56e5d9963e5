#pragma once

/// Time zones: fixed offsets, and those of the system's zoneinfo by name.

#include <cormorant/bson/types.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <string_view>

namespace cormorant::memory {

/// When a zone changes its offset: a file of zoneinfo.
class zone_rules;

/// Immutable and cheap to copy; safe to use from any thread.
class time_zone {
public:
    using local_time = std::chrono::local_time<std::chrono::milliseconds>;

    /// UTC.
    time_zone() noexcept = default;
    explicit time_zone(std::chrono::seconds fixed) noexcept : fixed_(fixed) {}

    /// `UTC`, `GMT`, `+05:30`, `-0330`, `+03`, `Europe/Paris`. Nothing when there is no such zone; `errc::unsupported` for a name
    /// on a system without zoneinfo.
    static std::optional<time_zone> find(std::string_view name);

    std::chrono::seconds offset_at(datetime d) const noexcept;
    /// A time that clocks skip is told by the offset before; of two times that they show twice the one with the offset `like`, or
    /// else the second.
    datetime to_utc(local_time t, std::optional<std::chrono::seconds> like = std::nullopt) const noexcept;

private:
    explicit time_zone(std::shared_ptr<zone_rules const> rules) noexcept : rules_(std::move(rules)) {}

    std::chrono::seconds fixed_{0};
    /// Null: the offset is fixed.
    std::shared_ptr<zone_rules const> rules_;
};

} // namespace cormorant::memory
