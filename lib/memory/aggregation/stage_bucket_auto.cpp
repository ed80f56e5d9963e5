#include "granularity.hpp"
#include "group_field.hpp"
#include "memory/value/number.hpp"
#include "stage.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace cormorant::memory {

namespace {

/// Sorts documents by an expression, and deals them out to buckets of about the same size.
class bucket_auto {
public:
    bucket_auto(expression_ptr by, std::size_t buckets, std::vector<group_field> fields, std::optional<granularity> series,
        query_options const& options)
        : options_(options), by_(std::move(by)), buckets_(buckets), fields_(std::move(fields)), series_(series) {}

    std::vector<document_ptr> run(document_stream& input) const {
        auto const entries = sorted(input);
        auto const wanted = std::max<std::size_t>(
            1, static_cast<std::size_t>(std::llround(static_cast<double>(entries.size()) / static_cast<double>(buckets_))));
        std::vector<document_ptr> result;
        std::optional<value> bound;
        for (std::size_t at = 0; at != entries.size();) {
            bool const is_last = result.size() + 1 == buckets_;
            auto const last = is_last ? entries.size() : std::min(entries.size(), at + wanted);
            auto const [end, max] = end_of(entries, last);
            auto min = series_ ? (bound ? *bound : series_->below(entries[at].key)) : entries[at].key;
            result.push_back(bucket(entries.begin() + static_cast<std::ptrdiff_t>(at),
                entries.begin() + static_cast<std::ptrdiff_t>(end), doc("min", std::move(min), "max", max)));
            bound = max;
            at = end;
        }
        return result;
    }

private:
    struct entry {
        value key;
        document_ptr doc;
    };
    using entry_list = std::vector<entry>;

    scope scope_of(document const& d) const { return {d, *options_.world, options_.collation.get()}; }

    entry_list sorted(document_stream& input) const {
        entry_list result;
        while (auto d = input.next()) {
            auto s = scope_of(*d);
            s.text_score = d.text_score();
            value key = by_->evaluate(s).take();
            result.push_back({std::move(key), std::move(d)});
        }
        std::ranges::stable_sort(result, [&](entry const& a, entry const& b) { return order(a.key, b.key) < 0; });
        return result;
    }

    std::weak_ordering order(value const& a, value const& b) const { return compare(a, b, options_.collation.get()); }

    /// Where a bucket ends that has all before `last`, and its upper bound: it takes in what does not belong above that.
    std::pair<std::size_t, value> end_of(entry_list const& all, std::size_t last) const {
        value const& greatest = all[last - 1].key;
        auto const bound = series_ ? series_->above(greatest) : greatest;
        while (last != all.size() && (series_ ? order(bound, all[last].key) > 0 : order(bound, all[last].key) == 0))
            ++last;
        if (last == all.size())
            return {last, series_ ? bound : all[last - 1].key};
        if (!series_)
            return {last, all[last].key};
        // Nothing in a series is above zero: the bound is the least of the next bucket, rounded down.
        bool const is_zero = bound.is_decimal128() ? equal(bound, value(0), nullptr) : bound.as_double() == 0;
        return {last, is_zero ? series_->below(all[last].key) : bound};
    }

    document_ptr bucket(entry_list::const_iterator from, entry_list::const_iterator to, document bounds) const {
        document const nothing;
        auto outside = scope_of(nothing);
        std::vector<std::unique_ptr<accumulator>> accumulators;
        for (group_field const& f : fields_)
            accumulators.push_back(f.what.make(outside, f.what.n.get()));
        for (; from != to; ++from) {
            auto s = scope_of(*from->doc);
            s.text_score = from->doc.text_score();
            for (std::size_t i = 0; i != fields_.size(); ++i)
                accumulators[i]->add(fields_[i].what.input->evaluate(s));
        }
        auto made = std::make_shared<document>();
        made->append("_id", std::move(bounds));
        for (std::size_t i = 0; i != fields_.size(); ++i)
            made->append(fields_[i].name, accumulators[i]->result());
        return made;
    }

    query_options options_;
    expression_ptr by_;
    std::size_t buckets_;
    std::vector<group_field> fields_;
    std::optional<granularity> series_;
};

std::size_t number_of_buckets(value const& v) {
    if (!v.is_number())
        refuse(40241,
            fmt::format("The $bucketAuto 'buckets' field must be a numeric value, but found type: {}", to_string(v.type())));
    auto const whole = v.if_int64();
    if (!whole || *whole > std::numeric_limits<std::int32_t>::max() || *whole < std::numeric_limits<std::int32_t>::min())
        refuse(40242,
            fmt::format("The $bucketAuto 'buckets' field must be representable as a 32-bit integer, but found {}", to_string(v)));
    if (*whole <= 0)
        refuse(40243, fmt::format("The $bucketAuto 'buckets' field must be greater than 0, but found: {}", *whole));
    return static_cast<std::size_t>(*whole);
}

} // namespace

stage_ptr compile_bucket_auto(value const& source, stage_context& context) {
    if (!source.is_document())
        refuse(40240, fmt::format("The argument to $bucketAuto must be an object, but found type: {}", to_string(source.type())));
    symbols names;
    compile_context compiling{context.options, names};
    expression_ptr by;
    std::size_t buckets = 0;
    std::vector<group_field> fields;
    std::optional<granularity> series;
    for (auto const& [key, v] : source.as_document()) {
        if (key == "groupBy") {
            auto const* const d = v.if_document();
            bool const is_operator = d && !d->empty() && d->begin()->key().starts_with('$');
            if (!is_operator && !(v.is_string() && v.as_string().starts_with('$')))
                refuse(40239, fmt::format("The $bucketAuto 'groupBy' field must be defined as a $-prefixed path or an expression "
                                          "object, but found: {}",
                                  to_string(v)));
            by = compile_expression(v, compiling);
        } else if (key == "buckets") {
            buckets = number_of_buckets(v);
        } else if (key == "output") {
            if (!v.is_document())
                refuse(40244,
                    fmt::format("The $bucketAuto 'output' field must be an object, but found type: {}", to_string(v.type())));
            for (auto const& [name, what] : v.as_document())
                fields.push_back(compile_group_field(name, what, compiling));
        } else if (key == "granularity") {
            if (!v.is_string())
                refuse(40261,
                    fmt::format("The $bucketAuto 'granularity' field must be a string, but found type: {}", to_string(v.type())));
            series.emplace(v.as_string());
        } else {
            refuse(40245, fmt::format("Unrecognized option to $bucketAuto: {}", key));
        }
    }
    if (!by || buckets == 0)
        refuse(40246, "$bucketAuto requires 'groupBy' and 'buckets' to be specified");
    if (fields.empty())
        fields = count_field("count", compiling);
    auto made = std::make_shared<bucket_auto>(std::move(by), buckets, std::move(fields), series, context.options);
    return make_collect_stage([made = std::move(made)](document_stream& input) { return made->run(input); });
}

} // namespace cormorant::memory
