// error: where: each member belongs to the struct that the one before it is
#include <cormorant/repository/where.hpp>

using namespace cormorant;

struct address {
    std::string city;
};
BOOST_DESCRIBE_STRUCT(address, (), (city))
struct user {
    std::string name;
    address home;
};
BOOST_DESCRIBE_STRUCT(user, (), (name, home))

void f() {
#ifdef COMPILE_FAIL
    (void)(where(&user::home, &user::name) == "Bern");
#else
    (void)(where(&user::home, &address::city) == "Bern");
#endif
}
