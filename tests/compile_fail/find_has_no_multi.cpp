// error: multi
// An option of another operation.
#include <cormorant/operation/options.hpp>

using namespace cormorant;

void f() {
#ifdef COMPILE_FAIL
    find_options().multi(true);
#else
    update_options().multi(true);
#endif
}
