// Step 4: related documents, several levels deep, one query for each level.

#include "steps.hpp"

namespace atlas {

boost::asio::awaitable<void> step_4_populate(models m, report& out) {
    out.heading("4. Population");

    out.say("By hooks, two levels: the country of a subdivision, and the currencies of that country:");
    auto some = co_await m.subdivision.find(orm::doc("_id", orm::doc("$in", orm::arr("FR-IDF", "US-TX", "JP-13"))),
        orm::find_options().sort("_id", 1).hooks("afterFind_country", "country.afterFind_currencies").trace(out.record()));
    out.table(some, {"_id", "name", "country.name", "country.currencies.0.name"});
    out.cost();

    out.say("By fields, three levels: only what is named is read, and every level is still one query:");
    auto deep = co_await m.subdivision.find(orm::doc("country_id", "GB", "parent_id", orm::doc("$exists", true)),
        orm::find_options()
            .fields("name", "parent.name", "parent.country.name", "parent.country.currencies.name")
            .cast_docs(false)
            .sort("_id", 1)
            .limit(5)
            .trace(out.record()));
    out.table(deep, {"name", "parent.name", "parent.country.name", "parent.country.currencies.0.name"});
    out.cost();

    out.say("A relationship of a model to itself, and on from there: the country of the parent:");
    auto chain = co_await m.subdivision.find(orm::doc("country_id", "AZ", "parent_id", orm::doc("$exists", true)),
        orm::find_options().sort("_id", 1).limit(4).hooks("afterFind_parent", "parent.afterFind_country").trace(out.record()));
    out.table(chain, {"_id", "name", "parent.name", "parent.country.name"});
    out.cost();
}

} // namespace atlas
