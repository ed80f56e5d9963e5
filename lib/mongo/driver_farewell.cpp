#include "mongo/driver.hpp"

#include <algorithm>
#include <memory>
#include <utility>

// The part of the driver that tells the server what it is to end.

namespace cormorant::detail {

namespace {
/// A request that nobody waits for.
class errand final : public call {
public:
    explicit errand(request r) : call(std::move(r), std::nullopt) {}
    void complete(delivery) override {}
};
} // namespace

void driver::forget(bson_buffer session) {
    post([self = weak_from_this(), id = std::move(session)]() mutable {
        if (auto const still = self.lock())
            still->forget_session(std::move(id));
    });
}

void driver::forget_session(bson_buffer session) {
    if (closing_)
        return;
    forgotten_.add(std::move(session), steady_clock::now());
    arm_forget_timer();
}

void driver::arm_forget_timer() {
    if (forgotten_.due() == steady_clock::time_point::max())
        return;
    forget_timer_.expires_at(forgotten_.due());
    forget_timer_.async_wait([this](boost::system::error_code ec) {
        if (ec || closing_)
            return;
        tell_of_forgotten();
        arm_forget_timer();
    });
}

void driver::tell_of_forgotten() {
    auto const sessions = forgotten_.take_due(steady_clock::now());
    if (sessions.empty())
        return;
    request r;
    r.database = "admin";
    r.mode = command_mode::raw;
    r.bounded = false;
    r.deadline = steady_clock::now() + farewell_time;
    r.commands = make_ending_commands(sessions);
    begin(std::make_shared<ticket>(std::make_shared<errand>(std::move(r))));
}

// The store ends: a client that has nothing else to do tells of what is left.
void driver::say_goodbye() {
    auto sessions = forgotten_.take_all();
    auto const free = std::ranges::find_if(workers_, [](auto const& entry) { return entry.second->idle(); });
    if (sessions.empty() || free == workers_.end())
        return;
    auto const& w = free->second;
    w->submit([sessions = std::move(sessions), where = w->where()](client& c) {
        time_limit const limit(where, farewell_time);
        command_options o;
        o.mode = command_mode::raw;
        for (auto const& one : make_ending_commands(sessions))
            c.run("admin", one, o);
    });
}

} // namespace cormorant::detail
