// error: one_of
// Choices of another type.
#include <cormorant/schema/field.hpp>

using namespace cormorant;

void f() {
#ifdef COMPILE_FAIL
    number().one_of(1, "b");
#else
    number().one_of(1, 2.5);
#endif
}
