#include "coroutine.hpp"
#include "schema_fixture.hpp"

#include <cormorant/schema/preparation.hpp>
#include <cormorant/schema/registry.hpp>

#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <stdexcept>

namespace cormorant::test {
namespace {

namespace asio = boost::asio;

using text_case = std::pair<char const*, char const*>;

std::string applied(value_transform const& rule, std::string_view text) {
    rule_context context;
    context.rule = rule.label;
    return std::string(rule.function.plain()(value(text), context).as_string());
}

TEST(transforms, trim_takes_white_space_of_every_kind_off_both_ends) {
    for (auto const& [given, expected] : {text_case{" a b ", "a b"}, {"\t\r\n a", "a"}, {"a\xC2\xA0", "a"},
             {"\xE3\x80\x80x\xE2\x80\xA8", "x"}, {"  ", ""}, {"", ""},
             {"\xEF\xBB\xBF"
              "a",
                 "a"}}) {
        EXPECT_EQ(applied(transforms::trim(), given), expected) << given;
    }
}

TEST(transforms, cases_follow_the_full_mapping_of_unicode) {
    for (auto const& [given, expected] : {text_case{"abc1", "ABC1"}, {"äöüß", "ÄÖÜSS"}, {"жё", "ЖЁ"}, {"ﬁ", "FI"}, {"ŉ", "ʼN"},
             {"ა", "Ა"}, {"𐐨", "𐐀"}, {"ÿ", "Ÿ"}, {"ς", "Σ"}}) {
        EXPECT_EQ(applied(transforms::to_upper_case(), given), expected);
    }
    for (auto const& [given, expected] : {text_case{"ABC1", "abc1"}, {"ÄÖÜ", "äöü"}, {"ΟΔΟΣ", "οδος"}, {"ΟΔΟΣ ΟΔΟΣ", "οδος οδος"},
             {"Σ", "σ"}, {"ΣΑ", "σα"}, {"İ", "i̇"}, {"𐐀", "𐐨"}, {"ẞ", "ß"}}) {
        EXPECT_EQ(applied(transforms::to_lower_case(), given), expected);
    }
    EXPECT_EQ(applied(transforms::to_upper_case(), "a\xFF\xC3z"), "A\xFF\xC3Z") << "what is no UTF-8 stays";
}

TEST(transforms, cut_and_truncate_count_characters) {
    EXPECT_EQ(applied(transforms::cut(2), "äöü"), "äö");
    EXPECT_EQ(applied(transforms::cut(5), "äöü"), "äöü");
    EXPECT_EQ(applied(transforms::truncate(3), "äöü"), "äöü");
    EXPECT_EQ(applied(transforms::truncate(3), "äöüß"), "äö…");
    EXPECT_EQ(applied(transforms::truncate(0), "a"), "");
    EXPECT_EQ(transforms::cut(2).function.plain()(value(arr(1, 2, 3)), {}), value(arr(1, 2)));
    EXPECT_EQ(caught([] { transforms::cut(-1); }).code(), errc::definition);
}

TEST(transforms, capitalize_changes_the_first_letter_of_words) {
    EXPECT_EQ(applied(transforms::capitalize(), "élan  vital, oK"), "Élan  Vital, OK");
    EXPECT_EQ(applied(transforms::capitalize(true), " élan vital"), " Élan vital");
}

TEST(transforms, refuse_what_is_no_text) {
    for (auto const& rule : {transforms::trim(), transforms::to_upper_case(), transforms::truncate(1), transforms::capitalize(),
             transforms::cut(1)}) {
        auto const e = caught([&] { rule.function.plain()(value(5), {}); });
        EXPECT_EQ(e.code(), errc::type_mismatch) << rule.label;
    }
}

struct check_case {
    char const* name;
    value_check rule;
    std::vector<char const*> good;
    std::vector<char const*> bad;
};

class checks_of_text : public ::testing::TestWithParam<check_case> {};

TEST_P(checks_of_text, tell_good_from_bad) {
    auto const s = with_field(string().check(GetParam().rule));
    for (auto const* text : GetParam().good) {
        EXPECT_EQ(wrong(*s, doc("v", text), {.strip_empty = false}), strings()) << text;
    }
    for (auto const* text : GetParam().bad) {
        EXPECT_EQ(wrong(*s, doc("v", text), {.strip_empty = false}), strings{"v " + GetParam().rule.label}) << text;
    }
}

INSTANTIATE_TEST_SUITE_P(schema, checks_of_text,
    ::testing::Values(check_case{"regexp", checks::regexp(regex{"b.d", "i"}), {"abCd", "bxd"}, {"bd", ""}},
        check_case{"min_length", checks::min_length(2), {"äö", "abc"}, {"ä", ""}},
        check_case{"max_length", checks::max_length(2), {"äö", ""}, {"äöü"}},
        check_case{"email", checks::is_email(), {"a@b.de", "a.b+c@d-e.f"}, {"a", "@b", "a@", "a@b..c", "a b@c.de", "a@-b.c"}},
        check_case{"lower", checks::is_lower_case(), {"äb 1", ""}, {"äB"}},
        check_case{"upper", checks::is_upper_case(), {"ÄB 1"}, {"Äb", "ß"}}),
    case_name);

TEST(rules, run_in_order_inner_ones_first_before_the_type_is_checked) {
    std::vector<std::string> log;
    auto const note = [&](char const* what) {
        return [&log, what](value const& v, rule_context const& c) {
            log.push_back(std::string(what) + " " + std::string(c.property));
            return v;
        };
    };
    auto const number = [](value const& v) { return value(std::stoi(std::string(v.as_string()))); };
    auto const s = schema::compile(model_definition("items")
                                       .field("b", object()
                                                       .field("c", string().transform("c", note("c")))
                                                       .field("l", array_of(string().transform("l", note("l"))))
                                                       .transform("b", note("b")))
                                       .field("a", integer().transform("number", number).transform("a", note("a"))));
    document d = json(R"({"a": "7", "b": {"l": ["x"], "c": "y"}})");
    std::vector<violation> found;
    s->prepare_for_write(d, {}, found);
    EXPECT_TRUE(found.empty());
    EXPECT_EQ(d.at("a"), value(7));
    EXPECT_EQ(log, (strings{"l b.l.0", "c b.c", "b b", "a a"}));
}

TEST(rules, learn_model_property_name_and_argument) {
    std::string seen;
    auto const look = [&](value const&, rule_context const& c) {
        seen = fmt::format("{} {} '{}' {}", c.model, c.property, c.rule, c.argument == nullptr ? "-" : to_json(*c.argument));
        return true;
    };
    wrong(*with_field(string().check("named", 5, look)), doc("v", "x"));
    EXPECT_EQ(seen, "items v 'named' 5");
    wrong(*with_field(string().check("", look)), doc("v", "x"));
    EXPECT_EQ(seen, "items v '' -");
}

TEST(rules, a_refusal_names_the_rule) {
    auto const refuse = [](value const&) { return false; };
    std::vector<violation> found;
    auto d = doc("v", "x");
    with_field(string().check("", refuse).check("named", refuse))->prepare_for_write(d, {}, found);
    ASSERT_EQ(found.size(), 2U);
    EXPECT_EQ(found[0].rule, "check");
    EXPECT_EQ(found[1].message, "must meet the rule 'named'");
    EXPECT_EQ(found[1].code, errc::validation);
}

TEST(rules, pass_exceptions_on_and_give_errors_a_path) {
    auto const s = with_field(string().transform("t", [](value const& v) -> value {
        if (v == value("foreign")) {
            throw std::runtime_error("mine");
        }
        throw error(errc::type_mismatch, "no");
    }));
    std::vector<violation> found;
    auto foreign = doc("v", "foreign");
    EXPECT_THROW(s->prepare_for_write(foreign, {}, found), std::runtime_error);
    auto own = doc("v", "x");
    EXPECT_EQ(caught([&] { s->prepare_for_write(own, {}, found); }).details().path, "v");
}

TEST(rules, of_updates_see_what_is_assigned_or_appended) {
    auto const s =
        schema::compile(model_definition("items")
                            .field("name", string().transform(transforms::to_upper_case()).check(checks::max_length(2)))
                            .field("tags", array_of(string().transform(transforms::trim()).check(checks::min_length(1))))
                            .field("other", string().transform(transforms::trim())));
    value delta = parse_json(R"({"$set": {"name": "ab", "tags.0": " x "}, "$push": {"tags": {"$each": [" y ", " "]}}})");
    std::vector<violation> found;
    s->prepare_delta(delta, {}, found);
    EXPECT_EQ(to_json(delta), R"({"$set":{"name":"AB","tags.0":"x"},"$push":{"tags":{"$each":["y",""]}}})");
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0].path, "tags.1");
}

asio::awaitable<value> later(value const& v, rule_context const& c) {
    co_await asio::post(asio::use_awaitable);
    co_return value(std::string(v.as_string()) + std::string(c.argument->as_string()));
}
asio::awaitable<bool> short_later(value const& v) {
    co_await asio::post(asio::use_awaitable);
    co_return v.as_string().size() < 4;
}
asio::awaitable<value> fail_later(value const&) {
    co_await asio::post(asio::use_awaitable);
    throw std::runtime_error("mine");
}

asio::awaitable<void> finish(preparation& stage) {
    if (!stage.run()) {
        co_await stage.finish();
    }
}

TEST(rules, may_be_coroutines) {
    auto const s = with_field(string()
                                  .transform("a", "1", later)
                                  .transform(transforms::to_upper_case())
                                  .transform("b", "2", later)
                                  .check("short", short_later));
    std::vector<document> docs{doc("v", "x"), doc("v", "yy"), doc("v", 5)};
    preparation stage(*s, std::span(docs).first(2), {});
    cormorant::testing::run(finish(stage));
    EXPECT_EQ(docs[0].at("v"), value("X12"));
    EXPECT_EQ(docs[1].at("v"), value("YY12"));
    ASSERT_EQ(stage.violations().size(), 1U);
    EXPECT_EQ(stage.violations()[0].message, "must meet the rule 'short' (document 1)");
}

TEST(rules, that_are_coroutines_pass_exceptions_on) {
    auto const s = with_field(string().transform("f", fail_later));
    std::vector<document> docs{doc("v", "x")};
    preparation stage(*s, docs, {});
    EXPECT_THROW(cormorant::testing::run(finish(stage)), std::runtime_error);
}

TEST(rules, that_are_coroutines_need_an_operation) {
    auto const s = with_field(string().check("short", short_later));
    auto d = doc("v", "x");
    std::vector<violation> found;
    EXPECT_EQ(caught([&] { s->prepare_for_write(d, {}, found); }).code(), errc::unsupported);
}

TEST(rules, without_a_function_are_refused) {
    EXPECT_EQ(caught([] { with_field(string().transform("t", transform_function())); }).code(), errc::definition);
    EXPECT_EQ(caught([] { with_field(string().check("c", check_function())); }).code(), errc::definition);
}

TEST(registry_of_rules, reads_names_functions_lists_and_objects) {
    function_registry functions;
    functions.add_validator("mine", [](document const&) -> check_function { return [](value const&) { return true; }; });
    functions.add_transformer("mine", [](document const&) -> transform_function { return [](value const& v) { return v; }; });
    auto const labels = [&](char const* spec) {
        strings result;
        for (auto const& rule : functions.make_checks(parse_json(spec))) {
            result.push_back(rule.label + ":" + (rule.argument ? to_json(*rule.argument) : ""));
        }
        return result;
    };
    EXPECT_EQ(labels("null"), strings());
    EXPECT_EQ(labels("[]"), strings());
    EXPECT_EQ(labels(R"("isEmail")"), strings{"isEmail:"});
    EXPECT_EQ(labels(R"({"$fn": "mine"})"), strings{":"});
    EXPECT_EQ(labels(R"(["isEmail", {"$fn": "mine"}, "mine"])"), (strings{"isEmail:", ":", "mine:"}));
    EXPECT_EQ(labels(R"({"minLength": 2, "mine": {"a": 1}})"), (strings{"minLength:2", R"(mine:{"a":1})"}));
    for (auto const* spec : {"5", R"("none")", R"("")", "[null]", R"([{"minLength": 1}])", R"({"minLength": "x"})",
             R"("minLength")", R"({"regexp": "("})"}) {
        EXPECT_EQ(caught([&] { functions.make_checks(parse_json(spec)); }).code(), errc::definition) << spec;
    }
    EXPECT_EQ(functions.make_transforms(parse_json(R"({"cut": 2, "trim": false})")).size(), 2U);
    EXPECT_TRUE(functions.has_validator("mine"));
    EXPECT_TRUE(functions.has_transformer("trim"));
    EXPECT_FALSE(functions.has_transformer("isEmail"));
}

TEST(registry_of_rules, the_argument_false_switches_a_validator_off) {
    function_registry const functions;
    auto const rules = functions.make_checks(parse_json(R"({"minLength": false, "isEmail": false})"));
    for (auto const& rule : rules) {
        EXPECT_EQ(rule.test.plain()(value(5), {}), std::nullopt);
    }
}

} // namespace
} // namespace cormorant::test
