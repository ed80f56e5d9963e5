#pragma once

/// One operation as a tree: hooks, store calls, population levels, each with its time.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace cormorant {

/// What a span stands for.
enum class span_kind : std::uint8_t { call, hook, validation, store, population, shape };
std::string_view to_string(span_kind) noexcept;

/// A recording of one or more operations. Hand it to a call with `find_options().trace(t)`.
///
/// Values never appear in it: filters are recorded as their shape, `{country: ?, population: {$gt: ?}}`.
/// Thread safety: one operation at a time.
class trace {
public:
    using clock = std::chrono::steady_clock;
    static constexpr std::size_t no_parent = static_cast<std::size_t>(-1);

    struct span {
        span_kind kind;
        /// `"country.find"`, `"afterFind_author"`, `"find countries"`.
        std::string name;
        /// `"{_id: {$in: [?]}} -> 12 documents"`; empty when there is nothing to say.
        std::string detail;
        std::size_t parent = no_parent;
        clock::time_point start{};
        clock::duration time{};
        int round_trips = 0;
    };

    std::vector<span> const& spans() const noexcept { return spans_; }
    /// Round trips to the store of everything recorded.
    int round_trips() const noexcept;
    /// The tree as text, a line for each span, indented by depth, with times in milliseconds.
    std::string to_string() const;
    void clear() noexcept { spans_.clear(); }

    std::size_t begin(span_kind kind, std::string name, std::size_t parent);
    void end(std::size_t span, std::string detail = {}, int round_trips = 0);

private:
    std::vector<span> spans_;
};

/// Opens a span of a trace and closes it when it goes out of scope. Without a trace it does nothing.
class trace_scope {
public:
    trace_scope() noexcept = default;
    trace_scope(std::shared_ptr<trace> t, std::size_t parent, span_kind kind, std::string_view name);
    trace_scope(trace_scope const&) = delete;
    trace_scope& operator=(trace_scope const&) = delete;
    ~trace_scope();

    explicit operator bool() const noexcept { return trace_ != nullptr; }
    /// The parent for spans inside this one.
    std::size_t id() const noexcept { return id_; }
    void detail(std::string text) { detail_ = std::move(text); }
    void add_round_trips(int n) noexcept { round_trips_ += n; }

private:
    std::shared_ptr<trace> trace_;
    std::size_t id_ = trace::no_parent;
    std::string detail_;
    int round_trips_ = 0;
};

} // namespace cormorant
