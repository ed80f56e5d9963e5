// error: value
// A type that nothing says how to store.
#include <cormorant/bson/value.hpp>

using namespace cormorant;

struct unknown_type {};

void f() {
#ifdef COMPILE_FAIL
    value v(unknown_type{});
#else
    value v("text");
#endif
}
