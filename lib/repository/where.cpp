#include "repository/where.hpp"

#include "repository/failure.hpp"

#include <cormorant/bson/path.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace cormorant::detail {

namespace {

/// A filter under construction. Each condition goes beside the others on its path, or to `$and` where its operator is taken.
class filter_builder {
public:
    void add(std::string_view path, std::string_view operation, value argument) {
        auto* const at = filter_.find(path);
        if (at == nullptr)
            filter_.append(path, doc(operation, std::move(argument)));
        else if (!at->as_document().contains(operation))
            at->as_document().append(operation, std::move(argument));
        else
            also(doc(path, doc(operation, std::move(argument))));
    }
    /// A condition that has to be met beside all others.
    void also(document condition) { conditions_.push_back(std::move(condition)); }
    void set(std::string_view word, array conditions) { filter_.set(word, std::move(conditions)); }

    document take() {
        if (!conditions_.empty())
            filter_.append("$and", std::move(conditions_));
        return std::move(filter_);
    }

private:
    document filter_;
    array conditions_;
};

class where_compiler {
public:
    explicit where_compiler(schema const* s) : schema_(s) {}

    document compile(document const& where) {
        filter_builder filter;
        for (auto const& [key, v] : where) {
            if (v.is_undefined())
                throw_argument(key, fmt::format("the condition on '{}' has no value", key));
            if (key == "and") {
                for (value const& c : conditions(key, v))
                    filter.also(compile_item(key, c));
            } else if (key == "or") {
                // One of none cannot be met: no document fits none of the conditions that all documents fit.
                if (array any = each(key, v); !any.empty())
                    filter.set("$or", std::move(any));
                else
                    filter.also(doc("$nor", arr(document())));
            } else if (key == "nor") {
                if (array none = each(key, v); !none.empty())
                    filter.set("$nor", std::move(none));
            } else {
                check_path(schema_, key, "a condition");
                property(filter, key, v);
            }
        }
        return filter.take();
    }

    std::vector<written_pattern> patterns;

private:
    using compile_function = void (where_compiler::*)(filter_builder&, std::string_view path, value const& argument) const;
    struct operation {
        std::string_view name;
        compile_function compile;
    };
    static operation const* find_operation(std::string_view name) noexcept;

    static array const& conditions(std::string_view word, value const& v) {
        auto const* const list = v.if_array();
        if (list == nullptr)
            throw_argument(word, fmt::format("'{}' takes a list of conditions", word), &v);
        return *list;
    }
    document compile_item(std::string_view word, value const& c) {
        auto const* const d = c.if_document();
        if (d == nullptr)
            throw_argument(word, fmt::format("'{}' takes a list of conditions, which are objects", word), &c);
        return compile(*d);
    }
    array each(std::string_view word, value const& v) {
        array result;
        for (value const& c : conditions(word, v))
            result.push_back(compile_item(word, c));
        return result;
    }

    /// A bare value, or an object of operators.
    void property(filter_builder& filter, std::string_view path, value const& v) {
        auto const* const d = v.if_document();
        if (v.is_regex()) {
            add_pattern(filter, path, v.as_regex());
        } else if (d == nullptr || !is_operators(path, *d)) {
            equal(filter, path, v);
        } else {
            for (auto const& [name, argument] : *d) {
                if (name == "flags")
                    continue; // belongs to regexp
                if (argument.is_undefined())
                    throw_argument(path, fmt::format("'{}' has no argument", name));
                if (name == "regexp")
                    regexp(filter, path, argument, d->find("flags"));
                else
                    (this->*find_operation(name)->compile)(filter, path, argument);
            }
            if (auto const* flags = d->find("flags"); flags != nullptr && !d->contains("regexp"))
                throw_argument(path, "'flags' belongs to 'regexp'", flags);
        }
    }

    /// An object is one of operators, or it is a value: then no key of it is the name of an operator, and the property can hold
    /// objects at all.
    bool is_operators(std::string_view path, document const& d) const {
        std::string_view unknown;
        std::size_t known = 0;
        for (auto const& [key, v] : d) {
            if (key == "regexp" || key == "flags" || find_operation(key) != nullptr)
                ++known;
            else if (unknown.empty())
                unknown = key;
        }
        if (known == d.size())
            return known != 0;
        if (known != 0 || unknown.starts_with('$') || !may_be_object(path))
            throw_argument(path, fmt::format("'{}' is no operator", unknown), d.find(unknown));
        return false;
    }
    bool may_be_object(std::string_view path) const noexcept {
        auto const* type = schema_ == nullptr ? nullptr : schema_->type_at(path);
        if (type != nullptr && type->kind == type_kind::array)
            type = type->element.get();
        return type == nullptr || type->kind == type_kind::any || type->kind == type_kind::object || type->kind == type_kind::map;
    }

    // --- operators ----------------------------------------------------------------------------------------------

    static void refuse_pattern(std::string_view path, value const& v) {
        if (v.is_regex())
            throw_argument(path, "a regular expression is no value to compare with; 'regexp' takes it", &v);
    }
    template <auto const& Name>
    void compare(filter_builder& filter, std::string_view path, value const& v) const {
        refuse_pattern(path, v);
        filter.add(path, Name, v);
    }
    static constexpr char eq[] = "$eq", ne[] = "$ne", gt[] = "$gt", gte[] = "$gte", lt[] = "$lt", lte[] = "$lte";
    void equal(filter_builder& filter, std::string_view path, value const& v) const { compare<eq>(filter, path, v); }

    template <auto const& Name>
    void member_of(filter_builder& filter, std::string_view path, value const& v) const {
        auto const* const list = v.if_array();
        if (list == nullptr)
            throw_argument(path, "'inq' and 'nin' take a list", &v);
        for (value const& item : *list) {
            refuse_pattern(path, item);
            auto const* const d = item.if_document();
            if (d != nullptr && !d->empty() && d->begin()->key().starts_with('$'))
                throw_argument(path, "an object in a list has no operators", &item);
        }
        filter.add(path, Name, v);
    }
    static constexpr char in[] = "$in", nin[] = "$nin";

    void between(filter_builder& filter, std::string_view path, value const& v) const {
        auto const* const bounds = v.if_array();
        if (bounds == nullptr || bounds->size() != 2)
            throw_argument(path, "'between' takes a list of two bounds", &v);
        compare<gte>(filter, path, (*bounds)[0]);
        compare<lte>(filter, path, (*bounds)[1]);
    }
    void exists(filter_builder& filter, std::string_view path, value const& v) const {
        if (!v.is_bool())
            throw_argument(path, "'exists' takes true or false", &v);
        filter.add(path, "$exists", v);
    }
    template <auto const& Name, auto const& Options>
    void like(filter_builder& filter, std::string_view path, value const& v) const {
        auto const pattern = v.if_string();
        if (!pattern)
            throw_argument(path, "a pattern is a text", &v);
        filter.add(path, Name, regex{like_expression(*pattern), Options});
    }
    static constexpr char fits[] = "$regex", fits_not[] = "$not", exact_case[] = "s", any_case[] = "is";

    void regexp(filter_builder& filter, std::string_view path, value const& v, value const* flags) {
        regex r;
        if (v.is_regex())
            r = v.as_regex();
        else if (auto const text = v.if_string())
            r.pattern = *text;
        else
            throw_argument(path, "'regexp' takes a regular expression, as text or as such", &v);
        if (flags != nullptr && !flags->is_null()) {
            auto const text = flags->if_string();
            if (!text)
                throw_argument(path, "'flags' of a regular expression are a text", flags);
            r.options += *text;
        }
        add_pattern(filter, path, std::move(r));
    }
    void add_pattern(filter_builder& filter, std::string_view path, regex r) {
        std::ranges::sort(r.options);
        auto const repeated = std::ranges::unique(r.options);
        r.options.erase(repeated.begin(), repeated.end());
        if (auto const wrong = r.options.find_first_not_of("ims"); wrong != std::string::npos)
            throw_argument(path, fmt::format("'{}' is no flag of a regular expression: i, m, s", r.options[wrong]));
        patterns.push_back({std::string(path), r.pattern});
        filter.add(path, "$regex", std::move(r));
    }

    schema const* schema_;
};

where_compiler::operation const* where_compiler::find_operation(std::string_view name) noexcept {
    using self = where_compiler;
    static constexpr std::array operations = {
        operation{"eq", &self::compare<eq>},
        operation{"neq", &self::compare<ne>},
        operation{"gt", &self::compare<gt>},
        operation{"gte", &self::compare<gte>},
        operation{"lt", &self::compare<lt>},
        operation{"lte", &self::compare<lte>},
        operation{"inq", &self::member_of<in>},
        operation{"nin", &self::member_of<nin>},
        operation{"between", &self::between},
        operation{"exists", &self::exists},
        operation{"like", &self::like<fits, exact_case>},
        operation{"nlike", &self::like<fits_not, exact_case>},
        operation{"ilike", &self::like<fits, any_case>},
        operation{"nilike", &self::like<fits_not, any_case>},
    };
    auto const found = std::ranges::find(operations, name, &operation::name);
    return found == operations.end() ? nullptr : &*found;
}

/// Whether the model knows the path, or lets documents have there what they like.
bool declares(schema const& s, std::string_view path) {
    for (std::string_view known = path; !known.empty(); known = path_parent(known)) {
        auto const* const type = s.type_at(known);
        if (type == nullptr)
            continue;
        return known.size() == path.size() || type->kind == type_kind::any || type->kind == type_kind::array ||
               (type->kind == type_kind::object && type->extra == extra_keys::allow);
    }
    return s.definition().extra_keys() == extra_keys::allow;
}

} // namespace

void check_path(schema const* s, std::string_view path, std::string_view what) {
    if (path.empty() || path.starts_with('.') || path.ends_with('.') || path.find("..") != std::string_view::npos)
        throw_argument(path, fmt::format("'{}' is no path of a property", path));
    if (path.find('$') != std::string_view::npos)
        throw_argument(path, fmt::format("'{}': {} names a property, which has no $ in its name", path, what));
    if (s != nullptr && !declares(*s, path))
        throw_argument(path, fmt::format("'{}': {} on a property that the model does not declare", path, what));
}

std::string like_expression(std::string_view pattern) {
    // A run of anything at either end needs no anchor; so `a%` can use an index.
    std::string inner;
    bool open_start = false;
    bool open_end = false;
    for (std::size_t i = 0; i < pattern.size(); ++i) {
        char c = pattern[i];
        open_end = c == '%';
        if (c == '%') {
            if (inner.empty())
                open_start = true;
            else if (!inner.ends_with(".*"))
                inner += ".*";
            continue;
        }
        if (c == '_') {
            inner += '.';
            continue;
        }
        if (c == '\\' && i + 1 < pattern.size())
            c = pattern[++i];
        if (std::string_view("\\^$.|?*+()[]{}").find(c) != std::string_view::npos)
            inner += '\\';
        inner += c;
    }
    if (open_end && inner.ends_with(".*"))
        inner.resize(inner.size() - 2);
    std::string result = open_start ? "" : "\\A";
    result += inner;
    if (!open_end)
        result += "\\z";
    return result;
}

value equal_to(value v) {
    // What could be taken for an operator is not.
    if (v.is_document() || v.is_regex())
        return doc("$eq", std::move(v));
    return v;
}

compiled_where compile_where(schema const* s, document const& where) {
    where_compiler compiler(s);
    auto filter = compiler.compile(where);
    return {std::move(filter), std::move(compiler.patterns)};
}

} // namespace cormorant::detail
