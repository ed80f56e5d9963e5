#include "repository/naming.hpp"

#include <gtest/gtest.h>

namespace cormorant {
namespace {

TEST(ModelKey, IsOneForAllSpellings) {
    for (char const* spelling : {"userProfile", "UserProfile", "user-profile", "user_profile", "USERPROFILE"})
        EXPECT_EQ(detail::model_key(spelling), "userprofile");
    EXPECT_NE(detail::model_key("user"), detail::model_key("users"));
}

TEST(DefaultCollection, IsThePluralOfTheName) {
    struct {
        char const* model;
        char const* collection;
    } const cases[] = {
        {"user", "users"},
        {"User", "users"},
        {"user-profile", "userProfiles"},
        {"user_profile", "userProfiles"},
        {"UserProfile", "userProfiles"},
        {"CityModel", "cities"},
        {"model", "models"},
        {"day", "days"},
        {"box", "boxes"},
        {"quiz", "quizes"},
        {"match", "matches"},
        {"dish", "dishes"},
        {"news", "news"},
        {"users", "users"},
        {"address", "addresses"},
        {"bus", "buses"},
        {"class", "classes"},
        {"status", "statuses"},
    };
    for (auto const& c : cases)
        EXPECT_EQ(detail::default_collection(c.model), c.collection) << c.model;
}

} // namespace
} // namespace cormorant
