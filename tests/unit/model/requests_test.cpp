#include "fixture.hpp"

#include <cormorant/schema/request_policy.hpp>
#include <cormorant/schema/untrusted.hpp>

#include <functional>

namespace cormorant {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::string_view secret = "hunter2";

request_policy policy() {
    return request_policy()
        .filter("status", filter_word::eq, filter_word::ne, filter_word::in, filter_word::exists)
        .filter("title", filter_word::eq, filter_word::contains, filter_word::starts_with, filter_word::regex)
        .filter("age", filter_word::eq, filter_word::gt, filter_word::gte, filter_word::lt, filter_word::in)
        .filter("born", filter_word::gte)
        .filter("price")
        .filter("active")
        .filter("author_id")
        .filter("address.city")
        .filter("rows.n", filter_word::eq)
        .filter("anything")
        .sort("title", "age")
        .fields("title", "status", "address", "author.name", "author.image.src")
        .include("author", "author.image", "parent")
        .hooks("afterFind_preview")
        .write("title", "age", "born", "active", "tags", "free", "price", "rows", "author_id", "address.city", "anything")
        .page_size(20, 50)
        .max_skip(1000)
        .max_clauses(5)
        .max_depth(2)
        .max_list(3);
}

model_definition posts() {
    return model_definition("posts")
        .field("title", string().required().max_length(20))
        .field("status", string())
        .field("age", integer())
        .field("price", decimal())
        .field("born", date())
        .field("active", boolean())
        .field("address", object().field("city", string()).field("zip", string()))
        .field("rows", array_of(object().field("n", integer())))
        .field("tags", array_of(string()))
        .field("free", object())
        .field("anything", any())
        .field("role", string())
        .relation(single("author").model("people"))
        .relation(single("parent").model("posts"))
        .requests(policy());
}

std::string filter_of(untrusted const& input) {
    static model const m{posts()};
    return to_json(m.query(input).filter, json_mode::canonical);
}

// --- what is let through ---------------------------------------------------------------------------------------------

struct filter_row {
    char const* name;
    char const* query;
    char const* filter;
};

class Filters : public ::testing::TestWithParam<filter_row> {};

TEST_P(Filters, OfQueryStringsHaveTheTypesOfTheirFields) {
    EXPECT_EQ(filter_of(untrusted::parse_query(GetParam().query)), to_json(parse_json(GetParam().filter), json_mode::canonical));
}

auto const name_of_row = [](auto const& row) { return std::string(row.param.name); };

INSTANTIATE_TEST_SUITE_P(Requests, Filters,
    ::testing::Values(filter_row{"nothing", "", "{}"}, filter_row{"text", "status=open", R"({"status": {"$eq": "open"}})"},
        filter_row{"decoded", "status=a%26b+c%3D1", R"({"status": {"$eq": "a&b c=1"}})"},
        filter_row{"number", "age=18", R"({"age": {"$eq": 18}})"},
        filter_row{"words", "age[gte]=18&age[lt]=65", R"({"age": {"$gte": 18}, "$and": [{"age": {"$lt": 65}}]})"},
        filter_row{"date", "born[gte]=2020-01-02T03:04:05.678Z", R"({"born": {"$gte": {"$date": "2020-01-02T03:04:05.678Z"}}})"},
        filter_row{"boolean", "active=true", R"({"active": {"$eq": true}})"},
        filter_row{"decimal", "price=1.50", R"({"price": {"$eq": {"$numberDecimal": "1.50"}}})"},
        filter_row{
            "object_id", "author_id=0123456789abcdef01234567", R"({"author_id": {"$eq": {"$oid": "0123456789abcdef01234567"}}})"},
        filter_row{"list", "status[in]=a,b", R"({"status": {"$in": ["a", "b"]}})"},
        filter_row{"list_of_numbers", "age[in]=1,2", R"({"age": {"$in": [1, 2]}})"},
        filter_row{"existence", "status[exists]=false", R"({"status": {"$exists": false}})"},
        filter_row{"below_an_object", "address.city=Bern", R"({"address.city": {"$eq": "Bern"}})"},
        filter_row{"items", "rows.n=3", R"({"rows.n": {"$eq": 3}})"},
        filter_row{"contains_is_escaped", "title[contains]=a.*b", R"({"title": {"$regex": "a\\.\\*b", "$options": "i"}})"},
        filter_row{"beginning_is_escaped", "title[startsWith]=(a|b)", R"x({"title": {"$regex": "^\\(a\\|b\\)"}})x"},
        filter_row{"pattern", "title[regex]=^a%2Bb", R"({"title": {"$regex": "^a+b"}})"},
        filter_row{"object_of_filters", "filter[status]=open&age=1", R"({"status": {"$eq": "open"}, "age": {"$eq": 1}})"},
        filter_row{
            "operators_in_text_are_text", "status=%7B%22%24gt%22%3A%22%22%7D", R"({"status": {"$eq": "{\"$gt\":\"\"}"}})"}),
    name_of_row);

TEST(Requests, OfJsonAreFiltersToo) {
    EXPECT_EQ(
        filter_of(untrusted::parse_json(R"({"filter": {"or": [{"status": "a"}, {"age": {"gt": 5}}]}, "status": {"ne": null}})")),
        to_json(doc("$or", arr(doc("status", doc("$eq", "a")), doc("age", doc("$gt", 5))), "status", doc("$ne", nullptr)),
            json_mode::canonical));
    EXPECT_EQ(filter_of(untrusted::parse_json(R"({"status": ["a", "b"]})")), R"({"status":{"$in":["a","b"]}})");
    EXPECT_EQ(filter_of(untrusted::parse_json(R"({"and": [{"status": "a"}, {"status": "b"}]})")),
        R"({"$and":[{"$and":[{"status":{"$eq":"a"}},{"status":{"$eq":"b"}}]}]})");
}

TEST(Requests, ChooseOrderSliceAndFields) {
    model const m{posts()};
    auto const q = m.query(untrusted::parse_query("sort=-age,title&limit=10&page=3&fields=title,address.city"));
    EXPECT_EQ(q.options.sort_value, doc("age", -1, "title", 1));
    EXPECT_EQ(q.options.limit_value, 10);
    EXPECT_EQ(q.options.skip_value, 20);
    EXPECT_EQ(q.options.fields_value, doc("title", 1, "address.city", 1));
    EXPECT_FALSE(q.options.hooks_value);
}

TEST(Requests, ThatChooseNothingReadWhatIsAllowedAndAPage) {
    model const m{posts()};
    auto const q = m.query(untrusted());
    EXPECT_EQ(q.options.limit_value, 20);
    EXPECT_EQ(q.options.fields_value, doc("title", 1, "status", 1, "address", 1)) << "what is related comes when it is asked for";
}

TEST(Requests, IncludeWhatIsRelated) {
    model const m{posts().default_hooks(operation_kind::find, "afterFind_preview")};
    auto const q = m.query(untrusted::parse_query("include=author.image&fields=title"));
    ASSERT_TRUE(q.options.hooks_value);
    EXPECT_EQ(*q.options.hooks_value, (hook_requests{"afterFind_preview", "afterFind_author", "author.afterFind_image"}));
    EXPECT_EQ(q.options.fields_value, doc("title", 1, "author.name", 1, "author.image.src", 1));
    EXPECT_EQ(m.query(untrusted::parse_query("include=parent&fields=title")).options.fields_value, doc("title", 1, "parent", 1));
    EXPECT_EQ(
        *m.query(untrusted::parse_query("hooks=afterFind_preview")).options.hooks_value, (hook_requests{"afterFind_preview"}));
}

TEST(Requests, GoByThePolicyThatIsGiven) {
    model const m{posts()};
    auto const more = request_policy().filter("role");
    EXPECT_EQ(m.query(untrusted::parse_query("role=admin"), more).filter, doc("role", doc("$eq", "admin")));
    EXPECT_THROW(m.query(untrusted::parse_query("status=open"), more), error);
    EXPECT_THROW(m.query(untrusted(), request_policy().filter("nobody")), error);
}

// --- what is refused -------------------------------------------------------------------------------------------------

struct refusal_row {
    char const* name;
    /// JSON, or a query string with `?` before it.
    char const* input;
    errc code;
    char const* path;
};

untrusted parse(std::string_view input) {
    return input.starts_with('?') ? untrusted::parse_query(input.substr(1)) : untrusted::parse_json(input);
}

/// The error, which must not repeat values.
error refusal_of(std::function<void()> const& f) {
    try {
        f();
    } catch (error const& e) {
        EXPECT_THAT(e.report(), Not(HasSubstr(std::string(secret))));
        return e;
    }
    ADD_FAILURE() << "nothing was refused";
    return error(errc::cancelled);
}

class Refused : public ::testing::TestWithParam<refusal_row> {};

TEST_P(Refused, IsWhatThePolicyDoesNotName) {
    model const m{posts()};
    auto const e = refusal_of([&] { m.query(parse(GetParam().input)); });
    EXPECT_EQ(e.code(), GetParam().code) << e.report();
    EXPECT_EQ(e.details().path, GetParam().path);
}

INSTANTIATE_TEST_SUITE_P(Requests, Refused,
    ::testing::Values(refusal_row{"path", R"({"role": "hunter2"})", errc::unauthorized, "role"},
        refusal_row{"unknown_path", "?nothing=hunter2", errc::unauthorized, "nothing"},
        refusal_row{"path_below", "?address.zip=hunter2", errc::unauthorized, "address.zip"},
        refusal_row{"path_above", R"({"address": {"city": "hunter2"}})", errc::unauthorized, "address"},
        refusal_row{"position", "?rows.0.n=1", errc::unauthorized, "rows.0.n"},
        refusal_row{"word", "?status[gt]=hunter2", errc::unauthorized, "status"},
        refusal_row{"no_word", "?status[$gt]=hunter2", errc::invalid_argument, "status"},
        refusal_row{"operator", R"({"status": {"$gt": "hunter2"}})", errc::invalid_argument, "status"},
        refusal_row{"operator_beside_a_word", R"({"status": {"eq": "a", "$ne": "hunter2"}})", errc::invalid_argument, "status"},
        refusal_row{"operator_in_a_value", R"({"status": {"eq": {"$gt": "hunter2"}}})", errc::invalid_argument, "status"},
        refusal_row{"operator_in_a_list", R"({"status": {"in": ["a", {"$gt": "hunter2"}]}})", errc::invalid_argument, "status"},
        refusal_row{"operator_in_a_list_in_a_list", R"({"status": {"in": [[{"$gt": 1}]]}})", errc::invalid_argument, "status"},
        refusal_row{"operator_in_any_type", R"({"anything": {"eq": {"$gt": 1}}})", errc::invalid_argument, "anything"},
        refusal_row{"operator_of_extended_json", R"({"author_id": {"$oid": "0123456789abcdef01234567"}})", errc::invalid_argument,
            "author_id"},
        refusal_row{"where", R"({"$where": "hunter2"})", errc::unauthorized, "$where"},
        refusal_row{"expr", R"({"$expr": {"$function": {"body": "hunter2"}}})", errc::unauthorized, "$expr"},
        refusal_row{"where_in_logic", R"({"or": [{"status": "a"}, {"$where": "hunter2"}]})", errc::unauthorized, "$where"},
        refusal_row{"logic_of_the_store", R"({"$or": [{"status": "a"}]})", errc::unauthorized, "$or"},
        refusal_row{"code_in_a_filter", R"({"filter": {"$function": {"body": "hunter2"}}})", errc::unauthorized, "$function"},
        refusal_row{"prototype", R"({"__proto__": {"eq": "hunter2"}})", errc::unauthorized, "__proto__"},
        refusal_row{"empty_comparison", R"({"status": {}})", errc::invalid_argument, "status"},
        refusal_row{"logic_of_nothing", R"({"or": []})", errc::invalid_argument, "or"},
        refusal_row{"logic_of_what_says_nothing", R"({"or": [{"status": "a"}, {}]})", errc::invalid_argument, "or"},
        refusal_row{"logic_of_texts", R"({"and": ["hunter2"]})", errc::invalid_argument, "and"},
        refusal_row{"filter_that_is_text", R"({"filter": "hunter2"})", errc::invalid_argument, "filter"},
        refusal_row{"logic_too_deep", R"({"or": [{"or": [{"or": [{"status": "a"}]}]}]})", errc::limit_exceeded, "or"},
        refusal_row{
            "too_many_clauses", "?status=a&age[gt]=1&age[gte]=1&age[lt]=1&title=x&active=true", errc::limit_exceeded, "active"},
        refusal_row{"list_too_long", "?status[in]=a,b,c,d", errc::limit_exceeded, "status"},
        refusal_row{"no_number", "?age=hunter2", errc::invalid_argument, "age"},
        refusal_row{"no_whole_number", "?age=1.5", errc::invalid_argument, "age"},
        refusal_row{"no_boolean", "?active=hunter2", errc::invalid_argument, "active"},
        refusal_row{"no_date", "?born[gte]=hunter2", errc::invalid_argument, "born"},
        refusal_row{"no_object_id", "?author_id=hunter2", errc::invalid_argument, "author_id"},
        refusal_row{"number_for_text", R"({"status": 1})", errc::invalid_argument, "status"},
        refusal_row{"null_for_an_order", R"({"age": {"gt": null}})", errc::invalid_argument, "age"},
        refusal_row{"no_existence", "?status[exists]=hunter2", errc::invalid_argument, "status"},
        refusal_row{"sort", "?sort=role", errc::unauthorized, "role"},
        refusal_row{"sort_by_an_operator", R"({"sort": {"$meta": "hunter2"}})", errc::invalid_argument, "sort"},
        refusal_row{"sort_twice", "?sort=age,-age", errc::invalid_argument, "age"},
        refusal_row{"fields", "?fields=title,role", errc::unauthorized, "role"},
        refusal_row{"fields_above", "?fields=author", errc::unauthorized, "author"},
        refusal_row{"fields_that_only_begin_alike", "?fields=titles", errc::unauthorized, "titles"},
        refusal_row{"include", "?include=editor", errc::unauthorized, "editor"},
        refusal_row{"include_deeper", "?include=author.image.owner", errc::unauthorized, "author.image.owner"},
        refusal_row{"include_around", "?include=parent.parent", errc::unauthorized, "parent.parent"},
        refusal_row{"hook", "?hooks=afterFind_author", errc::unauthorized, "afterFind_author"},
        refusal_row{"page_too_large", "?limit=51", errc::limit_exceeded, "limit"},
        refusal_row{"page_of_everything", "?limit=0", errc::invalid_argument, "limit"},
        refusal_row{"page_that_is_no_number", "?limit=all", errc::invalid_argument, "limit"},
        refusal_row{"negative_skip", "?skip=-1", errc::invalid_argument, "skip"},
        refusal_row{"skip_too_far", "?skip=1001", errc::limit_exceeded, "skip"},
        refusal_row{"page_too_far", "?limit=50&page=22", errc::limit_exceeded, "page"},
        refusal_row{"page_and_skip", "?page=2&skip=5", errc::invalid_argument, "page"},
        refusal_row{"pattern_without_anchor", "?title[regex]=a", errc::invalid_argument, "title"},
        refusal_row{"pattern_too_long", "?title[regex]=^aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
            errc::limit_exceeded, "title"},
        refusal_row{"pattern_that_explodes", "?title[regex]=^(a%2B)%2B$", errc::invalid_argument, "title"},
        refusal_row{"empty_pattern", "?title[contains]=", errc::invalid_argument, "title"},
        refusal_row{"object_as_pattern", R"({"title": {"contains": {"$regex": "hunter2"}}})", errc::invalid_argument, "title"}),
    name_of_row);

TEST(Requests, NeedAPolicy) {
    model const m{model_definition("posts").field("title", string())};
    EXPECT_EQ(refusal_of([&] { m.query(untrusted()); }).code(), errc::definition);
    EXPECT_EQ(refusal_of([&] { m.accept(untrusted()); }).code(), errc::definition);
    EXPECT_EQ(refusal_of([&] { m.changes(untrusted()); }).code(), errc::definition);
}

TEST(Requests, AreAllowedNothingByAnEmptyPolicy) {
    model const m{model_definition("posts").field("title", string()).requests(request_policy())};
    EXPECT_EQ(m.query(untrusted()).options.limit_value, 20);
    for (auto const* input : {"title=a", "sort=title", "fields=title", "include=title", "hooks=title", "_id=1"})
        EXPECT_EQ(refusal_of([&] { m.query(untrusted::parse_query(input)); }).code(), errc::unauthorized) << input;
    EXPECT_EQ(refusal_of([&] { m.accept(untrusted::parse_json(R"({"title": "a"})")); }).code(), errc::unauthorized);
}

TEST(Requests, AreNamedInErrorsWithoutWhatBreaksALine) {
    model const m{posts()};
    auto const e = refusal_of([&] { m.query(untrusted::parse_json(R"({"a\nb\u001b)" + std::string(500, 'x') + R"(": 1})")); });
    EXPECT_EQ(e.details().path.substr(0, 4), "a?b?");
    EXPECT_LT(e.details().path.size(), 80U);
}

// --- regular expressions ---------------------------------------------------------------------------------------------

struct pattern_row {
    char const* pattern;
    bool allowed;
    bool unanchored = false;
};

class Patterns : public ::testing::TestWithParam<pattern_row> {};

TEST_P(Patterns, AreBounded) {
    model const m{
        model_definition("a")
            .field("t", string())
            .requests(request_policy().filter("t", filter_word::regex).regex(regex_rules{64, GetParam().unanchored, 2}))};
    auto const input = untrusted::parse_json(to_json(doc("t", doc("regex", GetParam().pattern))));
    if (GetParam().allowed) {
        EXPECT_EQ(m.query(input).filter, doc("t", doc("$regex", GetParam().pattern)));
    } else {
        EXPECT_EQ(refusal_of([&] { m.query(input); }).code(), errc::invalid_argument);
    }
}

INSTANTIATE_TEST_SUITE_P(Requests, Patterns,
    ::testing::Values(pattern_row{"^abc$", true}, pattern_row{"^a+b*", true}, pattern_row{"^(?:ab|cd)e", true},
        pattern_row{"^[a-z\\d_]+@", true}, pattern_row{"^a{2,5}b{3}", true}, pattern_row{"^(ab){2}", true},
        pattern_row{"^a\\.b", true}, pattern_row{"^a+?b", true}, pattern_row{"^[^\\]]x", true}, pattern_row{"^[]a]", true},
        pattern_row{"b", true, true}, pattern_row{"a|b", true, true},
        // anchors
        pattern_row{"abc", false}, pattern_row{"^a|b", false}, pattern_row{"(^a)", false},
        // exponential
        pattern_row{"^(a+)+$", false}, pattern_row{"^(a*)*$", false}, pattern_row{"^((a+))*", false},
        pattern_row{"^(a|a)*$", false}, pattern_row{"^(a|ab)+", false}, pattern_row{"^((a|b)c)*", false},
        pattern_row{"^(a?)*", false}, pattern_row{"^(a{1,9})+", false}, pattern_row{"^(.*a){9}", false},
        pattern_row{"^([a-z]+){2,}", false},
        // polynomial
        pattern_row{"^.*.*.*x", false}, pattern_row{"^a{0,99}b{0,99}c{0,99}", false}, pattern_row{"^a{0,1000}", false},
        // what only some dialects know
        pattern_row{"^(a)\\1", false}, pattern_row{"^(?=a)", false}, pattern_row{"^(?!a)", false}, pattern_row{"^(?<=a)", false},
        pattern_row{"^(?<n>a)", false}, pattern_row{"^(?i)a", false}, pattern_row{"^(?>a)", false},
        pattern_row{"^(*UTF8)a", false}, pattern_row{"^\\Qa\\E", false}, pattern_row{"^a++", false},
        pattern_row{"^[[:alpha:]]", false}, pattern_row{"^\\x41", false},
        // no expressions
        pattern_row{"^(a", false}, pattern_row{"^a)", false}, pattern_row{"^[a", false}, pattern_row{"^*", false},
        pattern_row{"^a{", false}, pattern_row{"^a{2", false}, pattern_row{"^a{5,2}", false}, pattern_row{"^a\\", false},
        pattern_row{"", false}));

// --- bodies ----------------------------------------------------------------------------------------------------------

TEST(Bodies, AreDocumentsOfWhatMayBeWritten) {
    model const m{posts()};
    auto const d = m.accept(untrusted::parse_json(
        R"({"title": "a", "age": 5, "born": "2020-01-02T03:04:05.678Z", "tags": ["x"], "free": {"any": {"key": 1}}, "price": "1.5",
            "author_id": "0123456789abcdef01234567", "address": {"city": "Bern"}, "rows": [{"n": 1}, {"n": "2"}]})"));
    EXPECT_EQ(d.at("title"), value("a"));
    EXPECT_EQ(d.at("born"), value(*parse_iso8601("2020-01-02T03:04:05.678Z")));
    EXPECT_EQ(d.at("author_id"), value(*object_id::parse("0123456789abcdef01234567")));
    EXPECT_TRUE(d.at("price").is_decimal128());
    EXPECT_EQ(d.at("address"), value(doc("city", "Bern")));
    EXPECT_EQ(get_path(d, "rows.1.n")->as_int64(), 2);
    EXPECT_EQ(get_path(d, "free.any.key")->as_int64(), 1);
}

TEST(Bodies, OfFormsHaveTheTypesOfTheirFields) {
    model const m{posts()};
    EXPECT_EQ(m.accept(untrusted::parse_query("title=a+b&age=5&active=true&address[city]=Bern")),
        doc("title", "a b", "age", 5, "active", true, "address", doc("city", "Bern")));
}

TEST(Bodies, LeaveToTheValidationWhatDoesNotFit) {
    model const m{posts()};
    EXPECT_EQ(m.accept(untrusted::parse_json(R"({"age": "old", "born": "soon"})")), doc("age", "old", "born", "soon"));
}

TEST(Bodies, AreChangesOfEachKey) {
    model const m{posts()};
    EXPECT_EQ(m.changes(untrusted::parse_json(R"({"title": "b", "age": null, "address": {"city": "Bern"}, "free": {"a": 1}})")),
        value(doc("$set", doc("title", "b", "address.city", "Bern", "free", doc("a", 1)), "$unset", doc("age", ""))));
}

TEST(Bodies, DoNotTakeAwayWhatIsRequired) {
    model const m{posts()};
    EXPECT_EQ(m.changes(untrusted::parse_json(R"({"title": null})")), value(doc("$set", doc("title", nullptr))));
}

TEST(Bodies, ThatChangeNothingAreRefused) {
    model const m{posts()};
    EXPECT_EQ(refusal_of([&] { m.changes(untrusted::parse_json("{}")); }).code(), errc::invalid_argument);
}

class RefusedBodies : public ::testing::TestWithParam<refusal_row> {};

TEST_P(RefusedBodies, NameThePath) {
    model const m{posts()};
    for (auto const& read : {std::function<void()>([&] { m.accept(parse(GetParam().input)); }),
             std::function<void()>([&] { m.changes(parse(GetParam().input)); })}) {
        auto const e = refusal_of(read);
        EXPECT_EQ(e.code(), GetParam().code) << e.report();
        EXPECT_EQ(e.details().path, GetParam().path);
    }
}

INSTANTIATE_TEST_SUITE_P(Requests, RefusedBodies,
    ::testing::Values(refusal_row{"key_that_is_not_named", R"({"role": "hunter2"})", errc::unauthorized, "role"},
        refusal_row{"unknown_key", R"({"isAdmin": true})", errc::unauthorized, "isAdmin"},
        refusal_row{"key_beside_one_that_is_named", R"({"address": {"zip": "hunter2"}})", errc::unauthorized, "address.zip"},
        refusal_row{"whole_value_of_a_part", R"({"address": "hunter2"})", errc::unauthorized, "address"},
        refusal_row{"the_key_of_the_document", R"({"_id": "hunter2"})", errc::unauthorized, "_id"},
        refusal_row{"operator", R"({"$set": {"role": "hunter2"}})", errc::invalid_argument, "$set"},
        refusal_row{"operator_in_a_value", R"({"title": {"$gt": "hunter2"}})", errc::invalid_argument, "title.$gt"},
        refusal_row{"operator_in_an_open_object", R"({"free": {"a": [{"b": {"$where": "hunter2"}}]}})", errc::invalid_argument,
            "free.a.0.b.$where"},
        refusal_row{"dotted_key", R"({"address.city": "hunter2"})", errc::invalid_argument, "address.city"},
        refusal_row{"dotted_key_within", R"({"free": {"a.b": "hunter2"}})", errc::invalid_argument, "free.a.b"},
        refusal_row{"empty_key", R"({"free": {"": "hunter2"}})", errc::invalid_argument, "free."},
        refusal_row{"prototype", R"({"free": {"__proto__": {"admin": true}}})", errc::invalid_argument, "free.__proto__"},
        refusal_row{"constructor", R"({"anything": [{"constructor": {"prototype": 1}}]})", errc::invalid_argument,
            "anything.0.constructor"},
        refusal_row{"extended_json", R"({"born": {"$date": "2020-01-01T00:00:00Z"}})", errc::invalid_argument, "born.$date"},
        refusal_row{"form", "?title[$ne]=hunter2", errc::invalid_argument, "title.$ne"}),
    name_of_row);

// --- input -----------------------------------------------------------------------------------------------------------

TEST(Untrusted, TextIsGivenAsText) {
    auto const form = untrusted::parse_query("user=ann&password=x%20y&n[a]=1");
    EXPECT_EQ(form.text("password"), "x y");
    EXPECT_EQ(form.text("n"), std::nullopt);
    EXPECT_EQ(form.text("other"), std::nullopt);
    EXPECT_TRUE(form.contains("n"));
    EXPECT_TRUE(untrusted().empty());
}

TEST(Untrusted, JsonThatIsNoneIsNotRepeated) {
    for (auto const* text :
        {"", "[\"hunter2\"]", "\"hunter2\"", R"({"a": hunter2})", R"({"hunter2": 1, "hunter2": 2})", R"({"a": "hunter2)"})
        EXPECT_EQ(refusal_of([&] { untrusted::parse_json(text); }).code(), errc::bad_json) << text;
}

TEST(Untrusted, QueryStringsThatAreNoneAreRefused) {
    for (auto const* text : {"a=%", "a=%4", "a=%zz", "a=%ff", "a=1&a=2", "a[b]=1&a[b]=2", "a=1&a[b]=2", "a[b]=1&a=2", "a[=1",
             "a[]=1", "a[b]c=1", "=1", "a]=1&[x]=2", "%00=1"})
        EXPECT_EQ(refusal_of([&] { untrusted::parse_query(text); }).code(), errc::invalid_argument) << text;
}

TEST(Untrusted, InputIsBounded) {
    auto const limited = [](auto f) { return refusal_of(f).code(); };
    input_limits few;
    few.bytes = 20;
    EXPECT_EQ(limited([&] { untrusted::parse_json(R"({"a": "0123456789012345"})", few); }), errc::limit_exceeded);
    EXPECT_EQ(limited([&] { untrusted::parse_query("a=0123456789012345678", few); }), errc::limit_exceeded);
    few = input_limits();
    few.depth = 3;
    EXPECT_NO_THROW(untrusted::parse_json(R"({"a": [{"b": "[[[["}]})", few));
    EXPECT_EQ(limited([&] { untrusted::parse_json(R"({"a": [{"b": []}]})", few); }), errc::limit_exceeded);
    EXPECT_NO_THROW(untrusted::parse_query("a[b][c]=1", few));
    EXPECT_EQ(limited([&] { untrusted::parse_query("a[b][c][d]=1", few); }), errc::limit_exceeded);
    few = input_limits();
    few.values = 3;
    EXPECT_EQ(limited([&] { untrusted::parse_json(R"({"a": [1, 2, 3, 4]})", few); }), errc::limit_exceeded);
    EXPECT_EQ(limited([&] { untrusted::parse_query("a=1&b=2&c=3&d=4", few); }), errc::limit_exceeded);
    EXPECT_EQ(limited([&] { untrusted::parse_json(std::string(100'000, '[')); }), errc::limit_exceeded);
}

// --- policies --------------------------------------------------------------------------------------------------------

struct policy_row {
    char const* name;
    char const* requests;
    char const* path;
};

class BadPolicies : public ::testing::TestWithParam<policy_row> {};

TEST_P(BadPolicies, AreFoundWhenTheDefinitionIsCompiled) {
    auto const text = std::string(R"({"collection": "a", "fields": [{"name": "t", "validation": {"type": "string"}},
        {"name": "n", "validation": {"type": "number"}}], "requests": )") +
                      GetParam().requests + "}";
    auto const e = refusal_of([&] { model(model_definition::parse(text)); });
    EXPECT_EQ(e.code(), errc::definition) << e.report();
    EXPECT_EQ(e.details().path, GetParam().path);
}

INSTANTIATE_TEST_SUITE_P(Requests, BadPolicies,
    ::testing::Values(policy_row{"filter", R"({"filter": {"x": true}})", "requests.filter.x"},
        policy_row{"filter_by_an_operator", R"({"filter": {"$where": true}})", "requests.filter.$where"},
        policy_row{"no_word", R"({"filter": {"t": ["$gt"]}})", "requests.filter.t"},
        policy_row{"pattern_of_numbers", R"({"filter": {"n": ["contains"]}})", "requests.filter.n"},
        policy_row{"sort", R"({"sort": ["x"]})", "requests.sort.x"},
        policy_row{"fields", R"({"fields": ["x"]})", "requests.fields.x"},
        policy_row{"include", R"({"include": ["t"]})", "requests.include.t"},
        policy_row{"write", R"({"write": ["x"]})", "requests.write.x"},
        policy_row{"unknown_key", R"({"filters": {}})", "requests.filters"},
        policy_row{"page_of_nothing", R"({"pageSize": 0})", "requests.pageSize.0"},
        policy_row{"page_beyond_the_greatest", R"({"pageSize": 50, "maxPageSize": 20})", "requests.pageSize"}),
    name_of_row);

TEST(Policies, AreReadFromJson) {
    auto const d = model_definition::parse(R"({"collection": "a", "requests": {"filter": {"t": ["eq", "startsWith"], "n": true},
        "sort": ["t"], "fields": ["t"], "include": ["r"], "hooks": ["afterFind_x"], "write": ["t"], "pageSize": 5, "maxPageSize": 7, "maxSkip": 9,
        "maxClauses": 2, "maxDepth": 1, "maxList": 4, "regex": {"maxLength": 10, "unanchored": true, "maxRepetitions": 1}}})");
    auto const& p = *d.requests();
    EXPECT_EQ(p.filter().at("t"), (std::vector<filter_word>{filter_word::eq, filter_word::starts_with}));
    EXPECT_EQ(p.filter().at("n"), (std::vector<filter_word>{filter_word::eq, filter_word::in}));
    EXPECT_EQ(p.sort(), std::vector<std::string>{"t"});
    EXPECT_EQ(p.fields(), std::vector<std::string>{"t"});
    EXPECT_EQ(p.include(), std::vector<std::string>{"r"});
    EXPECT_EQ(p.hooks(), std::vector<std::string>{"afterFind_x"});
    EXPECT_EQ(p.write(), std::vector<std::string>{"t"});
    EXPECT_EQ(p.page_size(), 5);
    EXPECT_EQ(p.max_page_size(), 7);
    EXPECT_EQ(p.max_skip(), 9);
    EXPECT_EQ(p.max_clauses(), 2);
    EXPECT_EQ(p.max_depth(), 1);
    EXPECT_EQ(p.max_list(), 4);
    EXPECT_EQ(p.regex().max_length, 10U);
    EXPECT_TRUE(p.regex().unanchored);
    EXPECT_EQ(p.regex().max_repetitions, 1);
}

} // namespace
} // namespace cormorant
