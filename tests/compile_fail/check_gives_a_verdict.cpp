// error: a check gives a bool or a std::optional<std::string>
// A check whose answer says nothing.
#include <cormorant/schema/field.hpp>

using namespace cormorant;

void f() {
#ifdef COMPILE_FAIL
    string().check("short", [](value const& v) { return v; });
#else
    string().check("short", [](value const& v) { return v.as_string().size() < 5; });
#endif
}
