#pragma once

#include <string>
#include <string_view>

namespace cormorant::detail {

/// What all spellings of a model's name have in common: `"UserProfile"`, `"user-profile"` -> `"userprofile"`.
std::string model_key(std::string_view name);
/// The collection of a model that names none: `"user-profile"` -> `"userProfiles"`, `"CityModel"` -> `"cities"`.
std::string default_collection(std::string_view model);

} // namespace cormorant::detail
