#include "calendar.hpp"

#include "refusal.hpp"
#include "text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace cormorant::memory::calendar {

using namespace std::chrono;

namespace {

using local_ms = local_time<milliseconds>;

constexpr std::array<std::string_view, 9> unit_names = {
    "year", "quarter", "month", "week", "day", "hour", "minute", "second", "millisecond"};
constexpr std::array<std::string_view, 7> weekday_names = {
    "sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"};
constexpr std::int64_t reference_month = 2000 * 12;
constexpr local_days reference_day = local_days(year(2000) / January / 1);

std::int64_t floor_divide(std::int64_t a, std::int64_t b) noexcept {
    return a / b - (a % b != 0 && (a < 0) != (b < 0) ? 1 : 0);
}

[[noreturn]] void overflow() {
    refuse(code::overflow, "date value overflow");
}

/// The length of a unit that has one; 0 for months and what consists of them.
std::int64_t length_of(unit u) noexcept {
    switch (u) {
    case unit::week:
        return 7 * 86'400'000LL;
    case unit::day:
        return 86'400'000;
    case unit::hour:
        return 3'600'000;
    case unit::minute:
        return 60'000;
    case unit::second:
        return 1000;
    case unit::millisecond:
        return 1;
    default:
        return 0;
    }
}

/// It has the same length on every day; the others are what a calendar says.
bool passes(unit u) noexcept {
    return length_of(u) != 0 && u != unit::week && u != unit::day;
}

std::int64_t months_of(unit u) noexcept {
    return u == unit::year ? 12 : u == unit::quarter ? 3 : 1;
}

std::int64_t month_number(parts const& p) noexcept {
    return std::int64_t{p.year()} * 12 + static_cast<unsigned>(p.date.month()) - 1;
}

local_days first_of(std::int64_t month_count) {
    std::int64_t const y = floor_divide(month_count, 12);
    if (y < -32767 || y > 32767) {
        overflow();
    }
    return local_days(year(static_cast<int>(y)) / month(static_cast<unsigned>(month_count - y * 12 + 1)) / 1);
}

/// The day on which the week of `d` begins.
local_days week_start(local_days d, weekday begins) noexcept {
    return d - (weekday(d) - begins);
}

} // namespace

std::optional<unit> parse_unit(std::string_view s) noexcept {
    auto const* const found = std::ranges::find(unit_names, s);
    return found == unit_names.end() ? std::nullopt : std::optional(static_cast<unit>(found - unit_names.begin()));
}

std::optional<weekday> parse_weekday(std::string_view s) noexcept {
    std::string const small = text::ascii_lower(s);
    auto const* const found =
        std::ranges::find_if(weekday_names, [&](std::string_view n) { return n == small || n.substr(0, 3) == small; });
    return found == weekday_names.end() ? std::nullopt
                                        : std::optional(weekday(static_cast<unsigned>(found - weekday_names.begin())));
}

parts::parts(datetime d, time_zone const& zone) noexcept
    : offset(zone.offset_at(d)), local(d.time_since_epoch() + offset), day(floor<days>(local)), date(day), time(local - day) {}

int parts::day_of_year() const noexcept {
    return static_cast<int>((day - local_days(date.year() / January / 1)).count()) + 1;
}

int parts::day_of_week() const noexcept {
    return static_cast<int>(weekday(day).c_encoding()) + 1;
}
int parts::iso_day_of_week() const noexcept {
    return static_cast<int>(weekday(day).iso_encoding());
}
int parts::week() const noexcept {
    return (day_of_year() - day_of_week() + 7) / 7;
}

parts::iso_week parts::iso() const noexcept {
    // The week belongs to the year of its Thursday.
    local_days const thursday = day + days(4 - iso_day_of_week());
    year_month_day const of(thursday);
    auto const n = (thursday - local_days(of.year() / January / 1)).count() / 7 + 1;
    return {static_cast<int>(of.year()), static_cast<int>(n)};
}

std::string format(datetime d, std::string_view pattern, time_zone const& zone) {
    parts const p(d, zone);
    auto const offset = duration_cast<minutes>(p.offset);
    std::string result;
    for (std::size_t i = 0; i < pattern.size(); ++i) {
        if (pattern[i] != '%') {
            result += pattern[i];
            continue;
        }
        if (++i == pattern.size()) {
            refuse(18535, "Unmatched '%' at end of format string");
        }
        auto const year = [&](int y) {
            if (y < 0 || y > 9999) {
                refuse(18537,
                    fmt::format(
                        "Could not convert date to string: date component was outside the supported range of 0-9999: {}", y));
            }
            return fmt::format("{:04}", y);
        };
        switch (pattern[i]) {
        case 'Y':
            result += year(p.year());
            break;
        case 'm':
            result += fmt::format("{:02}", static_cast<unsigned>(p.date.month()));
            break;
        case 'd':
            result += fmt::format("{:02}", static_cast<unsigned>(p.date.day()));
            break;
        case 'H':
            result += fmt::format("{:02}", p.time.hours().count());
            break;
        case 'M':
            result += fmt::format("{:02}", p.time.minutes().count());
            break;
        case 'S':
            result += fmt::format("{:02}", p.time.seconds().count());
            break;
        case 'L':
            result += fmt::format("{:03}", p.time.subseconds().count());
            break;
        case 'j':
            result += fmt::format("{:03}", p.day_of_year());
            break;
        case 'w':
            result += fmt::format("{}", p.day_of_week());
            break;
        case 'u':
            result += fmt::format("{}", p.iso_day_of_week());
            break;
        case 'U':
            result += fmt::format("{:02}", p.week());
            break;
        case 'V':
            result += fmt::format("{:02}", p.iso().week);
            break;
        case 'G':
            result += year(p.iso().year);
            break;
        case 'z':
            result += fmt::format(
                "{}{:02}{:02}", offset.count() < 0 ? '-' : '+', std::abs(offset.count()) / 60, std::abs(offset.count()) % 60);
            break;
        case 'Z':
            result += std::to_string(offset.count());
            break;
        case '%':
            result += '%';
            break;
        default:
            refuse(18536, fmt::format("Invalid format character '%{}' in format string", pattern[i]));
        }
    }
    return result;
}

datetime add(datetime d, unit u, std::int64_t amount, time_zone const& zone) {
    auto const shifted = [amount](milliseconds t, std::int64_t length) {
        std::int64_t by = 0;
        std::int64_t result = 0;
        if (__builtin_mul_overflow(amount, length, &by) ||
            __builtin_add_overflow(static_cast<std::int64_t>(t.count()), by, &result)) {
            overflow();
        }
        return milliseconds(result);
    };
    if (passes(u)) {
        return datetime(shifted(d.time_since_epoch(), length_of(u)));
    }
    parts const p(d, zone);
    if (std::int64_t const length = length_of(u); length != 0) {
        return zone.to_utc(local_ms(shifted(p.local.time_since_epoch(), length)), p.offset);
    }
    std::int64_t months = 0;
    if (__builtin_mul_overflow(amount, months_of(u), &months) || __builtin_add_overflow(month_number(p), months, &months)) {
        overflow();
    }
    local_days const first = first_of(months);
    year_month_day const in(first);
    auto const last = (in.year() / in.month() / std::chrono::last).day();
    local_days const day = first + days(static_cast<unsigned>(std::min(p.date.day(), last)) - 1);
    return zone.to_utc(local_ms(day) + (p.local - p.day), p.offset);
}

std::int64_t difference(datetime from, datetime to, unit u, time_zone const& zone, weekday week_begins) {
    parts const a(from, zone);
    parts const b(to, zone);
    if (u == unit::week) {
        return (week_start(b.day, week_begins) - week_start(a.day, week_begins)).count() / 7;
    }
    if (std::int64_t const length = length_of(u); length != 0) {
        auto const shown =
            floor_divide(b.local.time_since_epoch().count(), length) - floor_divide(a.local.time_since_epoch().count(), length);
        return passes(u) ? shown - milliseconds(b.offset - a.offset).count() / length : shown;
    }
    std::int64_t const months = months_of(u);
    return floor_divide(month_number(b), months) - floor_divide(month_number(a), months);
}

datetime truncate(datetime d, unit u, std::int64_t size, time_zone const& zone, weekday week_begins) {
    parts const p(d, zone);
    std::int64_t const length = length_of(u);
    if (length == 0) {
        std::int64_t const bin = months_of(u) * size;
        return zone.to_utc(local_ms(first_of(reference_month + floor_divide(month_number(p) - reference_month, bin) * bin)));
    }
    std::int64_t bin = 0;
    if (__builtin_mul_overflow(length, size, &bin)) {
        overflow();
    }
    auto const into_bin = [bin](milliseconds since) { return milliseconds(floor_divide(since.count(), bin) * bin); };
    if (passes(u)) {
        datetime const origin = zone.to_utc(local_ms(reference_day));
        return datetime(origin.time_since_epoch() + into_bin(d.time_since_epoch() - origin.time_since_epoch()));
    }
    // Weeks are counted from the first one that begins in the year 2000.
    local_ms const origin(u == unit::week ? week_start(reference_day + days(6), week_begins) : reference_day);
    return zone.to_utc(origin + into_bin(p.local - origin));
}

} // namespace cormorant::memory::calendar
