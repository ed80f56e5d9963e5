// error: untrusted
// Input of clients where a document is wanted.
#include <cormorant/model/model.hpp>

using namespace cormorant;

void f(model const& post, untrusted const& body) {
#ifdef COMPILE_FAIL
    post.insert(body);
#else
    post.insert(post.accept(body));
#endif
}
