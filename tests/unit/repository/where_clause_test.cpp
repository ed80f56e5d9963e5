#include <cormorant/repository/query.hpp>
#include <cormorant/repository/where.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

namespace cormorant {
namespace where_clauses {

struct address {
    std::string city;
    std::optional<std::string> street;
};
BOOST_DESCRIBE_STRUCT(address, (), (city, street))

enum class role { guest, admin };
BOOST_DESCRIBE_ENUM(role, guest, admin)

struct entity {
    int id = 0;
};
BOOST_DESCRIBE_STRUCT(entity, (), (id))

struct user : entity {
    std::string name;
    std::optional<int> age;
    std::vector<std::string> tags;
    address home;
    std::vector<address> others;
    role rights = role::guest;
    std::chrono::sys_time<std::chrono::milliseconds> since;
};
BOOST_DESCRIBE_STRUCT(user, (entity), (name, age, tags, home, others, rights, since))

template <class T>
document written(basic_where_clause<T> c) {
    return std::move(c).where();
}

TEST(WhereClause, ComparesMembersWithValuesOfTheirType) {
    EXPECT_EQ(written(where(&user::name) == "Ann"), doc("name", doc("eq", "Ann")));
    EXPECT_EQ(written(where(&user::name) != std::string("Ann")), doc("name", doc("neq", "Ann")));
    EXPECT_EQ(written(where(&user::age) >= 18), doc("age", doc("gte", 18)));
    EXPECT_EQ(written(where(&user::age) < 7.5), doc("age", doc("lt", 7.5)));
    EXPECT_EQ(written(where(&user::age) == nullptr), doc("age", doc("eq", nullptr)));
    EXPECT_EQ(written(where(&user::age).between(1, 9)), doc("age", doc("between", arr(1, 9))));
    EXPECT_EQ(written(where(&user::rights) == role::admin), doc("rights", doc("eq", "admin")));
    EXPECT_TRUE(written(where(&user::since) > std::chrono::sys_time<std::chrono::seconds>())
                    .at("since")
                    .as_document()
                    .at("gt")
                    .is_date());
    EXPECT_EQ(written(where(&user::name).exists()), doc("name", doc("exists", true)));
}

TEST(WhereClause, LooksIntoLists) {
    EXPECT_EQ(written(where(&user::tags) == "a"), doc("tags", doc("eq", "a")));
    EXPECT_EQ(written(where(&user::tags) == std::vector<std::string>(1, "a")), doc("tags", doc("eq", arr("a"))));
    EXPECT_EQ(written(where(&user::tags).in("a", "b")), doc("tags", doc("inq", arr("a", "b"))));
    std::vector<int> const ages{1, 2};
    EXPECT_EQ(written(where(&user::age).not_in(ages)), doc("age", doc("nin", arr(1, 2))));
}

TEST(WhereClause, HasPatternsForTexts) {
    EXPECT_EQ(written(where(&user::name).like("a%")), doc("name", doc("like", "a%")));
    EXPECT_EQ(written(where(&user::name).ilike("a%")), doc("name", doc("ilike", "a%")));
    EXPECT_EQ(written(where(&user::name).not_like("a%")), doc("name", doc("nlike", "a%")));
    EXPECT_EQ(written(where(&user::tags).not_ilike("a%")), doc("tags", doc("nilike", "a%")));
    EXPECT_EQ(written(where(&user::name).regexp("a+")), doc("name", doc("regexp", "a+")));
    EXPECT_EQ(written(where(&user::name).regexp("a+", "i")), doc("name", doc("regexp", "a+", "flags", "i")));
}

TEST(WhereClause, StepsIntoStructs) {
    EXPECT_EQ(written(where(&user::home, &address::city) == "Bern"), doc("home.city", doc("eq", "Bern")));
    EXPECT_EQ(written(where(&user::others, &address::street) != "x"), doc("others.street", doc("neq", "x")));
}

TEST(WhereClause, IsPutTogether) {
    auto const adult = where(&user::age) >= 18;
    auto const ann = where(&user::name) == "Ann";
    auto const a = doc("age", doc("gte", 18));
    auto const n = doc("name", doc("eq", "Ann"));
    EXPECT_EQ(written(adult && ann), doc("and", arr(a, n)));
    EXPECT_EQ(written(adult && ann && adult), doc("and", arr(a, n, a)));
    EXPECT_EQ(written(adult || ann), doc("or", arr(a, n)));
    EXPECT_EQ(written(adult && (ann || adult)), doc("and", arr(a, doc("or", arr(n, a)))));
    EXPECT_EQ(written(!adult), doc("nor", arr(a)));
    EXPECT_EQ(written(adult && basic_where_clause<user>()), a);
    EXPECT_EQ(written(adult && doc("x", 1)), doc("and", arr(a, doc("x", 1))));
}

TEST(WhereClause, OfABaseHoldsForWhatDerivesFromIt) {
    basic_where_clause<user> const both = where(&user::name) == "Ann" && where(&user::id) > 1;
    EXPECT_EQ(both.where(), doc("and", arr(doc("name", doc("eq", "Ann")), doc("id", doc("gt", 1)))));
}

TEST(WhereClause, IsReadFromInput) {
    EXPECT_EQ(where_clause::parse(doc("a", 1)).where(), doc("a", 1));
    EXPECT_EQ(where_clause::parse(nullptr).where(), document());
    EXPECT_THROW((void)where_clause::parse(arr()), error);
    EXPECT_THROW((void)where_clause::parse("a"), error);
}

TEST(Query, IsADocument) {
    auto const q = query_for<user>()
                       .where(where(&user::age) >= 18)
                       .where(where(&user::name).exists())
                       .order(&user::name)
                       .order(&user::age, direction::descending)
                       .limit(10)
                       .skip(20)
                       .fields(&user::name, &user::id)
                       .include("city")
                       .include("friends", query().order("name").limit(3));
    EXPECT_EQ(q.spec(), doc("where", doc("and", arr(doc("age", doc("gte", 18)), doc("name", doc("exists", true)))), "order",
                            arr("name", "age DESC"), "limit", 10, "skip", 20, "fields", arr("name", "id"), "include",
                            arr("city", doc("relation", "friends", "scope", doc("order", arr("name"), "limit", 3)))));
}

TEST(Query, AddsToADocument) {
    query q = doc("order", "name", "include", "city");
    q.order("age DESC").include("country");
    EXPECT_EQ(q.spec(), doc("order", arr("name", "age DESC"), "include", arr("city", "country")));
    EXPECT_EQ(query::parse(nullptr).spec(), document());
    EXPECT_THROW((void)query::parse("name"), error);
}

} // namespace where_clauses
} // namespace cormorant
