#include "impl.hpp"
#include "memory/query/sorter.hpp"

#include <algorithm>
#include <array>
#include <limits>

namespace cormorant::memory {

namespace {

/// The array of an `input`; null stands for nothing.
array const* input_array(operand const& v, std::string_view message, int server_code) {
    if (v.nullish()) {
        return nullptr;
    }
    if (!v->is_array()) {
        refuse(server_code, fmt::format("{} {}", message, type_name(v)));
    }
    return &v->as_array();
}

/// Compiles `body` with one variable more, which gets `slot`.
struct with_variable {
    std::size_t slot;
    expression_ptr body;

    with_variable(std::string name, value const& source, compile_context& context)
        : slot(context.names.push(std::move(name))), body(compile_expression(source, context)) {
        context.names.pop();
    }
};

std::string variable_of(named_arguments const& given, std::string_view key, std::string_view otherwise) {
    value const* const as = given.find(key);
    if (as == nullptr) {
        return std::string(otherwise);
    }
    if (!as->is_string()) {
        refuse(code::failed_to_parse, fmt::format("'{}' must be a string, not {}", key, to_string(as->type())));
    }
    return variable_name(as->as_string());
}

expression_ptr compile_filter(std::string_view name, value const& source, compile_context& context) {
    static constexpr std::array<std::string_view, 4> members = {"input", "as", "cond", "limit"};
    named_arguments const given(name, source, members, 28646, 28647);
    auto input = given.compile("input", context, 28648);
    value const& condition = given.at("cond", 28650);
    auto limit = given.compile("limit", context);
    with_variable inner(variable_of(given, "as", "this"), condition, context);
    return make_expression([input = std::move(input), limit = std::move(limit), slot = inner.slot, cond = std::move(inner.body)](
                               scope& s) -> operand {
        operand const v = input->evaluate(s);
        array const* const a = input_array(v, "input to $filter must be an array not", 28651);
        if (a == nullptr) {
            return value();
        }
        std::size_t most = std::numeric_limits<std::size_t>::max();
        if (limit) {
            operand const n = limit->evaluate(s);
            if (!n.nullish()) {
                auto const count = n->if_int64();
                if (!n->is_number() || !count) {
                    refuse(327391,
                        fmt::format("$filter: limit must be represented as a 32-bit integral value: {}", to_string(n.get())));
                }
                if (*count < 1) {
                    refuse(327392, fmt::format("$filter: limit must be greater than 0: {}", *count));
                }
                most = static_cast<std::size_t>(*count);
            }
        }
        array result;
        binding element(s, slot, nullptr);
        for (value const& e : *a) {
            element.set(&e);
            if (cond->evaluate(s).truthy()) {
                result.push_back(e);
                if (result.size() == most) {
                    break;
                }
            }
        }
        return value(std::move(result));
    });
}

expression_ptr compile_map(std::string_view name, value const& source, compile_context& context) {
    static constexpr std::array<std::string_view, 3> members = {"input", "as", "in"};
    named_arguments const given(name, source, members, 16878, 16879);
    auto input = given.compile("input", context, 16880);
    value const& in = given.at("in", 16882);
    with_variable inner(variable_of(given, "as", "this"), in, context);
    return make_expression([input = std::move(input), slot = inner.slot, in = std::move(inner.body)](scope& s) -> operand {
        operand const v = input->evaluate(s);
        array const* const a = input_array(v, "input to $map must be an array not", 16883);
        if (a == nullptr) {
            return value();
        }
        array result;
        result.reserve(a->size());
        binding element(s, slot, nullptr);
        for (value const& e : *a) {
            element.set(&e);
            result.push_back(in->evaluate(s).take());
        }
        return value(std::move(result));
    });
}

expression_ptr compile_reduce(std::string_view name, value const& source, compile_context& context) {
    static constexpr std::array<std::string_view, 3> members = {"input", "initialValue", "in"};
    named_arguments const given(name, source, members, 40075, 40076);
    auto input = given.compile("input", context, 40077);
    auto initial = given.compile("initialValue", context, 40078);
    value const& body = given.at("in", 40079);
    std::size_t const this_slot = context.names.push("this");
    std::size_t const value_slot = context.names.push("value");
    auto in = compile_expression(body, context);
    context.names.pop();
    context.names.pop();
    return make_expression(
        [input = std::move(input), initial = std::move(initial), this_slot, value_slot, in = std::move(in)](scope& s) -> operand {
            operand const v = input->evaluate(s);
            array const* const a = input_array(v, "$reduce requires that 'input' be an array, found:", 40080);
            if (a == nullptr) {
                return value();
            }
            auto const own = [](operand o) { return o.missing() ? operand() : operand(std::move(o).take()); };
            operand total = own(initial->evaluate(s));
            binding element(s, this_slot, nullptr);
            binding so_far(s, value_slot, nullptr);
            for (value const& e : *a) {
                element.set(&e);
                so_far.set(total.pointer());
                total = own(in->evaluate(s));
            }
            return total;
        });
}

expression_ptr compile_zip(std::string_view name, value const& source, compile_context& context) {
    static constexpr std::array<std::string_view, 3> members = {"inputs", "useLongestLength", "defaults"};
    named_arguments const given(name, source, members, 34460, 34464);
    auto const list_of = [&](std::string_view key, int server_code) {
        std::vector<expression_ptr> result;
        if (value const* const list = given.find(key)) {
            if (!list->is_array()) {
                refuse(server_code, fmt::format("{} must be an array of expressions, found {}", key, to_string(list->type())));
            }
            for (value const& each : list->as_array()) {
                result.push_back(compile_expression(each, context));
            }
        }
        return result;
    };
    auto inputs = list_of("inputs", 34461);
    auto defaults = list_of("defaults", 34462);
    bool longest = false;
    if (value const* const flag = given.find("useLongestLength")) {
        if (!flag->is_bool()) {
            refuse(34463, fmt::format("useLongestLength must be a bool, found {}", to_string(flag->type())));
        }
        longest = flag->as_bool();
    }
    if (inputs.empty()) {
        refuse(34465, "$zip requires at least one input array");
    }
    if (!defaults.empty() && !longest) {
        refuse(34466, "cannot specify defaults unless useLongestLength is true");
    }
    if (!defaults.empty() && defaults.size() != inputs.size()) {
        refuse(34467, "defaults and inputs must have the same length");
    }
    return make_expression([inputs = std::move(inputs), defaults = std::move(defaults), longest](scope& s) -> operand {
        std::vector<operand> arrays;
        std::size_t size = longest ? 0 : std::numeric_limits<std::size_t>::max();
        for (auto const& each : inputs) {
            arrays.push_back(each->evaluate(s));
            array const* const a = input_array(arrays.back(), "$zip found a non-array expression in input:", 34468);
            if (a == nullptr) {
                return value();
            }
            size = longest ? std::max(size, a->size()) : std::min(size, a->size());
        }
        array filling;
        for (auto const& each : defaults) {
            filling.push_back(each->evaluate(s).take());
        }
        array result;
        result.reserve(size);
        for (std::size_t i = 0; i < size; ++i) {
            array row;
            for (std::size_t k = 0; k < arrays.size(); ++k) {
                array const& a = arrays[k]->as_array();
                row.push_back(i < a.size() ? a[i] : filling.empty() ? value() : filling[k]);
            }
            result.push_back(std::move(row));
        }
        return value(std::move(result));
    });
}

expression_ptr compile_sort_array(std::string_view name, value const& source, compile_context& context) {
    static constexpr std::array<std::string_view, 2> members = {"input", "sortBy"};
    named_arguments const given(name, source, members, 2942500, 2942501);
    auto input = given.compile("input", context, 2942502);
    value const& by = given.at("sortBy", 2942503);
    bool descending = false;
    std::optional<sorter> order;
    if (auto const* const d = by.if_document()) {
        order = sorter::compile(*d, context.options);
    } else if (by == value(1) || by == value(-1)) {
        descending = by == value(-1);
    } else {
        refuse(by.is_number() ? 2942506 : 2942507,
            "The $sort is invalid: use 1/-1 to sort the whole element, or {field:1/-1} to sort embedded fields");
    }
    return make_expression([input = std::move(input), order = std::move(order), descending](scope& s) -> operand {
        operand v = input->evaluate(s);
        array const* const a = input_array(v, "The input argument to $sortArray must be an array, but was of type:", 2942504);
        if (a == nullptr) {
            return value();
        }
        array result = *a;
        document const none;
        std::stable_sort(result.begin(), result.end(), [&](value const& x, value const& y) {
            if (order) {
                auto const* const p = x.if_document();
                auto const* const q = y.if_document();
                return order->less(p ? *p : none, q ? *q : none);
            }
            auto const o = compare(x, y, s.collation);
            return descending ? o > 0 : o < 0;
        });
        return value(std::move(result));
    });
}

constexpr form forms[] = {
    {"$filter", compile_filter},
    {"$map", compile_map},
    {"$reduce", compile_reduce},
    {"$zip", compile_zip},
    {"$sortArray", compile_sort_array},
};

} // namespace

std::span<form const> array_forms() noexcept {
    return forms;
}

} // namespace cormorant::memory
