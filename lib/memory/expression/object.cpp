#include "impl.hpp"

#include <array>

namespace cormorant::memory {

namespace {

operand run_object_to_array(function_call const& c, scope& s) {
    operand const v = c.at(0, s);
    if (v.nullish()) {
        return value();
    }
    if (!v->is_document()) {
        refuse(40390, fmt::format("$objectToArray requires a document input, found: {}", type_name(v)));
    }
    array result;
    for (auto const& [key, member] : v->as_document()) {
        result.push_back(doc("k", key, "v", member));
    }
    return value(std::move(result));
}

operand run_merge_objects(function_call const& c, scope& s) {
    document result;
    auto const merge = [&](operand const& v) {
        if (v.nullish()) {
            return;
        }
        if (!v->is_document()) {
            refuse(40400, fmt::format("$mergeObjects requires object inputs, but input {} is of type {}", to_string(v.get()),
                              type_name(v)));
        }
        for (auto const& [key, member] : v->as_document()) {
            result.set(key, member);
        }
    };
    for (std::size_t i = 0; i < c.size(); ++i) {
        operand const v = c.at(i, s);
        if (c.size() == 1 && !v.missing() && v->is_array()) {
            for (value const& e : v->as_array()) {
                merge(operand::of(&e));
            }
        } else {
            merge(v);
        }
    }
    return value(std::move(result));
}

/// The name of a field, which has to be constant.
std::string constant_field(
    std::string_view name, value const& source, compile_context& context, int type_code, int constant_code) {
    auto const e = compile_expression(source, context);
    value const* const v = e->constant();
    if (v == nullptr) {
        refuse(source.is_string() ? constant_code - 1 : constant_code,
            fmt::format("{} requires 'field' to evaluate to a constant, but got a non-constant argument", name));
    }
    if (!v->is_string()) {
        refuse(type_code, fmt::format("{} requires 'field' to evaluate to type String, but got {}", name, to_string(v->type())));
    }
    return std::string(v->as_string());
}

expression_ptr compile_get_field(std::string_view name, value const& source, compile_context& context) {
    std::string field;
    expression_ptr input;
    auto const* const d = source.if_document();
    if (d && !(d->size() == 1 && d->begin()->key().starts_with('$'))) {
        static constexpr std::array<std::string_view, 2> members = {"field", "input"};
        named_arguments const given(name, source, members, 3041701, 3041701);
        field = constant_field(name, given.at("field", 3041702), context, 5654602, 5654601);
        input = given.compile("input", context, 3041703);
    } else {
        field = constant_field(name, source, context, 5654602, 5654601);
        input = compile_expression(value("$$CURRENT"), context);
    }
    return make_expression([field = std::move(field), input = std::move(input)](scope& s) -> operand {
        operand const v = input->evaluate(s);
        if (v.nullish()) {
            return v.missing() ? operand() : operand(value());
        }
        auto const* const object = v->if_document();
        value const* const found = object ? object->find(field) : nullptr;
        return found ? operand(value(*found)) : operand();
    });
}

expression_ptr compile_set_field(std::string_view name, value const& source, compile_context& context) {
    static constexpr std::array<std::string_view, 3> members = {"field", "input", "value"};
    bool const unset = name == "$unsetField";
    named_arguments const given(name, source, members, 4161100, 4161101);
    std::string field = constant_field(name, given.at("field", 4161102), context, 4161107, 4161106);
    auto input = given.compile("input", context, 4161109);
    auto with = unset ? nullptr : given.compile("value", context, 4161103);
    return make_expression([field = std::move(field), input = std::move(input), with = std::move(with)](scope& s) -> operand {
        operand v = input->evaluate(s);
        if (v.nullish()) {
            return value();
        }
        if (!v->is_document()) {
            refuse(4161105, fmt::format("$setField requires 'input' to evaluate to type Object, but got {}", type_name(v)));
        }
        value made = std::move(v).take();
        operand to = with ? with->evaluate(s) : operand();
        if (to.missing()) {
            made.as_document().erase(field);
        } else {
            made.as_document().set(field, std::move(to).take());
        }
        return made;
    });
}

expression_ptr compile_meta(std::string_view, value const& source, compile_context& context) {
    auto const what = source.if_string();
    if (!what) {
        refuse(17307, "$meta only supports string arguments");
    }
    constexpr std::string_view known_to_the_server[] = {"geoNearDistance", "geoNearPoint", "randVal", "searchScore",
        "searchHighlights", "recordId", "indexKey", "sortKey", "searchScoreDetails"};
    if (std::ranges::find(known_to_the_server, *what) != std::end(known_to_the_server)) {
        unsupported(fmt::format("the memory store does not support {{$meta: \"{}\"}}", *what));
    }
    if (*what != "textScore") {
        refuse(17308, fmt::format("Unsupported argument to $meta: {}", *what));
    }
    if (!context.options.text.scored) {
        refuse(40218, "query requires text score metadata, but it is not available");
    }
    return make_expression([](scope& s) { return s.text_score ? operand(value(*s.text_score)) : operand(); });
}

constexpr function functions[] = {
    {"$objectToArray", 1, 1, run_object_to_array},
    {"$mergeObjects", 0, function::any, run_merge_objects},
};

constexpr form forms[] = {
    {"$getField", compile_get_field},
    {"$meta", compile_meta},
    {"$setField", compile_set_field},
    {"$unsetField", compile_set_field},
};

} // namespace

std::span<function const> object_functions() noexcept {
    return functions;
}
std::span<form const> object_forms() noexcept {
    return forms;
}

} // namespace cormorant::memory
