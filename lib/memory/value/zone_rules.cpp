#include "zone_rules.hpp"

#include <algorithm>
#include <cstddef>

namespace cormorant::memory {

using namespace std::chrono;

// --- yearly rules

/// Takes a rule apart from its beginning.
class rule_parser {
public:
    explicit rule_parser(std::string_view text) noexcept : rest_(text) {}

    std::optional<yearly_rule> parse() {
        yearly_rule result;
        if (!name() || !time(result.standard_))
            return std::nullopt;
        // Offsets are counted to the west.
        result.standard_ = -result.standard_;
        if (rest_.empty())
            return result;
        result.has_summer_ = true;
        result.summer_ = result.standard_ + hours(1);
        if (!name())
            return std::nullopt;
        if (!rest_.starts_with(',')) {
            if (!time(result.summer_))
                return std::nullopt;
            result.summer_ = -result.summer_;
        }
        if (!change(result.begin_) || !change(result.end_) || !rest_.empty())
            return std::nullopt;
        return result;
    }

private:
    bool take(char c) noexcept {
        if (!rest_.starts_with(c))
            return false;
        rest_.remove_prefix(1);
        return true;
    }

    /// `CET` or `<+03>`.
    bool name() noexcept {
        auto const end = take('<') ? rest_.find('>') + 1 : rest_.find_first_of("+-,0123456789");
        if (end == 0 || rest_.empty())
            return false;
        rest_.remove_prefix(std::min(end, rest_.size()));
        return true;
    }

    bool number(unsigned& n) noexcept {
        auto const digits = std::min(rest_.find_first_not_of("0123456789"), rest_.size());
        if (digits == 0 || digits > 3)
            return false;
        n = 0;
        for (char const c : rest_.substr(0, digits))
            n = n * 10 + static_cast<unsigned>(c - '0');
        rest_.remove_prefix(digits);
        return true;
    }

    /// `-1`, `5:30`, `+02:00:15`.
    bool time(seconds& t) noexcept {
        bool const negative = take('-');
        if (!negative)
            take('+');
        unsigned part = 0;
        if (!number(part))
            return false;
        t = hours(part);
        for (seconds const unit : {seconds(60), seconds(1)}) {
            if (!take(':'))
                break;
            if (!number(part))
                return false;
            t += unit * part;
        }
        t = negative ? -t : t;
        return true;
    }

    /// `,M3.5.0/2`, `,J60`, `,59`.
    bool change(yearly_rule::change& c) noexcept {
        using kind = yearly_rule::change::kind;
        if (!take(','))
            return false;
        if (take('M')) {
            c.how = kind::month_week_day;
            if (!number(c.month) || !take('.') || !number(c.week) || !take('.') || !number(c.day))
                return false;
            if (c.month < 1 || c.month > 12 || c.week < 1 || c.week > 5 || c.day > 6)
                return false;
        } else {
            c.how = take('J') ? kind::day_without_leap : kind::day_of_year;
            if (!number(c.day) || c.day > 365 || (c.how == kind::day_without_leap && c.day == 0))
                return false;
        }
        return !take('/') || time(c.time);
    }

    std::string_view rest_;
};

std::optional<yearly_rule> yearly_rule::parse(std::string_view text) {
    return rule_parser(text).parse();
}

local_seconds yearly_rule::change::in(year y) const noexcept {
    switch (how) {
    case kind::month_week_day: {
        auto const m = std::chrono::month(month);
        weekday const on(day);
        return (week == 5 ? local_days(y / m / on[last]) : local_days(y / m / on[week])) + time;
    }
    case kind::day_without_leap: // 60 is always the first of March
        return local_days(y / January / 1) + days(day - 1 + (y.is_leap() && day >= 60 ? 1 : 0)) + time;
    case kind::day_of_year:
        return local_days(y / January / 1) + days(day) + time;
    }
    return {};
}

seconds yearly_rule::offset_at(sys_seconds t) const noexcept {
    if (!has_summer_)
        return standard_;
    year const y = year_month_day(floor<days>(t + standard_)).year();
    auto const begin = sys_seconds(begin_.in(y).time_since_epoch() - standard_);
    auto const end = sys_seconds(end_.in(y).time_since_epoch() - summer_);
    bool const is_summer = begin < end ? t >= begin && t < end : t >= begin || t < end;
    return is_summer ? summer_ : standard_;
}

// --- files

namespace {

/// Reads numbers, the highest byte first. What is not there is zero, and `ok` says so.
class reader {
public:
    explicit reader(std::string_view bytes) noexcept : rest_(bytes) {}

    bool ok() const noexcept { return ok_; }
    std::string_view rest() const noexcept { return rest_; }

    std::string_view bytes(std::size_t n) noexcept {
        if (n > rest_.size()) {
            ok_ = false;
            return {};
        }
        auto const result = rest_.substr(0, n);
        rest_.remove_prefix(n);
        return result;
    }

    template <class T>
    T number() noexcept {
        std::uint64_t n = 0;
        for (char const c : bytes(sizeof(T)))
            n = n << 8U | static_cast<unsigned char>(c);
        return static_cast<T>(n);
    }

private:
    std::string_view rest_;
    bool ok_ = true;
};

struct header {
    explicit header(reader& from) noexcept {
        is_one = from.bytes(4) == "TZif";
        version = from.number<std::uint8_t>();
        from.bytes(15);
        for (std::uint32_t* const n : {&utc_marks, &standard_marks, &leaps, &times, &types, &letters})
            *n = from.number<std::uint32_t>();
    }

    /// Of what follows, when a time takes `width` bytes.
    std::size_t size(std::size_t width) const noexcept {
        return std::size_t{times} * (width + 1) + std::size_t{types} * 6 + letters + std::size_t{leaps} * (width + 4) +
               standard_marks + utc_marks;
    }

    bool is_one = false;
    std::uint8_t version = 0;
    std::uint32_t utc_marks = 0;
    std::uint32_t standard_marks = 0;
    std::uint32_t leaps = 0;
    std::uint32_t times = 0;
    std::uint32_t types = 0;
    std::uint32_t letters = 0;
};

} // namespace

std::optional<zone_rules> zone_rules::parse(std::string_view file) {
    reader from(file);
    // The first part is for readers that know 32 bits only.
    if (header const old(from); !old.is_one || old.version < '2' || (from.bytes(old.size(4)), !from.ok()))
        return std::nullopt;
    header const h(from);
    if (!h.is_one || h.types == 0 || h.leaps != 0 || h.size(8) > from.rest().size())
        return std::nullopt;
    zone_rules result;
    for (std::uint32_t i = 0; i != h.times; ++i)
        result.transitions_.push_back({sys_seconds(seconds(from.number<std::int64_t>())), {}});
    auto const types = from.bytes(h.times);
    std::vector<seconds> offsets;
    for (std::uint32_t i = 0; i != h.types; ++i) {
        offsets.emplace_back(from.number<std::int32_t>());
        from.bytes(2);
    }
    for (std::size_t i = 0; i != types.size(); ++i) {
        auto const type = static_cast<unsigned char>(types[i]);
        if (type >= offsets.size())
            return std::nullopt;
        result.transitions_[i].offset = offsets[type];
    }
    result.first_ = offsets.front();
    from.bytes(h.letters + std::size_t{h.standard_marks} + h.utc_marks);
    auto rule = from.rest();
    if (rule.size() > 2)
        result.after_ = yearly_rule::parse(rule.substr(1, rule.size() - 2));
    return from.ok() ? std::optional(std::move(result)) : std::nullopt;
}

seconds zone_rules::offset_at(sys_seconds t) const noexcept {
    auto const next = std::ranges::upper_bound(transitions_, t, {}, &transition::at);
    if (next == transitions_.end() && after_)
        return after_->offset_at(t);
    return next == transitions_.begin() ? first_ : std::prev(next)->offset;
}

} // namespace cormorant::memory
