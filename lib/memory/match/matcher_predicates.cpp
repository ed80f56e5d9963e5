#include "matcher_node.hpp"
#include "memory/value/decimal.hpp"
#include "memory/value/number.hpp"
#include "memory/value/pattern.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>

namespace cormorant::memory {

namespace {

// Ranks are the order of the server's match types (MatchExpression::MatchType).
enum rank_of : int {
    elem_match_object = 2,
    elem_match_value,
    array_size,
    eq,
    lte,
    lt,
    gt,
    gte,
    regular_expression,
    mod,
    exists,
    in,
    bits,
    type = 25
};

/// Types that compare with one another (BSON's canonical types): numbers, texts.
bool comparable(bson_type a, bson_type b) noexcept {
    auto const group = [](bson_type t) {
        switch (t) {
        case bson_type::int32:
        case bson_type::int64:
        case bson_type::decimal128:
            return bson_type::double_;
        case bson_type::symbol:
            return bson_type::string;
        default:
            return t;
        }
    };
    return group(a) == group(b);
}

bool null_like(value const* v) noexcept {
    return v == nullptr || v->is_null() || v->is_undefined();
}

class compare_predicate final : public predicate {
public:
    compare_predicate(comparison op, value const& operand, std::shared_ptr<collator const> collation)
        : operand_(operand), collation_(std::move(collation)), op_(op), operand_is_nan_(is_nan(operand)) {}

    bool test(value const* v, matcher::node::position*) const override {
        bool const or_equal = op_ == comparison::eq || op_ == comparison::lte || op_ == comparison::gte;
        if (operand_.is_null()) {
            return or_equal && null_like(v);
        }
        if (v == nullptr || !comparable(v->type(), operand_.type())) {
            return (operand_.is_max_key() && (op_ == comparison::lt || op_ == comparison::lte)) ||
                   (operand_.is_min_key() && (op_ == comparison::gt || op_ == comparison::gte));
        }
        bool const nan = is_nan(*v);
        if (nan || operand_is_nan_) { // NaN equals itself and is neither less nor greater than anything
            return or_equal && nan && operand_is_nan_;
        }
        auto const order = compare(*v, operand_, collation_.get());
        switch (op_) {
        case comparison::eq:
            return order == 0;
        case comparison::lt:
            return order < 0;
        case comparison::lte:
            return order <= 0;
        case comparison::gt:
            return order > 0;
        case comparison::gte:
            return order >= 0;
        }
        return false;
    }
    int rank() const noexcept override {
        constexpr std::array<int, 5> ranks = {eq, lt, lte, gt, gte};
        return ranks[static_cast<std::size_t>(op_)];
    }

private:
    value operand_;
    std::shared_ptr<collator const> collation_;
    comparison op_;
    bool operand_is_nan_;
};

class regex_predicate final : public predicate {
public:
    regex_predicate(std::string_view source, std::string_view options) : pattern_(source, options) {}
    bool test(value const* v, matcher::node::position*) const override {
        if (v == nullptr) {
            return false;
        }
        switch (v->type()) {
        case bson_type::string:
            return pattern_.matches(v->as_string());
        case bson_type::symbol:
            return pattern_.matches(v->as_symbol().text);
        case bson_type::regex: {
            auto const r = v->as_regex();
            return r.pattern == pattern_.source() && r.options == pattern_.options();
        }
        default:
            return false;
        }
    }
    int rank() const noexcept override { return regular_expression; }

private:
    pattern pattern_;
};

class in_predicate final : public predicate {
public:
    in_predicate(array const& operands, std::shared_ptr<collator const> collation) : collation_(std::move(collation)) {
        for (value const& v : operands) {
            if (v.is_regex()) {
                auto const r = v.as_regex();
                patterns_.emplace_back(r.pattern, r.options);
            } else {
                has_null_ = has_null_ || v.is_null();
                values_.push_back(v);
            }
        }
        std::ranges::sort(values_, [this](value const& a, value const& b) { return compare(a, b, collation_.get()) < 0; });
    }
    bool test(value const* v, matcher::node::position*) const override {
        if (null_like(v)) {
            return has_null_;
        }
        auto const less = [this](value const& a, value const& b) { return compare(a, b, collation_.get()) < 0; };
        return std::binary_search(values_.begin(), values_.end(), *v, less) ||
               std::ranges::any_of(patterns_, [v](regex_predicate const& p) { return p.test(v, nullptr); });
    }
    int rank() const noexcept override { return in; }

private:
    std::vector<value> values_;
    std::vector<regex_predicate> patterns_;
    std::shared_ptr<collator const> collation_;
    bool has_null_ = false;
};

class mod_predicate final : public predicate {
public:
    mod_predicate(std::int64_t divisor, std::int64_t remainder) noexcept : divisor_(divisor), remainder_(remainder) {}
    bool test(value const* v, matcher::node::position*) const override {
        if (v == nullptr) {
            return false;
        }
        auto const n = truncated(*v);
        return n && (divisor_ == -1 ? 0 : *n % divisor_) == remainder_;
    }
    int rank() const noexcept override { return mod; }

private:
    std::int64_t divisor_;
    std::int64_t remainder_;
};

class size_predicate final : public predicate {
public:
    explicit size_predicate(std::int64_t size) noexcept : size_(size) {}
    bool test(value const* v, matcher::node::position*) const override {
        auto const* const a = v ? v->if_array() : nullptr;
        return a && std::cmp_equal(a->size(), size_);
    }
    bool whole_arrays() const noexcept override { return true; }
    int rank() const noexcept override { return array_size; }

private:
    std::int64_t size_;
};

class exists_predicate final : public predicate {
public:
    bool test(value const* v, matcher::node::position*) const override { return v != nullptr; }
    int rank() const noexcept override { return exists; }
};

class type_predicate final : public predicate {
public:
    type_predicate(std::vector<bson_type> types, bool numbers) : types_(std::move(types)), numbers_(numbers) {}
    bool test(value const* v, matcher::node::position*) const override {
        return v && ((numbers_ && v->is_number()) || std::ranges::find(types_, v->type()) != types_.end());
    }
    int rank() const noexcept override { return type; }

private:
    std::vector<bson_type> types_;
    bool numbers_;
};

class bits_predicate final : public predicate {
public:
    /// For some (`any`) or all of the positions: is the bit `set`?
    bits_predicate(std::vector<std::size_t> positions, bool any, bool set)
        : positions_(std::move(positions)), any_(any), set_(set) {}

    bool test(value const* v, matcher::node::position*) const override {
        if (v == nullptr) {
            return false;
        }
        if (v->is_binary()) {
            auto const bytes = v->bytes();
            return holds([&](std::size_t n) {
                return n / 8 < bytes.size() && (std::to_integer<unsigned>(bytes[n / 8]) >> (n % 8) & 1U) != 0;
            });
        }
        auto number = v->if_int64();
        if (v->is_decimal128()) {
            // The server rounds decimals, and takes the least integer for what is none.
            number = decimal::round_to_int64(v->as_decimal128(), decimal::rounding::half_even)
                         .value_or(std::numeric_limits<std::int64_t>::min());
        }
        if (!number) {
            return false;
        }
        // Negative numbers extend their sign without end.
        return holds([&](std::size_t n) { return (*number >> std::min<std::size_t>(n, 63) & 1) != 0; });
    }
    int rank() const noexcept override { return bits; }

private:
    template <class Bit>
    bool holds(Bit bit) const {
        auto const ok = [&](std::size_t n) { return bit(n) == set_; };
        return any_ ? std::ranges::any_of(positions_, ok) : std::ranges::all_of(positions_, ok);
    }

    std::vector<std::size_t> positions_;
    bool any_;
    bool set_;
};

class elem_match_value_predicate final : public predicate {
public:
    explicit elem_match_value_predicate(match_node conditions) : conditions_(std::move(conditions)) {}
    bool test(value const* v, matcher::node::position* at) const override {
        auto const* const a = v ? v->if_array() : nullptr;
        for (std::size_t i = 0; a && i < a->size(); ++i) {
            if (conditions_->matches_value(&(*a)[i])) {
                if (at) {
                    *at = i;
                }
                return true;
            }
        }
        return false;
    }
    bool whole_arrays() const noexcept override { return true; }
    int rank() const noexcept override { return elem_match_value; }

private:
    match_node conditions_;
};

class elem_match_object_predicate final : public predicate {
public:
    explicit elem_match_object_predicate(match_node conditions) : conditions_(std::move(conditions)) {}
    bool test(value const* v, matcher::node::position* at) const override {
        auto const* const a = v ? v->if_array() : nullptr;
        for (std::size_t i = 0; a && i < a->size(); ++i) {
            auto const* const d = (*a)[i].if_document();
            auto const* const inner = (*a)[i].if_array();
            if ((d && conditions_->matches(*d, nullptr)) || (inner && conditions_->matches(*inner, nullptr))) {
                if (at) {
                    *at = i;
                }
                return true;
            }
        }
        return false;
    }
    bool whole_arrays() const noexcept override { return true; }
    int rank() const noexcept override { return elem_match_object; }

private:
    match_node conditions_;
};

/// A whole number that is not negative; `what` precedes the messages.
std::int64_t parse_count(std::string_view what, std::string_view name, value const& v, int server_code) {
    auto const shown = [&] { return fmt::format("{}: {}", name, to_string(v)); };
    if (!v.is_number()) {
        refuse(server_code, fmt::format("{}Expected a number in: {}", what, shown()));
    }
    auto const n = v.if_int64();
    if (!n) {
        refuse(server_code, fmt::format("{}Expected an integer: {}", what, shown()));
    }
    if (*n < 0) {
        refuse(server_code, fmt::format("{}Expected a non-negative number in: {}", what, shown()));
    }
    return *n;
}

} // namespace

predicate_ptr make_comparison(comparison op, value const& operand, query_options const& options) {
    return std::make_unique<compare_predicate>(op, operand, options.collation);
}

predicate_ptr make_in(array const& operands, query_options const& options) {
    return std::make_unique<in_predicate>(operands, options.collation);
}

predicate_ptr make_regex(std::string_view source, std::string_view regex_options) {
    return std::make_unique<regex_predicate>(source, regex_options);
}

predicate_ptr make_mod(value const& operand) {
    auto const* const a = operand.if_array();
    if (a == nullptr) {
        refuse(code::bad_value, "malformed mod, needs to be an array");
    }
    if (a->size() < 2) {
        refuse(code::bad_value, "malformed mod, not enough elements");
    }
    if (a->size() > 2) {
        refuse(code::bad_value, "malformed mod, too many elements");
    }
    constexpr std::array<char const*, 2> names = {"divisor", "remainder"};
    std::array<std::int64_t, 2> numbers{};
    for (std::size_t i = 0; i < 2; ++i) {
        if (!(*a)[i].is_number()) {
            refuse(code::bad_value, fmt::format("malformed mod, {} not a number", names[i]));
        }
        auto const n = truncated((*a)[i]);
        if (!n) {
            refuse(code::bad_value,
                fmt::format(
                    "malformed mod, {} value is invalid :: caused by :: Out of bounds coercing to integral value", names[i]));
        }
        numbers[i] = *n;
    }
    if (numbers[0] == 0) {
        refuse(code::bad_value, "divisor cannot be 0");
    }
    return std::make_unique<mod_predicate>(numbers[0], numbers[1]);
}

predicate_ptr make_size(value const& operand) {
    return std::make_unique<size_predicate>(parse_count("Failed to parse $size. ", "$size", operand, code::bad_value));
}

predicate_ptr make_type(std::string_view path, value const& operand) {
    std::vector<bson_type> types;
    bool numbers = false;
    auto const add = [&](value const& v) {
        if (auto const name = v.if_string()) {
            if (*name == "number") {
                numbers = true;
            } else if (auto const t = type_of_alias(*name)) {
                types.push_back(*t);
            } else {
                refuse(code::bad_value, fmt::format("Unknown type name alias: {}", *name));
            }
            return;
        }
        if (!v.is_number()) {
            refuse(code::type_mismatch, "type must be represented as a number or a string");
        }
        auto const number = v.if_int64();
        if (number == 0) {
            refuse(code::bad_value, "Invalid numerical type code: 0. Instead use {$exists:false}.");
        }
        if (number == -1) {
            types.push_back(bson_type::min_key);
        } else if (number && ((*number >= 1 && *number <= 19) || *number == 127)) {
            types.push_back(static_cast<bson_type>(*number));
        } else {
            refuse(code::bad_value, fmt::format("Invalid numerical type code: {}", to_string(v)));
        }
    };
    if (auto const* const a = operand.if_array()) {
        if (a->empty()) {
            refuse(code::failed_to_parse, fmt::format("{} must match at least one type", path));
        }
        std::ranges::for_each(*a, add);
    } else {
        add(operand);
    }
    return std::make_unique<type_predicate>(std::move(types), numbers);
}

predicate_ptr make_exists() {
    return std::make_unique<exists_predicate>();
}

predicate_ptr make_bits(std::string_view path, std::string_view name, value const& operand) {
    std::vector<std::size_t> positions;
    if (auto const* const a = operand.if_array()) {
        for (std::size_t i = 0; i < a->size(); ++i) {
            auto const n = parse_count("Failed to parse bit position. ", std::to_string(i), (*a)[i], code::bad_value);
            positions.push_back(static_cast<std::size_t>(n));
        }
    } else if (operand.is_binary()) {
        auto const bytes = operand.bytes();
        for (std::size_t n = 0; n < bytes.size() * 8; ++n) {
            if ((std::to_integer<unsigned>(bytes[n / 8]) >> (n % 8) & 1U) != 0) {
                positions.push_back(n);
            }
        }
    } else if (operand.is_number()) {
        auto const mask = static_cast<std::uint64_t>(parse_count("", name, operand, code::failed_to_parse));
        for (std::size_t n = 0; n < 64; ++n) {
            if ((mask >> n & 1U) != 0) {
                positions.push_back(n);
            }
        }
    } else {
        refuse(code::bad_value,
            fmt::format("{} takes an Array, a number, or a BinData but received: {}: {}", path, name, to_string(operand)));
    }
    bool const any = name.starts_with("$bitsAny");
    return std::make_unique<bits_predicate>(std::move(positions), any, name.ends_with("Set"));
}

predicate_ptr make_elem_match_value(match_node conditions) {
    return std::make_unique<elem_match_value_predicate>(std::move(conditions));
}

predicate_ptr make_elem_match_object(match_node conditions) {
    return std::make_unique<elem_match_object_predicate>(std::move(conditions));
}

} // namespace cormorant::memory
