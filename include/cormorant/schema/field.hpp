#pragma once

/// Fields of a model: types with their rules, built fluently:
/// \code
/// string().required().max_length(200)
/// array_of(object().field("name", string().required()).field("size", integer().min(1)))
/// \endcode
/// Every type has its own class, so a rule that does not fit the type does not compile. All classes here are values; to use
/// one object from several threads without changing it is safe.

#include <cormorant/bson/value.hpp>
#include <cormorant/schema/fwd.hpp>
#include <cormorant/schema/rule.hpp>

#include <concepts>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace cormorant {

enum class type_kind : std::uint8_t {
    any,
    string,
    /// int32, int64, double and decimal128.
    number,
    /// A number without a fraction that fits in 64 bits.
    integer,
    boolean,
    date,
    object_id,
    decimal,
    binary,
    object,
    array,
    /// An object with free keys, whose values all have one type.
    map,
    /// A definition read from JSON named a type that does not exist: every value is refused with `errc::definition`.
    unknown,
};
/// The name that definitions in JSON use, `"string"`; object ids are `"class"`, maps are `"indexObject"`.
std::string_view to_string(type_kind) noexcept;

/// What happens to keys that are not declared.
enum class extra_keys : std::uint8_t { refuse, allow, remove };

/// What a function that computes a default is given.
class default_context {
public:
    default_context(std::string_view field, document& data, model_document* root) noexcept
        : field_(field), data_(data), root_(root) {}

    /// The name of the field to be filled.
    std::string_view field() const noexcept { return field_; }
    /// The document so far, with the defaults of the fields that were declared earlier; for a field of an object, that object.
    document& data() const noexcept { return data_; }
    /// The value at a dotted path of `data`, virtuals of the model included; nothing when absent.
    std::optional<value> get(std::string_view path) const;

private:
    std::string_view field_;
    document& data_;
    model_document* root_; // null for a field of an object
};

using default_function = std::function<value(default_context&)>;
/// A type with all its rules: a tree, as data.
struct field_type {
    type_kind kind = type_kind::any;
    /// The name that was given, when the kind is `unknown`.
    std::string unknown_name;
    /// Bounds (inclusive) on the characters of a string, the items of an array or the bytes of a binary value.
    std::optional<std::int64_t> min_size;
    std::optional<std::int64_t> max_size;
    /// Bounds (inclusive) on a number or date.
    std::optional<value> min;
    std::optional<value> max;
    /// Empty: anything goes.
    std::vector<value> one_of;
    /// Perl syntax; options `i`, `m`, `s`, `x`. The pattern may match anywhere in the text.
    std::optional<regex> pattern;
    /// In order, before everything else: what they give is checked and stored.
    std::vector<value_transform> transforms;
    std::vector<value_check> checks;
    /// The declared keys of an object.
    std::vector<field_definition> fields;
    /// The type of the items of an array or the values of a map; null: any.
    std::shared_ptr<field_type const> element;
    /// Of an object without declared keys, and unless said otherwise, all keys are allowed.
    cormorant::extra_keys extra = cormorant::extra_keys::allow;
};

/// Whether two documents may have the same value.
enum class uniqueness : std::uint8_t {
    none,
    /// Every value counts, null and a missing one too.
    strict,
    /// Values that are absent, null or empty (see `empty_values`) may repeat.
    sparse,
};

/// A field: its name, type and what the model does with it.
struct field_definition {
    std::string name;
    field_type type;
    /// The key under which it is stored; empty: its name.
    std::string column;
    uniqueness unique = uniqueness::none;
    bool required = false;
    /// False: the field lives in memory only and is never stored.
    bool persist = true;
    /// False: the field is left out of the JSON form of a document.
    bool to_json = true;
    /// A constant (every document gets a copy of its own) or a function.
    std::variant<std::monostate, value, default_function> default_source;

    bool has_default() const noexcept { return default_source.index() != 0; }
};

/// What all types have in common. Every setter returns the object, so that calls chain.
template <class Derived>
class basic_field {
public:
    /// The field must be there when a document is stored; null is there. Inside of an object: when the object is there.
    Derived& required() {
        spec_.required = true;
        return self();
    }
    /// What a document gets that lacks the field.
    Derived& default_value(value v) {
        spec_.default_source = std::move(v);
        return self();
    }
    /// A function computes the default: `fn(default_context&) -> value` or `fn() -> value`.
    template <class F>
    Derived& default_with(F fn) {
        if constexpr (std::is_invocable_v<F&, default_context&>) {
            spec_.default_source = default_function(std::move(fn));
        } else {
            static_assert(std::is_invocable_v<F&>, "a default is computed by a function of default_context& or of nothing");
            spec_.default_source = default_function([fn = std::move(fn)](default_context&) mutable { return value(fn()); });
        }
        return self();
    }
    /// False: kept in memory only, never stored.
    Derived& persist(bool on) {
        spec_.persist = on;
        return self();
    }
    /// False: left out of the JSON form of documents. Values of such a field are told to nobody: errors of the model's operations
    /// name its path and the rule without the value, and the query log has `"?"` for it. What a function of yours throws is yours.
    Derived& to_json(bool on) {
        spec_.to_json = on;
        return self();
    }
    /// The key under which the field is stored, when that differs from its name. It holds for documents, filters, updates,
    /// projections, sorts and indexes; aggregation pipelines name stored keys.
    Derived& column(std::string stored_name) {
        spec_.column = std::move(stored_name);
        return self();
    }
    /// No two documents have the same value; fields of the model only. The model gets a unique index, where one can express the
    /// rule: not for arrays, whose items it would compare, nor for `any`. See `<cormorant/hooks/unique.hpp>` for a check ahead of
    /// the write.
    Derived& unique(uniqueness how = uniqueness::strict) {
        spec_.unique = how;
        return self();
    }
    /// Asks `fn` about every value that is good otherwise: a function of `value const&`, or of that and `rule_context const&`,
    /// which gives a bool (true: good) or a `std::optional<std::string>` (the sentence that says what is wrong), or a coroutine
    /// of that kind. `label` names the rule in errors.
    Derived& check(std::string label, check_function fn) { return check(value_check{std::move(label), std::move(fn)}); }
    /// The function finds `argument` in its context.
    Derived& check(std::string label, value argument, check_function fn) {
        return check(value_check{std::move(label), std::move(fn), std::move(argument)});
    }
    Derived& check(value_check rule) {
        spec_.type.checks.push_back(std::move(rule));
        return self();
    }
    /// Puts what `fn` gives in the place of the value, before it is checked: a function of `value const&`, or of that and
    /// `rule_context const&`, or a coroutine of that kind. Transforms run in the order of their declaration, those of keys and
    /// items before those of the object or array that they are in.
    Derived& transform(std::string label, transform_function fn) {
        return transform(value_transform{std::move(label), std::move(fn)});
    }
    /// The function finds `argument` in its context.
    Derived& transform(std::string label, value argument, transform_function fn) {
        return transform(value_transform{std::move(label), std::move(fn), std::move(argument)});
    }
    Derived& transform(value_transform rule) {
        spec_.type.transforms.push_back(std::move(rule));
        return self();
    }

    operator field_definition() const& { return spec_; }
    operator field_definition() && { return std::move(spec_); }
    field_definition const& definition() const noexcept { return spec_; }

protected:
    explicit basic_field(type_kind kind) { spec_.type.kind = kind; }

    field_type& type() noexcept { return spec_.type; }
    field_definition& spec() noexcept { return spec_; }
    Derived& self() noexcept { return static_cast<Derived&>(*this); }

private:
    field_definition spec_;
};

class any_field : public basic_field<any_field> {
public:
    any_field() : basic_field(type_kind::any) {}
};

class boolean_field : public basic_field<boolean_field> {
public:
    boolean_field() : basic_field(type_kind::boolean) {}
};

class id_field : public basic_field<id_field> {
public:
    id_field() : basic_field(type_kind::object_id) {}
    /// A new object id.
    id_field& default_new() {
        return default_with([] { return object_id::generate(); });
    }
};

class decimal_field : public basic_field<decimal_field> {
public:
    decimal_field() : basic_field(type_kind::decimal) {}
};

class binary_field : public basic_field<binary_field> {
public:
    binary_field() : basic_field(type_kind::binary) {}
    /// In bytes.
    binary_field& max_length(std::int64_t bytes) {
        type().max_size = bytes;
        return *this;
    }
};

class string_field : public basic_field<string_field> {
public:
    string_field() : basic_field(type_kind::string) {}
    /// In characters (Unicode code points).
    string_field& min_length(std::int64_t n) {
        type().min_size = n;
        return *this;
    }
    /// In characters (Unicode code points).
    string_field& max_length(std::int64_t n) {
        type().max_size = n;
        return *this;
    }
    template <std::convertible_to<std::string_view>... Texts>
    string_field& one_of(Texts const&... texts) {
        (type().one_of.emplace_back(std::string_view(texts)), ...);
        return *this;
    }
    /// The text must contain a match; anchor it with `^` and `$`. Perl syntax, matched byte by byte.
    string_field& pattern(regex r) {
        type().pattern = std::move(r);
        return *this;
    }
    /// Options: `i` ignore case, `m` lines, `s` a dot matches line ends, `x` extended.
    string_field& pattern(std::string expression, std::string options = {}) {
        return pattern(regex{std::move(expression), std::move(options)});
    }
};

template <class Derived>
class basic_number_field : public basic_field<Derived> {
public:
    template <class Number>
        requires std::is_arithmetic_v<Number>
    Derived& min(Number n) {
        this->type().min = value(n);
        return this->self();
    }
    template <class Number>
        requires std::is_arithmetic_v<Number>
    Derived& max(Number n) {
        this->type().max = value(n);
        return this->self();
    }
    template <class... Numbers>
        requires(std::is_arithmetic_v<Numbers> && ...)
    Derived& one_of(Numbers... numbers) {
        (this->type().one_of.emplace_back(numbers), ...);
        return this->self();
    }

protected:
    using basic_field<Derived>::basic_field;
};

class number_field : public basic_number_field<number_field> {
public:
    number_field() : basic_number_field(type_kind::number) {}
};

class integer_field : public basic_number_field<integer_field> {
public:
    integer_field() : basic_number_field(type_kind::integer) {}
};

class date_field : public basic_field<date_field> {
public:
    date_field() : basic_field(type_kind::date) {}
    date_field& min(datetime t) {
        type().min = value(t);
        return *this;
    }
    date_field& max(datetime t) {
        type().max = value(t);
        return *this;
    }
    /// The current time.
    date_field& default_now() {
        return default_with([] { return now(); });
    }
};

class object_field : public basic_field<object_field> {
public:
    object_field() : basic_field(type_kind::object) {}
    /// Declares a key. A later declaration of the same name replaces the earlier one.
    object_field& field(std::string name, field_definition definition);
    /// What happens to keys that are not declared; default: they are allowed.
    object_field& extra_keys(cormorant::extra_keys policy) {
        type().extra = policy;
        return *this;
    }
};

/// See `array_of`.
class array_field : public basic_field<array_field> {
public:
    array_field() : basic_field(type_kind::array) {}
    /// Throws `errc::definition` when the item is required, has a default or is not persisted: that has no meaning for items.
    explicit array_field(field_definition item);
    array_field& min_items(std::int64_t n) {
        type().min_size = n;
        return *this;
    }
    array_field& max_items(std::int64_t n) {
        type().max_size = n;
        return *this;
    }
};

/// See `map_of`.
class map_field : public basic_field<map_field> {
public:
    map_field() : basic_field(type_kind::map) {}
    /// Throws as `array_field`.
    explicit map_field(field_definition item);
};

/// Text.
inline string_field string() {
    return {};
}
/// Any number.
inline number_field number() {
    return {};
}
/// A number without a fraction that fits in 64 bits, whatever BSON type holds it.
inline integer_field integer() {
    return {};
}
inline boolean_field boolean() {
    return {};
}
inline date_field date() {
    return {};
}
/// An object id.
inline id_field id() {
    return {};
}
/// A decimal128.
inline decimal_field decimal() {
    return {};
}
inline binary_field binary_data() {
    return {};
}
/// Whatever there is.
inline any_field any() {
    return {};
}
/// A document; declare its keys with `field`.
inline object_field object() {
    return {};
}
/// An array of anything.
inline array_field array_of() {
    return {};
}
/// An array whose items all have this type.
inline array_field array_of(field_definition item) {
    return array_field(std::move(item));
}
/// A document with free keys, whose values all have this type.
inline map_field map_of(field_definition item) {
    return map_field(std::move(item));
}

} // namespace cormorant
