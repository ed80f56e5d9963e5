#include <cormorant/schema/relation.hpp>

#include <array>

namespace cormorant {

namespace {

/// The related documents hold the reference.
relation_definition inverse(std::string name, cardinality kind) {
    relation_definition r;
    r.model = name;
    r.name = std::move(name);
    r.kind = kind;
    r.inverse = true;
    r.right_key.clear(); // has to be named
    return r;
}

} // namespace

relation::relation(std::string name, cardinality kind) {
    spec_.left_key = name + (kind == cardinality::single ? "_id" : "_ids");
    spec_.model = name;
    spec_.name = std::move(name);
    spec_.kind = kind;
    spec_.right_key_type.kind = type_kind::object_id;
}

relation& relation::polymorphic() {
    spec_.polymorphic = true;
    if (!spec_.inverse && spec_.discriminator.empty()) {
        spec_.discriminator = spec_.name + "Type";
    }
    return *this;
}

relation belongs_to(std::string name) {
    relation result(std::move(name), cardinality::single);
    result.spec_.left_key = result.spec_.name + "Id";
    result.spec_.right_key_type.kind = type_kind::any;
    return result;
}

relation has_one(std::string name) {
    relation result(name, cardinality::single);
    result.spec_ = inverse(std::move(name), cardinality::single);
    return result;
}

relation has_many(std::string name) {
    relation result(name, cardinality::set);
    result.spec_ = inverse(std::move(name), cardinality::set);
    return result;
}

relation references_many(std::string name) {
    relation result(std::move(name), cardinality::set);
    result.spec_.left_key = singular(result.spec_.name) + "Ids";
    result.spec_.right_key_type.kind = type_kind::any;
    return result;
}

std::string singular(std::string_view plural) {
    auto const without = [&](std::size_t n) { return std::string(plural.substr(0, plural.size() - n)); };
    if (plural.size() > 3 && plural.ends_with("ies")) {
        return without(3) + 'y';
    }
    static constexpr std::array<std::string_view, 7> in_es{"xes", "zes", "ches", "shes", "sses", "statuses", "buses"};
    for (auto const ending : in_es) {
        if (plural.ends_with(ending)) {
            return without(2);
        }
    }
    static constexpr std::array<std::string_view, 3> no_plural{"ss", "us", "is"};
    for (auto const ending : no_plural) {
        if (plural.ends_with(ending)) {
            return std::string(plural);
        }
    }
    return plural.size() > 1 && plural.ends_with('s') ? without(1) : std::string(plural);
}

} // namespace cormorant
