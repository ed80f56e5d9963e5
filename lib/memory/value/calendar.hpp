#pragma once

/// Dates on the calendar of a time zone.

#include "time_zone.hpp"

#include <cormorant/bson/types.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace cormorant::memory::calendar {

enum class unit { year, quarter, month, week, day, hour, minute, second, millisecond };
std::optional<unit> parse_unit(std::string_view) noexcept;
/// `mon`, `monday`, in any case.
std::optional<std::chrono::weekday> parse_weekday(std::string_view) noexcept;

/// A date in its parts.
struct parts {
    parts(datetime d, time_zone const& zone) noexcept;

    std::chrono::seconds offset;
    std::chrono::local_time<std::chrono::milliseconds> local;
    std::chrono::local_days day;
    std::chrono::year_month_day date;
    std::chrono::hh_mm_ss<std::chrono::milliseconds> time;

    int year() const noexcept { return static_cast<int>(date.year()); }
    int day_of_year() const noexcept;
    /// 1 (Sunday) to 7.
    int day_of_week() const noexcept;
    /// 1 (Monday) to 7.
    int iso_day_of_week() const noexcept;
    /// 0 to 53; weeks begin on Sunday.
    int week() const noexcept;
    struct iso_week {
        int year;
        int week;
    };
    iso_week iso() const noexcept;
};

/// As `$dateToString` writes it. Refuses unknown specifiers with 18536.
std::string format(datetime d, std::string_view pattern, time_zone const& zone);

datetime add(datetime d, unit u, std::int64_t amount, time_zone const& zone);
/// How many beginnings of a unit lie between the two. Hours and less are counted as time passes, whatever clocks show.
std::int64_t difference(datetime from, datetime to, unit u, time_zone const& zone, std::chrono::weekday week_begins);
/// The beginning of the bin of `size` units that holds the date; bins are counted from the year 2000, those of hours
/// and less as time passes.
datetime truncate(datetime d, unit u, std::int64_t size, time_zone const& zone, std::chrono::weekday week_begins);

} // namespace cormorant::memory::calendar
