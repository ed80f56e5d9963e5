#include "schema_fixture.hpp"

#include <cormorant/schema/describe.hpp>

#include <boost/describe.hpp>

#include <array>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace cormorant::test {

enum class state { open, closed };
BOOST_DESCRIBE_ENUM(state, open, closed)

struct address {
    std::string street;
    std::optional<int> number;
};
BOOST_DESCRIBE_STRUCT(address, (), (street, number))

struct person {
    object_id _id;
    std::string name;
};
BOOST_DESCRIBE_STRUCT(person, (), (_id, name))

struct customer : person {
    std::optional<std::string> nick;
    long age = 0;
    double score = 0;
    bool active = false;
    datetime created;
    decimal128 balance;
    state status = state::open;
    address home;
    std::optional<std::vector<address>> others;
    std::vector<std::string> tags;
    std::array<int, 2> position{};
    std::map<std::string, int> counts;
    document extra;
    value whatever;
};
BOOST_DESCRIBE_STRUCT(customer, (person),
    (nick, age, score, active, created, balance, status, home, others, tags, position, counts, extra, whatever))

struct other_id {
    std::string _id;
};
BOOST_DESCRIBE_STRUCT(other_id, (), (_id))

namespace {

TEST(definition_of, gives_every_member_its_type) {
    auto const s = schema::compile(definition_of<customer>("customers"));
    auto const kind = [&](char const* path) {
        auto const* const type = s->type_at(path);
        return type == nullptr ? type_kind::unknown : type->kind;
    };
    EXPECT_EQ(kind("name"), type_kind::string);
    EXPECT_EQ(kind("nick"), type_kind::string);
    EXPECT_EQ(kind("age"), type_kind::integer);
    EXPECT_EQ(kind("score"), type_kind::number);
    EXPECT_EQ(kind("active"), type_kind::boolean);
    EXPECT_EQ(kind("created"), type_kind::date);
    EXPECT_EQ(kind("balance"), type_kind::decimal);
    EXPECT_EQ(s->type_at("status")->one_of, (std::vector<value>{"open", "closed"}));
    EXPECT_EQ(kind("home.street"), type_kind::string);
    EXPECT_EQ(kind("others.0.number"), type_kind::integer);
    EXPECT_EQ(kind("tags.0"), type_kind::string);
    EXPECT_EQ(s->type_at("position")->min_size, 2);
    EXPECT_EQ(s->type_at("position")->max_size, 2);
    EXPECT_EQ(kind("counts.x"), type_kind::integer);
    EXPECT_EQ(kind("extra"), type_kind::object);
    EXPECT_EQ(kind("whatever"), type_kind::any);
}

TEST(definition_of, requires_what_is_not_optional) {
    auto const s = schema::compile(definition_of<customer>("customers"));
    EXPECT_TRUE(s->field("name")->required);
    EXPECT_FALSE(s->field("nick")->required);
    EXPECT_FALSE(s->field("others")->required);
    EXPECT_EQ(wrong(*with_field(field_of<address>::get()), json(R"({"v": {"number": 1}})")), strings{"v.street required"});
}

TEST(definition_of, keeps_the_id_of_every_model_unless_it_is_of_another_type) {
    EXPECT_TRUE(schema::compile(definition_of<person>("people"))->field("_id")->has_default());
    auto const s = schema::compile(definition_of<other_id>("others"));
    EXPECT_EQ(s->field("_id")->type.kind, type_kind::string);
    EXPECT_TRUE(s->field("_id")->required);
}

TEST(definition_of, validates_what_a_struct_is_stored_as) {
    auto const s = schema::compile(definition_of<customer>("customers"));
    customer c;
    c.name = "Ann";
    c.home.street = "Main St";
    c.tags = {"a"};
    c.counts = {{"x", 1}};
    c.extra = doc("a", 1);
    c.whatever = 5;
    EXPECT_EQ(wrong(*s, to_document(c)), strings());
}

TEST(definition_of, can_be_refined) {
    auto const s = schema::compile(definition_of<person>("people").field("name", string().required().max_length(3)));
    EXPECT_EQ(wrong(*s, doc("name", "Anna")), strings{"name max_length"});
}

} // namespace
} // namespace cormorant::test
