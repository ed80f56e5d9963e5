#include "mongo/forgotten.hpp"

#include <algorithm>
#include <utility>

namespace cormorant::detail {

void forgotten_sessions::add(bson_buffer id, steady_clock::time_point now) {
    if (!id.empty() && waiting_.front().size() < most)
        waiting_.front().push_back(entry{std::move(id), now});
}

steady_clock::time_point forgotten_sessions::due() const noexcept {
    auto first = steady_clock::time_point::max();
    for (std::size_t i = 0; i < times.size(); ++i)
        if (!waiting_[i].empty())
            first = std::min(first, waiting_[i].front().since + times[i]);
    return first;
}

std::vector<bson_buffer> forgotten_sessions::take_due(steady_clock::time_point now) {
    std::vector<bson_buffer> ids;
    for (std::size_t i = times.size(); i-- != 0;) {
        auto& from = waiting_[i];
        while (!from.empty() && from.front().since + times[i] <= now) {
            auto e = std::move(from.front());
            from.pop_front();
            ids.push_back(e.id);
            std::size_t next = i + 1;
            while (next < times.size() && e.since + times[next] <= now)
                ++next;
            if (next < times.size() && waiting_[next].size() < most)
                waiting_[next].push_back(std::move(e));
        }
    }
    return ids;
}

std::vector<bson_buffer> forgotten_sessions::take_all() {
    std::vector<bson_buffer> ids;
    for (auto& some : waiting_)
        for (auto& e : std::exchange(some, {}))
            ids.push_back(std::move(e.id));
    return ids;
}

} // namespace cormorant::detail
