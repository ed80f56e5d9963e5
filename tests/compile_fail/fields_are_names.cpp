// error: fields
// Names of fields are texts.
#include <cormorant/operation/options.hpp>

using namespace cormorant;

void f() {
#ifdef COMPILE_FAIL
    find_options().fields("title", 1);
#else
    find_options().fields("title", "author.name");
#endif
}
