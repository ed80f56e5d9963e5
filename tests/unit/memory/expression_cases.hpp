#pragma once

/// Rows for tests of expressions: an expression, and what it yields on one document.

#include "query_cases.hpp"

#include <memory/expression/expression.hpp>

namespace cormorant::memory {

struct expression_case {
    char const* source;
    /// `{"r": ...}`, without the member when the expression yields a missing value.
    char const* expected;
};

inline constexpr char const* expression_input =
    R"({"a": 5, "b": [3, 1, 2], "s": "Hello World", "o": {"x": 1, "y": [1, 2]}, "arr": [{"k": "a", "v": 1}, {"k": "b", "v": 2}], "d": {"$date": "2021-03-14T15:09:26.535Z"}, "n": null, "items": [{"p": 2, "q": 3}, {"p": 5, "q": 1}, {"q": 7}], "nested": [[{"z": 1}], {"z": 2}]})";

template <std::size_t N>
void check(expression_case const (&cases)[N]) {
    document const root = json(expression_input);
    query_options const options;
    for (auto const& [source, expected] : cases) {
        SCOPED_TRACE(source);
        auto const answer = answer_of([&] {
            symbols names;
            compile_context context{options, names};
            auto const e = compile_expression(parse_json(source), context);
            scope s{root, *options.world};
            operand v = e->evaluate(s);
            return v.missing() ? document() : doc("r", std::move(v).take());
        });
        EXPECT_EQ(answer, expected_of(expected));
    }
}

} // namespace cormorant::memory
