// Step 3: filters, sorting, limits, projections, counting - in MongoDB's own words.

#include "steps.hpp"

#include <fmt/core.h>

namespace atlas {

boost::asio::awaitable<void> step_3_query(models m, report& out) {
    out.heading("3. Queries");

    out.say("Regions of France, the first five by name:");
    auto regions = co_await m.subdivision.find(orm::doc("country_id", "FR", "type", "Metropolitan region"),
        orm::find_options().fields("_id", "name").sort("name", 1).limit(5).trace(out.record()));
    out.table(regions, {"_id", "name"});
    out.cost();

    out.say("Countries whose name begins with \"Ma\", and how many there are in all:");
    auto found = co_await m.country.find_and_count(orm::doc("name", orm::doc("$regex", "^Ma")),
        orm::find_options().fields("name", "alpha_3").sort("name", -1).limit(4).trace(out.record()));
    out.table(found.docs, {"_id", "name", "alpha_3"});
    out.say(fmt::format("{} of {}", found.docs.size(), found.count));
    out.cost();

    out.say("Kinds of subdivisions, the most frequent first:");
    auto kinds = co_await m.subdivision.aggregate(
        orm::arr(orm::doc("$group", orm::doc("_id", "$type", "count", orm::doc("$sum", 1))),
            orm::doc("$sort", orm::doc("count", -1, "_id", 1)), orm::doc("$limit", 5)),
        orm::aggregate_options().trace(out.record()));
    out.table(kinds, {"_id", "count"});
    out.cost();

    out.say("Currencies are structs; the compiler knows their members:");
    auto const francs = co_await m.currencies.find(orm::doc("name", orm::doc("$regex", "Franc$")), orm::find_options().sort("_id", 1).limit(3));
    for (currency const& c : francs)
        out.say(fmt::format("  {} {} ({})", c._id, c.name, c.numeric));
}

} // namespace atlas
