#pragma once

/// Random documents, filters, updates and pipelines: the same for the same seed.

#include <cormorant/bson/value.hpp>

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <map>
#include <random>
#include <string>
#include <string_view>

namespace cormorant::testing {

/// Everything that it makes is accepted by a server, apart from operands that do not fit the values they meet.
class generator {
public:
    explicit generator(std::uint64_t seed) : random_(seed) {}

    /// In [0, n).
    std::size_t below(std::size_t n) { return static_cast<std::size_t>(random_() % n); }
    bool chance(int percent) { return below(100) < static_cast<std::size_t>(percent); }

    /// A document with few small fields, so that filters meet something.
    document make_document(value id);
    document make_filter(int depth = 2);
    /// Equalities and comparisons: a server forgets the equalities of a filter that can match nothing, such as `{$in: []}`.
    document make_upsert_filter(value id);
    /// With `_id`, so that the order is total.
    document make_sort();
    /// The same without positions in arrays, which the server's pipelines take for field names.
    document make_pipeline_sort();
    document make_projection();
    /// Operators, a whole document or a pipeline. `filters` gets the array filters that it needs.
    value make_update(array& filters);
    array make_pipeline();
    /// It ends with `$out` or `$merge` into the collection `target`, whose field `u` is unique. No `_id` is made up.
    array make_writing_pipeline();
    /// Words to look for in the field `s`, and perhaps more. It needs a text index on `s` without stop words.
    document make_text_filter();
    value make_expression(int depth);

    /// Counts the operators within what was run.
    void count_operators(value const& v);
    std::map<std::string, int> const& operators() const noexcept { return operators_; }

private:
    std::string_view one_of(std::initializer_list<std::string_view> names) { return names.begin()[below(names.size())]; }
    static value number(std::size_t n);
    value scalar();
    value any_value();
    array values(std::size_t most);
    std::string path();
    value condition();
    document comparison();
    document update_operators(array& filters);
    value stage();
    value redaction();
    value automatic_buckets();
    value window_stage();
    value number_expression(int depth);
    value text_expression(int depth);
    value array_expression(int depth);
    value date_expression();

    std::mt19937_64 random_;
    std::map<std::string, int> operators_;
};

} // namespace cormorant::testing
