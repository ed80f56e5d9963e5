#include "fixture.hpp"

#include <cormorant/bson/bson.hpp>
#include <cormorant/schema/describe.hpp>

#include <boost/describe.hpp>

namespace cormorant {
namespace {

struct author {
    object_id _id;
    std::string name;
    std::optional<int> age;
};
BOOST_DESCRIBE_STRUCT(author, (), (_id, name, age))

struct total {
    std::int64_t n = 0;
};
BOOST_DESCRIBE_STRUCT(total, (), (n))

using testing::failure_of;
using ::testing::HasSubstr;
using testing::id_of;
using testing::run;

class Typed : public testing::ModelTest {
protected:
    typed_model<author> authors = run(db.add<author>(definition_of<author>("authors")));

    static author make(std::string name) {
        author a;
        a.name = std::move(name);
        return a;
    }
    static documents two() { return list({doc("_id", id_of(1), "name", "Ann", "age", 7), doc("_id", id_of(2), "name", "Bob")}); }
};

TEST_F(Typed, FindGivesStructs) {
    answer_finds({{"authors", two()}});
    auto const found = run(authors.find(doc("name", "x")));
    ASSERT_EQ(found.size(), 2u);
    EXPECT_EQ(found[0].name, "Ann");
    EXPECT_EQ(found[0].age, 7);
    EXPECT_EQ(found[1]._id, id_of(2));
    EXPECT_EQ(found[1].age, std::nullopt);
}

TEST_F(Typed, HooksStillSeeDocuments) {
    answer_finds({{"authors", two()}});
    authors.untyped().hook(
        "afterFind", "loud",
        [](after_find_args& a) {
            for (document& d : a.docs)
                d.set("name", std::string(d.at("name").as_string()) + "!");
        },
        required);
    EXPECT_EQ(run(authors.find())[1].name, "Bob!");
}

TEST_F(Typed, FindOneAndByIdGiveAnOptional) {
    EXPECT_FALSE(run(authors.find_one()));
    EXPECT_EQ(store->call<find_op>(0).limit, 1);
    answer_finds({{"authors", two()}});
    EXPECT_EQ(run(authors.find_by_id(id_of(1)))->name, "Ann");
    EXPECT_EQ(store->call<find_op>(1).filter, doc("_id", id_of(1)));
    EXPECT_EQ(failure_of(authors.find_by_id("abc")).code(), errc::invalid_argument);
}

TEST_F(Typed, InsertGivesTheIdThatWasMade) {
    auto const stored = run(authors.insert(make("Ann")));
    EXPECT_NE(stored._id, object_id());
    EXPECT_EQ(store->call<insert_op>(0).docs.front(), doc("name", "Ann", "_id", stored._id));
    auto const both = run(authors.insert(std::vector<author>{make("Bob"), stored}));
    ASSERT_EQ(both.size(), 2u);
    EXPECT_EQ(both[1]._id, stored._id) << "an id that is there is kept";
}

TEST_F(Typed, SaveValidates) {
    auto saved = run(authors.save(make("Ann")));
    EXPECT_NE(saved._id, object_id());
    EXPECT_EQ(failure_of(authors.save(make(""))).code(), errc::required);
}

TEST_F(Typed, OtherOperationsAreThoseOfTheModel) {
    EXPECT_EQ(run(authors.update(doc("name", "Ann"), doc("$set", doc("age", 8)))).matched_count, 1);
    EXPECT_EQ(run(authors.remove(doc("name", "Ann"))).deleted_count, 1);
    EXPECT_EQ(run(authors.count()), 0);
    store->answer = [](operation&) -> reply { return list({doc("n", 5)}); };
    EXPECT_EQ(run(authors.aggregate<total>(arr(doc("$count", "n")))).at(0).n, 5);
}

TEST_F(Typed, ADocumentThatDoesNotFitNamesTheMember) {
    answer_finds({{"authors", list({doc("name", 5)})}});
    auto const e = failure_of(authors.find());
    EXPECT_EQ(e.code(), errc::type_mismatch);
    EXPECT_EQ(e.details().path, "name");
}

} // namespace
} // namespace cormorant
