// Step 5: hooks that always run, hooks that run when nothing else is asked for, hooks that a call asks for.

#include "steps.hpp"

#include <fmt/core.h>

namespace atlas {

boost::asio::awaitable<void> step_5_hooks(models m, report& out) {
    out.heading("5. Hooks");

    out.say("Antarctica is hidden now. A required beforeFilter hook keeps it out, also when a call asks for no hooks at all:");
    co_await m.country.update(orm::doc("_id", "AQ"), orm::doc("$set", orm::doc("hidden", true)));
    auto none = co_await m.country.find(orm::doc("_id", "AQ"), orm::find_options().hooks().trace(out.record()));
    auto const left = co_await m.country.count();
    out.say(fmt::format("{} documents found, {} countries are counted", none.size(), left));
    out.cost();

    out.say("A default hook runs when a call asks for none (it puts the flag before the name):");
    auto flagged = co_await m.country.find(orm::doc("_id", orm::doc("$in", orm::arr("NO", "NZ"))), orm::find_options().sort("_id", 1).trace(out.record()));
    out.table(flagged, {"_id", "name"});
    out.cost();

    out.say("A hook that the call asks for, with arguments, takes its place:");
    auto cut = co_await m.country.find(orm::doc("_id", orm::doc("$in", orm::arr("FK", "MP"))),
        orm::find_options().sort("_id", 1).hooks(orm::hook_request("afterFind_shorten", orm::doc("length", 8))).trace(out.record()));
    out.table(cut, {"_id", "name"});
    out.cost();
}

} // namespace atlas
