// error: (no matching (member )?function|too few arguments)
// A remove that does not say which documents.
#include <cormorant/model/model.hpp>

using namespace cormorant;

void f(model const& post) {
#ifdef COMPILE_FAIL
    post.remove();
#else
    post.remove(all);
#endif
}
