// error: could not convert|no viable conversion|no matching|conversion from|cannot convert
// A condition on one struct says nothing of the documents of another.
#include <cormorant/repository/typed_repository.hpp>

using namespace cormorant;

struct user {
    std::string name;
};
BOOST_DESCRIBE_STRUCT(user, (), (name))
struct city {
    std::string name;
};
BOOST_DESCRIBE_STRUCT(city, (), (name))

void f(typed_repository<user> const& users) {
#ifdef COMPILE_FAIL
    (void)users.count(where(&city::name) == "Bern");
#else
    (void)users.count(where(&user::name) == "Ann");
#endif
}
