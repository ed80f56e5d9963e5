// Step 7: removing, with a hook that clears away what belonged to it.

#include "steps.hpp"

#include <fmt/core.h>

namespace atlas {
namespace {

// When a country goes, so do its subdivisions. A coroutine: the operation waits for it.
boost::asio::awaitable<void> remove_subdivisions(orm::after_remove_args& a) {
    auto const* const country = a.context.find("country");
    if (!country)
        co_return;
    auto subdivisions = a.model.connection().model("subdivision");
    auto const gone = co_await subdivisions.remove(orm::doc("country_id", *country), orm::remove_options().inside(a.common));
    a.context.set("subdivisions", gone.deleted_count);
}

} // namespace

boost::asio::awaitable<void> step_7_remove(models m, report& out) {
    out.heading("7. Removing");

    m.country.hook("afterRemove", "subdivisions", remove_subdivisions, orm::required);
    auto shared = orm::context().set("country", "LI");
    auto const removed = co_await m.country.remove(orm::doc("_id", "LI"), orm::remove_options().context(shared).trace(out.record()));
    out.say(fmt::format("{} country (Liechtenstein) and {} subdivisions are gone", removed.deleted_count, shared.at("subdivisions").as_int64()));
    out.cost();
}

} // namespace atlas
