#pragma once

/// The contents of a file of zoneinfo (RFC 9636).

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace cormorant::memory {

/// A yearly rule, as in `CET-1CEST,M3.5.0,M10.5.0/3`: what holds after the last change that a file lists.
class yearly_rule {
public:
    /// Nothing for what is no rule.
    static std::optional<yearly_rule> parse(std::string_view text);

    std::chrono::seconds offset_at(std::chrono::sys_seconds t) const noexcept;

private:
    struct change {
        enum class kind { month_week_day, day_without_leap, day_of_year };
        kind how = kind::month_week_day;
        /// Month, week (5: the last) and weekday; or the day alone.
        unsigned month = 0;
        unsigned week = 0;
        unsigned day = 0;
        std::chrono::seconds time{7200};

        /// By the clocks before the change.
        std::chrono::local_seconds in(std::chrono::year y) const noexcept;
    };
    friend class rule_parser;

    std::chrono::seconds standard_{0};
    bool has_summer_ = false;
    std::chrono::seconds summer_{0};
    change begin_;
    change end_;
};

class zone_rules {
public:
    /// Nothing when these are not the bytes of such a file.
    static std::optional<zone_rules> parse(std::string_view file);

    std::chrono::seconds offset_at(std::chrono::sys_seconds t) const noexcept;

private:
    struct transition {
        std::chrono::sys_seconds at;
        std::chrono::seconds offset;
    };

    std::chrono::seconds first_{0};
    std::vector<transition> transitions_;
    std::optional<yearly_rule> after_;
};

} // namespace cormorant::memory
