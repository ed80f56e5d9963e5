#pragma once

// The data of the comparison: made by a small generator that is the same in all languages, so that every contender finds and
// stores the same documents.

#include <cormorant/bson/bson.hpp>
#include <cormorant/bson/mapping.hpp>

#include <boost/describe/class.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace versus {

namespace orm = cormorant;

enum class kind : std::uint32_t { item = 1, post = 2, author = 3, image = 4, tag = 5, new_item = 6 };

inline constexpr std::uint32_t items = 10'000;
inline constexpr std::uint32_t posts = 2'000;
inline constexpr std::uint32_t authors = 200;
inline constexpr std::uint32_t images = 200;
inline constexpr std::uint32_t tags = 500;
/// New items differ in so many ways.
inline constexpr std::uint32_t templates = 1'000;

struct geo {
    double lat = 0;
    double lng = 0;
};
BOOST_DESCRIBE_STRUCT(geo, (), (lat, lng))

struct address {
    std::string street;
    std::string city;
    std::string zip;
    std::string country;
    versus::geo geo;
};
BOOST_DESCRIBE_STRUCT(address, (), (street, city, zip, country, geo))

struct event {
    orm::datetime at;
    std::string action;
    std::int32_t n = 0;
};
BOOST_DESCRIBE_STRUCT(event, (), (at, action, n))

/// About 1 KB of BSON.
struct item {
    orm::object_id _id;
    std::string name;
    std::string email;
    std::int32_t age = 0;
    double score = 0;
    std::int32_t visits = 0;
    bool active = false;
    orm::datetime createdAt;
    std::string status;
    std::vector<std::string> tags;
    versus::address address;
    std::vector<event> history;
    std::string bio;
};
BOOST_DESCRIBE_STRUCT(item, (), (_id, name, email, age, score, visits, active, createdAt, status, tags, address, history, bio))

/// The digits `65000000KK000000IIIIIIII`.
orm::object_id id_of(kind k, std::uint32_t i);
/// The documents that W1 and W6 are about, in an order that visits them all.
inline orm::object_id some_item(std::uint32_t n) {
    return id_of(kind::item, n * 7919U % items);
}
/// One of the four values of `status`.
std::string_view status_of(std::uint32_t i);

item make_item(kind k, std::uint32_t i);
orm::document make_post(std::uint32_t i);
orm::document make_author(std::uint32_t i);
orm::document make_image(std::uint32_t i);
orm::document make_tag(std::uint32_t i);

} // namespace versus
