#include "state.hpp"

#include <cormorant/schema/model_document.hpp>

#include <algorithm>

namespace conformance::mongolayer {

using boost::asio::awaitable;
using cormorant::documents;
using cormorant::hook_args;
using cormorant::hook_type;
using cormorant::operation_kind;

namespace {

// --- what a hook is given, as the one object that the reference calls args -----------------------------------------------

/// After hooks of writes are given documents of the model, all others plain values.
bool gives_model_documents(hook_type t) {
    return t == hook_type::after_put || t == hook_type::after_insert || t == hook_type::after_save;
}

std::string hook_name(hook_args const& a) {
    return fmt::format("{}:{}_{}", a.model.name(), to_string(a.type), a.hook);
}

document show_options(hook_args& a) {
    document shown = a.common.to_document();
    if (a.operation == operation_kind::save) {
        // In the reference a save is an upsert of the driver's.
        auto& driver = shown["options"];
        if (!driver.is_document()) {
            driver = document();
        }
        driver.as_document().set("upsert", true);
    }
    return shown;
}

/// The members that have a value, under their names.
document show_args(hook_args& a) {
    document shown;
    visit(a, [&shown](auto& args) {
        if constexpr (requires { args.filter; }) {
            shown.append("filter", args.filter);
        }
        if constexpr (requires { args.delta; }) {
            shown.append("delta", args.delta);
        }
        if constexpr (requires { args.pipeline; }) {
            shown.append("pipeline", args.pipeline);
        }
        if constexpr (requires { args.doc; }) {
            shown.append("doc", args.doc);
        }
        if constexpr (requires { args.docs; }) {
            array docs;
            for (auto const& d : args.docs) {
                docs.push_back(d);
            }
            shown.append("docs", std::move(docs));
        }
        if constexpr (requires { args.count.has_value(); }) {
            if (args.count) {
                shown.append("count", *args.count);
            }
        } else if constexpr (requires { args.count; }) {
            shown.append("count", args.count);
        }
        if constexpr (requires { args.result; }) {
            shown.append("result", show_result(args.result));
        }
    });
    shown.append("options", show_options(a));
    if (a.args != nullptr) {
        shown.append("hookArgs", *a.args);
    }
    return shown;
}

/// Calls `f(document&)` for every element of args.docs, else for args.doc.
template <class F>
void each_document(hook_args& a, F f) {
    visit(a, [&f](auto& args) {
        if constexpr (requires { args.docs; }) {
            for (auto& d : args.docs) {
                f(d);
            }
        } else if constexpr (requires { args.doc; }) {
            f(args.doc);
        }
    });
}

/// The value at a path into a document of the hook's, through virtuals where it is one of the model.
std::optional<value> read_document(hook_args& a, document& d, std::string_view path) {
    if (gives_model_documents(a.type)) {
        return a.model.bind(d).get(path);
    }
    auto const* const found = cormorant::get_path(d, path);
    return found == nullptr ? std::nullopt : std::optional(*found);
}

/// The value at a path into args.
std::optional<value> read_args(hook_args& a, std::string_view path) {
    auto shown = show_args(a);
    auto const head = cormorant::path_head(path);
    auto rest = cormorant::path_rest(path);
    auto* member = shown.find(head);
    if (head == "docs" && member != nullptr && !rest.empty()) {
        member = cormorant::get_path(*member, cormorant::path_head(rest));
        rest = cormorant::path_rest(rest);
    }
    if (member != nullptr && !rest.empty()) {
        if (auto* d = member->if_document(); d != nullptr && (head == "docs" || head == "doc")) {
            return read_document(a, *d, rest);
        }
        member = cormorant::get_path(*member, rest);
    }
    return member == nullptr ? std::nullopt : std::optional(*member);
}

void set_in_document(hook_args& a, document& d, std::string_view path, value v) {
    if (gives_model_documents(a.type) && !cormorant::path_is_nested(path)) {
        a.model.bind(d).set(path, std::move(v));
    } else {
        cormorant::set_path(d, path, std::move(v));
    }
}

// --- members that only some types of hooks have --------------------------------------------------------------------------

[[noreturn]] void lacks(state& s, hook_args const& a, std::string_view member) {
    s.blame_case(fmt::format("a hook of type {} is given no {}", to_string(a.type), member));
}

document& filter_of(state& s, hook_args& a) {
    return visit(a, [&](auto& args) -> document& {
        if constexpr (requires { args.filter; }) {
            return args.filter;
        } else {
            lacks(s, a, "filter");
        }
    });
}

array& pipeline_of(state& s, hook_args& a) {
    return visit(a, [&](auto& args) -> array& {
        if constexpr (requires { args.pipeline; }) {
            return args.pipeline;
        } else {
            lacks(s, a, "pipeline");
        }
    });
}

documents& docs_of(state& s, hook_args& a) {
    return visit(a, [&](auto& args) -> documents& {
        if constexpr (requires { args.docs; }) {
            return args.docs;
        } else {
            lacks(s, a, "docs");
        }
    });
}

void replace_document(state& s, hook_args& a, document const& d) {
    visit(a, [&](auto& args) {
        if constexpr (requires { args.doc; }) {
            args.doc = d;
        } else {
            lacks(s, a, "doc");
        }
    });
}

void merge_delta(state& s, hook_args& a, document const& more) {
    visit(a, [&](auto& args) {
        if constexpr (requires { args.delta; }) {
            args.delta.as_document().merge(more);
        } else {
            lacks(s, a, "delta");
        }
    });
}

void set_count(state& s, hook_args& a, std::int64_t count) {
    visit(a, [&](auto& args) {
        if constexpr (requires { args.count; }) {
            args.count = count;
        } else {
            lacks(s, a, "count");
        }
    });
}

void set_result(state& s, cormorant::insert_result& r, std::string_view key, value const& v) {
    if (key == "insertedCount") {
        r.inserted_count = v.as_int64();
    } else if (key == "insertedIds") {
        r.inserted_ids = v.as_array();
    } else {
        s.blame_case(fmt::format("the result of an insert has no {}", key));
    }
}

void set_result(state& s, cormorant::update_result& r, std::string_view key, value const& v) {
    if (key == "matchedCount") {
        r.matched_count = v.as_int64();
    } else if (key == "modifiedCount") {
        r.modified_count = v.as_int64();
    } else if (key == "upsertedCount") {
        r.upserted_count = v.as_int64();
    } else if (key == "upsertedId") {
        r.upserted_id = v.is_null() ? std::nullopt : std::optional(v);
    } else {
        s.blame_case(fmt::format("the result of an update has no {}", key));
    }
}

void set_result(state& s, cormorant::remove_result& r, std::string_view key, value const& v) {
    if (key == "deletedCount") {
        r.deleted_count = v.as_int64();
    } else {
        s.blame_case(fmt::format("the result of a remove has no {}", key));
    }
}

void merge_result(state& s, hook_args& a, document const& more) {
    visit(a, [&](auto& args) {
        if constexpr (requires { args.result; }) {
            for (auto const& [key, v] : more) {
                set_result(s, args.result, key, v);
            }
        } else {
            lacks(s, a, "result");
        }
    });
}

// --- the actions ---------------------------------------------------------------------------------------------------------

using action = void (*)(state& s, hook_args& a, document const& spec);

void trace(state& s, hook_args& a, document const&) {
    s.trace.push_back(hook_name(a));
}

void record(state& s, hook_args& a, document const& spec) {
    document entry = cormorant::doc("hook", hook_name(a));
    for (auto const& path : spec.at("paths").as_array()) {
        if (auto v = read_args(a, path.as_string())) {
            entry.set(path.as_string(), std::move(*v));
        }
    }
    s.trace.push_back(std::move(entry));
}

void record_keys(state& s, hook_args& a, document const&) {
    auto const shown = show_args(a);
    std::vector<std::string> names;
    for (auto const& [name, ignored] : shown) {
        names.emplace_back(name);
    }
    std::sort(names.begin(), names.end());
    s.trace.push_back(cormorant::doc("hook", hook_name(a), "keys", names));
}

void fail(state&, hook_args&, document const& spec) {
    throw std::runtime_error(spec.get_or("message", "the case says so"));
}

void set(state&, hook_args& a, document const& spec) {
    each_document(a, [&](document& d) { set_in_document(a, d, spec.at("path").as_string(), spec.at("value")); });
}

void unset(state&, hook_args& a, document const& spec) {
    each_document(a, [&](document& d) { cormorant::unset_path(d, spec.at("path").as_string()); });
}

void set_concat(state&, hook_args& a, document const& spec) {
    each_document(a, [&](document& d) {
        auto text = concatenate(spec.at("parts").as_array(), [&](std::string_view path) { return read_document(a, d, path); });
        set_in_document(a, d, spec.at("path").as_string(), std::move(text));
    });
}

void set_from(state&, hook_args& a, document const& spec) {
    if (auto const v = read_args(a, spec.at("from").as_string())) {
        each_document(a, [&](document& d) { set_in_document(a, d, spec.at("path").as_string(), *v); });
    }
}

void merge_filter(state& s, hook_args& a, document const& spec) {
    filter_of(s, a).merge(spec.at("merge").as_document());
}

void replace_filter(state& s, hook_args& a, document const& spec) {
    filter_of(s, a) = spec.at("value").as_document();
}

void cast_filter_id(state& s, hook_args& a, document const&) {
    auto& filter = filter_of(s, a);
    if (auto const* text = filter.find("id")) {
        filter.set("_id", cormorant::object_id(text->as_string()));
        filter.erase("id");
    }
}

void change_delta(state& s, hook_args& a, document const& spec) {
    merge_delta(s, a, spec.at("merge").as_document());
}

void change_options(state&, hook_args& a, document const& spec) {
    a.common.merge(spec.at("merge").as_document());
}

void set_context(state&, hook_args& a, document const& spec) {
    a.context.set(spec.at("key").as_string(), spec.at("value"));
}

void change_pipeline(state& s, hook_args& a, document const& spec) {
    auto& pipeline = pipeline_of(s, a);
    array changed;
    auto const add = [&changed](array const& stages) {
        for (auto const& stage : stages) {
            changed.push_back(stage);
        }
    };
    if (auto const* stages = spec.find("prepend")) {
        add(stages->as_array());
    }
    add(pipeline);
    if (auto const* stages = spec.find("append")) {
        add(stages->as_array());
    }
    pipeline = std::move(changed);
}

void change_count(state& s, hook_args& a, document const& spec) {
    set_count(s, a, spec.at("value").as_int64());
}

void change_result(state& s, hook_args& a, document const& spec) {
    merge_result(s, a, spec.at("merge").as_document());
}

void replace_doc(state& s, hook_args& a, document const& spec) {
    replace_document(s, a, spec.at("value").as_document());
}

void append_doc(state& s, hook_args& a, document const& spec) {
    docs_of(s, a).push_back(spec.at("doc").as_document());
}

void keep_docs(state& s, hook_args& a, document const& spec) {
    auto const& wanted = spec.at("where").as_document();
    std::erase_if(docs_of(s, a), [&wanted](document const& d) {
        return std::any_of(wanted.begin(), wanted.end(), [&d](auto const& m) {
            auto const* const v = cormorant::get_path(d, m.key());
            return v == nullptr || !(*v == m.value());
        });
    });
}

awaitable<void> insert_into(cormorant::model m, document d) {
    co_await m.insert(std::move(d), cormorant::insert_options());
}

/// An action that works on what the hook is given, with the keys that it may have beside `action`.
void add(state& s, std::string name, std::initializer_list<std::string_view> keys, action act) {
    std::vector<std::string_view> known(keys);
    known.emplace_back("action");
    s.functions.add_hook(name, [&s, act, known, name](document const& spec) {
        for (auto const& [key, ignored] : spec) {
            if (std::find(known.begin(), known.end(), key) == known.end()) {
                s.blame_case(fmt::format("unknown key '{}' in the action {}", key, name));
            }
        }
        return cormorant::hook_handler([&s, act, spec](hook_args& a) { act(s, a, spec); });
    });
}

} // namespace

void register_actions(state& s) {
    add(s, "trace", {}, trace);
    add(s, "record", {"paths"}, record);
    add(s, "recordKeys", {}, record_keys);
    add(s, "fail", {"message"}, fail);
    add(s, "set", {"path", "value"}, set);
    add(s, "unset", {"path"}, unset);
    add(s, "setConcat", {"path", "parts"}, set_concat);
    add(s, "setFrom", {"path", "from"}, set_from);
    add(s, "filter", {"merge"}, merge_filter);
    add(s, "replaceFilter", {"value"}, replace_filter);
    add(s, "castFilterId", {}, cast_filter_id);
    add(s, "delta", {"merge"}, change_delta);
    add(s, "option", {"merge"}, change_options);
    add(s, "context", {"key", "value"}, set_context);
    add(s, "pipeline", {"prepend", "append"}, change_pipeline);
    add(s, "count", {"value"}, change_count);
    add(s, "result", {"merge"}, change_result);
    add(s, "replaceDoc", {"value"}, replace_doc);
    add(s, "appendDoc", {"doc"}, append_doc);
    add(s, "keepDocs", {"where"}, keep_docs);
    s.functions.add_hook("insertInto", [&s](document const& spec) {
        return cormorant::hook_handler([&s, name = spec.at("model").to<std::string>(), d = spec.at("doc").as_document()](
                                           hook_args&) { return insert_into(s.model(name), d); });
    });
}

} // namespace conformance::mongolayer
