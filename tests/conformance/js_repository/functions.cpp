#include "functions.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace conformance::js_repository {

namespace asio = boost::asio;
using cormorant::rule_context;

namespace {

/// In front of the names of functions: an application may register validators of the same names.
constexpr std::string_view mark = "case:";

/// An error of the application's own.
class foreign_error : public std::runtime_error {
public:
    foreign_error() : std::runtime_error("an error of the case's own") {}
};

bool throw_foreign(value const&, rule_context const&) {
    throw foreign_error();
}

std::string function_name(document const& spec) {
    auto const* const name = spec.find("$fn");
    if (name == nullptr || !name->is_string())
        throw bad_case("a function is named by {\"$fn\": name}");
    std::string_view text = name->as_string();
    text.remove_prefix(text.starts_with(mark) ? mark.size() : 0);
    return std::string(text);
}

std::string text_or(document const& spec, std::string_view key, value const* argument, std::string_view key_of_argument) {
    if (auto const* given = spec.find(key))
        return given->to<std::string>();
    if (argument == nullptr)
        return {};
    if (auto const* object = argument->if_document())
        return object->get_or(key_of_argument, "");
    return std::string(argument->if_string().value_or(""));
}

// --- validators ----------------------------------------------------------------------------------------------------------

bool is_slug(value const& v) {
    auto const text = v.if_string();
    if (!text || text->empty() || text->front() == '-' || text->back() == '-' || text->find("--") != std::string_view::npos)
        return false;
    return std::all_of(
        text->begin(), text->end(), [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; });
}

bool is_even(value const& v) {
    auto const n = v.if_int64();
    return n && *n % 2 == 0;
}

/// Whether the context has the values that the function names.
bool has_context(document const& spec, rule_context const& context) {
    std::pair<char const*, std::string_view> const known[] = {
        {"modelName", context.model}, {"propName", context.property}, {"validatorName", context.rule}};
    return std::all_of(std::begin(known), std::end(known),
        [&](auto const& k) { return !spec.contains(k.first) || spec.at(k.first) == value(k.second); });
}

bool has_argument(document const& spec, rule_context const& context) {
    auto const* const wanted = spec.find("options");
    return wanted == nullptr ? context.argument == nullptr : context.argument != nullptr && *context.argument == *wanted;
}

// --- transformers --------------------------------------------------------------------------------------------------------

value append(document const& spec, value const& v, rule_context const& context) {
    return v.to<std::string>() + text_or(spec, "suffix", context.argument, {});
}

asio::awaitable<value> give_later(value v) {
    auto const executor = co_await asio::this_coro::executor;
    co_await asio::post(executor, asio::use_awaitable);
    co_return v;
}

value slugify(value const& v) {
    std::string slug;
    bool white = false;
    for (char const c : v.as_string()) {
        bool const is_white = std::isspace(static_cast<unsigned char>(c)) != 0;
        if (is_white && !white)
            slug += '-';
        else if (!is_white)
            slug += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
        white = is_white;
    }
    return slug;
}

value reverse(value const& v) {
    array result = v.as_array();
    std::reverse(result.begin(), result.end());
    return result;
}

value increment(value const& v) {
    auto const n = v.if_int64();
    return n ? value(*n + 1) : value(v.as_double() + 1);
}

value put_context(value const&, rule_context const& context) {
    document result = cormorant::doc("model", context.model, "property", context.property);
    if (!context.rule.empty())
        result.set("transformer", context.rule);
    return result;
}

value throw_foreign_value(value const&, rule_context const&) {
    throw foreign_error();
}

/// The function, or the list of functions and names, under new names.
void mark_functions(value& v) {
    if (auto* list = v.if_array()) {
        for (auto& item : *list)
            mark_functions(item);
    } else if (auto* object = v.if_document()) {
        if (auto* name = object->find("$fn"); name != nullptr && name->is_string())
            *name = std::string(mark) + std::string(name->as_string());
    }
}

} // namespace

cormorant::check_function make_validator(document const& spec) {
    auto const name = function_name(spec);
    if (name == "pass")
        return [](value const&) { return true; };
    if (name == "fail")
        return [](value const&) { return false; };
    if (name == "isEven")
        return is_even;
    if (name == "isSlug")
        return is_slug;
    if (name == "startsWith")
        return [spec](value const& v, rule_context const& c) {
            auto const text = v.if_string();
            return text && text->starts_with(text_or(spec, "prefix", c.argument, "prefix"));
        };
    if (name == "contextIs")
        return [spec](value const&, rule_context const& c) { return has_context(spec, c); };
    if (name == "optionsAre")
        return [spec](value const&, rule_context const& c) { return has_argument(spec, c); };
    if (name == "throwForeign")
        return throw_foreign;
    throw bad_case(fmt::format("unknown validator '{}'", name));
}

cormorant::transform_function make_transformer(document const& spec) {
    auto const name = function_name(spec);
    if (name == "append")
        return [spec](value const& v, rule_context const& c) { return append(spec, v, c); };
    if (name == "appendLater")
        return [spec](value const& v, rule_context const& c) { return give_later(append(spec, v, c)); };
    if (name == "increment")
        return increment;
    if (name == "slugify")
        return slugify;
    if (name == "reverseItems")
        return reverse;
    if (name == "putContext")
        return put_context;
    if (name == "throwForeign")
        return throw_foreign_value;
    throw bad_case(fmt::format("unknown transformer '{}'", name));
}

void add_functions(cormorant::database_schema& schema) {
    auto const marked = [](std::string_view name) { return std::string(mark) + std::string(name); };
    schema.add_default(
        marked("const"), [](document const& spec) { return [v = spec.at("value")](cormorant::default_context&) { return v; }; });
    schema.add_default(
        marked("emptyArray"), [](document const&) { return [](cormorant::default_context&) { return value(array()); }; });
    schema.add_default(marked("counter"), [last = std::make_shared<int>(0)](document const&) {
        return [last](cormorant::default_context&) { return value(++*last); };
    });
    for (char const* name : {"pass", "fail", "isEven", "isSlug", "startsWith", "contextIs", "optionsAre", "throwForeign"})
        schema.add_validator_factory(marked(name), make_validator);
    for (char const* name : {"append", "appendLater", "increment", "slugify", "reverseItems", "putContext", "throwForeign"})
        schema.add_transformer_factory(marked(name), make_transformer);
}

document with_own_functions(document definition) {
    auto* const properties = definition.find("properties");
    auto* const members = properties == nullptr ? nullptr : properties->if_document();
    if (members == nullptr)
        return definition;
    for (auto& [name, property] : *members) {
        auto* const spec = property.if_document();
        for (auto const key : {"default", "validate", "transform"}) {
            if (auto* v = spec == nullptr ? nullptr : spec->find(key))
                mark_functions(*v);
        }
    }
    return definition;
}

} // namespace conformance::js_repository
