// error: untrusted
// Input of clients put into a document; a text of it may be.
#include <cormorant/schema/untrusted.hpp>

using namespace cormorant;

document f(untrusted const& input) {
#ifdef COMPILE_FAIL
    return doc("name", input);
#else
    return doc("name", input.text("name").value_or(""));
#endif
}
