// error: sort
// An option that an operation does not have.
#include <cormorant/operation/options.hpp>

using namespace cormorant;

void f() {
#ifdef COMPILE_FAIL
    count_options().sort("created", -1);
#else
    find_options().sort("created", -1);
#endif
}
