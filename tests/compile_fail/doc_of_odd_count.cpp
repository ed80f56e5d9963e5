// error: doc\(\) takes keys and values in turn
// A key without a value.
#include <cormorant/bson/value.hpp>

using namespace cormorant;

void f() {
#ifdef COMPILE_FAIL
    doc("a", 1, "b");
#else
    doc("a", 1, "b", 2);
#endif
}
