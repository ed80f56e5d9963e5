#include "mongo/forgotten.hpp"

#include <algorithm>
#include <utility>

namespace cormorant::detail {

namespace {
void tell(std::vector<farewell>& all, std::string const& server, bson_buffer session) {
    auto it = std::ranges::find(all, server, &farewell::server);
    if (it == all.end())
        it = all.insert(all.end(), farewell{server, {}});
    it->sessions.push_back(std::move(session));
}
} // namespace

void forgotten_sessions::add(server_session const& s, steady_clock::time_point now) {
    for (auto const& server : s.servers)
        if (s && waiting_.front().size() < most)
            waiting_.front().push_back(entry{s.id, server, now});
}

steady_clock::time_point forgotten_sessions::due() const noexcept {
    auto first = steady_clock::time_point::max();
    for (std::size_t i = 0; i < times.size(); ++i)
        if (!waiting_[i].empty())
            first = std::min(first, waiting_[i].front().since + times[i]);
    return first;
}

std::vector<farewell> forgotten_sessions::take_due(steady_clock::time_point now) {
    std::vector<farewell> told;
    for (std::size_t i = times.size(); i-- != 0;) {
        auto& from = waiting_[i];
        while (!from.empty() && from.front().since + times[i] <= now) {
            auto e = std::move(from.front());
            from.pop_front();
            tell(told, e.server, e.id);
            std::size_t next = i + 1;
            while (next < times.size() && e.since + times[next] <= now)
                ++next;
            if (next < times.size() && waiting_[next].size() < most)
                waiting_[next].push_back(std::move(e));
        }
    }
    return told;
}

std::vector<farewell> forgotten_sessions::take_all() {
    std::vector<farewell> told;
    for (auto& some : waiting_)
        for (auto& e : std::exchange(some, {}))
            tell(told, e.server, std::move(e.id));
    return told;
}

} // namespace cormorant::detail
