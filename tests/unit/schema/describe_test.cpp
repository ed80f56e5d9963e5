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

struct order {
    object_id _id;
    ref<person> buyer;
    std::vector<ref<customer>> recipients;
    ref<person, std::string> agent;
    std::vector<address> stops;
};
BOOST_DESCRIBE_STRUCT(order, (), (_id, buyer, recipients, agent, stops))

struct delivery {
    ref<order> of;
    int weight = 0;
};
BOOST_DESCRIBE_STRUCT(delivery, (), (of, weight))
struct tour {
    delivery first;
};
BOOST_DESCRIBE_STRUCT(tour, (), (first))

struct other_id {
    std::string _id;
};
BOOST_DESCRIBE_STRUCT(other_id, (), (_id))

} // namespace cormorant::test

template <>
inline constexpr std::string_view cormorant::model_name<cormorant::test::customer> = "customers";
template <>
struct cormorant::field_names<cormorant::test::order> {
    static constexpr std::string_view left_key(std::string_view member) { return member == "agent" ? "agent_name" : ""; }
    static constexpr std::string_view right_key(std::string_view member) { return member == "agent" ? "name" : ""; }
};

namespace cormorant::test {
namespace {

TEST(definition_of, derives_relationships_from_references) {
    auto const s = schema::compile(definition_of<order>());
    EXPECT_EQ(s->name(), "order");
    auto const& buyer = *s->relation("buyer");
    EXPECT_EQ(buyer.kind, cardinality::single);
    EXPECT_EQ(buyer.model, "person");
    EXPECT_EQ(buyer.left_key, "buyer_id");
    EXPECT_FALSE(buyer.required);
    EXPECT_EQ(s->type_at("buyer_id")->kind, type_kind::object_id);
    auto const& recipients = *s->relation("recipients");
    EXPECT_EQ(recipients.kind, cardinality::multiple);
    EXPECT_EQ(recipients.model, "customers");
    EXPECT_EQ(s->type_at("recipients_ids.0")->kind, type_kind::object_id);
    auto const& agent = *s->relation("agent");
    EXPECT_EQ(agent.left_key, "agent_name");
    EXPECT_EQ(agent.right_key, "name");
    EXPECT_EQ(s->type_at("agent_name")->kind, type_kind::string);
    EXPECT_NE(s->field("stops"), nullptr);
    EXPECT_EQ(s->field("buyer"), nullptr);
}

TEST(definition_of, keeps_references_inside_of_objects_as_ids) {
    auto const s = schema::compile(definition_of<tour>());
    EXPECT_EQ(s->type_at("first.of_id")->kind, type_kind::object_id);
    EXPECT_EQ(wrong(*s, doc("first", doc("weight", 1))), strings()) << "a reference need not be there";
}

TEST(relation_of, gives_the_relationship_of_a_member_to_refine) {
    auto const s = schema::compile(definition_of<order>().relation(relation_of(&order::buyer).required()));
    EXPECT_TRUE(s->field("buyer_id")->required);
    EXPECT_EQ(s->relation("buyer")->model, "person");
}

TEST(check_struct, finds_references_that_the_definition_keeps_elsewhere) {
    check_struct<order>(definition_of<order>());
    auto const refused = [](relation_definition r) {
        auto const e = caught([&] { check_struct<order>(definition_of<order>("orders").relation(std::move(r))); });
        EXPECT_EQ(e.code(), errc::definition);
        EXPECT_EQ(e.details().model, "orders");
        EXPECT_EQ(e.details().path, "buyer");
        return e.message();
    };
    EXPECT_NE(refused(single("buyer").left_key("who")).find("'buyer_id'"), std::string::npos);
    EXPECT_NE(refused(single("buyer").right_key("name")).find("'name'"), std::string::npos);
    EXPECT_NE(refused(multiple("buyer").left_key("buyer_id")).find("multiple"), std::string::npos);
    EXPECT_EQ(caught([] { check_struct<order>(model_definition("orders")); }).details().path, "buyer");
}

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
