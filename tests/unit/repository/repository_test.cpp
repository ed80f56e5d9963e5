#include "../model/fixture.hpp"

#include <cormorant/repository/database_schema.hpp>
#include <cormorant/schema/describe.hpp>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace cormorant {
namespace repositories {

using ::testing::ElementsAre;
using testing::failure_of;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::run;
using testing::scripted_store;

struct person {
    int id = 0;
    std::string name;
    std::optional<int> age;
};
BOOST_DESCRIBE_STRUCT(person, (), (id, name, age))

/// A schema with a datasource `db` on a scripted store.
class RepositoryTest : public ::testing::Test {
protected:
    RepositoryTest() {
        schema.define_adapter("scripted", [this](document const& settings) -> std::shared_ptr<cormorant::store> {
            ++stores_made;
            last_settings = settings;
            return store;
        });
        schema.define_datasource(datasource("db", "scripted").set("size", 3));
        schema.define_model(R"({"name": "role", "datasource": "db", "tableName": "roles"})");
        schema.define_model(R"({"name": "user", "datasource": "db", "tableName": "users",
            "properties": {"name": {"type": "string", "required": true}, "age": "number", "note": {"type": "string", "default": "none"}},
            "relations": {"role": {"type": "belongsTo", "model": "role"}}})");
    }

    /// Answers finds of a collection, and changes of single documents.
    void answer(std::string collection, documents docs) {
        store->answer = [collection, docs](operation& op) -> reply {
            if (collection_of(op) != collection)
                return std::monostate();
            if (std::holds_alternative<find_op>(op))
                return docs;
            if (std::holds_alternative<find_and_modify_op>(op))
                return docs.empty() ? std::nullopt : std::optional(docs.front());
            return std::monostate();
        };
    }
    static documents list(std::initializer_list<document> docs) { return documents(docs); }

    int stores_made = 0;
    document last_settings;
    std::shared_ptr<scripted_store> store = std::make_shared<scripted_store>();
    database_schema schema;
};

// --- the schema ----------------------------------------------------------------------------------------------------------

TEST_F(RepositoryTest, ConnectsWithTheFirstOperation) {
    auto const users = schema.repository("user");
    EXPECT_EQ(stores_made, 0);
    run(users.count());
    run(users.count());
    run(schema.repository("role").count());
    EXPECT_EQ(stores_made, 1);
    EXPECT_EQ(last_settings, doc("size", 3));
    EXPECT_EQ(schema.connection("db").store(), store);
}

TEST_F(RepositoryTest, OfAModelIsOneUnderAllSpellings) {
    schema.define_model(R"({"name": "UserProfile", "datasource": "db"})");
    EXPECT_EQ(schema.repository("userProfile"), schema.repository("user-profile"));
    EXPECT_NE(schema.repository("user"), schema.repository("role"));
    EXPECT_EQ(schema.repository("USER_PROFILE").name(), "UserProfile");
}

TEST_F(RepositoryTest, NeedsAModelWithADatasource) {
    schema.define_model(R"({"name": "loose"})");
    for (char const* name : {"loose", "nothing"}) {
        try {
            (void)schema.repository(name);
            FAIL() << name;
        } catch (error const& e) {
            EXPECT_EQ(e.code(), errc::definition);
            EXPECT_EQ(e.details().model, name);
        }
    }
}

TEST_F(RepositoryTest, LooksForWhatItNeedsAtFirstUse) {
    schema.define_model(R"({"name": "early", "datasource": "later", "base": "root"})");
    auto const early = schema.repository("early");
    EXPECT_THAT(failure_of(early.count()).message(), HasSubstr("'later'"));
    schema.define_datasource(doc("name", "later", "adapter", "unknown"));
    EXPECT_THAT(failure_of(early.count()).message(), HasSubstr("'unknown'"));
    schema.define_adapter("unknown", [this](document const&) { return store; });
    EXPECT_THAT(failure_of(early.count()).message(), HasSubstr("'root'"));
    schema.define_model(R"({"name": "root", "properties": {"name": {"type": "string", "required": true}}})");
    EXPECT_EQ(run(early.count()), 0);
    EXPECT_EQ(failure_of(early.create(document())).code(), errc::required);
}

TEST_F(RepositoryTest, TakesNoNameTwice) {
    EXPECT_THROW(schema.define_model(R"({"name": "USER"})"), error);
    EXPECT_THROW(schema.define_model(model_definition("user"), "db"), error);
    EXPECT_THROW(schema.define_datasource(datasource("db", "memory")), error);
    EXPECT_THROW(schema.define_adapter("memory", {}), error);
    EXPECT_THROW(schema.define_datasource(datasource("", "memory")), error);
    EXPECT_THROW(schema.add_validator("minLength", [](value const&) { return true; }), error);
    EXPECT_THROW(schema.add_transformer("trim", [](value const& v) { return v; }), error);
    EXPECT_THROW(schema.add_validator("", [](value const&) { return true; }), error);
}

TEST_F(RepositoryTest, ReadsDatasourcesFromDocuments) {
    auto const source = datasource::from_document(
        doc("name", "a", "adapter", "mongodb", "host", "h", "ids", "sequence", "textForms", true, "anyKeyColumn", false));
    EXPECT_EQ(source.name(), "a");
    EXPECT_EQ(source.adapter(), "mongodb");
    EXPECT_EQ(source.settings(), doc("host", "h"));
    EXPECT_EQ(source.keys(), key_source::sequence);
    EXPECT_TRUE(source.text_forms());
    EXPECT_FALSE(source.any_key_column());
    for (auto const& wrong :
        {doc("adapter", "x"), doc("name", "", "adapter", "x"), doc("name", 7, "adapter", "x"), doc("name", "x"),
            doc("name", "x", "adapter", "y", "ids", "roman"), doc("name", "x", "adapter", "y", "textForms", 1)}) {
        EXPECT_THROW((void)datasource::from_document(wrong), error) << wrong;
    }
}

TEST_F(RepositoryTest, KnowsTwoAdapters) {
    schema.define_datasource(datasource("m", "memory").set("database", "x"));
    EXPECT_EQ(schema.connection("m").store()->kind(), "memory");
    EXPECT_EQ(schema.connection("m").store()->database(), "x");
    auto const folder = std::filesystem::temp_directory_path() / ("repository test " + object_id::generate().to_string());
    schema.define_datasource(
        datasource("lasting", "memory").set("folder", folder.string()).set("sync", true).set("database", "y"));
    EXPECT_EQ(schema.connection("lasting").store()->database(), "y");
    EXPECT_TRUE(std::filesystem::exists(folder));
    run(schema.connection("lasting").close());
    std::filesystem::remove_all(folder);
    schema.define_datasource(datasource("wrong", "memory").set("databas", "x"));
    EXPECT_THROW((void)schema.connection("wrong"), error);
    schema.define_datasource(datasource("server", "mongodb").set("database", "x").set("port", 1).set("appName", "a b"));
    EXPECT_EQ(schema.connection("server").store()->kind(), "mongodb");
    schema.define_datasource(datasource("nameless", "mongodb"));
    EXPECT_THROW((void)schema.connection("nameless"), error);
    schema.define_datasource(datasource("both", "mongodb").set("url", "mongodb://h/x").set("port", 1));
    EXPECT_THROW((void)schema.connection("both"), error);
}

TEST_F(RepositoryTest, RefusesAKeyColumnThatTheDatasourceDoesNotHave) {
    schema.define_datasource(datasource("strict", "scripted").any_key_column(false));
    schema.define_model(
        R"({"name": "a", "datasource": "strict", "properties": {"code": {"type": "string", "primaryKey": true}}})");
    schema.define_model(
        R"({"name": "b", "datasource": "strict", "properties": {"code": {"type": "string", "primaryKey": true, "columnName": "_id"}}})");
    EXPECT_EQ(failure_of(schema.repository("a").count()).code(), errc::definition);
    EXPECT_EQ(run(schema.repository("b").count()), 0);
}

// --- operations ----------------------------------------------------------------------------------------------------------

TEST_F(RepositoryTest, FindIsOneFind) {
    run(schema.repository("user").find(
        query().where(doc("age", doc("gt", 3))).order("name DESC").limit(2).skip(1).fields("name")));
    ASSERT_THAT(store->summary(), ElementsAre("find users"));
    auto const& op = store->call<find_op>(0);
    EXPECT_EQ(op.filter, doc("age", doc("$gt", 3)));
    EXPECT_EQ(op.sort, doc("name", -1));
    EXPECT_EQ(op.limit, 2);
    EXPECT_EQ(op.skip, 1);
    EXPECT_EQ(op.projection, doc("_id", 1, "name", 1));
}

TEST_F(RepositoryTest, FindOneStopsAfterTheFirst) {
    answer("users", list({doc("_id", 1, "name", "Ann", "note", "x")}));
    EXPECT_EQ(run(schema.repository("user").find_one(query().order("age").limit(5))), doc("id", 1, "name", "Ann", "note", "x"));
    EXPECT_EQ(store->call<find_op>(0).limit, 1);
    answer("users", {});
    EXPECT_EQ(run(schema.repository("user").find_one()), std::nullopt);
}

TEST_F(RepositoryTest, KeysAreValuesWhateverTheyLookLike) {
    auto const users = schema.repository("user");
    EXPECT_EQ(failure_of(users.find_by_id(doc("$gt", ""))).code(), errc::not_found);
    EXPECT_EQ(store->call<find_op>(0).filter, doc("_id", doc("$eq", doc("$gt", ""))));
    EXPECT_FALSE(run(users.exists("1")));
    EXPECT_EQ(store->call<count_op>(1).filter, doc("_id", "1"));
    EXPECT_EQ(store->call<count_op>(1).limit, 1);
}

TEST_F(RepositoryTest, TakesTextsForObjectIds) {
    schema.define_model(model_definition("plain"), "db");
    auto const plain = schema.repository("plain");
    auto const id = object_id::generate();
    run(plain.exists(id.to_string()));
    EXPECT_EQ(store->call<count_op>(0).filter, doc("_id", id));
    EXPECT_EQ(failure_of(plain.exists("x")).code(), errc::invalid_argument);
    run(plain.exists(doc("$gt", "")));
    EXPECT_EQ(store->call<count_op>(1).filter, doc("_id", doc("$eq", doc("$gt", ""))));
}

TEST_F(RepositoryTest, NotFoundNamesTheKey) {
    auto const e = failure_of(schema.repository("user").find_by_id(7, query().where(doc("age", 1))));
    EXPECT_EQ(e.code(), errc::not_found);
    EXPECT_EQ(e.details().model, "user");
    EXPECT_EQ(e.details().operation, "find_by_id");
    EXPECT_EQ(e.details().path, "id");
    EXPECT_EQ(e.details().value, "7");
}

TEST_F(RepositoryTest, CreateIsOneInsert) {
    auto const made = run(schema.repository("user").create(doc("id", 1, "name", "Ann")));
    EXPECT_EQ(made, doc("id", 1, "name", "Ann", "note", "none"));
    ASSERT_THAT(store->summary(), ElementsAre("insert users"));
    EXPECT_EQ(store->call<insert_op>(0).docs.at(0), doc("_id", 1, "name", "Ann", "note", "none"));
}

TEST_F(RepositoryTest, CreateShapesItsAnswerWithoutReadingItBack) {
    answer("roles", list({doc("_id", 5, "title", "boss")}));
    auto const made =
        run(schema.repository("user").create(doc("id", 1, "name", "Ann", "roleId", 5), query().fields("name").include("role")));
    EXPECT_EQ(made, doc("id", 1, "name", "Ann", "role", doc("id", 5, "title", "boss")));
    EXPECT_THAT(store->summary(), ElementsAre("insert users", "find roles"));
    EXPECT_EQ(store->call<insert_op>(0).docs.at(0), doc("_id", 1, "name", "Ann", "roleId", 5, "note", "none"));
}

TEST_F(RepositoryTest, PatchByIdAnswersTheWholeDocumentInOneCall) {
    answer("users", list({doc("_id", 1, "name", "Ann", "age", 8)}));
    EXPECT_EQ(run(schema.repository("user").patch_by_id(1, doc("id", 9, "age", 8))), doc("id", 1, "name", "Ann", "age", 8));
    ASSERT_THAT(store->summary(), ElementsAre("find_and_modify users"));
    EXPECT_EQ(store->call<find_and_modify_op>(0).filter, doc("_id", 1));
    EXPECT_EQ(store->call<find_and_modify_op>(0).update, value(doc("$set", doc("age", 8))));
    answer("users", {});
    EXPECT_EQ(failure_of(schema.repository("user").patch_by_id(1, document())).code(), errc::not_found);
}

TEST_F(RepositoryTest, ReplaceByIdPutsAWholeDocument) {
    answer("users", list({doc("_id", 1, "name", "Bob", "note", "none")}));
    EXPECT_EQ(run(schema.repository("user").replace_by_id(1, doc("id", 9, "name", "Bob"))),
        doc("id", 1, "name", "Bob", "note", "none"));
    EXPECT_EQ(store->call<find_and_modify_op>(0).update, value(doc("name", "Bob", "note", "none")));
    EXPECT_EQ(failure_of(schema.repository("user").replace_by_id(1, document())).code(), errc::required);
}

TEST_F(RepositoryTest, ReplaceOrCreateIsOneWrite) {
    EXPECT_EQ(run(schema.repository("user").replace_or_create(doc("id", 3, "name", "Cid"))),
        doc("id", 3, "name", "Cid", "note", "none"));
    auto const& op = store->call<update_op>(0);
    EXPECT_EQ(op.filter, doc("_id", 3));
    EXPECT_TRUE(op.upsert);
}

TEST_F(RepositoryTest, PatchCountsWhatFits) {
    store->answer = [](operation&) -> reply {
        update_result r;
        r.matched_count = 5;
        r.modified_count = 2;
        return r;
    };
    EXPECT_EQ(run(schema.repository("user").patch(doc("id", 1, "age", 1), doc("age", doc("lt", 1)))), 5);
    auto const& op = store->call<update_op>(0);
    EXPECT_TRUE(op.multi);
    EXPECT_EQ(op.filter, doc("age", doc("$lt", 1)));
    EXPECT_EQ(op.update, value(doc("$set", doc("age", 1))));
}

TEST_F(RepositoryTest, DeletesAndCountsWhatFits) {
    auto const users = schema.repository("user");
    EXPECT_EQ(run(users.delete_(doc("age", 1))), 1);
    EXPECT_TRUE(run(users.delete_by_id(1)));
    EXPECT_EQ(run(users.count(doc("age", nullptr))), 0);
    EXPECT_EQ(store->call<remove_op>(0).filter, doc("age", doc("$eq", 1)));
    EXPECT_FALSE(store->call<remove_op>(0).just_one);
    EXPECT_TRUE(store->call<remove_op>(1).just_one);
    EXPECT_EQ(store->call<count_op>(2).filter, doc("age", doc("$eq", nullptr)));
}

TEST_F(RepositoryTest, RefusesBadConditionsBeforeAnythingIsSent) {
    auto const users = schema.repository("user");
    EXPECT_EQ(failure_of(users.delete_(doc("name", doc("foo", 1)))).details().operation, "delete");
    EXPECT_EQ(failure_of(users.patch(doc("age", 1), doc("$where", "true"))).code(), errc::invalid_argument);
    auto const e = failure_of(users.count(doc("name", doc("foo", 1))));
    EXPECT_EQ(e.details().model, "user");
    EXPECT_EQ(e.details().operation, "count");
    EXPECT_EQ(e.details().path, "name");
    EXPECT_THAT(store->calls, IsEmpty());
}

TEST_F(RepositoryTest, AnExpressionThatIsNoneIsABadArgument) {
    store->answer = [](operation&) -> reply {
        diagnostics details;
        details.server_code = 51091;
        throw error(errc::server, "Regular expression is invalid", std::move(details));
    };
    auto const e = failure_of(schema.repository("user").find(query().where(doc("name", doc("regexp", "(")))));
    EXPECT_EQ(e.code(), errc::invalid_argument);
    EXPECT_EQ(e.details().path, "name");
    EXPECT_EQ(e.details().value, "(");
    EXPECT_EQ(e.details().operation, "find");
}

TEST_F(RepositoryTest, ErrorsNameTheMethod) {
    auto const e = failure_of(schema.repository("user").create(doc("name", 7)));
    EXPECT_EQ(e.code(), errc::validation);
    EXPECT_EQ(e.details().operation, "create");
    EXPECT_EQ(e.details().path, "name");
    EXPECT_EQ(e.details().what_happened, outcome::not_sent);
}

TEST_F(RepositoryTest, FollowsRelationshipsToOtherDatasources) {
    auto const other = std::make_shared<scripted_store>();
    other->answer = [](operation&) -> reply { return documents(1, doc("_id", 5, "title", "boss")); };
    schema.define_adapter("other", [other](document const&) { return other; });
    schema.define_datasource(datasource("elsewhere", "other"));
    schema.define_model(R"({"name": "post", "datasource": "elsewhere", "tableName": "posts"})");
    schema.define_model(R"({"name": "clerk", "datasource": "db", "tableName": "clerks",
        "relations": {"post": {"type": "belongsTo", "model": "Post"}}})");
    answer("clerks", list({doc("_id", 1, "postId", 5)}));
    EXPECT_EQ(run(schema.repository("clerk").find(query().include("post"))),
        list({doc("id", 1, "postId", 5, "post", doc("id", 5, "title", "boss"))}));
    EXPECT_THAT(other->summary(), ElementsAre("find posts"));
}

// --- keys ----------------------------------------------------------------------------------------------------------------

TEST_F(RepositoryTest, MakesKeysThatAreNotGiven) {
    auto const users = schema.repository("user");
    for (auto const& none :
        {doc("name", "a"), doc("id", nullptr, "name", "a"), doc("id", 0, "name", "a"), doc("id", "", "name", "a")}) {
        auto const made = run(users.create(none));
        EXPECT_TRUE(made.at("id").is_object_id()) << none;
    }
    auto const replaced = run(users.replace_or_create(doc("id", 0, "name", "a")));
    EXPECT_TRUE(replaced.at("id").is_object_id());
}

TEST_F(RepositoryTest, MakesTextsForKeysThatAreTexts) {
    schema.define_model(R"({"name": "word", "datasource": "db", "properties": {"id": {"type": "string", "primaryKey": true}}})");
    schema.define_model(R"({"name": "count", "datasource": "db", "properties": {"id": {"type": "number", "primaryKey": true}}})");
    EXPECT_TRUE(object_id::parse(run(schema.repository("word").create(document())).at("id").as_string()).has_value());
    auto const e = failure_of(schema.repository("count").create(document()));
    EXPECT_EQ(e.code(), errc::invalid_argument);
    EXPECT_EQ(e.details().path, "id");
}

TEST_F(RepositoryTest, CountsKeysWherePossible) {
    schema.define_datasource(datasource("counted", "scripted").keys(key_source::sequence));
    schema.define_model(R"({"name": "a", "datasource": "counted", "tableName": "common"})");
    schema.define_model(
        R"({"name": "b", "datasource": "counted", "tableName": "common", "properties": {"n": {"type": "number", "required": true}}})");
    schema.define_model(
        R"({"name": "word", "datasource": "counted", "properties": {"id": {"type": "string", "primaryKey": true}}})");
    store->answer = [](operation& op) -> reply {
        auto const* const find = std::get_if<find_op>(&op);
        if (find == nullptr)
            return std::monostate();
        // 2 and 3 are taken.
        documents taken;
        for (auto n = std::max<std::int64_t>(find->filter.at("_id").as_document().at("$gte").as_int64(), 2); n <= 3; ++n) {
            if (static_cast<std::int64_t>(taken.size()) < find->limit)
                taken.push_back(doc("_id", n));
        }
        return taken;
    };
    EXPECT_EQ(run(schema.repository("a").create(document())).at("id"), value(1));
    EXPECT_EQ(failure_of(schema.repository("b").create(document())).code(), errc::required); // draws no number
    EXPECT_EQ(run(schema.repository("b").create(doc("n", 1))).at("id"), value(4));
    EXPECT_EQ(failure_of(schema.repository("word").create(document())).code(), errc::invalid_argument);
}

// --- empty values, functions ---------------------------------------------------------------------------------------------

TEST_F(RepositoryTest, RedefinesEmptyValuesOfModelsInUse) {
    auto const users = schema.repository("user");
    EXPECT_EQ(failure_of(users.create(doc("name", ""))).code(), errc::required);
    schema.set_empty_values(type_kind::string, {value(nullptr), value("N/A")});
    EXPECT_EQ(run(users.create(doc("id", 1, "name", ""))).at("name"), value(""));
    EXPECT_EQ(failure_of(users.create(doc("name", "N/A"))).code(), errc::required);
}

TEST_F(RepositoryTest, UsesRegisteredFunctions) {
    schema.add_validator("even", [](value const& v) { return v.as_int64() % 2 == 0; })
        .add_transformer("twice", [](value const& v) { return value(v.as_int64() * 2); })
        .add_default("seven", [](document const&) { return [](default_context&) { return value(7); }; })
        .define_model(R"({"name": "n", "datasource": "db", "properties": {"a": {"type": "number", "validate": "even"},
            "b": {"type": "number", "transform": "twice"}, "c": {"type": "number", "default": {"$fn": "seven"}}}})");
    auto const n = schema.repository("n");
    EXPECT_EQ(failure_of(n.create(doc("a", 3))).code(), errc::validation);
    EXPECT_EQ(run(n.create(doc("id", 1, "a", 4, "b", 5))), doc("id", 1, "a", 4, "b", 10, "c", 7));
}

// --- repositories of one's own -------------------------------------------------------------------------------------------

class people : public repository {
public:
    explicit people(repository r) : repository(std::move(r)) {}
    boost::asio::awaitable<documents> grown_up() const { return find(query().where(doc("age", doc("gte", 18)))); }
};

TEST_F(RepositoryTest, CanHaveMethodsOfYourOwn) {
    auto const own = schema.repository_as<people>("user");
    EXPECT_EQ(own, schema.repository("user"));
    run(own.grown_up());
    EXPECT_EQ(store->call<find_op>(0).filter, doc("age", doc("$gte", 18)));
}

class typed_people : public typed_repository<person> {
public:
    explicit typed_people(repository r) : typed_repository(std::move(r)) {}
    boost::asio::awaitable<std::vector<person>> called(std::string name) const {
        return find(query_for<person>().where(where(&person::name) == name));
    }
};

TEST_F(RepositoryTest, OfStructsTakesAndGivesStructs) {
    schema.define_model(definition_of<person>("person").primary_key("id", integer()), "db");
    auto const all = schema.repository<person>("person");
    answer("person", list({doc("_id", 1, "name", "Ann", "age", 8), doc("_id", 2, "name", "Bob")}));
    auto const found = run(all.find(query_for<person>().where(where(&person::age) >= 8 || !where(&person::age).exists())));
    ASSERT_EQ(found.size(), 2u);
    EXPECT_EQ(found[0].id, 1);
    EXPECT_EQ(found[1].age, std::nullopt);
    EXPECT_EQ(run(all.find_by_id(1)).name, "Ann");
    person cid;
    cid.id = 3;
    cid.name = "Cid";
    EXPECT_EQ(run(all.create(cid)).id, 3);
    EXPECT_EQ(failure_of(all.find(query_for<person>().where(doc("nmae", 1)))).code(), errc::invalid_argument);

    answer("person", list({doc("_id", 2, "name", "Bob")}));
    EXPECT_EQ(run(schema.repository_as<typed_people>("person").called("Bob")).at(0).id, 2);
}

TEST_F(RepositoryTest, OfStructsTellsWhatDoesNotFitAsAnErrorOfTheMethod) {
    schema.define_model(definition_of<person>("person").primary_key("id", integer()).field("age", any().to_json(false)), "db");
    auto const all = schema.repository<person>("person");
    answer("person", list({doc("_id", 1, "name", "Ann", "age", "secret")}));
    person bob;
    bob.name = "Bob";
    struct failed {
        char const* method;
        error e;
        bool writes = false;
    };
    for (auto const& [method, e, writes] : {failed{"find", failure_of(all.find())},
             failed{"find_one", failure_of(all.find_one())}, failed{"find_by_id", failure_of(all.find_by_id(1))},
             failed{"patch_by_id", failure_of(all.patch_by_id(1, doc("name", "Bob"))), true},
             failed{"replace_by_id", failure_of(all.replace_by_id(1, bob)), true}}) {
        SCOPED_TRACE(method);
        EXPECT_EQ(e.code(), errc::type_mismatch);
        EXPECT_EQ(e.details().model, "person");
        EXPECT_EQ(e.details().operation, method);
        EXPECT_EQ(e.details().path, "age");
        EXPECT_EQ(e.details().is_write, writes);
        EXPECT_EQ(e.details().what_happened, writes ? outcome::applied : outcome::not_sent);
        EXPECT_THAT(e.report(), ::testing::Not(HasSubstr("secret")));
    }
}

TEST_F(RepositoryTest, TellsThatAWriteIsAppliedWhoseAnswerCannotBeShaped) {
    store->answer = [](operation& op) -> reply {
        if (std::holds_alternative<find_and_modify_op>(op))
            return std::optional(doc("_id", 1, "name", "Ann", "roleId", 2));
        if (collection_of(op) == "roles")
            throw error(errc::network, "gone");
        return std::monostate();
    };
    auto const users = schema.repository("user");
    auto const ann = doc("id", 1, "name", "Ann", "roleId", 2);
    auto const with_role = query().include("role");
    for (auto const& e : {failure_of(users.create(ann, with_role)), failure_of(users.replace_or_create(ann, with_role)),
             failure_of(users.patch_by_id(1, doc("name", "Ann"), with_role))}) {
        EXPECT_EQ(e.code(), errc::network) << e.what();
        EXPECT_TRUE(e.details().is_write);
        EXPECT_EQ(e.details().what_happened, outcome::applied);
    }
}

TEST_F(RepositoryTest, SyncsIndexesOfAllModels) {
    schema.define_model(model_definition("indexed").field("n", integer()).index(doc("n", 1)), "db");
    run(schema.sync());
    bool made = false;
    for (operation const& op : store->calls) {
        auto const* const create = std::get_if<create_indexes_op>(&op);
        made = made || (create != nullptr && create->collection == "indexed");
    }
    EXPECT_TRUE(made);
    run(schema.close());
}

} // namespace repositories
} // namespace cormorant
