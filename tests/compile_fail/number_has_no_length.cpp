// error: max_length
// A rule of texts on a number.
#include <cormorant/schema/field.hpp>

using namespace cormorant;

void f() {
#ifdef COMPILE_FAIL
    number().max_length(5);
#else
    number().max(5);
#endif
}
