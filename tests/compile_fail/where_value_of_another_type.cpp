// error: where: a member is compared with a value of its own type
// A text is never greater than a number.
#include <cormorant/repository/where.hpp>

using namespace cormorant;

struct user {
    std::string name;
    int age = 0;
};
BOOST_DESCRIBE_STRUCT(user, (), (name, age))

void f() {
#ifdef COMPILE_FAIL
    (void)(where(&user::age) >= "18");
#else
    (void)(where(&user::age) >= 18);
#endif
}
