#include "schema/name_table.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace cormorant::detail {
namespace {

TEST(name_table, finds_every_name_at_its_position_and_nothing_else) {
    for (std::size_t const count : {0U, 1U, 2U, 7U, 40U, 300U, 2000U}) {
        std::vector<std::string> names;
        for (std::size_t i = 0; i < count; ++i) {
            names.push_back("field_with_a_long_common_prefix_" + std::to_string(i) + "_and_suffix");
        }
        name_table const table(names);
        for (std::size_t i = 0; i < count; ++i) {
            ASSERT_EQ(table.find(names[i]), i);
            ASSERT_EQ(table.find(names[i] + "x"), name_table::npos);
        }
        EXPECT_EQ(table.find(""), name_table::npos);
        EXPECT_EQ(table.find("other"), name_table::npos);
    }
}

TEST(name_table, tells_names_apart_that_differ_in_one_byte_only) {
    std::vector<std::string> names;
    for (char c = 'a'; c <= 'z'; ++c) {
        names.push_back(std::string(12, 'x') + c + std::string(12, 'y'));
        names.push_back(std::string(1, c));
    }
    name_table const table(names);
    for (std::size_t i = 0; i < names.size(); ++i) {
        EXPECT_EQ(table.find(names[i]), i);
    }
}

TEST(name_table, a_default_one_is_empty) {
    EXPECT_EQ(name_table().find("a"), name_table::npos);
}

} // namespace
} // namespace cormorant::detail
