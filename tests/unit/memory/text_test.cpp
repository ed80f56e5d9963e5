#include <cormorant/bson/json.hpp>
#include <cormorant/error/error.hpp>

#include <gtest/gtest.h>
#include <memory/index/index.hpp>
#include <memory/search/text_language.hpp>
#include <memory/search/text_search.hpp>

namespace cormorant::memory {
namespace {

std::string words_of(char const* language, char const* text, word_options options = word_options()) {
    std::string result;
    for (std::string const& word : text_language::find(language)->words(text, options))
        result += (result.empty() ? "" : " ") + word;
    return result;
}

TEST(text_language, is_found_by_name_and_code_whatever_the_case) {
    EXPECT_EQ(text_language::find("english"), text_language::find("EN"));
    EXPECT_EQ(text_language::find("French"), text_language::find("fr"));
    EXPECT_NE(text_language::find("none"), nullptr);
    EXPECT_EQ(text_language::find("klingon"), nullptr);
    EXPECT_EQ(text_language::find(""), nullptr);
}

TEST(text_language, cuts_texts_into_stems) {
    struct {
        char const* language;
        char const* text;
        char const* words;
    } const cases[] = {
        {"english", "The quick brown foxes", "quick brown fox"},
        {"english", "don't stop-now, e-mail foo_bar a.b", "stop now e mail foo_bar b"},
        {"none", "The quick brown foxes", "the quick brown foxes"},
        {"none", "don't", "don t"},
        {"french", "La maison est belle", "maison bel"},
        {"german", "Straßen der Städte", "strass stadt"},
        {"spanish", "los niños corriendo", "nin corr"},
        {"russian", "Привет, миры", "привет мир"},
        {"english", "“quoted”—dashes… and\u00a0space", "quot dash space"},
        {"english", "", ""},
        {"english", " \t\n.,;", ""},
    };
    for (auto const& [language, text, words] : cases)
        EXPECT_EQ(words_of(language, text), words) << text;
}

TEST(text_language, keeps_case_and_accents_when_asked) {
    EXPECT_EQ(words_of("english", "The Café Foxes"), "cafe fox");
    EXPECT_EQ(words_of("english", "The Café Foxes", {true, false}), "Cafe Fox");
    EXPECT_EQ(words_of("english", "The Café Foxes", {false, true}), "café fox");
    EXPECT_EQ(words_of("english", "The Café Foxes", {true, true}), "Café Fox");
    EXPECT_EQ(words_of("english", "cafe\u0301"), "cafe");
}

std::shared_ptr<text_specification const> specification_of(char const* keys, char const* options) {
    index_model model;
    model.keys = parse_json_document(keys);
    model.options = parse_json_document(options);
    return index_definition::compile(model).text;
}

TEST(text_search, scores_words_by_weight_frequency_and_share) {
    auto const s = specification_of(R"({"t": "text", "b": "text"})", R"({"weights": {"t": 3}})");
    auto const scores = s->scores(parse_json_document(R"({"t": "fox fox cat", "b": "Fox", "c": "dog"})"));
    // Twice of three: (1 + 1/2) * (0.5 * 2/3 + 0.5), threefold; alone in its text: a tenth more.
    EXPECT_DOUBLE_EQ(scores.at("fox"), 3 * 1.5 * (0.5 * 2 / 3 + 0.5) + 1.1);
    EXPECT_DOUBLE_EQ(scores.at("cat"), 3 * (0.5 / 3 + 0.5));
    EXPECT_EQ(scores.size(), 2u);
}

TEST(text_search, terms_are_those_that_an_index_is_asked_for) {
    auto const s = specification_of(R"({"t": "text"})", "{}");
    text_query const q(parse_json(R"({"$search": "Foxes the fox -cat \"brown dogs\""})"), s);
    EXPECT_EQ(q.terms(), (std::vector<std::string>{"brown", "dog", "fox"}));
    EXPECT_TRUE(q.matches(parse_json_document(R"({"t": "some brown dogs"})")));
    EXPECT_FALSE(q.matches(parse_json_document(R"({"t": "some brown dogs and a cat"})")));
    EXPECT_FALSE(q.matches(parse_json_document(R"({"t": "fox"})")));
}

TEST(text_search, keys_of_an_index_are_the_words) {
    index_model model;
    model.keys = parse_json_document(R"({"t": "text"})");
    auto const definition = index_definition::compile(model);
    auto const keys = keys_of(definition, parse_json_document(R"({"t": ["red apples", "apple"]})"));
    ASSERT_EQ(keys.keys.size(), 2u);
    EXPECT_EQ(keys.keys[0].front(), value("appl"));
    EXPECT_EQ(keys.keys[1].front(), value("red"));
    EXPECT_TRUE(keys_of(definition, document()).keys.empty());
}

TEST(text_search, unique_and_partial_text_indexes_are_unsupported) {
    for (char const* options :
        {R"({"unique": true})", R"({"partialFilterExpression": {"x": 1}})", R"({"textIndexVersion": 2})"}) {
        try {
            specification_of(R"({"t": "text"})", options);
            ADD_FAILURE() << options;
        } catch (error const& e) {
            EXPECT_EQ(e.code(), errc::unsupported) << e.what();
        }
    }
}

} // namespace
} // namespace cormorant::memory
