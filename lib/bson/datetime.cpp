#include <cormorant/bson/types.hpp>

#include <fmt/format.h>

namespace cormorant {

using std::chrono::milliseconds;

datetime now() noexcept {
    return std::chrono::floor<milliseconds>(std::chrono::system_clock::now());
}

std::string to_iso8601(datetime when) {
    // The calendar of <chrono> ends at the years -32767 and 32767; check before asking it.
    constexpr datetime year_0(milliseconds(-62'167'219'200'000));
    constexpr datetime year_10000(milliseconds(253'402'300'800'000));
    if (when < year_0 || when >= year_10000) {
        return fmt::format("{}", when.time_since_epoch().count());
    }
    auto const day = std::chrono::floor<std::chrono::days>(when);
    std::chrono::year_month_day const date(day);
    std::chrono::hh_mm_ss const time(when - day);
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", static_cast<int>(date.year()),
        static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), time.hours().count(), time.minutes().count(),
        time.seconds().count(), time.subseconds().count());
}

namespace {

/// Takes what it understands from the front of a text.
class scanner {
public:
    explicit scanner(std::string_view text) noexcept : text_(text) {}

    bool done() const noexcept { return text_.empty(); }
    char peek() const noexcept { return text_.empty() ? '\0' : text_.front(); }

    bool take(char c) noexcept {
        if (peek() != c) {
            return false;
        }
        text_.remove_prefix(1);
        return true;
    }

    /// Exactly `count` digits.
    std::optional<int> number(std::size_t count) noexcept {
        if (text_.size() < count) {
            return std::nullopt;
        }
        int result = 0;
        for (std::size_t i = 0; i < count; ++i) {
            if (text_[i] < '0' || text_[i] > '9') {
                return std::nullopt;
            }
            result = result * 10 + (text_[i] - '0');
        }
        text_.remove_prefix(count);
        return result;
    }

    /// One or more digits after the point, as milliseconds; what is finer is cut off.
    std::optional<int> fraction() noexcept {
        int result = 0;
        int digits = 0;
        while (peek() >= '0' && peek() <= '9') {
            if (digits < 3) {
                result = result * 10 + (peek() - '0');
            }
            ++digits;
            text_.remove_prefix(1);
        }
        if (digits == 0) {
            return std::nullopt;
        }
        for (; digits < 3; ++digits) {
            result *= 10;
        }
        return result;
    }

private:
    std::string_view text_;
};

/// `Z`, `+hh`, `+hhmm` or `+hh:mm`.
std::optional<std::chrono::minutes> scan_offset(scanner& in) noexcept {
    if (in.take('Z') || in.take('z')) {
        return std::chrono::minutes(0);
    }
    bool const negative = in.peek() == '-';
    if (!in.take('+') && !in.take('-')) {
        return std::nullopt;
    }
    auto const hours = in.number(2);
    if (!hours || *hours > 23) {
        return std::nullopt;
    }
    int minutes = 0;
    if (!in.done()) {
        in.take(':');
        auto const given = in.number(2);
        if (!given || *given > 59) {
            return std::nullopt;
        }
        minutes = *given;
    }
    auto const offset = std::chrono::minutes(*hours * 60 + minutes);
    return negative ? -offset : offset;
}

} // namespace

std::optional<datetime> parse_iso8601(std::string_view text) noexcept {
    scanner in(text);
    auto const year = in.number(4);
    if (!year || !in.take('-')) {
        return std::nullopt;
    }
    auto const month = in.number(2);
    if (!month || !in.take('-')) {
        return std::nullopt;
    }
    auto const day = in.number(2);
    if (!day) {
        return std::nullopt;
    }
    std::chrono::year_month_day const date(std::chrono::year(*year), std::chrono::month(static_cast<unsigned>(*month)),
        std::chrono::day(static_cast<unsigned>(*day)));
    if (!date.ok()) {
        return std::nullopt;
    }
    datetime const midnight = std::chrono::sys_days(date);
    if (in.done()) {
        return midnight;
    }
    if (!in.take('T') && !in.take('t') && !in.take(' ')) {
        return std::nullopt;
    }
    auto const hours = in.number(2);
    if (!hours || *hours > 23 || !in.take(':')) {
        return std::nullopt;
    }
    auto const minutes = in.number(2);
    if (!minutes || *minutes > 59) {
        return std::nullopt;
    }
    int seconds = 0;
    int fraction = 0;
    if (in.take(':')) {
        auto const given = in.number(2);
        // A leap second is the first second of the next minute: the system clock has none.
        if (!given || *given > 60) {
            return std::nullopt;
        }
        seconds = *given;
        if (in.take('.') || in.take(',')) {
            auto const milli = in.fraction();
            if (!milli) {
                return std::nullopt;
            }
            fraction = *milli;
        }
    }
    auto const offset = scan_offset(in);
    if (!offset || !in.done()) {
        return std::nullopt;
    }
    return midnight + std::chrono::hours(*hours) + std::chrono::minutes(*minutes) + std::chrono::seconds(seconds) +
           milliseconds(fraction) - *offset;
}

} // namespace cormorant
