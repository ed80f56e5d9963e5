// error: a hook takes a reference to one of the argument types
// A hook that takes what no hook is given.
#include <cormorant/pipeline/hook.hpp>

using namespace cormorant;

void f() {
#ifdef COMPILE_FAIL
    hook_handler([](document& d) { d.set("tenant", 7); });
#else
    hook_handler([](filter_args& a) { a.filter.set("tenant", 7); });
#endif
}
