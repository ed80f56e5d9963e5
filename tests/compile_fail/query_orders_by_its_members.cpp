// error: query: the member of another struct
#include <cormorant/repository/query.hpp>

using namespace cormorant;

struct user {
    std::string name;
};
BOOST_DESCRIBE_STRUCT(user, (), (name))
struct city {
    std::string name;
};
BOOST_DESCRIBE_STRUCT(city, (), (name))

void f() {
#ifdef COMPILE_FAIL
    (void)query_for<user>().order(&city::name);
#else
    (void)query_for<user>().order(&user::name);
#endif
}
