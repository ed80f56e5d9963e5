#include <cormorant/schema/relation.hpp>

namespace cormorant {

relation::relation(std::string name, cardinality kind) {
    spec_.left_key = name + (kind == cardinality::single ? "_id" : "_ids");
    spec_.model = name;
    spec_.name = std::move(name);
    spec_.kind = kind;
    spec_.right_key_type.kind = type_kind::object_id;
}

} // namespace cormorant
