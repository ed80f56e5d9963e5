// error: untrusted
// Input of clients where a filter is wanted.
#include <cormorant/model/model.hpp>

using namespace cormorant;

void f(model const& post, untrusted const& input) {
#ifdef COMPILE_FAIL
    post.find(input);
#else
    post.find(post.query(input).filter);
#endif
}
