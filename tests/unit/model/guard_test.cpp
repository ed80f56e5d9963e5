#include "fixture.hpp"

#include <cormorant/repository/database_schema.hpp>

namespace cormorant {
namespace {

using ::testing::ElementsAre;
using testing::failure_of;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::run;

// --- never everything by accident ------------------------------------------------------------------------------------

class Everything : public testing::ModelTest {
protected:
    model items = add(model_definition("items").field("a", integer()).field("owner", string()));

    static update_options options() { return {}; }
    value delta() const { return doc("$set", doc("a", 1)); }

    void expect_refused(error const& e, std::string_view operation) {
        EXPECT_EQ(e.code(), errc::invalid_argument);
        EXPECT_EQ(e.details().model, "items");
        EXPECT_EQ(e.details().operation, operation);
        EXPECT_EQ(e.details().what_happened, outcome::not_sent);
        EXPECT_THAT(e.message(), HasSubstr("items"));
        EXPECT_THAT(e.message(), HasSubstr("orm::all"));
        EXPECT_THAT(store->calls, IsEmpty());
    }
};

TEST_F(Everything, IsNotRemovedByAnEmptyFilter) {
    expect_refused(failure_of(items.remove(document())), "remove");
    expect_refused(failure_of(items.remove({})), "remove");
    expect_refused(failure_of(items.remove(document(), remove_options().just_one(true))), "remove");
}

TEST_F(Everything, IsNotUpdatedByAnEmptyFilter) {
    expect_refused(failure_of(items.update(document(), delta())), "update");
    expect_refused(failure_of(items.update({}, delta(), update_options().multi(true))), "update");
    expect_refused(failure_of(items.update(document(), delta(), update_options().upsert(true))), "update");
    expect_refused(failure_of(items.find_and_update(document(), delta())), "update");
}

TEST_F(Everything, IsNotMeantByAFilterThatOnlyLooksFull) {
    expect_refused(failure_of(items.remove(doc("$and", arr(document())))), "remove");
    expect_refused(failure_of(items.remove(doc("$expr", true))), "remove");
    expect_refused(failure_of(items.update(doc("a", doc("$nin", array())), delta())), "update");
}

TEST_F(Everything, IsMeantWhenTheCallerSaysSo) {
    store->answer = [](operation& op) -> reply {
        if (std::holds_alternative<find_and_modify_op>(op))
            return std::optional<document>();
        return std::monostate();
    };
    run(items.remove(all));
    run(items.update(all, delta(), update_options().multi(true)));
    run(items.find_and_update(all, delta()));
    ASSERT_EQ(store->calls.size(), 3U);
    EXPECT_EQ(std::get<remove_op>(store->calls[0]).filter, document());
    EXPECT_FALSE(std::get<remove_op>(store->calls[0]).just_one);
}

TEST_F(Everything, IsToldBeforeTheCallRuns) {
    EXPECT_THROW(items.explain_remove(document()), error);
    EXPECT_THROW(items.explain_update(document(), delta()), error);
    EXPECT_EQ(items.explain_remove(all).queries().size(), 1U);
}

TEST_F(Everything, IsNotMeantByAFilterThatAHookFills) {
    items.hook(
        "beforeFilter", "tenant", [](filter_args& a) { a.filter.set("owner", "me"); }, required);
    expect_refused(failure_of(items.remove(document())), "remove");
    expect_refused(failure_of(items.update(document(), delta())), "update");
    run(items.remove(all));
    EXPECT_EQ(std::get<remove_op>(store->calls.at(0)).filter, doc("owner", "me"));
}

TEST_F(Everything, IsNotMeantByAFilterThatAHookEmpties) {
    items.hook(
        "beforeFilter", "forget", [](filter_args& a) { a.filter.erase("owner"); }, required);
    expect_refused(failure_of(items.remove(doc("owner", "me"))), "remove");
    expect_refused(failure_of(items.update(doc("owner", "me"), delta())), "update");
    expect_refused(failure_of(items.find_and_update(doc("owner", "me"), delta())), "update");
}

TEST_F(Everything, IsReadWithoutAWord) {
    EXPECT_THAT(run(items.find()), IsEmpty());
    EXPECT_EQ(run(items.count()), 0);
}

TEST(EverythingOfARepository, IsMeantWhenTheCallerSaysSo) {
    database_schema schema;
    schema.define_datasource(datasource("db", "memory").set("database", "guard_test"));
    schema.define_model(R"({"name": "person", "datasource": "db", "properties": {"name": "string"}})");
    auto const people = schema.repository("person");
    run(people.create(doc("name", "a")));
    run(people.create(doc("name", "b")));
    auto const e = failure_of(people.delete_(where_clause()));
    EXPECT_EQ(e.code(), errc::invalid_argument);
    EXPECT_EQ(e.details().operation, "delete");
    EXPECT_EQ(failure_of(people.patch(doc("name", "c"), where_clause())).code(), errc::invalid_argument);
    EXPECT_EQ(failure_of(people.delete_(where_clause(doc("and", arr(document()))))).code(), errc::invalid_argument);
    EXPECT_EQ(run(people.patch(doc("name", "c"), all)), 2);
    EXPECT_EQ(run(people.delete_(doc("name", "x"))), 0);
    EXPECT_EQ(run(people.delete_(all)), 2);
}

// --- undeclared paths ------------------------------------------------------------------------------------------------

class Paths : public testing::ModelTest {
protected:
    model with(unknown_paths policy) { return add(model_definition("items").field("title", string()).unknown_paths(policy)); }
};

TEST_F(Paths, ThatAreUnknownAreRefusedInTheFilterOfEveryOperation) {
    auto const items = add(model_definition("items").field("title", string()));
    auto const typo = doc("titel", "x");
    std::vector<error> failures;
    failures.push_back(failure_of(items.find(typo)));
    failures.push_back(failure_of(items.find_one(typo)));
    failures.push_back(failure_of(items.find_and_count(typo)));
    failures.push_back(failure_of(items.find(typo, find_options().random(2))));
    failures.push_back(failure_of(items.count(typo)));
    failures.push_back(failure_of(items.update(typo, doc("$set", doc("title", "y")))));
    failures.push_back(failure_of(items.find_and_update(typo, doc("$set", doc("title", "y")))));
    failures.push_back(failure_of(items.remove(typo)));
    for (error const& e : failures) {
        EXPECT_EQ(e.code(), errc::unknown_field);
        EXPECT_EQ(e.details().path, "titel");
        EXPECT_EQ(e.details().model, "items");
        EXPECT_THAT(e.message(), HasSubstr("is 'title' meant?"));
        ASSERT_EQ(e.details().violations.size(), 1U);
        EXPECT_EQ(e.details().violations[0].rule, "unknown_path");
    }
    EXPECT_THAT(store->calls, IsEmpty());
}

TEST_F(Paths, ThatAreUnknownAreRefusedInASort) {
    auto const items = with(unknown_paths::refuse);
    EXPECT_EQ(failure_of(items.find(document(), find_options().sort("titel", 1))).details().path, "titel");
    run(items.find(document(), find_options().sort("title", 1)));
    run(with(unknown_paths::pass).find(document(), find_options().sort("titel", 1)));
}

/// What is read and what not, of a model that has one of each.
class Fields : public testing::ModelTest {
protected:
    model items = add(model_definition("items")
                          .field("title", string().column("t"))
                          .field("rows", array_of(object().extra_keys(extra_keys::refuse).field("key", string())))
                          .field("open", object())
                          .field("fleeting", string().persist(false))
                          .virtual_field(virtual_field("shout").get([](model_document&) { return value("!"); }))
                          .document_method("greet", [](model_document&, array const&) { return value(); })
                          .relation(single("author").model("authors")));
    model authors = add(model_definition("authors").field("name", string()));
};

TEST_F(Fields, ThatAreUnknownAreRefusedByEveryFind) {
    auto const typo = find_options().fields("titel");
    std::vector<error> failures;
    failures.push_back(failure_of(items.find(document(), typo)));
    failures.push_back(failure_of(items.find_one(document(), typo)));
    failures.push_back(failure_of(items.find_by_id(testing::id_of(1), typo)));
    failures.push_back(failure_of(items.find_and_count(document(), typo)));
    failures.push_back(failure_of(items.find_batches(document(), typo)));
    failures.push_back(failure_of(items.find(document(), find_options(typo).cast_docs(false))));
    failures.push_back(failure_of(items.find(document(), find_options(typo).random(2))));
    failures.push_back(failure_of(items.find(document(), find_options(typo).per("title").limit(1))));
    for (error const& e : failures) {
        EXPECT_EQ(e.code(), errc::unknown_field);
        EXPECT_EQ(e.message(), "in the fields 'titel' is not declared: is 'title' meant?");
        EXPECT_EQ(e.details().model, "items");
        EXPECT_EQ(e.details().operation, "find");
        EXPECT_EQ(e.details().path, "titel");
        ASSERT_EQ(e.details().violations.size(), 1U);
        EXPECT_EQ(e.details().violations[0].rule, "unknown_path");
    }
    EXPECT_THROW(items.explain_find(document(), typo), error);
    EXPECT_THAT(store->calls, IsEmpty());
}

TEST_F(Fields, ThatAreUnknownAreFoundInWhateverFormTheyAreAskedFor) {
    std::vector<std::pair<document, std::string>> const all{
        {doc("title", 1, "x", true), "x"},
        {doc("x", 0), "x"},
        {doc("x", false), "x"},
        {doc("rows.kez", 1), "rows.kez"},
        {doc("rows", doc("key", 1, "kez", 1)), "rows.kez"},
        {doc("title.x", 1), "title.x"},
        {doc("t", 1), "t"}, // the column
        {doc("greet", 1), "greet"},
        {doc("x", doc("$slice", 1)), "x"},
        {doc("x", doc("$elemMatch", doc("key", 1))), "x"},
        {doc("x.$", 1), "x"},
    };
    for (auto const& [fields, path] : all) {
        auto const e = failure_of(items.find(document(), find_options().fields(fields)));
        EXPECT_EQ(e.code(), errc::unknown_field) << path;
        EXPECT_EQ(e.details().path, path);
    }
    EXPECT_THAT(store->calls, IsEmpty());
}

TEST_F(Fields, ThatTheModelKnowsAreRead) {
    auto const id_only = doc("_id", 1);
    std::vector<document> const all{id_only, doc("_id", 0, "title", 1), doc("rows.key", 1), doc("rows.0.key", 1),
        doc("open.x.y", 1), doc("author_id", 1), doc("author", 1), doc("author.name", 1), doc("author.name", 0), doc("shout", 1),
        doc("fleeting", 1), doc("rows.$", 1), doc("rows", doc("$slice", 1)), doc("rows", doc("$elemMatch", doc("key", "a"))),
        doc("rows", doc("key", 1)), doc("score", doc("$meta", "textScore")), doc("twice", doc("$concat", arr("$t", "$t"))),
        doc("alias", "$t")};
    for (document const& fields : all) {
        run(items.find(document(), find_options().fields(fields)));
        run(items.find(document(), find_options().fields(fields).cast_docs(false)));
    }
    EXPECT_EQ(store->calls.size(), 2 * all.size());
}

TEST_F(Fields, OfRelatedDocumentsAreTheAffairOfTheirModel) {
    answer_finds({{"items", list({doc("_id", testing::id_of(1), "author_id", testing::id_of(2))})}});
    auto const e = failure_of(items.find(document(), find_options().fields("author.nome")));
    EXPECT_EQ(e.code(), errc::unknown_field);
    EXPECT_EQ(e.details().model, "authors");
    EXPECT_EQ(e.details().path, "nome");
}

TEST_F(Fields, OfHooksAreLookedAtToo) {
    items.hook(
        "beforeFind", "more", [](before_find_args& a) { a.options.fields_value.set("x", 1); }, required);
    EXPECT_EQ(failure_of(items.find(document(), find_options().fields("title"))).details().path, "x");
}

TEST_F(Fields, PassWhereTheDefinitionSaysSo) {
    for (auto const policy : {unknown_paths::pass, unknown_paths::match_nothing}) {
        auto const loose = add(model_definition("loose").field("title", string()).unknown_paths(policy));
        run(loose.find(doc("title", "x"), find_options().fields("titel")));
        EXPECT_EQ(store->call<find_op>(store->calls.size() - 1).projection, doc("titel", 1));
    }
    run(add(model_definition("open").extra_keys(extra_keys::allow)).find(document(), find_options().fields("titel")));
}

TEST_F(Paths, OfHooksAreLookedAtToo) {
    auto items = with(unknown_paths::refuse);
    items.hook(
        "beforeFilter", "tenant", [](filter_args& a) { a.filter.set("tenant", 7); }, required);
    EXPECT_EQ(failure_of(items.find(doc("title", "x"))).details().path, "tenant");
    items.hook(
        "beforeFilter", "tenant", [](filter_args& a) { a.filter.erase("short"); }, required);
    run(items.find(doc("short", 1)));
    EXPECT_EQ(std::get<find_op>(store->calls.at(0)).filter, document());
}

TEST_F(Paths, ThatAreUnknownPassWhereTheDefinitionSaysSo) {
    run(with(unknown_paths::pass).find(doc("titel", "x")));
    EXPECT_EQ(std::get<find_op>(store->calls.at(0)).filter, doc("titel", "x"));
}

TEST_F(Paths, ThatAreUnknownMatchNothingWhereTheDefinitionSaysSo) {
    auto const items = with(unknown_paths::match_nothing);
    auto const nothing = doc("_id", doc("$in", array()));
    run(items.remove(doc("$nor", arr(doc("titel", "x")))));
    run(items.count(doc("title", "y", "titel", "x")));
    run(items.find(doc("title", "y")));
    EXPECT_EQ(std::get<remove_op>(store->calls.at(0)).filter, nothing) << "what is denied of nothing would fit everything";
    EXPECT_EQ(std::get<count_op>(store->calls.at(1)).filter, nothing);
    EXPECT_EQ(std::get<find_op>(store->calls.at(2)).filter, doc("title", "y"));
}

TEST_F(Paths, ThatMatchNothingInsertNothing) {
    auto const items = with(unknown_paths::match_nothing);
    auto const delta = doc("$set", doc("title", "y"));
    EXPECT_EQ(failure_of(items.update(doc("titel", "x"), delta, update_options().upsert(true))).code(), errc::unknown_field);
    update_options in_words_of_store;
    in_words_of_store.options_value.set("upsert", true);
    EXPECT_EQ(failure_of(items.update(doc("titel", "x"), delta, in_words_of_store)).code(), errc::unknown_field);
    EXPECT_THAT(store->calls, IsEmpty());
}

// --- limits ----------------------------------------------------------------------------------------------------------

class Limits : public testing::ModelTest {
protected:
    static document nested(int levels) {
        document d;
        if (levels > 1)
            d.set("v", nested(levels - 1));
        return d;
    }
    model with(document_limits limits) { return add(model_definition("items").field("v", any()).limits(limits)); }
    static insert_options as_given() { return insert_options().strip_empty(false); }
};

TEST_F(Limits, HoldForTheDepthOfADocument) {
    auto const items = add(model_definition("items").field("v", any()).field("_id", any()));
    run(items.insert(nested(100), as_given()));
    auto const e = failure_of(items.insert(nested(101), as_given()));
    EXPECT_EQ(e.code(), errc::limit_exceeded);
    EXPECT_THAT(e.message(), HasSubstr("101 levels"));
    EXPECT_THAT(e.details().path, HasSubstr("v.v"));
    EXPECT_EQ(e.details().what_happened, outcome::not_sent);
    EXPECT_EQ(store->calls.size(), 1U);
    EXPECT_EQ(
        failure_of(items.save(doc("_id", 1, "v", nested(100)), save_options().strip_empty(false))).code(), errc::limit_exceeded);
    EXPECT_EQ(
        failure_of(items.update(doc("_id", 1), doc("$set", doc("v", nested(100))), update_options().strip_empty(false))).code(),
        errc::limit_exceeded);
    run(items.update(doc("_id", 1), doc("$set", doc("v", nested(99))), update_options().strip_empty(false)));
}

TEST_F(Limits, HoldForTheSizeOfADocument) {
    document_limits small;
    small.bytes = 100;
    auto const items = with(small);
    run(items.insert(doc("v", std::string(40, 'x'))));
    auto const e = failure_of(items.insert(doc("v", std::string(100, 'x'))));
    EXPECT_EQ(e.code(), errc::limit_exceeded);
    EXPECT_THAT(e.message(), HasSubstr("it may have 100"));
    EXPECT_EQ(failure_of(items.update(doc("_id", testing::id_of(1)), doc("$set", doc("v", std::string(100, 'x'))))).code(),
        errc::limit_exceeded);
}

TEST_F(Limits, HoldForTheItemsOfAnArray) {
    document_limits few;
    few.array_items = 3;
    auto const items = with(few);
    run(items.insert(doc("v", arr(1, 2, 3))));
    auto const e = failure_of(items.insert(doc("v", doc("rows", arr(arr(1), arr(1, 2, 3, 4))))));
    EXPECT_EQ(e.code(), errc::limit_exceeded);
    EXPECT_EQ(e.details().path, "v.rows.1");
    EXPECT_EQ(
        failure_of(items.update(doc("_id", testing::id_of(1)), doc("$push", doc("v", doc("$each", arr(1, 2, 3, 4)))))).code(),
        errc::limit_exceeded);
}

TEST_F(Limits, OfTheConnectionHoldWhereAModelHasNone) {
    document_limits small;
    small.bytes = 60;
    db = connection(store, connection_options().documents(small));
    EXPECT_EQ(failure_of(add(model_definition("a").field("v", any())).insert(doc("v", std::string(60, 'x')))).code(),
        errc::limit_exceeded);
    run(add(model_definition("b").field("v", any()).limits(document_limits())).insert(doc("v", std::string(60, 'x'))));
}

TEST_F(Limits, AreReadFromJson) {
    auto const d = model_definition::parse(R"({"collection": "a", "limits": {"depth": 5, "bytes": 1000, "arrayItems": 7}})");
    ASSERT_TRUE(d.limits());
    EXPECT_EQ(d.limits()->depth, 5);
    EXPECT_EQ(d.limits()->bytes, 1000);
    EXPECT_EQ(d.limits()->array_items, 7);
    EXPECT_THROW(model_definition::parse(R"({"collection": "a", "limits": {"depth": -1}})"), error);
    EXPECT_THROW(model_definition::parse(R"({"collection": "a", "limits": {"length": 1}})"), error);
}

TEST_F(Limits, HoldForTheBytesThatPopulationReads) {
    population_limits limits;
    limits.bytes = 200;
    db = connection(store, connection_options().population(limits));
    auto const posts = add(model_definition("posts").relation(single("author").model("authors")));
    add(model_definition("authors").field("name", string()));
    answer_finds({{"posts", list({doc("_id", testing::id_of(1), "author_id", testing::id_of(2))})},
        {"authors", list({doc("_id", testing::id_of(2), "name", std::string(200, 'x'))})}});
    auto const e = failure_of(posts.find(document(), find_options().hooks("afterFind_author")));
    EXPECT_EQ(e.code(), errc::limit_exceeded);
    EXPECT_THAT(e.message(), HasSubstr("200 bytes"));
    EXPECT_EQ(e.details().path, "author");
}

} // namespace
} // namespace cormorant
