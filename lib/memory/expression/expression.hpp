#pragma once

/// Aggregation expressions: `"$a.b"`, `{$add: [...]}`.

#include "memory/query/query.hpp"

#include <cormorant/bson/value.hpp>

#include <boost/container/small_vector.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cormorant::memory {

/// What an expression yields: nothing (a missing field), a value that lives elsewhere, or one of its own. Reading a field copies
/// nothing.
class operand {
public:
    operand() noexcept = default;
    operand(value v) noexcept : own_(std::move(v)), kind_(kind::owned) {}
    /// `v` lives as long as the operand: in the document, in the expression or in a variable. Null is missing.
    static operand of(value const* v) noexcept {
        operand result;
        result.borrowed_ = v;
        result.kind_ = v ? kind::borrowed : kind::missing;
        return result;
    }

    bool missing() const noexcept { return kind_ == kind::missing; }
    /// Missing, null or undefined.
    bool nullish() const noexcept { return missing() || get().type() == bson_type::null || get().type() == bson_type::undefined; }
    bool truthy() const noexcept { return !missing() && get().truthy(); }
    /// Null when missing.
    value const& get() const noexcept { return kind_ == kind::borrowed ? *borrowed_ : own_; }
    value const* operator->() const noexcept { return &get(); }
    value const* pointer() const noexcept { return missing() ? nullptr : &get(); }
    /// Null when missing.
    value take() && { return kind_ == kind::borrowed ? *borrowed_ : std::move(own_); }

private:
    enum class kind : unsigned char { missing, borrowed, owned };
    value own_;
    value const* borrowed_ = nullptr;
    kind kind_ = kind::missing;
};

/// What an expression is evaluated against.
struct scope {
    document const& root;
    environment const& world;
    collator const* collation = nullptr;
    /// By slot; null is a missing value. See `symbols`.
    boost::container::small_vector<value const*, 8> variables = {};
    std::optional<double> text_score = {};
};

/// The names of variables while expressions are compiled. A variable of an inner `$let` or `$map` gets the next free slot.
class symbols {
public:
    /// The slot of a name, or -1.
    int find(std::string_view name) const noexcept;
    /// Shadows an older variable of the same name.
    std::size_t push(std::string name);
    void pop() noexcept { names_.pop_back(); }
    std::size_t size() const noexcept { return names_.size(); }

private:
    std::vector<std::string> names_;
};

/// A compiled expression.
class expression {
public:
    virtual ~expression() = default;
    virtual operand evaluate(scope& s) const = 0;
    /// The value, when it is the same for every document.
    virtual value const* constant() const noexcept { return nullptr; }
};
using expression_ptr = std::unique_ptr<expression const>;

/// What compiling an expression needs.
struct compile_context {
    query_options const& options;
    symbols& names;
};

/// Throws what the server would answer (`errc::server`), or `errc::unsupported` naming the operator.
expression_ptr compile_expression(value const& source, compile_context& context);
/// An expression that always yields this value, whatever it looks like.
expression_ptr make_constant_expression(value const& v);

} // namespace cormorant::memory
