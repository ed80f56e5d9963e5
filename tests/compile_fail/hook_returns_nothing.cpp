// error: a hook returns void or boost::asio::awaitable<void>
// A hook whose answer would be dropped.
#include <cormorant/pipeline/hook.hpp>

using namespace cormorant;

void f() {
#ifdef COMPILE_FAIL
    hook_handler([](filter_args& a) { a.filter.set("tenant", 7); return true; });
#else
    hook_handler([](filter_args& a) { a.filter.set("tenant", 7); });
#endif
}
