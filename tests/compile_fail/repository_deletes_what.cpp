// error: (no matching (member )?function|too few arguments)
// A repository's delete that does not say which documents.
#include <cormorant/repository/repository.hpp>

using namespace cormorant;

void f(repository const& posts) {
#ifdef COMPILE_FAIL
    posts.delete_();
#else
    posts.delete_(all);
#endif
}
