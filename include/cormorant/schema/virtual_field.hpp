#pragma once

/// Virtuals: keys of a document that are computed from others and never stored.

#include <cormorant/bson/value.hpp>
#include <cormorant/schema/fwd.hpp>

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace cormorant {

/// Computes the value of a virtual; nothing when there is none.
using getter_function = std::function<std::optional<value>(model_document&)>;
using setter_function = std::function<void(model_document&, value)>;

/// A virtual, as data.
struct virtual_definition {
    std::string name;
    getter_function getter;
    setter_function setter;
    bool writable = false;
    bool enumerable = true;
    bool cache = false;
    std::vector<std::string> required_fields;
    std::vector<std::string> required_hooks;
};

namespace detail {
template <class T>
struct is_optional : std::false_type {};
template <class T>
struct is_optional<std::optional<T>> : std::true_type {};
} // namespace detail

/// Builds a virtual:
/// \code
/// virtual_field("url").required_fields("slug").get([](model_document& d) { return "/post/" + d.text("slug"); })
/// \endcode
/// With neither getter nor setter it must be writable: then it holds whatever is put at its key.
/// Thread safety: a getter may be called by several operations at the same time when they run on several threads.
class virtual_field {
public:
    explicit virtual_field(std::string name) { spec_.name = std::move(name); }

    /// `fn(model_document&)` gives anything that becomes a `value`, or a `std::optional` of it.
    template <class F>
    virtual_field& get(F fn) {
        using result = std::invoke_result_t<F&, model_document&>;
        if constexpr (std::is_same_v<result, std::optional<value>>) {
            spec_.getter = std::move(fn);
        } else if constexpr (detail::is_optional<result>::value) {
            spec_.getter = [fn = std::move(fn)](model_document& d) mutable -> std::optional<value> {
                auto r = fn(d);
                return r ? std::optional<value>(value(*std::move(r))) : std::nullopt;
            };
        } else {
            spec_.getter = [fn = std::move(fn)](model_document& d) mutable -> std::optional<value> { return value(fn(d)); };
        }
        return *this;
    }
    /// `fn(model_document&, value)` runs when the key is set, and for data that a document is made from.
    virtual_field& set(setter_function fn) {
        spec_.setter = std::move(fn);
        return *this;
    }
    /// Without getter and setter: the key holds what hooks and callers put there.
    virtual_field& writable() {
        spec_.writable = true;
        return *this;
    }
    /// True (default): part of the JSON and plain form of documents.
    virtual_field& enumerable(bool on) {
        spec_.enumerable = on;
        return *this;
    }
    /// Computes once for each `model_document`.
    virtual_field& cache() {
        spec_.cache = true;
        return *this;
    }
    /// Fields or other virtuals that it is computed from: a find that names this virtual reads them too.
    template <class... Names>
    virtual_field& required_fields(Names const&... names) {
        (spec_.required_fields.emplace_back(names), ...);
        return *this;
    }
    /// Hooks that a find must run that names this virtual, `"afterFind_author"`.
    template <class... Names>
    virtual_field& required_hooks(Names const&... names) {
        (spec_.required_hooks.emplace_back(names), ...);
        return *this;
    }

    /// Reads the object id at `key` as hexadecimal text (other values as they are) and sets it from such text.
    /// Setting null sets null; text that is no object id throws `errc::invalid_argument`.
    virtual_field& id_to_string(std::string key);
    /// Reads the value at `key` as compact JSON text and sets it from such text. Setting null sets null.
    virtual_field& json_to_object(std::string key);

    operator virtual_definition() const& { return spec_; }
    operator virtual_definition() && { return std::move(spec_); }

private:
    virtual_definition spec_;
};

} // namespace cormorant
