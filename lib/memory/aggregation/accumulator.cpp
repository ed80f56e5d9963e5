#include "accumulator.hpp"

#include "memory/expression/impl.hpp"
#include "memory/value/number.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <deque>
#include <set>

namespace cormorant::memory {

namespace {

class sum_accumulator final : public accumulator {
public:
    void add(operand v) override {
        if (!v.missing() && v->is_number()) {
            sum_.add(v.get());
        }
    }
    value result() const override { return sum_.total(); }

private:
    summation sum_;
};

class average_accumulator final : public accumulator {
public:
    void add(operand v) override {
        if (!v.missing() && v->is_number()) {
            sum_.add(v.get());
            ++count_;
        }
    }
    value result() const override { return count_ == 0 ? value() : sum_.divided_by(count_); }

private:
    summation sum_;
    std::int64_t count_ = 0;
};

class count_accumulator final : public accumulator {
public:
    void add(operand) override { ++count_; }
    value result() const override { return int_or_long(count_); }

private:
    std::int64_t count_ = 0;
};

/// `$min` and `$max`.
class bound_accumulator final : public accumulator {
public:
    bound_accumulator(bool least, collator const* collation) noexcept : collation_(collation), least_(least) {}
    void add(operand v) override {
        if (v.nullish()) {
            return;
        }
        if (best_) {
            auto const order = memory::compare(v.get(), *best_, collation_);
            if (least_ ? order >= 0 : order <= 0) {
                return;
            }
        }
        best_ = std::move(v).take();
    }
    value result() const override { return best_.value_or(value()); }

private:
    std::optional<value> best_;
    collator const* collation_;
    bool least_;
};

class first_accumulator final : public accumulator {
public:
    void add(operand v) override {
        if (!first_) {
            first_ = std::move(v).take();
        }
    }
    value result() const override { return first_.value_or(value()); }

private:
    std::optional<value> first_;
};

class last_accumulator final : public accumulator {
public:
    void add(operand v) override { last_ = std::move(v).take(); }
    value result() const override { return last_; }

private:
    value last_;
};

class push_accumulator final : public accumulator {
public:
    void add(operand v) override {
        if (!v.missing()) {
            all_.push_back(std::move(v).take());
        }
    }
    value result() const override { return all_; }

private:
    array all_;
};

class add_to_set_accumulator final : public accumulator {
public:
    explicit add_to_set_accumulator(collator const* collation) : seen_(less{collation}) {}
    void add(operand v) override {
        if (!v.missing() && seen_.insert(v.get()).second) {
            all_.push_back(v.get());
        }
    }
    value result() const override { return all_; }

private:
    struct less {
        collator const* collation;
        bool operator()(value const& a, value const& b) const { return memory::compare(a, b, collation) < 0; }
    };
    std::set<value, less> seen_;
    array all_;
};

class merge_accumulator final : public accumulator {
public:
    void add(operand v) override {
        if (v.nullish()) {
            return;
        }
        if (!v->is_document()) {
            refuse(40400, fmt::format("$mergeObjects requires object inputs, but input {} is of type {}", to_string(v.get()),
                              type_name(v)));
        }
        for (auto const& [key, member] : v->as_document()) {
            merged_.set(key, member);
        }
    }
    value result() const override { return merged_; }

private:
    document merged_;
};

/// Welford's method.
class deviation_accumulator final : public accumulator {
public:
    explicit deviation_accumulator(bool sample) noexcept : sample_(sample) {}
    void add(operand v) override {
        if (v.missing() || !v->is_number()) {
            return;
        }
        double const x = v->as_double();
        ++count_;
        double const delta = x - mean_;
        mean_ += delta / static_cast<double>(count_);
        squares_ += delta * (x - mean_);
    }
    value result() const override {
        std::int64_t const n = sample_ ? count_ - 1 : count_;
        return n <= 0 ? value() : value(std::sqrt(squares_ / static_cast<double>(n)));
    }

private:
    double mean_ = 0;
    double squares_ = 0;
    std::int64_t count_ = 0;
    bool sample_;
};

/// `$firstN`, `$lastN`, `$minN`, `$maxN`.
class some_accumulator final : public accumulator {
public:
    enum class which { first, last, least, greatest };
    some_accumulator(which w, std::size_t n, collator const* collation) noexcept : n_(n), collation_(collation), which_(w) {}

    void add(operand v) override {
        switch (which_) {
        case which::first:
            if (kept_.size() < n_) {
                kept_.push_back(std::move(v).take());
            }
            return;
        case which::last:
            kept_.push_back(std::move(v).take());
            if (kept_.size() > n_) {
                kept_.pop_front();
            }
            return;
        default:
            break;
        }
        if (v.nullish()) {
            return;
        }
        auto const before = [this](value const& a, value const& b) {
            auto const order = memory::compare(a, b, collation_);
            return which_ == which::least ? order < 0 : order > 0;
        };
        auto const at = std::upper_bound(kept_.begin(), kept_.end(), v.get(), before);
        kept_.insert(at, v.get());
        if (kept_.size() > n_) {
            kept_.pop_back();
        }
    }
    value result() const override {
        array result;
        for (value const& v : kept_) {
            result.push_back(v);
        }
        return result;
    }

private:
    std::deque<value> kept_;
    std::size_t n_;
    collator const* collation_;
    which which_;
};

std::size_t count_of(scope& s, expression const* n) {
    operand const v = n->evaluate(s);
    auto const count = v.missing() || !v->is_number() ? std::nullopt : v->if_int64();
    if (!count) {
        refuse(5787902, fmt::format("Value for 'n' must be of integral type, but found {}", to_string(v.get())));
    }
    if (*count < 1) {
        refuse(5787908, fmt::format("'n' must be greater than 0, found {}", *count));
    }
    return static_cast<std::size_t>(*count);
}

using made = std::unique_ptr<accumulator>;

template <some_accumulator::which Which>
made make_some(scope& s, expression const* n) {
    return std::make_unique<some_accumulator>(Which, count_of(s, n), s.collation);
}

struct definition {
    std::string_view name;
    made (*make)(scope& s, expression const* n);
};

constexpr definition plain[] = {
    {"$sum", [](scope&, expression const*) -> made { return std::make_unique<sum_accumulator>(); }},
    {"$avg", [](scope&, expression const*) -> made { return std::make_unique<average_accumulator>(); }},
    {"$min", [](scope& s, expression const*) -> made { return std::make_unique<bound_accumulator>(true, s.collation); }},
    {"$max", [](scope& s, expression const*) -> made { return std::make_unique<bound_accumulator>(false, s.collation); }},
    {"$stdDevPop", [](scope&, expression const*) -> made { return std::make_unique<deviation_accumulator>(false); }},
    {"$stdDevSamp", [](scope&, expression const*) -> made { return std::make_unique<deviation_accumulator>(true); }},
    {"$first", [](scope&, expression const*) -> made { return std::make_unique<first_accumulator>(); }},
    {"$last", [](scope&, expression const*) -> made { return std::make_unique<last_accumulator>(); }},
    {"$push", [](scope&, expression const*) -> made { return std::make_unique<push_accumulator>(); }},
    {"$addToSet", [](scope& s, expression const*) -> made { return std::make_unique<add_to_set_accumulator>(s.collation); }},
    {"$mergeObjects", [](scope&, expression const*) -> made { return std::make_unique<merge_accumulator>(); }},
};

constexpr definition with_n[] = {
    {"$firstN", make_some<some_accumulator::which::first>},
    {"$lastN", make_some<some_accumulator::which::last>},
    {"$minN", make_some<some_accumulator::which::least>},
    {"$maxN", make_some<some_accumulator::which::greatest>},
};

constexpr std::string_view known_to_the_server[] = {"$top", "$topN", "$bottom", "$bottomN", "$accumulator"};

accumulation compile_some(definition const& what, value const& source, compile_context& context) {
    static constexpr std::array<std::string_view, 2> members = {"n", "input"};
    named_arguments const given(what.name, source, members, 5787801, 5787901);
    accumulation result;
    result.make = what.make;
    result.input = given.compile("input", context, 5787907);
    result.n = given.compile("n", context, 5787906);
    return result;
}

accumulation count_of_all() {
    accumulation result;
    result.make = [](scope&, expression const*) -> made { return std::make_unique<count_accumulator>(); };
    result.input = make_constant_expression(value(1));
    return result;
}

} // namespace

accumulation compile_window_accumulation(std::string_view name, value const& argument, compile_context& context) {
    if (name == "$count") {
        if (!argument.is_document() || !argument.as_document().empty()) {
            refuse(code::failed_to_parse, "$count only accepts an empty object as input");
        }
        return count_of_all();
    }
    if (auto const* const found = std::ranges::find(with_n, name, &definition::name); found != std::end(with_n)) {
        return compile_some(*found, argument, context);
    }
    accumulation result;
    if (auto const* const found = std::ranges::find(plain, name, &definition::name);
        found != std::end(plain) && name != "$mergeObjects") {
        result.make = found->make;
        result.input = compile_expression(argument, context);
    }
    return result;
}

accumulation compile_accumulation(std::string_view field, value const& source, compile_context& context) {
    auto const* const d = source.if_document();
    if (d == nullptr || d->empty()) {
        refuse(40234, fmt::format("The field '{}' must be an accumulator object", field));
    }
    if (d->size() != 1) {
        refuse(40238, fmt::format("The field '{}' must specify one accumulator", field));
    }
    auto const name = d->begin()->key();
    value const& argument = d->begin()->value();
    if (!name.starts_with('$')) {
        refuse(40234, fmt::format("The field '{}' must be an accumulator object", field));
    }
    if (name == "$count") {
        if (!argument.is_document() || !argument.as_document().empty()) {
            refuse(code::type_mismatch, fmt::format("$count takes no arguments, i.e. $count:{{}}"));
        }
        return count_of_all();
    }
    if (auto const* const found = std::ranges::find(plain, name, &definition::name); found != std::end(plain)) {
        if (auto const* const list = argument.if_array(); list && list->size() != 1) {
            refuse(40237, fmt::format("The {} accumulator is a unary operator", name));
        }
        accumulation result;
        result.make = found->make;
        result.input = compile_expression(argument.is_array() ? argument.as_array().front() : argument, context);
        return result;
    }
    if (auto const* const found = std::ranges::find(with_n, name, &definition::name); found != std::end(with_n)) {
        return compile_some(*found, argument, context);
    }
    if (std::ranges::find(known_to_the_server, name) != std::end(known_to_the_server)) {
        unsupported(fmt::format("the memory store does not support the accumulator {}", name));
    }
    refuse(15952, fmt::format("unknown group operator '{}'", name));
}

namespace {

/// Over the elements of its only operand, when that is an array, else over the operands.
operand run_over_operands(function_call const& c, scope& s) {
    auto const* const found = std::ranges::find(plain, c.name(), &definition::name);
    auto const state = found->make(s, nullptr);
    for (std::size_t i = 0; i < c.size(); ++i) {
        operand v = c.at(i, s);
        if (c.size() == 1 && !v.missing() && v->is_array()) {
            for (value const& e : v->as_array()) {
                state->add(operand::of(&e));
            }
        } else {
            state->add(std::move(v));
        }
    }
    return state->result();
}

constexpr function functions[] = {
    {"$sum", 0, function::any, run_over_operands},
    {"$avg", 0, function::any, run_over_operands},
    {"$min", 0, function::any, run_over_operands},
    {"$max", 0, function::any, run_over_operands},
    {"$stdDevPop", 0, function::any, run_over_operands},
    {"$stdDevSamp", 0, function::any, run_over_operands},
};

expression_ptr compile_some_expression(std::string_view name, value const& source, compile_context& context) {
    auto const* const found = std::ranges::find(with_n, name, &definition::name);
    return make_expression([name = std::string(name), a = compile_some(*found, source, context)](scope& s) -> operand {
        operand const v = a.input->evaluate(s);
        if (v.missing() || !v->is_array()) {
            refuse(5788200, fmt::format("Input must be an array, found {} ({})", type_name(v), name));
        }
        auto const state = a.make(s, a.n.get());
        for (value const& e : v->as_array()) {
            state->add(operand::of(&e));
        }
        return state->result();
    });
}

constexpr form forms[] = {
    {"$firstN", compile_some_expression},
    {"$lastN", compile_some_expression},
    {"$minN", compile_some_expression},
    {"$maxN", compile_some_expression},
};

} // namespace

std::span<function const> accumulator_functions() noexcept {
    return functions;
}
std::span<form const> accumulator_forms() noexcept {
    return forms;
}

} // namespace cormorant::memory
