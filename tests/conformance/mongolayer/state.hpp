#pragma once

/// What the operations, functions and hooks of one mongolayer case share.

#include "../suite.hpp"

#include <cormorant/bson/json.hpp>
#include <cormorant/bson/path.hpp>
#include <cormorant/model/connection.hpp>
#include <cormorant/model/model.hpp>
#include <cormorant/schema/registry.hpp>

#include <fmt/format.h>

#include <cstdint>
#include <initializer_list>
#include <map>
#include <string>
#include <string_view>
#include <utility>

namespace conformance::mongolayer {

struct state {
    explicit state(environment& e) : env(e), connection(e.database.store()) {}
    state(state const&) = delete;
    state& operator=(state const&) = delete;

    environment& env;
    cormorant::connection connection;
    cormorant::function_registry functions;
    /// All models that were made, on the connection or not.
    std::map<std::string, cormorant::model, std::less<>> models;
    /// What the hook actions `trace`, `record` and `recordKeys` wrote.
    array trace;
    array query_log;
    /// The last number that the default `seq` gave.
    std::int64_t sequence = 0;
    /// Set when a function or hook found the case itself at fault: its exception may end as one of the library's.
    std::string fault;

    cormorant::model& model(std::string_view name) {
        auto const found = models.find(name);
        if (found == models.end()) {
            throw bad_case(fmt::format("there is no model '{}'", name));
        }
        return found->second;
    }
    [[noreturn]] void blame_case(std::string message) {
        fault = message;
        throw bad_case(std::move(message));
    }
};

/// Refuses keys of an object that have no meaning.
void require_keys(document const& object, std::string_view what, std::initializer_list<std::string_view> known);

/// The text of `parts`: `"$a.b"` stands for the value at a path, `"@0"` for an argument, anything else for itself.
/// `read` gives the value at a path, nothing when there is none.
template <class Read>
std::string concatenate(array const& parts, Read read, array const* arguments = nullptr);
/// As a template string has it: nothing and null are empty.
std::string text_of(value const& v);

/// Registers the fixed set of named functions (section 4 of the vocabulary).
void register_functions(state& s);
/// Registers the actions that hooks are made of.
void register_actions(state& s);

/// Forms of a result (section 2): `show` is absent, a name or `{read: [...]}`. `cast` tells documents of the model from plain
/// ones.
value show_document(cormorant::model const& m, document d, value const* show, bool cast);
value show_documents(cormorant::model const& m, cormorant::documents docs, value const* show, bool cast);
document show_result(cormorant::insert_result const& r);
document show_result(cormorant::update_result const& r);
document show_result(cormorant::remove_result const& r);

/// Runs the operation of a step (section 5).
boost::asio::awaitable<value> run_operation(state& s, document const& step);

template <class Read>
std::string concatenate(array const& parts, Read read, array const* arguments) {
    std::string result;
    for (auto const& part : parts) {
        auto const text = part.as_string();
        if (text.starts_with('$')) {
            if (std::optional<value> const v = read(text.substr(1))) {
                result += text_of(*v);
            }
        } else if (auto const position = cormorant::path_position(text.substr(text.starts_with('@') ? 1 : text.size()))) {
            if (arguments != nullptr && *position < arguments->size()) {
                result += text_of((*arguments)[*position]);
            }
        } else {
            result += text;
        }
    }
    return result;
}

} // namespace conformance::mongolayer
