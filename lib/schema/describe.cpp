#include "schema/failure.hpp"

#include <cormorant/schema/describe.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace cormorant::detail {

void check_reference(model_definition const& definition, relation_definition const& of_struct) {
    auto const& all = definition.relations();
    auto const found =
        std::find_if(all.begin(), all.end(), [&](relation_definition const& r) { return r.name == of_struct.name; });
    if (found == all.end()) {
        throw_definition(
            definition.name(), of_struct.name, "the struct has a reference, and the definition no relationship of its name");
    }
    if (found->kind != of_struct.kind) {
        throw_definition(definition.name(), of_struct.name,
            "a reference is a single relationship, a list of references a multiple one; the definition says otherwise");
    }
    if (found->left_key != of_struct.left_key || found->right_key != of_struct.right_key) {
        throw_definition(definition.name(), of_struct.name,
            fmt::format("the struct has '{}' refer to '{}', the definition '{}' to '{}' (see field_names)", of_struct.left_key,
                of_struct.right_key, found->left_key, found->right_key));
    }
}

} // namespace cormorant::detail
