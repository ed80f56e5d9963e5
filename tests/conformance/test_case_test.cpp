#include "test_case.hpp"

#include <cormorant/bson/json.hpp>

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <string_view>

namespace conformance {
namespace {

class CaseFiles : public testing::Test {
protected:
    CaseFiles()
        : folder_(std::filesystem::temp_directory_path() /
                  ("conformance_" + std::to_string(::getpid()) + testing::UnitTest::GetInstance()->current_test_info()->name())) {
        std::filesystem::create_directories(folder_);
    }
    ~CaseFiles() override { std::filesystem::remove_all(folder_); }

    void write(std::string_view name, std::string_view text) const { std::ofstream(folder_ / name) << text; }
    std::filesystem::path const& folder() const { return folder_; }

private:
    std::filesystem::path folder_;
};

TEST_F(CaseFiles, are_read_in_the_order_of_their_names) {
    write("02-b.json", R"([{"name":"third"}])");
    write("01-a.json", R"([{"name":"first"},{"name":"second"}])");
    write("notes.md", "no case");
    auto const cases = load_cases(folder());
    ASSERT_EQ(cases.size(), 3u);
    EXPECT_EQ(cases[0].name, "first");
    EXPECT_EQ(cases[1].name, "second");
    EXPECT_EQ(cases[2].name, "third");
    EXPECT_EQ(cases[2].file, "02-b.json");
}

TEST_F(CaseFiles, hold_extended_json) {
    write("a.json", R"([{"name":"x","data":{"c":[{"_id":{"$oid":"0123456789abcdef01234567"}}]}}])");
    auto const cases = load_cases(folder());
    ASSERT_EQ(cases.size(), 1u);
    EXPECT_TRUE(cases[0].content.at("data").as_document().at("c").as_array()[0].as_document().at("_id").is_object_id());
}

TEST_F(CaseFiles, that_cannot_be_read_are_one_faulty_case_each) {
    write("a.json", "[{");
    write("b.json", R"([5,{"name":"good"}])");
    auto const cases = load_cases(folder());
    ASSERT_EQ(cases.size(), 3u);
    EXPECT_NE(cases[0].fault, "");
    EXPECT_NE(cases[1].fault, "");
    EXPECT_EQ(cases[2].fault, "");
}

TEST_F(CaseFiles, must_exist) {
    EXPECT_THROW(load_cases(folder()), std::runtime_error);
}

TEST(Stores, of_a_case_are_those_that_should_pass_it) {
    auto const applies = [](std::string_view content, std::string_view store) {
        return applies_to(cormorant::parse_json_document(content), store);
    };
    EXPECT_TRUE(applies("{}", "memory"));
    EXPECT_TRUE(applies(R"({"adapters":["memory"]})", "memory"));
    EXPECT_FALSE(applies(R"({"adapters":["memory"]})", "mongodb"));
    EXPECT_TRUE(applies(R"({"adapters":["memory"],"should":["memory","mongodb"]})", "mongodb"));
    EXPECT_FALSE(applies(R"({"adapters":["memory","mongodb"],"should":["mongodb"]})", "memory"));
}

TEST(Stores, without_text_search_cannot_run_cases_that_need_it) {
    cormorant::store_capabilities without;
    auto with = without;
    with.text_search = true;
    auto const need = [](std::string_view content, cormorant::store_capabilities const& c) {
        return special_need(cormorant::parse_json_document(content), c);
    };
    auto const* const index = R"({"models":[{"indexes":[{"keys":{"title":"text"}}]}]})";
    auto const* const search = R"({"steps":[{"args":{"filter":{"$text":{"$search":"a"}}}}]})";
    EXPECT_EQ(need(index, without), "text search");
    EXPECT_EQ(need(search, without), "text search");
    EXPECT_EQ(need(R"({"models":[{"indexes":[{"keys":{"title":1}}]}],"data":{"c":[{"kind":"text"}]}})", without), "");
    EXPECT_EQ(need(index, with), "");
}

} // namespace
} // namespace conformance
