#include "impl.hpp"

#include <algorithm>
#include <array>

namespace cormorant::memory {

namespace {

template <class Test>
operand compare_with(function_call const& call, scope& s, Test test) {
    operand const a = call.at(0, s);
    operand const b = call.at(1, s);
    return value(test(compare(a, b, s.collation)));
}

constexpr function functions[] = {
    {"$eq", 2, 2, [](function_call const& c, scope& s) { return compare_with(c, s, [](auto o) { return o == 0; }); }},
    {"$ne", 2, 2, [](function_call const& c, scope& s) { return compare_with(c, s, [](auto o) { return o != 0; }); }},
    {"$gt", 2, 2, [](function_call const& c, scope& s) { return compare_with(c, s, [](auto o) { return o > 0; }); }},
    {"$gte", 2, 2, [](function_call const& c, scope& s) { return compare_with(c, s, [](auto o) { return o >= 0; }); }},
    {"$lt", 2, 2, [](function_call const& c, scope& s) { return compare_with(c, s, [](auto o) { return o < 0; }); }},
    {"$lte", 2, 2, [](function_call const& c, scope& s) { return compare_with(c, s, [](auto o) { return o <= 0; }); }},
    {"$cmp", 2, 2,
        [](function_call const& c, scope& s) { return compare_with(c, s, [](auto o) { return o < 0   ? -1
                                                                                             : o > 0 ? 1
                                                                                                     : 0; }); }},
    {"$and", 0, function::any,
        [](function_call const& c, scope& s) -> operand {
            for (std::size_t i = 0; i < c.size(); ++i) {
                if (!c.at(i, s).truthy()) {
                    return value(false);
                }
            }
            return value(true);
        }},
    {"$or", 0, function::any,
        [](function_call const& c, scope& s) -> operand {
            for (std::size_t i = 0; i < c.size(); ++i) {
                if (c.at(i, s).truthy()) {
                    return value(true);
                }
            }
            return value(false);
        }},
    {"$not", 1, 1, [](function_call const& c, scope& s) -> operand { return value(!c.at(0, s).truthy()); }},
    {"$ifNull", 2, function::any,
        [](function_call const& c, scope& s) -> operand {
            for (std::size_t i = 0; i + 1 < c.size(); ++i) {
                if (operand v = c.at(i, s); !v.nullish()) {
                    return v;
                }
            }
            return c.at(c.size() - 1, s);
        }},
    {"$type", 1, 1, [](function_call const& c, scope& s) -> operand { return value(type_name(c.at(0, s))); }},
    {"$isNumber", 1, 1,
        [](function_call const& c, scope& s) -> operand {
            operand const v = c.at(0, s);
            return value(!v.missing() && v->is_number());
        }},
    {"$isArray", 1, 1,
        [](function_call const& c, scope& s) -> operand {
            operand const v = c.at(0, s);
            return value(!v.missing() && v->is_array());
        }},
};

expression_ptr choose(expression_ptr test, expression_ptr yes, expression_ptr no) {
    return make_expression([t = std::move(test), y = std::move(yes), n = std::move(no)](
                               scope& s) { return t->evaluate(s).truthy() ? y->evaluate(s) : n->evaluate(s); });
}

expression_ptr compile_cond(std::string_view name, value const& source, compile_context& context) {
    if (source.is_document()) {
        static constexpr std::array<std::string_view, 3> members = {"if", "then", "else"};
        named_arguments const given(name, source, members, 17083, 17083);
        auto test = given.compile("if", context, 17080);
        auto yes = given.compile("then", context, 17081);
        return choose(std::move(test), std::move(yes), given.compile("else", context, 17082));
    }
    auto const* const list = source.if_array();
    std::size_t const count = list ? list->size() : 1;
    if (count != 3) {
        refuse(16020, fmt::format("Expression $cond takes exactly 3 arguments. {} were passed in.", count));
    }
    auto test = compile_expression((*list)[0], context);
    auto yes = compile_expression((*list)[1], context);
    return choose(std::move(test), std::move(yes), compile_expression((*list)[2], context));
}

expression_ptr compile_switch(std::string_view name, value const& source, compile_context& context) {
    static constexpr std::array<std::string_view, 2> members = {"branches", "default"};
    named_arguments const given(name, source, members, 40060, 40067);
    struct branch {
        expression_ptr test;
        expression_ptr then;
    };
    std::vector<branch> branches;
    if (value const* const list = given.find("branches")) {
        if (!list->is_array()) {
            refuse(40061, fmt::format("$switch expected an array for 'branches', found: {}", to_string(list->type())));
        }
        for (value const& each : list->as_array()) {
            static constexpr std::array<std::string_view, 2> parts = {"case", "then"};
            if (!each.is_document()) {
                refuse(40062, fmt::format("$switch expected each branch to be an object, found: {}", to_string(each.type())));
            }
            named_arguments const one(name, each, parts, 40062, 40063);
            auto test = one.compile("case", context, 40064);
            branches.push_back({std::move(test), one.compile("then", context, 40065)});
        }
    }
    if (branches.empty()) {
        refuse(40068, "$switch requires at least one branch.");
    }
    return make_expression([b = std::move(branches), otherwise = given.compile("default", context)](scope& s) -> operand {
        for (branch const& each : b) {
            if (each.test->evaluate(s).truthy()) {
                return each.then->evaluate(s);
            }
        }
        if (!otherwise) {
            refuse(40066, "$switch could not find a matching branch for an input, and no default was specified.");
        }
        return otherwise->evaluate(s);
    });
}

expression_ptr compile_let(std::string_view name, value const& source, compile_context& context) {
    static constexpr std::array<std::string_view, 2> members = {"vars", "in"};
    named_arguments const given(name, source, members, 16874, 16875);
    value const& vars = given.at("vars", 16876);
    given.at("in", 16877);
    if (!vars.is_document()) {
        refuse(10065, fmt::format("invalid parameter: expected an object (vars)"));
    }
    std::vector<expression_ptr> values;
    for (auto const& [variable, v] : vars.as_document()) { // none of them sees another one
        variable_name(variable);
        values.push_back(compile_expression(v, context));
    }
    std::size_t const first = context.names.size();
    for (auto const& [variable, v] : vars.as_document()) {
        context.names.push(std::string(variable));
    }
    auto in = given.compile("in", context);
    for (std::size_t i = 0; i < values.size(); ++i) {
        context.names.pop();
    }
    return make_expression([values = std::move(values), in = std::move(in), first](scope& s) -> operand {
        std::vector<operand> bound;
        bound.reserve(values.size());
        for (auto const& v : values) {
            bound.push_back(v->evaluate(s));
        }
        if (s.variables.size() < first + bound.size()) {
            s.variables.resize(first + bound.size());
        }
        for (std::size_t i = 0; i < bound.size(); ++i) {
            s.variables[first + i] = bound[i].pointer();
        }
        operand result = in->evaluate(s);
        // What it yields may live in one of the variables, which end here.
        return result.missing() ? operand() : operand(std::move(result).take());
    });
}

constexpr form forms[] = {
    {"$cond", compile_cond},
    {"$switch", compile_switch},
    {"$let", compile_let},
    {"$literal", [](std::string_view, value const& source, compile_context&) { return make_constant_expression(source); }},
    {"$const", [](std::string_view, value const& source, compile_context&) { return make_constant_expression(source); }},
    {"$expr",
        [](std::string_view, value const& source, compile_context& context) { return compile_expression(source, context); }},
    {"$rand",
        [](std::string_view, value const& source, compile_context&) {
            if (!(source.is_document() && source.as_document().empty()) && !(source.is_array() && source.as_array().empty())) {
                refuse(source.is_document() ? 3040501 : 10065, "$rand does not currently accept arguments");
            }
            return make_expression([](scope& s) { return operand(value(s.world.random())); });
        }},
};

} // namespace

std::span<function const> logic_functions() noexcept {
    return functions;
}
std::span<form const> logic_forms() noexcept {
    return forms;
}

} // namespace cormorant::memory
