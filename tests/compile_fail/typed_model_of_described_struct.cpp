// error: describe T with BOOST_DESCRIBE_STRUCT
// A struct that is not described.
#include <cormorant/model/typed_model.hpp>
#include <boost/describe/class.hpp>

using namespace cormorant;

struct plain_author {
    std::string name;
};
struct described_author {
    std::string name;
};
BOOST_DESCRIBE_STRUCT(described_author, (), (name))

void f() {
#ifdef COMPILE_FAIL
    [](connection db) { return db.add<plain_author>(model_definition("authors")); };
#else
    [](connection db) { return db.add<described_author>(model_definition("authors")); };
#endif
}
