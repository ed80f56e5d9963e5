// error: value|deleted
// A pointer would become a boolean without a word.
#include <cormorant/bson/value.hpp>

using namespace cormorant;

void f() {
#ifdef COMPILE_FAIL
    int const i = 1; value v(&i);
#else
    int const i = 1; value v(i);
#endif
}
