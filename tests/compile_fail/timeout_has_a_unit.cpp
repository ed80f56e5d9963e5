// error: duration
// A time without a unit.
#include <cormorant/operation/options.hpp>

using namespace cormorant;

void f() {
#ifdef COMPILE_FAIL
    find_options().timeout(5);
#else
    find_options().timeout(std::chrono::seconds(5));
#endif
}
