#include "history.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

namespace cormorant::testing {

std::int64_t history::now() {
    std::lock_guard const lock(mutex_);
    return ++clock_;
}

void history::add(history_event e) {
    std::lock_guard const lock(mutex_);
    events_.push_back(std::move(e));
}

std::vector<history_event> history::take() {
    std::lock_guard const lock(mutex_);
    return std::exchange(events_, {});
}

namespace {

using result = history_event::result;
using version_of_key = std::pair<std::int32_t, std::int64_t>;

class checker {
public:
    explicit checker(std::vector<history_event> const& events) : events_(events) {
        for (auto const& e : events_)
            if (e.outcome != result::aborted)
                for (auto const& w : e.writes)
                    writers_[{w.key, w.version}].push_back(&e);
    }

    std::vector<std::string> run() {
        check_writers();
        for (auto const& e : events_)
            for (auto const& r : e.reads)
                check_read(e, r);
        for (auto const& e : events_)
            if (e.snapshot && e.outcome != result::aborted)
                check_fractures(e);
        check_times();
        return std::move(found_);
    }

private:
    void check_writers() {
        std::map<std::int32_t, std::int64_t> last;
        for (auto const& [what, all] : writers_) {
            auto const committed = std::count_if(
                all.begin(), all.end(), [](history_event const* e) { return e->outcome == result::committed; });
            if (committed > 1)
                found_.push_back(fmt::format("lost update: {} and {} both wrote version {} of key {}", all[0]->name, all[1]->name,
                    what.second, what.first));
            // Those whose outcome is not known may be what is missing.
            auto& before = last[what.first];
            if (what.second != before + 1)
                found_.push_back(fmt::format(
                    "lost update: nobody wrote version {} of key {}, and {} wrote {}", before + 1, what.first, all[0]->name, what.second));
            before = what.second;
        }
        for (auto const& e : events_) {
            if (e.outcome != result::committed)
                continue;
            for (auto const& w : e.writes)
                for (auto const& r : e.reads)
                    if (r.key == w.key && w.version != r.version + 1)
                        found_.push_back(fmt::format(
                            "lost update: {} read version {} of key {} and wrote {}", e.name, r.version, r.key, w.version));
        }
    }

    void check_read(history_event const& e, observation const& r) {
        if (r.version == 0)
            return;
        auto const at = writers_.find({r.key, r.version});
        bool const known = at != writers_.end() && std::any_of(at->second.begin(), at->second.end(), [&](history_event const* w) {
            return std::any_of(w->writes.begin(), w->writes.end(),
                [&](observation const& o) { return o.key == r.key && o.version == r.version && o.by == r.by; });
        });
        if (!known)
            found_.push_back(
                fmt::format("dirty read: {} read version {} of key {}, which {} wrote and nobody committed", e.name, r.version, r.key, r.by));
    }

    void check_fractures(history_event const& e) {
        for (auto const& r : e.reads) {
            auto const at = writers_.find({r.key, r.version});
            if (at == writers_.end())
                continue;
            for (auto const& other : at->second.front()->writes)
                for (auto const& seen : e.reads)
                    if (seen.key == other.key && seen.version < other.version)
                        found_.push_back(fmt::format("fractured read: {} saw what {} wrote to key {}, and version {} of key {} from before",
                            e.name, at->second.front()->name, r.key, seen.version, seen.key));
        }
    }

    // By time: the versions of each key that were there for sure.
    void check_times() {
        std::vector<history_event const*> by_end;
        std::vector<history_event const*> by_begin;
        for (auto const& e : events_) {
            if (e.outcome == result::committed)
                by_end.push_back(&e);
            by_begin.push_back(&e);
        }
        std::sort(by_end.begin(), by_end.end(), [](auto const* a, auto const* b) { return a->ended < b->ended; });
        std::sort(by_begin.begin(), by_begin.end(), [](auto const* a, auto const* b) { return a->begun < b->begun; });
        std::map<std::int32_t, std::int64_t> there;
        auto next = by_end.begin();
        for (auto const* reader : by_begin) {
            for (; next != by_end.end() && (*next)->ended < reader->begun; ++next) {
                for (auto const& w : (*next)->writes)
                    there[w.key] = std::max(there[w.key], w.version);
                for (auto const& r : (*next)->reads)
                    there[r.key] = std::max(there[r.key], r.version);
            }
            for (auto const& r : reader->reads)
                if (r.version < there[r.key])
                    found_.push_back(fmt::format("stale read: {} read version {} of key {}, when {} had been there before it began",
                        reader->name, r.version, r.key, there[r.key]));
        }
    }

    std::vector<history_event> const& events_;
    /// Who wrote a version, unless it was aborted.
    std::map<version_of_key, std::vector<history_event const*>> writers_;
    std::vector<std::string> found_;
};

} // namespace

std::vector<std::string> anomalies_of(std::vector<history_event> const& events) {
    return checker(events).run();
}

} // namespace cormorant::testing
