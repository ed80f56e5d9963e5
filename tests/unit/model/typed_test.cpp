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

enum class shade { dark, light };
BOOST_DESCRIBE_ENUM(shade, dark, light)

struct login {
    object_id _id;
    std::string name;
    std::optional<std::int8_t> pin;
    std::optional<shade> favourite;
};
BOOST_DESCRIBE_STRUCT(login, (), (_id, name, pin, favourite))

struct visit {
    object_id _id;
    std::string place;
    ref<login> guest;
    std::vector<ref<login>> others;
};
BOOST_DESCRIBE_STRUCT(visit, (), (_id, place, guest, others))

using testing::failure_of;
using ::testing::HasSubstr;
using testing::id_of;
using ::testing::Not;
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

// --- what does not fit is an error of the operation ------------------------------------------------------------------

class Misfits : public testing::ModelTest {
protected:
    typed_model<login> logins = run(db.add<login>(definition_of<login>()
                                                      .field("name", string())
                                                      .field("pin", any().to_json(false))
                                                      .field("favourite", any().to_json(false))));
    typed_model<visit> visits = run(db.add<visit>(definition_of<visit>()));

    void answer_all(document const& d) {
        store->answer = [d](operation& op) -> reply {
            if (std::holds_alternative<find_op>(op) || std::holds_alternative<aggregate_op>(op))
                return list({d});
            if (std::holds_alternative<count_op>(op))
                return std::int64_t(1);
            return std::monostate();
        };
    }
    static void expect_misfit(error const& e, std::string_view model, std::string_view operation, std::string_view path) {
        EXPECT_EQ(e.code(), errc::type_mismatch) << e.what();
        EXPECT_EQ(e.details().model, model);
        EXPECT_EQ(e.details().operation, operation);
        EXPECT_EQ(e.details().path, path);
    }
    std::vector<error> failures_of_finds() {
        std::vector<error> all;
        all.push_back(failure_of(logins.find()));
        all.push_back(failure_of(logins.find_one()));
        all.push_back(failure_of(logins.find_by_id(id_of(1))));
        all.push_back(failure_of(logins.find_and_count()));
        return all;
    }
};

TEST_F(Misfits, OfEveryReadNameModelAndOperation) {
    for (bool const raw : {false, true}) {
        store->raw = raw;
        answer_all(doc("_id", id_of(1), "name", 5));
        for (error const& e : failures_of_finds()) {
            expect_misfit(e, "login", "find", "name");
            EXPECT_EQ(e.details().value, "5");
            EXPECT_FALSE(e.details().is_write);
        }
        expect_misfit(failure_of(logins.aggregate(arr(doc("$match", document())))), "login", "aggregate", "name");
    }
}

TEST_F(Misfits, OfALaterBatchNameModelAndOperation) {
    store->raw = true;
    store->batch_size = 1;
    answer_finds({{"login", list({doc("name", "Ann"), doc("name", "Bob"), doc("name", 5)})}});
    expect_misfit(failure_of(logins.find()), "login", "find", "name");
}

TEST_F(Misfits, OfHiddenFieldsTellNoValue) {
    for (bool const raw : {false, true}) {
        store->raw = raw;
        for (auto const& [key, stored, told] : {std::tuple("pin", value("1234"), "1234"), std::tuple("pin", value(1234), "1234"),
                 std::tuple("favourite", value("yellow"), "yellow"), std::tuple("favourite", value(1234), "1234")}) {
            answer_all(doc("_id", id_of(1), "name", "Ann", key, stored));
            for (error const& e : failures_of_finds()) {
                expect_misfit(e, "login", "find", key);
                EXPECT_EQ(e.details().value, "");
                EXPECT_THAT(e.report(), Not(HasSubstr(told)));
            }
        }
    }
}

TEST_F(Misfits, OfWritesAreFoundWhenTheWriteIsApplied) {
    logins.untyped().hook(
        "afterPut", "spoil", [](put_args& a) { a.doc.set("pin", "1234"); }, required);
    login const ann{object_id(), "Ann", {}, {}};
    for (auto const& [e, operation] :
        {std::pair(failure_of(logins.insert(ann)), "insert"), std::pair(failure_of(logins.insert(std::vector(2, ann))), "insert"),
            std::pair(failure_of(logins.save(ann)), "save")}) {
        expect_misfit(e, "login", operation, "pin");
        EXPECT_TRUE(e.details().is_write);
        EXPECT_EQ(e.details().what_happened, outcome::applied);
        EXPECT_THAT(e.report(), Not(HasSubstr("1234")));
    }
}

TEST_F(Misfits, OfPopulatedStructsTellNoValueThatTheirModelHides) {
    answer_finds({{"visit", list({doc("_id", id_of(1), "place", "Oslo", "guest_id", id_of(2), "others_ids", arr(id_of(2)))})},
        {"login", list({doc("_id", id_of(2), "name", "Ann", "pin", "1234")})}});
    for (auto const& [hook, path] : {std::pair("afterFind_guest", "guest.pin"), std::pair("afterFind_others", "others.0.pin")}) {
        auto const e = failure_of(visits.find(document(), find_options().hooks(hook)));
        expect_misfit(e, "visit", "find", path);
        EXPECT_EQ(e.details().value, "");
        EXPECT_THAT(e.report(), Not(HasSubstr("1234")));
    }
}

TEST_F(Misfits, OfPopulatedStructsTellOtherValues) {
    answer_finds(
        {{"visit", list({doc("_id", id_of(1), "guest_id", id_of(2))})}, {"login", list({doc("_id", id_of(2), "name", 5)})}});
    auto const e = failure_of(visits.find(document(), find_options().hooks("afterFind_guest")));
    expect_misfit(e, "visit", "find", "guest.name");
    EXPECT_EQ(e.details().value, "5");
}

TEST_F(Misfits, AreToldOfAModelThatIsOnNoConnectionAnyMore) {
    answer_all(doc("_id", id_of(1), "pin", "1234"));
    logins.untyped().hook(
        "afterFind", "leave", [this](hook_args&) { db.remove("login"); }, required);
    auto const e = failure_of(logins.find());
    expect_misfit(e, "login", "find", "pin");
    EXPECT_EQ(e.details().value, "");
}

} // namespace
} // namespace cormorant
