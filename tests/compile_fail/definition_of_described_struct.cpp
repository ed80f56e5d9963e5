// error: definition_of
// A definition from a struct that is not described.
#include <cormorant/schema/describe.hpp>

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
    definition_of<plain_author>("authors");
#else
    definition_of<described_author>("authors");
#endif
}
