#pragma once

/// How operators of expressions are defined: a function over operands, or a form with a syntax of its own.

#include "expression.hpp"
#include "memory/value/field_path.hpp"

#include <compare>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cormorant::memory {

class function_call;

/// An operator that evaluates all its operands in the same way, like `$add`.
struct function {
    std::string_view name;
    std::size_t least;
    /// `any`: no bound.
    std::size_t most;
    operand (*run)(function_call const& call, scope& s);

    static constexpr std::size_t any = static_cast<std::size_t>(-1);
};

/// An operator with a syntax of its own, like `$let`.
struct form {
    std::string_view name;
    expression_ptr (*compile)(std::string_view name, value const& source, compile_context& context);
};

/// A call of a `function`.
class function_call final : public expression {
public:
    function_call(function const& what, std::vector<expression_ptr> operands) noexcept
        : what_(what), operands_(std::move(operands)) {}
    operand evaluate(scope& s) const override { return what_.run(*this, s); }

    std::string_view name() const noexcept { return what_.name; }
    std::size_t size() const noexcept { return operands_.size(); }
    operand at(std::size_t i, scope& s) const { return operands_[i]->evaluate(s); }
    expression const& operator[](std::size_t i) const noexcept { return *operands_[i]; }

private:
    function const& what_;
    std::vector<expression_ptr> operands_;
};

/// An expression made of a lambda; the forms use it.
template <class F>
class lambda_expression final : public expression {
public:
    explicit lambda_expression(F f) : f_(std::move(f)) {}
    operand evaluate(scope& s) const override { return f_(s); }

private:
    F f_;
};
template <class F>
expression_ptr make_expression(F f) {
    return std::make_unique<lambda_expression<F>>(std::move(f));
}

std::span<function const> logic_functions() noexcept;
std::span<form const> logic_forms() noexcept;
std::span<function const> arithmetic_functions() noexcept;
std::span<function const> array_functions() noexcept;
std::span<function const> set_functions() noexcept;
std::span<form const> array_forms() noexcept;
std::span<function const> string_functions() noexcept;
std::span<form const> string_forms() noexcept;
std::span<form const> date_forms() noexcept;
std::span<function const> convert_functions() noexcept;
std::span<form const> convert_forms() noexcept;
std::span<function const> object_functions() noexcept;
std::span<form const> object_forms() noexcept;
std::span<function const> accumulator_functions() noexcept;
std::span<form const> accumulator_forms() noexcept;

/// True when there is an operator of that name, here or at the server.
bool is_expression(std::string_view name) noexcept;

/// The order of aggregation: a missing value comes before all but MinKey.
std::weak_ordering compare(operand const& a, operand const& b, collator const* collation);
/// `"missing"` or the alias of the type.
std::string_view type_name(operand const& v) noexcept;
/// The value of the path in the document as expressions see it: arrays of documents are mapped.
operand path_value(document const& d, field_path const& path, std::size_t from = 0);
/// Refuses what is no path: empty segments, a leading `$`.
field_path checked_path(std::string_view path);

/// The members of an object like `{input: ..., as: ..., in: ...}`.
class named_arguments {
public:
    /// Refuses another type than a document, and members that are not in `allowed`.
    named_arguments(
        std::string_view name, value const& source, std::span<std::string_view const> allowed, int type_code, int member_code);
    value const* find(std::string_view key) const noexcept { return source_->find(key); }
    value const& at(std::string_view key, int server_code) const;
    /// Compiled, or a null pointer when the member is absent.
    expression_ptr compile(std::string_view key, compile_context& context) const;
    expression_ptr compile(std::string_view key, compile_context& context, int missing_code) const;

private:
    std::string name_;
    document const* source_;
};

/// Sets a variable while it lives.
class binding {
public:
    binding(scope& s, std::size_t slot, value const* v) : s_(s), slot_(slot) {
        if (s_.variables.size() <= slot_) {
            s_.variables.resize(slot_ + 1);
        }
        s_.variables[slot_] = v;
    }
    binding(binding const&) = delete;
    binding& operator=(binding const&) = delete;
    ~binding() { s_.variables[slot_] = nullptr; }
    void set(value const* v) noexcept { s_.variables[slot_] = v; }

private:
    scope& s_;
    std::size_t slot_;
};

/// Checks the name of a variable of the user's.
std::string variable_name(std::string_view name);

} // namespace cormorant::memory
