// error: upsert
// An option of another operation.
#include <cormorant/operation/options.hpp>

using namespace cormorant;

void f() {
#ifdef COMPILE_FAIL
    insert_options().upsert(true);
#else
    update_options().upsert(true);
#endif
}
