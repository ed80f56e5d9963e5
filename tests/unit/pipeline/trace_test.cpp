#include <cormorant/pipeline/trace.hpp>

#include <boost/regex.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>

namespace cormorant {
namespace {

TEST(Trace, WritesATreeWithALineForEachSpan) {
    trace t;
    auto const root = t.begin(span_kind::call, "posts.find", trace::no_parent);
    auto const store = t.begin(span_kind::store, "find posts", root);
    t.end(store, "{a: ?} -> 2 documents", 1);
    auto const first = t.begin(span_kind::population, "author", root);
    auto const second = t.begin(span_kind::population, "tags", root);
    auto const below_first = t.begin(span_kind::store, "find authors", first);
    t.end(below_first, "", 2);
    t.end(second);
    t.end(first);
    t.end(root);

    EXPECT_EQ(t.round_trips(), 3);
    auto const text = boost::regex_replace(t.to_string(), boost::regex("[0-9]+\\.[0-9]{3} ms"), "TIME");
    EXPECT_EQ(text, "posts.find  TIME\n"
                    "  find posts  TIME, 1 round trip  {a: ?} -> 2 documents\n"
                    "  author  TIME\n"
                    "    find authors  TIME, 2 round trips\n"
                    "  tags  TIME\n");
}

TEST(TraceScope, EndsItsSpan) {
    auto const t = std::make_shared<trace>();
    {
        trace_scope outer(t, trace::no_parent, span_kind::call, "a");
        trace_scope inner(t, outer.id(), span_kind::store, "b");
        inner.add_round_trips(2);
        inner.detail("x");
        EXPECT_TRUE(outer);
    }
    ASSERT_EQ(t->spans().size(), 2u);
    EXPECT_EQ(t->spans()[1].parent, 0u);
    EXPECT_EQ(t->spans()[1].round_trips, 2);
    EXPECT_EQ(t->spans()[1].detail, "x");
    EXPECT_GE(t->spans()[0].time, t->spans()[1].time);
}

TEST(TraceScope, WithoutATraceDoesNothing) {
    trace_scope nothing(nullptr, trace::no_parent, span_kind::call, "a");
    EXPECT_FALSE(nothing);
    EXPECT_EQ(nothing.id(), trace::no_parent);
}

TEST(TraceScope, OutlivesAClearedTrace) {
    auto const t = std::make_shared<trace>();
    {
        trace_scope scope(t, trace::no_parent, span_kind::call, "a");
        t->clear();
    }
    EXPECT_TRUE(t->spans().empty());
}

} // namespace
} // namespace cormorant
