#include "state.hpp"

#include <cmath>

namespace conformance::mongolayer {

using boost::asio::awaitable;
using cormorant::default_context;
using cormorant::model;
using cormorant::model_document;

std::string text_of(value const& v) {
    if (v.is_null() || v.is_undefined()) {
        return {};
    }
    if (auto const text = v.if_string()) {
        return std::string(*text);
    }
    if (auto const* id = v.if_object_id()) {
        return id->to_string();
    }
    if (auto const* list = v.if_array()) {
        std::string result;
        for (auto const& element : *list) {
            result += (&element == list->begin() ? "" : ",") + text_of(element);
        }
        return result;
    }
    return cormorant::to_json(v, cormorant::json_mode::plain);
}

namespace {

std::string text_argument(document const& spec, std::string_view key) {
    return spec.at(key).to<std::string>();
}

/// Concatenates over a document, read through its virtuals.
std::string concatenate_over(model_document& d, array const& parts, array const* arguments = nullptr) {
    return concatenate(
        parts, [&d](std::string_view path) { return d.get(path); }, arguments);
}

/// A key for which there is no part is absent afterwards.
void split(model_document& d, std::string_view text, std::string_view separator, array const& keys) {
    auto more = true;
    for (auto const& element : keys) {
        auto const key = element.as_string();
        if (!more) {
            d.data().erase(key);
            continue;
        }
        auto const end = text.find(separator);
        d.set(key, text.substr(0, end));
        more = end != std::string_view::npos;
        text.remove_prefix(more ? end + separator.size() : text.size());
    }
}

value count_up(model_document& d, std::string_view key) {
    auto const* const present = d.data().find(key);
    value next = (present == nullptr ? 0 : present->if_int64().value_or(0)) + 1;
    d.data().set(key, next);
    return next;
}

awaitable<value> give(value v) {
    co_return v;
}

awaitable<value> find_through(model m, document filter) {
    auto found = co_await m.find(std::move(filter), cormorant::find_options());
    array result;
    for (auto& d : found) {
        result.push_back(std::move(d));
    }
    co_return value(std::move(result));
}

void register_defaults(state& s) {
    s.functions.add_default("const", [](document const& spec) { return [v = spec.at("value")](default_context&) { return v; }; });
    s.functions.add_default("concat", [](document const& spec) {
        return [parts = spec.at("parts").as_array()](
                   default_context& c) { return value(concatenate(parts, [&c](std::string_view path) { return c.get(path); })); };
    });
    s.functions.add_default("column", [](document const&) { return [](default_context& c) { return value(c.field()); }; });
    s.functions.add_default("seq", [&s](document const&) { return [&s](default_context&) { return value(++s.sequence); }; });
}

void register_virtuals(state& s) {
    s.functions.add_getter("const",
        [](document const& spec) { return [v = spec.at("value")](model_document&) { return std::optional<value>(v); }; });
    s.functions.add_getter(
        "key", [](document const& spec) { return [key = text_argument(spec, "key")](model_document& d) { return d.get(key); }; });
    s.functions.add_getter("concat", [](document const& spec) {
        return
            [parts = spec.at("parts").as_array()](model_document& d) { return std::optional<value>(concatenate_over(d, parts)); };
    });
    s.functions.add_getter("counter", [](document const& spec) {
        return [key = text_argument(spec, "key")](model_document& d) { return std::optional<value>(count_up(d, key)); };
    });
    s.functions.add_setter("setKey", [](document const& spec) {
        return [key = text_argument(spec, "key")](model_document& d, value v) { d.set(key, std::move(v)); };
    });
    s.functions.add_setter("split", [](document const& spec) {
        return [separator = text_argument(spec, "sep"), keys = spec.at("keys").as_array()](
                   model_document& d, value const& v) { split(d, v.as_string(), separator, keys); };
    });
}

void register_methods(state& s) {
    s.functions.add_document_method("concat", [](document const& spec) {
        return [parts = spec.at("parts").as_array()](
                   model_document& d, array const& arguments) { return value(concatenate_over(d, parts, &arguments)); };
    });
    s.functions.add_document_method("includes", [](document const& spec) {
        return [key = text_argument(spec, "key")](model_document& d, array const& arguments) {
            auto const list = d.get(key);
            auto const* const elements = list ? list->if_array() : nullptr;
            return value(
                elements != nullptr && std::find(elements->begin(), elements->end(), arguments.at(0)) != elements->end());
        };
    });
    s.functions.add_document_method("assign", [](document const& spec) {
        return [key = text_argument(spec, "key")](model_document& d, array const& arguments) {
            d.set(key, arguments.at(0));
            return arguments.at(0);
        };
    });
    s.functions.add_model_method("echo", [](document const&) {
        return [](model&, array arguments) { return give(arguments.empty() ? value(cormorant::undefined()) : arguments[0]); };
    });
    s.functions.add_model_method(
        "modelName", [](document const&) { return [](model& m, array const&) { return give(m.name()); }; });
    s.functions.add_model_method("find", [](document const& spec) {
        auto const* const filter = spec.find("filter");
        return [filter = filter == nullptr ? document() : filter->as_document()](
                   model& m, array const&) { return find_through(m, filter); };
    });
}

} // namespace

void register_functions(state& s) {
    register_defaults(s);
    register_virtuals(s);
    register_methods(s);
    s.functions.add_validator("isEven", [](document const&) {
        return [](value const& v) {
            auto const number = v.if_double();
            return number && std::fmod(*number, 2) == 0 ? std::nullopt : std::optional<std::string>("must be even");
        };
    });
    s.functions.add_init("assignConcat", [](document const& spec) {
        return [key = text_argument(spec, "key"), parts = spec.at("parts").as_array()](
                   model_document& d) { d.set(key, concatenate_over(d, parts)); };
    });
}

} // namespace conformance::mongolayer
