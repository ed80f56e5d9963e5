// Values of fields that the JSON form leaves out: nothing that goes to a log has them.

#include "fixture.hpp"

#include <cormorant/bson/json.hpp>
#include <cormorant/hooks/unique.hpp>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace cormorant::testing {
namespace {

constexpr std::string_view secret = "hunter2";

std::string all_of(error const& e) {
    auto text = e.report() + e.what() + e.message() + e.details().value + e.details().server_message;
    for (auto const& v : e.details().violations)
        text += v.value + v.message;
    for (auto const& d : e.details().documents)
        text += d.message;
    return text;
}

class HiddenValues : public OnEachStore {
protected:
    model users =
        run(db.add(model_definition("user")
                       .field("_id", any())
                       .field("name", string())
                       .field("password", string().to_json(false).max_length(10).unique(uniqueness::sparse).column("pw"))
                       .field("pins", array_of(integer()).to_json(false))
                       .extra_keys(extra_keys::refuse)
                       .index(doc("password", 1), doc("unique", true, "sparse", true))));
};

TEST_P(HiddenValues, are_in_no_error) {
    run(users.insert(doc("_id", 1, "name", "ann", "password", "hunter2")));
    auto const with_password = [](std::string_view text) { return doc("name", "bob", "password", text); };
    struct row {
        char const* name;
        error failed;
        errc code;
    };
    std::vector<row> const rows = {
        {"a rule", failure_of(users.insert(with_password("hunter2hunter2"))), errc::validation},
        {"the type of an item", failure_of(users.insert(doc("pins", arr(1, "hunter2")))), errc::validation},
        {"a type", failure_of(users.insert(doc("password", doc("is", "hunter2")))), errc::validation},
        {"an index", failure_of(users.insert(with_password("hunter2"))), errc::duplicate_key},
        {"an index, of one of two", failure_of(users.insert(docs(with_password("x"), with_password("hunter2")))),
            errc::duplicate_key},
        {"a rule of an update", failure_of(users.update(doc("_id", 1), doc("$set", doc("password", "hunter2hunter2")))),
            errc::validation},
        {"an index, by an update",
            failure_of(users.update(doc("name", "cy"), doc("$set", doc("password", "hunter2")), update_options().upsert(true))),
            errc::duplicate_key},
        {"an operator", failure_of(users.find(doc("password", doc("$bogus", "hunter2")))), errc()},
    };
    for (auto const& r : rows) {
        SCOPED_TRACE(r.name);
        if (r.code != errc()) {
            EXPECT_EQ(r.failed.code(), r.code) << r.failed.what();
        }
        EXPECT_EQ(all_of(r.failed).find(secret), std::string::npos) << all_of(r.failed);
    }
    auto const& found = rows.front().failed.details();
    EXPECT_EQ(found.path, "password") << "what is wrong is told";
    EXPECT_EQ(found.violations.at(0).rule, "max_length");
}

TEST_P(HiddenValues, leave_the_values_of_other_fields_in_errors) {
    auto const e = failure_of(users.insert(doc("name", 5)));
    EXPECT_EQ(e.details().path, "name");
    EXPECT_EQ(e.details().value, "5");
}

TEST_P(HiddenValues, are_in_no_log_trace_or_explanation) {
    std::string told;
    db.on_query([&](query_log_entry const& entry) { told += to_json(entry.filter); });
    auto const t = std::make_shared<trace>();
    auto const traced = find_options().trace(t);
    auto const filters = {doc("password", "hunter2"), doc("name", "ann", "password", doc("$in", arr("hunter2", "x"))),
        doc("$or", arr(doc("password", "hunter2"), doc("name", "ann"))), doc("pins.0", doc("$gt", "hunter2")),
        doc("$expr", doc("$eq", arr("$pw", "hunter2")))};
    for (auto const& filter : filters) {
        run(users.find(filter, traced));
        auto const plan = users.explain_find(filter);
        told += plan.to_string() + to_json(plan.to_document());
    }
    told += t->to_string();
    EXPECT_EQ(told.find(secret), std::string::npos) << told;
    EXPECT_NE(told.find(R"({"name":"ann","password":"?"})"), std::string::npos) << told;
}

INSTANTIATE_TEST_SUITE_P(stores, HiddenValues, ::testing::ValuesIn(store_kinds()), store_name);

} // namespace
} // namespace cormorant::testing
