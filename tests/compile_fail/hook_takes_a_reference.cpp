// error: hook_argument
// A hook that would change a copy.
#include <cormorant/pipeline/hook.hpp>

using namespace cormorant;

void f() {
#ifdef COMPILE_FAIL
    hook_handler([](hook_requests) {});
#else
    hook_handler([](hook_args&) {});
#endif
}
