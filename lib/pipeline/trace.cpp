#include <cormorant/pipeline/trace.hpp>

#include <fmt/format.h>

#include <iterator>
#include <numeric>
#include <utility>

namespace cormorant {

std::string_view to_string(span_kind k) noexcept {
    switch (k) {
    case span_kind::call:
        return "call";
    case span_kind::hook:
        return "hook";
    case span_kind::validation:
        return "validation";
    case span_kind::store:
        return "store";
    case span_kind::population:
        return "population";
    case span_kind::shape:
        break;
    }
    return "shape";
}

std::size_t trace::begin(span_kind kind, std::string name, std::size_t parent) {
    span s;
    s.kind = kind;
    s.name = std::move(name);
    s.parent = parent;
    s.start = clock::now();
    spans_.push_back(std::move(s));
    return spans_.size() - 1;
}

void trace::end(std::size_t position, std::string detail, int round_trips) {
    if (position >= spans_.size())
        return; // cleared while the span was open
    span& s = spans_[position];
    s.time = clock::now() - s.start;
    s.detail = std::move(detail);
    s.round_trips = round_trips;
}

int trace::round_trips() const noexcept {
    return std::accumulate(spans_.begin(), spans_.end(), 0, [](int sum, span const& s) { return sum + s.round_trips; });
}

std::string trace::to_string() const {
    // A parent always stands before its children, but children of siblings that ran side by side are interleaved.
    std::vector<std::vector<std::size_t>> children(spans_.size() + 1); // the last entry: spans without a parent
    for (std::size_t i = 0; i < spans_.size(); ++i)
        children[spans_[i].parent < i ? spans_[i].parent : spans_.size()].push_back(i);

    std::string text;
    std::vector<std::pair<std::size_t, int>> open; // span, depth
    auto const push = [&](std::vector<std::size_t> const& list, int depth) {
        for (auto it = list.rbegin(); it != list.rend(); ++it)
            open.emplace_back(*it, depth);
    };
    push(children.back(), 0);
    while (!open.empty()) {
        auto const [position, depth] = open.back();
        open.pop_back();
        span const& s = spans_[position];
        fmt::format_to(std::back_inserter(text), "{:{}}{}  {:.3f} ms", "", depth * 2, s.name,
            std::chrono::duration<double, std::milli>(s.time).count());
        if (s.round_trips > 0)
            fmt::format_to(std::back_inserter(text), ", {} round trip{}", s.round_trips, s.round_trips == 1 ? "" : "s");
        if (!s.detail.empty())
            fmt::format_to(std::back_inserter(text), "  {}", s.detail);
        text += '\n';
        push(children[position], depth + 1);
    }
    return text;
}

trace_scope::trace_scope(std::shared_ptr<trace> t, std::size_t parent, span_kind kind, std::string_view name)
    : trace_(std::move(t)) {
    if (trace_)
        id_ = trace_->begin(kind, std::string(name), parent);
}

trace_scope::~trace_scope() {
    if (trace_)
        trace_->end(id_, std::move(detail_), round_trips_);
}

} // namespace cormorant
