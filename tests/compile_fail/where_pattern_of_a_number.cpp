// error: where: only texts have patterns
#include <cormorant/repository/where.hpp>

using namespace cormorant;

struct user {
    std::string name;
    int age = 0;
};
BOOST_DESCRIBE_STRUCT(user, (), (name, age))

void f() {
#ifdef COMPILE_FAIL
    (void)where(&user::age).like("1%");
#else
    (void)where(&user::name).like("A%");
#endif
}
