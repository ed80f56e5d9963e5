// error: untrusted
// Input of clients where an update is wanted.
#include <cormorant/model/model.hpp>

using namespace cormorant;

void f(model const& post, untrusted const& body) {
#ifdef COMPILE_FAIL
    post.update(doc("a", 1), body);
#else
    post.update(doc("a", 1), post.changes(body));
#endif
}
