#include "window_function.hpp"

#include "memory/expression/impl.hpp"
#include "memory/value/number.hpp"
#include "sliding.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <deque>

namespace cormorant::memory {

namespace {

constexpr int bounds_need_order = 5339901;
constexpr int bounds_are_inverted = 5339900;
constexpr int rank_has_window = 5371601;
constexpr int rank_needs_order = 5371602;
constexpr int rank_has_argument = 5371603;

/// The documents of a window, relative to the current one. Without a value a bound is that of the partition.
struct window_bounds {
    std::optional<std::int64_t> lower;
    std::optional<std::int64_t> upper;

    /// The positions [first, last) around `i` of `n`.
    std::pair<std::size_t, std::size_t> around(std::size_t i, std::size_t n) const noexcept {
        auto const at = [&](std::optional<std::int64_t> offset, std::size_t otherwise, std::int64_t beyond) {
            if (!offset)
                return otherwise;
            auto const size = static_cast<std::int64_t>(n);
            auto const moved = static_cast<std::int64_t>(i) + std::clamp(*offset, -size - 1, size) + beyond;
            return static_cast<std::size_t>(std::clamp<std::int64_t>(moved, 0, size));
        };
        return {at(lower, 0, 0), at(upper, n, 1)};
    }
};

/// Evaluates expressions for the documents of one partition.
class partition_view {
public:
    partition_view(std::span<document_ptr const> documents, query_options const& options)
        : documents_(documents), options_(options) {}

    std::size_t size() const noexcept { return documents_.size(); }
    query_options const& options() const noexcept { return options_; }
    operand evaluate(expression const& e, std::size_t i) const { return evaluate(e, *documents_[i], documents_[i].text_score()); }
    operand evaluate(expression const& e, document const& d, std::optional<double> text_score = std::nullopt) const {
        scope s{d, *options_.world, options_.collation.get()};
        s.text_score = text_score;
        return e.evaluate(s);
    }

private:
    std::span<document_ptr const> documents_;
    query_options options_;
};

/// A function whose run is an object of type Run, made of the function and the partition.
template <class Settings, class Run>
class function_of final : public window_function {
public:
    explicit function_of(Settings s) : settings_(std::move(s)) {}
    std::unique_ptr<window_run> begin(std::span<document_ptr const> partition, query_options const& options) const override {
        return std::make_unique<Run>(settings_, partition_view(partition, options));
    }

private:
    Settings settings_;
};

// --- rank functions

struct rank_settings {
    enum class counting { documents, ranks, dense_ranks } what;
    /// The value that documents are sorted by.
    expression_ptr key;
};

/// Equal are documents with the same value in the field that they are sorted by, not in their sort keys: two arrays with the same
/// least element differ.
class rank_run final : public window_run {
public:
    rank_run(rank_settings const& of, partition_view partition) : of_(of), partition_(std::move(partition)) {}
    operand at(std::size_t i) override {
        if (of_.what == rank_settings::counting::documents)
            return operand(int_or_long(static_cast<std::int64_t>(i + 1)));
        operand key = partition_.evaluate(*of_.key, i);
        bool const same = i != 0 && memory::compare(key, previous_, partition_.options().collation.get()) == 0;
        if (!same) {
            rank_ = of_.what == rank_settings::counting::ranks ? i + 1 : rank_ + 1;
            previous_ = std::move(key);
        }
        return operand(int_or_long(static_cast<std::int64_t>(rank_)));
    }

private:
    rank_settings const& of_;
    partition_view partition_;
    operand previous_;
    std::size_t rank_ = 0;
};

// --- $shift

struct shift_settings {
    expression_ptr output;
    value otherwise;
    std::int64_t by = 0;
};

class shift_run final : public window_run {
public:
    shift_run(shift_settings const& of, partition_view partition) : of_(of), partition_(std::move(partition)) {}
    operand at(std::size_t i) override {
        auto const [from, to] = window_bounds{of_.by, of_.by}.around(i, partition_.size());
        return from == to ? operand::of(&of_.otherwise) : partition_.evaluate(*of_.output, from);
    }

private:
    shift_settings const& of_;
    partition_view partition_;
};

// --- accumulators

struct accumulator_settings {
    std::string name;
    accumulation what;
    window_bounds bounds;
};

/// What every run of an accumulator needs.
class accumulator_run : public window_run {
public:
    accumulator_run(accumulator_settings const& of, partition_view partition) : of_(of), partition_(std::move(partition)) {}

    operand at(std::size_t i) final {
        auto const [from, to] = of_.bounds.around(i, partition_.size());
        return over(from, std::max(from, to));
    }

protected:
    /// The answer for the window [from, to). Neither end moves back from one call to the next.
    virtual operand over(std::size_t from, std::size_t to) = 0;

    operand input(std::size_t i) const { return partition_.evaluate(*of_.what.input, i); }
    accumulator_settings const& settings() const noexcept { return of_; }
    partition_view const& partition() const noexcept { return partition_; }
    /// The accumulator of `$group`. An `n` is evaluated without a document.
    std::unique_ptr<accumulator> make() const {
        document const nothing;
        scope s{nothing, *partition_.options().world, partition_.options().collation.get()};
        return of_.what.make(s, of_.what.n.get());
    }

private:
    accumulator_settings const& of_;
    partition_view partition_;
};

/// `$first` and `$last`: a missing value is missing, an empty window gives null.
class end_run final : public accumulator_run {
public:
    using accumulator_run::accumulator_run;

protected:
    operand over(std::size_t from, std::size_t to) override {
        if (from == to)
            return operand(value());
        return input(settings().name == "$first" ? from : to - 1);
    }
};

/// The window as a whole, each time anew: for accumulators whose answer has the size of the window, or of `n`.
class whole_run final : public accumulator_run {
public:
    using accumulator_run::accumulator_run;

protected:
    operand over(std::size_t from, std::size_t to) override {
        auto const all = make();
        for (; from != to; ++from)
            all->add(input(from));
        return operand(all->result());
    }
};

class count_run final : public accumulator_run {
public:
    using accumulator_run::accumulator_run;

protected:
    operand over(std::size_t from, std::size_t to) override { return operand(int_or_long(static_cast<std::int64_t>(to - from))); }
};

/// A window that begins with the partition only grows.
class growing_run final : public accumulator_run {
public:
    using accumulator_run::accumulator_run;

protected:
    operand over(std::size_t, std::size_t to) override {
        if (!all_)
            all_ = make();
        bool const grown = end_ != to || !answer_;
        for (; end_ != to; ++end_)
            all_->add(input(end_));
        if (grown)
            answer_ = all_->result();
        return operand(*answer_);
    }

private:
    std::unique_ptr<accumulator> all_;
    std::optional<value> answer_;
    std::size_t end_ = 0;
};

class sliding_run final : public accumulator_run {
public:
    using accumulator_run::accumulator_run;

protected:
    operand over(std::size_t from, std::size_t to) override {
        if (!window_)
            window_ = make_window();
        for (; end_ != to; ++end_) {
            operand v = input(end_);
            inside_.push_back(v.missing() ? std::nullopt : std::optional(std::move(v).take()));
            if (inside_.back())
                window_->add(*inside_.back());
        }
        for (; begin_ != from; ++begin_) {
            if (inside_.front())
                window_->remove(*inside_.front());
            inside_.pop_front();
        }
        return operand(window_->result());
    }

private:
    std::unique_ptr<sliding_accumulator> make_window() const {
        std::size_t n = 0;
        if (settings().what.n) {
            make(); // refuses a bad n
            n = static_cast<std::size_t>(partition().evaluate(*settings().what.n, document()).get().as_int64());
        }
        return make_sliding_accumulator(settings().name, n, partition().options().collation.get());
    }

    std::unique_ptr<sliding_accumulator> window_;
    /// The values of the window; nothing for a missing one.
    std::deque<std::optional<value>> inside_;
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
};

// --- compilation

using compiled = std::shared_ptr<window_function const>;

template <class Run, class Settings>
compiled make_function(Settings s) {
    return std::make_shared<function_of<Settings, Run>>(std::move(s));
}

compiled compile_rank(
    std::string_view name, value const& argument, value const* window, document const& order, compile_context& context) {
    if (window != nullptr)
        refuse(rank_has_window, "Rank style window functions take no other arguments");
    if (!argument.is_document() || !argument.as_document().empty())
        refuse(rank_has_argument, fmt::format("{} must be specified with '{{}}' as the value", name));
    if (order.size() != 1)
        refuse(rank_needs_order,
            fmt::format("{} must be specified with a top level sortBy expression with exactly one element", name));
    rank_settings made{name == "$rank"        ? rank_settings::counting::ranks
                       : name == "$denseRank" ? rank_settings::counting::dense_ranks
                                              : rank_settings::counting::documents,
        compile_expression(value(fmt::format("${}", order.begin()->key())), context)};
    return make_function<rank_run>(std::move(made));
}

compiled compile_shift(value const& argument, value const* window, document const& order, compile_context& context) {
    auto const bad = [](std::string message) { refuse(code::failed_to_parse, std::move(message)); };
    if (window != nullptr)
        bad("$shift does not accept a 'window' field");
    if (order.empty())
        bad("'$shift' requires a sortBy");
    if (!argument.is_document())
        bad("Argument to $shift must be an object");
    shift_settings made;
    bool by_given = false;
    for (auto const& [name, v] : argument.as_document()) {
        if (name == "output") {
            made.output = compile_expression(v, context);
        } else if (name == "by") {
            auto const by = v.is_number() ? v.if_int64() : std::nullopt;
            if (!by)
                bad(fmt::format("'$shift:by' field must be an integer, but found  by: {}", to_string(v)));
            made.by = *by;
            by_given = true;
        } else if (name == "default") {
            auto const e = compile_expression(v, context);
            if (v.is_string() && e->constant() == nullptr)
                bad("'$shift:default' expression must yield a constant value.");
            if (e->constant() == nullptr)
                unsupported("the memory store supports only a literal as the default of $shift");
            made.otherwise = *e->constant();
        } else {
            bad("Unknown argument in $shift");
        }
    }
    if (!by_given)
        bad("$shift requires 'by' as an integer value.");
    if (!made.output)
        bad("$shift requires an 'output' expression.");
    return make_function<shift_run>(std::move(made));
}

std::optional<std::int64_t> compile_bound(value const& v) {
    if (v.if_string() == "unbounded")
        return std::nullopt;
    if (v.if_string() == "current")
        return 0;
    if (!v.is_number())
        refuse(code::failed_to_parse, "Window bounds must be 'unbounded', 'current', or a number.");
    auto const offset = v.if_int64();
    if (!offset)
        refuse(code::failed_to_parse, "Numeric document-based bounds must be an integer");
    return offset;
}

window_bounds compile_bounds(value const* window, document const& order) {
    window_bounds made;
    if (window == nullptr)
        return made;
    auto const bad = [](std::string_view message) { refuse(code::failed_to_parse, std::string(message)); };
    auto const* const given = window->if_document();
    if (given == nullptr)
        bad("'window' field must be an object");
    for (auto const& [name, v] : *given) {
        if (name != "documents" && name != "range" && name != "unit")
            bad("'window' field can only contain 'documents' as the only argument or 'range' with an optional 'unit' field");
    }
    auto const* const documents = given->find("documents");
    if (documents != nullptr && given->contains("range"))
        bad("Window bounds can specify either 'documents' or 'unit', not both.");
    if (given->contains("unit") && !given->contains("range"))
        bad("Window bounds can only specify 'unit' with range-based bounds.");
    if (given->contains("range"))
        unsupported("the memory store does not support windows of a range, only of documents");
    if (documents == nullptr)
        return made;
    auto const* const ends = documents->if_array();
    if (ends == nullptr || ends->size() != 2)
        bad(fmt::format("Window bounds must be a 2-element array: documents: {}", to_string(*documents)));
    made.lower = compile_bound((*ends)[0]);
    made.upper = compile_bound((*ends)[1]);
    if (made.lower && made.upper && *made.lower > *made.upper)
        refuse(bounds_are_inverted, fmt::format("Lower bound must not exceed upper bound: [{}, {}]", *made.lower, *made.upper));
    if ((made.lower || made.upper) && order.empty())
        refuse(bounds_need_order, "Document-based bounds require a sortBy");
    return made;
}

constexpr std::string_view known_to_the_server[] = {"$top", "$topN", "$bottom", "$bottomN", "$expMovingAvg", "$derivative",
    "$integral", "$linearFill", "$locf", "$covariancePop", "$covarianceSamp"};

compiled compile_accumulator(
    std::string_view name, value const& argument, value const* window, document const& order, compile_context& context) {
    accumulator_settings made;
    made.name = name;
    made.what = compile_window_accumulation(name, argument, context);
    if (made.what.make == nullptr) {
        if (std::ranges::find(known_to_the_server, name) != std::end(known_to_the_server))
            unsupported(fmt::format("the memory store does not support the window function {}", name));
        refuse(code::failed_to_parse, fmt::format("Unrecognized window function, {}", name));
    }
    made.bounds = compile_bounds(window, order);
    if (name == "$first" || name == "$last")
        return make_function<end_run>(std::move(made));
    if (name == "$count")
        return make_function<count_run>(std::move(made));
    if (!made.bounds.lower)
        return make_function<growing_run>(std::move(made));
    if (name == "$push" || name == "$firstN" || name == "$lastN")
        return make_function<whole_run>(std::move(made));
    return make_function<sliding_run>(std::move(made));
}

} // namespace

compiled compile_window_function(std::string_view field, value const& source, document const& order, compile_context& context) {
    auto const bad = [](std::string message) { refuse(code::failed_to_parse, std::move(message)); };
    auto const* const given = source.if_document();
    if (given == nullptr)
        bad(fmt::format("The field '{}' must be an object", field));
    value const* window = nullptr;
    value const* argument = nullptr;
    std::string_view name;
    for (auto const& [key, v] : *given) {
        if (key.starts_with('$')) {
            if (argument != nullptr)
                bad("Cannot specify two functions in window function spec");
            name = key;
            argument = &v;
        } else if (key == "window") {
            window = &v;
        } else {
            bad(fmt::format("Window function found an unknown argument: {}", key));
        }
    }
    if (argument == nullptr)
        bad("Expected a $-prefixed window function");
    if (name == "$documentNumber" || name == "$rank" || name == "$denseRank")
        return compile_rank(name, *argument, window, order, context);
    if (name == "$shift")
        return compile_shift(*argument, window, order, context);
    return compile_accumulator(name, *argument, window, order, context);
}

} // namespace cormorant::memory
