// Step 6: a write that is wrong changes nothing, and says everything that is wrong.

#include "steps.hpp"

#include <fmt/core.h>

#include <optional>

namespace atlas {

boost::asio::awaitable<void> step_6_refuse(models m, report& out) {
    out.heading("6. Validation");

    out.say("An update with three mistakes:");
    std::optional<orm::error> refusal;
    try {
        co_await m.country.update(orm::doc("_id", "FR"),
            orm::doc("$set", orm::doc("name", "F", "numeric", 250, "capital", "Paris")));
    } catch (orm::error const& e) {
        refusal = e;
    }
    if (!refusal)
        throw orm::error(orm::errc::validation, "the update of France should have been refused");
    orm::diagnostics const& d = refusal->details();
    out.say(fmt::format("model: {}, operation: {}, outcome: {}", d.model, d.operation, to_string(d.what_happened)));
    for (orm::violation const& v : d.violations)
        out.say(fmt::format("  {} = {}: {} [{}]", v.path, v.value, v.message, to_string(v.code)));

    auto const france = co_await m.country.find_by_id("FR", orm::find_options().hooks());
    out.say(fmt::format("France is still called {}", france->at("name").as_string()));
}

} // namespace atlas
