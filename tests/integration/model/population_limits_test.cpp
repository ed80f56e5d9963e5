/// The budget of population, on real data with cycles.

#include "fixture.hpp"

namespace cormorant {
namespace {

using testing::failure_of;
using ::testing::HasSubstr;
using testing::run;

/// Three people in a circle of friends, each with a list of all.
class PopulationLimits : public testing::OnEachStore {
protected:
    model people_with(population_limits limits) {
        connection_options how;
        how.population(limits);
        connection_ = connection(store, how);
        auto const people = run(connection_.add(model_definition("people")
                                                    .field("name", string())
                                                    .relation(single("friend").model("people"))
                                                    .relation(multiple("all").model("people"))));
        auto const ids = std::array{object_id::generate(), object_id::generate(), object_id::generate()};
        documents all;
        for (std::size_t i = 0; i < ids.size(); ++i)
            all.push_back(doc("_id", ids[i], "name", std::string(1, static_cast<char>('a' + i)), "friend_id", ids[(i + 1) % 3],
                "all_ids", arr(ids[0], ids[1], ids[2])));
        run(people.insert(all));
        return people;
    }
    static find_options nested(int levels) {
        hook_requests requests;
        std::string path;
        for (int i = 0; i < levels; ++i, path += "friend.")
            requests.emplace_back(path + "afterFind_friend");
        return find_options().hooks(std::move(requests));
    }

    connection connection_;
};

TEST_P(PopulationLimits, HaveDefaultsThatOrdinaryCallsDoNotMeet) {
    auto const people = people_with(population_limits());
    auto const found = run(people.find(doc("name", "a"), nested(16)));
    document const* d = &found.at(0);
    for (int i = 0; i < 16; ++i)
        d = &d->at("friend").as_document();
    EXPECT_EQ(d->at("name"), value("b")) << "16 steps through a circle of 3";
    EXPECT_FALSE(d->contains("friend"));

    auto const e = failure_of(people.find(doc("name", "a"), nested(17)));
    EXPECT_EQ(e.code(), errc::limit_exceeded);
    EXPECT_THAT(e.message(), HasSubstr("16 levels"));
}

TEST_P(PopulationLimits, EndACycleOfDefaultHooks) {
    auto people = people_with(population_limits());
    people.change([](model_definition& d) { d.default_hooks(operation_kind::find, "afterFind_friend"); });
    auto const e = failure_of(people.find());
    EXPECT_EQ(e.code(), errc::limit_exceeded);
    EXPECT_THAT(e.message(), HasSubstr("more than 16 levels"));
    EXPECT_THAT(e.details().path, HasSubstr("friend.friend.friend"));
    EXPECT_EQ(e.details().model, "people");

    auto const predicted = people.explain_find();
    EXPECT_EQ(predicted.queries().size(), 17u);
    EXPECT_TRUE(predicted.steps().back().exceeds_limits);
    EXPECT_THAT(predicted.to_string(), HasSubstr("beyond the limits of population"));
}

TEST_P(PopulationLimits, BoundLevels) {
    population_limits limits;
    limits.depth = 2;
    auto const people = people_with(limits);
    EXPECT_EQ(run(people.find(document(), nested(2))).size(), 3u);
    auto const e = failure_of(people.find(document(), nested(3)));
    EXPECT_EQ(e.code(), errc::limit_exceeded);
    EXPECT_THAT(e.message(), HasSubstr("2 levels"));
    EXPECT_EQ(e.details().path, "friend.friend.friend");
}

TEST_P(PopulationLimits, BoundQueries) {
    population_limits limits;
    limits.queries = 3;
    auto const people = people_with(limits);
    EXPECT_EQ(run(people.find(document(), nested(3))).size(), 3u);
    auto const e = failure_of(people.find(document(), nested(4)));
    EXPECT_EQ(e.code(), errc::limit_exceeded);
    EXPECT_THAT(e.message(), HasSubstr("3 queries"));
}

TEST_P(PopulationLimits, BoundDocuments) {
    population_limits limits;
    limits.documents = 6;
    auto const people = people_with(limits);
    EXPECT_EQ(run(people.find(document(), find_options().hooks("afterFind_all", "all.afterFind_friend"))).size(), 3u);
    auto const e = failure_of(
        people.find(document(), find_options().hooks("afterFind_all", "all.afterFind_all", "all.all.afterFind_friend")));
    EXPECT_EQ(e.code(), errc::limit_exceeded);
    EXPECT_THAT(e.message(), HasSubstr("6 documents"));
    EXPECT_EQ(e.details().path, "all.all.friend");
}

INSTANTIATE_TEST_SUITE_P(stores, PopulationLimits, ::testing::ValuesIn(testing::store_kinds()), testing::store_name);

} // namespace
} // namespace cormorant
