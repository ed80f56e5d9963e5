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

std::shared_ptr<ticket> make_errand(std::string server, std::string database, std::vector<command> commands) {
    request r;
    r.server = std::move(server);
    r.database = std::move(database);
    r.commands = std::move(commands);
    r.mode = command_mode::raw;
    r.bounded = false;
    r.deadline = steady_clock::now() + farewell_time;
    return std::make_shared<ticket>(std::make_shared<errand>(std::move(r)));
}
} // namespace

void driver::forget(server_session session) {
    post([self = weak_from_this(), s = std::move(session)] {
        if (auto const still = self.lock())
            still->forget_session(s);
    });
}

void driver::forget_session(server_session const& session) {
    if (closing_)
        return;
    forgotten_.add(session, steady_clock::now());
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
    for (auto& f : forgotten_.take_due(steady_clock::now()))
        begin(make_errand(std::move(f.server), "admin", make_ending_commands(f.sessions)));
}

void driver::tell(std::string server, std::string database, std::vector<command> commands) {
    post([this, t = make_errand(std::move(server), std::move(database), std::move(commands))] { begin(t); });
}

// The store ends: a client that has nothing else to do tells of what is left.
void driver::say_goodbye() {
    auto all = forgotten_.take_all();
    auto const free = std::ranges::find_if(workers_, [](auto const& entry) { return entry.second->idle(); });
    if (all.empty() || free == workers_.end())
        return;
    auto const& w = free->second;
    w->submit([all = std::move(all), where = w->where()](client& c) {
        time_limit const limit(where, farewell_time);
        command_options o;
        o.mode = command_mode::raw;
        for (auto const& f : all) {
            o.server = c.server_at(f.server);
            if (o.server == 0)
                continue;
            for (auto const& one : make_ending_commands(f.sessions))
                c.run("admin", one, o);
        }
    });
}

} // namespace cormorant::detail
