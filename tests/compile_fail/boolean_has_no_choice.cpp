// error: one_of
// A rule of texts and numbers on a boolean.
#include <cormorant/schema/field.hpp>

using namespace cormorant;

void f() {
#ifdef COMPILE_FAIL
    boolean().one_of(true);
#else
    string().one_of("a", "b");
#endif
}
