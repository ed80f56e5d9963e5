#include "sliding.hpp"

#include "memory/value/number.hpp"

#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <set>

namespace cormorant::memory {

namespace {

/// `$sum`. The exact sum is kept with its rounding error, so that taking a number off again leaves no trace; what the type of the
/// answer depends on, and what swallows every sum, is counted.
class sliding_sum : public sliding_accumulator {
public:
    void add(value const& v) override { change(v, 1); }
    void remove(value const& v) override { change(v, -1); }
    value result() const override {
        if (nans_ > 0 || (infinities_ > 0 && negative_infinities_ > 0))
            return endless(std::numeric_limits<double>::quiet_NaN());
        if (infinities_ > 0)
            return endless(std::numeric_limits<double>::infinity());
        if (negative_infinities_ > 0)
            return endless(-std::numeric_limits<double>::infinity());
        if (decimals_ > 0)
            return sum_.total();
        if (doubles_ > 0)
            return sum_.total().as_double();
        value const whole = whole_.total();
        return whole.is_int64() ? int_or_long(whole.as_int64()) : whole;
    }

protected:
    std::int64_t count() const noexcept { return count_; }

private:
    void change(value const& v, std::int64_t by) {
        if (!v.is_number())
            return;
        count_ += by;
        decimals_ += v.is_decimal128() ? by : 0;
        doubles_ += v.is_double() ? by : 0;
        if (is_nan(v)) {
            nans_ += by;
        } else if (bool const whole = v.is_int32() || v.is_int64(); whole || std::isfinite(v.as_double())) {
            value const signed_value = by > 0 ? v : subtract(value(0), v);
            sum_.add(signed_value);
            if (whole)
                whole_.add(signed_value);
        } else {
            (v.as_double() > 0 ? infinities_ : negative_infinities_) += by;
        }
        if (count_ == 0)
            sum_ = whole_ = summation();
    }
    value endless(double d) const { return decimals_ > 0 ? value(to_decimal(value(d))) : value(d); }

    summation sum_;
    /// Of the whole numbers alone: the answer when there are no others left.
    summation whole_;
    std::int64_t count_ = 0;
    std::int64_t decimals_ = 0;
    std::int64_t doubles_ = 0;
    std::int64_t nans_ = 0;
    std::int64_t infinities_ = 0;
    std::int64_t negative_infinities_ = 0;
};

class sliding_average final : public sliding_sum {
public:
    value result() const override {
        if (count() == 0)
            return {};
        summation total;
        total.add(sliding_sum::result());
        return total.divided_by(count());
    }
};

/// `$stdDevPop`, `$stdDevSamp`: the sum of squared differences is corrected with every number that comes or goes (the method of
/// Welford, backwards for one that goes).
class sliding_deviation final : public sliding_accumulator {
public:
    explicit sliding_deviation(bool sample) noexcept : sample_(sample) {}
    void add(value const& v) override { change(v, 1); }
    void remove(value const& v) override { change(v, -1); }
    value result() const override {
        if (not_finite_ > 0)
            return {};
        auto const divisor = sample_ ? count_ - 1 : count_;
        if (divisor == 0)
            return {};
        double const squares = squares_.total().as_double();
        if (squares < 0 || (!sample_ && count_ == 1))
            return 0;
        return std::sqrt(squares / static_cast<double>(divisor));
    }

private:
    void change(value const& v, std::int64_t by) {
        if (!v.is_number())
            return;
        double const x = v.as_double();
        if (!std::isfinite(x)) {
            not_finite_ += by;
            return;
        }
        if (count_ + by == 0) {
            sum_ = squares_ = summation();
            count_ = 0;
            return;
        }
        double const before = static_cast<double>(count_);
        double const after = static_cast<double>(count_ + by);
        double const distance = count_ == 0 ? 0 : before * x - sum_.total().as_double();
        sum_.add(value(x * static_cast<double>(by)));
        if (count_ != 0)
            squares_.add(value(distance * distance * static_cast<double>(by) / (after * before)));
        count_ += by;
    }

    summation sum_;
    summation squares_;
    std::int64_t count_ = 0;
    std::int64_t not_finite_ = 0;
    bool sample_;
};

/// The values of the window in their order; of equal ones the older first.
class ordered_window : public sliding_accumulator {
public:
    explicit ordered_window(collator const* collation) : values_(less{collation}) {}
    void add(value const& v) override { values_.insert(v); }
    void remove(value const& v) override { values_.erase(values_.lower_bound(v)); }

protected:
    struct less {
        collator const* collation;
        bool operator()(value const& a, value const& b) const { return memory::compare(a, b, collation) < 0; }
    };
    std::multiset<value, less> const& values() const noexcept { return values_; }

private:
    std::multiset<value, less> values_;
};

/// `$min`, `$max`, `$minN`, `$maxN`: null is no value.
class sliding_bounds final : public ordered_window {
public:
    sliding_bounds(bool least, std::optional<std::size_t> n, collator const* collation)
        : ordered_window(collation), n_(n), least_(least) {}
    void add(value const& v) override {
        if (counts(v))
            ordered_window::add(v);
    }
    void remove(value const& v) override {
        if (counts(v))
            ordered_window::remove(v);
    }
    value result() const override {
        if (!n_) {
            if (values().empty())
                return {};
            return least_ ? *values().begin() : *values().rbegin();
        }
        array result;
        auto const take = [&](auto from, auto to) {
            for (; from != to && result.size() < *n_; ++from)
                result.push_back(*from);
        };
        least_ ? take(values().begin(), values().end()) : take(values().rbegin(), values().rend());
        return result;
    }

private:
    static bool counts(value const& v) noexcept { return !v.is_null() && !v.is_undefined(); }

    std::optional<std::size_t> n_;
    bool least_;
};

class sliding_set final : public ordered_window {
public:
    explicit sliding_set(collator const* collation) : ordered_window(collation) {}
    value result() const override {
        array result;
        for (auto at = values().begin(); at != values().end(); at = values().upper_bound(*at))
            result.push_back(*at);
        return result;
    }
};

} // namespace

std::unique_ptr<sliding_accumulator> make_sliding_accumulator(std::string_view name, std::size_t n, collator const* collation) {
    if (name == "$sum")
        return std::make_unique<sliding_sum>();
    if (name == "$avg")
        return std::make_unique<sliding_average>();
    if (name == "$stdDevPop" || name == "$stdDevSamp")
        return std::make_unique<sliding_deviation>(name == "$stdDevSamp");
    if (name == "$min" || name == "$max")
        return std::make_unique<sliding_bounds>(name == "$min", std::nullopt, collation);
    if (name == "$minN" || name == "$maxN")
        return std::make_unique<sliding_bounds>(name == "$minN", n, collation);
    if (name == "$addToSet")
        return std::make_unique<sliding_set>(collation);
    return nullptr;
}

} // namespace cormorant::memory
