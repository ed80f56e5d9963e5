#pragma once

/// Tests of the MongoDB store run twice, with and without its fast lane: the environment says which.

#include <cormorant/mongo/mongo_store.hpp>

#include <cstdlib>
#include <string_view>
#include <utility>

namespace cormorant::testing {

inline bool fast_lane_is_on() {
    char const* const text = std::getenv("CORMORANT_TEST_FAST_LANE");
    return text == nullptr || std::string_view(text) != "off";
}

inline mongo_options test_options(mongo_options options = mongo_options()) {
    return std::move(options).fast_lane(fast_lane_is_on());
}

} // namespace cormorant::testing
