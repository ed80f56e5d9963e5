#include "data.hpp"

#include <fmt/format.h>

#include <array>

namespace versus {
namespace {

constexpr std::array<std::string_view, 32> words = {"alpha", "bravo", "charlie", "delta", "echo", "foxtrot", "golf", "hotel",
    "india", "juliet", "kilo", "lima", "mike", "november", "oscar", "papa", "quebec", "romeo", "sierra", "tango", "uniform",
    "victor", "whiskey", "xray", "yankee", "zulu", "amber", "beryl", "coral", "denim", "ebony", "fawn"};
constexpr std::array<std::string_view, 4> statuses = {"new", "active", "blocked", "gone"};

/// A linear congruential generator of 24 bits.
class generator {
public:
    generator(kind k, std::uint32_t i) : state_(static_cast<std::uint32_t>(k) * 2654435761U + i * 2246822519U + 1U) {}

    std::uint32_t next() {
        state_ = state_ * 1664525U + 1013904223U;
        return state_ >> 8;
    }
    std::string word() { return std::string(words[next() % words.size()]); }
    std::string text(std::size_t size) {
        std::string result;
        while (result.size() < size)
            result.append(word()).push_back(' ');
        result.resize(size);
        return result;
    }
    orm::datetime date() { return orm::datetime(std::chrono::milliseconds(1'600'000'000'000 + std::int64_t(next()) * 1000)); }
    double real(double divisor) { return static_cast<double>(next() | 1U) / divisor; }

private:
    std::uint32_t state_;
};

} // namespace

orm::object_id id_of(kind k, std::uint32_t i) {
    std::array<std::byte, orm::object_id::size> bytes{std::byte(0x65)};
    bytes[4] = std::byte(static_cast<std::uint8_t>(k));
    for (std::size_t b = 0; b < 4; ++b)
        bytes[8 + b] = std::byte(static_cast<std::uint8_t>(i >> (24 - 8 * b)));
    return orm::object_id(bytes);
}

std::string_view status_of(std::uint32_t i) {
    return statuses[i % statuses.size()];
}

// The order of the calls is part of the data.
item make_item(kind k, std::uint32_t i) {
    generator g(k, i);
    item it;
    it._id = id_of(k, i);
    auto first = g.word();
    auto second = g.word();
    it.name = fmt::format("{} {} {}", first, second, i);
    first = g.word();
    second = g.word();
    it.email = fmt::format("{}.{}{}@example.com", first, second, i);
    it.age = static_cast<std::int32_t>(18 + g.next() % 60);
    it.score = g.real(1024);
    it.visits = static_cast<std::int32_t>(g.next());
    it.active = g.next() % 2 == 0;
    it.createdAt = g.date();
    it.status = status_of(g.next());
    for (int n = 0; n < 5; ++n)
        it.tags.push_back(g.word());
    it.address.street = g.text(24);
    it.address.city = g.word();
    it.address.zip = std::to_string(10'000 + g.next() % 90'000);
    it.address.country = g.word();
    it.address.geo.lat = g.real(262'144);
    it.address.geo.lng = g.real(262'144);
    for (int n = 0; n < 3; ++n) {
        event& e = it.history.emplace_back();
        e.at = g.date();
        e.action = g.word();
        e.n = static_cast<std::int32_t>(g.next() % 1000);
    }
    it.bio = g.text(480);
    return it;
}

orm::document make_post(std::uint32_t i) {
    generator g(kind::post, i);
    orm::document d = orm::doc("_id", id_of(kind::post, i));
    d.append("title", g.text(40));
    d.append("body", g.text(200));
    d.append("views", static_cast<std::int32_t>(g.next() % 100'000));
    d.append("createdAt", g.date());
    d.append("authorId", id_of(kind::author, g.next() % authors));
    auto const first = g.next() % tags;
    auto const step = 1 + g.next() % 97;
    orm::array ids;
    for (std::uint32_t n = 0; n < 5; ++n)
        ids.push_back(id_of(kind::tag, (first + n * step) % tags));
    d.append("tagIds", std::move(ids));
    return d;
}

orm::document make_author(std::uint32_t i) {
    generator g(kind::author, i);
    orm::document d = orm::doc("_id", id_of(kind::author, i));
    auto const first = g.word();
    auto const second = g.word();
    d.append("name", fmt::format("{} {} {}", first, second, i));
    d.append("email", fmt::format("{}{}@example.com", g.word(), i));
    d.append("imageId", id_of(kind::image, g.next() % images));
    return d;
}

orm::document make_image(std::uint32_t i) {
    generator g(kind::image, i);
    orm::document d = orm::doc("_id", id_of(kind::image, i), "url", fmt::format("https://img.example.com/{}.jpg", i));
    d.append("width", static_cast<std::int32_t>(100 + g.next() % 1900));
    d.append("height", static_cast<std::int32_t>(100 + g.next() % 1900));
    return d;
}

orm::document make_tag(std::uint32_t i) {
    generator g(kind::tag, i);
    orm::document d = orm::doc("_id", id_of(kind::tag, i));
    d.append("name", fmt::format("{}{}", g.word(), i));
    auto const first = g.word();
    auto const second = g.word();
    d.append("slug", fmt::format("{}-{}{}", first, second, i));
    d.append("color", g.word());
    return d;
}

} // namespace versus
