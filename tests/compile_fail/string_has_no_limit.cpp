// error: max
// A rule of numbers on a text.
#include <cormorant/schema/field.hpp>

using namespace cormorant;

void f() {
#ifdef COMPILE_FAIL
    string().max(5);
#else
    string().max_length(5);
#endif
}
